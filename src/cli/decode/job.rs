//! What is to be done with every record, decided once and shared by all who decode.

use super::range::Ranges;
use crate::cli::repairs::Repairs;
use crate::cli::tables::Form;
use fpp_codecs::csv::{Columns, Dialect};
use fpp_codecs::format::Format;
use fpp_codecs::format::filter::Filter;
use fpp_codecs::json::Style;

/// The work on one file.
#[derive(Debug)]
pub(super) struct Job {
    /// Tells records apart.
    pub(super) whole: Format,
    /// Decodes and shows them: all fields, or the wanted ones only.
    pub(super) view: View,
    /// Records for which the condition cannot be decided: all of their faults are seen, and only wanted fields are shown.
    /// `None` where the view sees all anyway.
    pub(super) undecided: Option<View>,
    /// For each record format, which outlet its records go to; nothing if nobody asked for them.
    pub(super) outlets: Vec<Option<usize>>,
    /// Number of outlets.
    pub(super) outlet_count: usize,
    /// What is written.
    pub(super) form: Form,
    /// Every line is a plain one.
    pub(super) plain: bool,
    /// Columns of each outlet's table.
    pub(super) columns: Vec<Columns>,
    /// Typed columns of each outlet.
    #[cfg(feature = "columnar")]
    pub(super) tables: Vec<fpp_codecs::columnar::Table>,
    /// How CSV is written.
    pub(super) dialect: Dialect,
    /// Fillers are columns too.
    pub(super) fillers: bool,
    /// Which records.
    pub(super) ranges: Ranges,
    /// What the records must fulfil.
    pub(super) filter: Option<Filter>,
    /// Children stand in the lines of their parents.
    pub(super) nested: bool,
    /// Whether bad records go to a file of their own.
    pub(super) rejects: bool,
    /// Whether bytes are shown.
    pub(super) raw: bool,
    /// Whether a record that no record format fits may be shown.
    pub(super) clear: bool,
}

/// How records are decoded and shown.
#[derive(Debug)]
pub(super) struct View {
    /// Decodes them.
    pub(super) format: Format,
    /// For each record format, how its lines look.
    pub(super) styles: Vec<Style>,
    /// For each record format, fields whose bytes no reject shows.
    pub(super) secret: Vec<Vec<bool>>,
}

/// What was counted, in one batch or in all.
#[derive(Clone, Debug, Default)]
pub(super) struct Count {
    /// Records that were looked at.
    pub(super) records: u64,
    /// Good ones that were asked for.
    pub(super) written: u64,
    /// Bad ones.
    pub(super) refused: u64,
    /// Good ones whose record format or condition nobody asked for.
    pub(super) left_out: u64,
    /// Records whose parents should have come before them.
    pub(super) orphans: u64,
    /// Records with fillers that are not blank and have no column.
    pub(super) fillers: u64,
    /// Repairs by their words.
    pub(super) repairs: Repairs,
    /// Bytes of the file up to here.
    pub(super) bytes: u64,
}

impl Count {
    /// Adds what a later batch counted.
    pub(super) fn add(&mut self, other: &Count) {
        self.records += other.records;
        self.written += other.written;
        self.refused += other.refused;
        self.left_out += other.left_out;
        self.orphans += other.orphans;
        self.fillers += other.fillers;
        self.repairs.add_all(&other.repairs);
        self.bytes = self.bytes.max(other.bytes);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        let mut repairs = std::mem::take(&mut self.repairs);
        repairs.clear();
        *self = Count { repairs, ..Count::default() };
    }
}
