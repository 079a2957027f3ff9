//! `fpp layout check`, `show`, `diff` and `convert`.

use super::{folder, layout, run};

const CUSTOMER: &str = "                R CUST
                  CUNO           7P 0       VALUES(1 2)
                  CUNAME        20          TEXT('Name')
";

#[test]
fn layout_check_tells_the_faults_of_every_file() {
    let here = folder();
    std::fs::write(here.path().join("good.pf"), CUSTOMER).unwrap();
    std::fs::write(here.path().join("odd.pf"), CUSTOMER.replace("VALUES(1 2)", "NOSUCH")).unwrap();
    std::fs::write(here.path().join("bad.lf"), "                R VIEW                      PFILE(CUST)\n").unwrap();
    let (code, told, notes) = run(here.path(), &["layout", "check", "good.pf", "odd.pf", "bad.lf"]);
    assert_eq!(code, 2, "{told}{notes}");
    assert!(told.contains("good.pf: good: CUST 24 bytes, 2 fields\n") && told.contains("bad.lf: 1 fault\n"), "{told}");
    assert!(notes.contains("warning: odd.pf:2:45:") && notes.contains("bad.lf:1:45: the fields of CUST"), "{notes}");
    assert_eq!(run(here.path(), &["layout", "check", "odd.pf"]).0, 0);
    assert_eq!(run(here.path(), &["layout", "check", "odd.pf", "--strict"]).0, 2);
    let common = here.path().join("common");
    std::fs::create_dir(&common).unwrap();
    std::fs::write(common.join("CUST.PF"), CUSTOMER).unwrap();
    let (code, told, _) = run(here.path(), &["layout", "check", "bad.lf", "--refs", "common", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &told["good"], &told["records"][0]["bytes"]), (0, &true.into(), &24.into()));
}

#[test]
fn layout_diff_says_what_old_files_are_worth() {
    let here = folder();
    let write = |name: &str, text: String| std::fs::write(here.path().join(name), text).unwrap();
    write("old.pf", CUSTOMER.to_owned());
    write("words.pf", CUSTOMER.replace("'Name'", "'Full name'"));
    write("null.pf", CUSTOMER.replace("TEXT('Name')", "ALWNULL"));
    write("longer.pf", CUSTOMER.replace("  20  ", "  30  "));
    for (new, code, verdict) in [
        ("old.pf", 0, "compatible:"),
        ("words.pf", 0, "compatible:"),
        ("null.pf", 3, "compatible for reading:"),
        ("longer.pf", 4, "not compatible:"),
    ] {
        let (found, told, _) = run(here.path(), &["layout", "diff", "old.pf", new]);
        assert_eq!(found, code, "{new} {told}");
        assert!(told.lines().last().unwrap().starts_with(verdict), "{told}");
    }
    let (_, told, _) = run(here.path(), &["layout", "diff", "old.pf", "longer.pf", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["verdict"], &told["changes"][1]["field"]), (&"not compatible".into(), &"CUNAME".into()));
}

#[test]
fn layout_convert_writes_what_reads_back() {
    let here = folder();
    std::fs::write(here.path().join("cust.pf"), CUSTOMER).unwrap();
    let (code, _, why) = run(here.path(), &["layout", "convert", "cust.pf", "--to", "toml", "-o", "cust.toml"]);
    assert_eq!(code, 0, "{why}");
    assert_eq!(run(here.path(), &["layout", "diff", "cust.pf", "cust.toml"]).0, 0);
    let (code, toml, _) = run(here.path(), &["layout", "convert", "cust.pf", "--to", "toml", "-o", "-"]);
    assert_eq!((code, toml), (0, std::fs::read_to_string(here.path().join("cust.toml")).unwrap()));
    let (_, schema, _) = run(here.path(), &["layout", "convert", "cust.toml", "--to", "json-schema", "--closed"]);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let fields = &schema["properties"]["fields"]["properties"];
    assert_eq!(fields["CUNO"]["anyOf"], serde_json::json!([{"const": "1"}, {"const": "2"}]));
    let (code, _, why) = run(here.path(), &["layout", "convert", &layout("pmtrd.toml"), "--to", "toml"]);
    assert_eq!(code, 2);
    assert!(why.contains("--record, one of PMTRDH, PMTRDD, PMTRDT"), "{why}");
}

#[test]
fn layout_show_has_groups_and_names_for_values() {
    let here = folder();
    let book = "       01 R.\n          05 KIND PIC X.\n             88 OPEN-KIND VALUE 'O'.\n          05 PART OCCURS 2.\n             10 QTY PIC 9(3).\n";
    std::fs::write(here.path().join("r.cpy"), book).unwrap();
    let (code, told, _) = run(here.path(), &["layout", "show", "r.cpy", "--ccsid", "37"]);
    assert_eq!(code, 0);
    for part in ["PART   group", "  QTY  S", "occurs 2", "values of KIND: OPEN-KIND 'O'"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn layout_show_counts_bytes_from_one() {
    let here = folder();
    let (code, shown, _) = run(here.path(), &["layout", "show", &layout("pmtrd.toml")]);
    assert_eq!(code, 0);
    let line = shown.lines().find(|l| l.starts_with("CUSTNM")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[..6], ["CUSTNM", "O", "221", "84", "1388", "yes"], "{line}");
    let (_, shown, _) = run(here.path(), &["layout", "show", &layout("pmtrdd.dds"), "--ccsid", "935", "--json"]);
    let record: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let amount = record["fields"].as_array().unwrap().iter().find(|f| f["name"] == "AMT").unwrap();
    assert_eq!((&amount["from"], &amount["bytes"], &amount["decimals"]), (&179.into(), &9.into(), &2.into()));
}
