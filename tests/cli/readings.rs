//! A number that is text, too, by a copybook: what is told of a bad one, whoever asks for it.

use super::{folder, run};
use std::path::Path;

const COPYBOOK: &str = "       01 R.
           05 ID PIC 9(2).
           05 AMT PIC S9(5) COMP-3.
           05 AMT-X REDEFINES AMT PIC X(3).
";

const FORMAT: &str = "name = \"R\"\nversion = \"1\"\nccsid = \"37\"\nframing = \"fixed\"\nlength = 5\n[[record]]\n\
                      role = \"detail\"\nlayout = \"r.cpy\"\n";

/// A copybook, and a file whose second record has a bad number.
fn files(here: &Path) {
    std::fs::write(here.join("r.cpy"), COPYBOOK).unwrap();
    let records = [[0xF0, 0xF1, 0x12, 0x34, 0x5F], [0xF0, 0xF2, 0x12, 0x34, 0x51], [0xF0, 0xF3, 0x00, 0x00, 0x0D]];
    std::fs::write(here.join("d"), records.concat()).unwrap();
}

#[test]
fn a_number_that_is_lost_is_counted_and_a_fault_where_it_is_asked_for() {
    let here = folder();
    files(here.path());
    let decode = |more: &[&str]| run(here.path(), &[&["decode", "r.cpy", "d", "--ccsid", "37"], more].concat());
    let (code, lines, told) = decode(&[]);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("decoded 3 records, 0 refused") && told.contains("1 repairs (a number or date that"),
        "{told}"
    );
    assert!(told.contains("warning: r.cpy:1:1: R: the bytes of AMT are text, too (AMT-X)"), "{told}");
    assert!(lines.lines().nth(1).unwrap().contains(r#""repairs":[{"field":"AMT","offset":4,"#), "{lines}");
    for (more, refused, left_out) in [
        (&["--select", "AMT"][..], 1, false),
        (&["--select", "AMT", "--format", "csv"], 1, false),
        (&["--select", "AMT-X"], 0, false),
        (&["--select", "ID"], 0, false),
        (&["--where", "AMT > 0"], 1, true),
        (&["--where", "AMT-X != ' '"], 0, false),
    ] {
        let (code, _, told) = decode(more);
        assert_eq!(code, if refused > 0 { 3 } else { 0 }, "{more:?}: {told}");
        assert!(told.contains(&format!("{refused} refused")), "{more:?}: {told}");
        assert_eq!(told.contains("1 left out"), left_out, "{more:?}: {told}");
        assert_eq!(told.contains("record 2: R AMT: FPP2002 at byte 5"), refused > 0, "{more:?}: {told}");
        // Its text can be read.
        assert_eq!(told.contains("Another reading of these bytes (REDEFINES) can be read"), refused > 0, "{told}");
        assert!(!told.contains("None of the"), "{told}");
    }
    // What was decoded is encoded, by lines and by a table.
    for name in ["l.jsonl", "l.csv"] {
        assert_eq!(decode(&["-o", name]).0, 0);
        let (code, _, told) = run(here.path(), &["encode", "r.cpy", name, "--ccsid", "37", "-o", "again"]);
        assert_eq!(code, 0, "{name}: {told}");
        let read = |name: &str| std::fs::read(here.path().join(name)).unwrap();
        assert_eq!(read("again"), read("d"), "{name}");
    }
}

#[test]
fn that_no_reading_fits_is_said_where_none_does() {
    let here = folder();
    std::fs::write(here.path().join("r.cpy"), COPYBOOK.replace("PIC X(3)", "PIC 9(3)")).unwrap();
    std::fs::write(here.path().join("d"), [0xF0, 0xF2, 0xC1, 0xC2, 0x01]).unwrap();
    let (code, _, told) = run(here.path(), &["decode", "r.cpy", "d", "--ccsid", "37"]);
    assert_eq!((code, told.contains("None of the 2 readings")), (3, true), "{told}");
    assert!(!told.contains("Another reading"), "{told}");
}

/// A copybook with text over a number is nothing that its user can mend.
#[test]
fn a_lone_copybook_is_good_by_a_strict_check() {
    let here = folder();
    files(here.path());
    let (code, shown, told) = run(here.path(), &["layout", "check", "r.cpy", "--strict"]);
    assert_eq!((code, told.contains("note: r.cpy:1:1: R: the bytes of AMT are text, too")), (0, true), "{told}{shown}");
    let (_, json, _) = run(here.path(), &["layout", "check", "r.cpy", "--strict", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json["warnings"].as_array().unwrap().len(), json["notes"].as_array().unwrap().len()), (0, 1), "{json}");
}

#[test]
fn a_layout_may_say_that_the_number_must_be_good() {
    let here = folder();
    files(here.path());
    let insist = format!("{FORMAT}[record.fields.AMT]\ndirty = \"reject\"\n");
    for (text, check, decode) in [(FORMAT, 2, 0), (&insist, 0, 3)] {
        std::fs::write(here.path().join("r.toml"), text).unwrap();
        let (code, _, told) = run(here.path(), &["layout", "check", "r.toml", "--strict"]);
        assert_eq!(code, check, "{told}");
        let (code, _, told) = run(here.path(), &["decode", "r.toml", "d"]);
        assert_eq!(code, decode, "{told}");
        // It is written where a layout is.
        let (code, toml, told) = run(here.path(), &["layout", "convert", "r.toml", "--to", "toml"]);
        assert_eq!((code, toml.contains("dirty = \"reject\"")), (0, decode == 3), "{told}{toml}");
    }
}
