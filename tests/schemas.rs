//! The schemas that are made of mappings, held against every golden event by another reading of the standard.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use fpp::trade::event::{Event, Lineage};
use fpp::trade::instrument::Instruments;
use fpp::trade::mapping::Mapping;
use fpp::trade::moment::Offset;
use fpp::trade::schema::of_files;
use fpp_codecs::format::{Format, Role};
use fpp_codecs::framing::Cutter;
use fpp_codecs::record::Row;
use jsonschema::Validator;
use serde_json::Value;
use std::collections::BTreeMap;
use support::site::repository;

/// Mapping, layout, and the cases whose events it makes.
const SAMPLES: [(&str, &str, &[&str]); 5] = [
    ("pmtrd", "pmtrd", &["happy-1388", "silver", "reversal", "night-session", "bad-business-1388"]),
    ("pmtrd", "pmtrd-gbk", &["happy-gbk"]),
    ("pmprd", "pmprd", &["products"]),
    ("pmrec", "pmrec", &["reconciliation"]),
    ("pmack", "pmack", &["response"]),
];

struct Sample {
    mapping: Mapping,
    format: Format,
    instruments: Instruments,
}

fn sample(mapping: &str, layout: &str) -> Sample {
    let config = repository().join("config");
    let read = |name: &str| std::fs::read_to_string(config.join(name)).unwrap();
    let mut beside = |name: &str| std::fs::read_to_string(config.join("layouts").join(name)).map_err(|e| e.to_string());
    let text = read(&format!("layouts/{layout}.toml"));
    let format = Format::parse(layout, &text, &mut beside, None).unwrap().0;
    let instruments = Instruments::parse("instruments.toml", &read("instruments.toml")).unwrap();
    let text = read(&format!("events/{mapping}.toml"));
    let mapping = Mapping::parse(mapping, &text, &format, &instruments).unwrap();
    Sample { mapping: mapping.for_route("urn:fpp:test:x", Offset::china()), format, instruments }
}

impl Sample {
    fn validators(&self) -> BTreeMap<String, Validator> {
        let schemas = self.mapping.schemas(&self.format).into_iter().chain(of_files());
        let compiled = schemas.map(|schema| {
            let compiled = jsonschema::draft202012::options().should_validate_formats(true).build(&schema.json);
            (schema.name.clone(), compiled.unwrap_or_else(|e| panic!("{}: {e}", schema.name)))
        });
        compiled.collect()
    }
}

fn faults(validators: &BTreeMap<String, Validator>, event: &Value) -> Vec<String> {
    let kind = event["type"].as_str().unwrap();
    let validator = validators.get(kind).unwrap_or_else(|| panic!("no schema of {kind}"));
    validator.iter_errors(event).map(|fault| format!("{} at {}", fault, fault.instance_path())).collect()
}

#[test]
fn every_schema_is_one_and_every_golden_event_fits_its_own() {
    for (mapping, layout, cases) in SAMPLES {
        let sample = sample(mapping, layout);
        for schema in sample.mapping.schemas(&sample.format).into_iter().chain(of_files()) {
            jsonschema::meta::validate(&schema.json).unwrap_or_else(|e| panic!("{}: {e}", schema.name));
        }
        let validators = sample.validators();
        for case in cases {
            let path = repository().join("tests/golden").join(case).join("events.ndjson");
            let text = std::fs::read_to_string(path).unwrap();
            // What differs from run to run stands there as a word.
            let text = text.replace("<hash of the data>", &"0".repeat(64));
            assert!(!text.is_empty());
            for line in text.lines() {
                let event: Value = serde_json::from_str(line).unwrap();
                assert_eq!(faults(&validators, &event), Vec::<String>::new(), "{case}: {line}");
            }
        }
    }
}

#[test]
fn a_masked_event_fits_the_same_schema() {
    for (mapping, layout, cases) in SAMPLES {
        let sample = sample(mapping, layout);
        let validators = sample.validators();
        let bytes = std::fs::read(repository().join("tests/golden").join(cases[0]).join("1.dat")).unwrap();
        let mut cutter = Cutter::new(sample.format.framing.clone(), &bytes[..]);
        let (mut row, mut event, mut count) = (Row::default(), Event::default(), 0);
        let digest = "0".repeat(64);
        while let Some(cut) = cutter.next().unwrap() {
            let record = &sample.format.records[sample.format.select(cut.bytes).unwrap()];
            if record.role != Role::Detail {
                continue;
            }
            record.decode(cut.bytes, &mut row);
            let lineage = Lineage { digest: &digest, ..Lineage::default() };
            if sample.mapping.event_masked(&row, &lineage, &sample.instruments, &mut event).is_ok() {
                let event: Value = serde_json::from_slice(&event.json).unwrap();
                assert_eq!(faults(&validators, &event), Vec::<String>::new(), "{event}");
                count += 1;
            }
        }
        assert!(count > 0, "{mapping} of {layout}");
    }
}

#[test]
fn what_a_mapping_never_publishes_does_not_fit() {
    let sample = sample("pmtrd", "pmtrd");
    let validators = sample.validators();
    let path = repository().join("tests/golden/happy-1388/events.ndjson");
    let text = std::fs::read_to_string(path).unwrap();
    let good: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let spoils: [(&str, Value); 9] = [
        ("/specversion", "0.3".into()),
        ("/datahash", "ab".into()),
        ("/time", "yesterday".into()),
        ("/data/side", "HOLD".into()),
        ("/data/grossAmount", "1.0".into()),
        ("/data/tradeDate", "20250620".into()),
        ("/data/price/unit", "OZ".into()),
        ("/data/tradeId", Value::Null),
        ("/data/lineage/record", "2".into()),
    ];
    for (place, value) in spoils {
        let mut bad = good.clone();
        *bad.pointer_mut(place).unwrap() = value;
        assert!(!faults(&validators, &bad).is_empty(), "{place} is not looked at");
    }
    let mut more = good.clone();
    more["data"]["secret"] = "x".into();
    assert!(!faults(&validators, &more).is_empty(), "data has no other members");
    let mut less = good;
    less["data"].as_object_mut().unwrap().remove("fee");
    assert!(!faults(&validators, &less).is_empty(), "every member is there");
}

/// The node serves the schemas of its routes, to a token those of its own; and they are those that its events fit.
#[cfg(feature = "demo")]
#[tokio::test(flavor = "multi_thread")]
async fn the_node_serves_the_schemas_of_its_routes() {
    use fpp::api::client;
    use fpp::node::{Node, Options};
    use support::core::{Dropped, core_file};
    use support::settled::settled;
    use support::site::{Site, sample_route};

    let site = Site::make(&sample_route("pmtrd"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let file = core_file(1, 5, Dropped::Good);
    site.drop_file(&file.name, &file.bytes, Some(""), 1_750_000_000_000);
    settled(&node, 1).await.unwrap();
    let get = async |path: &str| client::events(node.address, path, None).await.unwrap();
    let list: Value = serde_json::from_slice(&get("/v1/schemas").await.body).unwrap();
    let mut validators = BTreeMap::new();
    for one in list["schemas"].as_array().unwrap() {
        assert_eq!(one["routes"], serde_json::json!(["pmtrd"]));
        let name = one["type"].as_str().unwrap();
        let answer = get(&format!("/v1/schemas/{name}?route=pmtrd")).await;
        assert!(answer.status.is_success());
        let schema: Value = serde_json::from_slice(&answer.body).unwrap();
        validators.insert(name.to_owned(), jsonschema::draft202012::new(&schema).unwrap());
    }
    assert_eq!(validators.len(), 7, "{list}");
    let events = get("/v1/events").await;
    let lines: Vec<Value> =
        events.body.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert_eq!(lines.len(), 6);
    for event in &lines {
        assert_eq!(faults(&validators, event), Vec::<String>::new(), "{event}");
    }
    for path in ["/v1/schemas/pm.nothing.v1", "/v1/schemas/pm.trade.executed.v1?route=other"] {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
    node.stop().await;
}
