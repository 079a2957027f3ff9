//! Prepared pieces of output.

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
