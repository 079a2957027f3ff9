//! Packed fields that are read as numbers, up to eight at a time.

/// Fields of one form, one every so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packed {
    /// Bytes of a field, 1 to 10.
    pub(super) width: usize,
    /// Bytes from one field to the next.
    pub(super) stride: usize,
    /// Digits of a field, 18 at most.
    pub(super) digits: u8,
    /// Whether minus is allowed.
    pub(super) signed: bool,
    /// The bits of a field of up to eight bytes, its last one lowest, that must be 0.
    pub(super) pad: u64,
    /// The bytes that a field has, of each of eight words.
    pub(super) bytes: u64,
    /// Fields stand one behind the other, or eight bytes apart, and have eight bytes at most: where their bytes are in a
    /// register.
    pub(super) places: Option<&'static Places>,
}

/// Fields that are read at once.
pub(crate) const EIGHT: usize = 8;

impl Packed {
    /// Fields of so many digits, one every `stride` bytes; nothing for more than 18, which eight bytes do not hold.
    pub(crate) fn of(digits: u8, signed: bool, stride: usize) -> Option<Packed> {
        let width = usize::from(digits) / 2 + 1;
        let places = match stride {
            _ if stride == width => DENSE.get(width),
            8 => WORDS.get(width),
            _ => None,
        };
        let pad = if digits.is_multiple_of(2) { 0xF0u64.checked_shl(8 * (width as u32 - 1)).unwrap_or(0) } else { 0 };
        let bytes = (0xFF >> 8usize.saturating_sub(width)) * 0x0101_0101_0101_0101;
        (digits <= 18 && stride >= width).then_some(Packed { width, stride, digits, signed, pad, bytes, places })
    }

    /// The bytes that so many fields take, if `bytes` has them.
    #[inline(always)]
    pub(super) fn within<'a>(&self, bytes: &'a [u8], count: usize) -> Option<&'a [u8]> {
        bytes.get(..count.checked_sub(1)? * self.stride + self.width)
    }
}

/// For each of eight words, where in a register the bytes of a field are, its last one first: byte `k` of word `n` is at
/// `n * stride + width - 1 - k`. Bytes that the field has not are anywhere.
#[derive(Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(super) struct Places([u8; 64]);

impl Places {
    const fn of(width: usize, stride: usize) -> Places {
        let mut places = [0; 64];
        let mut at = 0;
        while at < 64 {
            let (word, byte) = (at / 8, at % 8);
            places[at] = if byte < width { (word * stride + width - 1 - byte) as u8 } else { 0 };
            at += 1;
        }
        Places(places)
    }

    const fn all<const STRIDE: usize>() -> [Places; 9] {
        let mut all = [const { Places([0; 64]) }; 9];
        let mut width = 1;
        while width <= 8 {
            all[width] = Places::of(width, if STRIDE == 0 { width } else { STRIDE });
            width += 1;
        }
        all
    }

    /// The places.
    pub(super) fn bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// Fields one behind the other, by their width.
pub(super) static DENSE: [Places; 9] = Places::all::<0>();
/// Fields eight bytes apart.
pub(super) static WORDS: [Places; 9] = Places::all::<8>();
