//! Appending text without asking for each byte whether there is room.
//!
//! A [`Pen`] keeps place and room in registers while a record is written. What it appends is always UTF-8, so it may
//! write into a string as well as into bytes. Kernels ask for room once a call and may write over all of it; only what
//! they then keep counts.

/// Appends to a vector or a string.
#[derive(Debug)]
pub(crate) struct Pen<'a> {
    out: &'a mut Vec<u8>,
    start: *mut u8,
    length: usize,
    capacity: usize,
}

impl<'a> Pen<'a> {
    /// Behind what is there.
    #[inline(always)]
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Pen<'a> {
        let (length, capacity) = (out.len(), out.capacity());
        Pen { start: out.as_mut_ptr(), length, capacity, out }
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
        // SAFETY: the bytes before `length` are written.
        (self.length > 0).then(|| unsafe { *self.start.add(self.length - 1) })
    }

    /// Where so many bytes may be written.
    #[inline(always)]
    pub(super) fn room(&mut self, bytes: usize) -> *mut u8 {
        if self.capacity - self.length < bytes {
            self.grow(bytes);
        }
        // SAFETY: `length` is not beyond the vector's capacity.
        unsafe { self.start.add(self.length) }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, bytes: usize) {
        self.put_back();
        self.out.reserve(bytes);
        (self.start, self.capacity) = (self.out.as_mut_ptr(), self.out.capacity());
    }

    /// Keeps what has been written.
    ///
    /// # Safety
    /// The next `bytes` bytes have been written since the last call, with UTF-8 in whole characters.
    #[inline(always)]
    pub(super) unsafe fn keep(&mut self, bytes: usize) {
        self.length += bytes;
    }

    fn put_back(&mut self) {
        // SAFETY: `length` bytes are written.
        unsafe { self.out.set_len(self.length) };
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
    #[inline]
    pub(crate) fn whole(&mut self, value: u64) {
        let mut digits = [0; 20];
        let mut at = digits.len();
        let mut rest = value;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        // SAFETY: there is room for all digits, and those kept are ASCII.
        unsafe {
            self.room(20).copy_from_nonoverlapping(digits.as_ptr().add(at), 20 - at);
            self.keep(20 - at);
        }
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
