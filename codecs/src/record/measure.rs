//! How long a record is by its own counters (OCCURS DEPENDING ON), where nothing else in its file says it.
//!
//! z/OS keeps such records with an RDW (Enterprise COBOL Language Reference, "OCCURS DEPENDING ON clause"); where a
//! transfer dropped the words, or a program wrote RECFM=F records of the bytes in use, as Cobrix reads them with
//! `variable_size_occurs`, only the counters are left. The arithmetic is that of [`super::walk`], on counters alone: a
//! record is as long as its layout less what its varying arrays leave out, and a counter is read as its field is, with
//! its policies. Alternatives are as long as the longest of them, whatever counters within say; a counter within them
//! counts by its bytes, as COBOL reads it, whichever alternative holds. A counter that cannot be read, or that says what
//! its array may not have, ends the measuring: nobody knows where the next record begins, and nothing is guessed.
//!
//! Time is that of the counters and of the occurrences that hold any, at most a step for each leaf of the layout.

use super::occurs::occurrences;
use super::plan::Plan;
use super::quick::Quick;
use super::row::{Cell, Row};
use crate::code::Code;
use crate::layout::{Depending, Layout, Node};
use std::fmt::Write;

/// Measures the records of one layout.
#[derive(Clone, Debug)]
pub struct Measure {
    layout: String,
    /// Steps of the counters alone.
    plan: Plan,
    counters: Vec<Counter>,
    parts: Vec<Part>,
    /// Bytes of the longest record.
    most: usize,
    /// Tells measures apart that would cut differently.
    identity: u64,
}

/// A field that counts.
#[derive(Clone, Debug)]
struct Counter {
    name: String,
    /// Its bytes are not for messages.
    secret: bool,
}

/// What of a layout decides about lengths, in the order of the record.
#[derive(Clone, Debug)]
enum Part {
    /// A counter, by its place among them.
    Counter(usize),
    /// An array that varies, or has counters in its occurrences.
    Array(Array),
    /// Alternatives with counters.
    Either(Vec<Vec<Part>>),
}

#[derive(Clone, Debug)]
struct Array {
    /// Most occurrences, and bytes of each at its longest.
    count: usize,
    bytes: usize,
    /// The counter by its place among them, and what it may say.
    depending: Option<(usize, Depending)>,
    /// Of one occurrence.
    parts: Vec<Part>,
}

/// A counter that says no length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadCounter {
    /// Record format.
    pub layout: String,
    /// The counter.
    pub field: String,
    /// Its first byte within the record, from 0.
    pub start: usize,
    /// The first bad byte within the record, from 0.
    pub offset: usize,
    /// Its bytes in hex; stars where they are not to be shown.
    pub hex: String,
    /// What is wrong with it as a field.
    pub code: Code,
    /// The same in words.
    pub detail: &'static str,
}

/// Buffers that measuring uses again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    /// A cell for each counter: that of the occurrence read last.
    row: Row,
    /// Where it stood in the record.
    starts: Vec<usize>,
}

/// Why there is no length.
#[derive(Debug)]
pub(crate) enum Stop {
    /// So many bytes of the record are needed to go on.
    More(usize),
    /// A counter says none.
    Bad(Box<BadCounter>),
}

impl Measure {
    /// Of a layout whose records vary; `plan` is its plan. Gives what cannot be measured in words.
    pub(crate) fn of(layout: &Layout, plan: &Plan) -> Result<Measure, String> {
        let mut fields = Vec::new();
        layout.nodes.iter().for_each(|node| counters(node, &mut fields));
        fields.sort_unstable();
        fields.dedup();
        let mut seen = vec![false; fields.len()];
        let parts = layout.nodes.iter().flat_map(|node| compile(node, &fields, &mut seen)).collect();
        let clear = layout.fields.iter().any(|field| field.sensitive);
        let mut found = Vec::new();
        for (index, seen) in fields.iter().zip(seen) {
            let Some(field) = layout.fields.get(*index) else { continue };
            if !seen {
                let name = &field.name;
                return Err(format!(
                    "{name} stands in an array of its own and counts outside of it: nobody knows which"
                ));
            }
            let secret = field.sensitive || (!clear && field.kind.is_text());
            found.push(Counter { name: field.name.clone(), secret });
        }
        let steps: Vec<_> = fields.iter().filter_map(|index| plan.steps.get(*index).cloned()).collect();
        // Counters are decoded one by one, each by its step.
        let quick = Quick::of(&steps, Some(&[]), plan.nulls);
        let plan = Plan { steps, nodes: Vec::new(), quick, filled: None, ..plan.clone() };
        let mut measure =
            Measure { layout: layout.name.clone(), plan, counters: found, parts, most: layout.length, identity: 0 };
        measure.identity = measure.digest();
        Ok(measure)
    }

    /// Bytes of the longest record.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    /// A number that another measure has only if it cuts alike.
    pub(crate) fn identity(&self) -> u64 {
        self.identity
    }

    /// Bytes of the record that `bytes` begin with.
    pub(crate) fn length(&self, bytes: &[u8], scratch: &mut Scratch) -> Result<usize, Stop> {
        let Scratch { row, starts } = scratch;
        row.clear();
        row.cells.resize(self.counters.len(), Cell::Absent);
        starts.resize(self.counters.len(), 0);
        let mut walk = Walk { measure: self, bytes, row, starts, lost: 0 };
        walk.parts(&self.parts, 0)?;
        Ok(self.most - walk.lost)
    }

    /// FNV-1a of all that decides, for a name that is the same on every machine.
    fn digest(&self) -> u64 {
        struct Fnv(u64);
        impl Write for Fnv {
            fn write_str(&mut self, text: &str) -> std::fmt::Result {
                self.0 = text.bytes().fold(self.0, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3));
                Ok(())
            }
        }
        let mut fnv = Fnv(0xCBF2_9CE4_8422_2325);
        // Writing to a number cannot fail.
        let _ = write!(fnv, "{} {:?} {:?} {:?}", self.most, self.parts, self.plan.steps, self.plan.nulls);
        fnv.0
    }
}

impl PartialEq for Measure {
    fn eq(&self, other: &Measure) -> bool {
        self.identity == other.identity && self.layout == other.layout
    }
}

impl Eq for Measure {}

struct Walk<'a> {
    measure: &'a Measure,
    bytes: &'a [u8],
    row: &'a mut Row,
    starts: &'a mut [usize],
    /// Bytes that varying arrays have left out so far.
    lost: usize,
}

impl Walk<'_> {
    /// `moved` are the bytes of the occurrences before, all of them at their longest.
    fn parts(&mut self, parts: &[Part], moved: usize) -> Result<(), Stop> {
        parts.iter().try_for_each(|part| match part {
            Part::Counter(slot) => self.read(*slot, moved),
            Part::Array(array) => self.array(array, moved),
            Part::Either(alternatives) => self.either(alternatives, moved),
        })
    }

    fn read(&mut self, slot: usize, moved: usize) -> Result<(), Stop> {
        let plan = &self.measure.plan;
        let Some(step) = plan.steps.get(slot) else { return Ok(()) };
        let start = (step.start + moved).saturating_sub(self.lost);
        if self.bytes.len() < start + step.bytes {
            return Err(Stop::More(start + step.bytes));
        }
        let cell = plan.leaf(slot, start, self.bytes, self.row);
        if let (Some(place), Some(at)) = (self.row.cells.get_mut(slot), self.starts.get_mut(slot)) {
            (*place, *at) = (cell, start);
        }
        Ok(())
    }

    fn array(&mut self, array: &Array, moved: usize) -> Result<(), Stop> {
        let count = match &array.depending {
            None => array.count,
            Some((slot, depending)) => match occurrences(self.row, *slot, depending) {
                Some(count) if (depending.least..=array.count).contains(&count) => count,
                _ => return Err(Stop::Bad(Box::new(self.bad(*slot)))),
            },
        };
        if !array.parts.is_empty() {
            (0..count).try_for_each(|n| self.parts(&array.parts, moved + n * array.bytes))?;
        }
        self.lost += (array.count - count) * array.bytes;
        Ok(())
    }

    /// Counters within alternatives are read wherever they can be; the alternatives' own length is always the same.
    fn either(&mut self, alternatives: &[Vec<Part>], moved: usize) -> Result<(), Stop> {
        let before = self.lost;
        for parts in alternatives {
            forget(parts, &mut self.row.cells);
            let read = self.parts(parts, moved);
            self.lost = before;
            match read {
                Err(Stop::More(need)) => return Err(Stop::More(need)),
                // What stands behind it in this alternative stays unread.
                Ok(()) | Err(Stop::Bad(_)) => {}
            }
        }
        Ok(())
    }

    fn bad(&self, slot: usize) -> BadCounter {
        let start = self.starts.get(slot).copied().unwrap_or_default();
        let bytes = self.measure.plan.steps.get(slot).map_or(0, |step| step.bytes);
        let (cell, fault) = (self.row.cells.get(slot), self.row.faults.iter().rev().find(|fault| fault.field == slot));
        let (offset, code, detail) = match (cell, fault) {
            (Some(Cell::Bad), Some(fault)) => (fault.offset, fault.code, fault.detail),
            (None | Some(Cell::Absent), _) => (start, Code::MANDATORY, "the counter is not in this record"),
            _ => (start, Code::OCCURRENCES, "the counter is not within what the array may have"),
        };
        let (name, secret) =
            self.measure.counters.get(slot).map_or(("", true), |counter| (&counter.name, counter.secret));
        let found = self.bytes.get(start..start + bytes).unwrap_or_default();
        let hex = if secret { "***".to_owned() } else { found.iter().map(|b| format!("{b:02X}")).collect() };
        BadCounter { layout: self.measure.layout.clone(), field: name.to_owned(), start, offset, hex, code, detail }
    }
}

/// Their counters are those of another occurrence.
fn forget(parts: &[Part], cells: &mut [Cell]) {
    for part in parts {
        match part {
            Part::Counter(slot) => {
                if let Some(cell) = cells.get_mut(*slot) {
                    *cell = Cell::Absent;
                }
            }
            Part::Array(array) => forget(&array.parts, cells),
            Part::Either(alternatives) => alternatives.iter().for_each(|parts| forget(parts, cells)),
        }
    }
}

/// Fields that count.
fn counters(node: &Node, found: &mut Vec<usize>) {
    match node {
        Node::Leaf { .. } => {}
        Node::Group { nodes, .. } => nodes.iter().for_each(|node| counters(node, found)),
        Node::Array(array) => {
            found.extend(array.depending.as_ref().map(|depending| depending.field));
            counters(&array.item, found);
        }
        Node::Redefines(part) => part.alternatives.iter().for_each(|node| counters(node, found)),
    }
}

/// What of a node decides about lengths; notes which of the counters were met.
fn compile(node: &Node, fields: &[usize], seen: &mut [bool]) -> Vec<Part> {
    match node {
        Node::Leaf { field, .. } => fields.binary_search(field).ok().map_or(Vec::new(), |slot| {
            seen[slot] = true;
            vec![Part::Counter(slot)]
        }),
        Node::Group { nodes, .. } => nodes.iter().flat_map(|node| compile(node, fields, seen)).collect(),
        Node::Array(array) => {
            let slot_of = |depending: &Depending| fields.binary_search(&depending.field).ok();
            let depending =
                array.depending.as_ref().and_then(|depending| Some((slot_of(depending)?, depending.clone())));
            let parts = compile(&array.item, fields, seen);
            match depending.is_none() && parts.is_empty() {
                true => Vec::new(),
                false => vec![Part::Array(Array { count: array.count, bytes: array.bytes, depending, parts })],
            }
        }
        Node::Redefines(part) => {
            let alternatives: Vec<_> = part.alternatives.iter().map(|node| compile(node, fields, seen)).collect();
            match alternatives.iter().all(Vec::is_empty) {
                true => Vec::new(),
                false => vec![Part::Either(alternatives)],
            }
        }
    }
}
