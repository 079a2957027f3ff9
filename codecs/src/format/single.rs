//! One field of a record without the others: see `record::single`.

use super::RecordFormat;
use crate::fault::Fault;
use crate::record::{Row, Scratch};

impl RecordFormat {
    /// Whether each field has its place in every record, so that one can be read or written alone.
    pub fn has_places(&self) -> bool {
        self.delimited.is_none() && self.ignored.is_empty() && self.plan.has_places()
    }

    /// Fills the row with cells of these fields alone, where each field has its place; with all of them elsewhere. For a
    /// record that was decoded before: what is wrong elsewhere in it is not told.
    pub fn decode_some(&self, fields: &[usize], record: &[u8], row: &mut Row) {
        if self.has_places() { self.plan.decode_some(fields, record, row) } else { self.decode(record, row) }
    }

    /// Writes the cell that `row` has at `field` into a record that this format encoded, where each field has its place.
    /// It has been read back and compared. After a fault the record is not to be used.
    pub fn rewrite(&self, field: usize, row: &Row, record: &mut [u8], scratch: &mut Scratch) -> Result<(), Fault> {
        self.plan.rewrite(field, row, record, scratch)
    }
}
