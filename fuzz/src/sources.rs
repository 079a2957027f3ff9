//! Sources of layouts: DDS, copybooks, file formats in TOML.

use fpp_codecs::format::{Format, RecordFormat, Role, Selector};
use fpp_codecs::json;
use fpp_codecs::layout::copybook::{self, Options};
use fpp_codecs::layout::{Layout, dds, dspffd};
use fpp_codecs::record::{Nulls, Row};
use fpp_codecs::text::Page;

/// DDS source; what it gives must be a layout without gaps.
pub fn dds(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok((layouts, _)) = dds::parse("fuzz.dds", &text, &mut |_| Err(String::new()), Page::Cp1388) else { return };
    layouts.iter().for_each(covered);
}

/// An outfile of DSPFFD as CSV; what it gives must be a layout without gaps, too.
pub fn dspffd(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let text = format!("WHNAME,WHFLDE,WHFOBO,WHFLDB,WHFLDT,WHFLDD,WHFLDP,WHVARL\n{text}");
    if let Ok((layouts, _)) = dspffd::parse("fuzz.csv", &text, Page::Cp1388) {
        layouts.iter().for_each(covered);
    }
}

fn covered(layout: &Layout) {
    let mut at = 0;
    for field in &layout.fields {
        assert_eq!(field.offset, at, "{}", field.name);
        at += field.bytes;
    }
    assert_eq!(at, layout.length);
}

/// A file format in TOML, whose layouts are the same text again.
pub fn format(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut read = |_: &str| Ok(text.to_string());
    if let Ok((format, _)) = Format::parse("fuzz.toml", &text, &mut read, None) {
        assert!(!format.records.is_empty());
    }
}

/// A copybook that may copy itself; the text itself is then read as a record of what it describes.
pub fn copybook(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut read = |_: &str| Ok(text.to_string());
    let Ok((layouts, _)) = copybook::parse("fuzz.cpy", &text, &mut read, &Options::new(Page::Cp37)) else { return };
    for layout in layouts {
        assert!(layout.least <= layout.length);
        for field in &layout.fields {
            assert!(field.offset + field.bytes <= layout.length, "{}", field.name);
        }
        let record = RecordFormat::new(layout, Role::Detail, Selector::default(), Nulls::None, Page::Cp37);
        let (mut row, mut line) = (Row::default(), Vec::new());
        record.decode(data, &mut row);
        json::write(&record, 1, 0, &row, &mut line);
        assert!(line.ends_with(b"\n"));
    }
}
