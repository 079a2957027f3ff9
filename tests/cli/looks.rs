//! What decode says of a file that it can decode, and that may be meant otherwise: another framing, another code page.

use super::{folder, run};

const CARD: &str = "       01  CARD.\n           05  NAME  PIC X(30).\n           05  TEXT1 PIC X(50).\n";

#[test]
fn lines_that_are_read_as_fixed_records_are_told() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("x.cpy", CARD.as_bytes());
    let lines: String = (0..80).map(|n| format!("{:<80}\n", format!("NAME {n}"))).collect();
    write("x.txt", lines.as_bytes());
    let decode = |more: &[&str]| {
        let (code, _, notes) = run(here.path(), &[&["decode", "x.cpy", "x.txt", "--ccsid", "utf-8"], more].concat());
        (code, notes)
    };
    let (code, notes) = decode(&[]);
    assert_eq!(code, 0, "{notes}");
    assert!(notes.contains("warning: the records do not lie as the layout says"), "{notes}");
    assert!(notes.contains("--framing lines,lf,length=80"), "{notes}");
    let (code, notes) = decode(&["--framing", "lines,lf,length=80"]);
    assert!(code == 0 && !notes.contains("warning") && notes.contains("decoded 80 records"), "{notes}");

    // Numbers that are none because the lines end elsewhere: no fault of cutting, and the framing is named all the same.
    write("n.cpy", b"       01  R.\n           05  N  PIC 9(5).\n");
    write("n.txt", b"000001\n".repeat(50).as_slice());
    let (code, _, notes) = run(here.path(), &["decode", "n.cpy", "n.txt", "--ccsid", "utf-8", "--format", "csv"]);
    assert_eq!(code, 3, "{notes}");
    assert!(notes.contains("note: most records are bad") && notes.contains("length=6"), "{notes}");
    assert!(notes.contains("the layout has only 5 bytes: with one of 6 bytes"), "{notes}");
}

/// Whoever does what the message says comes to the end.
#[test]
fn what_is_advised_works() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    let ebcdic = |text: &str| -> Vec<u8> {
        text.bytes()
            .map(|b| {
                if b == b' ' {
                    0x40
                } else if b.is_ascii_digit() {
                    b | 0xF0
                } else {
                    b - b'A' + 0xC1
                }
            })
            .collect()
    };
    // Packed digits that end in 0D, as EBCDIC line ends begin.
    let records = |end: &[u8]| -> Vec<u8> {
        (0..9).flat_map(|n| [&ebcdic(&format!("A{n:07}")), &[0, 0, n << 4, 0x0D][..], end].concat()).collect()
    };
    let lines = |end: &[u8], text: &dyn Fn(usize) -> String, page: &dyn Fn(&str) -> Vec<u8>| -> Vec<u8> {
        (1..9).flat_map(|n| [page(&text(n)), end.to_vec()].concat()).collect()
    };
    let ascii = |text: &str| text.as_bytes().to_vec();
    let (trimmed, ragged) = (|n: usize| format!("{n:036}"), |n: usize| format!("AB{}", "0".repeat(n * 7)));
    write("card.cpy", CARD.as_bytes());
    write("num.cpy", b"       01  R.\n           05  ID PIC X(8).\n           05  N PIC S9(7) COMP-3.\n");
    for (layout, page, own, file, advised) in [
        ("num.cpy", "37", None, records(b"\n"), "lines,0A,length=12"),
        ("num.cpy", "37", None, records(b"\r\n"), "lines,0D0A,length=12"),
        ("num.cpy", "37", Some("lines,lf"), records(b"\n"), "lines,0A,length=12"),
        ("num.cpy", "37", None, records(&[0x15]), "lines,nel,length=12"),
        ("card.cpy", "utf-8", None, lines(b"\n", &trimmed, &ascii), "text-lines,lf,pad"),
        ("card.cpy", "utf-8", Some("lines,lf"), lines(b"\n", &trimmed, &ascii), "text-lines,lf,pad"),
        ("card.cpy", "utf-8", None, lines(b"\r\n", &ragged, &ascii), "text-lines,crlf,pad"),
        ("card.cpy", "37", None, lines(&[0x25], &ragged, &ebcdic), "text-lines,lf,pad"),
        ("card.cpy", "37", None, lines(b"\n", &ragged, &ebcdic), "text-lines,0A,pad"),
    ] {
        write("x.dat", &file);
        let decode = |framing: Option<&str>| {
            let framing = framing.map_or(Vec::new(), |words| vec!["--framing", words]);
            run(here.path(), &[&["decode", layout, "x.dat", "--ccsid", page], &framing[..]].concat())
        };
        let (code, _, told) = decode(own);
        let found = told.split("(--framing ").nth(1).and_then(|rest| rest.split(')').next()).unwrap_or_default();
        assert!(found == advised && code != 0, "{layout} {page} {own:?}: {advised}: {told}");
        let (code, out, told) = decode(Some(found));
        assert_eq!((code, out.lines().count()), (0, if layout == "num.cpy" { 9 } else { 8 }), "{advised}: {told}");
    }
}

#[test]
fn a_page_that_nobody_named_is_told() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("a.cpy", b"       01  A.\n           05  NAME  PIC X(3).\n");
    write("a.dat", &[0x5B, 0xF1, 0xF2]);
    let (code, out, notes) = run(here.path(), &["decode", "a.cpy", "a.dat"]);
    assert_eq!(code, 0, "{notes}");
    assert!(notes.contains("no code page is named; text is read in CCSID 1388; --ccsid names another"), "{notes}");
    write("a.jsonl", out.as_bytes());
    let (_, _, notes) = run(here.path(), &["encode", "a.cpy", "a.jsonl", "-o", "b.dat"]);
    assert!(notes.contains("no code page is named"), "{notes}");
    let (_, out, notes) = run(here.path(), &["decode", "a.cpy", "a.dat", "--ccsid", "37"]);
    assert!(out.contains("$12") && !notes.contains("no code page"), "{out}{notes}");
    write("n.cpy", b"       01  A.\n           05  N  PIC 9(3).\n");
    assert!(!run(here.path(), &["decode", "n.cpy", "a.dat"]).2.contains("no code page"));
    write("d.pf", b"     A          R R                         CCSID(37)\n     A            A              3A\n");
    assert!(!run(here.path(), &["decode", "d.pf", "a.dat"]).2.contains("no code page"));
    // A byte that the page lacks is told with the page.
    write("b.dat", b"a\xFFb");
    let (_, _, notes) = run(here.path(), &["decode", "a.cpy", "b.dat", "--ccsid", "950"]);
    assert!(notes.contains("FPP2007") && notes.contains("(it was read in code page 950)"), "{notes}");
}

#[test]
fn what_is_missing_is_named() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    let said = |arguments: &[&str]| run(here.path(), arguments);
    write("x.cpy", CARD.as_bytes());
    write("book", CARD.as_bytes());
    write("x.dat", &[0x40; 80]);
    let (code, _, why) = said(&["decode", "book", "x.dat"]);
    let told = "book:1:1: looks like a copybook: give its name the ending .cpy, .cbl or .cob\n1 fault";
    assert_eq!((code, why.trim()), (2, told));
    write("file", b"     A          R R\n     A            B              3B 0         ALWNULL\n");
    assert!(said(&["layout", "show", "file"]).2.contains("looks like DDS: give its name the ending .dds, .pf or .lf"));
    write("broken.toml", b"name = \n");
    assert!(said(&["layout", "show", "broken.toml"]).2.contains("not TOML"));

    // Lines whose blanks were cut off.
    write("short.txt", b"NAME 1\nNAME 2\n");
    let (_, _, notes) = said(&["decode", "x.cpy", "short.txt", "--ccsid", "utf-8", "--framing", "text-lines,lf"]);
    assert!(notes.contains("FPP1003") && notes.contains("--framing text-lines,lf,pad"), "{notes}");

    // A null of a field that may be null, where nothing says how nulls are written.
    write("n.pf", b"     A          R R\n     A            B              3P 0         ALWNULL\n");
    write(
        "n.jsonl",
        b"\xEF\xBB\xBF{\"fields\":{\"B\":null}}\n{\"fields\":{\"B\":\"12345\"}}\n{\"fields\":{\"b\":\"1\"}}\n",
    );
    let (code, _, why) = said(&["encode", "n.pf", "n.jsonl", "-o", "n.dat"]);
    assert_eq!(code, 3);
    for words in ["say nulls = \"map\"", "(the field has 3 digits)", "R has no such field; perhaps B"] {
        assert!(why.contains(words), "{words}: {why}");
    }
    write("n.csv", b"B\n1\n");
    let (_, _, why) = said(&["encode", "n.pf", "n.csv", "-o", "n.dat", "--type", "NOPE"]);
    assert!(why.contains("there is no record format `NOPE`; there are R"), "{why}");

    // Double-byte types in a page of single bytes.
    write("o.pf", b"     A          R R\n     A            O             10O         CCSID(1388)\n");
    write("o.dat", &[0x40; 10]);
    let (_, _, notes) = said(&["decode", "o.pf", "o.dat", "--ccsid", "37"]);
    assert!(notes.contains("note: O is of a type for double-byte text, of which code page 37 has none"), "{notes}");

    let (code, _, notes) = said(&["decode", "x.cpy", "x.dat", "--records", "100"]);
    assert!(code == 0 && notes.contains("the file has none of the records that --records names"), "{notes}");
}

#[test]
fn tables_that_are_cut_otherwise_are_told() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    let encode = |more: &[&str]| {
        run(here.path(), &[&["encode", "c.cpy", "c.csv", "--ccsid", "utf-8", "-o", "c.dat"], more].concat())
    };
    write("c.cpy", b"       01  C.\n           05  ID PIC X(4).\n           05  N PIC 9(2) OCCURS 2.\n");
    write("c.csv", b"ID;N(1);N(2)\n");
    let (code, _, why) = encode(&[]);
    assert!(code == 2 && why.contains("--csv semicolon"), "{why}");
    write("c.csv", b"ID,N(1),N(2)\n\"=\"\"0012\"\"\",1,2\n");
    let (code, _, why) = encode(&[]);
    assert!(code == 3 && why.contains("as --csv excel writes it"), "{why}");
    assert_eq!(encode(&["--csv", "excel"]).0, 0);
    assert_eq!(std::fs::read(here.path().join("c.dat")).unwrap(), b"00120102");
    for (words, told) in [("gb18030,bom", "bom and gb18030 contradict"), ("tab,pipe", "tab and pipe contradict")] {
        let (code, _, why) = encode(&["--csv", words]);
        assert!(code == 2 && why.contains(told), "{code} {why}");
    }
    assert_eq!(encode(&["--csv", "tab-digits,excel"]).0, 3);
    let (code, _, why) = run(here.path(), &["decode", "c.cpy", "c.dat", "--ccsid", "utf-8", "--select", "N(2)"]);
    assert!(code == 2 && why.contains("an array is shown whole: name it `N`"), "{code} {why}");
}

/// What was converted and can be read all the same is warned of, and nothing is refused for it.
#[test]
fn conversions_that_leave_readable_nonsense_are_warned_of() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("r.cpy", b"       01  R.\n           05  ID  PIC X(4).\n");
    write("e.dat", &[0xD9, 0xC5, 0xC3, 0xF1].repeat(4));
    let (code, _, notes) = run(here.path(), &["decode", "r.cpy", "e.dat", "--ccsid", "gbk"]);
    assert_eq!(code, 0, "{notes}");
    assert!(notes.contains("warning: perhaps FPP1010 damaged by a text-mode transfer: of the first 16"), "{notes}");
    let (_, out, notes) = run(here.path(), &["decode", "r.cpy", "e.dat", "--ccsid", "37"]);
    assert!(out.contains("REC1") && !notes.contains("FPP1010"), "{out}{notes}");
}

/// Records behind a byte-order mark are where they are, also when reading begins in the middle of the file.
#[test]
fn a_mark_before_fixed_records_belongs_to_none() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("r.cpy", b"       01  R.\n           05  ID  PIC X(4).\n");
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    (1..=5000).for_each(|n| bytes.extend(format!("{n:04}").bytes()));
    write("b.dat", &bytes);
    let decode = |more: &[&str]| run(here.path(), &[&["decode", "r.cpy", "b.dat", "--ccsid", "utf-8"], more].concat());
    for threads in ["1", "3"] {
        let (code, out, notes) = decode(&["--threads", threads]);
        assert_eq!((code, out.lines().count()), (0, 5000), "{notes}");
        assert!(notes.contains("note: a BOM (EFBBBF) stands before the first record"), "{notes}");
        let line = out.lines().nth(3999).unwrap();
        assert!(line.contains("\"n\":4000,\"offset\":15999,") && line.contains("\"ID\":\"4000\""), "{line}");
        assert_eq!(decode(&["--threads", threads, "--records", "4000"]).1.trim_end(), line);
    }
    let (code, out, _) = run(here.path(), &["inspect", "r.cpy", "b.dat", "--ccsid", "utf-8", "--record", "4000"]);
    assert!(code == 0 && out.contains("4000"), "{out}");
    write("l.dat", b"\xFF\xFEa\0b\0");
    let (code, _, notes) = run(here.path(), &["decode", "r.cpy", "l.dat", "--ccsid", "1200"]);
    assert!(code == 4 && notes.contains("begins with FFFE"), "{notes}");
    write("z.dat", b"ABCD\0\0\0\0\0\0\0\0");
    let (code, out, notes) = run(here.path(), &["decode", "r.cpy", "z.dat", "--ccsid", "gbk"]);
    assert_eq!((code, out.lines().count()), (0, 3));
    assert!(notes.contains("note: the last 2 records are nothing but 00"), "{notes}");
}
