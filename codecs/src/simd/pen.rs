//! Appending text without asking for each byte whether there is room.
//!
//! A [`Pen`] keeps place and room in registers while a record is written. What it appends is always UTF-8, so it may
//! write into a string as well as into bytes. Kernels ask for room once a call and may write over all of it; only what
//! they then keep counts.

/// Appends to a vector or a string.
#[derive(Debug)]
pub(crate) struct Pen<'a> {
    /// Where the next byte goes.
    at: *mut u8,
    /// Where the room ends.
    end: *mut u8,
    out: &'a mut Vec<u8>,
}

impl<'a> Pen<'a> {
    /// Behind what is there.
    #[inline(always)]
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Pen<'a> {
        let (length, capacity, start) = (out.len(), out.capacity(), out.as_mut_ptr());
        // SAFETY: both places are within the vector's room, or at its end.
        unsafe { Pen { at: start.add(length), end: start.add(capacity), out } }
    }

    /// Behind the text that is there.
    #[inline(always)]
    pub(crate) fn on_text(out: &'a mut String) -> Pen<'a> {
        // SAFETY: everything that a pen keeps is UTF-8, see below.
        Pen::new(unsafe { out.as_mut_vec() })
    }

    /// The last byte.
    #[inline(always)]
    pub(crate) fn last(&self) -> Option<u8> {
        // SAFETY: the bytes before `at` are written, and belong to the vector if there are any.
        (self.at.cast_const() != self.out.as_ptr()).then(|| unsafe { *self.at.sub(1) })
    }

    /// Where so many bytes may be written.
    #[inline(always)]
    pub(super) fn room(&mut self, bytes: usize) -> *mut u8 {
        if (self.end as usize) - (self.at as usize) < bytes {
            // Not a method: who has the pen's own place could change it, and it would have to stay in memory.
            self.put_back();
            (self.at, self.end) = grow(self.out, bytes);
        }
        self.at
    }

    /// Bytes that are there, those before the pen's own included.
    #[inline(always)]
    pub(crate) fn length(&self) -> usize {
        self.at as usize - self.out.as_ptr() as usize
    }

    /// Keeps what has been written.
    ///
    /// # Safety
    /// There was room for `bytes` bytes, and they have been written, with UTF-8 in whole characters.
    #[inline(always)]
    pub(super) unsafe fn keep(&mut self, bytes: usize) {
        // SAFETY: they are within the room.
        self.at = unsafe { self.at.add(bytes) };
    }

    #[inline(always)]
    fn put_back(&mut self) {
        let length = self.length();
        // SAFETY: everything before `at` is written.
        unsafe { self.out.set_len(length) };
    }

    /// Appends one ASCII character.
    #[inline(always)]
    pub(crate) fn push(&mut self, ascii: u8) {
        // SAFETY: there is room for a byte, and with its highest bit taken away it is a character.
        unsafe {
            *self.room(1) = ascii & 0x7F;
            self.keep(1);
        }
    }

    /// Appends a whole number.
    #[inline(always)]
    pub(crate) fn whole(&mut self, value: u64) {
        let (front, low) = (value / 100_000_000, (value % 100_000_000) as u32);
        if front == 0 {
            return self.eight(low, true);
        }
        let (first, middle) = (front / 100_000_000, (front % 100_000_000) as u32);
        if first > 0 {
            self.eight(first as u32, true);
        }
        self.eight(middle, first == 0);
        self.eight(low, false);
    }

    /// Appends eight digits, or without leading zeros, but for a last one.
    #[inline(always)]
    fn eight(&mut self, value: u32, short: bool) {
        let digits = eight_digits(value);
        let skipped = if short { (digits | 1 << 56).trailing_zeros() / 8 } else { 0 };
        let text = (digits | 0x3030_3030_3030_3030) >> (8 * skipped);
        // SAFETY: there is room for eight bytes, and those kept are ASCII.
        unsafe {
            self.room(8).cast::<[u8; 8]>().write(text.to_le_bytes());
            self.keep(8 - skipped as usize);
        }
    }

    /// Appends bytes as upper-case hex digits.
    #[inline(always)]
    pub(crate) fn hex(&mut self, bytes: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        let to = self.room(2 * bytes.len()).cast::<[u8; 2]>();
        for (n, byte) in bytes.iter().enumerate() {
            // SAFETY: there is room for two characters of each byte.
            unsafe { to.add(n).write([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]) };
        }
        // SAFETY: they have been written, all ASCII.
        unsafe { self.keep(2 * bytes.len()) };
    }

    /// Appends text of any length.
    #[inline]
    pub(crate) fn append(&mut self, text: &str) {
        // SAFETY: there is room for the text.
        unsafe {
            self.room(text.len()).copy_from_nonoverlapping(text.as_ptr(), text.len());
            self.keep(text.len());
        }
    }
}

impl Drop for Pen<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        self.put_back();
    }
}

/// Room is made for so many bytes at least.
const GROWTH: usize = 256;

/// Makes room for so many bytes more; gives where it begins and ends.
#[cold]
#[inline(never)]
fn grow(out: &mut Vec<u8>, bytes: usize) -> (*mut u8, *mut u8) {
    out.reserve(bytes.max(GROWTH));
    let (length, capacity, start) = (out.len(), out.capacity(), out.as_mut_ptr());
    // SAFETY: as in `Pen::new`.
    unsafe { (start.add(length), start.add(capacity)) }
}

/// The eight digits of a number below 100,000,000, the first one in the lowest byte: halves, quarters, digits.
#[inline(always)]
fn eight_digits(value: u32) -> u64 {
    let halves = u64::from(value / 10_000) | u64::from(value % 10_000) << 32;
    let hundreds = ((halves * 10_486) >> 20) & 0x7F_0000_007F;
    let quarters = hundreds | (halves - 100 * hundreds) << 16;
    let tens = ((quarters * 103) >> 10) & 0x0F_000F_000F_000F;
    tens | (quarters - 10 * tens) << 8
}
