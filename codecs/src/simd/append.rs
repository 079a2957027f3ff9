//! Prepared pieces of output, and double-byte characters.

use super::pen::Pen;

/// Bytes that are copied at once.
const BLOCK: usize = 32;

/// A prepared piece of output, such as a JSON key. A short one is copied as a whole block, which is cheaper than a
/// copy of just its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    short: [u8; BLOCK],
    length: usize,
    long: String,
}

impl Block {
    /// Nothing.
    pub(super) const EMPTY: Block = Block { short: [0; BLOCK], length: 0, long: String::new() };

    /// Prepares it.
    pub(crate) fn new(text: &str) -> Block {
        let mut block = Block { length: text.len(), ..Block::EMPTY };
        match block.short.get_mut(..text.len()) {
            Some(short) => short.copy_from_slice(text.as_bytes()),
            None => block.long = text.to_owned(),
        }
        block
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.short.get(..self.length).unwrap_or(self.long.as_bytes())
    }

    /// Appends it.
    #[inline(always)]
    pub(crate) fn append(&self, pen: &mut Pen<'_>) {
        if self.length > BLOCK {
            return pen.append(&self.long);
        }
        // SAFETY: there is room for a block; the first `length` bytes of it are the text.
        unsafe {
            pen.room(BLOCK).cast::<[u8; BLOCK]>().write(self.short);
            pen.keep(self.length);
        }
    }
}

/// Appends the characters of the two-byte codes at the start of `bytes` and gives the number of bytes.
///
/// `lookup` gives the UTF-16 unit of a code. It ends where no pair is left, at a lead byte below `least`, and at a unit
/// that needs thought: below 80 (none, or one that JSON may escape), surrogate, private use.
#[inline(always)]
pub(crate) fn pairs(bytes: &[u8], least: u8, lookup: impl Fn(u8, u8) -> u16, pen: &mut Pen<'_>) -> usize {
    let (all, _) = bytes.as_chunks::<2>();
    let start = pen.room(all.len() * 3 + 1);
    let (mut length, mut done) = (0, 0);
    for [lead, trail] in all {
        if *lead < least {
            break;
        }
        let unit = u32::from(lookup(*lead, *trail));
        let (text, width) = if matches!(unit, 0x800..0xD800 | 0xF900..) {
            (0x80_80_E0 | unit >> 12 | (unit << 2 & 0x3F00) | (unit << 16 & 0x3F_0000), 3)
        } else if matches!(unit, 0x80..0x800) {
            (0x80_C0 | unit >> 6 | (unit << 8 & 0x3F00), 2)
        } else {
            break;
        };
        // SAFETY: three bytes were made room for with each pair, and one more than all of them.
        unsafe { start.add(length).cast::<[u8; 4]>().write(text.to_le_bytes()) };
        length += width;
        done += 2;
    }
    // SAFETY: whole characters have been written up to here.
    unsafe { pen.keep(length) };
    done
}
