//! `--where` beside the other choices: a record that cannot be judged never passes as a good one.

use super::decode::{lines, read};
use super::{folder, run};

const FLAT: &str = "name = \"R\"\nversion = \"1\"\nfield = [{ name = \"ID\", type = \"char\", length = 4 }, \
                    { name = \"AMT\", type = \"packed\", digits = 7 }]\n";
const GROUPED: &str = "       01 R.\n           05 ID PIC X(4).\n           05 G.\n\
                       \x20              10 AMT PIC S9(7) COMP-3.\n";
/// JOHN, whose amount has a half byte F, and ANNA with 5.
const RECORDS: &[u8] = b"\xD1\xD6\xC8\xD5\0\x3F\0\x0F\xC1\xD5\xD5\xC1\0\0\0\x5F";

#[test]
fn what_cannot_be_decided_is_bad_whatever_is_selected() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("r.toml", FLAT.as_bytes());
    write("r.cpy", GROUPED.as_bytes());
    write("r.dat", RECORDS);
    let forms = [&["--format", "jsonl"][..], &["--format", "csv"], &["--threads", "3"]];
    #[cfg(feature = "columnar")]
    let forms = [&forms[..], &[&["-o", "x.parquet"][..], &["-o", "x.arrow"]]].concat();
    for (layout, form) in ["r.toml", "r.cpy"].iter().flat_map(|layout| forms.iter().map(move |form| (layout, form))) {
        let base = ["decode", layout, "r.dat", "--ccsid", "37", "--where", "AMT > 1000", "--select", "ID"];
        let (code, out, told) = run(here.path(), &[&base, *form].concat());
        assert!(code == 3 && told.contains("decoded 2 records, 1 refused, 1 left out"), "{layout} {form:?} {told}");
        assert!(told.contains("first bad record 1: R AMT: FPP2001"), "{layout} {form:?} {told}");
        match form[1] {
            "csv" => assert!(out.trim_start_matches('\u{feff}') == "ID\r\n", "{out}"),
            "jsonl" | "3" => {
                let line = &lines(&out)[0];
                assert_eq!((&line["fields"]["ID"], &line["faults"][0]["field"]), (&"JOHN".into(), &"AMT".into()));
                assert!(out.lines().count() == 1 && line["fields"].get("AMT").is_none(), "{out}");
            }
            _ => assert!(out.is_empty()),
        }
        let (_, out, _) = run(here.path(), &[&base, *form, &["--rejects", "bad.jsonl", "--clear"]].concat());
        let bad = lines(&read(here.path(), "bad.jsonl"));
        assert!(bad.len() == 1 && !out.contains("JOHN"), "{out}");
        assert_eq!(
            (&bad[0]["field"], &bad[0]["hex"], &bad[0]["code"]),
            (&"AMT".into(), &"003F000F".into(), &"FPP2001".into())
        );
    }
    // What a condition can decide stays as it was: no fault elsewhere is seen.
    let base = ["decode", "r.toml", "r.dat", "--ccsid", "37", "--where", "ID == \"JOHN\"", "--select", "ID"];
    let (code, out, told) = run(here.path(), &base);
    assert!(code == 0 && out.contains("JOHN") && told.contains("1 left out"), "{out}{told}");
}
