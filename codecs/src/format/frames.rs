//! A framing held against the layouts of its records: what does not fit, and what the records have from it.
//!
//! Records that only their layouts delimit get their lengths here, fixed or by their counters.

use super::RecordFormat;
use crate::framing::kind::{ByLayout, Framing, LengthOf};
use crate::record::measure::Measure;
use crate::record::{Nulls, Short};
use std::sync::Arc;

/// How records are cut, and what becomes of those shorter than their layout.
#[derive(Clone, Debug)]
pub(super) struct Frames {
    pub(super) framing: Framing,
    pub(super) short: Short,
}

/// A key, and what is wrong with it in words.
type Misfit = (&'static str, String);

impl Frames {
    /// Gives lengths by layout, and tells what does not fit: the key and the words.
    pub(super) fn check(&mut self, records: &[RecordFormat], nulls: Nulls) -> Vec<Misfit> {
        let mut misfits: Vec<Misfit> = records.iter().filter_map(|record| self.misfit(record)).collect();
        if matches!(nulls, Nulls::Map | Nulls::Flag) {
            misfits.extend(records.iter().filter_map(unmarked));
        }
        if self.framing.delimited().is_some() {
            misfits.extend(records.iter().filter_map(|record| undelimited(record, nulls)));
        }
        if let Framing::ByLayout(by) = self.framing.records() {
            let lengths = records.iter().enumerate().map(|(at, record)| length_of(record, &records[at..]));
            let (lengths, faults): (Vec<_>, Vec<_>) = lengths.partition(Result::is_ok);
            misfits.extend(faults.into_iter().filter_map(Result::err));
            let by = ByLayout { lengths: lengths.into_iter().filter_map(Result::ok).collect(), ending: by.ending };
            let edges = match &self.framing {
                Framing::Edged(edged) => (edged.header.clone(), edged.trailer.clone()),
                _ => Default::default(),
            };
            self.framing = Framing::ByLayout(Arc::new(by)).within(edges.0, edges.1);
        }
        misfits
    }

    fn misfit(&self, record: &RecordFormat) -> Option<Misfit> {
        let layout = &record.layout;
        let (name, length) = (&layout.name, layout.length);
        if let Some(one) = self.framing.one_length() {
            return (one != length).then(|| ("length", format!("is {one}, but {name} has {length} bytes")));
        }
        let unbound = self.framing.delimited().is_some() || matches!(self.framing.records(), Framing::ByLayout(_));
        let most = self.framing.length();
        let over = !unbound && self.short == Short::Refuse && layout.least > most;
        over.then(|| ("record_max_bytes", format!("is {most}, but {name} has {length} bytes")))
    }

    /// The records as this framing has them.
    pub(super) fn apply(&self, records: Vec<RecordFormat>) -> Vec<RecordFormat> {
        let delimited = self.framing.delimited();
        let length = self.framing.one_length();
        let framed =
            |record: RecordFormat| record.with_short(self.short).with_delimited(delimited).with_filling(length);
        records.into_iter().map(framed).collect()
    }
}

/// Null maps and null flags come from IBM i, where a record has neither groups nor arrays: how they would count the
/// occurrences is nowhere said.
fn unmarked(record: &RecordFormat) -> Option<Misfit> {
    let words = "has groups, arrays or alternatives; null maps and null flags are of records of plain fields";
    (!record.layout.is_flat()).then(|| ("nulls", format!("{} {words}", record.layout.name)))
}

/// What fields between delimiters cannot say.
fn undelimited(record: &RecordFormat, nulls: Nulls) -> Option<Misfit> {
    let (name, marked) = (&record.layout.name, matches!(nulls, Nulls::Map | Nulls::Flag));
    (!record.layout.is_flat() || marked).then(|| {
        ("framing", format!("{name}: delimited records have plain fields, and a null is nothing between delimiters"))
    })
}

/// How long the records of a layout are, by which they are cut; `from` are this one and those that are tried after it.
fn length_of(record: &RecordFormat, from: &[RecordFormat]) -> Result<LengthOf, Misfit> {
    let (layout, selector) = (&record.layout, &record.selector);
    let name = &layout.name;
    if selector.condition.is_some() {
        let words = "with framing = \"by-layout\" select is only bytes at a place: they say where the record ends";
        return Err(("record", format!("{name}: {words}")));
    }
    // A look beyond a record's end would see the next one, and take it for a part of this.
    let to = selector.at + selector.bytes.len();
    let beyond = |other: &&RecordFormat| !selector.bytes.is_empty() && to > other.layout.least;
    if let Some(other) = from.iter().find(beyond) {
        let (other, least) = (&other.layout.name, other.layout.least);
        let words =
            format!("{name}: select looks at byte {to}, but {other}, which it is tried before, may end after {least}");
        return Err(("record", words));
    }
    let mut length = LengthOf::new(selector.at, selector.bytes.clone(), layout.length);
    if layout.least < layout.length {
        let measure = Measure::of(layout, record.plan()).map_err(|words| ("framing", format!("{name}: {words}")))?;
        length.counters = Some(Arc::new(measure));
    }
    Ok(length)
}
