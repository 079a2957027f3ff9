//! Layouts as somebody brings them: sources that refer to others, in other encodings, in other code pages, with data that
//! was never EBCDIC. What cannot be read is told with what is missing.

use super::{folder, layout, run};

/// GBK of 户名.
const GBK: &[u8] = b"\xBB\xA7\xC3\xFB";

fn line(parts: &[&[u8]]) -> Vec<u8> {
    [&parts.concat()[..], b"\n"].concat()
}

#[test]
fn a_member_that_is_there_and_cannot_be_read_is_no_missing_one() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("r.cpy", b"       01  R.\n           COPY MEMBER.\n");
    write("MEMBER.CPY", &[line(&[b"      * ", GBK]), line(&[b"           05 A PIC X(3)."])].concat());
    let (code, told, why) = run(here.path(), &["layout", "check", "r.cpy"]);
    assert_eq!((code, told.as_str()), (0, "r.cpy: good: R 3 bytes, 1 fields\n"), "{why}");
    write("MEMBER.CPY", &line(&[b"           05 A PIC X(4) VALUE '", GBK, b"'."]));
    let (code, _, why) = run(here.path(), &["decode", "r.cpy", "-"]);
    assert_eq!(code, 2);
    assert!(why.contains("MEMBER.CPY:1:33: byte BB, at byte 33 of the file, is not UTF-8"), "{why}");
    assert!(why.contains("iconv -f GB18030") && !why.contains("was found"), "{why}");
    write(
        "MEMBER.CPY",
        &[&[0x40; 11][..], &[0xF0, 0xF5, 0x40, 0xC1, 0x40, 0xD7, 0xC9, 0xC3, 0x40, 0xE7, 0x4B]].concat(),
    );
    assert!(run(here.path(), &["layout", "show", "r.cpy"]).2.contains("it is EBCDIC"));
    std::fs::remove_file(here.path().join("MEMBER.CPY")).unwrap();
    let (_, _, why) = run(here.path(), &["layout", "show", "r.cpy"]);
    assert!(why.contains("r.cpy:2:12: COPY MEMBER: no text of this name was found") && why.contains("--refs"), "{why}");
    let (code, _, why) = run(here.path(), &["layout", "show", "r.cpy", "--refs", "nowhere"]);
    assert_eq!((code, why.trim()), (2, "--refs: nowhere is not a folder"));
}

#[test]
fn a_page_by_another_name_is_read_or_answered_with_the_right_one() {
    let here = folder();
    let pmtrdd = layout("pmtrdd.dds");
    let (code, shown, _) = run(here.path(), &["layout", "show", &pmtrdd, "--ccsid", "cp037"]);
    assert!(code == 0 && shown.contains("CCSID 37"), "{shown}");
    let (code, _, why) = run(here.path(), &["layout", "show", &pmtrdd, "--ccsid", "x-IBM1388"]);
    assert_eq!(code, 2);
    assert!(why.contains("1388 is what a current IBM i does, 1388-2001"), "{why}");
}

#[test]
fn fields_that_keep_their_page_are_named() {
    let here = folder();
    let dds = "     A          R X\n     A            A              3A\n     A            G              2G         CCSID(1200)\n";
    std::fs::write(here.path().join("x.pf"), dds).unwrap();
    std::fs::write(here.path().join("x.dat"), b"abc\0x\0y").unwrap();
    let (code, out, notes) = run(here.path(), &["decode", "x.pf", "x.dat", "--ccsid", "gbk"]);
    assert_eq!(code, 0, "{notes}");
    assert!(out.contains(r#"{"A":"abc","G":"xy"}"#), "{out}");
    assert!(notes.contains("note: G keeps code page 1200"), "{notes}");
}

/// As tutorials have them: a copybook whose data was made on a PC.
#[test]
fn data_that_was_never_ebcdic_is_told_what_to_say() {
    let here = folder();
    let book =
        "       01 R.\n           05 NAME PIC X(10).\n           05 N PIC S9(4) COMP.\n           05 Z PIC S9(3).\n";
    std::fs::write(here.path().join("r.cpy"), book).unwrap();
    let record = [&b"JOHN 00001"[..], &[0, 1], b"12L"].concat();
    std::fs::write(here.path().join("r.dat"), record.repeat(4)).unwrap();
    let (code, _, notes) = run(here.path(), &["decode", "r.cpy", "r.dat"]);
    assert_eq!(code, 3);
    assert!(
        notes.contains("FPP1010") && notes.contains("if it was never EBCDIC, name its page: --ccsid utf-8"),
        "{notes}"
    );
    let arguments = ["decode", "r.cpy", "r.dat", "--ccsid", "utf8", "--copybook", "z-os"];
    let (code, out, notes) = run(here.path(), &arguments);
    assert_eq!((code, notes.contains("warning")), (0, false), "{notes}");
    assert!(
        out.starts_with(r#"{"n":1,"offset":0,"type":"R","fields":{"NAME":"JOHN 00001","N":1,"Z":"-123"}}"#),
        "{out}"
    );
}

#[test]
fn the_format_that_is_proposed_for_several_records_works_where_it_says() {
    let here = folder();
    std::fs::create_dir(here.path().join("sub")).unwrap();
    let book = "       01  HEAD.\n           05 KIND PIC X.\n           05 DAY PIC X(3).\n       01  ITEM.\n           05 KIND PIC X.\n           05 AMT PIC 9(3).\n";
    std::fs::write(here.path().join("sub/two.cob"), book).unwrap();
    std::fs::write(here.path().join("f.dat"), "HMONI042").unwrap();
    let (code, _, told) = run(here.path(), &["decode", "sub/two.cob", "f.dat", "--ccsid", "utf-8"]);
    assert!(code == 2 && told.contains("save it beside two.cob:\n\nname = \"TWO\""), "{told}");
    let (_, format) = told.split_once(":\n\n").unwrap();
    let (format, _) = format.rsplit_once("\n1 fault").unwrap();
    let format = format.replacen("\"...\"", "\"H\"", 1).replacen("\"...\"", "\"I\"", 1);
    std::fs::write(here.path().join("sub/two.toml"), format).unwrap();
    let (code, out, told) = run(here.path(), &["decode", "sub/two.toml", "f.dat"]);
    assert_eq!((code, out.lines().count()), (0, 2), "{told}");
    assert!(out.contains(r#""type":"ITEM","fields":{"KIND":"I","AMT":"42"}"#), "{out}");
    let convert = ["layout", "convert", "sub/two.toml", "--record", "ITEM", "--to", "toml", "-o", "sub/two.toml"];
    let (code, _, told) = run(here.path(), &convert);
    assert!(code == 2 && told.contains("is read and would be written over"), "{told}");
}

/// The records of a program's files, and the one that is named.
#[test]
fn a_whole_program_gives_the_record_that_is_named() {
    let here = folder();
    let write = |name: &str, text: &str| std::fs::write(here.path().join(name), text).unwrap();
    let program = |files: &str| {
        format!(
            "       IDENTIFICATION DIVISION.\n       PROGRAM-ID. P.\n       DATA DIVISION.\n       FILE SECTION.\n{files}\
             \x20      WORKING-STORAGE SECTION.\n       01 FLAGS.\n         05 LASTREC PIC X VALUE SPACE.\n\
             \x20      PROCEDURE DIVISION.\n           STOP RUN.\n"
        )
    };
    let print = "       FD  PRINTED RECORDING MODE F.\n       01  PRINT-REC.\n           05 TEXT-O PIC X(9).\n";
    let account =
        "       FD  ACCOUNTS.\n       01  ACCT-FIELDS.\n           05 ACCT-NO PIC X(3).\n           05 N PIC 9.\n";
    write("two.cbl", &program(&format!("{print}{account}")));
    write("one.cbl", &program(account));
    write("acct.dat", "ab11cd22");
    let decode = |source: &str, more: &[&str]| {
        run(here.path(), &[&["decode", source, "acct.dat", "--ccsid", "utf-8"], more].concat())
    };
    let (code, _, told) = decode("two.cbl", &[]);
    assert!(code == 2 && told.contains("PRINT-REC (9 bytes), ACCT-FIELDS (4 bytes)"), "{told}");
    assert!(told.contains("--type NAME") && !told.contains("name = \"FLAGS\""), "{told}");
    let (code, out, told) = decode("two.cbl", &["--type", "acct-fields"]);
    assert!(code == 0 && out.contains(r#""type":"ACCT-FIELDS","fields":{"ACCT-NO":"cd2","N":"2"}"#), "{out}{told}");
    write("acct.jsonl", &out);
    let base = ["two.cbl", "acct.jsonl", "--ccsid", "utf-8"];
    let (code, out, told) = run(here.path(), &[&["encode"], &base[..], &["--type", "ACCT-FIELDS"]].concat());
    assert_eq!((code, out.as_str()), (0, "ab11cd22"), "{told}");
    let inspect = ["inspect", "two.cbl", "acct.dat", "--ccsid", "utf-8", "-n", "2", "--copybook", "record=ACCT-FIELDS"];
    assert_eq!(run(here.path(), &inspect).0, 0);
    let (code, out, told) = decode("one.cbl", &[]);
    assert_eq!((code, out.lines().count()), (0, 2), "{told}");
    assert!(told.contains("none of other sections: FLAGS"), "{told}");
    let (code, out, told) = decode("one.cbl", &["--type", "FLAGS"]);
    assert_eq!((code, out.lines().count()), (0, 8), "{told}");
    // A name that is none is told as before.
    let (code, _, told) = decode("two.cbl", &["--type", "NOPE"]);
    assert!(code == 2 && told.contains("holds 3 records"), "{told}");
    let (code, _, told) = decode("one.cbl", &["--type", "ACCT-FIELDS,FLAGS"]);
    assert!(code == 2 && told.contains("there is no record format `FLAGS`"), "{told}");
}
