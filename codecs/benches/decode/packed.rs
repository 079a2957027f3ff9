//! (b) COMP-3: ten fields S9(9)V99, 60 bytes, the other shape copybook-rs publishes.

use super::hand::{self, Sink};
use super::shape::{Hand, Shape, own};
use std::hint::black_box;

const RECORD: usize = 60;
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

pub const HAND: Hand = Hand { name: "packed", record: RECORD, lines, typed };

pub fn shape() -> Shape {
    let fields: String = (1..=10)
        .map(|n| format!("[[field]]\nname = \"F{n:02}\"\ntype = \"packed\"\ndigits = 11\ndecimals = 2\n"))
        .collect();
    let source = own("packed.toml", &format!("name = \"COMP3\"\nccsid = \"37\"\n{fields}"));
    // Amounts of every size, a third of them negative.
    let value = |name: &str, n: usize| {
        let field: usize = name[1..].parse().unwrap();
        let cents = (n * 7_919 + field * 104_729) * 31 % 10usize.pow((3 + (n + field) % 9) as u32);
        format!("{}{}.{:02}", if (n + field).is_multiple_of(3) { "-" } else { "" }, cents / 100, cents % 100)
    };
    Shape::new(&HAND, source, 150_000, value)
}

fn lines(file: &[u8], sink: &mut Sink) -> usize {
    let mut good = 0;
    for (index, record) in file.chunks_exact(RECORD).enumerate() {
        let mut fine = true;
        hand::head(&mut sink.out, index + 1, index * RECORD, ",\"type\":\"COMP3\",\"fields\":{");
        for (key, field) in KEYS.iter().zip(record.chunks_exact(6)) {
            sink.out.extend_from_slice(key.as_bytes());
            fine &= hand::packed(&mut sink.out, field, 2);
        }
        sink.out.extend_from_slice(b"}}\n");
        sink.end_line();
        good += usize::from(fine);
    }
    good
}

fn typed(file: &[u8]) -> usize {
    let mut row = [0i64; 10];
    let mut good = 0;
    for record in file.chunks_exact(RECORD) {
        let mut fine = true;
        for (value, field) in row.iter_mut().zip(record.chunks_exact(6)) {
            *value = hand::packed_value(field, &mut fine);
        }
        black_box(&row);
        good += usize::from(fine);
    }
    good
}
