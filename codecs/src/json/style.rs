//! Lines that differ from the plain form: decimals as JSON numbers, masked values, the bytes beside the values.
//!
//! A decimal as a JSON number has the digits it has as a string, trailing zeros too; a reader that takes numbers as
//! doubles loses digits beyond the fifteenth, which is why strings are the rule (D17).

use super::cell::{is_shown, write_cell};
use crate::format::RecordFormat;
use crate::quote::{write_hex, write_text};
use crate::record::{Cell, Row};

/// What is written instead of a masked value.
const MASK: &[u8] = b"\"***\"";

/// How the lines of one record format differ; the vectors have a place for each field, or are empty.
#[derive(Clone, Debug, Default)]
pub struct Style {
    /// Decimals are JSON numbers.
    pub numbers: bool,
    /// `"raw"` has the bytes of every field in hex.
    pub raw: bool,
    /// Fields that are `***`, whatever they hold.
    pub masked: Vec<bool>,
    /// Fields that were decoded for another purpose and are not shown.
    pub hidden: Vec<bool>,
}

impl Style {
    /// Whether lines are the plain ones.
    pub fn is_plain(&self) -> bool {
        !self.numbers && !self.raw && !self.masked.contains(&true) && !self.hidden.contains(&true)
    }

    /// Whether a field is not shown.
    pub(super) fn hides(&self, index: usize) -> bool {
        self.hidden.get(index).is_some_and(|hidden| *hidden)
    }

    fn masks(&self, index: usize) -> bool {
        self.masked.get(index).is_some_and(|masked| *masked)
    }

    /// The key, which ends in the first quote of a string, and the value.
    pub(super) fn write_cell(&self, row: &Row, index: usize, cell: Cell, key: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        if self.masks(index) && !matches!(cell, Cell::Bad | Cell::Absent) {
            out.extend_from_slice(unquoted(key));
            out.extend_from_slice(MASK);
            return;
        }
        write_cell(row, cell, key, out);
        if self.numbers && matches!(cell, Cell::Decimal { .. } | Cell::Wide(..)) {
            let quote = start + key.len() - 1;
            let text = &out[quote + 1..out.len() - 1];
            if is_number(text) {
                out.remove(quote);
                out.pop();
            }
        }
    }

    /// `,"raw":{"AMT":"000012345C"}`: the bytes of the fields that are shown.
    pub(super) fn write_raw(&self, format: &RecordFormat, record: &[u8], row: &Row, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"raw\":{");
        let places = format.places(record, row);
        let mut first = true;
        for (index, field) in format.layout.fields.iter().enumerate() {
            let cell = row.cells.get(index).copied().unwrap_or(Cell::Absent);
            let bad = cell == Cell::Bad;
            if self.hides(index) || !(bad || is_shown(&format.layout, index, cell)) {
                continue;
            }
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            write_text(&field.name, out);
            out.push(b':');
            if self.masks(index) {
                out.extend_from_slice(MASK);
                continue;
            }
            let bytes = places.get(index).and_then(|place| record.get(place.clone())).unwrap_or_default();
            out.push(b'"');
            write_hex(bytes, out);
            out.push(b'"');
        }
        out.push(b'}');
    }
}

/// A key that ends in the first quote of a string, without that quote.
fn unquoted(key: &[u8]) -> &[u8] {
    &key[..key.len().saturating_sub(1)]
}

/// Whether text is a number as JSON writes it. DECFLOAT also has infinities and NaN.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text[0] == b'0') {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = &fraction[count..];
    }
    if let Some(exponent) = rest.strip_prefix(b"E").or_else(|| rest.strip_prefix(b"e")) {
        let exponent = exponent.strip_prefix(b"+").or_else(|| exponent.strip_prefix(b"-")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::is_number;

    #[test]
    fn only_what_json_calls_a_number_loses_its_quotes() {
        for good in ["0", "-0.00", "12.30", "1E+5", "123456789012345678901234567890.1", "0.1e-7"] {
            assert!(is_number(good.as_bytes()), "{good}");
            assert!(serde_json::from_str::<serde_json::Value>(good).is_ok_and(|value| value.is_number()), "{good}");
        }
        for bad in ["", "-", "01", "1.", ".5", "NaN", "Infinity", "-Infinity", "1E", "1E+", "+1", "C1C2"] {
            assert!(!is_number(bad.as_bytes()), "{bad}");
            assert!(serde_json::from_str::<serde_json::Value>(bad).map_or(true, |value| !value.is_number()), "{bad}");
        }
    }
}
