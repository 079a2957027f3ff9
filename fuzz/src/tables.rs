//! Records between delimiters and tables as CSV, both ways.

use crate::bytes::Bytes;
use crate::layouts::{format_of, random_record, shows_alternatives};
use fpp_codecs::csv::{Columns, Dialect, Encoding, Header, Lines, LongDigits, Writer};
use fpp_codecs::format::Format;
use fpp_codecs::framing::{Cutter, Delimited, Framer, Framing, LineEnding, Pairs, RecordEnd};
use fpp_codecs::record::{Nulls, Row};
use fpp_codecs::text::{self, Page};

/// A record of a random layout goes into a table and back; or a table, or records between delimiters, are read.
pub fn tables(data: &[u8]) {
    let mut bytes = Bytes(data);
    let (what, nulls) = (bytes.below(3), [Nulls::None, Nulls::Blank, Nulls::Map, Nulls::Flag]);
    let nulls = bytes.of(if what == 0 { &nulls[..2] } else { &nulls });
    let page = bytes.of(Page::ALL);
    let Some(format) = random_record(&mut bytes, page, nulls).map(format_of) else { return };
    match what {
        0 => delimited(&format, page, &mut bytes),
        1 => there_and_back(&format, random_dialect(&mut bytes), bytes.0),
        _ => hostile_table(&format, random_dialect(&mut bytes), bytes.0),
    }
}

fn random_dialect(bytes: &mut Bytes<'_>) -> Dialect {
    let encoding = bytes.of(&[Encoding::Utf8, Encoding::Utf8Bom, Encoding::Gb18030]);
    let dialect = Dialect {
        delimiter: bytes.of(b",;\t|"),
        encoding,
        // Without the guard a text may look like a protected number.
        guard: true,
        long_digits: bytes.of(&[LongDigits::Plain, LongDigits::Formula, LongDigits::Tab]),
    };
    if dialect.is_possible() { dialect } else { Dialect { delimiter: b',', ..dialect } }
}

/// The table of one record.
fn table(format: &Format, dialect: Dialect, row: Option<&Row>) -> Option<Vec<u8>> {
    let mut writer = Writer::new(Columns::new(format, &[0], true, &[]), dialect);
    let mut out = Vec::new();
    writer.header(&mut out).ok()?;
    match row {
        Some(row) => writer.row(format, 0, row, &[], &mut out).is_ok().then_some(out),
        None => Some(out),
    }
}

/// A good record is the same record after it was a line of a table, if it is one that can be written.
fn there_and_back(format: &Format, dialect: Dialect, record: &[u8]) {
    let (mut row, mut want) = (Row::default(), Vec::new());
    format.records[0].decode(record, &mut row);
    if !row.faults.is_empty() || format.records[0].encode(&row, &mut want).is_err() {
        return;
    }
    let Some(out) = table(format, dialect, Some(&row)) else { return };
    let shown = || String::from_utf8_lossy(&out).into_owned();
    let (mut lines, mut cells, mut back) = (Lines::new(&out[..], dialect), Vec::new(), Row::default());
    assert!(lines.next(&mut cells).expect("a header was written"));
    let header = Header::new(format, &cells, None).unwrap_or_else(|fault| panic!("{fault}: {}", shown()));
    assert!(lines.next(&mut cells).unwrap_or_else(|fault| panic!("{fault}: {}", shown())));
    header.fill(format, &dialect, &cells, &mut back).unwrap_or_else(|fault| panic!("{fault}: {}", shown()));
    let mut again = Vec::new();
    let written = format.records[0].encode(&back, &mut again);
    // Of alternatives and arrays that vary, what is null altogether is not there.
    if shows_alternatives(&format.records[0].layout.nodes) {
        return;
    }
    written.unwrap_or_else(|fault| panic!("{fault}: {}", shown()));
    assert_eq!(again, want, "{}", shown());
    assert!(!lines.next(&mut cells).expect("the end of the table"));
}

/// Whatever stands below the header: a line that makes a record makes the same one once more.
fn hostile_table(format: &Format, dialect: Dialect, lines: &[u8]) {
    let Some(mut out) = table(format, dialect, None) else { return };
    out.extend_from_slice(lines);
    let (mut lines, mut cells, mut row) = (Lines::new(&out[..], dialect), Vec::new(), Row::default());
    if !lines.next(&mut cells).expect("a header was written") {
        return;
    }
    let Ok(header) = Header::new(format, &cells, None) else { return };
    // Each turn takes bytes, so that this ends.
    let mut before = lines.bytes_read();
    loop {
        let next = lines.next(&mut cells);
        assert!(lines.bytes().len() as u64 <= lines.bytes_read() && lines.bytes_read() <= out.len() as u64);
        match next {
            Ok(false) => return,
            Ok(true) if header.fill(format, &dialect, &cells, &mut row).is_ok() => {
                assert!(row.text.len() <= 2 * lines.bytes().len());
                let mut record = Vec::new();
                if format.records[0].encode(&row, &mut record).is_ok() {
                    assert!(record.len() <= format.records[0].layout.length);
                    there_and_back(format, dialect, &record);
                }
            }
            Ok(true) | Err(_) => {}
        }
        assert!(lines.bytes_read() > before);
        before = lines.bytes_read();
    }
}

/// Records between delimiters: what decodes is written, cut out of a file again, and decodes to the same.
fn delimited(format: &Format, page: Page, bytes: &mut Bytes<'_>) {
    let record = format.records[0].clone();
    if !record.layout.is_flat() || page.is_wide() {
        return;
    }
    let Some(how) = random_form(page, bytes) else { return };
    let framing = Framing::Delimited(how);
    let record = record.with_delimited(Some(how));
    let mut cutter = Cutter::new(framing.clone(), bytes.0);
    let (mut framer, mut file, mut taken) = (Framer::new(framing.clone()), Vec::new(), Vec::new());
    let (mut row, mut back) = (Row::default(), Row::default());
    while let Ok(Some(cut)) = cutter.next() {
        record.decode(cut.bytes, &mut row);
        assert_eq!(row.cells.len(), record.layout.fields.len());
        assert!(row.faults.iter().all(|fault| fault.offset <= cut.bytes.len()), "{:?}", row.faults);
        assert!(row.repairs.iter().all(|repair| repair.offset <= cut.bytes.len()), "{:?}", row.repairs);
        assert!(row.text.len() <= 8 * cut.bytes.len() + 70 * record.layout.fields.len());
        let mut written = Vec::new();
        if !row.faults.is_empty() || record.encode(&row, &mut written).is_err() {
            continue;
        }
        record.decode(&written, &mut back);
        // Without a quote nothing tells an empty text from none.
        let told = |row: &Row| -> Vec<String> {
            let plain = |value: String| if value.is_empty() && how.quote.is_none() { "Null".to_owned() } else { value };
            shown(row).into_iter().map(plain).collect()
        };
        assert_eq!((&back.faults[..], told(&back)), (&[][..], told(&row)));
        if framer.put(&written, &mut file).is_ok() {
            taken.push(written);
        }
    }
    framer.finish(&mut file);
    let (mut cutter, mut found) = (Cutter::new(framing, &file[..]), Vec::new());
    while let Some(cut) = cutter.next().unwrap_or_else(|fault| panic!("{fault}: {file:02X?}")) {
        found.push(cut.bytes.to_vec());
    }
    assert_eq!(found, taken);
}

/// Every value as it is shown, whatever its place in the buffers.
fn shown(row: &Row) -> Vec<String> {
    let cell = |index: usize| match row.str(index) {
        Some(text) => text.to_owned(),
        None => format!("{:?}", row.cells[index]),
    };
    (0..row.cells.len()).map(cell).collect()
}

/// A form as the keys of a file format can have it.
fn random_form(page: Page, bytes: &mut Bytes<'_>) -> Option<Delimited> {
    let mut character = |all: &[char]| {
        let (mut out, character) = (Vec::new(), all[bytes.below(all.len())]);
        text::encode(page, character.encode_utf8(&mut [0; 4]), &mut out).ok()?;
        <[u8; 1]>::try_from(out).ok().map(|[byte]| byte)
    };
    let (field, quote, escape) = (character(&[',', ';', '|'])?, character(&['"', '\''])?, character(&['\\', '/'])?);
    let end = character(&['~', '^'])?;
    let pairs = match page {
        page if page.is_mixed() => Pairs::Shifted,
        page if page.is_ebcdic() || page == Page::Utf8 => Pairs::None,
        _ => Pairs::Lead,
    };
    let ending = if page.is_ebcdic() { LineEnding::Nel } else { LineEnding::CrLf };
    Some(Delimited {
        field,
        quote: bytes.flag().then_some(quote),
        escape: bytes.flag().then_some(escape),
        end: if bytes.flag() { RecordEnd::Byte(end) } else { RecordEnd::Line(ending) },
        pairs,
        point: bytes.of(b".,"),
        blank: page.blank(),
        max: 4096,
    })
}
