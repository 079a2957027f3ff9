//! `fpp mapping`: a mapping tried on a file, and the schemas of what it publishes.

use super::{Flaw, Series, Spoil, folder, layout, make, root, run};
use serde_json::Value;

fn mapping(name: &str) -> String {
    root().join("config/events").join(name).display().to_string()
}

#[test]
fn check_shows_an_event_and_what_is_refused() {
    let here = folder();
    let flaws = [(2, Flaw::FeeDigit), (3, Flaw::Instrument), (5, Flaw::FeeDigit)];
    let spoils: Vec<_> = flaws.into_iter().map(|(trade, flaw)| Spoil::Record { trade, flaw }).collect();
    let file = make(here.path(), Series::Ebcdic, 6, &spoils);
    let config = root().join("config/fpp.toml").display().to_string();
    let of_route = ["mapping", "check", "pmtrd", &file, "--config", &config];
    let (code, shown, messages) = run(here.path(), &of_route);
    assert_eq!(code, 3, "{shown}{messages}");
    for part in ["8 records, 6 details: 3 events, 3 refused", "pm.trade.executed.v1", "next: FPP2001", "record 2:"] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let words = |code: &str| {
        let line = shown.lines().find(|line| line.starts_with(code)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    // Code, field, first bad byte, how many, the first record.
    assert_eq!(&words("FPP2001")[..5], ["FPP2001", "FEE", "189", "2", "3"]);
    assert_eq!(&words("FPP3001")[..5], ["FPP3001", "INSTID", "111", "1", "4"]);
    assert!(!shown.contains("司徒浩军"), "sensitive values are masked: {shown}");
    let (_, shown, _) = run(here.path(), &[&of_route[..], &["--clear", "--record", "4"]].concat());
    assert!(shown.contains("record 4 gives no event: FPP3001"), "{shown}");
    let (code, shown, _) = run(here.path(), &[&of_route[..], &["--clear", "--json"]].concat());
    let told: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, &told["events"]["pm.trade.executed.v1"], &told["refused"]), (3, &3.into(), &3.into()));
    assert_eq!(told["event"]["data"]["lineage"]["digest"].as_str().unwrap().len(), 64);
    assert!(told["event"]["data"]["customerName"].as_str().is_some_and(|name| !name.contains('*')));
    // Cut in the middle of a record: what stands before is told, and the exit code says so.
    let mut bytes = std::fs::read(here.path().join(&file)).unwrap();
    bytes.truncate(480 * 3 + 7);
    std::fs::write(here.path().join(&file), bytes).unwrap();
    let (code, shown, messages) = run(here.path(), &of_route);
    assert_eq!(code, 4, "{messages}");
    assert!(shown.contains("3 records, 2 details: 1 events, 1 refused"), "{shown}");
}

#[test]
fn a_mapping_alone_needs_its_layout_and_tells_its_faults_where_they_stand() {
    let here = folder();
    let file = root().join("tests/golden/products/1.dat").display().to_string();
    let products = mapping("pmprd.toml");
    let check = ["mapping", "check", &products, &file];
    let (code, _, message) = run(here.path(), &check);
    assert_eq!(code, 2);
    assert!(message.contains("--layout"), "{message}");
    let (code, shown, message) = run(here.path(), &[&check[..], &["--layout", &layout("pmprd.toml")]].concat());
    assert_eq!(code, 0, "{message}");
    assert!(shown.contains("3 records, 3 details: 3 events, 0 refused"), "{shown}");
    let text = std::fs::read_to_string(&products).unwrap().replace("divide(TICK * LOTGRM, 1000, 2)", "TICK / 1000");
    std::fs::write(here.path().join("m.toml"), text).unwrap();
    let (code, _, message) =
        run(here.path(), &["mapping", "check", "m.toml", &file, "--layout", &layout("pmprd.toml")]);
    assert_eq!(code, 2);
    assert!(message.contains("m.toml:") && message.contains("write divide(a, b, digits)"), "{message}");
}

#[test]
fn schemas_are_listed_and_shown() {
    let here = folder();
    let arguments = ["mapping", "schema", &mapping("pmprd.toml"), "--layout", &layout("pmprd.toml")];
    let (code, shown, message) = run(here.path(), &arguments);
    assert_eq!(code, 0, "{message}");
    assert!(shown.contains("pm.product.listed.v1") && shown.contains("pm.file.rejected.v1"), "{shown}");
    let (_, shown, _) = run(here.path(), &[&arguments[..], &["pm.product.listed.v1"]].concat());
    let schema: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    let data = &schema["$defs"]["data"];
    assert_eq!(data["$id"], "urn:fpp:schema:pm.product.v1");
    assert_eq!(data["properties"]["metal"]["enum"], serde_json::json!(["AU", "AG", "PT", "PD"]));
    assert_eq!(data["properties"]["lotGrams"]["pattern"], "^-?[0-9]+\\.[0-9]{4}$");
    let (code, _, message) = run(here.path(), &[&arguments[..], &["pm.nothing.v1"]].concat());
    assert!(code == 2 && message.contains("known: pm.product.listed.v1"), "{message}");
}
