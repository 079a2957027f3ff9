//! What a file is: framing, records with their roles, controls, nulls.
//!
//! A [`Format`] is compiled once from TOML (or from a lone layout) and never changes. It knows nothing of routes, and it
//! judges no file: cutting is `framing`, totals are `controls`, the order of records is [`order::Order`].

mod asked;
mod controls;
mod copybook;
pub mod filter;
mod frames;
mod framing;
mod framing_words;
mod grammar;
mod load;
pub mod order;
pub mod parents;
mod parse;
pub mod project;
pub mod readings;
mod rules;
mod select;
mod single;
#[cfg(test)]
mod tests;

pub use asked::Asked;
pub use copybook::leaves_framing_open;
pub use grammar::Grammar;
pub use select::Selector;

use crate::condition::Source;
use crate::controls::Controls;
use crate::fault::Fault;
use crate::framing::delimited::Delimited;
use crate::framing::kind::Framing;
use crate::framing::scan::Scanner;
use crate::json::script::Script;
use crate::layout::Layout;
use crate::quote;
use crate::record::plan::{Plan, Step};
use crate::record::{Cell, Nulls, Repair, Row, Short};
use crate::text::Page;
use std::ops::Range;
use std::sync::Arc;

/// A file format.
#[derive(Clone, Debug)]
pub struct Format {
    /// Name, e.g. `PMTRD`.
    pub name: String,
    /// Description.
    pub text: String,
    /// How the file is cut into records.
    pub framing: Framing,
    /// Page of every character field without one of its own.
    pub page: Page,
    /// Record formats in the order of the source.
    pub records: Vec<RecordFormat>,
    /// Which records may follow which, where it is not one header, details, one trailer.
    pub order: Option<Arc<Grammar>>,
    /// Control totals, if the format has any.
    pub controls: Option<Controls>,
    /// Layout version for lineage.
    pub version: String,
    /// How nulls are written.
    pub nulls: Nulls,
    /// Names of all sources read, the file itself first.
    pub sources: Vec<String>,
}

/// The part a record plays in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// 文件头
    Header,
    /// 明细
    Detail,
    /// 文件尾
    Trailer,
}

/// One record format of a file.
#[derive(Clone, Debug)]
pub struct RecordFormat {
    /// Its fields, as they stand in this file (null flags and map included).
    pub layout: Layout,
    /// Its part.
    pub role: Role,
    /// How it is recognised.
    pub selector: Selector,
    plan: Plan,
    keys: Keys,
    delimited: Option<Box<Scanner>>,
    script: Option<Script>,
    /// Fields whose faults and repairs nobody wants; empty when all are wanted.
    ignored: Vec<bool>,
    parent: Option<usize>,
    /// The fields in the order of their names: who asks for every field by its name shall not look at every field each time.
    by_name: Vec<u32>,
    /// How the selector's condition reads fields, where the plan has not all of them.
    sight: Option<Arc<Plan>>,
}

/// What JSON writes of a record besides its values, escaped once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// `,"type":"PMTRDD","fields":{`
    pub(crate) head: Vec<u8>,
    /// `,"TRDNO":"` for each field; the comma and the last quote are left off where they are not due.
    pub(crate) fields: Vec<Vec<u8>>,
}

impl Format {
    /// The record format with a role.
    pub fn record(&self, role: Role) -> Option<&RecordFormat> {
        self.records.iter().find(|r| r.role == role)
    }

    /// The first record format whose selector fits.
    pub fn select(&self, record: &[u8]) -> Option<usize> {
        self.records.iter().position(|r| r.fits(record))
    }

    /// Every page used by a field, the file's own first.
    pub fn pages(&self) -> Vec<Page> {
        let mut pages = vec![self.page];
        for page in self.records.iter().flat_map(|r| &r.layout.fields).filter_map(|f| f.page) {
            if !pages.contains(&page) {
                pages.push(page);
            }
        }
        pages
    }
}

impl RecordFormat {
    /// Compiles a layout. `page` is the file's page; the layout grows by null flags or map.
    pub fn new(mut layout: Layout, role: Role, selector: Selector, nulls: Nulls, page: Page) -> RecordFormat {
        // Whatever holds bytes of a sensitive field is sensitive.
        let sensitive = layout.sharing(|field| field.sensitive);
        layout.fields.iter_mut().zip(sensitive).for_each(|(field, sensitive)| field.sensitive = sensitive);
        layout.insist_where_shared();
        let plan = Plan::compile(&mut layout, nulls, page);
        RecordFormat::assemble(layout, role, selector, plan)
    }

    fn assemble(layout: Layout, role: Role, selector: Selector, plan: Plan) -> RecordFormat {
        let keys = Keys::of(&layout);
        let script = Script::of(&layout, &plan);
        let mut by_name: Vec<u32> = (0..layout.fields.len() as u32).collect();
        by_name.sort_by_key(|at| layout.fields.get(*at as usize).map(|field| field.name.as_str()));
        RecordFormat {
            layout,
            role,
            selector,
            plan,
            keys,
            delimited: None,
            script,
            ignored: Vec::new(),
            parent: None,
            by_name,
            sight: None,
        }
    }

    /// The same in a file whose records all have some length: one that varies is filled up to it, with blanks when it is
    /// written (RECFM=F with OCCURS DEPENDING ON).
    pub fn with_filling(mut self, length: Option<usize>) -> RecordFormat {
        self.plan.filled = length.filter(|_| self.layout.least < self.layout.length);
        self
    }

    /// The same with another rule for records that are shorter than the layout.
    pub fn with_short(mut self, short: Short) -> RecordFormat {
        self.plan.short = short;
        self
    }

    /// The same with fields between delimiters instead of places in the record.
    pub fn with_delimited(mut self, delimited: Option<Delimited>) -> RecordFormat {
        self.delimited = delimited.map(|how| Box::new(Scanner::new(how)));
        self
    }

    /// The same as a segment under another record format, by its index in the format.
    pub fn with_parent(mut self, parent: Option<usize>) -> RecordFormat {
        self.parent = parent;
        self
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Fields that are asked for by name: of bytes with several readings, theirs must not be lost in silence.
    pub(super) fn insist(&mut self, fields: impl IntoIterator<Item = usize>) {
        self.plan.insist(fields);
    }

    /// Index of the record format under whose records these stand.
    pub fn parent(&self) -> Option<usize> {
        self.parent
    }

    /// Whether a record is one of these by its bytes; one that cannot be read where it matters is none.
    pub fn fits(&self, record: &[u8]) -> bool {
        if !self.selector.has_bytes(record) {
            return false;
        }
        let Some(condition) = &self.selector.condition else { return true };
        if self.delimited.is_none() {
            let plan = self.sight.as_deref().unwrap_or(&self.plan);
            return condition.holds(&Source::Bytes(plan, record)) == Some(true);
        }
        let mut row = Row::default();
        self.decode(record, &mut row);
        condition.holds(&Source::Both(&row, record)) == Some(true)
    }

    pub(crate) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Fills the row: a cell for each field, faults in layout order. Other fields are decoded past a bad one.
    pub fn decode(&self, record: &[u8], row: &mut Row) {
        match &self.delimited {
            None => self.plan.decode(record, row),
            Some(scanner) => self.plan.decode_delimited(scanner, record, row),
        }
        if !self.ignored.is_empty() {
            let wanted = |field: usize| self.ignored.get(field) != Some(&true);
            row.faults.retain(|fault| wanted(fault.field));
            row.repairs.retain(|repair| wanted(repair.field));
        }
    }

    /// The short way to a line of JSON, if the record has one.
    pub(crate) fn script(&self) -> Option<(&Script, &Plan)> {
        self.script.as_ref().filter(|_| self.delimited.is_none()).map(|script| (script, &self.plan))
    }

    /// Appends the record's bytes, and gives what a policy did to let it pass; on a fault `out` is as before. What was
    /// written has been read back and compared.
    pub fn encode(&self, row: &Row, out: &mut Vec<u8>) -> Result<Vec<Repair>, Fault> {
        match &self.delimited {
            None => self.plan.encode(row, out),
            Some(scanner) => self.plan.encode_delimited(scanner, row, out),
        }
    }

    /// Whether fields stand between delimiters.
    pub fn is_delimited(&self) -> bool {
        self.delimited.is_some()
    }

    /// Where each field lies in a record and the row it decodes to, from 0: fields behind an array that varies move, and
    /// between delimiters the places of a layout do not count. What the record does not have is an empty range.
    pub fn places(&self, record: &[u8], row: &Row) -> Vec<Range<usize>> {
        let length = record.len();
        if let Some(scanner) = &self.delimited {
            let mut places = Vec::with_capacity(self.layout.fields.len());
            scanner.fields(record, &mut |piece| places.push(piece.from..piece.to));
            places.resize(self.layout.fields.len(), length..length);
            return places;
        }
        let there = |field: usize| row.cells.get(field).is_some_and(|cell| *cell != Cell::Absent);
        let ends = self.layout.fields.iter().enumerate().map(|(n, field)| if there(n) { field.bytes } else { 0 });
        let starts = self.plan.places(row);
        starts.into_iter().zip(ends).map(|(from, bytes)| from.min(length)..(from + bytes).min(length)).collect()
    }

    /// The page of a field's characters.
    pub fn page(&self, field: usize) -> Option<Page> {
        self.plan.steps.get(field).map(|step| step.page)
    }

    /// What decoding knows of each field.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.plan.steps
    }

    /// Whether every good record has all its fields, but for what the layout itself lets vary.
    #[cfg(feature = "columnar")]
    pub(crate) fn is_always_whole(&self) -> bool {
        self.delimited.is_none() && self.plan.short != Short::Absent
    }

    /// Index of a field by name.
    pub fn field(&self, name: &str) -> Option<usize> {
        let of = |at: &u32| self.layout.fields.get(*at as usize).map(|field| field.name.as_str());
        let place = self.by_name.partition_point(|at| of(at) < Some(name));
        self.by_name.get(place).filter(|at| of(at) == Some(name)).map(|at| *at as usize)
    }
}

impl Keys {
    fn of(layout: &Layout) -> Keys {
        let mut head = b",\"type\":".to_vec();
        quote::write_text(&layout.name, &mut head);
        head.extend(b",\"fields\":{");
        let key = |name: &str| {
            let mut key = vec![b','];
            quote::write_text(name, &mut key);
            key.extend(b":\"");
            key
        };
        let mut fields: Vec<Vec<u8>> = Vec::new();
        if layout.is_flat() {
            fields.extend(layout.fields.iter().map(|field| key(&field.name)));
        } else {
            // Only the first occurrence of each leaf has a key; the others are written with it.
            fields.resize(layout.fields.len(), Vec::new());
            let mut found = |name: &str, field: usize| fields[field] = key(name);
            layout.nodes.iter().for_each(|node| node.leaves(&mut found));
        }
        Keys { head, fields }
    }
}
