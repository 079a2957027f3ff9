//! Answer files as a core reads them.

use fpp::settings::{Answer, page};
use fpp_codecs::format::Format;
use fpp_codecs::framing::Cutter;
use fpp_codecs::record::Row;
use std::fs;

/// The format of a route's answers.
pub(crate) fn format(answer: &Answer) -> Format {
    let file = &answer.format_file;
    let beside = |name: &str| fs::read_to_string(file.with_file_name(name)).map_err(|e| e.to_string());
    let text = fs::read_to_string(file).unwrap();
    let page = answer.ccsid.as_deref().map(|name| page(name).unwrap());
    let parsed = Format::parse(&file.display().to_string(), &text, &mut { beside }, page);
    parsed.unwrap_or_else(|faults| panic!("{faults:?}")).0
}

/// One JSON line for each record. Every field must decode.
pub(crate) fn decode(format: &Format, bytes: &[u8]) -> String {
    let mut cutter = Cutter::new(format.framing.clone(), bytes);
    let (mut row, mut out) = (Row::default(), Vec::new());
    while let Some(cut) = cutter.next().unwrap() {
        let record = &format.records[format.select(cut.bytes).expect("a record of an answer has a layout")];
        record.decode(cut.bytes, &mut row);
        assert!(row.faults.is_empty(), "record {} of the answer: {:?}", cut.n, row.faults);
        fpp_codecs::json::write(record, cut.n, cut.offset, &row, &mut out);
    }
    String::from_utf8(out).unwrap()
}
