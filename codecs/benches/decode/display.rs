//! (a) DISPLAY: ten fields X(50) in cp037, the shape copybook-rs publishes, on data that decodes.

use super::hand::{self, Sink};
use super::shape::{Hand, Shape, own};
use fpp_codecs::text::Page;
use std::hint::black_box;

const RECORD: usize = 500;
const KEYS: [&str; 10] = [
    "\"F01\":",
    ",\"F02\":",
    ",\"F03\":",
    ",\"F04\":",
    ",\"F05\":",
    ",\"F06\":",
    ",\"F07\":",
    ",\"F08\":",
    ",\"F09\":",
    ",\"F10\":",
];

pub const HAND: Hand = Hand { name: "display", record: RECORD, lines, typed };

pub fn shape() -> Shape {
    let fields: String =
        (1..=10).map(|n| format!("[[field]]\nname = \"F{n:02}\"\ntype = \"char\"\nlength = 50\n")).collect();
    let source = own("display.toml", &format!("name = \"DISPLAY\"\nccsid = \"37\"\n{fields}"));
    // The texts of copybook-rs' own generator: 13 to 50 characters, the rest blank.
    let value = |name: &str, n: usize| {
        let full = format!("FIELD{}_{n:06}_ABCDEFGHIJKLMNOPQRSTUVWXYZ1234567890", &name[1..]);
        full[..full.len().min(50 - n * 7 % 37)].to_owned()
    };
    Shape::new(&HAND, source, 20_000, value)
}

fn lines(file: &[u8], sink: &mut Sink) -> usize {
    let table = hand::ascii_table(Page::Cp37);
    let mut good = 0;
    for (index, record) in file.chunks_exact(RECORD).enumerate() {
        let mut fine = true;
        hand::head(&mut sink.out, index + 1, index * RECORD, ",\"type\":\"DISPLAY\",\"fields\":{");
        for (key, field) in KEYS.iter().zip(record.chunks_exact(50)) {
            sink.out.extend_from_slice(key.as_bytes());
            fine &= hand::text(&mut sink.out, &table, field);
        }
        sink.out.extend_from_slice(b"}}\n");
        sink.end_line();
        good += usize::from(fine);
    }
    good
}

fn typed(file: &[u8]) -> usize {
    let table = hand::ascii_table(Page::Cp37);
    let mut row: [String; 10] = Default::default();
    let mut good = 0;
    for record in file.chunks_exact(RECORD) {
        let mut fine = true;
        for (text, field) in row.iter_mut().zip(record.chunks_exact(50)) {
            hand::text_value(text, &table, field, &mut fine);
        }
        black_box(&row);
        good += usize::from(fine);
    }
    good
}
