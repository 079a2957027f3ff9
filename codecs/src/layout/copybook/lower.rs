//! From records of items to parts that can be laid out: names, arrays, alternatives, and slack bytes.
//!
//! SYNCHRONIZED puts slack bytes before an item, and before the group that it is the first of; a group that occurs and
//! holds synchronized items is filled up at its end, so that every occurrence is aligned. They become fillers.
//!
//! Sources: Enterprise COBOL for z/OS 6.4 Language Reference, "SYNCHRONIZED clause", "Slack bytes", "OCCURS clause",
//! "REDEFINES clause". A redefinition that is longer than its item makes the area longer, as the compiler does (z/OS
//! Connect documentation, "Handling COBOL REDEFINES").

use super::elementary;
use super::item::{Item, Occurs};
use super::notes::{Notes, Place};
use super::options::{Dialect, Options};
use super::tree::{self, Record};
use crate::layout::build::{Counter, Part};
use crate::layout::check::TREE_MAX;
use crate::layout::{Field, Kind};
use std::collections::HashMap;
use std::ops::Range;

/// The name of what has none.
const FILLER: &str = "FILLER";

/// Most digits of a counter that bounds a table without a bound of its own.
const UNBOUNDED_DIGITS: u8 = 3;

/// Where an item came to be.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    /// Its groups and its own name, with points between.
    pub(super) path: String,
    /// Its kind, if it is a field.
    pub(super) kind: Option<Kind>,
    /// First byte from 0, and bytes; of the first occurrence.
    pub(super) start: usize,
    pub(super) bytes: usize,
}

/// Makes parts of records.
pub(super) struct Lowering<'a> {
    pub(super) items: &'a [Item],
    pub(super) options: &'a Options,
    pub(super) notes: &'a mut Notes,
    /// By item.
    pub(super) placed: Vec<Option<Placed>>,
    /// Names of the objects around, and how often each was given.
    scopes: Vec<HashMap<String, u32>>,
    groups: Vec<String>,
    /// Items of the record that is made.
    range: Range<usize>,
}

/// A part with its bytes and the widest boundary in it.
struct Made {
    part: Part,
    bytes: usize,
    boundary: usize,
}

/// Parts that follow each other.
#[derive(Default)]
struct Row {
    parts: Vec<Part>,
    bytes: usize,
    boundary: usize,
}

impl<'a> Lowering<'a> {
    /// Nothing placed yet.
    pub(super) fn new(items: &'a [Item], options: &'a Options, notes: &'a mut Notes) -> Lowering<'a> {
        let placed = vec![None; items.len()];
        Lowering { items, options, notes, placed, scopes: Vec::new(), groups: Vec::new(), range: 0..0 }
    }

    /// The parts of a record.
    pub(super) fn record(&mut self, record: &Record) -> Vec<Part> {
        self.scopes = vec![HashMap::new()];
        self.groups.clear();
        self.range = record.items.clone();
        self.row(&record.roots, 0, false).parts
    }

    /// Items of one group. `aligned` keeps slack from the first of them: it stands where something else begins.
    fn row(&mut self, siblings: &[usize], start: usize, aligned: bool) -> Row {
        let mut row = Row { boundary: 1, ..Row::default() };
        // The area that a redefinition lies over: its place in `parts`, first byte, bytes, item.
        let mut area: Option<(usize, usize, usize)> = None;
        for (at, &index) in siblings.iter().enumerate() {
            let item = &self.items[index];
            // What redefines a record has been told to be a record of its own.
            if item.redefines.is_some() && item.level != 1 {
                if tree::redefined(self.items, siblings, at, self.notes).is_some()
                    && let Some((base, offset, bytes)) = area
                {
                    let longest = self.redefinition(index, base, (offset, bytes), &mut row);
                    area = Some((base, offset, longest));
                    row.bytes = offset - start + longest;
                }
                continue;
            }
            let offset = start + row.bytes;
            let slack = match aligned && at == 0 {
                true => 0,
                false => offset.next_multiple_of(self.first_boundary(index)) - offset,
            };
            if slack > 0 {
                row.parts.push(self.slack(slack));
            }
            if let Some(made) = self.item(index, offset + slack, false) {
                area = Some((index, offset + slack, made.bytes));
                row.bytes += slack + made.bytes;
                row.boundary = row.boundary.max(made.boundary);
                row.parts.push(made.part);
            }
            if row.bytes > TREE_MAX {
                let what = format!("the record is longer than {TREE_MAX} bytes here");
                self.notes.fault(self.items[index].place, what);
                break;
            }
        }
        row
    }

    /// Puts a redefinition over the last part; gives the bytes of the area.
    fn redefinition(&mut self, index: usize, base: usize, (offset, bytes): (usize, usize), row: &mut Row) -> usize {
        let item = &self.items[index];
        let boundary = self.first_boundary(index);
        if offset % boundary != 0 {
            let what =
                format!("{} is SYNC, but what it redefines is not aligned; no slack bytes are put", item.shown());
            self.notes.warn(item.place, what);
        }
        let Some(made) = self.item(index, offset, true) else { return bytes };
        if made.bytes > bytes {
            let other = self.items[base].shown();
            let what = format!(
                "{} has {} bytes and redefines {other} with {bytes}: the area becomes {} bytes long",
                item.shown(),
                made.bytes,
                made.bytes
            );
            self.notes.warn(item.place, what);
        }
        row.boundary = row.boundary.max(made.boundary);
        match row.parts.pop() {
            Some(Part::Redefines { mut alternatives, choice }) => {
                alternatives.push(made.part);
                row.parts.push(Part::Redefines { alternatives, choice });
            }
            Some(first) => row.parts.push(Part::Redefines { alternatives: vec![first, made.part], choice: None }),
            None => {}
        }
        made.bytes.max(bytes)
    }

    /// One item with all that stands under it.
    fn item(&mut self, index: usize, start: usize, aligned: bool) -> Option<Made> {
        let item = &self.items[index];
        let nameless = item.name.is_none() && item.is_group() && item.occurs.is_none();
        let name = match nameless {
            true => String::new(),
            false => self.unique(item),
        };
        let made = match item.is_group() {
            true => self.group(index, name.clone(), start, aligned)?,
            false => {
                let made = elementary::field(item, name.clone(), self.options, self.notes)?;
                let boundary = if item.sync.is_some() { self.boundary(made.boundary) } else { 1 };
                let bytes = made.field.bytes;
                self.place(index, &name, Some(made.field.kind), start, bytes);
                Made { part: Part::Field(Box::new(made.field)), bytes, boundary }
            }
        };
        match &item.occurs {
            Some(occurs) => self.array(index, made, occurs),
            None => Some(made),
        }
    }

    fn group(&mut self, index: usize, name: String, start: usize, aligned: bool) -> Option<Made> {
        let item = &self.items[index];
        let named = !name.is_empty();
        if named {
            self.scopes.push(HashMap::new());
            self.groups.push(name.clone());
        }
        let mut row = self.row(&item.children, start, aligned);
        if item.occurs.is_some() {
            let filled = row.bytes.next_multiple_of(row.boundary);
            if filled > row.bytes {
                row.parts.push(self.slack(filled - row.bytes));
                row.bytes = filled;
            }
        }
        if named {
            self.scopes.pop();
            self.groups.pop();
        }
        self.place(index, &name, None, start, row.bytes);
        if row.parts.is_empty() {
            return None;
        }
        for (condition, values) in &item.conditions {
            self.notes.warn(item.place, format!("condition name {condition} of a group is not kept: {values}"));
        }
        Some(Made { part: Part::Group { name, parts: row.parts }, bytes: row.bytes, boundary: row.boundary })
    }

    fn array(&mut self, index: usize, made: Made, occurs: &Occurs) -> Option<Made> {
        let (depending, counter) = match &occurs.depending {
            Some((names, place)) => {
                self.counter(index, occurs, names, *place).map(|(part, kind)| (Some(part), kind))?
            }
            None => (None, None),
        };
        let count = match occurs.most {
            Some(most) => usize::try_from(most).unwrap_or(usize::MAX),
            None => self.unbounded(index, occurs, counter)?,
        };
        let bytes = made.bytes.saturating_mul(count);
        if bytes > TREE_MAX {
            let what = format!("{count} occurrences of {} bytes are more than {TREE_MAX}", made.bytes);
            self.notes.fault(occurs.place, what);
            return None;
        }
        let part = match made.part {
            // Unnamed bytes in a row are one filler.
            Part::Field(field) if field.is_filler() && self.items[index].name.is_none() && depending.is_none() => {
                Part::Field(Box::new(Field { bytes, ..*field }))
            }
            part => Part::Array { part: Box::new(part), count, depending },
        };
        Some(Made { part, bytes, boundary: made.boundary })
    }

    /// How many entries a table without a bound has: as many as its counter can say, if they are few enough to be the
    /// longest record of a file, which COBOL itself has no such tables in.
    fn unbounded(&mut self, index: usize, occurs: &Occurs, counter: Option<Kind>) -> Option<usize> {
        let shown = self.items[index].shown();
        let digits = match counter.and_then(Kind::digits) {
            Some((digits, 0)) if digits <= UNBOUNDED_DIGITS => digits,
            _ => {
                let what = format!(
                    "{shown} OCCURS UNBOUNDED, which leaves the longest record open: write the most entries that a \
                     record of the file has, like OCCURS 0 TO 500 DEPENDING ON N"
                );
                self.notes.fault(occurs.place, what);
                return None;
            }
        };
        let most = 10_usize.pow(digits.into()) - 1;
        self.notes.warn(
            occurs.place,
            format!("{shown} OCCURS UNBOUNDED is read as up to {most}, the most its counter can say"),
        );
        Some(most)
    }

    /// What DEPENDING ON names: a field before the array, in this record; and its kind.
    fn counter(
        &mut self,
        index: usize,
        occurs: &Occurs,
        names: &[String],
        place: Place,
    ) -> Option<(Counter, Option<Kind>)> {
        let shown = names.join(" OF ");
        let named = |&at: &usize| self.items[at].name.as_deref() == names.first().map(String::as_str);
        let qualified = |&at: &usize| tree::is_qualified(self.items, at, &names[1..]);
        let found = self.range.clone().filter(named).filter(qualified);
        let here: Vec<usize> = found.collect();
        let before = here.iter().copied().filter(|&at| self.placed.get(at).is_some_and(Option::is_some));
        let Some(at) = before.clone().max() else {
            let what = match here.is_empty() {
                true => format!(
                    "OCCURS DEPENDING ON names {shown}, which is not in this record: fpp needs the counter in the record"
                ),
                false => format!("OCCURS DEPENDING ON names {shown}, which does not stand before the table"),
            };
            self.notes.fault(place, what);
            return None;
        };
        if before.count() > 1 {
            self.notes.warn(place, format!("{shown} is there several times; the last one before the table is taken"));
        }
        let placed = self.placed.get(at)?.clone()?;
        if placed.kind.is_none() {
            self.notes.fault(place, format!("OCCURS DEPENDING ON names {shown}, which is a group and no counter"));
            return None;
        }
        let around = tree::arrays(self.items, self.items[index].parent);
        if let Some(array) = tree::arrays(self.items, Some(at)).into_iter().find(|array| !around.contains(array)) {
            let what =
                format!("{shown} occurs several times itself, in {}: which one counts?", self.items[array].shown());
            self.notes.fault(place, what);
            return None;
        }
        let least = usize::try_from(occurs.least).unwrap_or(0);
        Some((Counter { field: placed.path, least, map: Vec::new() }, placed.kind))
    }

    /// The boundary that the first field of an item must stand on.
    fn first_boundary(&mut self, index: usize) -> usize {
        let mut index = index;
        while let Some(&first) = self.items[index].children.first() {
            index = first;
        }
        let item = &self.items[index];
        if item.sync.is_none() {
            return 1;
        }
        // Whatever is wrong with the field is told when it is made.
        let made = elementary::field(item, String::new(), self.options, &mut Notes::default());
        made.map_or(1, |made| self.boundary(made.boundary))
    }

    /// SYNC is a comment to ILE COBOL, unless the program was compiled with `*SYNC`, and to Micro Focus COBOL with
    /// NOIBMCOMP; pointers of ILE COBOL are aligned all the same.
    fn boundary(&self, boundary: usize) -> usize {
        match self.options.dialect {
            Some(Dialect::IbmI) if boundary < 16 => 1,
            Some(Dialect::MicroFocus) => 1,
            _ => boundary.max(1),
        }
    }

    fn slack(&self, bytes: usize) -> Part {
        let text = "slack bytes of SYNCHRONIZED".to_owned();
        Part::Field(Box::new(Field { text, ..Field::new(FILLER.to_owned(), Kind::Hex, bytes) }))
    }

    fn place(&mut self, index: usize, name: &str, kind: Option<Kind>, start: usize, bytes: usize) {
        let mut path = self.groups.clone();
        path.push(name.to_owned());
        if let Some(slot) = self.placed.get_mut(index) {
            *slot = Some(Placed { path: path.join("."), kind, start, bytes });
        }
    }

    /// A name that its object has once.
    fn unique(&mut self, item: &Item) -> String {
        let name = item.name.clone().unwrap_or_else(|| FILLER.to_owned());
        let varies = item.occurs.as_ref().is_some_and(|occurs| item.is_group() || occurs.depending.is_some());
        if item.name.is_none() && !varies {
            return name;
        }
        let Some(scope) = self.scopes.last_mut() else { return name };
        let count = scope.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 {
            return name;
        }
        let mut number = *count;
        let mut numbered = format!("{name}-{number}");
        while scope.contains_key(&numbered) {
            number += 1;
            numbered = format!("{name}-{number}");
        }
        scope.insert(name, number);
        scope.insert(numbered.clone(), 1);
        if item.name.is_some() {
            self.notes
                .warn(item.place, format!("{} is there twice in its group; this one goes by {numbered}", item.shown()));
        }
        numbered
    }
}
