//! From a list of entries to records: levels become parents, and what groups say is handed down.
//!
//! USAGE, SIGN and SYNCHRONIZED of a group are those of the items under it. A level that no sibling has is read as the
//! next lower one would be, and told. Parents come before their children in the list, so every pass is one loop.
//!
//! Source: Enterprise COBOL for z/OS 6.4 Language Reference, "Level-numbers", "REDEFINES clause", "SIGN clause".

use super::item::{Item, Usage};
use super::notes::Notes;
use std::ops::Range;

/// A record: its items, and the one at its top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The item of level 01; nothing if the copybook begins below it.
    pub(super) top: Option<usize>,
    /// Items directly under the record.
    pub(super) roots: Vec<usize>,
    /// First item and the one after the last.
    pub(super) items: Range<usize>,
}

/// Makes records of entries.
pub(super) fn grow(items: &mut [Item], notes: &mut Notes) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut skipped = false;
    for index in 0..items.len() {
        let (level, place) = (items[index].level, items[index].place);
        if level == 77 {
            notes.warn(place, format!("{} of level 77 is no part of a record", items[index].shown()));
            open.clear();
            skipped = true;
            continue;
        }
        if level == 1 || records.is_empty() || skipped {
            let top = (level == 1).then_some(index);
            let roots = if top.is_some() { Vec::new() } else { vec![index] };
            records.push(Record { top, roots, items: index..index + 1 });
            open.clear();
            open.push(index);
            skipped = false;
            continue;
        }
        let mut closed = None;
        while let Some(&last) = open.last().filter(|&&last| items[last].level >= level) {
            closed = Some(last);
            open.pop();
        }
        if let Some(sibling) = closed.filter(|&last| items[last].level != level) {
            let what = format!("level {level:02} stands among items of level {:02}", items[sibling].level);
            notes.warn(place, what);
        }
        items[index].parent = open.last().copied();
        open.push(index);
        if let Some(parent) = items[index].parent {
            items[parent].children.push(index);
        }
        if let Some(record) = records.last_mut() {
            record.items.end = index + 1;
            if items[index].parent.is_none() {
                record.roots.push(index);
            }
        }
    }
    for record in &mut records {
        if let Some(top) = record.top {
            record.roots = if items[top].is_group() { items[top].children.clone() } else { vec![top] };
        }
    }
    inherit(items, notes);
    records
}

/// Hands down USAGE, SIGN and SYNC, and checks what an item is.
fn inherit(items: &mut [Item], notes: &mut Notes) {
    for index in 0..items.len() {
        if let Some(parent) = items[index].parent {
            let (usage, sign, sync) = (items[parent].usage, items[parent].sign, items[parent].sync);
            let item = &mut items[index];
            if let (Some((own, place)), Some((other, _))) = (item.usage, usage)
                && own != other
            {
                notes.warn(place, format!("{} has another usage than its group; its own is taken", item.shown()));
            }
            item.inherited = item.usage.is_none() && usage.is_some();
            item.usage = item.usage.or(usage);
            item.sign_inherited = item.sign.is_none();
            item.sign = item.sign.or(sign);
            item.sync = item.sync.or(sync);
        }
        check(&items[index], notes);
    }
}

fn check(item: &Item, notes: &mut Notes) {
    let shown = item.shown();
    match (&item.picture, item.is_group()) {
        (Some((_, place)), true) => notes.fault(*place, format!("{shown} has both PIC and items under it")),
        (None, false) if !item.broken && !item.usage.is_some_and(|(usage, _)| has_size(usage)) => {
            notes.fault(item.place, format!("{shown} has no PIC and no items under it"));
        }
        _ => {}
    }
    if let Some((_, place)) = item.redefines.as_ref().filter(|_| item.level == 1) {
        notes.warn(*place, format!("{shown} of level 01 redefines another record; it is a record of its own here"));
    }
    if let Some(occurs) = item.occurs.as_ref().filter(|_| matches!(item.level, 1 | 77)) {
        notes.fault(occurs.place, format!("{shown} of level {:02} cannot have OCCURS", item.level));
    }
    if let Some(place) = item.sync.filter(|_| item.is_group() && item.level != 1) {
        notes.warn_once(place, "SYNC of a group below level 01 is taken for all its items");
    }
}

/// Whether a usage needs no picture.
pub(super) fn has_size(usage: Usage) -> bool {
    matches!(
        usage,
        Usage::Float
            | Usage::Double
            | Usage::Ieee { .. }
            | Usage::DecimalFloat { .. }
            | Usage::Sized { .. }
            | Usage::Index
            | Usage::Pointer
            | Usage::Pointer32
            | Usage::ProcedurePointer
    )
}

/// The item that a REDEFINES names: an earlier sibling with nothing between but other redefinitions of it.
pub(super) fn redefined(items: &[Item], siblings: &[usize], at: usize, notes: &mut Notes) -> Option<usize> {
    let item = &items[siblings[at]];
    let (name, place) = item.redefines.as_ref()?;
    let before = &siblings[..at];
    let Some(found) = before.iter().rposition(|&i| items[i].name.as_deref() == Some(name)) else {
        notes.fault(*place, format!("REDEFINES names {name}, which is no item before {} in its group", item.shown()));
        return None;
    };
    if let Some(&between) = before[found + 1..].iter().find(|&&i| items[i].redefines.is_none()) {
        let what = format!(
            "{} redefines {name}, but {} stands between them: a redefinition follows its item at once",
            item.shown(),
            items[between].shown()
        );
        notes.fault(*place, what);
        return None;
    }
    Some(before[found])
}

/// Whether every qualifier is the name of a group around, in order.
pub(super) fn is_qualified(items: &[Item], index: usize, qualifiers: &[String]) -> bool {
    let mut wanted = qualifiers.iter();
    let mut next = wanted.next();
    let mut around = items[index].parent;
    while let (Some(group), Some(name)) = (around, next) {
        if items[group].name.as_deref() == Some(name) {
            next = wanted.next();
        }
        around = items[group].parent;
    }
    next.is_none()
}

/// The items with OCCURS that an item is or stands in.
pub(super) fn arrays(items: &[Item], index: Option<usize>) -> Vec<usize> {
    let mut found = Vec::new();
    let mut around = index;
    while let Some(item) = around {
        if items[item].occurs.is_some() {
            found.push(item);
        }
        around = items[item].parent;
    }
    found
}
