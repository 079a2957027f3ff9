//! Files of every framing: cut one by one, in batches and indexed, and written again.

use crate::bytes::Bytes;
use fpp_codecs::framing::{
    Batch, Blocks, ByLayout, Cutter, Delimited, Edge, Framer, Framing, Indexer, LengthField, LengthNumber, LengthOf,
    LineEnding, Pairs, Rdw, RecordEnd, TextLines,
};
use fpp_codecs::format::Format;
use std::sync::{Arc, LazyLock};

/// Cuts a file, and the file that its records make.
pub fn framing(data: &[u8]) {
    let mut bytes = Bytes(data);
    let framing = random_framing(&mut bytes);
    let pieces = 1 + bytes.below(40);
    let (records, good) = cut(&framing, bytes.0);
    let batches = batches(&framing, bytes.0);
    assert_eq!(batches.0, records, "{framing:?}");
    assert_eq!(batches.1, good, "{framing:?}");
    let mut indexer = Indexer::new(&framing, 1);
    bytes.0.chunks(pieces).for_each(|piece| indexer.feed(piece));
    let index = indexer.finish();
    assert!(index.len() <= 2 * bytes.0.len() + 2);
    let mut framer = Framer::new(framing.clone());
    let (mut file, mut taken) = (Vec::new(), Vec::new());
    for (_, record) in &records {
        if framer.put(record, &mut file).is_ok() {
            taken.push(record.clone());
        }
    }
    framer.finish(&mut file);
    let (again, good) = cut(&framing, &file);
    assert!(good, "{framing:?}");
    let again: Vec<_> = again.into_iter().map(|(_, record)| record).collect();
    assert_eq!(again, taken, "{framing:?}");
}

type Records = Vec<(u64, Vec<u8>)>;

fn cut(framing: &Framing, file: &[u8]) -> (Records, bool) {
    let (mut cutter, mut records) = (Cutter::new(framing.clone(), file), Vec::new());
    loop {
        match cutter.next() {
            Ok(Some(cut)) => records.push((cut.offset, cut.bytes.to_vec())),
            Ok(None) => return (records, true),
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return (records, false);
            }
        }
    }
}

fn batches(framing: &Framing, file: &[u8]) -> (Records, bool) {
    let mut cutter = Cutter::new(framing.clone(), file);
    let (mut batch, mut records) = (Batch::default(), Vec::new());
    loop {
        match cutter.next_batch(&mut batch) {
            Ok(true) => records.extend(batch.iter().map(|cut| (cut.offset, cut.bytes.to_vec()))),
            Ok(false) => return (records, true),
            Err(_) => return (records, false),
        }
    }
}

const ENDINGS: [LineEnding; 5] =
    [LineEnding::Lf, LineEnding::CrLf, LineEnding::EbcdicLf, LineEnding::EbcdicCrLf, LineEnding::Nel];

fn random_framing(bytes: &mut Bytes<'_>) -> Framing {
    let max = 20 + bytes.below(200);
    let rdw = Rdw { little: bytes.flag(), counts_itself: bytes.flag(), max };
    let ending = bytes.of(&ENDINGS);
    let plain = match bytes.below(9) {
        0 => Framing::Fixed { length: 1 + bytes.below(30) },
        1 => Framing::Lines { length: 1 + bytes.below(30), ending },
        2 => {
            let length = bytes.flag().then(|| 1 + bytes.below(20));
            Framing::Text(TextLines { length, pad: length.map(|_| 0x40), ending, max })
        }
        3 => Framing::Rdw(rdw),
        4 => Framing::Blocks(Blocks { rdw, spanned: bytes.flag(), block_bytes: 16 + bytes.below(90) }),
        5 => {
            let numbers = [LengthNumber::Big, LengthNumber::Little, LengthNumber::Digits { ebcdic: true }];
            Framing::LengthField(LengthField {
                at: bytes.below(5),
                bytes: 1 + bytes.below(8),
                number: bytes.of(&numbers),
                adjust: bytes.below(11) as i64 - 5,
                kept: bytes.flag(),
                max,
            })
        }
        6 => Framing::Delimited(Delimited {
            field: bytes.of(b",|;\x6B\\"),
            quote: bytes.flag().then_some(b'"'),
            escape: bytes.flag().then_some(b'\\'),
            end: if bytes.flag() { RecordEnd::Line(ending) } else { RecordEnd::Byte(b'~') },
            pairs: bytes.of(&[Pairs::None, Pairs::Lead, Pairs::Shifted]),
            point: b'.',
            blank: b' ',
            max,
        }),
        7 => counted(bytes.below(COUNTED.len())),
        _ => Framing::ByLayout(Arc::new(ByLayout {
            lengths: vec![
                LengthOf::new(bytes.below(3), vec![b'H'], 3 + bytes.below(20)),
                LengthOf::new(0, Vec::new(), 1 + bytes.below(20)),
            ],
            ending: bytes.flag().then_some(ending),
        })),
    };
    if bytes.flag() {
        let edge = |length: usize| Edge { length, begins: b"HDR"[..length.min(3)].to_vec() };
        let (header, trailer) = (edge(bytes.below(9)), edge(bytes.below(9)));
        return plain.within(header, trailer);
    }
    plain
}

/// Records that their own counters delimit: counters of every kind, nested, within alternatives, before each other.
const COUNTED: [&str; 5] = [
    "01 R. 02 N PIC 9. 02 X PIC X OCCURS 0 TO 9 DEPENDING ON N.",
    "01 R. 02 N PIC S9(3) COMP-3. 02 M PIC 9(4) COMP. 02 X OCCURS 0 TO 20 DEPENDING ON N. 03 K PIC 9. \
     03 Y PIC XX OCCURS 1 TO 4 DEPENDING ON K. 02 Z PIC X(3) OCCURS 0 TO 30 DEPENDING ON M.",
    "01 R. 02 A OCCURS 3. 03 N PIC 9(2) COMP-6. 03 X PIC X OCCURS 0 TO 50 DEPENDING ON N.",
    "01 R. 02 A PIC X(4). 02 B REDEFINES A. 03 N PIC 9. 03 M PIC 9 OCCURS 0 TO 2 DEPENDING ON N. 03 K PIC 9. \
     02 X PIC X OCCURS 0 TO 9 DEPENDING ON K.",
    "01 R. 02 N PIC S9(4) COMP-5. 02 X OCCURS 0 TO 300 DEPENDING ON N. 03 Y PIC X OCCURS 0 TO 1 DEPENDING ON N.",
];

fn counted(which: usize) -> Framing {
    static FRAMINGS: LazyLock<Vec<Framing>> = LazyLock::new(|| {
        let framing = |copybook: &&str| {
            let (mut format, _) = Format::parse("r.cpy", copybook, &mut |_| Err(String::new()), None).unwrap();
            format.reframe("by-layout").unwrap();
            format.framing
        };
        COUNTED.iter().map(framing).collect()
    });
    FRAMINGS[which].clone()
}
