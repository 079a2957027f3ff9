//! What stands before the first record and behind the last one and belongs to none: a byte-order mark, runs of 00.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod cutting;

use cutting::{Cuts, Trickle, cut_all};
use fpp_codecs::format::Format;
use fpp_codecs::framing::{Batch, Cutter, Indexer, Place};

/// A format of one record.
fn format(keys: &str, fields: &[(&str, &str)]) -> Format {
    let mut text = format!("name = \"F\"\nversion = \"1\"\n{keys}\n[[record]]\nname = \"R\"\nrole = \"detail\"\n");
    for (name, words) in fields {
        text += &format!("[[record.field]]\nname = \"{name}\"\n{words}\n");
    }
    Format::parse("f.toml", &text, &mut |_: &str| Err("none".to_owned()), None).unwrap().0
}

const CHAR: (&str, &str) = ("C", "type = \"char\"\nlength = 4");
const PACKED: (&str, &str) = ("P", "type = \"packed\"\ndigits = 7");

fn fixed(ccsid: &str, fields: &[(&str, &str)]) -> Format {
    format(&format!("ccsid = \"{ccsid}\"\nframing = \"fixed\"\nlength = {}", fields.len() * 4), fields)
}

/// The records, in pieces of any size and in batches alike, and what is remarked.
fn cut(format: &Format, file: &[u8]) -> (Cuts, Option<String>, Vec<String>) {
    let mut cutter = Cutter::of(format, Trickle(file, 1));
    let (cuts, error) = cut_all(&mut cutter);
    let remarks = cutter.remarks();
    for step in [2, 3, 5, 7, 4096] {
        let mut cutter = Cutter::of(format, Trickle(file, step));
        assert_eq!(cut_all(&mut cutter).0, cuts, "pieces of {step}");
        assert_eq!(cutter.remarks(), remarks);
    }
    if error.is_none() {
        let (mut cutter, mut batch, mut batched) = (Cutter::of(format, file), Batch::default(), Cuts::new());
        while cutter.next_batch(&mut batch).unwrap() {
            batched.extend(batch.iter().map(|cut| (cut.n, cut.offset, cut.bytes.to_vec())));
        }
        assert_eq!((batched, cutter.remarks()), (cuts.clone(), remarks.clone()));
    }
    (cuts, error.map(|error| error.to_string()), remarks)
}

/// Every way into the middle of a file: by an index, and by arithmetic.
fn from_the_middle(format: &Format, file: &[u8], cuts: &Cuts) {
    let mut indexer = Indexer::of(format, 1);
    file.chunks(3).for_each(|chunk| indexer.feed(chunk));
    let index = indexer.finish();
    assert_eq!(index.len(), cuts.len());
    for (n, _, bytes) in cuts {
        let told = format.framing.place(&index, 1, *n);
        let head = || Ok::<_, ()>(file[..file.len().min(3)].to_vec());
        let place = told.behind_mark(format, head).unwrap();
        let mut cutter = Cutter::of(format, &file[place.offset as usize..]).starting(place);
        let cut = cutter.next().unwrap().unwrap();
        assert_eq!((cut.n, cut.bytes), (*n, &bytes[..]));
        let (_, offset, _) = &cuts[*n as usize - 1];
        assert_eq!(cut.offset, *offset);
    }
}

#[test]
fn one_mark_is_taken_off_before_the_first_record_whatever_cuts_the_file() {
    let by_layout = "ccsid = \"utf-8\"\nframing = \"by-layout\"\n";
    let ending = "ccsid = \"gbk\"\nframing = \"by-layout\"\nline_end = \"lf\"\n";
    let byte = "ccsid = \"gbk\"\nframing = \"delimited\"\nrecord_delimiter = \"~\"\n";
    let line = "ccsid = \"utf-8\"\nframing = \"delimited\"\nline_end = \"lf\"\n";
    let wide = &[0, b'a', 0, b'b', 0, b'c', 0, b'd'];
    let none: &[u8] = &[];
    type Case<'a> = (Format, &'a [u8], &'a [u8], &'a [u8]);
    let cases: [Case<'_>; 9] = [
        (fixed("utf-8", &[CHAR]), b"\xEF\xBB\xBF", b"abcdefgh", none),
        (fixed("gbk", &[CHAR, PACKED]), b"\xEF\xBB\xBF", b"abcd\x00\x00\x12\x3Fefgh\x00\x00\x00\x0F", none),
        (fixed("utf-8", &[CHAR]), b"\xEF\xBB\xBF", b"abcdefgh", b"\0\0\0"),
        (fixed("1200", &[CHAR]), b"\xFE\xFF", wide, none),
        (fixed("13488", &[CHAR]), b"\xFE\xFF", wide, none),
        (format(by_layout, &[CHAR]), b"\xEF\xBB\xBF", b"abcdefgh", none),
        (format(ending, &[CHAR]), b"\xEF\xBB\xBF", b"abcd\nefgh\n", none),
        (format(byte, &[CHAR]), b"\xEF\xBB\xBF", b"abcd~efgh~", none),
        (format(line, &[CHAR]), b"\xEF\xBB\xBF", b"abcd\nefgh\n", none),
    ];
    for (format, mark, records, tail) in cases {
        let (plain, error, none) = cut(&format, records);
        assert_eq!((error, none.len(), plain.len()), (None, 0, 2), "{:?}", format.framing);
        let file = [mark, records, tail].concat();
        let (cuts, error, remarks) = cut(&format, &file);
        let moved: Cuts = plain.iter().map(|(n, at, bytes)| (*n, at + mark.len() as u64, bytes.clone())).collect();
        assert_eq!((&cuts, error), (&moved, None), "{:?}", format.framing);
        assert!(remarks[0].starts_with("a BOM ("), "{remarks:?}");
        assert_eq!(remarks.len(), 1 + usize::from(!tail.is_empty()), "{remarks:?}");
        from_the_middle(&format, &file, &cuts);
        from_the_middle(&format, records, &plain);
        // One, and only at the front.
        let twice = cut(&format, &[mark, mark, records].concat()).0;
        assert!(twice.is_empty() || twice[0].2.starts_with(mark), "{:?}", format.framing);
    }
}

#[test]
fn what_a_record_begins_with_is_no_mark() {
    let file = b"\xEF\xBB\xBF\x0Fabcd";
    for format in [fixed("utf-8", &[PACKED, CHAR]), fixed("37", &[CHAR, ("D", "type = \"char\"\nlength = 4")])] {
        let (cuts, error, remarks) = cut(&format, file);
        assert_eq!((cuts, error, remarks.len()), (vec![(1, 0, file.to_vec())], None, 0));
        let place = Place { n: 2, offset: 8, left: 0 };
        assert_eq!(place.behind_mark(&format, || Err("nobody asks")), Ok(place));
    }
    // A file header comes first, and whatever it is, it is no record.
    let mut edged = fixed("utf-8", &[CHAR]);
    edged.reframe("fixed,length=4,header-bytes=4").unwrap();
    assert_eq!(cut(&edged, file).0, [(1, 4, b"abcd".to_vec())]);
}

#[test]
fn the_other_byte_order_is_named() {
    for ccsid in ["1200", "13488"] {
        let (cuts, error, _) = cut(&fixed(ccsid, &[CHAR]), b"\xFF\xFEa\0b\0c\0d\0");
        let error = error.unwrap();
        assert!(cuts.is_empty());
        assert!(error.contains("record 1 at byte 0 begins with FFFE") && error.contains("UTF-16BE"), "{error}");
    }
}

/// A record of nothing but 00 may be one: it stays, and is told of where the layout begins with a character.
#[test]
fn runs_of_00_that_fill_whole_records_at_the_end_are_told() {
    let told = |count: &str| format!("the last {count} nothing but 00: perhaps what fills a block, and no record");
    let text = fixed("gbk", &[CHAR]);
    // A run that is longer than a line is cut into none.
    let lines = format("ccsid = \"gbk\"\nframing = \"lines\"\nline_end = \"lf\"\nlength = 8", &[CHAR, ("E", CHAR.1)]);
    let tail = [&b"ABCDEFGH\nABCDEFGH\n"[..], &[0; 40]].concat();
    let line = b"ABCDEFGH\n\0\0\0\0\0\0\0\0\n";
    let cases: [(&Format, &[u8], usize, Vec<String>); 9] = [
        (&lines, &tail, 2, vec!["40 bytes 00 follow the last record".to_owned()]),
        (&lines, line, 2, vec![told("record is")]),
        (&text, b"ABCD\0\0\0\0\0\0\0\0", 3, vec![told("2 records are")]),
        (&text, b"ABCD\0\0\0\0", 2, vec![told("record is")]),
        (&text, b"ABCD\0\0\0\0\0\0", 2, vec![told("record is"), "2 bytes 00 follow the last record".to_owned()]),
        (&text, b"ABCD\0\0\0\0EFGH", 3, Vec::new()),
        (&text, b"ABCD\x1A\x1A\x1A\x1A", 1, vec!["4 bytes 1A follow the last record".to_owned()]),
        (&fixed("37", &[CHAR]), b"\xC1\xC2\xC3\xC4\0\0\0\0", 2, vec![told("record is")]),
        (&fixed("37", &[("B", "type = \"binary\"\ndigits = 9")]), b"\0\0\0\x01\0\0\0\0", 2, Vec::new()),
    ];
    for (format, file, records, remarks) in cases {
        let (cuts, error, said) = cut(format, file);
        assert_eq!((cuts.len(), error, said), (records, None, remarks), "{file:?}");
    }
}
