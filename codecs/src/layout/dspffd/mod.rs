//! The outfile of DSPFFD (`OUTPUT(*OUTFILE)`, record format QWHDRFFD) exported as CSV with its column names.
//!
//! It is what the system itself says of a file, so its buffer position (WHFOBO) and byte length (WHFLDB) decide, not
//! arithmetic: a gap becomes FILLER, an overlap is a fault. Columns that are not needed are left alone. Several formats,
//! and several files, may stand in one export.
//!
//! Source: IBM i field descriptions of QSYS/QADSPFFD; data types of WHFLDT as the List Fields API (QUSLFLD) has them.

mod kind;
mod table;

use super::check::{self, FIELDS_MAX, RECORD_MAX, SOURCE_MAX};
use super::{Field, Kind, Layout};
use crate::source::SourceFault;
use crate::text::Page;
use std::collections::HashMap;
use table::{Cell, Table, Wrong, number};

/// Layouts and warnings, or faults.
pub type Parsed = Result<(Vec<Layout>, Vec<SourceFault>), Vec<SourceFault>>;

/// Columns without which there is no layout.
const NEEDED: &[&str] = &["WHNAME", "WHFOBO", "WHFLDB", "WHFLDT"];

/// Faults that one source can have; nobody reads more.
const FAULTS_MAX: usize = 1_000;

/// Fields that one export can have, of all its formats.
const ROWS_MAX: usize = 4 * FIELDS_MAX;

/// Reads an export; `default` is the page of character fields where there is no column WHCCSID.
pub fn parse(file: &str, text: &str, default: Page) -> Parsed {
    let mut reader = Reader { file, default, warnings: Vec::new(), faults: Vec::new() };
    if text.len() > SOURCE_MAX {
        reader.fault((1, 1), format!("the source has more than {SOURCE_MAX} bytes"));
        return Err(reader.faults);
    }
    let layouts = match Table::read(text) {
        Ok(table) => reader.table(&table),
        Err(place) => {
            reader.fault(place, "a quote that is not closed".to_owned());
            Vec::new()
        }
    };
    if reader.faults.is_empty() { Ok((layouts, reader.warnings)) } else { Err(reader.faults) }
}

struct Reader<'a> {
    file: &'a str,
    default: Page,
    warnings: Vec<SourceFault>,
    faults: Vec<SourceFault>,
}

/// Fields of one record format, in the order of the export.
struct Group {
    layout: (String, String),
    /// What of the file and its library is told.
    note: String,
    length: Option<usize>,
    place: (usize, usize),
    fields: Vec<(Field, (usize, usize))>,
}

impl Reader<'_> {
    fn note(&self, (line, column): (usize, usize), message: String) -> SourceFault {
        SourceFault { file: self.file.to_owned(), line, column, message }
    }

    fn fault(&mut self, place: (usize, usize), message: String) {
        if self.faults.len() < FAULTS_MAX {
            let note = self.note(place, message);
            self.faults.push(note);
        }
    }

    fn warn(&mut self, place: (usize, usize), message: String) {
        if self.warnings.len() < FAULTS_MAX {
            let note = self.note(place, message);
            self.warnings.push(note);
        }
    }

    fn table(&mut self, table: &Table) -> Vec<Layout> {
        let mut missing: Vec<_> = NEEDED.iter().filter(|name| !table.has(name)).copied().collect();
        if !table.has("WHFLDE") && !table.has("WHFLDI") {
            missing.push("WHFLDE");
        }
        if !missing.is_empty() {
            let message = format!(
                "the header has no column {}; export the outfile of DSPFFD with its column names",
                missing.join(", ")
            );
            self.fault((1, 1), message);
            return Vec::new();
        }
        if table.rows.is_empty() {
            self.fault((1, 1), "there is no field under the header".to_owned());
        }
        let groups = self.groups(table);
        let mut names: HashMap<String, usize> = HashMap::new();
        groups.iter().for_each(|group| *names.entry(group.layout.0.clone()).or_default() += 1);
        let mut layouts = Vec::new();
        for group in groups {
            let note = group.note.clone();
            let twice = names.get(&group.layout.0).is_some_and(|count| *count > 1);
            match self.layout(group) {
                Ok(mut layout) => {
                    if twice {
                        layout.name = format!("{}/{}", note.rsplit(['/', ' ']).next().unwrap_or_default(), layout.name);
                    }
                    layouts.push(layout);
                }
                Err(None) => {}
                Err(Some((at, message))) => self.fault(at, message),
            }
        }
        layouts
    }

    /// Fields by file and format.
    fn groups(&mut self, table: &Table) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut index: HashMap<(String, String, String), usize> = HashMap::new();
        if table.rows.len() > ROWS_MAX {
            self.fault((1, 1), format!("the export has more than {ROWS_MAX} fields"));
        }
        for row in table.rows.iter().take(ROWS_MAX) {
            let text = |name: &str| table.cell(row, name).text;
            let key = (text("WHLIB"), text("WHFILE"), text("WHNAME").to_uppercase());
            let read = self.field(table, row);
            let at = *index.entry(key.clone()).or_insert(groups.len());
            if at == groups.len() {
                let file = [key.0.as_str(), key.1.as_str()].into_iter().filter(|part| !part.is_empty());
                groups.push(Group {
                    layout: (key.2.clone(), text("WHTEXT")),
                    note: format!("file {}", file.collect::<Vec<_>>().join("/")),
                    length: number(&table.cell(row, "WHRLEN")).ok().flatten(),
                    place: table.cell(row, "WHNAME").place,
                    fields: Vec::new(),
                });
            }
            match read {
                Ok(Some(field)) => groups[at].fields.push((field, table.cell(row, "WHFOBO").place)),
                Ok(None) => {}
                Err((place, message)) => self.fault(place, message),
            }
        }
        groups
    }

    /// One field with its place; nothing for one that is not in the buffer.
    fn field(&mut self, table: &Table, row: &[Cell]) -> Result<Option<Field>, Wrong> {
        let cell = |name: &str| table.cell(row, name);
        let need = |name: &str| number(&cell(name))?.ok_or_else(|| (cell(name).place, format!("{name} is empty")));
        let (position, bytes) = (need("WHFOBO")?, need("WHFLDB")?);
        if position == 0 && cell("WHFIOB").text.eq_ignore_ascii_case("N") {
            return Ok(None);
        }
        let name = Some(cell("WHFLDE")).filter(|name| !name.text.is_empty()).unwrap_or_else(|| cell("WHFLDI"));
        if name.text.is_empty() {
            return Err((name.place, "the field has no name".to_owned()));
        }
        if position == 0 || bytes == 0 || position + bytes > RECORD_MAX + 1 {
            let place = cell("WHFOBO").place;
            return Err((place, format!("position {position} and {bytes} bytes are not within 1 to {RECORD_MAX}")));
        }
        let varlen = cell("WHVARL").text.eq_ignore_ascii_case("Y");
        let (read, warning) = kind::read(&cell, bytes, varlen)?;
        if let Some(message) = warning {
            self.warn(cell("WHFLDD").place, message);
        }
        let (kind, page) = self.page(&cell("WHCCSID"), read.kind)?;
        let mut field = Field::new(name.text.to_uppercase(), kind, bytes);
        field.offset = position - 1;
        field.page = page;
        field.rules = read.rules;
        field.varlen = varlen;
        field.nullable = cell("WHNULL").text.eq_ignore_ascii_case("Y");
        field.text = cell("WHFTXT").text;
        let heading = ["WHCHD1", "WHCHD2", "WHCHD3"].map(|name| cell(name).text);
        field.heading = heading.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        Ok(Some(field))
    }

    /// The page of a field, and its kind: characters without conversion are hex.
    fn page(&self, cell: &Cell, kind: Kind) -> Result<(Kind, Option<Page>), Wrong> {
        if !kind.has_page() {
            return Ok((kind, None));
        }
        let page = match number(cell)? {
            None | Some(0) => self.default,
            Some(65535) if kind.may_vary() => return Ok((Kind::Hex, None)),
            Some(65535) => self.default,
            Some(ccsid) => {
                let page = u32::try_from(ccsid).ok().and_then(Page::from_ccsid);
                page.ok_or_else(|| {
                    (cell.place, format!("CCSID {ccsid} is not one fpp converts; 65535 leaves it as bytes"))
                })?
            }
        };
        Ok((kind, Some(page)))
    }

    /// Fields in their places, gaps filled; nothing to tell where every field has had a fault of its own.
    fn layout(&self, mut group: Group) -> Result<Layout, Option<Wrong>> {
        group.fields.sort_by_key(|(field, _)| field.offset);
        let mut fields: Vec<Field> = Vec::with_capacity(group.fields.len());
        let mut places = Vec::with_capacity(group.fields.len());
        let (mut end, mut gaps) = (0, 0);
        let mut fill = |fields: &mut Vec<Field>, from: usize, to: usize| {
            gaps += 1;
            let name = if gaps == 1 { "FILLER".to_owned() } else { format!("FILLER{gaps}") };
            fields.push(Field::new(name, Kind::Hex, to - from));
        };
        for (field, place) in group.fields {
            if field.offset < end {
                let before = fields.last().map_or("", |field| field.name.as_str());
                let message = format!("{} begins at byte {}, but {before} ends at {end}", field.name, field.offset + 1);
                return Err(Some((place, message)));
            }
            if field.offset > end {
                fill(&mut fields, end, field.offset);
                places.push(place);
            }
            end = field.offset + field.bytes;
            fields.push(field);
            places.push(place);
        }
        match group.length {
            Some(length) if length < end && length > 0 => {
                let message = format!("WHRLEN is {length}, but the last field ends at {end}");
                return Err(Some((group.place, message)));
            }
            Some(length) if length > end && !fields.is_empty() => fill(&mut fields, end, length.min(RECORD_MAX)),
            _ => {}
        }
        if fields.is_empty() {
            // Every field has had a fault of its own, or is not in the buffer.
            let message = "the format has no fields in its buffer".to_owned();
            return Err(self.faults.is_empty().then_some((group.place, message)));
        }
        let (name, text) = group.layout;
        let layout = check::assemble(name, text, fields, Vec::new());
        let layout =
            layout.map_err(|(index, wrong)| Some((places.get(index).copied().unwrap_or(group.place), wrong)))?;
        Ok(Layout { notes: vec![group.note], ..layout })
    }
}
