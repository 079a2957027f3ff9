//! Naming fields of a record format in TOML, and reading their cells as plain text.
//!
//! Compiling turns every name into an index once; a name that the layout does not have is a fault of the source.

use super::fault::TradeFault;
use super::json;
use fpp_codecs::Code;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::record::{Cell, Decimal, Row};
use fpp_codecs::source::Section;
use std::borrow::Cow;

/// A compiled reference to a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldRef {
    /// Index in the layout.
    pub index: usize,
    /// First byte within the record.
    pub offset: usize,
}

/// A field that must hold one of some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// The field.
    pub field: FieldRef,
    /// The values.
    pub equals: Vec<String>,
}

impl FieldRef {
    /// The field's characters without trailing blanks; nothing for cells that are no text.
    pub fn text<'r>(&self, row: &'r Row) -> Option<&'r str> {
        row.str(self.index).map(|text| text.trim_end_matches(' '))
    }

    /// Whether there is no value: null, or blanks only.
    pub fn is_empty(&self, row: &Row) -> bool {
        match row.cells.get(self.index) {
            None | Some(Cell::Null) => true,
            Some(Cell::Text(..)) => self.text(row).is_none_or(str::is_empty),
            Some(_) => false,
        }
    }

    /// Whether the field did not decode.
    pub fn is_bad(&self, row: &Row) -> bool {
        matches!(row.cells.get(self.index), Some(Cell::Bad))
    }

    /// Appends the value as plain text: numbers with their declared scale, text without trailing blanks.
    pub fn push(&self, row: &Row, out: &mut Vec<u8>) {
        match row.cells.get(self.index) {
            Some(Cell::Decimal { unscaled, scale }) => {
                json::push_decimal(out, Decimal { unscaled: unscaled.get(), scale: *scale });
            }
            Some(Cell::Int(i)) => out.extend_from_slice(i.to_string().as_bytes()),
            Some(Cell::Single(v)) => out.extend_from_slice(v.to_string().as_bytes()),
            Some(Cell::Double(v)) => out.extend_from_slice(v.to_string().as_bytes()),
            _ => out.extend_from_slice(self.text(row).unwrap_or_default().as_bytes()),
        }
    }

    /// The value as plain text.
    pub fn plain<'r>(&self, row: &'r Row) -> Cow<'r, str> {
        if let Some(text) = self.text(row) {
            return Cow::Borrowed(text);
        }
        let mut out = Vec::new();
        self.push(row, &mut out);
        Cow::Owned(String::from_utf8_lossy(&out).into_owned())
    }

    /// A fault at this field.
    pub fn fault(&self, code: Code, detail: impl Into<Cow<'static, str>>) -> TradeFault {
        TradeFault { code, field: self.index, at: self.offset, detail: detail.into() }
    }
}

impl Condition {
    /// Reads `{ field = "...", equals = ["..."] }`.
    pub fn read(section: &Section<'_>, record: &RecordFormat) -> Option<Condition> {
        let field = need(section, "field", record);
        let equals = section.texts("equals");
        if equals.is_empty() {
            section.fault("equals", "is missing; a list of values is needed");
        }
        Some(Condition { field: field?, equals })
    }

    /// Whether the row fits.
    pub fn holds(&self, row: &Row) -> bool {
        let value = self.field.plain(row);
        !self.field.is_bad(row) && self.equals.iter().any(|e| *e == value)
    }
}

/// The field that a key names, which must be there.
pub fn need(section: &Section<'_>, key: &str, record: &RecordFormat) -> Option<FieldRef> {
    if !section.has(key) {
        section.fault(key, "is missing; the name of a field is needed");
    }
    optional(section, key, record)
}

/// The field that a key names, if it is there.
pub fn optional(section: &Section<'_>, key: &str, record: &RecordFormat) -> Option<FieldRef> {
    let name = section.text(key)?;
    let found = find(record, &name);
    if found.is_none() {
        section.fault(key, format_args!("`{name}` is no field of {}", record.layout.name));
    }
    found
}

/// The key `code`: one of the list of codes.
pub fn code(section: &Section<'_>, default: Code) -> Option<Code> {
    let text = section.text("code").unwrap_or_else(|| default.to_string());
    let code = Code::parse(&text).filter(|c| !c.english().is_empty());
    if code.is_none() {
        section.fault("code", format_args!("`{text}` is not in the list of codes"));
    }
    code
}

/// A field by name.
pub fn find(record: &RecordFormat, name: &str) -> Option<FieldRef> {
    let index = record.field(name)?;
    Some(FieldRef { index, offset: record.layout.fields.get(index)?.offset })
}
