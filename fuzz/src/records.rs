//! Records of random layouts.

use crate::bytes::Bytes;
use crate::layouts::{format_of, random_layout, shows_alternatives};
use fpp_codecs::json;
use fpp_codecs::record::Row;

/// Decodes; what is good goes through JSON and comes back as a record that decodes to the same line.
pub fn records(data: &[u8]) {
    let mut bytes = Bytes(data);
    let Some(record) = random_layout(&mut bytes) else { return };
    let format = format_of(record);
    let line_of = |bytes: &[u8], row: &mut Row| {
        let mut line = Vec::new();
        format.records[0].decode(bytes, row);
        json::write(&format.records[0], 1, 0, row, &mut line);
        String::from_utf8(line).expect("a line of JSON is UTF-8")
    };
    let mut row = Row::default();
    let line = line_of(bytes.0, &mut row);
    if !row.faults.is_empty() || !row.repairs.is_empty() {
        return;
    }
    let mut back = Row::default();
    json::read(&format, line.trim_end(), &mut back).unwrap_or_else(|e| panic!("{e}: {line}"));
    let mut again = Vec::new();
    let whole = !shows_alternatives(&format.records[0].layout.nodes);
    if format.records[0].encode(&back, &mut again).is_ok() && whole {
        assert_eq!(line_of(&again, &mut row), line);
    }
}
