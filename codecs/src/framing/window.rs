//! A window over a stream: what was read and is not yet cut.
//!
//! It holds one block and one record at most, and the file trailer on top, which it never shows.

use super::batch::Batch;
use std::io::{self, Read};

/// Read at once; a record comes on top.
const BLOCK: usize = Batch::TARGET;

#[derive(Debug)]
pub(super) struct Window<R> {
    input: R,
    buffer: Vec<u8>,
    /// What of the buffer is not yet cut.
    from: usize,
    to: usize,
    /// The last bytes of the file that belong to no record.
    hidden: usize,
    ended: bool,
    /// First byte of the rest within the file.
    pub(super) offset: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: R, hidden: usize) -> Window<R> {
        Window { input, buffer: Vec::new(), from: 0, to: 0, hidden, ended: false, offset: 0 }
    }

    /// What is there of the records.
    pub(super) fn rest(&self) -> &[u8] {
        let to = self.to.saturating_sub(self.hidden).max(self.from);
        self.buffer.get(self.from..to).unwrap_or_default()
    }

    /// Whether nothing follows the rest but the hidden bytes.
    pub(super) fn at_end(&self) -> bool {
        self.ended
    }

    /// The bytes that follow the rest at the end.
    pub(super) fn trailer(&self) -> &[u8] {
        let from = self.from + self.rest().len();
        self.buffer.get(from..self.to).unwrap_or_default()
    }

    /// Bytes so many from the front, of those that [`Window::rest`] gives.
    pub(super) fn slice(&self, from: usize, length: usize) -> &[u8] {
        self.buffer.get(self.from + from..self.from + from + length).unwrap_or_default()
    }

    /// What was taken just before: so many bytes that end so many before the front.
    pub(super) fn taken(&self, length: usize, back: usize) -> &[u8] {
        let from = self.taken_at(length, back);
        self.buffer.get(from..from + length).unwrap_or_default()
    }

    /// Where it lies in the buffer.
    #[inline]
    pub(super) fn taken_at(&self, length: usize, back: usize) -> usize {
        self.from.saturating_sub(back + length)
    }

    /// Goes on in another buffer: what is not yet cut moves to its front, and the old one with all it holds is handed
    /// over.
    pub(super) fn change(&mut self, buffer: &mut Vec<u8>) {
        let waiting = self.buffer.get(self.from..self.to).unwrap_or_default();
        if buffer.len() < waiting.len() {
            buffer.resize(waiting.len(), 0);
        }
        buffer[..waiting.len()].copy_from_slice(waiting);
        (self.from, self.to) = (0, waiting.len());
        std::mem::swap(&mut self.buffer, buffer);
    }

    /// Goes on by so many bytes of the rest.
    pub(super) fn take(&mut self, count: usize) {
        self.from = (self.from + count).min(self.to);
        self.offset += count as u64;
    }

    /// All that was read, as long as it still begins with the file's first byte.
    pub(super) fn beginning(&self) -> Option<&[u8]> {
        let is_first = self.offset == self.from as u64;
        is_first.then(|| self.buffer.get(..self.to).unwrap_or_default())
    }

    /// Reads until the rest has so many bytes, or the input ends. What is at the front is moved only when there is no
    /// room behind it, so once a block.
    pub(super) fn fill(&mut self, need: usize) -> io::Result<()> {
        let need = need.saturating_add(self.hidden);
        if self.from.saturating_add(need) > self.buffer.len() {
            self.buffer.copy_within(self.from..self.to, 0);
            self.to -= self.from;
            self.from = 0;
            if self.buffer.len() < need.max(BLOCK) {
                // A line of unknown length asks again and again: twice as much each time keeps that linear.
                self.buffer.resize(need.max(BLOCK).max(self.buffer.len().saturating_mul(2).min(need * 2)), 0);
            }
        }
        self.read(self.from.saturating_add(need))
    }

    /// Reads on without moving anything, until so many bytes were read since the beginning, as far as there is room.
    pub(super) fn look_ahead(&mut self, total: usize) -> io::Result<()> {
        self.read(total.min(self.buffer.len()))
    }

    fn read(&mut self, to: usize) -> io::Result<()> {
        while self.to < to && !self.ended {
            match self.input.read(&mut self.buffer[self.to..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.to += count.min(self.buffer.len() - self.to),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Nothing more is shown.
    pub(super) fn stop(&mut self) {
        (self.from, self.to, self.ended) = (0, 0, true);
    }
}
