//! Decoding one batch of records: what comes out is a portion for each outlet, rejects, and counts.
//!
//! A worker keeps nothing from one batch to the next but its buffers, so that any worker may take any batch and a batch
//! may be done again.

use super::family::{Belongs, Family};
use super::job::{Count, Job, View};
use super::reject;
use crate::cli::tables::Form;
use fpp_codecs::Code;
use fpp_codecs::csv;
use fpp_codecs::fault::Fault;
use fpp_codecs::framing::{Batch, Cut};
use fpp_codecs::json;
use fpp_codecs::record::{Cell, Row};
use std::sync::Arc;

/// Faults told to people from one batch; the rest is only counted.
pub(super) const TOLD_MAX: usize = 20;

/// What a batch becomes.
#[derive(Debug, Default)]
pub(super) struct Portion {
    /// Bytes for each outlet.
    pub(super) outs: Vec<Vec<u8>>,
    /// Typed columns for each outlet.
    #[cfg(feature = "columnar")]
    pub(super) chunks: Vec<(usize, fpp_codecs::columnar::Chunk)>,
    /// Why columns could not be made.
    pub(super) broken: Option<String>,
    /// Lines of the rejects file.
    pub(super) rejects: Vec<u8>,
    /// What was counted.
    pub(super) count: Count,
    /// The first bad record, in words.
    pub(super) first: Option<String>,
    /// Faults that are told nowhere else.
    pub(super) told: Vec<String>,
    /// The record at which more were bad than may be.
    pub(super) stopped: Option<u64>,
    /// What was known of parents before the batch, should it be done again.
    pub(super) family: Option<Family>,
}

impl Portion {
    fn clear(&mut self, outlets: usize) {
        self.outs.resize_with(outlets, Vec::new);
        self.outs.iter_mut().for_each(Vec::clear);
        #[cfg(feature = "columnar")]
        self.chunks.clear();
        self.broken = None;
        self.rejects.clear();
        self.count.clear();
        self.first = None;
        self.told.clear();
        self.stopped = None;
    }
}

/// Decodes batches.
pub(super) struct Worker {
    job: Arc<Job>,
    row: Row,
    line: Vec<u8>,
    tables: Vec<csv::Writer>,
    family: Option<Family>,
    #[cfg(feature = "columnar")]
    rows: Vec<fpp_codecs::columnar::Rows>,
}

impl Worker {
    /// A worker with its own buffers.
    pub(super) fn new(job: &Arc<Job>) -> Worker {
        let table = |columns: &csv::Columns| csv::Writer::new(columns.clone(), job.dialect);
        let tables = job.columns.iter().map(table).collect();
        let family = Family::of(job);
        #[cfg(feature = "columnar")]
        let rows = job.tables.iter().map(fpp_codecs::columnar::Rows::new).collect();
        Worker {
            job: Arc::clone(job),
            row: Row::default(),
            line: Vec::new(),
            tables,
            family,
            #[cfg(feature = "columnar")]
            rows,
        }
    }

    /// The same, knowing of parents what was known at some place.
    pub(super) fn knowing(mut self, family: Option<Family>) -> Worker {
        self.family = family;
        self
    }

    /// Ends the lines that are open; whether anything was written.
    pub(super) fn finish(&mut self, portion: &mut Portion) -> bool {
        portion.clear(self.job.outlet_count);
        match (&mut self.family, portion.outs.first_mut()) {
            (Some(family), Some(out)) => {
                family.finish(out);
                !out.is_empty()
            }
            _ => false,
        }
    }

    /// Does a batch. It ends with the bad record after `allowed` others.
    pub(super) fn work(&mut self, batch: &Batch, allowed: u64, portion: &mut Portion) {
        // Counted once a batch: a count that every record moves would wander from core to core.
        let job = Arc::clone(&self.job);
        portion.clear(job.outlet_count);
        portion.family = self.family.clone();
        for cut in batch.iter() {
            portion.count.bytes = cut.offset + cut.bytes.len() as u64;
            let belongs = match &mut self.family {
                Some(family) => job.whole.select(cut.bytes).map(|index| family.feed(index, cut.n)),
                None => None,
            };
            if !job.ranges.has(cut.n) {
                continue;
            }
            portion.count.records += 1;
            let written = portion.outs.first().map_or(0, Vec::len);
            self.record(&job, &cut, portion);
            self.relate(cut.n, belongs, written, portion);
            if portion.count.refused > allowed {
                portion.stopped = Some(cut.n);
                break;
            }
        }
        #[cfg(feature = "columnar")]
        for (outlet, rows) in self.rows.iter_mut().enumerate() {
            match rows.take() {
                Ok(Some(chunk)) => portion.chunks.push((outlet, chunk)),
                Ok(None) => {}
                Err(what) => portion.broken = Some(what),
            }
        }
    }

    /// Puts the line of a record, if it has one, under its parent.
    fn relate(&mut self, n: u64, belongs: Option<Belongs>, written: usize, portion: &mut Portion) {
        let (Some(family), Some(belongs)) = (&mut self.family, belongs) else { return };
        portion.count.orphans += u64::from(belongs == Belongs::Orphan);
        if self.job.form == Form::Jsonl {
            for out in portion.outs.iter_mut().take(1).filter(|out| out.len() > written) {
                family.place(n, belongs, written, out);
            }
        }
    }

    fn record(&mut self, job: &Job, cut: &Cut<'_>, portion: &mut Portion) {
        let Some(index) = job.whole.select(cut.bytes) else {
            return self.unknown(cut, portion);
        };
        let Some(outlet) = job.outlets.get(index).copied().flatten() else {
            portion.count.left_out += 1;
            return;
        };
        match job.filter.as_ref().map(|filter| filter.fits(&job.whole, index, cut.bytes)) {
            None | Some(Some(true)) => {}
            Some(Some(false)) => {
                portion.count.left_out += 1;
                return;
            }
            // What cannot be decided is decoded whole, so that its faults are told, whoever asked for which fields.
            Some(None) => {
                if let Some(view) = &job.undecided {
                    view.format.records[index].decode(cut.bytes, &mut self.row);
                    if !self.row.faults.is_empty() {
                        return self.bad(view, index, outlet, cut, portion);
                    }
                }
            }
        }
        let format = &job.view.format.records[index];
        let out = &mut portion.outs[outlet];
        if job.plain && job.form == Form::Jsonl {
            let start = out.len();
            let good = json::line(format, cut.n, cut.offset, cut.bytes, &mut self.row, out);
            self.row.repairs.iter().for_each(|repair| portion.count.repairs.add(repair.what, 1));
            if good {
                portion.count.written += 1;
            } else {
                out.truncate(start);
                self.bad(&job.view, index, outlet, cut, portion);
            }
            return;
        }
        format.decode(cut.bytes, &mut self.row);
        self.row.repairs.iter().for_each(|repair| portion.count.repairs.add(repair.what, 1));
        if !self.row.faults.is_empty() {
            return self.bad(&job.view, index, outlet, cut, portion);
        }
        match job.form {
            Form::Jsonl => {
                json::write_styled(format, &job.view.styles[index], (cut.n, cut.offset), cut.bytes, &self.row, out);
            }
            Form::Csv | Form::Parquet | Form::Arrow => {
                if let Err(fault) = self.table(index, outlet, out) {
                    self.row.faults.push(fault);
                    return self.bad(&job.view, index, outlet, cut, portion);
                }
                portion.count.fillers += u64::from(!job.fillers && self.has_filler(index));
            }
        }
        portion.count.written += 1;
    }

    /// Puts the row into its table.
    fn table(&mut self, index: usize, outlet: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        let masked = self.job.view.styles.get(index).map_or(&[][..], |style| &style.masked);
        #[cfg(feature = "columnar")]
        if let Some(rows) = self.rows.get_mut(outlet) {
            return rows.push(&self.job.view.format.records[index], &self.row);
        }
        match self.tables.get_mut(outlet) {
            Some(table) => table.row(&self.job.view.format, index, &self.row, masked, out),
            None => Ok(()),
        }
    }

    /// Whether a filler holds something that no column shows.
    fn has_filler(&self, index: usize) -> bool {
        let fields = self.job.view.format.records[index].layout.fields.iter().zip(&self.row.cells);
        fields.filter(|(field, _)| field.is_filler()).any(|(_, cell)| match *cell {
            Cell::Text(from, to) | Cell::Hex(from, to) | Cell::Raw(from, to) => from != to,
            Cell::Null | Cell::Bad | Cell::Absent => false,
            _ => true,
        })
    }

    /// A record with faults, as a view of the job decoded it.
    fn bad(&self, view: &View, index: usize, outlet: usize, cut: &Cut<'_>, portion: &mut Portion) {
        portion.count.refused += 1;
        let (job, format) = (&self.job, &view.format.records[index]);
        if let (None, Some(fault)) = (&portion.first, self.row.faults.first()) {
            portion.first = Some(reject::told(format, cut, &self.row, fault));
        }
        if job.rejects {
            reject::record(job, view, index, cut, &self.row, &mut portion.rejects);
        } else if job.form == Form::Jsonl {
            let place = (cut.n, cut.offset);
            json::write_styled(format, &view.styles[index], place, cut.bytes, &self.row, &mut portion.outs[outlet]);
        } else {
            let layout = &format.layout;
            for fault in self.row.faults.iter().take(TOLD_MAX - portion.told.len().min(TOLD_MAX)) {
                let field = layout.fields.get(fault.field).map_or("record", |field| &field.name);
                let (n, at, code, detail) = (cut.n, fault.offset + 1, fault.code, fault.detail);
                portion.told.push(format!("record {n}: {} {field}: {code} at byte {at}: {detail}", layout.name));
            }
        }
    }

    /// A record that no record format fits.
    fn unknown(&mut self, cut: &Cut<'_>, portion: &mut Portion) {
        portion.count.refused += 1;
        let (n, offset, code, detail) = (cut.n, cut.offset, Code::NO_LAYOUT, Code::NO_LAYOUT.english());
        portion.first.get_or_insert_with(|| format!("record {n}: {code}: {detail}. {}", code.hint()));
        if self.job.rejects {
            reject::unknown(&self.job, cut, &mut portion.rejects);
        } else if self.job.form == Form::Jsonl {
            self.line.clear();
            self.line.extend(
                format!(
                    r#"{{"n":{n},"offset":{offset},"type":null,"fields":{{}},"faults":[{{"field":null,"code":"{code}","offset":0,"detail":"{detail}"}}]}}"#
                )
                .bytes(),
            );
            self.line.push(b'\n');
            if let Some(out) = portion.outs.first_mut() {
                out.extend_from_slice(&self.line);
            }
        } else if portion.told.len() < TOLD_MAX {
            portion.told.push(format!("record {n}: {code}: {detail}"));
        }
    }
}
