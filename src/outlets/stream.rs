//! The stream: events of all routes by position, decoded from the vault when they are read (D11).
//!
//! Costs nothing while nobody reads, and no reader can hold anything up: a slow one simply reads later. What the vault
//! no longer keeps is told with the oldest position that still can be read.

use super::Books;
use super::events::{EventReader, Look, View};
use super::filter::Filter;
use super::position::Position;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::transfer::{Transfer, Verdict};
use fpp_codecs::Code;
use std::io::Write;

/// Publications asked for in one round.
const ROUND: u32 = 64;
/// A page is closed when it has grown to this size, unless its reader wants smaller ones.
pub const BYTES_MAX: usize = 8 << 20;
/// A page is closed after so many records that its filter did not take: some tenths of a second of work.
const PASSED_MAX: u64 = 50_000;

/// What a reader wants.
#[derive(Clone, Debug)]
pub struct Query {
    /// Go on after this.
    pub after: Position,
    /// At most so many events.
    pub limit: usize,
    /// Closed when it has grown to so many bytes.
    pub bytes_max: usize,
    /// Which events.
    pub filter: Filter,
    /// Only these routes; nothing for all.
    pub routes: Option<Vec<String>>,
    /// Sensitive fields masked.
    pub masked: bool,
}

/// What a reader gets.
#[derive(Debug)]
pub struct Page {
    /// Events, each a JSON object with the extension `fppposition` and a line end: one buffer, since pages are large.
    pub lines: Vec<u8>,
    /// How many.
    pub count: usize,
    /// Where to go on.
    pub position: Position,
    /// There was nothing more behind it.
    pub at_end: bool,
    /// Records that the filter did not take.
    passed: u64,
}

/// Why nothing can be read.
#[derive(Debug)]
pub enum StreamError {
    /// The vault no longer keeps what follows this position.
    Gone {
        /// Read from here.
        oldest: Position,
        /// The ledger has no more of it either.
        purged: bool,
        /// What is missing.
        error: Error,
    },
    /// The position is ahead of the ledger: it was restored from an older copy, or the position is another ledger's.
    Ahead {
        /// The newest position there is.
        newest: Position,
    },
    /// Something else.
    Failed(Error),
}

impl From<Error> for StreamError {
    fn from(error: Error) -> StreamError {
        StreamError::Failed(error)
    }
}

/// Reads a page.
pub async fn read(books: &Books, query: Query) -> std::result::Result<Page, StreamError> {
    let mut page = Page { lines: Vec::new(), count: 0, position: query.after, at_end: false, passed: 0 };
    loop {
        // The publication of the position itself comes first: it may have more records after the one named.
        let from = match page.position.record {
            Position::END => page.position.publication,
            _ => page.position.publication.saturating_sub(1),
        };
        let publications = books.ledger.publications(from, ROUND).await?;
        if publications.is_empty() {
            let last = books.ledger.last_publication().await?;
            if last > from {
                // It may have been published between the two looks; only what is still not listed is gone.
                match books.ledger.publications(from, 1).await?.is_empty() {
                    true => return Err(purged(last)),
                    false => continue,
                }
            }
            let newest = Position::after(last);
            let ahead = query.after.publication > newest.publication;
            page.at_end = true;
            return if ahead { Err(StreamError::Ahead { newest }) } else { Ok(page) };
        }
        // Numbers have no gap but the one at the beginning, which a purge leaves.
        let first = publications.first().and_then(|t| t.publication).unwrap_or_default();
        if first > from + 1 {
            return Err(purged(first - 1));
        }
        for transfer in publications {
            let publication = transfer.publication.unwrap_or_default();
            let wanted = query.routes.as_ref().is_none_or(|routes| routes.contains(&transfer.route));
            if wanted {
                let full = fill(books, &query, &transfer, &mut page).await?;
                if full {
                    return Ok(page);
                }
            }
            page.position = Position::after(publication);
        }
    }
}

/// Adds a transfer's events to the page; true when the page is full.
async fn fill(
    books: &Books,
    query: &Query,
    transfer: &Transfer,
    page: &mut Page,
) -> std::result::Result<bool, StreamError> {
    let publication = transfer.publication.unwrap_or_default();
    let after = if page.position.publication == publication { page.position.record } else { 0 };
    let rejects = books.rejects(transfer).await?;
    let (open, of) = (books.clone(), transfer.clone());
    let view = if query.masked { View::Masked } else { View::Clear };
    let (left, bytes_max, filter) = (query.limit - page.count, query.bytes_max, query.filter.clone());
    let mut passed = page.passed;
    let mut lines = std::mem::take(&mut page.lines);
    let read = blocking(move || {
        let mut reader = EventReader::open(&open, &of, rejects, after, view)?.only(filter);
        let (mut count, mut last) = (0, None);
        while count < left && lines.len() < bytes_max && passed < PASSED_MAX {
            let record = match reader.look(&mut lines)? {
                Look::Event(record) => {
                    mark(&mut lines, Position { publication, record });
                    count += 1;
                    record
                }
                Look::Passed(record) => {
                    passed += 1;
                    record
                }
                Look::End => return Ok((lines, count, passed, None)),
            };
            last = Some(Position { publication, record });
        }
        Ok((lines, count, passed, last))
    })
    .await;
    let last = match read {
        Ok((lines, count, passed, last)) => {
            page.lines = lines;
            page.count += count;
            page.passed = passed;
            last
        }
        // Content that is gone can be told with the oldest that is kept (D11). Damage can be mended: a reader who went
        // past it would lose trades.
        Err(error) if error.code == Code::VAULT && !kept(books, transfer).await? => {
            return Err(gone(books, publication, error).await?);
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(position) = last {
        page.position = position;
    }
    Ok(last.is_some())
}

/// Publications up to a number left the ledger.
fn purged(up_to: u64) -> StreamError {
    let error = Error::halt(Code::VAULT, format!("publications up to {up_to} were purged"))
        .hint("Read on from the oldest position; what came before is in the reader's own books.");
    StreamError::Gone { oldest: Position::after(up_to), purged: true, error }
}

/// Whether the bytes of a publication are in the vault. A rejected file shows none.
async fn kept(books: &Books, transfer: &Transfer) -> Result<bool> {
    let (vault, of) = (books.vault.clone(), transfer.clone());
    blocking(move || match (&of.verdict, &of.facts.sha256) {
        (Some(Verdict::Rejected), _) | (_, None) => Ok(true),
        (_, Some(sha256)) => vault.holds(sha256),
    })
    .await
}

/// Puts the position into the last event, as a CloudEvents extension attribute, and ends its line.
fn mark(lines: &mut Vec<u8>, position: Position) {
    if lines.pop_if(|last| *last == b'}').is_some() {
        // Writing to a vector cannot fail.
        let _ = write!(lines, ",\"fppposition\":\"{position}\"}}");
    }
    lines.push(b'\n');
}

/// The oldest publication after the missing one whose bytes are still there.
async fn gone(books: &Books, missing: u64, error: Error) -> Result<StreamError> {
    let mut after = missing;
    loop {
        let publications = books.ledger.publications(after, ROUND).await?;
        let Some(last) = publications.last().and_then(|t| t.publication) else { break };
        for transfer in publications {
            if kept(books, &transfer).await? {
                let before = transfer.publication.unwrap_or(1).saturating_sub(1);
                return Ok(StreamError::Gone { oldest: Position::after(before), purged: false, error });
            }
        }
        after = last;
    }
    Ok(StreamError::Gone { oldest: Position::after(after), purged: false, error })
}
