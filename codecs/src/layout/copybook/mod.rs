//! COBOL copybooks: data descriptions to byte layouts.
//!
//! A text goes through rooms that know little of each other: lines of fixed or free form (`lines`), words (`token`),
//! copied texts (`copy`, `replace`), entries with their clauses (`entry`, `clause`, `picture`), records as trees
//! (`tree`), and parts with sizes and slack bytes (`elementary`, `lower`), which `layout::build` lays out.
//!
//! Lengths are those of Enterprise COBOL for z/OS, or of another compiler by [`Dialect`]. What cannot move a byte is read
//! and left; what could and is not known is a fault with its place and what to do: nothing is guessed. All faults come
//! at once. Texts, words, entries, copies and expansions are bounded; time is linear in what they allow.
//!
//! The procedure division, and values of items (VALUE), have no part in this.

mod clause;
mod copy;
mod cursor;
mod elementary;
mod elementary_text;
mod entry;
mod form;
mod item;
mod lines;
mod lower;
mod notes;
mod options;
mod picture;
mod replace;
mod token;
mod tree;
mod value;

pub use lines::Form;
pub use options::{Dialect, Options};

use super::Layout;
use super::build::build;
use super::check::{ALL_LEAVES_MAX, FIELDS_MAX, SOURCE_MAX};
use crate::source::SourceFault;
use copy::Copier;
use entry::Entries;
use item::{Item, Rename, Section};
use lower::{Lowering, Placed};
use notes::{Notes, Place};
use replace::Replacing;
use tree::Record;

/// Layouts and warnings, or faults.
pub type Parsed = Result<(Vec<Layout>, Vec<SourceFault>), Vec<SourceFault>>;

/// Reads a copybook: a layout for each record. `read` gives the text of a copied member by a file name.
pub fn parse(
    file: &str,
    text: &str,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
    options: &Options,
) -> Parsed {
    let mut notes = Notes::default();
    let number = notes.file(file);
    let start = Place { file: number, line: 1, column: 1 };
    if text.chars().count() > SOURCE_MAX {
        notes.fault(start, format!("the source has more than {SOURCE_MAX} characters"));
        return notes.finish().map(|warnings| (Vec::new(), warnings));
    }
    let also = also(options, number, &mut notes);
    let fragments = Copier::new(read, options.form, options.debug_lines, &mut notes).expand(number, text, &also);
    also.unused(&mut notes);
    let mut entries = entry::read(token::join(fragments), options.decimal_comma, FIELDS_MAX, &mut notes);
    let records = tree::grow(&mut entries.items, &mut notes);
    if records.is_empty() && notes.clean() {
        notes.fault(start, "no record: an entry like `01 NAME.` with fields under it is needed");
    }
    let records = chosen(records, &entries.items, options, start, &mut notes);
    let layouts = layouts(file, &entries, &records, options, &mut notes);
    let warnings = notes.finish()?;
    Ok((layouts, warnings))
}

/// The record that was asked for; without one, where files are meant, those of a program's FILE SECTION.
fn chosen(records: Vec<Record>, items: &[Item], options: &Options, start: Place, notes: &mut Notes) -> Vec<Record> {
    let item = |record: &Record| record.top.or(record.roots.first().copied()).and_then(|at| items.get(at));
    let name = |record: &Record| item(record).and_then(|item| item.name.as_deref()).unwrap_or("FILLER").to_owned();
    if let Some(wanted) = &options.record {
        let (asked, others): (Vec<Record>, Vec<Record>) =
            records.into_iter().partition(|record| name(record).eq_ignore_ascii_case(wanted));
        return if asked.is_empty() { others } else { asked };
    }
    let section = |record: &Record| item(record).map_or(Section::Unsaid, |item| item.section);
    if !options.files_only || !records.iter().any(|record| section(record) == Section::File) {
        return records;
    }
    let (kept, left): (Vec<Record>, Vec<Record>) =
        records.into_iter().partition(|record| section(record) != Section::Other);
    if !left.is_empty() {
        let names: Vec<String> = left.iter().map(name).collect();
        let names = names.join(", ");
        notes.warn(start, format!("the records of the FILE SECTION are read, and none of other sections: {names}"));
    }
    kept
}

/// What the caller wants replaced.
fn also(options: &Options, file: u32, notes: &mut Notes) -> Replacing {
    let mut cut = |text: &str| token::cut(file, text, Some(Form::Free), false, notes);
    let pairs = options.replacing.iter().map(|(from, to)| (cut(from), cut(to)));
    Replacing::of(pairs.collect(), Place { file, line: 1, column: 1 })
}

fn layouts(file: &str, entries: &Entries, records: &[Record], options: &Options, notes: &mut Notes) -> Vec<Layout> {
    let mut layouts: Vec<Layout> = Vec::new();
    let mut lowering = Lowering::new(&entries.items, options, notes);
    let mut fields = 0;
    for record in records {
        let parts = lowering.record(record);
        let top = record.top.or(record.roots.first().copied()).and_then(|top| entries.items.get(top));
        let place = top.map(|top| top.place).unwrap_or_default();
        let named = record.top.and_then(|top| entries.items.get(top)?.name.clone());
        let name = unused(named.unwrap_or_else(|| stem(file)), &layouts);
        if !lowering.notes.clean() {
            continue;
        }
        match build(name, String::new(), parts) {
            Ok(mut layout) => {
                fields += layout.fields.len();
                if fields > ALL_LEAVES_MAX {
                    let what = format!("its records have more than {ALL_LEAVES_MAX} fields, arrays written out");
                    lowering.notes.fault(place, what);
                    break;
                }
                layout.notes = renames(entries, record, &lowering.placed, lowering.notes);
                layouts.push(layout);
            }
            Err(wrong) => lowering.notes.fault(place, wrong),
        }
    }
    layouts
}

/// What level 66 says of a record.
fn renames(entries: &Entries, record: &Record, placed: &[Option<Placed>], notes: &mut Notes) -> Vec<String> {
    let mut told = Vec::new();
    for rename in entries.renames.iter().filter(|rename| record.items.contains(&rename.record)) {
        let from = renamed(&entries.items, record, placed, &rename.from);
        let through = match &rename.through {
            Some(names) => renamed(&entries.items, record, placed, names),
            None => from,
        };
        match (from, through) {
            (Some(from), Some(through)) => told.push(described(rename, from.start, through.start + through.bytes)),
            _ => notes.warn(rename.place, format!("{} renames what is not in this record", rename.name)),
        }
    }
    told
}

fn described(rename: &Rename, start: usize, end: usize) -> String {
    let through = rename.through.as_ref().map_or(String::new(), |names| format!(" THRU {}", names.join(" OF ")));
    let from = rename.from.join(" OF ");
    format!("{} renames {from}{through}: bytes {} to {end}", rename.name, start + 1)
}

fn renamed<'a>(items: &[Item], record: &Record, placed: &'a [Option<Placed>], names: &[String]) -> Option<&'a Placed> {
    let (name, qualifiers) = names.split_first()?;
    let fits = |&at: &usize| items[at].name.as_ref() == Some(name) && tree::is_qualified(items, at, qualifiers);
    placed.get(record.items.clone().find(fits)?)?.as_ref()
}

/// A record without a name goes by its file.
fn stem(file: &str) -> String {
    let name = file.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default().to_uppercase();
    if stem.is_empty() { "RECORD".to_owned() } else { stem }
}

fn unused(name: String, layouts: &[Layout]) -> String {
    let taken = |name: &str| layouts.iter().any(|layout| layout.name == name);
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    if taken(&name) { numbered.into_iter().find(|name| !taken(name)).unwrap_or_default() } else { name }
}
