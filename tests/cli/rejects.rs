//! What `fpp decode` says of records that are bad: where, what, and what to do next.

use super::decode::{lines, names, read};
use super::{Flaw, Series, Spoil, folder, layout, make, run};
use serde_json::Value;

#[test]
fn rejects_say_where_what_and_what_next_and_hide_what_is_sensitive() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 50, &[Spoil::Record { flaw: Flaw::FeeDigit, trade: 25 }]);
    let pmtrd = layout("pmtrd.toml");
    // A shift-out that is never closed, in the customer's name.
    let mut bytes = std::fs::read(here.path().join(&file)).unwrap();
    bytes[480 * 30 + 220..480 * 30 + 304].fill(0x0E);
    bytes[480 * 31..480 * 32].fill(0xFF);
    std::fs::write(here.path().join(&file), bytes).unwrap();
    let rejects = |more: &[&str]| {
        let (code, out, _) = run(here.path(), &[&["decode", &pmtrd, &file, "--rejects", "bad.jsonl"], more].concat());
        assert_eq!((code, out.lines().count()), (3, 49));
        lines(&read(here.path(), "bad.jsonl"))
    };
    let bad = rejects(&[]);
    assert_eq!(bad.len(), 3);
    let keys: Vec<&String> = bad[0].as_object().unwrap().keys().collect();
    let expected =
        ["record", "offset", "type", "field", "record_offset", "field_offset", "hex", "code", "message", "hint"];
    assert_eq!(keys, expected);
    let at = |key: &str| bad[0][key].as_u64().unwrap();
    assert_eq!(at("offset"), (at("record") - 1) * 480);
    assert_eq!((&bad[0]["type"], &bad[0]["code"]), (&"PMTRDD".into(), &"FPP2001".into()));
    assert!(at("record_offset") > at("field_offset") && !bad[0]["hex"].as_str().unwrap().contains('*'));
    assert!(!bad[0]["hint"].as_str().unwrap().is_empty());
    assert_eq!((&bad[1]["field"], &bad[1]["hex"]), (&"CUSTNM".into(), &"***".into()));
    assert_eq!((&bad[2]["type"], &bad[2]["code"]), (&Value::Null, &"FPP1017".into()));
    let raw = rejects(&["--raw"]);
    let record = raw[1]["raw"].as_str().unwrap();
    assert_eq!((record.len(), &record[440..608]), (960, "*".repeat(168).as_str()));
    assert_eq!(raw[2]["raw"], "***");
    let clear = rejects(&["--raw", "--clear"]);
    assert_eq!(clear[1]["hex"], "0E".repeat(84));
    assert_eq!(clear[2]["raw"], "FF".repeat(480));
}

#[test]
fn the_first_bad_record_is_told_with_what_to_do_next() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 50, &[Spoil::Record { flaw: Flaw::FeeDigit, trade: 25 }]);
    let pmtrd = layout("pmtrd.toml");
    for (more, others) in [
        (&["--threads", "1"][..], "(all: under \"faults\" in their lines, or with --rejects FILE)"),
        (&["--rejects", "bad.jsonl"], "(all: in bad.jsonl)"),
        (&["--type", "PMTRDD", "-o", "x.csv"], "(all: with --rejects FILE)"),
    ] {
        let (code, _, told) = run(here.path(), &[&["decode", &pmtrd, &file], more].concat());
        let first: Vec<&str> = told.lines().filter(|line| line.starts_with("first bad ")).collect();
        assert_eq!((code, first.len()), (3, 1), "{told}");
        assert!(first[0].starts_with("first bad record 26: PMTRDD FEE: FPP2001 at byte 189: "), "{told}");
        assert!(first[0].contains("A half byte that is no digit in a packed field.") && first[0].ends_with(others));
    }
    // Nothing fits: the code, where a reader would see nothing but a count.
    std::fs::write(here.path().join("other"), vec![0xFF; 4_800]).unwrap();
    let (_, _, told) = run(here.path(), &["decode", &pmtrd, "other", "--rejects", "bad.jsonl"]);
    assert!(told.contains("first bad record 1: FPP1017: no layout fits the records. "), "{told}");
    let (_, _, told) = run(here.path(), &["decode", &pmtrd, &file, "--records", "..10"]);
    assert!(!told.contains("first bad"), "{told}");
}

#[test]
fn too_many_bad_records_end_it_at_the_same_record_whatever_the_threads() {
    let here = folder();
    let spoils: Vec<Spoil> =
        [3, 10, 900, 1_500, 2_900].map(|trade| Spoil::Record { flaw: Flaw::FeeDigit, trade }).to_vec();
    let file = make(here.path(), Series::Ebcdic, 3_000, &spoils);
    let pmtrd = layout("pmtrd.toml");
    for threads in ["1", "2", "3"] {
        let base = ["decode", &pmtrd, &file, "--threads", threads, "--rejects", "bad.jsonl"];
        let more = ["--max-errors", "3", "-o", "out.jsonl"];
        let (code, _, message) = run(here.path(), &[&base[..], &more[..]].concat());
        assert_eq!(code, 4, "{message}");
        assert!(message.contains("FPP1014") && message.contains("is bad record 4, and no more than 3"), "{message}");
        assert_eq!(lines(&read(here.path(), "bad.jsonl")).len(), 4);
        assert!(!here.path().join("out.jsonl").exists());
        let (code, out, _) = run(here.path(), &[&base[..], &["--fail-fast"]].concat());
        let last = lines(&read(here.path(), "bad.jsonl"))[0]["record"].as_u64().unwrap();
        assert_eq!((code, out.lines().count() as u64), (4, last - 1));
        let (code, _, _) = run(here.path(), &[&base[..], &["--max-errors", "5", "-o", "out.jsonl"]].concat());
        assert_eq!(code, 3);
        assert_eq!(read(here.path(), "out.jsonl").lines().count(), 3_002 - 5);
        std::fs::remove_file(here.path().join("out.jsonl")).unwrap();
    }
    assert_eq!(names(here.path()), [file.as_str(), "bad.jsonl"]);
}

#[test]
fn a_cut_off_file_has_its_place_in_the_rejects() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 5, &[]);
    let bytes = std::fs::read(here.path().join(&file)).unwrap();
    std::fs::write(here.path().join("short.dat"), &bytes[..1_000]).unwrap();
    let arguments = ["decode", &layout("pmtrd.toml"), "short.dat", "-o", "x.jsonl", "--rejects", "bad.jsonl"];
    let (code, _, told) = run(here.path(), &arguments);
    assert!(code == 4 && told.contains("decoded 2 records, 0 refused, 960 bytes in "), "{told}");
    let bad = lines(&read(here.path(), "bad.jsonl"));
    assert_eq!((&bad[0]["record"], &bad[0]["offset"], &bad[0]["code"]), (&3.into(), &960.into(), &"FPP1003".into()));
    assert_eq!(names(here.path()), [&file, "bad.jsonl", "short.dat"]);
}

#[test]
fn a_line_that_no_record_of_the_layout_needs_is_refused_before_it_is_whole() {
    let here = folder();
    let one = "name = \"R\"\nccsid = \"utf-8\"\nfield = [{ name = \"F\", type = \"char\", length = 3 }]\n";
    std::fs::write(here.path().join("r.toml"), one).unwrap();
    let line = |blanks: usize| format!("{{\"fields\":{{\"F\":\"abc\"{}}}}}\n", " ".repeat(blanks));
    std::fs::write(here.path().join("in.jsonl"), line(1 << 20)).unwrap();
    let (code, out, told) = run(here.path(), &["encode", "r.toml", "in.jsonl"]);
    assert_eq!((code, out.as_str()), (0, "abc"), "{told}");
    std::fs::write(here.path().join("in.jsonl"), line(1 << 21)).unwrap();
    let (code, _, told) = run(here.path(), &["encode", "r.toml", "in.jsonl", "-o", "out.dat"]);
    assert!(
        code == 2 && told.contains("in.jsonl:1: a line has more bytes than a record of this layout can need"),
        "{told}"
    );
    assert_eq!(names(here.path()), ["in.jsonl", "r.toml"]);
}

/// Between delimiters a field is where its delimiters are, whatever place its layout would give it.
#[test]
fn rejects_of_delimited_records_show_the_bytes_of_the_field_and_no_others() {
    let here = folder();
    let layout = "name = \"R\"\nversion = \"1\"\nccsid = \"utf-8\"\nframing = \"delimited\"\nline_end = \"lf\"\n\
                  [[record]]\nname = \"R\"\nrole = \"detail\"\n\
                  [[record.field]]\nname = \"A\"\ntype = \"packed\"\ndigits = 19\n\
                  [[record.field]]\nname = \"PIN\"\ntype = \"char\"\nlength = 20\nsensitive = true\n";
    std::fs::write(here.path().join("r.toml"), layout).unwrap();
    std::fs::write(here.path().join("r.csv"), "x,\"SECRET-PIN\"\n").unwrap();
    let (code, out, told) = run(here.path(), &["decode", "r.toml", "r.csv", "--raw", "--rejects", "bad.jsonl"]);
    assert_eq!((code, out.as_str()), (3, ""), "{told}");
    let bad = &lines(&read(here.path(), "bad.jsonl"))[0];
    assert_eq!((&bad["field"], &bad["hex"], &bad["field_offset"]), (&"A".into(), &"78".into(), &0.into()));
    assert_eq!(bad["raw"], "782C22********************22");
}

/// What frames the record, or stands where it should end; the message has neither code nor place, for they have their own keys.
#[test]
fn a_file_that_cannot_be_cut_on_shows_what_stands_there() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("r.cpy", b"       01 R.\n           05 ID PIC X(4).\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, b"abcdefgh").unwrap();
    let packed = packed.finish().unwrap();
    let (null, hidden) = (Value::Null, Value::from("***"));
    for (framing, file, place, hex, message) in [
        ("rdw", &b"\0\x08\0\0abcd\0\x03\0\0efgh"[..], [2, 8, 0], "00030000".into(), "begins with the RDW 00030000"),
        ("rdw", b"\0\x08\0\0abcd\0\x08\0\0ef", [2, 8, 0], "00080000".into(), "has 6 bytes, 8 are due"),
        ("vb", b"\0\x0C\0\0\0\x08\0\0abcd\0\x07\x01\x01abcd", [2, 12, 0], "00070101".into(), "begins a block with"),
        (
            "length-field,length-bytes=2,digits,length-at=1",
            b"04abxxab",
            [2, 4, 0],
            "7878".into(),
            "has the length field",
        ),
        ("fixed", b"abcdef", [2, 4, 2], "".into(), "has 2 bytes, 4 are due"),
        ("lines,lf", b"abcd\nefghij", [2, 5, 4], hidden, "has no line end after 4 bytes"),
        ("fixed", &packed[..packed.len() - 9], [3, 8, 0], null, "cut short: the gzip data ends"),
    ] {
        write("r.dat", file);
        let base = ["decode", "r.cpy", "r.dat", "--ccsid", "utf-8", "--framing", framing, "--rejects", "bad.jsonl"];
        let (code, _, told) = run(here.path(), &base);
        let bad = &lines(&read(here.path(), "bad.jsonl"))[0];
        assert_eq!(
            (code, bad["record"].as_u64(), bad["offset"].as_u64()),
            (4, Some(place[0]), Some(place[1])),
            "{told}"
        );
        assert_eq!((&bad["hex"], bad["record_offset"].as_u64().unwrap_or(0)), (&hex, place[2]), "{framing}: {bad}");
        let said = bad["message"].as_str().unwrap();
        assert!(said.starts_with(message) && !said.contains("FPP") && !said.contains("record 2"), "{said}");
        assert!(!bad["hint"].as_str().unwrap().is_empty(), "{bad}");
    }
    write("r.dat", b"abcd\nefghij");
    run(
        here.path(),
        &["decode", "r.cpy", "r.dat", "--ccsid", "utf-8", "--framing", "lines,lf", "--rejects", "bad.jsonl", "--clear"],
    );
    assert_eq!(lines(&read(here.path(), "bad.jsonl"))[0]["hex"], "696A");
}
