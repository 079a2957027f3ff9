//! What a detail record says by itself, whatever stands around it: its fields, its event, the first thing wrong with it.
//!
//! This is most of the work of a proof, and none of it depends on another record; so any thread may do it for any record,
//! and [`Proof::book`](super::Proof::book) then judges the readings in file order. Nothing here counts or keeps anything.

use super::repeat;
use crate::trade::event::Event;
use crate::trade::fault::TradeFault;
use crate::trade::fields::FieldRef;
use crate::trade::plan::Plan;
use crate::trade::transcode::Misfit;
use fpp_codecs::Code;
use fpp_codecs::format::{RecordFormat, Role};
use fpp_codecs::record::Row;

/// One record, read.
#[derive(Debug, Default)]
pub struct Reading {
    /// The record's format; nothing when it fits none.
    pub(super) index: Option<usize>,
    /// A detail's fields.
    pub(super) row: Row,
    /// The first thing wrong with a detail, the file aside.
    pub(super) fault: Option<TradeFault>,
    /// Stands for the id of a good detail's event.
    pub(super) id: u128,
    /// Stands for its business data.
    pub(super) content: u64,
    /// Buffers of what a record is tried in.
    tried: (Row, Vec<u8>),
}

impl Reading {
    /// Finds the record's format.
    pub(super) fn select(&mut self, plan: &Plan, bytes: &[u8]) {
        self.index = plan.format.select(bytes);
    }

    /// Reads the fields of a record whose format was found, if it is a detail. `event` is a buffer.
    pub(super) fn detail(&mut self, plan: &Plan, bytes: &[u8], event: &mut Event) {
        let format = self.index.and_then(|index| plan.format.records.get(index));
        let Some(format) = format.filter(|format| format.role == Role::Detail) else { return };
        format.decode(bytes, &mut self.row);
        let judged = plan.mapping.judge(&self.row, &plan.instruments, event);
        self.fault = judged.err().or_else(|| unanswerable(plan, format, event));
        if self.fault.is_none() && !plan.files.is_empty() {
            self.fault = self.unwritable(plan, format);
        }
        if self.fault.is_none() {
            self.id = repeat::hash_of(&event.id);
            self.content = event.content;
        }
    }

    /// A record that cannot go on in another layout is refused now, because later nothing may be refused any more.
    fn unwritable(&mut self, plan: &Plan, format: &RecordFormat) -> Option<TradeFault> {
        let misfit = unfit(plan, self.index?, &self.row, &mut self.tried)?;
        let index = format.field(&misfit.field).unwrap_or_else(|| plan.mapping.key_field());
        let offset = format.layout.fields.get(index)?.offset;
        let detail = format!("cannot go on in the other layout: {}", misfit.detail);
        Some(FieldRef { index, offset }.fault(misfit.code, detail))
    }

    /// Reads a record.
    pub fn read(&mut self, plan: &Plan, bytes: &[u8], event: &mut Event) {
        self.select(plan, bytes);
        self.detail(plan, bytes, event);
    }
}

/// The first thing that keeps a record from going on in a layout of the plan.
pub(super) fn unfit(plan: &Plan, index: usize, row: &Row, (scratch, out): &mut (Row, Vec<u8>)) -> Option<Misfit> {
    plan.files.values().find_map(|file| {
        out.clear();
        file.write(index, row, scratch, out).err()
    })
}

/// An id that the answer cannot tell refuses its record now, because later nothing may be refused any more.
fn unanswerable(plan: &Plan, format: &RecordFormat, event: &Event) -> Option<TradeFault> {
    if plan.answer.as_ref()?.holds_event_id(&event.id) {
        return None;
    }
    let index = plan.mapping.key_field();
    let offset = format.layout.fields.get(index)?.offset;
    Some(FieldRef { index, offset }.fault(Code::TOO_LONG, "the event id does not fit the answer"))
}
