//! Parquet and Arrow from the command line: a build that has them writes them, any other says how to get them.

#[cfg(feature = "columnar")]
use super::{Flaw, Spoil};
use super::{Series, folder, layout, make, run};
use std::path::Path;

#[cfg(not(feature = "columnar"))]
#[test]
fn a_build_without_them_says_how_to_get_them() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 5, &[]);
    let pmtrd = layout("pmtrd.toml");
    for form in [&["-o", "x.parquet"][..], &["--format", "parquet"], &["-o", "x.arrow"], &["--format", "arrow"]] {
        let arguments = [&["decode", &pmtrd, &file, "--type", "PMTRDD"][..], form].concat();
        let (code, out, message) = run(here.path(), &arguments);
        assert!(code == 2 && out.is_empty(), "{message}");
        assert!(message.contains("cargo build --release --features columnar"), "{message}");
    }
    assert!(!here.path().join("x.parquet").exists() && !here.path().join("x.arrow").exists());
    refuses_to_read_them(here.path(), &pmtrd);
}

#[cfg(feature = "columnar")]
#[test]
fn a_file_of_one_record_format_is_the_same_with_any_number_of_threads() {
    let here = folder();
    let spoil = [Spoil::Record { flaw: Flaw::FeeDigit, trade: 25 }];
    let file = make(here.path(), Series::Ebcdic, 5_000, &spoil);
    let pmtrd = layout("pmtrd.toml");
    for (name, magic, ending) in [("x.parquet", &b"PAR1"[..], &b"PAR1"[..]), ("x.arrow", b"ARROW1", b"ARROW1")] {
        let write = |threads: &str| {
            let arguments = ["decode", &pmtrd, &file, "--type", "PMTRDD", "-o", name, "--threads", threads];
            let (code, _, summary) = run(here.path(), &arguments);
            assert_eq!(code, 3, "{summary}");
            assert!(summary.contains("decoded 5,002 records, 1 refused, 2 left out"), "{summary}");
            assert!(summary.contains("record 26: PMTRDD FEE: FPP2001"), "{summary}");
            std::fs::read(here.path().join(name)).unwrap()
        };
        let (alone, together) = (write("1"), write("3"));
        assert!(alone.starts_with(magic) && alone.ends_with(ending), "{name}");
        assert!(alone == together, "{name}");
        assert!(alone.len() > 100_000, "{name}: {}", alone.len());
    }
    let arguments = ["decode", &pmtrd, &file, "-o", "bad.parquet", "--type", "PMTRDD", "--fail-fast"];
    assert_eq!(run(here.path(), &arguments).0, 4);
    assert!(!here.path().join("bad.parquet").exists());
    refuses_to_read_them(here.path(), &pmtrd);
}

#[cfg(feature = "columnar")]
#[test]
fn several_record_formats_need_a_file_each() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 50, &[]);
    let pmtrd = layout("pmtrd.toml");
    let (code, _, message) = run(here.path(), &["decode", &pmtrd, &file, "-o", "x.parquet"]);
    assert!(code == 2 && message.contains("--type") && message.contains("{type}"), "{message}");
    let (code, _, summary) = run(here.path(), &["decode", &pmtrd, &file, "-o", "x-{type}.parquet"]);
    assert_eq!(code, 0, "{summary}");
    for name in ["x-PMTRDH.parquet", "x-PMTRDD.parquet", "x-PMTRDT.parquet"] {
        assert!(std::fs::read(here.path().join(name)).unwrap().ends_with(b"PAR1"), "{name}");
    }
    // Only what was selected has a column, and its name stands in the file.
    let arguments = ["decode", &pmtrd, &file, "--select", "TRDNO,AMT", "-o", "some.parquet"];
    assert_eq!(run(here.path(), &arguments).0, 0);
    let bytes = std::fs::read(here.path().join("some.parquet")).unwrap();
    let has = |name: &[u8]| bytes.windows(name.len()).any(|window| window == name);
    assert!(has(b"TRDNO") && has(b"AMT") && !has(b"CUSTNM"));
}

/// Nothing reads these forms back.
fn refuses_to_read_them(here: &Path, layout: &str) {
    std::fs::write(here.join("y.parquet"), "PAR1").unwrap();
    let (code, _, message) = run(here, &["encode", layout, "y.parquet"]);
    assert!(code == 2 && message.contains("jsonl and csv are"), "{message}");
    let (code, _, message) = run(here, &["encode", layout, "-", "--format", "parquet"]);
    assert!(code == 2 && message.contains("[possible values: jsonl, csv]"), "{message}");
    let (_, help, _) = run(here, &["encode", "--help"]);
    assert!(help.contains("- csv: ") && !help.to_lowercase().contains("parquet"), "{help}");
}
