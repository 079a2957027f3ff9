//! Corrections: an operator takes an event back or puts it right, and everybody hears of it, in its own place, for good.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

#[path = "corrections/persons.rs"]
mod persons;
#[path = "corrections/remap.rs"]
mod remap;
mod support;

use fpp::api::client;
use fpp::ledger::transfer::{Act, FileState};
use fpp::node::{Node, Options};
use fpp::trade::schema::Schema;
use serde_json::Value;
use std::process::Command;
use support::core::{Dropped, core_file};
use support::settled::settled;
use support::site::{Site, route_with_an_outlet_of_files};

async fn start(site: &Site) -> Node {
    Node::start(site.settings(), Options::default()).await.unwrap()
}

fn drop_batch(site: &Site, batch: u16) {
    let file = core_file(batch, 4, Dropped::Partly);
    site.drop_file(&file.name, &file.bytes, Some(""), 1_750_000_000_000);
}

/// Runs the program beside the node; whether it agrees, and what it says.
async fn said(site: &Site, arguments: &[&str]) -> (bool, String) {
    let mut words = vec!["--config".to_owned(), site.settings_file().display().to_string()];
    words.extend(arguments.iter().map(ToString::to_string));
    let run = move || Command::new(env!("CARGO_BIN_EXE_fpp")).args(words).env_remove("SUDO_USER").output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
}

async fn stream(node: &Node, token: Option<&str>) -> Vec<Value> {
    let answer = client::events(node.address, "/v1/events?limit=1000", token).await.unwrap();
    let lines = answer.body.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn find<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    let found: Vec<_> = events.iter().filter(|event| event["type"] == kind).collect();
    assert_eq!(found.len(), 1, "{kind} in {events:#?}");
    found[0]
}

fn without<'a>(data: &'a Value, members: &[&str]) -> Vec<(&'a String, &'a Value)> {
    data.as_object().unwrap().iter().filter(|(name, _)| !members.contains(&name.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_taken_back_and_put_right_by_others_that_refer_to_it() {
    let mut route = route_with_an_outlet_of_files();
    let pushed = "kind = \"append\"\nname = \"lines\"\nsensitive = \"clear\"".parse().unwrap();
    route["outlet"].as_array_mut().unwrap().push(toml::Value::Table(pushed));
    let site = Site::make(&route);
    let settings = std::fs::read_to_string(site.settings_file()).unwrap();
    let outlet = "\n[outlet.lines]\nkind = \"append\"\npath = \"../lines\"\n";
    std::fs::write(site.settings_file(), settings + outlet).unwrap();
    let node = start(&site).await;
    drop_batch(&site, 1);
    settled(&node, 1).await.unwrap();
    let before = stream(&node, None).await;
    assert_eq!(before.len(), 4, "three good trades of four, and the end");
    let first = &before[2];
    let id = first["id"].as_str().unwrap();
    let fee = first["data"]["fee"].as_str().unwrap();

    let correct = ["events", "correct", id, "--route", "pmtrd", "--reason", "ticket 4711", "--set"];
    for (set, why) in [
        (format!("FEE={fee}"), "the record says that already"),
        ("FEE=x".to_owned(), "FEE: "),
        ("AMT=1.00".to_owned(), "AMT: FPP3002"),
        ("STAT=01".to_owned(), "the event would be another one: 2025-06-20:"),
        ("NOPE=1".to_owned(), "`NOPE` is no field"),
    ] {
        let (agreed, text) = said(&site, &[&correct[..], &[&set]].concat()).await;
        assert!(!agreed && text.contains(why), "{set}: {text}");
    }
    let set = ["FEE=12.34", "--set", "CUSTNM=李四", "--set", "CHNL=CNT"];
    let (agreed, text) = said(&site, &[&correct[..], &set[..]].concat()).await;
    assert!(agreed && text.contains("is corrected"), "{text}");
    let all = settled(&node, 2).await.unwrap();
    assert_eq!((all[1].state, all[1].publication), (FileState::Archived, Some(2)));
    let correction = all[1].facts.correction.as_ref().unwrap();
    assert_eq!(
        (correction.act, &correction.fields[..]),
        (Act::Corrected, &["FEE", "CUSTNM", "CHNL"].map(String::from)[..])
    );
    let journal = node.ledger.journal(&format!("transfer:{}", all[1].id)).await.unwrap();
    assert!(
        journal[0].entry.contains("ticket 4711") && journal.iter().all(|row| !row.entry.contains("李四")),
        "{journal:?}"
    );

    // By its position, which says the route by itself.
    let void = ["events", "void", before[0]["fppposition"].as_str().unwrap(), "--reason", "booked twice"];
    let (agreed, text) = said(&site, &void).await;
    assert!(agreed && text.contains("is voided"), "{text}");
    settled(&node, 3).await.unwrap();
    let (agreed, text) = said(&site, &void).await;
    assert!(!agreed && text.contains("was taken back already"), "{text}");
    let again = ["events", "correct", before[0]["fppposition"].as_str().unwrap(), "--set", "FEE=1.00", "--reason", "x"];
    let (agreed, text) = said(&site, &again).await;
    assert!(!agreed && text.contains("was taken back already"), "{text}");

    let after = stream(&node, None).await;
    assert_eq!(after[..4], before[..], "what stands is never edited");
    assert_eq!(after.len(), 8, "each correction is a publication: its event, and the end");
    let corrected = find(&after, "pm.trade.corrected.v1");
    assert_eq!(corrected["fppposition"].as_str().unwrap().split('-').next(), Some("2"));
    assert_eq!((&corrected["fppcorrects"], &corrected["subject"]), (&first["id"], &first["subject"]));
    let changed = ["fee", "customerName", "channel", "correction"];
    assert_eq!(without(&corrected["data"], &changed), without(&first["data"], &changed), "only what was said changed");
    let data = &corrected["data"];
    assert_eq!(
        (&data["fee"], &data["customerName"], &data["channel"]),
        (&"12.34".into(), &"李四".into(), &"CNT".into())
    );
    assert_eq!((&data["correction"]["of"], &data["correction"]["datahash"]), (&first["id"], &first["datahash"]));
    let voided = find(&after, "pm.trade.voided.v1");
    assert_eq!(without(&voided["data"], &["correction"]), without(&before[0]["data"], &[]));
    assert_eq!(
        (&voided["id"], &voided["data"]["correction"]["reason"]),
        (&format!("{}:voided", before[0]["id"].as_str().unwrap()).into(), &"booked twice".into(),)
    );

    // The outlet of files got each in a file of its own, with its checksum and marker.
    let names = site.names("services");
    assert_eq!(names.len(), 9, "{names:?}");
    let lines: Vec<Value> = names
        .iter()
        .filter(|name| name.ends_with(".jsonl"))
        .flat_map(|name| {
            let bytes = site.read(&format!("services/{name}"));
            bytes.split(|b| *b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect::<Vec<Value>>()
        })
        .collect();
    assert_eq!(find(&lines, "pm.trade.corrected.v1")["datahash"], corrected["datahash"]);
    assert_eq!(find(&lines, "pm.trade.voided.v1")["datahash"], voided["datahash"]);
    // So did the outlet that events are pushed to, in the order of the publications.
    let pushed = site.read("lines/pmtrd-2025-06-20.jsonl");
    let pushed: Vec<Value> = pushed.split(|b| *b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect();
    let ids = |events: &[Value]| events.iter().map(|event| event["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&pushed), ids(&after));
    assert_eq!(site.names("core/in").len(), 3, "the core is answered once");

    // Byte for byte again, by another start of the node, and as the schemas say.
    let bytes = client::events(node.address, "/v1/events?limit=1000", None).await.unwrap().body;
    node.stop().await;
    let node = start(&site).await;
    assert_eq!(client::events(node.address, "/v1/events?limit=1000", None).await.unwrap().body, bytes);
    for event in [corrected, voided] {
        let path = format!("/v1/schemas/{}", event["type"].as_str().unwrap());
        let schema: Value =
            serde_json::from_slice(&client::events(node.address, &path, None).await.unwrap().body).unwrap();
        let schema = Schema { name: path, dataschema: String::new(), json: schema };
        let validator = jsonschema::draft202012::new(&schema.json).unwrap();
        let faults: Vec<_> = validator.iter_errors(event).map(|f| f.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
    }
    node.stop().await;
    assert!(said(&site, &["ledger", "verify"]).await.1.contains("all fit"));
}

/// A correction is chosen by its own type, and by the instrument of either record; no other record of its file stands for it.
#[tokio::test(flavor = "multi_thread")]
async fn corrections_come_to_who_wants_their_type_or_instrument_and_to_nobody_else() {
    const DONE: &str = "pm.trade.executed.v1";
    const VOIDED: &str = "pm.trade.voided.v1";
    let mut route = route_with_an_outlet_of_files();
    for (name, keys) in [
        ("voids", format!("types = [\"{VOIDED}\"]")),
        ("done", format!("types = [\"{DONE}\"]")),
        ("board", "instruments = [\"iAu99.99\"]\ntypes = [\"pm.trade.*\"]".to_owned()),
    ] {
        let outlet = format!("kind = \"append\"\nname = \"{name}\"\nsensitive = \"clear\"\n{keys}").parse().unwrap();
        route["outlet"].as_array_mut().unwrap().push(toml::Value::Table(outlet));
    }
    let site = Site::make(&route);
    let outlet = |name| format!("\n[outlet.{name}]\nkind = \"append\"\npath = \"../{name}\"\n");
    site.configure(&["voids", "done", "board"].map(outlet).concat());
    let node = start(&site).await;
    site.drop_batch(1, 30);
    settled(&node, 1).await.unwrap();
    let first = stream(&node, None).await;
    let instrument = |event: &Value| event["data"]["instrument"].as_str().map(str::to_owned);
    // International gold is traded in the same lots.
    let moved = first.iter().position(|event| instrument(event).as_deref() == Some("Au99.99")).unwrap();
    let is_before_another = |at: &usize| *at != moved && instrument(&first[*at]) != instrument(&first[at + 1]);
    let voided = (0..29).find(is_before_another).unwrap();
    let said_of = async |event: &Value, words: &[&str]| {
        let id = event["id"].as_str().unwrap();
        let (agreed, text) = said(&site, &[words, &[id, "--route", "pmtrd", "--reason", "x"]].concat()).await;
        assert!(agreed, "{text}");
    };
    said_of(&first[moved], &["events", "correct", "--set", "INSTID=iAu99.99", "--set", "INSTNM=国际板黄金9999"]).await;
    settled(&node, 2).await.unwrap();
    said_of(&first[voided], &["events", "void"]).await;
    settled(&node, 3).await.unwrap();

    let all = stream(&node, None).await;
    assert_eq!(all.len(), 31 + 2 + 2);
    let is_of = |event: &Value, code: &str| {
        let about = all.iter().find(|first| first["id"] == event["fppcorrects"]);
        instrument(event).is_none_or(|own| own == code) || about.is_some_and(|first| instrument(first).unwrap() == code)
    };
    let lines = |bytes: &[u8]| -> Vec<Value> {
        let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    };
    let wanted = |of: &dyn Fn(&Value) -> bool| all.iter().filter(|event| of(event)).cloned().collect::<Vec<_>>();
    for kind in [DONE, VOIDED, "pm.trade.corrected.v1"] {
        let got = client::events(node.address, &format!("/v1/events?limit=1000&type={kind}"), None).await.unwrap();
        assert_eq!(lines(&got.body), wanted(&|event| event["type"] == kind), "{kind}");
    }
    for code in ["Au99.99".to_owned(), "iAu99.99".to_owned(), instrument(&first[voided + 1]).unwrap()] {
        let query = format!("/v1/events?limit=1000&instrument={}", code.replace('+', "%2B"));
        let got = client::events(node.address, &query, None).await.unwrap();
        assert_eq!(lines(&got.body), wanted(&|event| is_of(event, &code)), "{code}");
    }
    let is_end = |event: &Value| event["type"].as_str().unwrap().starts_with("pm.file.");
    let ids = |events: Vec<Value>| events.iter().map(|event| event["id"].clone()).collect::<Vec<_>>();
    for (name, due) in [
        ("voids", wanted(&|event| event["type"] == VOIDED)),
        ("done", wanted(&|event| event["type"] == DONE)),
        ("board", wanted(&|event| !is_end(event) && is_of(event, "iAu99.99"))),
    ] {
        assert!(!due.is_empty(), "{name}");
        assert_eq!(ids(lines(&site.read(&format!("{name}/pmtrd-2025-06-20.jsonl")))), ids(due), "{name}");
    }
    node.stop().await;
}
