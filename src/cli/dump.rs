//! Bytes as a person reads them: hex with the bad byte marked, and characters beside it in their code page.
//!
//! A double-byte character stands over its two bytes, because it takes two places on a terminal; shift characters are
//! shown as `<` and `>`, what is no character as a dot. A masked field shows its length and nothing else.

use super::layouts::letter;
use fpp_codecs::Code;
use fpp_codecs::format::Format;
use fpp_codecs::layout::{Field, Kind, Layout};
use fpp_codecs::record::{Cell, Row};
use fpp_codecs::text::{self, Page};
use serde_json::{Value, json};

/// Bytes in one line.
const LINE: usize = 16;
const SHIFT_OUT: u8 = 0x0E;
const SHIFT_IN: u8 = 0x0F;

/// What is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mask {
    /// Nothing is hidden.
    Nothing,
    /// What the layout calls sensitive.
    Sensitive,
    /// All text, for nobody said what is sensitive.
    Text,
}

impl Mask {
    /// What to hide of a format's records.
    pub(super) fn of(format: &Format, clear: bool) -> Mask {
        let marked = format.records.iter().any(|record| record.layout.fields.iter().any(|field| field.sensitive));
        match (clear, marked) {
            (true, _) => Mask::Nothing,
            (false, true) => Mask::Sensitive,
            (false, false) => Mask::Text,
        }
    }

    /// Which fields are hidden: also those that are another reading of hidden bytes.
    pub(super) fn hidden(self, layout: &Layout) -> Vec<bool> {
        layout.sharing(|field| match self {
            Mask::Nothing => false,
            Mask::Sensitive => field.sensitive,
            Mask::Text => field.kind.is_text() || field.kind == Kind::Hex,
        })
    }
}

/// What bytes of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Characters, maybe with double-byte runs.
    Mixed,
    /// Double bytes only.
    Double,
    /// No characters: packed, binary, float, hex.
    Number,
}

impl Form {
    fn of(kind: Kind) -> Form {
        match kind {
            Kind::Graphic => Form::Double,
            Kind::Packed { .. } | Kind::Binary { .. } | Kind::Float { .. } | Kind::Hex => Form::Number,
            _ => Form::Mixed,
        }
    }
}

/// A field, or a record without a layout, ready to be shown.
pub(super) struct Shown {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) bytes: Vec<u8>,
    /// First byte within the record, from 0.
    offset: usize,
    page: Page,
    form: Form,
    masked: bool,
    value: Value,
    /// Code, first bad byte within the record from 0, words.
    fault: Option<(Code, usize, &'static str)>,
}

impl Shown {
    /// One field of a decoded record, which has these bytes from `offset` on.
    pub(super) fn field(
        (index, field): (usize, &Field),
        (offset, bytes): (usize, &[u8]),
        row: &Row,
        page: Page,
        masked: bool,
    ) -> Shown {
        Shown {
            name: field.name.clone(),
            kind: letter(field.kind).to_owned(),
            bytes: bytes.to_vec(),
            offset,
            page: field.page.unwrap_or(page),
            form: Form::of(field.kind),
            masked,
            value: if masked { Value::from("***") } else { value(row, index) },
            fault: row.faults.iter().find(|f| f.field == index).map(|f| (f.code, f.offset, f.detail)),
        }
    }

    /// A record that no layout fits.
    pub(super) fn whole(record: &[u8], page: Page, clear: bool) -> Shown {
        Shown {
            name: String::new(),
            kind: String::new(),
            bytes: record.to_vec(),
            offset: 0,
            page,
            form: Form::Mixed,
            masked: !clear,
            value: Value::Null,
            fault: None,
        }
    }

    /// Lines of 16 bytes: first byte from 1, hex, characters. Long runs of one byte are one line.
    pub(super) fn lines(&self) -> Vec<(usize, String, String)> {
        let from = self.offset + 1;
        if self.masked {
            return vec![(from, "**".to_owned(), "*".repeat(self.bytes.len().min(LINE)))];
        }
        if let Some(first) = self.bytes.first()
            && self.bytes.len() > LINE
            && self.fault.is_none()
            && self.bytes.iter().all(|b| b == first)
        {
            return vec![(from, format!("{first:02X} x {}", self.bytes.len()), String::new())];
        }
        let characters = characters(&self.bytes, self.page, self.form);
        let bad = self.fault.and_then(|(_, at, _)| at.checked_sub(self.offset));
        let starts = (0..self.bytes.len().max(1)).step_by(LINE);
        starts
            .map(|start| {
                let end = (start + LINE).min(self.bytes.len());
                (
                    from + start,
                    hex(&self.bytes[start..end], bad.map(|b| b.wrapping_sub(start))),
                    characters[start..end].concat(),
                )
            })
            .collect()
    }

    /// The value, or what is wrong with it.
    pub(super) fn value_shown(&self) -> String {
        match (&self.fault, &self.value) {
            (Some((code, at, detail)), _) => format!("<- {code} at byte {}: {detail}", at + 1),
            (None, Value::String(text)) => text.clone(),
            (None, Value::Null) => "null".to_owned(),
            (None, other) => other.to_string(),
        }
    }

    /// As JSON.
    pub(super) fn as_json(&self) -> Value {
        let hex: String = self.bytes.iter().map(|b| format!("{b:02X}")).collect();
        let fault =
            self.fault.map(|(code, at, detail)| json!({"code": code.to_string(), "at": at + 1, "detail": detail}));
        json!({
            "name": self.name,
            "type": self.kind,
            "from": self.offset + 1,
            "bytes": self.bytes.len(),
            "hex": if self.masked { Value::from("**") } else { Value::from(hex) },
            "value": self.value,
            "fault": fault,
        })
    }
}

/// Hex with a mark before the bad byte.
fn hex(bytes: &[u8], bad: Option<usize>) -> String {
    let mut text = String::with_capacity(bytes.len() * 3);
    for (i, byte) in bytes.iter().enumerate() {
        let between = if bad == Some(i) { ">" } else { " " };
        if i > 0 || bad == Some(0) {
            text.push_str(between);
        }
        text.push_str(&format!("{byte:02X}"));
    }
    text
}

/// What stands over each byte; the later bytes of a character have nothing.
fn characters(bytes: &[u8], page: Page, form: Form) -> Vec<String> {
    let mut shown = vec![String::new(); bytes.len()];
    if form == Form::Number {
        return shown;
    }
    let mut double = form == Form::Double;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        if page.is_ebcdic() && page.is_mixed() && form == Form::Mixed && (byte == SHIFT_OUT || byte == SHIFT_IN) {
            double = byte == SHIFT_OUT;
            shown[at] = if double { "<" } else { ">" }.to_owned();
            at += 1;
            continue;
        }
        let longest = if double {
            2
        } else if page.is_ebcdic() {
            1
        } else {
            4
        };
        let (character, used) = one(&bytes[at..], page, double, longest);
        // A wide character fills two places; bytes beyond them are shown as blanks, so that columns keep their places.
        let width = unicode_width::UnicodeWidthStr::width(character.as_str());
        shown[at] = character + &" ".repeat(used.saturating_sub(width.max(1)));
        at += used;
    }
    shown
}

/// The first character and its bytes; a dot for a byte that is none.
fn one(bytes: &[u8], page: Page, double: bool, longest: usize) -> (String, usize) {
    let lengths = if double { 2..=2 } else { 1..=longest };
    for length in lengths {
        let Some(bytes) = bytes.get(..length) else { break };
        let mut text = String::new();
        let decoded =
            if double { text::decode_double(page, bytes, &mut text) } else { text::decode(page, bytes, &mut text) };
        if decoded.is_ok() && text.chars().count() == 1 && !text.chars().any(char::is_control) {
            return (text, length);
        }
    }
    (".".to_owned(), 1)
}

/// A cell as JSON: what `decode` writes, near enough to read.
fn value(row: &Row, index: usize) -> Value {
    match row.cells.get(index) {
        None | Some(Cell::Null | Cell::Bad | Cell::Absent) => Value::Null,
        Some(Cell::Text(..) | Cell::Wide(..) | Cell::Hex(..) | Cell::Raw(..)) => {
            Value::from(row.str(index).unwrap_or_default())
        }
        Some(cell @ Cell::Decimal { .. }) => {
            cell.decimal().map_or(Value::Null, |decimal| Value::from(decimal.to_string()))
        }
        Some(Cell::Int(number)) => Value::from(*number),
        Some(Cell::Single(number)) => Value::from(number.to_string()),
        Some(Cell::Double(number)) => Value::from(number.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_byte_character_stands_over_its_two_bytes() {
        let mut bytes = Vec::new();
        text::encode(Page::Cp1388, "A金B", &mut bytes).unwrap();
        assert_eq!(bytes.len(), 6);
        assert_eq!(characters(&bytes, Page::Cp1388, Form::Mixed).concat(), "A<金>B");
        let mut bytes = Vec::new();
        text::encode(Page::Gbk, "A金B", &mut bytes).unwrap();
        assert_eq!(characters(&bytes, Page::Gbk, Form::Mixed).concat(), "A金B");
    }

    #[test]
    fn the_bad_byte_is_marked() {
        assert_eq!(hex(&[0x12, 0xFA, 0x0C], Some(1)), "12>FA 0C");
        assert_eq!(hex(&[0x12, 0xFA], Some(0)), ">12 FA");
    }
}
