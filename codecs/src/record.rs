//! One decoded record: typed cells over reused buffers.
//!
//! A [`Row`] is filled by `Plan::decode` again and again without allocating once its buffers have grown. A bad field
//! leaves [`Cell::Bad`] and a [`Fault`]; the other fields are decoded all the same, because control totals run over
//! every record as written (D5).

use crate::fault::Fault;
use std::fmt;

/// An exact decimal of up to 38 digits: `unscaled / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Decimal {
    /// The digits as an integer.
    pub unscaled: i128,
    /// Digits after the point.
    pub scale: u8,
}

/// A value in its place. Ranges point into the row's own buffers: read them through [`Row`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// Did not decode; the row's faults say why.
    Bad,
    /// Text, dates and times; a range of the row's text.
    Text(u32, u32),
    /// A decimal with its declared scale.
    Decimal(Decimal),
    /// A decimal of 39 to 63 digits, canonical text; a range of the row's text.
    Wide(u32, u32),
    /// Binary without scale.
    Int(i64),
    /// IEEE single.
    Single(f32),
    /// IEEE double.
    Double(f64),
    /// Upper-case hex; a range of the row's text.
    Hex(u32, u32),
}

/// A decoded record, or one about to be encoded: a cell for each field of its layout, in layout order.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Characters of all text cells, one after the other.
    pub text: String,
    /// One cell a field.
    pub cells: Vec<Cell>,
    /// Faults in layout order; empty when the record is good.
    pub faults: Vec<Fault>,
}

impl Row {
    /// Forgets everything but the buffers.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cells.clear();
        self.faults.clear();
    }

    /// The characters of a text, wide or hex cell.
    pub fn str(&self, field: usize) -> Option<&str> {
        match self.cells.get(field)? {
            Cell::Text(a, b) | Cell::Wide(a, b) | Cell::Hex(a, b) => self.text.get(*a as usize..*b as usize),
            _ => None,
        }
    }

    /// A number without rounding: decimals and whole binaries.
    pub fn decimal(&self, field: usize) -> Option<Decimal> {
        match *self.cells.get(field)? {
            Cell::Decimal(d) => Some(d),
            Cell::Int(i) => Some(Decimal { unscaled: i.into(), scale: 0 }),
            _ => None,
        }
    }

    /// Appends a text cell.
    pub fn push_text(&mut self, value: &str) {
        let (a, b) = self.append(value);
        self.cells.push(Cell::Text(a, b));
    }

    /// Appends a hex cell.
    pub fn push_hex(&mut self, value: &str) {
        let (a, b) = self.append(value);
        self.cells.push(Cell::Hex(a, b));
    }

    fn append(&mut self, value: &str) -> (u32, u32) {
        let start = self.text.len() as u32;
        self.text.push_str(value);
        (start, self.text.len() as u32)
    }
}

impl Decimal {
    /// A whole number.
    pub const fn whole(value: i128) -> Decimal {
        Decimal { unscaled: value, scale: 0 }
    }

    /// Reads `-123.45`; the scale is the number of digits written after the point.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || (digits.contains('.') && fraction.is_empty()) {
            return None;
        }
        let mut unscaled: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
            unscaled = unscaled.checked_mul(10)?.checked_add(digit)?;
        }
        let scale = u8::try_from(fraction.len()).ok()?;
        Some(Decimal { unscaled: if negative { -unscaled } else { unscaled }, scale })
    }

    /// The same value with another scale, or nothing if digits would be lost or overflow.
    pub fn rescale(self, scale: u8) -> Option<Decimal> {
        let unscaled = if scale >= self.scale {
            self.unscaled.checked_mul(10i128.checked_pow(u32::from(scale - self.scale))?)?
        } else {
            let power = 10i128.checked_pow(u32::from(self.scale - scale))?;
            if self.unscaled % power != 0 {
                return None;
            }
            self.unscaled / power
        };
        Some(Decimal { unscaled, scale })
    }

    /// Sum with the larger scale, or nothing on overflow.
    pub fn checked_add(self, other: Decimal) -> Option<Decimal> {
        let scale = self.scale.max(other.scale);
        let unscaled = self.rescale(scale)?.unscaled.checked_add(other.rescale(scale)?.unscaled)?;
        Some(Decimal { unscaled, scale })
    }

    /// Product; scales add up. Nothing on overflow.
    pub fn checked_mul(self, other: Decimal) -> Option<Decimal> {
        Some(Decimal {
            unscaled: self.unscaled.checked_mul(other.unscaled)?,
            scale: self.scale.checked_add(other.scale)?,
        })
    }

    /// Compares by value: `1.0` equals `1.00`.
    pub fn same_value(self, other: Decimal) -> bool {
        let scale = self.scale.max(other.scale);
        match (self.rescale(scale), other.rescale(scale)) {
            (Some(a), Some(b)) => a.unscaled == b.unscaled,
            _ => false,
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let digits = self.unscaled.unsigned_abs().to_string();
        let scale = usize::from(self.scale);
        if scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{fraction}")
    }
}
