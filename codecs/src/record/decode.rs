//! Bytes to a row.

use super::plan::Plan;
use super::row::Row;

impl Plan {
    pub(crate) fn decode(&self, _record: &[u8], row: &mut Row) {
        row.clear();
    }
}
