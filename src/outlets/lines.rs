//! JSON lines of a transfer for a `file` outlet: one event a line, the end-of-file event last.

use super::Books;
use super::events::{EventReader, View};
use crate::error::{Error, Result};
use crate::ledger::change::Reject;
use crate::ledger::transfer::Transfer;
use crate::vault::Stored;
use std::io::{self, Read};

/// Renders the events of a transfer into the vault, streaming; memory does not grow with the file.
pub fn render(books: &Books, transfer: &Transfer, rejects: Vec<Reject>, view: View) -> Result<Stored> {
    let reader = EventReader::open(books, transfer, rejects, 0, view)?;
    let mut lines = Lines { reader, buffer: Vec::new(), at: 0, failed: None };
    let stored = books.vault.put(&mut lines, &mut |_| {}, u64::MAX);
    match lines.failed {
        Some(error) => Err(error),
        None => stored,
    }
}

/// Events as bytes to be read.
struct Lines {
    reader: EventReader,
    buffer: Vec<u8>,
    at: usize,
    /// The error itself; what passes through `Read` is only a sign that there is one.
    failed: Option<Error>,
}

/// Bytes rendered at once.
const BLOCK: usize = 64 << 10;

impl Lines {
    fn fill(&mut self) -> Result<()> {
        while self.buffer.len() < BLOCK && self.reader.next(&mut self.buffer)?.is_some() {
            self.buffer.push(b'\n');
        }
        Ok(())
    }
}

impl Read for Lines {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
            self.fill().map_err(|error| {
                let sign = io::Error::other(error.code.to_string());
                self.failed = Some(error);
                sign
            })?;
        }
        let n = out.len().min(self.buffer.len() - self.at);
        out[..n].copy_from_slice(&self.buffer[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}
