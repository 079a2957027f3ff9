//! A batch in one transaction: the fence, the rows, the conflicts and the cursor, or nothing of it.
//!
//! Invariants: a row is written once and never changed; the same id with other content goes into `conflicts`, and both
//! are told. What was there before is looked for only when the target says that a key is taken, so that the usual batch
//! costs nothing for it; nothing depends on the cursor but where the next batch begins, so any event may come again. Of a
//! required posting no row is written behind an event that does not fit.

use super::cell::{Cell, hex, record};
use super::cells::{Form, Origin};
use super::fault;
use super::link::{Link, Sql, sql};
use super::reading::{Read, Reading, refused};
use super::tables::{CONFLICTS, Column};
use crate::error::{Error, Result};
use crate::outlets::position::Position;
use crate::outlets::push::{Batch, Outcome, Posting, Pushed};
use fpp_codecs::Code;
use std::collections::{BTreeSet, HashMap};

/// Rows in one INSERT: with the widest table below what SQLite takes of values (32,766), and few enough that reading
/// them does not keep others from the thread.
const ROWS: usize = 250;

/// How rows get into one table; the same texts for every batch.
pub(super) struct Into {
    pub(super) form: Form,
    /// The statement for [`ROWS`] rows.
    full: Sql,
}

impl Into {
    pub(super) fn new(form: Form) -> Into {
        let full = insert(form.table.name, &names(form.table.columns()), ROWS).kept();
        Into { form, full }
    }
}

fn names<'c>(columns: impl Iterator<Item = &'c Column>) -> String {
    columns.map(|column| column.name).collect::<Vec<_>>().join(", ")
}

pub(super) fn insert(table: &str, columns: &str, rows: usize) -> Sql {
    let row = format!("({})", places(columns.split(',').count()));
    sql(format!("INSERT INTO {table} ({columns}) VALUES {}", vec![row; rows].join(", ")))
}

fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// A transaction that writes a batch.
pub(super) struct Write<'b, 't> {
    pub(super) link: &'t mut Link,
    pub(super) tables: &'t [Into],
    pub(super) posting: &'b Posting,
    pub(super) now_ms: i64,
    /// The first day that has no partition, where there are any.
    pub(super) no_place_from: Option<&'t str>,
    /// A key was taken before: from here on it is looked first.
    pub(super) looks_first: bool,
}

impl<'b> Write<'b, '_> {
    /// Everything; the caller commits it. The next rows are read while the target writes those before them.
    pub(super) async fn batch(&mut self, batch: &'b Batch) -> Result<Outcome> {
        let before = self.fence().await?;
        let mut outcome = Outcome::default();
        let forms = self.tables.iter().map(|table| &table.form).collect();
        let mut reading = Reading::new(forms, self.posting, self.no_place_from, batch);
        let mut next = reading.next(ROWS);
        while let Some((at, rows)) = next.take() {
            let (stored, read) = tokio::join!(self.store(at, rows, &mut outcome), async { reading.next(ROWS) });
            stored?;
            next = read;
        }
        outcome.refused = reading.refused;
        outcome.conflicts.sort_by_key(|conflict| conflict.record);
        self.advance(before.max(reached(batch, &outcome)), &reading.origin).await?;
        Ok(outcome)
    }

    /// Refuses a stale epoch, and keeps the posting's row from others; the cursor as it stands.
    async fn fence(&mut self) -> Result<u64> {
        let key = self.key();
        let set = sql("UPDATE postings SET epoch = ?, updated_ms = ? WHERE installation = ? AND outlet = ? \
                       AND transfer = ? AND epoch <= ?");
        let epoch = number(self.posting.epoch);
        let mut cells = vec![Cell::Int(epoch), Cell::Int(self.now_ms)];
        cells.extend(key.iter().cloned());
        cells.push(Cell::Int(epoch));
        // The row is locked by it, on servers as well.
        self.link.run(&set, &cells).await?;
        match cursor(self.link, self.posting).await? {
            Some((_, found)) if found > epoch => Err(stale(self.posting, found)),
            Some((cursor, _)) => Ok(cursor),
            None => {
                let names = "installation, outlet, transfer, route, business_date, up_to_record, epoch, updated_ms";
                let date = self.posting.business_date.as_deref().map_or(Cell::Null, Cell::text);
                let mut cells = key;
                cells.extend([Cell::text(&self.posting.route), date, Cell::Int(0)]);
                cells.extend([Cell::Int(epoch), Cell::Int(self.now_ms)]);
                self.link.run(&insert("postings", names, 1), &cells).await?;
                Ok(0)
            }
        }
    }

    fn key(&self) -> Vec<Cell<'b>> {
        key(self.posting)
    }

    /// Writes how far the posting is.
    async fn advance(&mut self, last: u64, origin: &Origin<'b>) -> Result<()> {
        let mut set = vec!["up_to_record = ?"];
        let mut cells = vec![Cell::Int(number(last))];
        let texts = [
            ("file = ?", &origin.file),
            ("digest = ?", &origin.digest),
            ("layout_version = ?", &origin.layout_version),
            ("code_table = ?", &origin.code_table),
        ];
        for (part, text) in texts {
            if let Some(text) = text {
                set.push(part);
                cells.push(Cell::Text(text.clone()));
            }
        }
        for (part, number) in [("batch = ?", origin.batch), ("run = ?", origin.run)] {
            if let Some(number) = number {
                set.push(part);
                cells.push(Cell::Int(number));
            }
        }
        let update =
            format!("UPDATE postings SET {} WHERE installation = ? AND outlet = ? AND transfer = ?", set.join(", "));
        cells.extend(self.key());
        self.link.run(&sql(update), &cells).await
    }

    /// Writes rows; those whose id is there with other content are conflicts.
    async fn store(&mut self, at: usize, rows: Read<'b>, outcome: &mut Outcome) -> Result<()> {
        let Some(into) = self.tables.get(at) else { return Ok(()) };
        let table = into.form.table;
        let columns = names(table.columns());
        if !self.looks_first {
            let count = rows.events.len();
            let all = if count == ROWS { into.full.clone() } else { insert(table.name, &columns, count) };
            match self.link.try_run(&all, &rows.cells).await? {
                Ok(()) => return Ok(()),
                Err(error) if fault::is_known(&error) => self.looks_first = true,
                Err(error) => return Err(fault::of(error)),
            }
        }
        let kept = self.kept(into, &rows.events).await?;
        let (fresh, conflicts) = part(&rows.events, kept);
        let cells: Vec<Cell<'b>> =
            fresh.iter().flat_map(|row| rows.cells[row * table.width()..][..table.width()].iter().cloned()).collect();
        if !fresh.is_empty() {
            self.link.run(&insert(table.name, &columns, fresh.len()), &cells).await?;
        }
        self.note(&conflicts).await?;
        outcome.conflicts.extend(conflicts.iter().map(|(event, kept)| {
            let why = format!("{} has its id with other content (datahash {kept})", table.name);
            refused(event, why)
        }));
        Ok(())
    }

    /// The digests that rows with these ids have in the target.
    async fn kept(&mut self, into: &Into, events: &[&'b Pushed]) -> Result<HashMap<(String, String), String>> {
        let sources: BTreeSet<&str> = events.iter().map(|event| event.source.as_str()).collect();
        let mut kept = HashMap::new();
        for source in sources {
            let of: Vec<&&Pushed> = events.iter().filter(|event| event.source == source).collect();
            let mut select = format!(
                "SELECT id, datahash FROM {} WHERE installation = ? AND source = ? AND id IN ({})",
                into.form.table.name,
                places(of.len())
            );
            let mut cells = vec![Cell::text(&self.posting.installation), Cell::text(source)];
            cells.extend(of.iter().map(|event| Cell::text(&event.id)));
            if into.form.table.is_dated {
                // Says in which partitions to look; the day follows from the id.
                let days: BTreeSet<&str> = of.iter().map(|event| into.form.row_date(event)).collect();
                select.push_str(&format!(" AND row_date IN ({})", places(days.len())));
                cells.extend(days.into_iter().map(Cell::text));
            }
            for row in self.link.rows(&sql(select), &cells).await? {
                if let [Cell::Text(id), Cell::Text(datahash)] = &*row {
                    kept.insert((source.to_owned(), id.to_string()), datahash.to_string());
                }
            }
        }
        Ok(kept)
    }

    /// Writes conflicts down, each second content once.
    async fn note(&mut self, conflicts: &[(&'b Pushed, String)]) -> Result<()> {
        if conflicts.is_empty() {
            return Ok(());
        }
        let mut select = "SELECT source, id, datahash FROM conflicts WHERE installation = ? AND id IN (".to_owned();
        select.push_str(&places(conflicts.len()));
        select.push(')');
        let mut cells = vec![Cell::text(&self.posting.installation)];
        cells.extend(conflicts.iter().map(|(event, _)| Cell::text(&event.id)));
        let mut known = BTreeSet::new();
        for row in self.link.rows(&sql(select), &cells).await? {
            if let [Cell::Text(source), Cell::Text(id), Cell::Text(datahash)] = &*row {
                known.insert((source.to_string(), id.to_string(), datahash.to_string()));
            }
        }
        let mut cells = Vec::new();
        let mut count = 0;
        for (event, kept) in conflicts {
            let datahash = hex(&event.datahash);
            if !known.insert((event.source.clone(), event.id.clone(), datahash.clone())) {
                continue;
            }
            count += 1;
            cells.extend([Cell::text(&self.posting.installation), Cell::text(&event.source), Cell::text(&event.id)]);
            cells.extend([Cell::Text(datahash.into()), Cell::text(kept), Cell::text(&event.kind)]);
            cells.extend([Cell::text(&self.posting.outlet), Cell::text(&self.posting.transfer)]);
            cells.extend([record(event.record), Cell::Int(self.now_ms)]);
        }
        if count > 0 {
            self.link.run(&insert("conflicts", &names(CONFLICTS.iter()), count), &cells).await?;
        }
        Ok(())
    }
}

/// The last record before the first that was not taken: whoever pushes has not written down yet what becomes of that one,
/// and must get it again if he dies now. The batch that comes next says that he has.
fn reached(batch: &Batch, outcome: &Outcome) -> u64 {
    let not_taken: BTreeSet<u64> = outcome.refused.iter().chain(&outcome.conflicts).map(|event| event.record).collect();
    let taken = batch.events.iter().map(|event| event.record).take_while(|record| !not_taken.contains(record));
    taken.last().unwrap_or(0)
}

/// Which rows are new, and which have an id that stands for other content, there or earlier among these rows.
fn part<'b>(
    events: &[&'b Pushed],
    mut kept: HashMap<(String, String), String>,
) -> (Vec<usize>, Vec<(&'b Pushed, String)>) {
    let (mut fresh, mut conflicts) = (Vec::new(), Vec::new());
    for (row, event) in events.iter().enumerate() {
        let key = (event.source.clone(), event.id.clone());
        let datahash = hex(&event.datahash);
        match kept.get(&key) {
            None => {
                fresh.push(row);
                kept.insert(key, datahash);
            }
            Some(kept) if *kept == datahash => {}
            Some(kept) => conflicts.push((*event, kept.clone())),
        }
    }
    (fresh, conflicts)
}

fn key(posting: &Posting) -> Vec<Cell<'_>> {
    vec![Cell::text(&posting.installation), Cell::text(&posting.outlet), Cell::text(&posting.transfer)]
}

/// How far a posting is, and its epoch; nothing when the target never heard of it.
pub(super) async fn cursor(link: &mut Link, posting: &Posting) -> Result<Option<(u64, i64)>> {
    let select = "SELECT up_to_record, epoch FROM postings WHERE installation = ? AND outlet = ? AND transfer = ?";
    let rows = link.rows(&sql(select), &key(posting)).await?;
    Ok(match rows.first().map(Vec::as_slice) {
        Some([Cell::Int(record), Cell::Int(epoch)]) => {
            let record = if *record == i64::MAX { Position::END } else { record.unsigned_abs() };
            Some((record, *epoch))
        }
        _ => None,
    })
}

fn number(record: u64) -> i64 {
    i64::try_from(record).unwrap_or(i64::MAX)
}

fn stale(posting: &Posting, found: i64) -> Error {
    let what = format!(
        "posting of {} into {}: epoch {} is stale, the target has {found}",
        posting.transfer, posting.outlet, posting.epoch
    );
    Error::halt(Code::STALE_EPOCH, what).hint("Another node took over. Nothing was written: drop this work.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlets::database::cells::forms;

    #[test]
    fn no_insert_has_more_values_than_sqlite_takes() {
        let widest = forms().iter().map(|form| form.table.width()).max().unwrap();
        assert!(widest * ROWS <= 32_766, "{widest}");
    }
}
