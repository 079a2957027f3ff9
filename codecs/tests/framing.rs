//! Framings by example: what the manuals say, what is told of broken files, what may stand before, after and between records.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod cutting;

use cutting::{cut, cut_all, frame};
use fpp_codecs::framing::{
    Blocks, Cutter, Delimited, Edge, Framing, LineEnding, Pairs, Piece, Place, Rdw, RecordEnd, Scanner, TextLines,
};

#[test]
fn the_place_of_a_fixed_record_is_arithmetic() {
    let fixed = Framing::Fixed { length: 480 };
    assert_eq!(fixed.place(&[], 1024, 18), Place { n: 18, offset: 17 * 480, left: 0 });
    assert_eq!(Framing::Rdw(Rdw { little: false, counts_itself: true, max: 9 }).place(&[], 1024, 18), Place::START);
}

#[test]
fn broken_frames_say_what_is_likely_meant() {
    let rdw = |little, counts_itself| Framing::Rdw(Rdw { little, counts_itself, max: 100 });
    let rdw_of = |max| Framing::Rdw(Rdw { little: false, counts_itself: true, max });
    let big = rdw(false, true);
    let blocks = |spanned| {
        Framing::Blocks(Blocks { rdw: Rdw { little: false, counts_itself: true, max: 100 }, spanned, block_bytes: 40 })
    };
    let written = |framing: &Framing| frame(framing, &vec![b"abcdefgh".to_vec(); 4]).0;
    let cases: Vec<(Framing, Vec<u8>, &str)> = vec![
        (
            big.clone(),
            written(&rdw(true, true)),
            "record 1 at byte 0 is said to have 3068 bytes, more than the most, 100; it looks like records with an RDW: framing = \"rdw\", endian = \"little\", counts_itself = true",
        ),
        (
            big.clone(),
            b"\0\0\x0C\0abcdefgh".to_vec(),
            "begins with the RDW 00000C00, whose last two bytes are not as they must be; it looks like records with an RDW: framing = \"rdw\", endian = \"little\", counts_itself = true",
        ),
        (
            big.clone(),
            written(&rdw(false, false)),
            "; it looks like records with an RDW: framing = \"rdw\", endian = \"big\", counts_itself = false",
        ),
        (
            rdw_of(30),
            written(&blocks(false)),
            "; it looks like BDW blocks: framing = \"vb\", endian = \"big\", counts_itself = true",
        ),
        (Framing::Fixed { length: 9 }, written(&blocks(true)), "has 2 bytes, 9 are due; it looks like BDW blocks"),
        (
            Framing::Fixed { length: 7 },
            b"abcdefgh\r\nabcdefgh\r\nabcdefgh\r\n".to_vec(),
            "every 8 bytes a line end 0D0A stands: framing = \"lines\", length = 8, line_end = \"crlf\"",
        ),
        (
            big.clone(),
            b"0048 records".to_vec(),
            "these are characters: the file may have no RDW, or was converted as text",
        ),
        (
            big.clone(),
            b"\0\x0C\x01\0abcdefgh".to_vec(),
            "whose last two bytes are not as they must be; the record may be in segments: framing = \"vbs\"",
        ),
        (big.clone(), b"\0\x0C\0\0abcdefg".to_vec(), "record 1 at byte 0 has 11 bytes, 12 are due"),
        (
            big,
            b"\0\x05\0\0a\0\x02\0\0bc".to_vec(),
            "record 2 at byte 5 begins with the RDW 00020000, which is no length; the length may leave out its own bytes",
        ),
        (
            blocks(false),
            b"\0\x0C\0\0\0\x0C\0\0abcdefgh".to_vec(),
            "is said to have 8 bytes, and its block ends after 4",
        ),
        (blocks(true), b"\0\x0A\0\0\0\x06\x02\0ab".to_vec(), "begins with segment 2, and no segment 1 came"),
        (blocks(true), b"\0\x10\0\0\0\x06\x01\0ab\0\x06\0\0ab".to_vec(), "lacks its last segment: segment 0 follows"),
        (blocks(true), b"\0\x0A\0\0\0\x06\x01\0ab".to_vec(), "lacks its last segment: the file ends"),
    ];
    for (framing, file, wanted) in cases {
        let error = cut(&framing, &file, 3).1.unwrap_or_default();
        assert!(error.contains(wanted), "{framing}: {file:?}\n  {error}");
    }
}

#[test]
fn descriptor_words_are_those_of_the_manual() {
    // A record of 3 bytes has the RDW 0007 0000; a block of it the BDW 000B 0000.
    let ibm = Rdw { little: false, counts_itself: true, max: 100 };
    let records = [b"abc".to_vec(), b"".to_vec()];
    assert_eq!(frame(&Framing::Rdw(ibm), &records).0, b"\0\x07\0\0abc\0\x04\0\0");
    let vb = Framing::Blocks(Blocks { rdw: ibm, spanned: false, block_bytes: 100 });
    assert_eq!(frame(&vb, &records).0, b"\0\x0F\0\0\0\x07\0\0abc\0\x04\0\0");
    let bare = Rdw { little: true, counts_itself: false, max: 100 };
    assert_eq!(frame(&Framing::Rdw(bare), &records).0, b"\x03\0\0\0abc");
    let vbs = Framing::Blocks(Blocks { rdw: ibm, spanned: true, block_bytes: 16 });
    assert_eq!(
        frame(&vbs, &[b"0123456789abcdefghij".to_vec()]).0,
        b"\0\x10\0\0\0\x0C\x01\x0001234567\0\x10\0\0\0\x0C\x03\x0089abcdef\0\x0C\0\0\0\x08\x02\0ghij"
    );
    // A block of more than 32,767 bytes has 31 bits of length.
    let record = [b"\x80\0\0\x0B\0\x07\0\0abc".to_vec()].concat();
    assert_eq!(cut(&vb, &record, 1).0[0], (1, 8, b"abc".to_vec()));
}

#[test]
fn a_refused_record_takes_no_other_with_it() {
    let rdw = Rdw { little: false, counts_itself: false, max: 20 };
    let blocks = Framing::Blocks(Blocks { rdw, spanned: false, block_bytes: 22 });
    let (file, taken) = frame(&blocks, &[vec![13; 11], Vec::new(), vec![13; 21], vec![7; 9]]);
    assert_eq!(taken, [vec![13; 11], vec![7; 9]]);
    assert_eq!(cut(&blocks, &file, 1).0.len(), 2);
}

#[test]
fn blocks_that_are_read_as_records_are_remarked() {
    let rdw = Rdw { little: false, counts_itself: true, max: 100 };
    let blocks = Framing::Blocks(Blocks { rdw, spanned: false, block_bytes: 100 });
    let (file, _) = frame(&blocks, &[b"abc".to_vec(), b"defg".to_vec()]);
    let mut cutter = Cutter::new(Framing::Rdw(rdw), &file[..]);
    assert_eq!(cut_all(&mut cutter).0.len(), 1);
    assert!(cutter.remarks()[0].contains("perhaps framing = \"vb\""));
    let mut cutter = Cutter::new(Framing::Rdw(rdw), &b"\0\x07\0\0abc"[..]);
    cut_all(&mut cutter);
    assert!(cutter.remarks().is_empty());
}

#[test]
fn text_lines_vary_and_short_ones_are_filled_only_when_asked() {
    let text = |length: Option<usize>, pad| Framing::Text(TextLines { length, pad, ending: LineEnding::CrLf, max: 9 });
    let lines = |framing: &Framing, file: &[u8]| {
        let mut cutter = Cutter::new(framing.clone(), file);
        let (cuts, error) = cut_all(&mut cutter);
        let texts: Vec<_> = cuts.into_iter().map(|cut| String::from_utf8(cut.2).unwrap()).collect();
        (texts.join("|"), error.map(|e| e.to_string()).unwrap_or_default(), cutter.remarks().join("; "))
    };
    let file = b"\xEF\xBB\xBFab\r\n\nabcd\r\nabc\x1A\x1A";
    let (texts, error, remarks) = lines(&text(None, None), file);
    assert_eq!((texts.as_str(), error.as_str()), ("ab||abcd|abc", ""));
    for remark in ["a BOM", "1 lines end in another", "last line has no", "2 bytes 1A follow"] {
        assert!(remarks.contains(remark), "{remarks}");
    }
    let (texts, error, remarks) = lines(&text(Some(4), Some(b' ')), file);
    assert_eq!((texts.as_str(), error.as_str()), ("ab  |    |abcd|abc ", ""));
    assert!(remarks.contains("3 lines were short"), "{remarks}");
    let (_, error, _) = lines(&text(Some(4), None), file);
    assert!(error.ends_with("record 1 at byte 3 has 2 bytes, 4 are due; blanks at the end may have been cut off on the way: short_lines = \"pad\""), "{error}");
    let (_, error, _) = lines(&text(Some(4), Some(b' ')), b"abcde\n");
    assert_eq!(error, "FPP1003: record 1 at byte 0 has no line end after 4 bytes");
    let (_, error, _) = lines(&text(None, None), b"0123456789abc");
    assert_eq!(error, "FPP1003: record 1 at byte 0 has no line end after 9 bytes");
    let ebcdic = Framing::Text(TextLines { length: None, pad: None, ending: LineEnding::Nel, max: 9 });
    let cuts = cut(&ebcdic, b"\xC1\x15\xC2\x25\xC3\x0D\x25\xC4", 2).0;
    assert_eq!(cuts.iter().map(|cut| cut.2[0]).collect::<Vec<_>>(), [0xC1, 0xC2, 0xC3, 0xC4]);
}

#[test]
fn what_follows_the_last_line_is_no_line_however_long_it_is() {
    for tail in [1, 2, 5, 20, 10_000] {
        for (byte, last) in [0x00, 0x1A].into_iter().flat_map(|byte| [(byte, "abcd\n"), (byte, "abcd")]) {
            let file = [b"efgh\n", last.as_bytes(), &vec![byte; tail]].concat();
            let framing = Framing::Lines { length: 4, ending: LineEnding::Lf };
            let mut cutter = Cutter::new(framing, &file[..]);
            let (cuts, error) = cut_all(&mut cutter);
            let told = (cuts.last().map(|cut| cut.2.clone()), cuts.len(), error.is_none(), cutter.remarks().join("; "));
            assert_eq!((told.0.as_deref(), told.1, told.2), (Some(&b"abcd"[..]), 2, true), "{tail} {byte} {last:?}");
            assert!(told.3.ends_with(&format!("{tail} bytes {byte:02X} follow the last record")), "{}", told.3);
        }
    }
}

#[test]
fn edges_are_skipped_or_checked() {
    let edge = |length, begins: &[u8]| Edge { length, begins: begins.to_vec() };
    let framing = Framing::Fixed { length: 2 }.within(edge(4, b"HD"), edge(3, b"T"));
    assert_eq!(cut(&framing, b"HDxxaabbTyy", 1), (vec![(1, 4, b"aa".to_vec()), (2, 6, b"bb".to_vec())], None));
    for (file, wanted) in [
        (&b"XDxxaabbTyy"[..], "a file header that does not begin with the bytes the format says"),
        (b"HDxxaabbyyy", "record 3 at byte 8 has a file trailer that does not begin"),
        (b"HD", "the file has 2 bytes, its header and trailer have 7"),
        (b"HDxxT", "the file has 5 bytes, its header and trailer have 7"),
        (b"HDxxaabTyy", "record 2 at byte 6 has 1 bytes, 2 are due"),
    ] {
        let error = cut(&framing, file, 1).1.unwrap_or_default();
        assert!(error.contains(wanted), "{file:?} {error}");
    }
}

#[test]
fn delimiters_within_characters_and_strings_do_not_count() {
    let how = |pairs, field| Delimited {
        field,
        quote: Some(b'"'),
        escape: None,
        end: RecordEnd::Line(LineEnding::Lf),
        pairs,
        point: b'.',
        blank: b' ',
        max: 1000,
    };
    let split = |how: Delimited, record: &[u8]| {
        let mut pieces = Vec::new();
        Scanner::new(how).fields(record, &mut |piece: Piece| pieces.push(piece));
        pieces.iter().map(|piece| record[piece.from..piece.to].to_vec()).collect::<Vec<_>>()
    };
    // 東 is 967C, whose second byte is `|`; 㛃 is 8230B731 in GB 18030; a lead byte alone hides nothing.
    let gbk = how(Pairs::Lead, b'|');
    let record = b"\x96\x7C|\x82\x30\xB7\x31|\"a|\n\"\"b\"|\x81|\x81";
    let fields: [&[u8]; 5] = [b"\x96\x7C", b"\x82\x30\xB7\x31", b"a|\n\"\"b", b"\x81", b"\x81"];
    let file = [record, &b"\nx|\x81\ny"[..]].concat();
    let cuts = cut(&Framing::Delimited(gbk), &file, 1).0;
    assert_eq!(cuts.iter().map(|cut| cut.2.len()).collect::<Vec<_>>(), [record.len(), 3, 1]);
    // 81 7C is a character of GBK, so the fourth field ends with the record.
    let joined = split(gbk, record);
    assert_eq!(joined[..3], fields[..3]);
    assert_eq!(joined[3], b"\x81|\x81");
    // Between SO and SI every pair is a character: 6B6B is none of two commas.
    let mixed = Delimited { end: RecordEnd::Line(LineEnding::Nel), blank: 0x40, ..how(Pairs::Shifted, 0x6B) };
    assert_eq!(split(mixed, b"\xC1\x0E\x6B\x6B\x7F\x7F\x0F\x6B\xC2"), [&b"\xC1\x0E\x6B\x6B\x7F\x7F\x0F"[..], b"\xC2"]);
    let open = cut(&Framing::Delimited(gbk), b"a|\"b\nc", 2).1.unwrap();
    assert!(open.contains("has a string that is not closed before the file ends"), "{open}");
}
