//! Ids that come again in another file, with other content (D9): the node notices it once, for the stream and all outlets.
//!
//! Every node goes through the publications in their order, behind the walk of files and never in its way, and keeps on
//! its disk what it needs to know of them (`shelf.rs`, `table.rs`). A large file brings the list of its ids from its proof; a
//! small one, and one whose list is lost, is read again. What looks different is compared event by event, by `datahash` in
//! the clear view, before anybody is told; the same content again is nobody's trouble. Of very many the first are compared:
//! told is what was found to differ, and of the others how many they are at most.
//!
//! Invariants: the notice is in the books before the shelf remembers the file, and is told once for each file however
//! often, and by however many nodes, the file is looked at. It reaches as far back as the vault keeps files and the books
//! name them. Nothing is held back: the events went out, and whoever reads them is told by `datahash`.

mod shelf;
mod table;

use super::prove::{UNLISTED_MAX, read};
use super::series::name_identity;
use super::work::Inbound;
use crate::blocking::blocking;
use crate::error::{Class, Error, Result};
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::transfer::{Facts, Transfer, TransferId, Verdict};
use crate::outlets::Books;
use crate::outlets::events::{EventReader, Look, View};
use crate::trade::proof::Context;
use crate::trade::proof::ids::Reader;
use fpp_codecs::Code;
use shelf::{Found, Pair, Shelf};
use std::fmt::Write as _;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Publications looked at between two commits of the shelf.
const ROUND: u32 = 64;
/// Ids that a notice names.
const TOLD_MAX: usize = 5;
/// So many are compared where some of them differ; where none does, all that are known by name.
const ENOUGH: usize = 100;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The watch over ids.
pub struct Again {
    cx: Arc<Inbound>,
    /// As long as identities are kept, where the vault keeps files for ever (D1).
    keep_days: u32,
    shelf: Arc<Mutex<Shelf>>,
}

/// An event whose id went out before with other data.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Differing {
    id: String,
    record: u64,
    of: TransferId,
    of_file: String,
    of_record: u64,
}

/// What the comparison of two events showed.
enum Shown {
    Differs(Differing),
    /// The same after all, or another id.
    Same,
    /// One of them did not go out.
    NotPosted,
    /// The vault keeps one of them no longer.
    Gone,
}

/// What the comparison of the events showed.
#[derive(Debug, Default)]
struct Compared {
    differing: Vec<Differing>,
    same: u64,
    not_posted: u64,
    gone: u64,
    /// One of the two cannot be read: its plan, its bytes.
    failed: u64,
    /// Others that look different.
    left: u64,
}

impl Again {
    /// Goes on where this node's folder says; anew where the ledger is not the one that it was made of.
    pub async fn open(cx: Arc<Inbound>, folder: &Path, keep_days: u32) -> Result<Again> {
        let folder = folder.to_owned();
        let shelf = blocking(move || Shelf::open(&folder).map_err(unkept)).await?;
        let again = Again { cx, keep_days, shelf: Arc::new(Mutex::new(shelf)) };
        again.compare_books().await?;
        Ok(again)
    }

    /// A ledger that was restored and has grown since has other publications under the same numbers.
    async fn compare_books(&self) -> Result<()> {
        let (position, last) = {
            let shelf = self.shelf();
            (shelf.position(), shelf.last().to_owned())
        };
        if position == 0 || last.is_empty() {
            return Ok(());
        }
        let there = self.cx.ledger.publications(position - 1, 1).await?.into_iter().next();
        // One that was purged meanwhile says nothing.
        if there.is_some_and(|of| of.publication == Some(position) && of.id.0 != last) {
            tracing::warn!("the ledger is another one than the tables of ids were made of; they are made again");
            self.shelf().clear().map_err(unkept)?;
        }
        Ok(())
    }

    /// Looks at the next publications, until there are none or `stopped` says so; says whether there may be more. After an
    /// error it is of no use any more, and opened anew.
    pub async fn round(&self, stopped: impl Fn() -> bool) -> Result<bool> {
        let position = self.shelf().position();
        let page = self.cx.ledger.publications(position, ROUND).await?;
        if page.is_empty() {
            if self.cx.ledger.last_publication().await? < position {
                tracing::warn!("the ledger is behind the tables of ids, which are made again");
                self.shelf().clear().map_err(unkept)?;
            }
            return Ok(false);
        }
        for transfer in &page {
            if stopped() {
                break;
            }
            if let Some(found) = self.take(transfer).await? {
                let Some(compared) = self.compare(transfer, found, &stopped).await? else {
                    // It is looked at again by the next node in this place, as nothing of this round is kept.
                    return Ok(false);
                };
                self.tell(transfer, &compared).await?;
            }
            self.shelf().pass(transfer.publication.unwrap_or_default(), &transfer.id.0);
        }
        let keep_from_ms = self.cx.clock.now_ms() - i64::from(self.keep_days) * DAY_MS;
        let shelf = self.shelf.clone();
        blocking(move || lock(&shelf).commit(keep_from_ms).map_err(unkept)).await?;
        Ok(page.len() == ROUND as usize)
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        lock(&self.shelf)
    }

    /// Puts the ids of a publication on the shelf; what looks different, if anything does.
    async fn take(&self, transfer: &Transfer) -> Result<Option<Found>> {
        let posted = matches!(transfer.verdict, Some(Verdict::Accepted | Verdict::Partly));
        if !posted || transfer.facts.correction.is_some() {
            return Ok(None);
        }
        let (cx, shelf, of) = (self.cx.clone(), self.shelf.clone(), transfer.clone());
        let taken = blocking(move || taken(&cx, &shelf, &of)).await;
        match taken {
            // Whoever reads the file meets the same, and it is told there.
            Err(error) if error.class != Class::Retry => {
                tracing::warn!(transfer = %transfer.id, file = transfer.name, "its ids are not compared: {error}");
                Ok(None)
            }
            taken => Ok(taken?.filter(|found| found.count > 0)),
        }
    }

    /// Compares what looks different; nothing when it was stopped.
    async fn compare(
        &self,
        transfer: &Transfer,
        found: Found,
        stopped: &impl Fn() -> bool,
    ) -> Result<Option<Compared>> {
        let mut earlier: Option<(u64, Option<Transfer>)> = None;
        let (mut compared, mut looked) = (Compared::default(), 0);
        for pair in found.pairs {
            if looked >= ENOUGH && !compared.differing.is_empty() {
                break;
            }
            if stopped() {
                return Ok(None);
            }
            looked += 1;
            let of = match &earlier {
                Some((publication, of)) if *publication == pair.publication => of.clone(),
                _ => {
                    let before = pair.publication.saturating_sub(1);
                    let first = self.cx.ledger.publications(before, 1).await?.into_iter().next();
                    let of = first.filter(|of| of.publication == Some(pair.publication));
                    earlier = Some((pair.publication, of.clone()));
                    of
                }
            };
            let (books, new) = (self.cx.books(), transfer.clone());
            match blocking(move || of.map_or(Ok(Shown::Gone), |of| shown(&books, &new, &of, pair))).await {
                Ok(Shown::Differs(differing)) => compared.differing.push(differing),
                Ok(Shown::Same) => compared.same += 1,
                Ok(Shown::NotPosted) => compared.not_posted += 1,
                Ok(Shown::Gone) => compared.gone += 1,
                Err(error) if error.class == Class::Retry => return Err(error),
                // Whoever reads that file meets the same; the files behind it are looked at all the same.
                Err(error) => {
                    let record = pair.record;
                    tracing::warn!(transfer = %transfer.id, record, "an id that comes again is not compared: {error}");
                    compared.failed += 1;
                }
            }
        }
        compared.left = found.count.saturating_sub(looked as u64);
        Ok(Some(compared))
    }

    /// Has a person hear of what differs.
    async fn tell(&self, transfer: &Transfer, compared: &Compared) -> Result<()> {
        let Compared { differing, same, not_posted, gone, failed, left } = compared;
        let (file, differ) = (&transfer.name, differing.len());
        if differing.is_empty() {
            let id = &transfer.id;
            tracing::info!(transfer = %id, file, same, not_posted, gone, failed, left, "no id with other content");
            return Ok(());
        }
        let notice = notice(transfer, compared);
        tracing::warn!(
            transfer = %transfer.id, file, differ, same, not_posted, gone, failed, left, "{}", notice.text
        );
        let tell = Change::Tell { key: format!("again/{}", transfer.id), notice: Some(notice) };
        self.cx.ledger.apply(None, self.cx.clock.now_ms(), &[tell]).await?;
        self.cx.bell.ring();
        Ok(())
    }
}

/// Puts the ids of a file on the shelf; nothing where they are not known any more.
fn taken(cx: &Inbound, shelf: &Mutex<Shelf>, of: &Transfer) -> Result<Option<Found>> {
    if let Some(list) = listed(cx, of)? {
        match put(shelf, of, list) {
            Err(error) if error.class != Class::Retry => {
                tracing::warn!(transfer = %of.id, file = of.name, "the list of its ids is no good, it is read again: {error}");
            }
            put => return put.map(Some),
        }
    }
    read_again(cx, of)?.map(|list| put(shelf, of, list)).transpose()
}

fn put(shelf: &Mutex<Shelf>, of: &Transfer, (input, bytes): (Box<dyn Read>, u64)) -> Result<Found> {
    let mut ids = Reader::begin(input, bytes).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Error::halt(Code::VAULT, error.to_string()),
        _ => unread(error),
    })?;
    lock(shelf).take(of.publication.unwrap_or_default(), of.updated_ms, &mut ids).map_err(unread)
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unkept(error: io::Error) -> Error {
    Error::retry(Code::NO_SPACE, "the tables of ids in the node's data folder cannot be read or written")
        .hint("Look at the disk of `data_dir`; they may be removed while the node is stopped, and are made again.")
        .caused_by(error)
}

fn unread(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(carried) => carried,
        Err(error) => unkept(error),
    }
}

/// The sorted ids of a posted file as its proof left them, and their bytes; nothing where the vault has none.
fn listed(cx: &Inbound, transfer: &Transfer) -> Result<Option<(Box<dyn Read>, u64)>> {
    let Some(list) = &transfer.facts.ids else { return Ok(None) };
    if !cx.vault.holds(list)? {
        return Ok(None);
    }
    match cx.vault.open(list) {
        Ok(content) => Ok(Some((Box::new(BufReader::new(content.reader_at(0))), content.size()))),
        Err(error) if error.class != Class::Retry => {
            tracing::warn!(transfer = %transfer.id, "the list of its ids is damaged, it is read again: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The same, made again out of the file; nothing where the vault no longer has what they are made of.
fn read_again(cx: &Inbound, transfer: &Transfer) -> Result<Option<(Box<dyn Read>, u64)>> {
    let Facts { ids, sha256, plan, accepted, .. } = &transfer.facts;
    let (Some(sha256), Some(plan)) = (sha256, plan) else { return Ok(None) };
    // A large file without a list was posted by an fpp that kept none.
    let small = accepted.is_some_and(|accepted| (1..=UNLISTED_MAX).contains(&accepted));
    let Some(route) = cx.routes.get(&transfer.route).filter(|_| ids.is_some() || small) else { return Ok(None) };
    if !cx.vault.holds(sha256)? || !cx.vault.holds(plan)? {
        return Ok(None);
    }
    let plan = cx.plans.frozen(&*cx.vault, plan)?;
    // What was refused or released then changes no id of a record that was posted.
    let context =
        Context { name: name_identity(route, transfer), released: vec![Code::UNPROVEN], ..Context::default() };
    let (_, _, mut list) = read(&*cx.vault, &plan, transfer, context, (&cx.scratch, 1))?;
    let bytes = list.seek(SeekFrom::End(0)).and_then(|bytes| list.rewind().map(|()| bytes)).map_err(unread)?;
    Ok(Some((Box::new(BufReader::new(list)), bytes)))
}

/// Whether two events have one id and other data.
fn shown(books: &Books, new: &Transfer, of: &Transfer, pair: Pair) -> Result<Shown> {
    // What a resend posted before stands there for the event of the run before it, which is the same.
    let mut first = of.clone();
    first.facts.resend = None;
    if !is_kept(books, new)? || !is_kept(books, &first)? {
        return Ok(Shown::Gone);
    }
    let (Some(new), Some(old)) = (event(books, new, pair.record)?, event(books, &first, pair.of_record)?) else {
        return Ok(Shown::NotPosted);
    };
    let ((id, datahash), (of_id, of_datahash)) = (new, old);
    if id != of_id || datahash == of_datahash {
        return Ok(Shown::Same);
    }
    let (of, of_file) = (of.id.clone(), of.name.clone());
    Ok(Shown::Differs(Differing { id, record: pair.record, of, of_file, of_record: pair.of_record }))
}

/// Whether the vault has what the events of a transfer are made of.
fn is_kept(books: &Books, transfer: &Transfer) -> Result<bool> {
    for digest in [&transfer.facts.sha256, &transfer.facts.plan].into_iter().flatten() {
        if !books.vault.holds(digest)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Id and `datahash` of the event of one good record; nothing where it gives none.
fn event(books: &Books, transfer: &Transfer, record: u64) -> Result<Option<(String, [u8; 32])>> {
    let mut reader = EventReader::open(books, transfer, Vec::new(), record.saturating_sub(1), View::Clear)?;
    let mut line = Vec::new();
    match reader.look(&mut line)? {
        Look::Event(n) if n == record => Ok(Some((reader.event().id.clone(), reader.event().datahash))),
        _ => Ok(None),
    }
}

/// What a person hears.
fn notice(transfer: &Transfer, compared: &Compared) -> NewNotice {
    let (name, route, count) = (&transfer.name, &transfer.route, compared.differing.len());
    let events = if count == 1 { "1 event has an id".to_owned() } else { format!("{count} events have ids") };
    let at = transfer.publication.unwrap_or_default();
    let mut text = format!("{name} ({route}): {events} of an earlier file and other content (FPP3007)");
    // Writing to a string cannot fail.
    for (n, one) in compared.differing.iter().take(TOLD_MAX).enumerate() {
        let Differing { id, record, of, of_file, of_record } = one;
        let sign = if n == 0 { ": " } else { "; " };
        let _ = write!(text, "{sign}{id} (position {at}-{record}) was record {of_record} of {of_file}, transfer {of}");
    }
    if count > TOLD_MAX {
        text.push_str("; and others");
    }
    if compared.left > 0 {
        let _ = write!(text, "; up to {} more look different", compared.left);
    }
    if compared.failed > 0 {
        let _ = write!(text, "; {} could not be compared, the log says why", compared.failed);
    }
    let _ = write!(
        text,
        ". Both went out and nothing was overwritten: ask the core which one holds, then `fpp events void` or `fpp events \
         correct` tells the readers. Transfer {}.",
        transfer.id
    );
    NewNotice {
        severity: "warn".to_owned(),
        topic: "again".to_owned(),
        subject: transfer.id.to_string(),
        code: Code::ID_AGAIN.0,
        text,
    }
}
