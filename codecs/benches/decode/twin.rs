//! (d) The twin of PMTRD in GBK: lines of 400 bytes and CRLF, numbers as text.

use super::hand::{self, Sink};
use super::pmtrd;
use super::shape::{Hand, Shape, sample};
use fpp_codecs::text::Page;
use std::hint::black_box;
use std::sync::LazyLock;

const RECORD: usize = 402;
pub const HAND: Hand = Hand { name: "twin", record: RECORD, lines, typed };

pub fn shape() -> Shape {
    let value = |name: &str, n: usize| match name {
        "ACTDAT" => "20250620".into(),
        name => pmtrd::value(name, n),
    };
    Shape::new(&HAND, sample("pmtrd-gbk.toml"), 20_000, value)
}

static DOUBLE: LazyLock<Vec<u16>> = LazyLock::new(|| hand::double_table(Page::Gbk));

/// What a field is: text, digits with so many decimals, or the same with a sign in front.
#[derive(Clone, Copy)]
enum Is {
    Text,
    Digits,
    Signed(usize),
}

use Is::{Digits, Signed, Text};

/// Name, bytes and kind of each field, as one writes them down from the layout.
const FIELDS: [(&str, usize, Is); 32] = [
    ("\"RECTYP\":", 1, Text),
    (",\"SEQNO\":", 9, Digits),
    (",\"TRDNO\":", 20, Text),
    (",\"MATNO\":", 20, Text),
    (",\"ORDNO\":", 20, Text),
    (",\"TRDDAT\":", 8, Digits),
    (",\"ACTDAT\":", 8, Digits),
    (",\"TRDTS\":", 26, Text),
    (",\"MKTID\":", 2, Text),
    (",\"INSTID\":", 12, Text),
    (",\"INSTNM\":", 20, Text),
    (",\"BSFLG\":", 1, Text),
    (",\"OFFFLG\":", 1, Text),
    (",\"LOTS\":", 10, Signed(0)),
    (",\"QTY\":", 14, Signed(4)),
    (",\"UNIT\":", 2, Text),
    (",\"PRICE\":", 12, Signed(4)),
    (",\"AMT\":", 18, Signed(2)),
    (",\"FEE\":", 12, Signed(2)),
    (",\"PNL\":", 16, Signed(2)),
    (",\"CCY\":", 3, Text),
    (",\"CUSTNO\":", 16, Text),
    (",\"CUSTNM\":", 50, Text),
    (",\"ACCTNO\":", 24, Text),
    (",\"BRNO\":", 6, Text),
    (",\"CHNL\":", 3, Text),
    (",\"CPTY\":", 8, Text),
    (",\"STAT\":", 2, Text),
    (",\"ORGNO\":", 20, Text),
    (",\"VALDAT\":", 10, Text),
    (",\"EXRATE\":", 10, Signed(6)),
    (",\"FLAGS\":", 4, Text),
];

fn lines(file: &[u8], sink: &mut Sink) -> usize {
    let double: &[u16] = &DOUBLE;
    let mut good = 0;
    for (index, r) in file.chunks_exact(RECORD).enumerate() {
        let out = &mut sink.out;
        hand::head(out, index + 1, index * RECORD, ",\"type\":\"PMTRDD\",\"fields\":{");
        let (mut fine, mut at) = (r.ends_with(b"            \r\n"), 0);
        for (key, bytes, is) in FIELDS {
            out.extend_from_slice(key.as_bytes());
            let field = &r[at..at + bytes];
            at += bytes;
            fine &= match is {
                Text => hand::gbk(out, double, field),
                Digits => hand::digits(out, field, b'0', 0, false),
                Signed(decimals) => {
                    b"+-".contains(&field[0]) & hand::digits(out, &field[1..], b'0', decimals, field[0] == b'-')
                }
            };
        }
        out.extend_from_slice(b"}}\n");
        sink.end_line();
        good += usize::from(fine);
    }
    good
}

fn typed(file: &[u8]) -> usize {
    let double: &[u16] = &DOUBLE;
    let (mut texts, mut numbers): ([String; 32], [i64; 32]) = (Default::default(), [0; 32]);
    let (mut scratch, mut good) = (Vec::new(), 0);
    for r in file.chunks_exact(RECORD) {
        let (mut fine, mut at) = (r.ends_with(b"            \r\n"), 0);
        for ((text, number), (_, bytes, is)) in texts.iter_mut().zip(&mut numbers).zip(FIELDS) {
            let field = &r[at..at + bytes];
            at += bytes;
            match is {
                Text => {
                    scratch.clear();
                    fine &= hand::gbk(&mut scratch, double, field);
                    text.clear();
                    text.push_str(std::str::from_utf8(&scratch).unwrap());
                }
                Digits => *number = hand::digits_value(field, b'0', &mut fine),
                Signed(_) => {
                    fine &= b"+-".contains(&field[0]);
                    let value = hand::digits_value(&field[1..], b'0', &mut fine);
                    *number = if field[0] == b'-' { -value } else { value };
                }
            }
        }
        black_box((&texts, &numbers));
        good += usize::from(fine);
    }
    good
}
