//! Places in a file of the vault: where reading begins, without reading what stands before.

use super::Books;
use crate::error::{Error, Result};
use crate::ledger::transfer::Transfer;
use crate::trade::plan::Plan;
use crate::vault::error_of;
use fpp_codecs::Code;
use fpp_codecs::format::Role;
use fpp_codecs::framing::{CutError, Cutter, beginning};
use std::io::Read;

/// Records between two entries of a staged file's offset index.
pub const INDEX_EVERY: u32 = 1024;

/// Longest record that is read whole.
const RECORD_MAX: u64 = 1 << 20;

/// The bytes of one record that stands alone in the vault.
pub(super) fn bounded(books: &Books, digest: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = books.vault.open(digest)?.reader_at(0).take(RECORD_MAX).read_to_end(&mut bytes);
    read.map_err(error_of)?;
    Ok(bytes)
}

/// The bytes of one record of a proven file.
pub fn record(books: &Books, transfer: &Transfer, plan: &Plan, n: u64) -> Result<Vec<u8>> {
    let (mut cutter, _) = seek(books, transfer, plan, n.saturating_sub(1))?;
    match cutter.next() {
        Ok(Some(cut)) if cut.n == n => Ok(cut.bytes.to_vec()),
        Ok(_) => Err(Error::halt(Code::VAULT, format!("{} has no record {n}", transfer.name))),
        Err(error) => Err(unreadable(transfer, error)),
    }
}

/// A cutter that stands before the first record after `after`, and the detail records before it.
pub(super) fn seek(
    books: &Books,
    transfer: &Transfer,
    plan: &Plan,
    after: u64,
) -> Result<(Cutter<Box<dyn Read + Send>>, u64)> {
    let sha256 = transfer.facts.sha256.as_deref().unwrap_or_default();
    let framing = &plan.format.framing;
    let index = match after {
        0 => Vec::new(),
        _ => books.vault.index(sha256, &framing.name())?.unwrap_or_default(),
    };
    let content = books.vault.open(sha256)?;
    let place = framing.place(&index, INDEX_EVERY, after.saturating_add(1));
    let place = place.behind_mark(&plan.format, || beginning(content.reader_at(0))).map_err(error_of)?;
    let input: Box<dyn Read + Send> = Box::new(content.reader_at(place.offset));
    let mut cutter = Cutter::of(&plan.format, input).starting(place);
    let mut n = place.n;
    while n <= after {
        match cutter.next() {
            Ok(Some(_)) => n += 1,
            Ok(None) => break,
            Err(error) => return Err(unreadable(transfer, error)),
        }
    }
    // Exactly one header stands before the details of a proven file that has a header.
    let headers = u64::from(plan.format.record(Role::Header).is_some());
    Ok((cutter, after.saturating_sub(headers)))
}

/// A file that was proven can be cut; if it cannot, the vault is damaged. What only cannot be read now has its own class.
pub(super) fn unreadable(transfer: &Transfer, error: CutError) -> Error {
    if let CutError::Io(error) = error {
        return error_of(error).at(&transfer.name);
    }
    Error::halt(Code::VAULT, format!("{} cannot be read from the vault: {error}", transfer.name))
        .hint("Restore the vault content with this digest; nothing was changed.")
}
