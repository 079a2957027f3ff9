//! Putting a plain value into a field of an answer, whatever the field's kind.
//!
//! Values travel as text; the codec reads numbers and dates from it and proves that they fit. Only days and times differ
//! in how they are written, and that is decided by the field's own kind when the mapping is compiled.

use crate::trade::moment::DayForm;
use fpp_codecs::date::Date;
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::record::Row;

/// How values stand in one field.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// What stands there when there is no value.
    blank: String,
    day: DayForm,
    stamp: Stamp,
    hex: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stamp {
    /// `yyyy-mm-dd-hh.mm.ss` and so many fraction digits.
    Ibm(usize),
    /// `yyyymmddhhmmss`.
    Digits,
}

impl Target {
    pub(super) fn new(field: &Field) -> Target {
        let numeric = matches!(
            field.kind,
            Kind::Packed { .. } | Kind::Zoned { .. } | Kind::Binary { .. } | Kind::Float { .. } | Kind::Number { .. }
        );
        let blank = match field.kind {
            _ if numeric => "0".to_owned(),
            Kind::Date(_) => "0001-01-01".to_owned(),
            Kind::Timestamp { fraction } => cut("0001-01-01-00.00.00.000000000000", fraction.into()),
            Kind::Time(_) => "00.00.00".to_owned(),
            Kind::Hex => "00".repeat(field.bytes),
            _ => String::new(),
        };
        let stamp = match field.kind {
            Kind::Timestamp { fraction } => Stamp::Ibm(fraction.into()),
            _ if numeric || field.bytes < 19 => Stamp::Digits,
            _ if field.bytes < 26 => Stamp::Ibm(0),
            _ => Stamp::Ibm(6),
        };
        let hex = field.kind == Kind::Hex;
        Target { blank, day: DayForm::of(field), stamp, hex }
    }

    /// A text or number; an empty one is the field's blank.
    pub(super) fn push(&self, row: &mut Row, value: &str) {
        let value = if value.is_empty() { self.blank.as_str() } else { value };
        if self.hex { row.push_hex(value) } else { row.push_text(value) }
    }

    /// A day given as `yyyy-mm-dd`.
    pub(super) fn push_day(&self, row: &mut Row, iso: &str) {
        let Some(date) = Date::parse(iso) else {
            return self.push(row, "");
        };
        match self.day {
            DayForm::Iso => self.push(row, iso),
            DayForm::Ymd8 => self.push(row, &format!("{:08}", date.to_ymd8())),
            DayForm::Cyymmdd => {
                let digits = date.to_cyymmdd().map(|n| format!("{n:07}")).unwrap_or_default();
                self.push(row, &digits);
            }
        }
    }

    /// A time given as `yyyy-mm-dd-hh.mm.ss.nnnnnn`.
    pub(super) fn push_time(&self, row: &mut Row, ibm: &str) {
        match self.stamp {
            Stamp::Ibm(digits) => self.push(row, &cut(ibm, digits)),
            Stamp::Digits => {
                let digits: String = ibm.chars().filter(char::is_ascii_digit).take(14).collect();
                self.push(row, &digits);
            }
        }
    }
}

/// A timestamp with so many fraction digits.
fn cut(ibm: &str, digits: usize) -> String {
    let end = if digits == 0 { 19 } else { 20 + digits };
    let mut text: String = ibm.chars().take(end).collect();
    text.extend(std::iter::repeat_n('0', end - text.chars().count()));
    text
}
