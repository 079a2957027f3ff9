//! Whole files: cutting, indexing, order, control totals and signs of damage, on files of the sample formats.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod cutting;

use cutting::{Trickle, cut, cut_all};
use fpp_codecs::code::Code;
use fpp_codecs::controls::Tally;
use fpp_codecs::format::order::Order;
use fpp_codecs::format::{Format, Role};
use fpp_codecs::framing::{Cutter, Framing, Indexer, LineEnding, Place, text_mode_damage};
use fpp_codecs::json;
use fpp_codecs::record::Row;
use proptest::prelude::*;

fn format(name: &str) -> Format {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/layouts/");
    let mut read = |name: &str| std::fs::read_to_string(format!("{folder}{name}")).map_err(|e| e.to_string());
    let text = read(name).unwrap();
    Format::parse(name, &text, &mut read, None).unwrap().0
}

/// A row with every field's value as text; fields that are not named are zero or blank.
fn row(format: &Format, role: Role, values: &[(&str, &str)]) -> Row {
    let mut row = Row::default();
    for field in &format.record(role).unwrap().layout.fields {
        let given = values.iter().find(|(name, _)| *name == field.name).map(|(_, value)| *value);
        let default = match field.name.as_str() {
            name if name.ends_with("TS") && field.bytes == 26 => "2025-06-20-21.03.04.000001",
            "VALDAT" => "2025-06-23",
            "FLAGS" => "00FF",
            _ if field.kind.has_page() && field.kind.own_bytes().is_none() => "",
            _ => "0",
        };
        row.push_text(given.unwrap_or(default));
    }
    row
}

/// Three trades: 1000.00 bought, 250.50 and 0.01 sold.
fn trades(format: &Format) -> Vec<u8> {
    let trade = |n: &str, side: &str, amount: &str, account: &str| {
        let name = [("CUSTNM", "约翰·史密斯"), ("INSTNM", "黄金延期 T+D"), ("QTY", "12.3456")];
        let values = [("RECTYP", "D"), ("SEQNO", n), ("BSFLG", side), ("AMT", amount), ("ACCTNO", account)];
        row(format, Role::Detail, &[&values[..], &name[..]].concat())
    };
    let rows = [
        (Role::Header, row(format, Role::Header, &[("RECTYP", "H"), ("FILEID", "PMTRD"), ("BIZDAT", "20250620")])),
        (Role::Detail, trade("1", "0", "1000.00", "6222-0001")),
        (Role::Detail, trade("2", "1", "250.50", "")),
        (Role::Detail, trade("3", "1", "0.01", "9")),
        (
            Role::Trailer,
            row(
                format,
                Role::Trailer,
                &[
                    ("RECTYP", "T"),
                    ("SEQNO", "999999999"),
                    ("TOTCNT", "3"),
                    ("TOTAMT", "1250.51"),
                    ("TOTQTY", "37.0368"),
                    ("BUYCNT", "1"),
                    ("BUYAMT", "1000"),
                    ("SELCNT", "2"),
                    ("SELAMT", "250.51"),
                    ("HASHTOT", "62220010"),
                ],
            ),
        ),
    ];
    let mut file = Vec::new();
    for (role, row) in &rows {
        format.record(*role).unwrap().encode(row, &mut file).unwrap();
        file.extend(format.framing.ending());
    }
    file
}

#[test]
fn a_file_of_trades_decodes_adds_up_and_goes_through_json() {
    for name in ["pmtrd.toml", "pmtrd-gbk.toml"] {
        let format = format(name);
        let file = trades(&format);
        let mut tally = Tally::new(format.controls.as_ref().unwrap());
        let mut order = Order::new(&format);
        let (mut row, mut from_json, mut line, mut again) = (Row::default(), Row::default(), Vec::new(), Vec::new());
        let mut cutter = Cutter::new(format.framing.clone(), &file[..]);
        let mut totals = Vec::new();
        while let Some(cut) = cutter.next().unwrap() {
            let index = format.select(cut.bytes).unwrap();
            let record = &format.records[index];
            record.decode(cut.bytes, &mut row);
            assert_eq!(row.faults, [], "{name} {}", record.layout.name);
            order.feed(index).unwrap();
            match record.role {
                Role::Detail => tally.add(index, &row),
                Role::Header | Role::Trailer => tally.promise(index, &row),
            }
            totals = tally.totals();
            line.clear();
            json::write(record, cut.n, cut.offset, &row, &mut line);
            let index = json::read(&format, std::str::from_utf8(&line).unwrap(), &mut from_json).unwrap();
            format.records[index].encode(&from_json, &mut again).unwrap();
            again.extend(format.framing.ending());
        }
        order.finish().unwrap();
        assert_eq!(again, file, "{name}");
        assert_eq!(totals.len(), 8);
        for total in &totals {
            assert!(total.agrees, "{name} {total:?}");
        }
        assert_eq!(tally.count(), 3);
        let expected = "{\"n\":4,\"offset\":1440,\"type\":\"PMTRDD\",\"fields\":{\"RECTYP\":\"D\",\"SEQNO\":\"3\",";
        let shown = json_of(&format, &file, 3);
        assert!(name != "pmtrd.toml" || shown.starts_with(expected), "{shown}");
        assert!(shown.contains("\"CUSTNM\":\"约翰·史密斯\"") && shown.contains("\"AMT\":\"0.01\""), "{shown}");
    }
}

fn json_of(format: &Format, file: &[u8], index: usize) -> String {
    let (cuts, _) = cut(&format.framing, file, 4096);
    let (n, offset, bytes) = &cuts[index];
    let (mut row, mut line) = (Row::default(), Vec::new());
    let record = &format.records[format.select(bytes).unwrap()];
    record.decode(bytes, &mut row);
    json::write(record, *n, *offset, &row, &mut line);
    String::from_utf8(line).unwrap()
}

#[test]
fn an_unreadable_amount_leaves_its_totals_unproven() {
    let format = format("pmtrd.toml");
    let mut file = trades(&format);
    file[2 * 480 + 178] = 0xFF; // AMT of the second trade
    let mut tally = Tally::new(format.controls.as_ref().unwrap());
    let (mut row, mut trailer) = (Row::default(), Row::default());
    for record in file.chunks(480) {
        match format.records[format.select(record).unwrap()].role {
            Role::Detail => {
                format.records[1].decode(record, &mut row);
                tally.add(1, &row);
            }
            Role::Trailer => format.records[2].decode(record, &mut trailer),
            Role::Header => {}
        }
    }
    tally.promise(2, &trailer);
    let bad: Vec<_> = tally.totals().into_iter().filter(|t| !t.agrees).collect();
    let shown: Vec<_> =
        bad.iter().map(|t| (t.name.as_str(), t.promised.as_str(), t.found.as_str(), t.unreadable)).collect();
    assert_eq!(shown, [("TOTAMT", "1250.51", "1000.01", 1), ("SELAMT", "250.51", "0.01", 1)]);
    let line = json_of(&format, &file, 2);
    let faults = line.split_once("\"faults\":").unwrap().1;
    assert_eq!(faults, "[{\"field\":\"AMT\",\"code\":\"FPP2001\",\"offset\":178,\"detail\":\"not a digit\"}]}\n");
    assert!(!line.contains("\"AMT\":"));
}

#[test]
fn the_order_of_records_is_told_at_its_first_violation() {
    let format = format("pmtrd.toml");
    let walk = |roles: &[Role]| {
        let mut order = Order::new(&format);
        let fed = roles.iter().try_for_each(|role| {
            let index = format.records.iter().position(|record| record.role == *role).unwrap();
            order.feed(index)
        });
        fed.and_then(|()| order.finish()).map_err(|f| (f.code, f.detail))
    };
    let (h, d, t) = (Role::Header, Role::Detail, Role::Trailer);
    assert_eq!(walk(&[h, d, d, t]), Ok(()));
    assert_eq!(walk(&[h, t]), Ok(()));
    assert_eq!(walk(&[d, t]), Err((Code::HEADER, "the first record is not the header".into())));
    assert_eq!(walk(&[h, h, t]), Err((Code::HEADER, "a second header".into())));
    assert_eq!(walk(&[h, d]), Err((Code::TRAILER, "no trailer".into())));
    assert_eq!(walk(&[h, t, d]), Err((Code::TRAILER, "a record follows the trailer".into())));
    assert_eq!(walk(&[]), Err((Code::HEADER, "no header".into())));
}

#[test]
fn legal_oddities_are_remarked_and_others_stop_the_cutting() {
    let lines = &Framing::Lines { length: 3, ending: LineEnding::CrLf };
    let fixed = &Framing::Fixed { length: 3 };
    type Case<'a> = (&'a Framing, &'static [u8], usize, Option<&'static str>, usize);
    let cases: [Case<'_>; 12] = [
        (lines, b"abc\r\ndef\r\n", 2, None, 0),
        (lines, b"abc\r\ndef", 2, None, 1),
        (lines, b"abc\ndef\r\n", 2, None, 1),
        (lines, b"abc\r\ndef\r\n\x1A\x1A", 2, None, 1),
        (lines, b"\xEF\xBB\xBFabc\r\ndef\r\n\x1A", 2, None, 2),
        (lines, b"\xEF\xBB\xBF\r\ndef\r\n", 2, None, 0),
        (lines, b"abc\r\nde\r\nabc\r\n", 1, Some("FPP1003: record 2 at byte 5 has 2 bytes, 3 are due"), 0),
        (lines, b"abc\r\ndefg\r\n", 1, Some("FPP1003: record 2 at byte 5 has no line end after 3 bytes"), 0),
        (lines, b"", 0, None, 0),
        (fixed, b"abcdef", 2, None, 0),
        (fixed, b"abcdef\0\0", 2, None, 1),
        (fixed, b"abcde", 1, Some("FPP1003: record 2 at byte 3 has 2 bytes, 3 are due"), 0),
    ];
    for (framing, file, records, error, remarks) in cases {
        let mut cutter = Cutter::new(framing.clone(), Trickle(file, 1));
        let (cuts, found) = cut_all(&mut cutter);
        let (shown, said) = (found.map(|e| e.to_string()), cutter.remarks());
        assert_eq!((cuts.len(), shown.as_deref(), said.len()), (records, error, remarks), "{file:?} {said:?}");
    }
}

#[test]
fn a_file_converted_as_text_is_recognised_and_a_good_one_is_not() {
    let format = format("pmtrd.toml");
    let file = trades(&format);
    assert_eq!(text_mode_damage(&format, &file, file.len() as u64), None);
    let gbk = self::format("pmtrd-gbk.toml");
    let lines = trades(&gbk);
    assert_eq!(text_mode_damage(&gbk, &lines, lines.len() as u64), None);
    let mut damaged: Vec<u8> = file.iter().map(as_text).collect();
    damaged.insert(480, 0x0A);
    let said = text_mode_damage(&format, &damaged, damaged.len() as u64).unwrap();
    for sign in ["`H`", "ASCII digits", "3F or 1A", "1 too many"] {
        assert!(said.contains(sign), "{said}");
    }
    // A program that read it as a PC's text and wrote UTF-8.
    let latin: String = file.iter().map(|byte| char::from(*byte)).collect();
    let said = text_mode_damage(&format, latin.as_bytes(), latin.len() as u64).unwrap();
    assert!(said.contains("C3B0 to C3B9"), "{said}");
    let replaced = String::from_utf8_lossy(&file);
    let said = text_mode_damage(&format, replaced.as_bytes(), replaced.len() as u64).unwrap();
    assert!(said.contains("replacement characters EFBFBD at byte 1"), "{said}");
    let mut lossy = lines.clone();
    lossy[450..456].copy_from_slice(&[0xEF, 0xBF, 0xBD, 0xEF, 0xBF, 0xBD]);
    assert!(text_mode_damage(&gbk, &lossy, lossy.len() as u64).unwrap().contains("byte 451"));
}

/// Records with descriptor words: their words are converted too, and nothing can be cut any more.
#[test]
fn a_converted_file_is_recognised_whatever_frames_its_records() {
    use fpp_codecs::framing::{Blocks, Edge, Framer, Rdw};
    let mut format = format("pmtrd.toml");
    let records: Vec<Vec<u8>> = trades(&format).chunks(480).map(<[u8]>::to_vec).collect();
    let rdw = Rdw { little: false, counts_itself: true, max: 480 };
    let blocks = Blocks { rdw, spanned: false, block_bytes: 2000 };
    let edge = |length| Edge { length, begins: Vec::new() };
    for (framing, name) in [
        (Framing::Rdw(rdw), "RDW"),
        (Framing::Blocks(blocks), "BDW"),
        (Framing::Rdw(rdw).within(edge(64), edge(8)), "RDW"),
    ] {
        let (mut framer, mut file) = (Framer::new(framing.clone()), Vec::new());
        records.iter().for_each(|record| framer.put(record, &mut file).unwrap());
        framer.finish(&mut file);
        format.framing = framing;
        assert_eq!(text_mode_damage(&format, &file, file.len() as u64), None);
        let damaged: Vec<u8> = file.iter().map(as_text).collect();
        let said = text_mode_damage(&format, &damaged, damaged.len() as u64).unwrap();
        assert!(said.contains("`H`") && said.contains(&format!("which is no {name}")), "{said}");
    }
}

/// What a conversion from 37 does: digits, letters and blanks become ASCII, everything else a substitute.
fn as_text(b: &u8) -> u8 {
    match b {
        0x40 => b' ',
        0xF0..=0xF9 => b - 0xC0,
        0xC1..=0xC9 => b - 0x80,
        0xE2..=0xE9 => b - 0x8F,
        _ => 0x3F,
    }
}

proptest! {
    #[test]
    fn pieces_of_any_size_are_cut_and_indexed_alike(
        length in 1usize..30,
        count in 0usize..40,
        step in 1usize..70,
        every in 1u32..9,
        framing in 0..5,
        odd in 0..4,
        byte in any::<u8>(),
    ) {
        let ending = [LineEnding::Lf, LineEnding::CrLf, LineEnding::EbcdicLf, LineEnding::EbcdicCrLf];
        let framing = match framing {
            4 => Framing::Fixed { length },
            index => Framing::Lines { length, ending: ending[index as usize] },
        };
        // Records full of a line end's bytes must not matter, but for a carriage return at the end of a line.
        let mut record: Vec<u8> = [byte, 0x0D, 0x25, 0x0A, 0x15].iter().cycle().take(length).copied().collect();
        if odd == 1 {
            record.fill(b'x');
        }
        record[length - 1] = if record[length - 1] == 0x0D { b'x' } else { record[length - 1] };
        // A record that is nothing but 1A is the end of a file, and refused on writing.
        if record == [0x1A] {
            record.fill(b'x');
        }
        let mut file = Vec::new();
        if odd == 1 && matches!(framing.ending(), b"\n" | b"\r\n") && count > 0 {
            file.extend([0xEF, 0xBB, 0xBF]);
        }
        for _ in 0..count {
            file.extend(&record);
            file.extend(framing.ending());
        }
        if odd == 2 && count > 0 {
            file.truncate(file.len() - framing.ending().len());
        }
        if odd == 3 && length > 1 {
            file.push(0x1A);
        }
        let (cuts, error) = cut(&framing, &file, step);
        prop_assert!(error.is_none(), "{:?}", error);
        prop_assert_eq!(cuts.len(), count);
        let mut indexer = Indexer::new(&framing, every);
        file.chunks(step).for_each(|piece| indexer.feed(piece));
        let wanted: Vec<_> = cuts.iter().map(|c| c.1).step_by(every as usize).collect();
        prop_assert_eq!(indexer.finish(), wanted.clone());
        if let Some(offset) = wanted.get(1) {
            let n = 1 + u64::from(every);
            let mut cutter = Cutter::new(framing.clone(), &file[*offset as usize..]).starting(Place { n, offset: *offset, left: 0 });
            let cut = cutter.next().unwrap().unwrap();
            prop_assert_eq!((cut.n, cut.offset, cut.bytes), (n, *offset, &cuts[every as usize].2[..]));
        }
    }

    #[test]
    fn random_files_never_panic(file in prop::collection::vec(any::<u8>(), 0..200), length in 1usize..50, step in 1usize..40) {
        for framing in [Framing::Fixed { length }, Framing::Lines { length, ending: LineEnding::Lf }] {
            cut(&framing, &file, step);
            let mut indexer = Indexer::new(&framing, 3);
            file.chunks(step).for_each(|piece| indexer.feed(piece));
            indexer.finish();
        }
    }
}

#[test]
fn numbers_in_text_cells_are_as_good_as_decimals() {
    let format = format("pmtrd.toml");
    let record = format.record(Role::Trailer).unwrap();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let mut row = row(&format, Role::Trailer, &[("RECTYP", "T"), ("TOTAMT", "-12.50")]);
    record.encode(&row, &mut a).unwrap();
    let index = record.field("TOTAMT").unwrap();
    row.cells[index] = fpp_codecs::record::Decimal { unscaled: -125, scale: 1 }.into();
    record.encode(&row, &mut b).unwrap();
    assert_eq!(a, b);
}
