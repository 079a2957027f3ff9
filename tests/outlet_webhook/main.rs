//! Events at an HTTP endpoint: the CloudEvents binding, signatures that other code verifies, and endpoints that are slow,
//! broken, moved or picky.
#![cfg(feature = "demo")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod lines;
mod node;
mod server;
#[path = "../support/mod.rs"]
mod support;

use fpp::clock::Clock;
use fpp::error::{Class, Error};
use fpp::outlets::position::Position;
use fpp::outlets::push::{Batch, Engine, Outcome, Posting, Pushed};
use fpp::outlets::trace::transfer_of;
use fpp::outlets::webhook::{Endpoint, Secret, Webhook};
use fpp_codecs::Code;
use server::{Call, Server};
use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SECRETS: [&str; 2] = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"];

fn endpoint(address: SocketAddr) -> Endpoint {
    Endpoint {
        url: format!("http://{address}/hooks/trades?bank=1").parse().unwrap(),
        secrets: SECRETS.iter().map(|text| Secret::parse(text).unwrap()).collect(),
        timeout: Duration::from_millis(800),
        events_max: 100,
        bytes_max: 1024 * 1024,
        calls_per_second: None,
        ca_file: None,
    }
}

fn webhook(address: SocketAddr) -> Webhook {
    Webhook::new(endpoint(address), Clock::System).unwrap()
}

fn posting() -> Posting {
    Posting {
        outlet: "hook".into(),
        installation: "bank".into(),
        transfer: "01JY0000000000000000000001".into(),
        route: "pmtrd".into(),
        business_date: None,
        epoch: 1,
        required: true,
    }
}

fn add(batch: &mut Batch, record: u64) {
    let id = if record == Position::END { "end".to_owned() } else { format!("T{record}") };
    let json = format!(r#"{{"specversion":"1.0","id":"{id}","source":"s","type":"t","data":{{"name":"司徒浩军"}}}}"#);
    let start = batch.json.len();
    batch.json.extend_from_slice(json.as_bytes());
    batch.events.push(Pushed {
        record,
        id,
        source: "s".into(),
        kind: "t".into(),
        subject: String::new(),
        time: String::new(),
        datahash: [0; 32],
        json: start..batch.json.len(),
    });
}

fn records(records: std::ops::Range<u64>) -> Batch {
    let mut batch = Batch::default();
    for record in records {
        add(&mut batch, record);
    }
    batch
}

async fn fault(hook: &Webhook, batch: &Batch) -> Error {
    let begun = Instant::now();
    let error = hook.push(&posting(), batch).await.expect_err("a fault").error;
    assert!(begun.elapsed() < Duration::from_secs(5), "{error} after {:?}", begun.elapsed());
    assert!(error.to_string().contains("outlet hook") && !error.hint.is_empty(), "{error}");
    assert!(!error.to_string().contains("bank=1") && !error.to_string().contains("司徒"), "{error}");
    error
}

/// Python's own HMAC over what arrived.
fn verify(calls: &[Call]) {
    const PYTHON: &str = r#"
import base64, hashlib, hmac, json, sys
for line in sys.stdin:
    call = json.loads(line)
    content = (call["id"] + "." + call["timestamp"] + ".").encode() + call["body"].encode()
    signatures = call["signature"].split(" ")
    assert len(signatures) == len(call["secrets"]), signatures
    for secret in call["secrets"]:
        key = base64.b64decode(secret[len("whsec_"):])
        sign = lambda text: "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        assert sign(content) in signatures, call
        assert sign(content + b" ") not in signatures
print("verified")
"#;
    let mut python = Command::new("python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = python.stdin.take().unwrap();
    for call in calls {
        let line = serde_json::json!({"id": call.header("webhook-id"), "timestamp": call.header("webhook-timestamp"),
            "signature": call.header("webhook-signature"), "body": call.body, "secrets": SECRETS});
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let said = python.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "verified", "{}", String::from_utf8_lossy(&said.stderr));
}

#[tokio::test]
async fn events_arrive_in_order_signed_and_the_end_of_the_file_by_itself() {
    let server = Server::start(|_| (202, Vec::new()));
    let hook = webhook(server.address);
    let mut batch = records(1..251);
    add(&mut batch, Position::END);
    assert_eq!(hook.push(&posting(), &batch).await.unwrap(), Outcome::default());
    let calls = server.calls();
    let shape: Vec<(bool, usize)> =
        calls.iter().map(|call| call.events()).map(|(several, ids)| (several, ids.len())).collect();
    assert_eq!(shape, [(true, 100), (true, 100), (true, 50), (false, 1)]);
    let ids: Vec<String> = calls.iter().flat_map(|call| call.events().1).collect();
    let due: Vec<String> = batch.events.iter().map(|event| event.id.clone()).collect();
    assert_eq!(ids, due);
    assert_eq!(calls[0].header("content-type"), "application/cloudevents-batch+json; charset=utf-8");
    assert_eq!(calls[3].header("content-type"), "application/cloudevents+json; charset=utf-8");
    assert_eq!(calls[3].body.as_bytes(), batch.json_of(&batch.events[250]), "an event is its bytes, unchanged");
    assert_eq!(calls[1].header("webhook-id"), "01JY0000000000000000000001-101-200");
    assert_eq!(calls[3].header("webhook-id"), "01JY0000000000000000000001-end");
    assert_eq!(calls[0].path, "/hooks/trades?bank=1");
    let trace = calls[0].header("traceparent").to_owned();
    assert_eq!(transfer_of(&trace).as_deref(), Some("01JY0000000000000000000001"));
    verify(&calls);
    // A call that comes again is the same call.
    hook.push(&posting(), &batch).await.unwrap();
    assert_eq!(server.calls()[4].header("webhook-id"), calls[0].header("webhook-id"));
    assert!(server.calls().iter().all(|call| call.header("traceparent") == trace), "one file, one trace");
}

#[tokio::test]
async fn calls_are_no_larger_and_no_faster_than_agreed() {
    let server = Server::start(|_| (200, Vec::new()));
    let small = Endpoint { bytes_max: 500, calls_per_second: NonZeroU32::new(20), ..endpoint(server.address) };
    let hook = Webhook::new(small, Clock::System).unwrap();
    let begun = Instant::now();
    hook.push(&posting(), &records(1..31)).await.unwrap();
    let calls = server.calls();
    assert!(calls.len() > 5 && calls.iter().all(|call| call.body.len() <= 502), "{}", calls.len());
    let least = Duration::from_millis(50) * u32::try_from(calls.len() - 1).unwrap();
    assert!(begun.elapsed() >= least, "{} calls in {:?}", calls.len(), begun.elapsed());
}

#[tokio::test]
async fn what_the_endpoint_cannot_do_now_is_tried_again_when_it_asks_for_it() {
    let down = std::sync::Arc::new(AtomicBool::new(true));
    let look = down.clone();
    let server = Server::start(move |_| match look.load(Ordering::Relaxed) {
        true => (429, vec![("retry-after", "1".to_owned())]),
        false => (200, Vec::new()),
    });
    let hook = webhook(server.address);
    let error = fault(&hook, &records(1..3)).await;
    assert_eq!((error.class, error.code, error.retry_after_ms), (Class::Retry, Code::OUTLET, Some(1_000)));
    down.store(false, Ordering::Relaxed);
    let begun = Instant::now();
    let error = fault(&hook, &records(1..3)).await;
    assert_eq!(server.calls().len(), 1, "it is left alone: {error}");
    assert!(error.retry_after_ms.is_some_and(|ms| (1..=1_000).contains(&ms)), "{error:?}");
    while hook.push(&posting(), &records(1..3)).await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    assert_eq!(server.calls().len(), 2);
}

#[tokio::test]
async fn one_bad_event_is_refused_and_its_neighbours_are_taken() {
    let server = Server::start(|call| match call.body.contains(r#""T7""#) || call.body.contains(r#""T42""#) {
        true => (422, Vec::new()),
        false => (200, Vec::new()),
    });
    let optional = Posting { required: false, ..posting() };
    let outcome = webhook(server.address).push(&optional, &records(1..101)).await.unwrap();
    let refused: Vec<(u64, &str)> = outcome.refused.iter().map(|one| (one.record, one.id.as_str())).collect();
    assert_eq!(refused, [(7, "T7"), (42, "T42")]);
    assert!(outcome.refused[0].why.contains("422"), "{outcome:?}");
    let refusing = |ids: &[String]| ids.iter().any(|id| id == "T7" || id == "T42");
    let taken: Vec<String> =
        server.calls().iter().map(|call| call.events().1).filter(|ids| !refusing(ids)).flatten().collect();
    let due: Vec<String> = (1..101).filter(|n| ![7, 42].contains(n)).map(|n| format!("T{n}")).collect();
    assert_eq!(taken, due, "in order");
    // Where an answer waits for all of them, nothing behind the first one is posted for nothing, again and again.
    let before = server.calls().len();
    let outcome = webhook(server.address).push(&posting(), &records(1..101)).await.unwrap();
    assert_eq!(outcome.refused.iter().map(|one| one.record).collect::<Vec<_>>(), [7]);
    let calls = server.calls().split_off(before);
    let taken: Vec<String> = calls.iter().map(|call| call.events().1).filter(|ids| !refusing(ids)).flatten().collect();
    assert_eq!(taken, due[..6]);
}

#[tokio::test]
async fn what_was_confirmed_before_a_fault_stays_confirmed() {
    let calls = AtomicU32::new(0);
    let server = Server::start(move |call| match calls.fetch_add(1, Ordering::Relaxed) {
        // The fault comes when T5 was found by halves and its neighbours were taken.
        0..=9 if call.body.contains(r#""T5""#) => (422, Vec::new()),
        0..=9 => (200, Vec::new()),
        _ => (429, vec![("retry-after", "1".to_owned())]),
    });
    let small = Endpoint { events_max: 7, ..endpoint(server.address) };
    let optional = Posting { required: false, ..posting() };
    let broken = Webhook::new(small, Clock::System).unwrap().push(&optional, &records(1..101)).await.unwrap_err();
    let taken: Vec<u64> = server
        .calls()
        .iter()
        .filter(|call| !call.body.contains(r#""T5""#))
        .flat_map(|call| call.events().1)
        .map(|id| id[1..].parse().unwrap())
        .collect();
    assert_eq!(broken.error.retry_after_ms, Some(1_000));
    assert_eq!(broken.outcome.refused.iter().map(|one| one.record).collect::<Vec<_>>(), [5]);
    let up_to = broken.up_to.unwrap();
    // What came in the call that was answered 429 is not settled.
    assert_eq!(taken[..taken.len() - 7], (1..=up_to).filter(|n| *n != 5).collect::<Vec<_>>());
    assert!(up_to >= 28, "{broken:?}");
}

#[tokio::test]
async fn after_five_failures_the_endpoint_is_left_alone() {
    let server = Server::start(|_| (503, Vec::new()));
    let hook = webhook(server.address);
    for _ in 0..9 {
        let error = fault(&hook, &records(1..3)).await;
        assert_eq!(error.class, Class::Retry);
    }
    assert_eq!(server.calls().len(), 5);
    let error = fault(&hook, &records(1..3)).await;
    assert!(error.to_string().contains("left alone"), "{error}");
    assert!(hook.look().await.expect_err("not asked").to_string().contains("left alone"));
}

#[test]
fn what_stands_behind_the_path_of_an_endpoint_is_in_no_message() {
    let folder = tempfile::tempdir().unwrap();
    let ca_file = Some(folder.path().join("ca.pem"));
    std::fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    let url = "https://risk.bank/x?token=SECRETQ".parse().unwrap();
    let error = Webhook::new(Endpoint { url, ca_file, ..endpoint(([127, 0, 0, 1], 1).into()) }, Clock::System);
    let told = error.err().expect("it has no certificate").to_string();
    assert!(told.contains("https://risk.bank:443/x ") && !told.contains("SECRETQ"), "{told}");
}
