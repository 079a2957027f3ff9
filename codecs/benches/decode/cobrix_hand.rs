//! (e) by hand: one loop for each of Cobrix' three shapes.

use super::hand::{self, Sink};
use super::shape::Hand;
use fpp_codecs::text::Page;
use std::hint::black_box;
use std::sync::LazyLock;

pub const WIDE: Hand = Hand { name: "wide", record: WIDE_BYTES, lines: wide_lines, typed: wide_typed };
/// A company and its three contacts, each behind its record descriptor word.
pub const NARROW: Hand =
    Hand { name: "narrow", record: 68 + 3 * 64, lines: narrow_lines, typed: |file| segments_typed(file, 64) };
/// A company with its array and one contact.
pub const ARRAY: Hand =
    Hand { name: "array", record: 16_068 + 64, lines: array_lines, typed: |file| segments_typed(file, 16_064) };

const WIDE_BYTES: usize = 1341;
const PACKED: usize = 60;
const ZONED: usize = 20;
const BINARY: usize = 7;
const TEXTS: usize = 80;

/// Where zoned, binary and text fields begin.
const ZONED_AT: usize = PACKED * 6;
const BINARY_AT: usize = ZONED_AT + ZONED * 8;
const TEXT_AT: usize = BINARY_AT + BINARY * 4;

static TABLE: LazyLock<[u8; 256]> = LazyLock::new(|| hand::ascii_table(Page::Cp37));

static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let kinds = [("AMOUNT", PACKED), ("DATE", ZONED), ("COUNT", BINARY), ("TEXT", TEXTS)];
    let names = kinds.iter().flat_map(|(kind, count)| (0..*count).map(move |n| format!("{kind}{n:02}")));
    names.enumerate().map(|(at, name)| format!("{}\"{name}\":", if at == 0 { "" } else { "," })).collect()
});

/// The 80 texts: ten bytes each, the last one three.
fn texts(record: &[u8]) -> impl Iterator<Item = &[u8]> {
    record[TEXT_AT..].chunks(10)
}

fn wide_lines(file: &[u8], sink: &mut Sink) -> usize {
    let (table, keys): (&[u8; 256], &[String]) = (&TABLE, &KEYS);
    let mut good = 0;
    for (index, record) in file.chunks_exact(WIDE_BYTES).enumerate() {
        let (out, mut fine) = (&mut sink.out, true);
        hand::head(out, index + 1, index * WIDE_BYTES, ",\"type\":\"WIDE\",\"fields\":{");
        let mut keys = keys.iter();
        let mut key = |out: &mut Vec<u8>| out.extend_from_slice(keys.next().unwrap().as_bytes());
        for field in record[..ZONED_AT].chunks_exact(6) {
            key(out);
            fine &= hand::packed(out, field, 2);
        }
        for field in record[ZONED_AT..BINARY_AT].chunks_exact(8) {
            key(out);
            fine &= hand::digits(out, field, 0xF0, 0, false);
        }
        for field in record[BINARY_AT..TEXT_AT].chunks_exact(4) {
            key(out);
            binary(out, field);
        }
        for field in texts(record) {
            key(out);
            fine &= hand::text(out, table, field);
        }
        out.extend_from_slice(b"}}\n");
        sink.end_line();
        good += usize::from(fine);
    }
    good
}

fn binary_value(field: &[u8]) -> i32 {
    i32::from_be_bytes(field.try_into().unwrap())
}

fn binary(out: &mut Vec<u8>, field: &[u8]) {
    let value = binary_value(field);
    if value < 0 {
        out.push(b'-');
    }
    hand::whole(out, value.unsigned_abs() as usize);
}

/// A record as a program of its own would hold it.
struct Wide {
    amounts: [i64; PACKED],
    dates: [i64; ZONED],
    counts: [i32; BINARY],
    texts: [String; TEXTS],
}

fn wide_typed(file: &[u8]) -> usize {
    let table: &[u8; 256] = &TABLE;
    let texts_of_none = std::array::from_fn(|_| String::new());
    let mut row = Wide { amounts: [0; PACKED], dates: [0; ZONED], counts: [0; BINARY], texts: texts_of_none };
    let mut good = 0;
    for record in file.chunks_exact(WIDE_BYTES) {
        let mut fine = true;
        for (value, field) in row.amounts.iter_mut().zip(record[..ZONED_AT].chunks_exact(6)) {
            *value = hand::packed_value(field, &mut fine);
        }
        for (value, field) in row.dates.iter_mut().zip(record[ZONED_AT..BINARY_AT].chunks_exact(8)) {
            *value = hand::digits_value(field, 0xF0, &mut fine);
        }
        for (value, field) in row.counts.iter_mut().zip(record[BINARY_AT..TEXT_AT].chunks_exact(4)) {
            *value = binary_value(field);
        }
        for (text, field) in row.texts.iter_mut().zip(texts(record)) {
            hand::text_value(text, table, field, &mut fine);
        }
        let Wide { amounts, dates, counts, texts } = black_box(&row);
        black_box((amounts, dates, counts, texts));
        good += usize::from(fine);
    }
    good
}

/// Segments and where each begins, behind its record descriptor word.
fn segments(file: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let length = file.get(at..at + 2).map(|length| usize::from(u16::from_be_bytes([length[0], length[1]])))?;
        let segment = (at + 4, &file[at + 4..at + length]);
        at += length;
        Some(segment)
    })
}

const COMPANY: u8 = 0xC3;
const CONTACT: u8 = 0xD7;

/// A field of text, its key in front.
fn text(out: &mut Vec<u8>, table: &[u8; 256], key: &str, field: &[u8]) -> bool {
    out.extend_from_slice(key.as_bytes());
    hand::text(out, table, field)
}

fn contact(out: &mut Vec<u8>, table: &[u8; 256], r: &[u8]) -> bool {
    text(out, table, "\"SEGMENT\":", &r[..5])
        & text(out, table, ",\"COMPANY\":", &r[5..15])
        & text(out, table, ",\"PHONE\":", &r[15..32])
        & text(out, table, ",\"PERSON\":", &r[32..60])
}

fn lines(file: &[u8], sink: &mut Sink, company: impl Fn(&mut Vec<u8>, &[u8; 256], &[u8]) -> bool) -> usize {
    let table: &[u8; 256] = &TABLE;
    let mut good = 0;
    for (index, (at, r)) in segments(file).enumerate() {
        let out = &mut sink.out;
        let fine = match r[0] {
            COMPANY => {
                hand::head(out, index + 1, at, ",\"type\":\"COMPANY\",\"fields\":{");
                company(out, table, r)
            }
            CONTACT => {
                hand::head(out, index + 1, at, ",\"type\":\"CONTACT\",\"fields\":{");
                contact(out, table, r)
            }
            _ => false,
        };
        out.extend_from_slice(b"}}\n");
        sink.end_line();
        good += usize::from(fine);
    }
    good
}

fn narrow_lines(file: &[u8], sink: &mut Sink) -> usize {
    lines(file, sink, |out, table, r| {
        let fine = text(out, table, "\"SEGMENT\":", &r[..5])
            & text(out, table, ",\"COMPANY\":", &r[5..15])
            & text(out, table, ",\"NAME\":", &r[15..30])
            & text(out, table, ",\"ADDRESS\":", &r[30..55])
            & text(out, table, ",\"TAXTYPE\":", &r[55..56]);
        out.extend_from_slice(b",\"TAXPAYER\":");
        fine & hand::digits(out, &r[56..64], 0xF0, 0, false)
    })
}

fn array_lines(file: &[u8], sink: &mut Sink) -> usize {
    lines(file, sink, |out, table, r| {
        let mut fine = text(out, table, "\"SEGMENT\":", &r[..5])
            & text(out, table, ",\"COMPANY\":", &r[5..15])
            & text(out, table, ",\"NAME\":", &r[15..64]);
        out.extend_from_slice(b",\"STRATEGY\":[");
        for (n, pair) in r[64..].chunks_exact(8).enumerate() {
            out.extend_from_slice(if n == 0 { b"{\"NUM1\":" } else { b",{\"NUM1\":" });
            binary(out, &pair[..4]);
            out.extend_from_slice(b",\"NUM2\":");
            fine &= hand::packed(out, &pair[4..], 0);
            out.push(b'}');
        }
        out.push(b']');
        fine
    })
}

/// A segment of either kind; what the other kind has alone is left as it was.
#[derive(Default)]
struct Segment {
    segment: String,
    company: String,
    name: String,
    address: String,
    taxtype: String,
    taxpayer: i64,
    pairs: Vec<(i32, i64)>,
    phone: String,
    person: String,
}

fn segments_typed(file: &[u8], company_bytes: usize) -> usize {
    let table: &[u8; 256] = &TABLE;
    let (mut row, mut good) = (Segment::default(), 0);
    for (_, r) in segments(file) {
        let mut fine = true;
        hand::text_value(&mut row.segment, table, &r[..5], &mut fine);
        hand::text_value(&mut row.company, table, &r[5..15], &mut fine);
        match r[0] {
            COMPANY if company_bytes == 64 => {
                hand::text_value(&mut row.name, table, &r[15..30], &mut fine);
                hand::text_value(&mut row.address, table, &r[30..55], &mut fine);
                hand::text_value(&mut row.taxtype, table, &r[55..56], &mut fine);
                row.taxpayer = hand::digits_value(&r[56..64], 0xF0, &mut fine);
            }
            COMPANY => {
                hand::text_value(&mut row.name, table, &r[15..64], &mut fine);
                row.pairs.clear();
                row.pairs.extend(
                    r[64..]
                        .chunks_exact(8)
                        .map(|pair| (binary_value(&pair[..4]), hand::packed_value(&pair[4..], &mut fine))),
                );
            }
            CONTACT => {
                hand::text_value(&mut row.phone, table, &r[15..32], &mut fine);
                hand::text_value(&mut row.person, table, &r[32..60], &mut fine);
            }
            _ => fine = false,
        }
        let Segment { taxpayer, .. } = *black_box(&row);
        black_box(taxpayer);
        good += usize::from(fine);
    }
    good
}
