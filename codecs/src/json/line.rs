//! A record to its line, the shortest way there is.
//!
//! What comes out is byte for byte what decoding a row and writing it gives; that is also the way taken for every
//! record in which anything is not plain.

use super::write;
use crate::format::RecordFormat;
use crate::record::Row;

/// Appends the line of a record; says whether the record is good. `row` is room to work in: afterwards it has the
/// record's faults and repairs, and its cells only if there are any.
pub fn line(format: &RecordFormat, n: u64, offset: u64, record: &[u8], row: &mut Row, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    if let Some((script, plan)) = format.script().filter(|(_, plan)| plan.map_is_plain(record)) {
        if script.write(plan, n, offset, record, row, out) {
            row.clear();
            return true;
        }
        out.truncate(start);
    }
    format.decode(record, row);
    write(format, n, offset, row, out);
    row.faults.is_empty()
}
