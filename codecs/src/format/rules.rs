//! What must hold between the records of a format: roles, names, selectors, parents, and the order.

use super::grammar::Grammar;
use super::{RecordFormat, Role};
use crate::framing::kind::Framing;
use crate::layout::check::ALL_LEAVES_MAX;
use crate::layout::{Kind, Layout};
use crate::source::Section;
use crate::text::Page;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Most record formats of a file format.
const RECORDS_MAX: usize = 1_000;

/// Whether there are not too many records and fields so far; tells if there are.
pub(super) fn within(records: usize, fields: usize, table: &Section<'_>) -> bool {
    if records > RECORDS_MAX {
        table.fault("role", format_args!("a format has at most {RECORDS_MAX} records"));
    }
    if fields > ALL_LEAVES_MAX {
        table.fault("role", format_args!("the records have more than {ALL_LEAVES_MAX} fields, arrays written out"));
    }
    records <= RECORDS_MAX && fields <= ALL_LEAVES_MAX
}

/// Fields whose page and VARLEN contradict each other. The length of a varying G field counts characters of two bytes
/// (DDS for physical and logical files, VARLEN), which the double-byte part of an EBCDIC page has, and UTF-16.
pub(super) fn uncountable(layout: &Layout, page: Page) -> impl Iterator<Item = String> {
    let varying = layout.fields.iter().filter(|field| field.kind == Kind::Graphic && field.varlen);
    varying.filter_map(move |field| {
        let own = field.page.unwrap_or(page);
        let words = "VARLEN of a G field counts characters of two bytes";
        let told = || format!("{} {}: {words}, which page {} has not", layout.name, field.name, own.name());
        (!own.is_mixed() && !own.is_wide()).then(told)
    })
}

/// Tells what is wrong between records.
pub(super) fn check(root: &Section<'_>, records: &[RecordFormat], framing: &Framing) {
    if !records.iter().any(|r| r.role == Role::Detail) {
        root.fault("record", "a record with role = \"detail\" is needed");
    }
    let mut names = HashSet::new();
    for (index, record) in records.iter().enumerate() {
        let name = &record.layout.name;
        if framing.delimited().is_none() && record.selector.at + record.selector.bytes.len() > record.layout.length {
            root.fault("record", format_args!("{name}: select looks beyond the record"));
        }
        if !names.insert(name.to_uppercase()) {
            root.fault("record", format_args!("{name} is there twice"));
        }
        for other in &records[..index] {
            if other.role == record.role && record.role != Role::Detail {
                root.fault("record", format_args!("{name} and {} have the same role", other.layout.name));
            }
            if other.selector.covers(&record.selector) {
                root.fault("record", format_args!("{name} is never selected: {} fits all it fits", other.layout.name));
            }
        }
    }
}

/// Record formats by their names in capital letters.
fn named(records: &[RecordFormat]) -> HashMap<String, usize> {
    records.iter().enumerate().map(|(index, record)| (record.layout.name.to_uppercase(), index)).collect()
}

/// The records with the ones they stand under.
pub(super) fn with_parents(
    root: &Section<'_>,
    records: Vec<RecordFormat>,
    parents: &[Option<String>],
) -> Vec<RecordFormat> {
    let names = named(&records);
    let find = |parent: &Option<String>| {
        let parent = parent.as_ref()?;
        let found = names.get(&parent.to_uppercase()).copied();
        if found.is_none() {
            root.fault("record", format_args!("parent: {parent} is no record of this format"));
        }
        found
    };
    let of: Vec<Option<usize>> = parents.iter().map(find).collect();
    for (index, record) in records.iter().enumerate() {
        let mut at = of.get(index).copied().flatten();
        for _ in 0..of.len() {
            at = match at {
                Some(parent) if parent == index => {
                    root.fault("record", format_args!("parent: {} stands under itself", record.layout.name));
                    return records;
                }
                Some(parent) => of.get(parent).copied().flatten(),
                None => break,
            };
        }
    }
    records.into_iter().zip(of).map(|(record, parent)| record.with_parent(parent)).collect()
}

/// Compiles `order`. What the rest of fpp relies on holds whatever it says: a header is first and once, a trailer last
/// and once, and no record is left out.
pub(super) fn order(root: &Section<'_>, text: &str, records: &[RecordFormat]) -> Option<Arc<Grammar>> {
    let compiled = Grammar::parse(text, &named(records));
    let told = |(at, message): (usize, String)| root.fault("order", format_args!("at byte {}: {message}", at + 1));
    let grammar = compiled.map_err(told).ok()?;
    for (index, record) in records.iter().enumerate() {
        let name = &record.layout.name;
        if !grammar.mentions(index) {
            root.fault("order", format_args!("{name} is not in it, so it could never come"));
            continue;
        }
        match record.role {
            Role::Header if !grammar.only_first(index) => {
                root.fault("order", format_args!("{name} is the header: it comes first, once, in every file"));
            }
            Role::Trailer if !grammar.only_last(index) => {
                root.fault("order", format_args!("{name} is the trailer: it comes last, once, in every file"));
            }
            _ => {}
        }
    }
    Some(Arc::new(grammar))
}
