//! Ids that come again in another file, with other content (D9): the node notices it once, for the stream and all outlets.
//!
//! Every node goes through the publications in their order, behind the walk of files and never in its way, and keeps on
//! its disk what it needs to know of them (`shelf.rs`, `table.rs`). A large file brings the list of its ids from its proof; a
//! small one, and one whose list is lost, is read again. What looks different is compared event by event, by `datahash` in
//! the clear view, before anybody is told; the same content again is nobody's trouble.
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
use shelf::{Found, NAMED_MAX, Pair, Shelf};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Publications looked at between two commits of the shelf.
const ROUND: u32 = 64;
/// Ids that a notice names.
const TOLD_MAX: usize = 5;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// The watch over ids.
pub struct Again {
    cx: Arc<Inbound>,
    folder: PathBuf,
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

/// What the comparison of the events showed.
#[derive(Debug, Default)]
struct Compared {
    differing: Vec<Differing>,
    /// The same after all, or an event that did not go out, or one that the vault keeps no longer.
    nothing: u64,
}

impl Again {
    /// Goes on where this node's folder says.
    pub async fn open(cx: Arc<Inbound>, folder: &Path, keep_days: u32) -> Result<Again> {
        let shelf = opened(folder).await?;
        Ok(Again { cx, folder: folder.to_owned(), keep_days, shelf: Arc::new(Mutex::new(shelf)) })
    }

    /// Looks at the next publications, until there are none or `stopped` says so; says whether there may be more. After an
    /// error the shelf is as it was before.
    pub async fn round(&self, stopped: impl Fn() -> bool) -> Result<bool> {
        let looked = self.look(stopped).await;
        if looked.is_err() {
            let shelf = opened(&self.folder).await?;
            *self.shelf() = shelf;
        }
        looked
    }

    async fn look(&self, stopped: impl Fn() -> bool) -> Result<bool> {
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
                self.tell(transfer, found).await?;
            }
            self.shelf().pass(transfer.publication.unwrap_or_default());
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
        let taken = blocking(move || {
            let Some((input, bytes)) = ids(&cx, &of)? else { return Ok(None) };
            let mut ids = Reader::begin(input, bytes).map_err(unread)?;
            let publication = of.publication.unwrap_or_default();
            lock(&shelf).take(publication, of.updated_ms, &mut ids).map(Some).map_err(unread)
        })
        .await;
        match taken {
            // Whoever reads the file meets the same, and it is told there.
            Err(error) if error.class != Class::Retry => {
                tracing::warn!(transfer = %transfer.id, file = transfer.name, "its ids are not compared: {error}");
                Ok(None)
            }
            taken => Ok(taken?.filter(|found| found.count > 0)),
        }
    }

    /// Compares what looks different, and has a person hear of what is.
    async fn tell(&self, transfer: &Transfer, found: Found) -> Result<()> {
        let mut earlier: HashMap<u64, Option<Transfer>> = HashMap::new();
        let mut compared = Compared::default();
        for pair in &found.pairs {
            let of = match earlier.get(&pair.publication) {
                Some(known) => known.clone(),
                None => {
                    let before = pair.publication.saturating_sub(1);
                    let first = self.cx.ledger.publications(before, 1).await?.into_iter().next();
                    let of = first.filter(|of| of.publication == Some(pair.publication));
                    earlier.entry(pair.publication).or_insert(of).clone()
                }
            };
            let (books, new, pair) = (self.cx.books(), transfer.clone(), *pair);
            match blocking(move || of.map_or(Ok(None), |of| differing(&books, &new, &of, pair))).await? {
                Some(differing) => compared.differing.push(differing),
                None => compared.nothing += 1,
            }
        }
        let count = found.count.saturating_sub(compared.nothing);
        if count == 0 {
            return Ok(());
        }
        let notice = notice(transfer, count, &compared.differing);
        tracing::warn!(transfer = %transfer.id, file = transfer.name, count, "{}", notice.text);
        let tell = Change::Tell { key: format!("again/{}", transfer.id), notice: Some(notice) };
        self.cx.ledger.apply(None, self.cx.clock.now_ms(), &[tell]).await?;
        self.cx.bell.ring();
        Ok(())
    }
}

async fn opened(folder: &Path) -> Result<Shelf> {
    let folder = folder.to_owned();
    blocking(move || Shelf::open(&folder).map_err(unkept)).await
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

/// The sorted ids of a posted file, and their bytes; nothing where the vault no longer has what they are made of.
fn ids(cx: &Inbound, transfer: &Transfer) -> Result<Option<(Box<dyn Read>, u64)>> {
    let Facts { ids, sha256, plan, accepted, .. } = &transfer.facts;
    if let Some(list) = ids
        && cx.vault.holds(list)?
    {
        let content = cx.vault.open(list)?;
        return Ok(Some((Box::new(BufReader::new(content.reader_at(0))), content.size())));
    }
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
    let bytes = list.seek(SeekFrom::End(0)).and_then(|bytes| list.rewind().map(|()| bytes)).map_err(unkept)?;
    Ok(Some((Box::new(BufReader::new(list)), bytes)))
}

/// Whether two events have one id and other data.
fn differing(books: &Books, new: &Transfer, of: &Transfer, pair: Pair) -> Result<Option<Differing>> {
    // What a resend posted before stands there for the event of the run before it, which is the same.
    let mut first = of.clone();
    first.facts.resend = None;
    let (Some(new), Some(old)) = (event(books, new, pair.record)?, event(books, &first, pair.of_record)?) else {
        return Ok(None);
    };
    let ((id, datahash), (of_id, of_datahash)) = (new, old);
    let differs = id == of_id && datahash != of_datahash;
    Ok(differs.then(|| Differing {
        id,
        record: pair.record,
        of: of.id.clone(),
        of_file: of.name.clone(),
        of_record: pair.of_record,
    }))
}

/// Id and `datahash` of the event of one good record; nothing where it gives none, or the vault no longer has it.
fn event(books: &Books, transfer: &Transfer, record: u64) -> Result<Option<(String, [u8; 32])>> {
    let facts = &transfer.facts;
    for digest in [&facts.sha256, &facts.plan].into_iter().flatten() {
        if !books.vault.holds(digest)? {
            return Ok(None);
        }
    }
    let mut reader = EventReader::open(books, transfer, Vec::new(), record.saturating_sub(1), View::Clear)?;
    let mut line = Vec::new();
    match reader.look(&mut line)? {
        Look::Event(n) if n == record => Ok(Some((reader.event().id.clone(), reader.event().datahash))),
        _ => Ok(None),
    }
}

/// What a person hears.
fn notice(transfer: &Transfer, count: u64, differing: &[Differing]) -> NewNotice {
    let (name, route) = (&transfer.name, &transfer.route);
    let events = if count == 1 { "1 event has an id" } else { "events have ids" };
    let number = if count == 1 { String::new() } else { format!("{count} ") };
    let at = transfer.publication.unwrap_or_default();
    let mut text = format!("{name} ({route}): {number}{events} of an earlier file and other content (FPP3007)");
    for (n, one) in differing.iter().take(TOLD_MAX).enumerate() {
        let Differing { id, record, of, of_file, of_record } = one;
        let sign = if n == 0 { ": " } else { "; " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{sign}{id} (position {at}-{record}) was record {of_record} of {of_file}, transfer {of}");
    }
    if count > differing.len().min(TOLD_MAX) as u64 {
        text.push_str("; and others");
    }
    if differing.is_empty() {
        // Only where the mapping was changed since.
        let _ = write!(text, ". The first {NAMED_MAX} of them are the same after all, the others were not compared");
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
