//! The events of one transfer, decoded again from the vault: the same bytes at any time, on any node.

use super::Books;
use super::filter::Filter;
use super::place::{bounded, seek, unreadable};
use super::position::Position;
use crate::error::{Error, Result};
use crate::ledger::change::Reject;
use crate::ledger::transfer::{Correction, Transfer, Verdict};
use crate::trade::event::{self, Corrected, Event, FileEnd, Lineage};
use crate::trade::plan::Plan;
use fpp_codecs::Code;
use fpp_codecs::format::Role;
use fpp_codecs::framing::Cutter;
use fpp_codecs::record::Row;
use std::io::Read;
use std::sync::Arc;

/// Whether sensitive fields are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// As they are.
    Clear,
    /// Masked.
    Masked,
}

/// Reads the events of one transfer in record order; the end-of-file event comes last (D10).
pub struct EventReader {
    plan: Arc<Plan>,
    transfer: Transfer,
    view: View,
    /// Nothing for a rejected file: only its end is told.
    records: Option<Cutter<Box<dyn Read + Send>>>,
    /// Rejects not yet passed, in record order.
    rejects: std::iter::Peekable<std::vec::IntoIter<Reject>>,
    /// Detail records before the next one.
    seq: u64,
    ended: bool,
    row: Row,
    /// The record as a correction says that it should have been.
    corrected: Option<Row>,
    event: Event,
    table: String,
    filter: Filter,
}

/// What a look at the next record gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// An event, of this record; of [`Position::END`] for the end of the file.
    Event(u64),
    /// This record gives no event, or none that is wanted.
    Passed(u64),
    /// There is nothing more.
    End,
}

impl EventReader {
    /// Goes to the first record after `after`.
    pub fn open(
        books: &Books,
        transfer: &Transfer,
        rejects: Vec<Reject>,
        after: u64,
        view: View,
    ) -> Result<EventReader> {
        let digest = transfer
            .facts
            .plan
            .as_deref()
            .ok_or_else(|| Error::internal(format!("transfer {} is published without a plan", transfer.id)))?;
        let plan = books.plans.frozen(&*books.vault, digest)?;
        let posted = transfer.verdict != Some(Verdict::Rejected);
        let ended = after == Position::END;
        let mut seq = 0;
        let mut records = None;
        let correction = transfer.facts.correction.as_ref().filter(|correction| correction.is_of_one());
        let (from, is_over) = correction.map_or((after, false), |c| (c.record.saturating_sub(1), after >= c.record));
        if posted && !ended && !is_over {
            let (cutter, details) = seek(books, transfer, &plan, from)?;
            seq = details;
            records = Some(cutter);
        }
        let rejects: Vec<_> = rejects.into_iter().filter(|r| r.record > after).collect();
        Ok(EventReader {
            table: plan.table.clone(),
            corrected: correction.map(|c| corrected(books, c, &plan)).transpose()?.flatten(),
            plan,
            transfer: transfer.clone(),
            view,
            records,
            rejects: rejects.into_iter().peekable(),
            seq,
            ended,
            row: Row::default(),
            event: Event::default(),
            filter: Filter::default(),
        })
    }

    /// Only what this filter takes.
    #[must_use]
    pub fn only(mut self, filter: Filter) -> EventReader {
        self.filter = filter;
        self
    }

    /// What the last [`Look::Event`] was about.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// CloudEvents `source` of the events.
    pub fn source(&self) -> &str {
        self.plan.mapping.source()
    }

    /// The next event into `out`; its record number, [`Position::END`] for the end-of-file event, nothing at the end.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Result<Option<u64>> {
        loop {
            match self.look(out)? {
                Look::Event(n) => return Ok(Some(n)),
                Look::Passed(_) => {}
                Look::End => return Ok(None),
            }
        }
    }

    /// One record further: its event into `out`, if it gives one that is wanted.
    pub fn look(&mut self, out: &mut Vec<u8>) -> Result<Look> {
        if self.ended {
            return Ok(Look::End);
        }
        let mut look = self.record()?;
        if look == Look::End {
            self.ended = true;
            self.end();
            let wanted = self.filter.takes(&self.event.kind, None);
            look = if wanted { Look::Event(Position::END) } else { Look::Passed(Position::END) };
        }
        if matches!(look, Look::Event(_)) {
            out.extend_from_slice(&self.event.json);
        }
        Ok(look)
    }

    /// The event of the next record, before the end of the file.
    fn record(&mut self) -> Result<Look> {
        let Some(cutter) = &mut self.records else { return Ok(Look::End) };
        let cut = match cutter.next() {
            Ok(Some(cut)) => cut,
            Ok(None) => return Ok(Look::End),
            Err(error) => return Err(unreadable(&self.transfer, error)),
        };
        let Some(format) = self.plan.format.select(cut.bytes).and_then(|i| self.plan.format.records.get(i)) else {
            return Ok(Look::Passed(cut.n));
        };
        if format.role != Role::Detail {
            return Ok(Look::Passed(cut.n));
        }
        self.seq += 1;
        let is_rejected = self.rejects.next_if(|r| r.record == cut.n).is_some();
        let (facts, seq) = (&self.transfer.facts, self.seq);
        let is_left_out = facts.correction.as_ref().is_some_and(|correction| correction.leaves_out(cut.n));
        // What a former run of the batch posted is not told again (D8).
        if is_rejected || is_left_out || facts.resend.as_ref().is_some_and(|resend| resend.has_posted(seq)) {
            return Ok(Look::Passed(cut.n));
        }
        format.decode(cut.bytes, &mut self.row);
        let (n, offset) = (cut.n, cut.offset);
        if !self.is_wanted() {
            // A correction has no other record: what comes behind it in the file is not about it.
            if self.transfer.facts.correction.as_ref().is_some_and(Correction::is_of_one) {
                self.records = None;
            }
            return Ok(Look::Passed(n));
        }
        let identity = self.transfer.facts.of_file();
        let correction = self.transfer.facts.correction.as_ref();
        let lineage = Lineage {
            file: correction.map_or(&self.transfer.name, |c| &c.file),
            digest: self.transfer.facts.sha256.as_deref().unwrap_or_default(),
            batch: identity.map(|i| i.batch),
            run: identity.map(|i| i.run),
            record: n,
            seq: self.seq,
            byte_offset: offset,
            layout_version: &self.plan.format.version,
            table: &self.table,
        };
        let (mapping, instruments) = (&self.plan.mapping, &self.plan.instruments);
        let made = match (&self.transfer.facts.correction, self.view) {
            (Some(correction), view) if !correction.is_of_one() => {
                let (transfer, masked) = (&self.transfer.id.0, view == View::Masked);
                mapping.anew(&self.row, (&lineage, transfer), instruments, masked, &mut self.event)
            }
            (Some(correction), view) => {
                let said = said(&self.transfer, correction);
                let both = (&self.row, self.corrected.as_ref().unwrap_or(&self.row));
                let masked = view == View::Masked;
                self.records = None;
                mapping.correction(both, (&lineage, &said), instruments, masked, &mut self.event)
            }
            (None, View::Clear) => mapping.event(&self.row, &lineage, instruments, &mut self.event),
            (None, View::Masked) => mapping.event_masked(&self.row, &lineage, instruments, &mut self.event),
        };
        // A proven record that gives no event any more: bytes or plan are not what was proven.
        made.map_err(|fault| {
            Error::halt(
                Code::PLAN,
                format!("record {n} of {} was proven and gives no event now: {fault}", self.transfer.name),
            )
        })?;
        Ok(Look::Event(n))
    }

    /// Whether the event of the record that was decoded is wanted. A filter looks at little: the event is written only if it
    /// is wanted. What it cannot judge is written, and fails.
    fn is_wanted(&mut self) -> bool {
        if self.filter.is_all() {
            return true;
        }
        let (mapping, instruments) = (&self.plan.mapping, &self.plan.instruments);
        let is_told = mapping.identify(&self.row, instruments, &mut self.event).is_ok();
        let correction = self.transfer.facts.correction.as_ref().filter(|correction| correction.is_of_one());
        let Some(correction) = correction.filter(|_| is_told) else {
            return !is_told || self.filter.takes(&self.event.kind, self.event.instrument());
        };
        // A correction is wanted by its own type, and by the instrument of what counts now or of what does not any more: who
        // got the first event hears of it.
        let kind = event::correction_type(&self.event.kind, correction.act);
        self.filter.takes(&kind, self.event.instrument())
            || self.corrected.as_ref().is_some_and(|now| {
                let is_told = mapping.identify(now, instruments, &mut self.event).is_ok();
                !is_told || self.filter.takes(&kind, self.event.instrument())
            })
    }

    fn end(&mut self) {
        let facts = &self.transfer.facts;
        let verdict = match self.transfer.verdict {
            Some(Verdict::Rejected) => "rejected",
            Some(Verdict::Partly) => "partly",
            _ => "accepted",
        };
        let end = FileEnd {
            source: self.plan.mapping.source(),
            route: &self.transfer.route,
            transfer: &self.transfer.id.0,
            file: &self.transfer.name,
            digest: facts.sha256.as_deref().unwrap_or_default(),
            identity: facts.identity.as_ref(),
            verdict,
            records: facts.records.unwrap_or_default(),
            accepted: facts.accepted.unwrap_or_default(),
            totals: facts.totals.as_deref().unwrap_or_default(),
            code: facts.code().unwrap_or(Code::OK),
            reason: facts.reason.as_deref().unwrap_or_default(),
            decided_ms: facts.decided_ms.unwrap_or_default(),
            offset: &self.plan.offset,
        };
        event::end_of_file(&end, &mut self.event);
    }
}

fn said<'a>(transfer: &'a Transfer, correction: &'a Correction) -> Corrected<'a> {
    Corrected {
        act: correction.act,
        transfer: &transfer.id.0,
        by: &correction.by,
        reason: &correction.reason,
        at_ms: transfer.facts.decided_ms.unwrap_or_default(),
    }
}

/// The record that a correction puts in the place of the first one, decoded.
fn corrected(books: &Books, correction: &Correction, plan: &Plan) -> Result<Option<Row>> {
    let Some(digest) = &correction.content else { return Ok(None) };
    let bytes = bounded(books, digest)?;
    let mut row = Row::default();
    let format = plan.format.select(&bytes).and_then(|i| plan.format.records.get(i));
    let format = format.filter(|format| format.role == Role::Detail).ok_or_else(|| {
        Error::halt(Code::PLAN, format!("the corrected record of {} is no detail record", correction.event))
    })?;
    format.decode(&bytes, &mut row);
    Ok(Some(row))
}
