//! `fpp inspect`: one record, its places, its faults, and what is not shown.

use super::{Series, folder, layout, make, run};

#[test]
fn a_delimited_record_is_shown_where_its_fields_lie() {
    let here = folder();
    let layout = "name = \"T\"\nversion = \"1\"\nccsid = \"gbk\"\nframing = \"delimited\"\nline_end = \"lf\"\n[[record]]\n\
                  role = \"detail\"\nname = \"T\"\nfield = [{ name = \"NAME\", type = \"char\", length = 20 }, \
                  { name = \"AMT\", type = \"packed\", digits = 7, decimals = 2 }]\n";
    std::fs::write(here.path().join("t.toml"), layout).unwrap();
    std::fs::write(here.path().join("t.csv"), "\"a,b\",-1.5\nc,1.x\n").unwrap();
    let (code, shown, notes) = run(here.path(), &["inspect", "t.toml", "t.csv", "--record", "1", "--clear"]);
    assert_eq!(code, 0, "{notes}");
    let line = shown.lines().find(|line| line.starts_with("AMT")).unwrap();
    assert!(line.contains(" 7 ") && line.contains("2D 31 2E 35") && line.ends_with("-1.50"), "{shown}");
    let (code, lines, _) = run(here.path(), &["decode", "t.toml", "t.csv"]);
    assert_eq!(code, 3);
    assert!(lines.contains("\"NAME\":\"a,b\",\"AMT\":\"-1.50\"") && lines.contains("\"code\":\"FPP2003\""), "{lines}");
}

#[test]
fn inspect_marks_the_bad_byte_and_masks_customers() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 5, &[]);
    let mut bytes = std::fs::read(here.path().join(&file)).unwrap();
    bytes[480 + 179] = 0xFA;
    std::fs::write(here.path().join(&file), bytes).unwrap();
    let arguments = ["inspect", &layout("pmtrd.toml"), &file, "--record", "2"];
    let (code, shown, _) = run(here.path(), &arguments);
    assert_eq!(code, 3);
    assert!(shown.contains("00>FA 00"), "{shown}");
    assert!(shown.contains("FPP2001 AMT"), "{shown}");
    assert!(shown.lines().any(|l| l.starts_with("ACCTNO") && l.ends_with("***")), "{shown}");
    let (_, clear, _) = run(here.path(), &[&arguments[..], &["--clear"]].concat());
    assert!(!clear.contains("***"), "{clear}");
    // DDS source cannot say what is sensitive.
    let arguments = ["inspect", &layout("pmtrdd.dds"), &file, "--record", "2"];
    let (_, shown, notes) = run(here.path(), &arguments);
    assert!(notes.contains("all text is masked"), "{notes}");
    for field in ["ACCTNO", "CUSTNM"] {
        let line = shown.lines().find(|l| l.starts_with(field)).unwrap();
        assert!(line.contains(" **  ") && line.ends_with("***"), "{line}");
    }
    assert!(shown.contains("00>FA 00"), "{shown}");
    let (_, clear, notes) = run(here.path(), &[&arguments[..], &["--clear"]].concat());
    assert!(!clear.contains("***") && !notes.contains("masked"), "{clear}");
    let (code, _, message) = run(here.path(), &["inspect", &layout("pmtrd.toml"), &file, "--record", "8"]);
    assert_eq!((code, message.trim()), (2, format!("{file} has no record 8; the last is 7").as_str()));
}

/// Fields behind an array that varies stand where the record has them, and what it does not have is not shown; another
/// reading of sensitive bytes is masked as they are.
#[test]
fn inspect_shows_what_the_record_has_where_it_has_it() {
    let here = folder();
    let copybook = "       01 R.\n\
                    \x20          05 N PIC 9.\n\
                    \x20          05 T PIC X(2) OCCURS 0 TO 3 DEPENDING ON N.\n\
                    \x20          05 AMT PIC 9(4).\n\
                    \x20          05 PAN PIC X(4).\n\
                    \x20          05 PAN-N REDEFINES PAN PIC 9(4).\n";
    std::fs::write(here.path().join("r.cpy"), copybook).unwrap();
    std::fs::write(here.path().join("r.dat"), "1ab00429876").unwrap();
    let arguments = ["r.cpy", "r.dat", "--ccsid", "utf-8", "--framing", "by-layout"];
    let (code, out, _) = run(here.path(), &[&["inspect"], &arguments[..], &["-n", "1", "--json"]].concat());
    let shown: serde_json::Value = serde_json::from_str(&out).unwrap();
    let fields: Vec<_> = shown["fields"].as_array().unwrap().iter().map(|f| f["name"].as_str().unwrap()).collect();
    assert_eq!((code, &fields[..]), (0, &["N", "T(1)", "AMT", "PAN", "PAN-N"][..]));
    assert!(!out.contains("9876") && !out.contains("39383736"), "{out}");
    let (_, out, _) = run(here.path(), &[&["inspect"], &arguments[..], &["-n", "1"]].concat());
    let amount = out.lines().find(|line| line.starts_with("AMT")).unwrap();
    assert_eq!(
        amount.split_whitespace().collect::<Vec<_>>(),
        ["AMT", "S", "4", "4", "30", "30", "34", "32", "0042", "42"]
    );
    let (_, out, _) = run(here.path(), &[&["decode"], &arguments[..], &["--mask"]].concat());
    assert!(out.contains(r#""PAN":"***","PAN-N":"***""#) && out.contains(r#""AMT":"42""#), "{out}");
}
