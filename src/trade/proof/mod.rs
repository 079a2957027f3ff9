//! The proof of one file: a state machine fed with its records (D3, D5).
//!
//! Nothing is posted here. Every record is decoded, mapped and checked; header, order, record numbers and control totals
//! are judged; repeated event ids are found. Memory is bounded by `reject_max` and the batch of ids, whatever the file's
//! size. What a record says by itself may be read by other threads (`reading.rs`); what it means in its file is judged
//! here, in file order, so the outcome is the same however many there are. The caller cuts the file, stores the outcome, and knows about duplicates, series and open days.

pub mod header;
pub mod ids;
pub mod outcome;
pub mod reading;
mod refusal;
pub mod repeat;
mod sequence;
pub mod stated;

use super::event::Event;
use super::fault::TradeFault;
use super::fields::FieldRef;
use super::plan::Plan;
use super::plan::rules::Empty;
use crate::ledger::change::Reject;
use crate::ledger::transfer::Verdict;
use crate::trade::repairs::Repairs;
use fpp_codecs::Code;
use fpp_codecs::controls::{self, Controls, Tally};
use fpp_codecs::format::order::Order;
use fpp_codecs::format::{RecordFormat, Role};
use fpp_codecs::record::{Cell, Decimal, Row};
use header::{FileFault, Found, NameIdentity};
use ids::{Line, Lines};
use outcome::{Amounts, FileFaults, Outcome};
use reading::Reading;
use refusal::Place;
use repeat::{Entry, Repeats, Spill};
use sequence::{Number, Sequence};
use stated::Stated;
use std::io::{self, Write};

/// What is said of a file without a byte.
pub const EMPTY: &str = "the file is empty";

/// What the caller knows about the file.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// What its name says.
    pub name: NameIdentity,
    /// Why the file is refused whatever it holds: a digest that differs, a run that came too late, an operator's word.
    pub refused: Option<FileFault>,
    /// Codes of holds that an operator released: FPP1015 is then no hold any more.
    pub released: Vec<Code>,
    /// What the sender stated beside the file.
    pub stated: Stated,
}

/// How reading ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At the end of the file.
    Complete,
    /// Cutting failed, or the file was seen to be damaged: nothing after this point could be read.
    Broken {
        /// FPP1003, FPP1010, ...
        code: Code,
        /// Where and why.
        reason: String,
    },
}

/// A proof in the making.
pub struct Proof<'p> {
    plan: &'p Plan,
    context: Context,
    spill: Box<dyn Spill + 'p>,
    ids: Option<Box<dyn Write + 'p>>,
    order: Order,
    tally: Tally,
    sequence: Option<FieldRef>,
    numbers: Sequence,
    repeats: Repeats,
    faults: FileFaults,
    identity: Option<Found>,
    totals: Vec<controls::Total>,
    framed: bool,
    physical: u64,
    records: u64,
    rejected: u64,
    rejects: Vec<Reject>,
    amount: Option<usize>,
    amounts: Amounts,
    amounts_unreadable: u64,
    repairs: Repairs,
    row: Row,
    reading: Reading,
    event: Event,
}

impl<'p> Proof<'p> {
    /// Nothing read yet.
    pub fn new(plan: &'p Plan, context: Context, spill: Box<dyn Spill + 'p>) -> Proof<'p> {
        let none = Controls::default();
        let controls = plan.format.controls.as_ref().unwrap_or(&none);
        let detail = plan.format.record(Role::Detail);
        let sequence = controls.sequence.and_then(|index| {
            let offset = detail?.layout.fields.get(index)?.offset;
            Some(FieldRef { index, offset })
        });
        let mut faults = FileFaults::default();
        if let Some(FileFault { code, reason }) = &context.refused {
            faults.note(*code, reason.clone());
        }
        Proof {
            context,
            spill,
            ids: None,
            order: Order::new(&plan.format),
            tally: Tally::new(controls),
            sequence,
            numbers: Sequence::default(),
            repeats: Repeats::new(),
            faults,
            identity: None,
            totals: Vec::new(),
            framed: true,
            physical: 0,
            records: 0,
            rejected: 0,
            rejects: Vec::new(),
            amount: plan.answer.as_ref().and_then(|a| a.amount_field()),
            amounts: Amounts::default(),
            amounts_unreadable: 0,
            repairs: Repairs::default(),
            row: Row::default(),
            reading: Reading::default(),
            event: Event::default(),
            plan,
        }
    }

    /// Has the ids of the good records written, as [`ids`] says.
    #[must_use]
    pub fn listing(mut self, out: Box<dyn Write + 'p>) -> Proof<'p> {
        self.ids = Some(out);
        self
    }

    /// Takes the next physical record: its number from 1, its first byte in the file, its bytes.
    pub fn record(&mut self, n: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut reading = std::mem::take(&mut self.reading);
        reading.select(self.plan, bytes);
        // Where the frame is lost, details are only counted.
        if self.framed {
            reading.detail(self.plan, bytes, &mut self.event);
        }
        let booked = self.book(n, offset, bytes, &mut reading);
        self.reading = reading;
        booked
    }

    /// Takes the next physical record, which was read already, by whomever.
    pub fn book(&mut self, n: u64, offset: u64, bytes: &[u8], reading: &mut Reading) -> io::Result<()> {
        self.physical += 1;
        let index = reading.index;
        let Some((index, format)) = index.and_then(|i| self.plan.format.records.get(i).map(|format| (i, format)))
        else {
            self.faults.note(Code::NO_LAYOUT, format!("record {n} at byte {offset} fits no record format"));
            self.framed = false;
            return Ok(());
        };
        if let Err(fault) = self.order.feed(index) {
            self.faults.note(fault.code, format!("record {n} at byte {offset}: {}", fault.detail));
            self.framed &= fault.code != Code::HEADER;
        }
        match format.role {
            Role::Header => self.header(index, format, bytes),
            Role::Detail => self.detail((index, format), n, offset, bytes, reading)?,
            Role::Trailer => self.trailer(index, format, n, bytes),
        }
        Ok(())
    }

    /// Judges the whole file.
    pub fn finish(mut self, ending: Ending) -> io::Result<Outcome> {
        let complete = ending == Ending::Complete;
        self.end(ending);
        let plan = self.plan;
        let header = u64::from(plan.format.record(Role::Header).is_some());
        let scale = self.amounts.ok.scale;
        let mut tell = |entry: Entry, first: u64| {
            self.rejected += 1;
            self.amounts.add(Decimal { unscaled: entry.amount, scale }, false);
            self.amounts.add(Decimal { unscaled: -entry.amount, scale }, true);
            refusal::keep(&mut self.rejects, plan.rules.reject_max, || {
                let place = Place { record: entry.ordinal + header, ordinal: entry.ordinal, offset: entry.offset };
                refusal::of_repeat(plan, place, first)
            });
        };
        let source = plan.mapping.source();
        let mut lines = self.ids.take().map(|out| Lines::begin(out, source)).transpose()?;
        let mut keep = |entry: Entry| match &mut lines {
            Some(lines) => lines.push(Line {
                key: (entry.hash >> 64) as u64,
                content: entry.content,
                record: entry.ordinal + header,
            }),
            None => Ok(()),
        };
        self.repeats.finish(&mut *self.spill, &mut tell, &mut keep)?;
        lines.map_or(Ok(()), Lines::end)?;
        self.rejects.sort_by_key(|r| r.record);
        if self.rejected > plan.rules.reject_max {
            let reason = format!("{} bad records, {} are allowed", self.rejected, plan.rules.reject_max);
            self.faults.note(Code::TOO_MANY, reason);
        }
        let count = plan.format.controls.as_ref().and_then(|c| c.count.as_ref());
        let count_name = count.map(|c| c.promise.name.as_str());
        let released = self.context.released.contains(&Code::UNPROVEN);
        let hold = outcome::judge_totals(&self.totals, count_name, &plan.rules, released, &mut self.faults);
        let whole = self.framed && complete;
        let found = whole.then_some((self.records, self.amounts, self.amounts_unreadable));
        let doubt = self.context.stated.judge(found, &plan.rules, released, &mut self.faults);
        let hold = hold.or(doubt);
        let (verdict, code, reason) = outcome::judge(self.faults, hold, self.rejected, plan.rules.policy);
        let refused = verdict == Some(Verdict::Rejected);
        let accepted = if refused { 0 } else { self.records - self.rejected };
        Ok(Outcome {
            verdict,
            code,
            reason,
            identity: self.identity,
            framed: self.framed,
            records: self.records,
            accepted,
            rejected: self.records - accepted,
            rejects: self.rejects,
            totals: self.totals.into_iter().map(refusal::booked).collect(),
            amounts: if refused { self.amounts.refused() } else { self.amounts },
        })
    }

    fn end(&mut self, ending: Ending) {
        match ending {
            Ending::Broken { code, reason } => {
                self.faults.note(code, reason);
                self.framed = false;
            }
            Ending::Complete if self.physical == 0 => {
                if self.plan.rules.empty == Empty::Reject {
                    self.faults.note(Code::LENGTH, EMPTY);
                    self.framed = false;
                } else {
                    self.without_header();
                }
            }
            Ending::Complete => {
                if let Err(fault) = self.order.finish() {
                    self.faults.note(fault.code, fault.detail);
                    self.framed &= fault.code != Code::HEADER;
                }
                if self.plan.format.record(Role::Header).is_none() {
                    self.without_header();
                }
                // Without a trailer everything was promised by the header.
                if self.plan.format.record(Role::Trailer).is_none() && self.framed {
                    self.totals = self.tally.totals();
                }
            }
        }
    }

    /// What policies of the layout let pass so far, for people.
    pub fn repairs(&self) -> Vec<String> {
        self.repairs.told()
    }

    /// A header or trailer that cannot go on in another layout refuses its file.
    fn goes_on(&mut self, index: usize, code: Code) {
        if let Some(misfit) = reading::unfit(self.plan, index, &self.row, &mut Default::default()) {
            self.faults.note(code, format!("{} cannot go on in the other layout: {}", misfit.field, misfit.detail));
        }
    }

    fn header(&mut self, index: usize, format: &RecordFormat, bytes: &[u8]) {
        format.decode(bytes, &mut self.row);
        self.goes_on(index, Code::HEADER);
        self.repairs.add(&self.row.repairs, &format.layout);
        self.tally.promise(index, &self.row);
        match self.plan.header.read(format, &self.row, &self.context.name) {
            Ok(found) => self.identity = found,
            Err(fault) => {
                self.faults.note(fault.code, fault.reason);
                self.framed = false;
            }
        }
    }

    fn without_header(&mut self) {
        match self.plan.header.without_header(&self.context.name) {
            Ok(found) => self.identity = found,
            Err(fault) => self.faults.note(fault.code, fault.reason),
        }
    }

    fn detail(
        &mut self,
        (index, format): (usize, &RecordFormat),
        n: u64,
        offset: u64,
        bytes: &[u8],
        reading: &mut Reading,
    ) -> io::Result<()> {
        self.records += 1;
        if !self.framed {
            return Ok(());
        }
        let row = &reading.row;
        self.repairs.add(&row.repairs, &format.layout);
        self.tally.add(index, row);
        let amount = self.amount.and_then(|field| row.decimal(field));
        self.amounts_unreadable += u64::from(self.amount.is_some() && amount.is_none());
        let amount = amount.unwrap_or(Decimal { unscaled: 0, scale: self.amounts.ok.scale });
        let number = self.number(n, row);
        let fault = [reading.fault.take(), number].into_iter().flatten().min_by_key(|f| f.field);
        self.amounts.add(amount, fault.is_none());
        let Some(fault) = fault else {
            let (hash, ordinal, content) = (reading.id, self.records, reading.content);
            let entry = Entry { hash, ordinal, offset, amount: amount.unscaled, content };
            return self.repeats.add(entry, &mut *self.spill);
        };
        self.rejected += 1;
        let (plan, ordinal) = (self.plan, self.records);
        refusal::keep(&mut self.rejects, plan.rules.reject_max, || {
            let place = Place { record: n, ordinal, offset };
            let sensitive = plan.mapping.is_sensitive(fault.field);
            refusal::of_fault(fault, &format.layout, place, bytes, sensitive)
        });
        Ok(())
    }

    /// Judges the record's own number.
    fn number(&mut self, n: u64, row: &Row) -> Option<TradeFault> {
        let field = self.sequence?;
        if self.rejected > self.plan.rules.reject_max {
            return None;
        }
        let number = match row.cells.get(field.index) {
            Some(Cell::Text(..)) => field.text(row).and_then(|t| t.trim().parse().ok()),
            _ => row.decimal(field.index).and_then(|d| d.rescale(0)).map(|d| d.unscaled),
        };
        match self.numbers.next(number) {
            Number::Right | Number::Unreadable => None,
            Number::Repeated => Some(field.fault(Code::SEQUENCE_REPEATED, "an earlier record has this number")),
            Number::Broken => {
                let reason = format!("record {n}: detail {} has another number", self.records);
                self.faults.note(Code::SEQUENCE, reason);
                None
            }
        }
    }

    fn trailer(&mut self, index: usize, format: &RecordFormat, n: u64, bytes: &[u8]) {
        format.decode(bytes, &mut self.row);
        self.repairs.add(&self.row.repairs, &format.layout);
        if let Some(fault) = self.row.faults.first() {
            let field = format.layout.fields.get(fault.field).map_or("?", |f| f.name.as_str());
            self.faults.note(Code::TRAILER, format!("record {n}: trailer field {field} is unreadable: {fault}"));
            return;
        }
        self.goes_on(index, Code::TRAILER);
        if self.framed && !self.faults.has(Code::TRAILER) {
            self.tally.promise(index, &self.row);
            self.totals = self.tally.totals();
        }
    }
}

#[cfg(test)]
mod tests;
