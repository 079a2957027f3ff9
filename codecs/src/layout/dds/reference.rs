//! `R` in column 29: attributes of another field, by REFFLD, REF or the same source.
//!
//! What is taken is IBM's list (DDS for physical and logical files, "Reference for physical and logical files (position
//! 29)"): length, type, decimals, heading, text, date and time formats, FLTPCN, VARLEN, validity checking. ALWNULL is
//! not on it; where the referred field has it and this one has not, a warning says so. A CCSID of the referred field is
//! taken where it is not that of the whole source.

use super::name::{FileName, qualified};
use super::reader::{Entry, Reader, Wrong};
use crate::layout::{Field, Kind};

impl Reader<'_> {
    /// The field that an entry refers to.
    pub(super) fn referenced(&mut self, entry: &Entry) -> Result<Field, Wrong> {
        let at = entry.spec.at(29);
        let reffld = entry.keywords.get("REFFLD");
        let wanted = reffld.map_or_else(|| entry.spec.name.clone(), |k| k.word(0));
        let (format, wanted) = qualified(&wanted);
        let (source, format) = match reffld.map(|k| k.word(1)).filter(|name| !name.is_empty()) {
            Some(name) => (Some(name), format.map(str::to_owned)),
            None => match self.file_level.get("REF") {
                Some(reference) => {
                    let second = Some(reference.word(1)).filter(|name| !name.is_empty());
                    (Some(reference.word(0)), format.map(str::to_owned).or(second))
                }
                None => (None, format.map(str::to_owned)),
            },
        };
        let Some(source) = source.filter(|name| name != "*SRC") else {
            let found = self.here(format.as_deref(), wanted);
            return found.ok_or((
                at,
                format!("no field {wanted} stands before this one to refer to; REF or REFFLD says in which file it is"),
            ));
        };
        let name = FileName::parse(&source).ok_or((at, format!("`{source}` is no name of a file")))?;
        let formats = self.formats(&name).map_err(|why| (at, format!("the fields of {name} are needed: {why}")))?;
        let found = formats.field(format.as_deref(), wanted).cloned();
        found.ok_or((at, format!("{name} has no field {wanted}")))
    }

    /// A field that stands before, in any format of this source.
    fn here(&self, format: Option<&str>, name: &str) -> Option<Field> {
        let open = self.current.as_ref().filter(|open| format.is_none_or(|format| format == open.name));
        let own = open.and_then(|open| open.index.get(name).and_then(|at| open.fields.get(*at)));
        own.or_else(|| self.layouts.field(format, name)).cloned()
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

/// Columns 30-34 and 36-37 for a field, as far as its kind does not say everything.
pub(super) fn size(field: &Field) -> (Option<usize>, u8) {
    let content = field.bytes - if field.varlen { 2 } else { 0 };
    match field.kind {
        Kind::Graphic => (Some(content / 2), 0),
        Kind::Timestamp { fraction } => (Some(content), fraction),
        Kind::DecFloat { digits } => (Some(digits.into()), 0),
        Kind::Edited { .. } => (Some(content), 0),
        Kind::Float { .. } | Kind::Date(_) | Kind::Time(_) => (None, 0),
        kind => kind.digits().map_or((Some(content), 0), |(digits, decimals)| (Some(digits.into()), decimals)),
    }
}
