//! Lines of JSON that somebody wants to be records.

use crate::bytes::Bytes;
use crate::layouts::{format_of, random_layout, shows_alternatives};
use fpp_codecs::format::Format;
use fpp_codecs::json;
use fpp_codecs::record::Row;

/// A line as it is, or the line of a record with some bytes changed: what it gives is a record whose own line gives the
/// same record again.
pub fn jsonl(data: &[u8]) {
    let mut bytes = Bytes(data);
    let Some(format) = random_layout(&mut bytes).map(format_of) else { return };
    let line = match bytes.below(3) {
        0 => String::from_utf8_lossy(bytes.0).into_owned(),
        1 => {
            let fields = String::from_utf8_lossy(bytes.0);
            format!("{{\"type\":\"R\",\"fields\":{fields}}}")
        }
        _ => changed(&format, &mut bytes),
    };
    record_of(&format, &line);
}

/// The line of a record, with a piece of it replaced.
fn changed(format: &Format, bytes: &mut Bytes<'_>) -> String {
    let (at, gone, length) = (bytes.below(4096), bytes.below(16), bytes.below(32));
    let (piece, record) = bytes.0.split_at(length.min(bytes.0.len()));
    let (mut row, mut line) = (Row::default(), Vec::new());
    format.records[0].decode(record, &mut row);
    json::write(&format.records[0], 1, 0, &row, &mut line);
    line.pop();
    let at = at % (line.len() + 1);
    let end = (at + gone).min(line.len());
    line.splice(at..end, piece.iter().copied());
    String::from_utf8_lossy(&line).into_owned()
}

fn record_of(format: &Format, line: &str) {
    let (mut row, mut record) = (Row::default(), Vec::new());
    if let Err(fault) = json::read(format, line, &mut row) {
        assert!(!fault.message.is_empty() && fault.to_string().len() <= 4096 + 8 * line.len());
        return;
    }
    // Escapes make text shorter, never longer, and there is a cell for each field.
    let wide = line.len() + format.records[0].layout.fields.len();
    assert!(row.text.len() <= wide, "{} of {}", row.text.len(), line.len());
    assert_eq!(row.cells.len(), format.records[0].layout.fields.len());
    if format.records[0].encode(&row, &mut record).is_err() {
        return assert!(record.is_empty());
    }
    assert!((format.records[0].layout.least..=format.records[0].layout.length).contains(&record.len()));
    let (mut back, mut shown, mut again) = (Row::default(), Vec::new(), Vec::new());
    format.records[0].decode(&record, &mut back);
    assert_eq!(back.faults, [], "{line}");
    json::write(&format.records[0], 1, 0, &back, &mut shown);
    let shown = String::from_utf8(shown).expect("a line of JSON is UTF-8");
    if shows_alternatives(&format.records[0].layout.nodes) {
        return;
    }
    json::read(format, shown.trim_end(), &mut row).unwrap_or_else(|fault| panic!("{fault}: {shown}"));
    format.records[0].encode(&row, &mut again).unwrap_or_else(|fault| panic!("{fault}: {shown}"));
    assert_eq!(again, record, "{shown}");
}
