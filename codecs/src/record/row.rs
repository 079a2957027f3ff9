//! One decoded record: typed cells over reused buffers.
//!
//! A [`Row`] is filled by `RecordFormat::decode` again and again without allocating once its buffers have grown. A bad field
//! leaves [`Cell::Bad`] and a [`Fault`]; the other fields are decoded all the same, because control totals run over
//! every record as written (D5).

use super::decimal::{Decimal, Unscaled};
use crate::fault::Fault;
use std::ops::Range;

/// A value in its place, in 24 bytes. Ranges point into the row's own buffers: read them through [`Row`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// Did not decode; the row's faults say why.
    Bad,
    /// Not in this record: an occurrence beyond the counter, an alternative that does not hold, a field behind the end.
    Absent,
    /// Text, dates and times; a range of the row's text.
    Text(u32, u32),
    /// A decimal with its declared scale; made and read as a [`Decimal`].
    Decimal {
        /// The digits.
        unscaled: Unscaled,
        /// Digits after the point.
        scale: u8,
    },
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
    /// Bytes that a policy kept although they are no value of their field, in hex; a range of the row's text.
    Raw(u32, u32),
}

impl Cell {
    /// The number of a decimal cell.
    #[inline]
    pub const fn decimal(self) -> Option<Decimal> {
        match self {
            Cell::Decimal { unscaled, scale } => Some(Decimal { unscaled: unscaled.get(), scale }),
            _ => None,
        }
    }
}

impl From<Decimal> for Cell {
    #[inline]
    fn from(value: Decimal) -> Cell {
        Cell::Decimal { unscaled: Unscaled::of(value.unscaled), scale: value.scale }
    }
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
    /// What a policy of the layout let pass, in layout order.
    pub repairs: Vec<Repair>,
    /// Leaves of readings that are lost: text or hex alone is shown of their bytes.
    pub(super) lost: Vec<Range<usize>>,
    /// The first field that was filled because the record is short, and where it begins.
    pub(super) filled: Option<(usize, usize)>,
}

/// A value that strict reading would have refused, and the policy that let it pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Index of the field in its layout.
    pub field: usize,
    /// First byte concerned within the record, from 0; when encoding, the first character within the value.
    pub offset: usize,
    /// What was done, in words.
    pub what: &'static str,
}

impl Row {
    /// Forgets everything but the buffers.
    pub fn clear(&mut self) {
        self.cells.clear();
        self.clear_all_but_cells();
    }

    #[inline]
    pub(super) fn clear_all_but_cells(&mut self) {
        self.text.clear();
        self.faults.clear();
        self.repairs.clear();
        self.lost.clear();
        self.filled = None;
    }

    /// The characters of a text, wide or hex cell.
    pub fn str(&self, field: usize) -> Option<&str> {
        match self.cells.get(field)? {
            Cell::Text(a, b) | Cell::Wide(a, b) | Cell::Hex(a, b) | Cell::Raw(a, b) => {
                self.text.get(*a as usize..*b as usize)
            }
            _ => None,
        }
    }

    /// Whether a field has no value because its reading could not be read, and not because it has none.
    pub(crate) fn is_lost(&self, field: usize) -> bool {
        self.cells.get(field) == Some(&Cell::Absent) && self.lost.iter().any(|leaves| leaves.contains(&field))
    }

    /// A number without rounding: decimals and whole binaries.
    pub fn decimal(&self, field: usize) -> Option<Decimal> {
        match *self.cells.get(field)? {
            Cell::Int(i) => Some(Decimal { unscaled: i.into(), scale: 0 }),
            cell => cell.decimal(),
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

    /// Appends bytes in hex that are no value of their field.
    pub fn push_raw(&mut self, value: &str) {
        let (a, b) = self.append(value);
        self.cells.push(Cell::Raw(a, b));
    }

    fn append(&mut self, value: &str) -> (u32, u32) {
        let start = self.text.len() as u32;
        self.text.push_str(value);
        (start, self.text.len() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;

    /// Every value of every record is written into one. With an `i128` in it a cell has 48 bytes, and writing those was
    /// what typed numbers took their time for (see [`super::Unscaled`]).
    #[test]
    fn a_cell_has_24_bytes() {
        assert_eq!(size_of::<Cell>(), 24);
    }
}
