//! `R` in column 29: attributes of another field, by REFFLD, REF or the same source.

use super::reader::{Entry, Reader};
use crate::layout::{Field, Kind};

/// `LIB/NAME` without its library.
pub(super) fn without_library(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

impl Reader<'_> {
    /// The field that an entry refers to.
    pub(super) fn referenced(&mut self, entry: &Entry) -> Result<Field, (usize, String)> {
        let reffld = entry.keywords.get("REFFLD");
        let wanted = match reffld {
            Some(k) => without_library(&k.word(0)),
            None => entry.spec.name.clone(),
        };
        let source = match reffld.map(|k| k.word(1)).filter(|name| !name.is_empty()) {
            Some(name) => Some(name),
            None => self.file_level.get("REF").map(|k| k.word(0)),
        };
        match source.as_deref().filter(|name| *name != "*SRC") {
            None => self.here(&wanted).ok_or((29, format!("no field {wanted} stands before this one to refer to"))),
            Some(name) => {
                let name = without_library(name);
                let layout = self.layout_named(&name).ok_or((29, format!("no layout of {name} was found")))?;
                let found = layout.fields.iter().find(|f| f.name == wanted).cloned();
                found.ok_or((29, format!("{name} has no field {wanted}")))
            }
        }
    }

    fn here(&self, name: &str) -> Option<Field> {
        let open = self.current.iter().flat_map(|open| &open.fields);
        open.chain(self.layouts.iter().flat_map(|l| &l.fields)).find(|f| f.name == name).cloned()
    }
}

/// Column 35 for a kind.
pub(super) fn letter(kind: Kind) -> char {
    match kind {
        Kind::Char | Kind::Edited { .. } | Kind::NumberText { .. } => 'A',
        Kind::Open => 'O',
        Kind::Only => 'J',
        Kind::Either => 'E',
        Kind::Graphic => 'G',
        Kind::Hex => 'H',
        Kind::Packed { .. } | Kind::Comp6 { .. } => 'P',
        Kind::Zoned { .. } | Kind::Number { .. } => 'S',
        Kind::Binary { .. } => 'B',
        Kind::Float { .. } | Kind::DecFloat { .. } => 'F',
        Kind::Date(_) => 'L',
        Kind::Time(_) => 'T',
        Kind::Timestamp { .. } => 'Z',
    }
}

/// Columns 30-34 and 36-37 for a field.
pub(super) fn size(field: &Field) -> (usize, u8) {
    let content = field.bytes - if field.varlen { 2 } else { 0 };
    match field.kind {
        Kind::Graphic => (content / 2, 0),
        Kind::Timestamp { fraction } => (content, fraction),
        Kind::Edited { .. } => (content, 0),
        kind => kind.digits().map_or((content, 0), |(digits, decimals)| (digits.into(), decimals)),
    }
}
