//! The looks at a file's beginning: signs of damage and of another framing, told where they are and never of a good file.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::format::Format;
use fpp_codecs::framing::{Cutter, TextMode, likely_framing, misframed, text_mode, text_mode_damage};
use fpp_codecs::text::{self, Page};
use proptest::prelude::*;

fn format(ccsid: &str, framing: &str, fields: &str) -> Format {
    let text = format!(
        "name = \"F\"\nversion = \"1\"\nccsid = \"{ccsid}\"\n{framing}\n[[record]]\nname = \"R\"\nrole = \"detail\"\n{fields}"
    );
    Format::parse("f.toml", &text, &mut |_: &str| Err("none".to_owned()), None).unwrap().0
}

fn fixed(ccsid: &str, length: usize, fields: &str) -> Format {
    format(ccsid, &format!("framing = \"fixed\"\nlength = {length}"), fields)
}

fn field(name: &str, words: &str) -> String {
    format!("[[record.field]]\nname = \"{name}\"\n{words}\n")
}

fn damage(format: &Format, file: &[u8]) -> Option<String> {
    text_mode_damage(format, file, file.len() as u64)
}

fn framed(format: &Format, file: &[u8]) -> Option<String> {
    misframed(format, file, file.len() as u64)
}

/// Values that begin with 2025 are 20 25 in packed digits, and small binary numbers 20 and 30 to 39: ASCII's blank and
/// digits.
#[test]
fn numbers_that_look_like_ascii_are_no_damage() {
    let packed: String =
        (0..4).map(|n| field(&format!("P{n}"), "type = \"packed\"\ndigits = 11\ndecimals = 2")).collect();
    let file: Vec<u8> = (0..400).flat_map(|n| [0x20, 0x25, 0x03, 0x20, n as u8 % 10 * 16, 0x3C]).collect();
    assert_eq!(damage(&fixed("37", 24, &packed), &file), None);
    let binary = field("B", "type = \"binary\"\ndigits = 4");
    assert_eq!(damage(&fixed("37", 2, &binary), &[0x20, 0x30, 0x31, 0x32, 0x33, 0x20]), None);
    let zoned = field("Z", "type = \"zoned\"\ndigits = 4\nencoding = \"ascii\"");
    assert_eq!(damage(&fixed("37", 4, &zoned), b"123412341234"), None);
    // 6682 in binary is 1A1A.
    let binary = field("B", "type = \"binary\"\ndigits = 4");
    assert_eq!(damage(&fixed("utf-8", 2, &binary), &[0x1A, 0x1A, 0, 1]), None);
    // A text over a number: the number's bytes may be anything.
    let over =
        field("B", "type = \"binary\"\ndigits = 4") + &field("C", "type = \"char\"\nlength = 2\nredefines = \"B\"");
    assert_eq!(damage(&fixed("37", 2, &over), &[0x20, 0x30, 0x31, 0x32, 0x33, 0x20]), None);
}

#[test]
fn text_beside_numbers_still_shows_damage() {
    let fields =
        field("P", "type = \"packed\"\ndigits = 11\ndecimals = 2") + &field("C", "type = \"char\"\nlength = 6");
    let file: Vec<u8> = b"\x20\x25\x03\x20\x10\x3CAB 12 ".repeat(20);
    let said = damage(&fixed("37", 12, &fields), &file).unwrap();
    assert!(said.contains("of the first 120 characters 80 are ASCII digits or blanks, 0 EBCDIC ones"), "{said}");
}

fn gbk(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    text::encode(Page::Gbk, text, &mut bytes).unwrap();
    bytes
}

/// Conversions whose outcome can be read: each is named, and the good file beside it is not.
#[test]
fn conversions_that_leave_readable_nonsense_are_doubted_and_good_files_are_not() {
    let text = |length: usize| field("C", &format!("type = \"char\"\nlength = {length}"));
    let lines = |length: usize| format!("framing = \"lines\"\nlength = {length}\nline_end = \"lf\"");
    let of = |ccsid: &str, length: usize| format(ccsid, &lines(length), &text(length));
    let packed = text(4) + &field("P", "type = \"packed\"\ndigits = 7\ndecimals = 2");
    let names = ["张伟", "王芳", "李娜", "刘洋", "东锦", "民族", "上海黄金", "联通"];
    let rows = |name: &dyn Fn(&str) -> Vec<u8>, width: usize| -> Vec<u8> {
        let row = |(n, text): (usize, &&str)| {
            let mut row = format!("R{n:05}").into_bytes();
            row.extend(name(text));
            row.resize(row.len().max(width), b' ');
            row.push(b'\n');
            row
        };
        names.iter().enumerate().flat_map(row).collect()
    };
    let chinese = rows(&gbk, 16);
    let only: Vec<u8> = "帮助民生数据路线春花四川".repeat(9).chars().flat_map(|c| gbk(&c.to_string())).collect();
    let numbers = |bytes: [u8; 4]| [&[0xC1, 0xC2, 0xC3, 0x40][..], &bytes].concat().repeat(20);
    let doubts = [
        // EBCDIC where the layout is GBK: letters are pairs, digits and blanks are, too.
        (fixed("gbk", 4, &text(4)), [0xD9, 0xC5, 0xC3, 0xF1].repeat(4), "EBCDIC digits or blanks"),
        (of("gbk", 4), [0xD9, 0xC5, 0xC3, 0xF1, 0x0A].repeat(4), "EBCDIC digits or blanks"),
        (
            fixed("utf-8", 8, &text(8)),
            vec![0xF1, 0xF2, 0xC1, 0x40, 0x40, 0x40, 0x40, 0x40],
            "16 characters 14 are EBCDIC",
        ),
        // GBK that became UTF-8.
        (of("gbk", 16), rows(&|text| text.as_bytes().to_vec(), 16), "are UTF-8, the first at byte 7"),
        (fixed("gbk", 17, &text(17)), rows(&|text| text.as_bytes().to_vec(), 16), "are UTF-8, the first at byte 7"),
        // Each character became `?`, or each byte of it.
        (of("gbk", 16), rows(&|text| vec![b'?'; gbk(text).len()], 16), "`??` (3F3F) at 8 places, the first at byte 7"),
        (of("950", 16), rows(&|text| vec![b'?'; text.chars().count()], 16), "`??` (3F3F) at 8 places"),
        // Packed numbers that a program read as text and wrote again.
        (fixed("37", 8, &packed), numbers([0x12, 0x3F, 0x3F, 0x0F]), "of the first 20 packed numbers 20 hold 3F"),
        (fixed("gbk", 8, &packed), numbers([0xEF, 0xBF, 0xBD, 0x0F]), "of the first 20 packed numbers 20 hold 3F"),
        (
            of("gbk", 16),
            rows(&|_| vec![b'A', 0xEF, 0xBF, 0xBD], 16),
            "8 replacement characters EFBFBD, the first at byte 8",
        ),
    ];
    for (format, mut file, sign) in doubts {
        if sign.starts_with("16") {
            file = file.repeat(2);
        }
        match text_mode(&format, &file, file.len() as u64) {
            TextMode::Doubtful(said) => assert!(said.contains(sign), "{said} lacks {sign}"),
            other => panic!("{sign}: {other:?}"),
        }
        assert_eq!(damage(&format, &file), None);
    }
    let good = [
        (of("gbk", 16), chinese.clone()),
        (fixed("gbk", 17, &text(17)), chinese),
        (fixed("gbk", only.len() / 9, &text(only.len() / 9)), only),
        (of("utf-8", 16), rows(&|text| text.as_bytes().to_vec(), 16)),
        (of("gbk", 16), rows(&|text| [gbk(text), b"??".to_vec()].concat(), 16)),
        (of("gbk", 16), b"R00001 SURE??    \nR00002 SURE.    \n".to_vec()),
        (fixed("37", 8, &packed), numbers([0x12, 0x34, 0x56, 0x3F])),
        // One number of many is dirt.
        (
            fixed("37", 8, &packed),
            [numbers([0x12, 0x34, 0x56, 0x7F]), numbers([0, 0x3F, 0, 0x0F])[..8].to_vec()].concat(),
        ),
    ];
    for (format, file) in good {
        assert_eq!(text_mode(&format, &file, file.len() as u64), TextMode::Untouched, "{file:02X?}");
    }
}

fn lines(end: &[u8], content: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    (0..80).flat_map(|n| [content(n), end.to_vec()].concat()).collect()
}

fn words(content: impl Fn(usize) -> Vec<u8>) -> Vec<u8> {
    let word = |length: usize| [((length + 4) as u16).to_be_bytes().to_vec(), vec![0, 0]].concat();
    (0..80).flat_map(|n| [word(content(n).len()), content(n)].concat()).collect()
}

/// Eighty lines of eighty bytes and a line end are eighty-one records of eighty bytes, of which none is bad.
#[test]
fn lines_and_words_between_records_are_seen_where_a_length_cuts_without_fault() {
    let layout = field("C", "type = \"char\"\nlength = 80");
    let text = |n: usize| format!("{:<80}", format!("NAME {n}")).into_bytes();
    let said = framed(&fixed("utf-8", 80, &layout), &lines(b"\n", text)).unwrap();
    assert!(said.contains("--framing lines,lf,length=80"), "{said}");
    let ebcdic = |n: usize| [vec![0xD5, 0xC1, 0xF0 + (n % 10) as u8], vec![0x40; 77]].concat();
    let said = framed(&fixed("37", 80, &layout), &lines(&[0x15], ebcdic)).unwrap();
    assert!(said.contains("--framing lines,nel,length=80"), "{said}");
    let said = framed(&fixed("37", 80, &layout), &words(ebcdic)).unwrap();
    assert!(said.contains("--framing rdw,big"), "{said}");
    // The same where the framing is right, and where a record has such a word or end of its own.
    assert_eq!(framed(&format("37", "framing = \"rdw\"", &layout), &words(ebcdic)), None);
    assert_eq!(framed(&fixed("37", 84, &field("C", "type = \"char\"\nlength = 84")), &words(ebcdic)), None);
    assert_eq!(framed(&fixed("37", 81, &field("C", "type = \"char\"\nlength = 81")), &lines(b"\n", text)), None);
}

/// Segments with words of the other order, cut by the length of the longest: a shorter reading of a record's last part is
/// a length of it, and a file of an odd size that ends in zeros is no file of one length.
#[test]
fn segments_with_words_are_seen_where_the_longest_one_cuts_without_fault() {
    let layout = field("SEG", "type = \"char\"\nlength = 5")
        + &field("STATIC", "type = \"char\"\nlength = 59")
        + &field("CONTACT", "type = \"char\"\nlength = 55\nredefines = \"STATIC\"");
    let record = |n: usize, length: usize| {
        let word = [(length as u16 + 4).to_le_bytes().to_vec(), vec![0, 0]].concat();
        [word, vec![0xE2, 0xF0 + (n % 10) as u8], vec![0x40; length - 2]].concat()
    };
    let file =
        |short: usize| -> Vec<u8> { (0..64).flat_map(|n| record(n, if n % 2 == 0 { 64 } else { short })).collect() };
    let format = fixed("37", 64, &layout);
    assert_eq!(file(60).len() % 64, 0);
    let said = framed(&format, &file(60)).unwrap();
    assert!(said.contains("--framing rdw,little"), "{said}");
    assert_eq!((file(40).len() % 64, framed(&format, &file(40))), (0, None));
    let odd = [file(40), vec![0; 4]].concat();
    let said = framed(&format, &odd).unwrap();
    assert!(said.contains("--framing rdw,little"), "{said}");
    assert_eq!(framed(&format, &[vec![0x40; 64 * 40], vec![0; 4]].concat()), None);
}

/// Blocks read as records with a word: each word is right, and each record as long as no record of the layout.
#[test]
fn blocks_that_are_read_as_records_are_seen() {
    let layout = field("C", "type = \"char\"\nlength = 80");
    let record = |n: usize| [vec![0x00, 0x54, 0, 0, 0xF0 + (n % 10) as u8], vec![0x40; 79]].concat();
    let file = words(|n| record(n).repeat(3));
    let said = framed(&format("37", "framing = \"rdw\"", &layout), &file).unwrap();
    assert!(said.contains("--framing vb,big"), "{said}");
    assert_eq!(framed(&format("37", "framing = \"vb\"", &layout), &file), None);
}

/// A block's word looks like a record's: who names blocks is not told that they are records.
#[test]
fn damaged_blocks_are_not_called_records() {
    let layout = field("C", "type = \"char\"\nlength = 8");
    let format = format("37", "framing = \"vbs\"", &layout);
    // Segments 1 and 2 of a record whose last segment is missing.
    let block = |control: u8| [&[0, 16, 0, 0, 0, 12, control, 0][..], &[0xC1; 8]].concat();
    let file = [block(0), block(0), block(1), block(0), block(0)].concat();
    let mut cutter = Cutter::new(format.framing, file.as_slice());
    let fault = loop {
        match cutter.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("no fault"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(fault.contains("lacks its last segment") && !fault.contains("RDW"), "{fault}");
}

#[test]
fn lines_of_any_length_are_a_likely_framing() {
    let layout = field("C", "type = \"char\"\nlength = 79");
    let text = |n: usize| format!("{:<80}", format!("NAME {n}")).into_bytes();
    let file = lines(b"\n", text);
    assert_eq!(framed(&fixed("utf-8", 79, &layout), &file), None);
    let said = likely_framing(&fixed("utf-8", 79, &layout), &file, file.len() as u64).unwrap();
    assert!(said.contains("every 80 bytes a line end 0A stands"), "{said}");
}

/// Bytes that line ends, words and blanks consist of, more often than chance would have them.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => any::<u8>(),
        2 => prop::sample::select(vec![0x00, 0x04, 0x08, 0x0A, 0x0C, 0x0D, 0x15, 0x25]),
        1 => prop::sample::select(vec![0x20, 0x30, 0x35, 0x40, 0xF0, 0x1A, 0x3F]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Any bytes are good records of binary fields.
    #[test]
    fn a_good_file_is_never_told_of(
        length in 1usize..200,
        records in prop::collection::vec(prop::collection::vec(byte(), 200), 1..20),
        same in any::<bool>(),
        times in 1usize..8,
        ebcdic in any::<bool>(),
    ) {
        let hex = field("H", &format!("type = \"hex\"\nlength = {length}"));
        let format = fixed(if ebcdic { "37" } else { "gbk" }, length, &hex);
        let records: Vec<&[u8]> = records.iter().map(|record| &record[..length]).collect();
        let file = match same {
            true => records[0].repeat(records.len() * times),
            false => records.concat().repeat(times),
        };
        prop_assert_eq!(text_mode(&format, &file, file.len() as u64), TextMode::Untouched);
        prop_assert_eq!(framed(&format, &file), None);
    }

    /// Numbers that repeat themselves may look like words at ever other places.
    #[test]
    fn equal_numbers_are_no_words(number in byte(), other in byte(), count in 1usize..40, records in 1usize..60) {
        let length = count * 4;
        let hex = field("H", &format!("type = \"hex\"\nlength = {length}"));
        let file = [[0, number, 0, 0], [0, other, 0, 0]].concat().repeat(records * count).split_off(0);
        let file = &file[..records * length];
        prop_assert_eq!(framed(&fixed("37", length, &hex), file), None);
    }
}
