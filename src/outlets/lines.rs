//! JSON lines of a transfer for a `file` outlet: one event a line, the end-of-file event last.

use super::Books;
use super::events::{EventReader, View};
use crate::error::Result;
use crate::ledger::change::Reject;
use crate::ledger::transfer::Transfer;
use crate::vault::Stored;
use crate::vault::made::Made;

/// Renders the events of a transfer into the vault, streaming; memory does not grow with the file.
pub fn render(books: &Books, transfer: &Transfer, rejects: Vec<Reject>, view: View) -> Result<Stored> {
    let mut reader = EventReader::open(books, transfer, rejects, 0, view)?;
    let mut lines = Made::new(|piece| {
        let event = reader.next(piece)?;
        if event.is_some() {
            piece.push(b'\n');
        }
        Ok(event.is_some())
    });
    books.vault.put(&mut lines, &mut |_| {}, u64::MAX)
}
