//! Events in RocketMQ: the real name server and broker with access control on, and the official Java client as a consumer.
#![cfg(feature = "rocketmq")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

#[path = "outlet_rocketmq/broker.rs"]
mod broker;

use broker::{Broker, NAMES, PUBLISHER, within};
use fpp::error::{Class, Error};
use fpp::outlets::position::Position;
use fpp::outlets::push::{Batch, Engine, Outcome, Posting, Pushed};
use fpp::outlets::rocketmq::Topic;
use fpp::outlets::trace;
use fpp_codecs::Code;
use fpp_rocketmq::Settings;
use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

const ACCOUNTS: u64 = 37;
const TRADE: &str = "pm.trade.executed.v1";
const END: &str = "pm.file.posted.v1";

fn settings(topic: &str) -> Settings {
    Settings {
        name_servers: NAMES.into(),
        group: "fpp".into(),
        topic: topic.into(),
        user: Some((PUBLISHER.0.into(), PUBLISHER.1.into())),
        timeout: Duration::from_secs(1),
        queues: None,
        max_message_bytes: 4 * 1024 * 1024,
    }
}

fn posting() -> Posting {
    Posting {
        outlet: "queue".into(),
        installation: "bank".into(),
        transfer: "01JY0000000000000000000001".into(),
        route: "pmtrd".into(),
        business_date: Some("2025-06-20".into()),
        epoch: 1,
        required: true,
    }
}

fn add(batch: &mut Batch, record: u64, kind: &str, padding: usize) {
    let id = if record == Position::END { "end".to_owned() } else { format!("2025-06-20:T{record}:DONE") };
    let data = match record {
        Position::END => serde_json::json!({"records": 1}),
        n => serde_json::json!({"account": format!("62286153{}", n % ACCOUNTS), "customerName": "司徒浩军", "n": n,
            "padding": "x".repeat(padding)}),
    };
    let json = serde_json::json!({"specversion": "1.0", "id": id, "source": "urn:fpp:bank:pmtrd", "type": kind,
        "datahash": format!("{record:064x}"), "data": data})
    .to_string();
    let start = batch.json.len();
    batch.json.extend_from_slice(json.as_bytes());
    batch.events.push(Pushed {
        record,
        id,
        source: "urn:fpp:bank:pmtrd".into(),
        kind: kind.into(),
        subject: String::new(),
        time: String::new(),
        datahash: [0; 32],
        json: start..batch.json.len(),
    });
}

fn records(records: std::ops::Range<u64>) -> Batch {
    let mut batch = Batch::default();
    for record in records {
        add(&mut batch, record, TRADE, 0);
    }
    batch
}

/// Every record's event is there once, and each account's are in the order of the file.
fn check(booked: &[(String, String, String)], file: std::ops::Range<u64>) {
    let mut last: HashMap<&str, u64> = HashMap::new();
    let mut seen: Vec<u64> = Vec::new();
    for (key, id, json) in booked {
        let event: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(event["id"].as_str(), Some(id.as_str()));
        let Some(n) = event["data"]["n"].as_u64() else { continue };
        assert_eq!(event["data"]["account"].as_str(), Some(key.as_str()));
        assert_eq!(event["data"]["customerName"], "司徒浩军");
        let before = last.insert(key, n).unwrap_or(0);
        assert!(before < n, "{key}: {n} after {before}");
        seen.push(n);
    }
    seen.sort_unstable();
    assert!(seen.iter().copied().eq(file.clone()), "{} events of {file:?}", seen.len());
}

/// Tries again as the node does, until it works: a broker on a busy machine says so now and then.
async fn taken(topic: &Topic, batch: &Batch) -> (Outcome, Duration) {
    taken_of(&posting(), topic, batch).await
}

async fn taken_of(posting: &Posting, topic: &Topic, batch: &Batch) -> (Outcome, Duration) {
    let begun = Instant::now();
    loop {
        match topic.push(posting, batch).await {
            Ok(outcome) => return (outcome, begun.elapsed()),
            Err(broken) => assert!(begun.elapsed() < Duration::from_secs(60), "{}", broken.error),
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn the_official_client_sees_every_event_once_and_each_account_in_order() {
    within("the_official_client_sees_every_event_once_and_each_account_in_order", |jars| async move {
        let home = tempfile::tempdir().unwrap();
        let mut broker = jars.broker(home.path());
        too_large_events_are_refused_and_the_others_taken(&mut broker).await;
        behind_an_event_that_a_required_outlet_refuses_nothing_is_sent(&mut broker).await;
        broker.obey("topic trades 4");
        let topic = Topic::new(settings("trades"), "account");
        assert_eq!(topic.look().await.unwrap(), "topic trades: 4 queues at a");
        let consumer = jars.consumer("trades", "books", "*");
        // TAGS is the type, so that the broker leaves out what a consumer does not want.
        let ends = jars.consumer("trades", "ends", END);
        let begun = Instant::now();
        for start in (0..4_000).step_by(500) {
            let batch = records(start + 1..start + 501);
            assert_eq!(taken(&topic, &batch).await.0, Outcome::default());
            // As after a crash: the cursor was not written, so the batch comes again.
            if start == 1_000 {
                taken(&topic, &batch).await;
            }
        }
        println!("4,500 events confirmed in {:?}", begun.elapsed());
        let mut last = records(4_001..4_011);
        add(&mut last, Position::END, END, 0);
        taken(&topic, &last).await;
        let booked = consumer.booked(4_011);
        check(&booked, 1..4_011);
        assert_eq!(booked.iter().filter(|(key, id, _)| key == "urn:fpp:bank:pmtrd" && id == "end").count(), 1);
        assert_eq!(ends.booked(1)[0].1, "end");
        // What was booked comes with other data: the consumer says so, and books what is new behind it alone.
        let mut changed = records(5..6);
        let hash = br#""datahash":"0"#;
        let at = changed.json.windows(hash.len()).position(|part| part == hash).unwrap() + hash.len() - 1;
        changed.json[at] = b'1';
        add(&mut changed, 4_011, TRADE, 0);
        taken(&topic, &changed).await;
        let [told] = consumer.conflicts().try_into().unwrap();
        assert!(told.ends_with("not booked: urn:fpp:bank:pmtrd 2025-06-20:T5:DONE"), "{told}");
        check(&consumer.booked(4_012), 1..4_012);
        topic.close().await;
    });
}

async fn too_large_events_are_refused_and_the_others_taken(broker: &mut Broker) {
    broker.obey("topic small 2");
    let mut batch = records(1..10);
    // More than what this outlet is told of the topic, and more than what the broker of the tests takes.
    for (record, padding) in [(10, 500_000), (11, 0), (12, 300_000), (13, 0)] {
        add(&mut batch, record, TRADE, padding);
    }
    let told = Settings { max_message_bytes: 400_000, ..settings("small") };
    let optional = Posting { required: false, ..posting() };
    let (outcome, _) = taken_of(&optional, &Topic::new(told, "account"), &batch).await;
    assert_eq!(outcome.refused.iter().map(|refused| refused.record).collect::<Vec<_>>(), [10, 12], "{outcome:?}");
    assert!(outcome.refused[0].why.contains("400000"), "{outcome:?}");
    let there: BTreeSet<String> = broker.keys("small").into_iter().collect();
    let is_due = |event: &&Pushed| !outcome.refused.iter().any(|refused| refused.id == event.id);
    assert_eq!(there, batch.events.iter().filter(is_due).map(|event| event.id.clone()).collect());
    // The trace of the transfer, for who follows a trade from the file to the service.
    let traces: BTreeSet<String> = broker.property("small", "traceparent").into_iter().collect();
    assert_eq!(traces, BTreeSet::from([trace::traceparent(&optional.transfer, &optional.outlet)]));
}

/// Records 1 to 200 and the end of their file; record 50 has so much more.
fn padded(padding: usize) -> Batch {
    let mut batch = records(1..50);
    add(&mut batch, 50, TRADE, padding);
    for record in 51..=200 {
        add(&mut batch, record, TRADE, 0);
    }
    add(&mut batch, Position::END, END, 0);
    batch
}

async fn behind_an_event_that_a_required_outlet_refuses_nothing_is_sent(broker: &mut Broker) {
    let from_50 = |of: &Batch| Batch { json: of.json.clone(), events: of.events[49..].to_vec() };
    let refused = async |topic: &Topic, batch: &Batch| {
        let (outcome, _) = taken(topic, batch).await;
        assert_eq!(outcome.refused.iter().map(|refused| refused.record).collect::<Vec<_>>(), [50], "{outcome:?}");
    };
    let ids = |batch: &Batch| -> Vec<String> { batch.events.iter().map(|event| event.id.clone()).collect() };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    // What this outlet is told of the topic is known before anything is sent.
    broker.obey("topic known 4");
    let topic = Topic::new(Settings { max_message_bytes: 200_000, ..settings("known") }, "account");
    let batch = padded(300_000);
    refused(&topic, &batch).await;
    refused(&topic, &from_50(&batch)).await;
    assert_eq!(sorted(broker.keys("known")), sorted(ids(&records(1..50))));
    // Only the broker says so: what goes into other queues meanwhile may be there, and comes with no other attempt.
    broker.obey("topic asked 4");
    let topic = Topic::new(settings("asked"), "account");
    refused(&topic, &batch).await;
    let there = broker.keys("asked");
    let of = |n: u64| format!("2025-06-20:T{n}:DONE");
    assert!(!there.contains(&"end".to_owned()), "the file is not whole");
    for n in (50 + ACCOUNTS..=200).step_by(usize::try_from(ACCOUNTS).unwrap()) {
        assert!(!there.contains(&of(n)), "{n} is of the same account: {there:?}");
    }
    assert!((1..50).all(|n| there.contains(&of(n))), "{there:?}");
    for _ in 0..3 {
        refused(&topic, &from_50(&batch)).await;
    }
    assert_eq!(broker.keys("asked"), there, "it was tried alone");
    // Both are mended; another life of the node knows nothing of it.
    for name in ["known", "asked"] {
        let batch = padded(0);
        let (outcome, _) = taken(&Topic::new(settings(name), "account"), &from_50(&batch)).await;
        assert_eq!(outcome, Outcome::default());
        let mut met = BTreeSet::new();
        let once: Vec<String> = broker.keys(name).into_iter().filter(|id| met.insert(id.clone())).collect();
        assert_eq!(sorted(once.clone()), sorted(ids(&batch)), "{name}");
        let mut last = HashMap::new();
        for n in once.iter().filter_map(|id| id.split(['T', ':']).nth(2)?.parse::<u64>().ok()) {
            let before = last.insert(n % ACCOUNTS, n).unwrap_or(0);
            assert!(before < n, "{name}: {n} behind {before}");
        }
        assert_eq!(last.values().copied().max(), Some(200), "{name}: all were compared");
    }
}

async fn fault(topic: &Topic, batch: &Batch) -> Error {
    let begun = Instant::now();
    let error = topic.push(&posting(), batch).await.expect_err("a fault").error;
    assert!(begun.elapsed() < Duration::from_secs(10), "{error} after {:?}", begun.elapsed());
    assert_eq!(error.class, Class::Retry, "{error}");
    assert!(!error.hint.is_empty(), "{error}");
    println!("{error} ({:?})", begun.elapsed());
    error
}

#[test]
fn no_fault_of_the_broker_loses_an_event() {
    within("no_fault_of_the_broker_loses_an_event", |jars| async move {
        let home = tempfile::tempdir().unwrap();
        let topic = Topic::new(settings("trades"), "account");
        let batch = |n: u64| records(n * 100 + 1..n * 100 + 101);

        let error = fault(&topic, &batch(0)).await;
        assert_eq!(error.code, Code::UNREACHABLE, "no name server: {error}");
        let mut broker = jars.broker(home.path());
        let error = fault(&topic, &batch(0)).await;
        assert_eq!(error.code, Code::OUTLET, "no topic: {error}");
        assert!(error.to_string().contains("topic trades") && error.hint.contains("Create the topic"), "{error}");
        broker.obey("topic trades 4");
        taken(&topic, &batch(0)).await;

        broker.obey("full");
        let error = fault(&topic, &batch(1)).await;
        assert_eq!(error.code, Code::NO_SPACE, "{error}");
        broker.obey("room");
        taken(&topic, &batch(1)).await;

        let wrong = Settings { user: Some(("fpp".into(), "wrong".into())), ..settings("trades") };
        let error = fault(&Topic::new(wrong, "account"), &batch(2)).await;
        assert_eq!(error.code, Code::LOGIN, "{error}");
        let other = Settings { queues: Some(8), ..settings("trades") };
        let error = fault(&Topic::new(other, "account"), &batch(2)).await;
        assert!(error.to_string().contains("4 queues to write to, not 8"), "{error}");

        // One of its brokers is away: keys stay where they are.
        broker.obey("topic trades 2");
        topic.close().await;
        let error = fault(&topic, &batch(2)).await;
        assert!(error.to_string().contains("has 2 queues to write to, and had 4 before"), "{error}");
        assert!(topic.look().await.is_err(), "it is waited for, and does not answer until then");
        broker.obey("topic trades 4");
        taken(&topic, &batch(1)).await;

        // It holds its connections and says nothing; what it was sent it may have taken.
        broker.stand_still(true);
        let error = fault(&topic, &batch(2)).await;
        assert_eq!(error.code, Code::UNREACHABLE, "{error}");
        broker.stand_still(false);
        taken(&topic, &batch(2)).await;

        broker.kill();
        // Well beyond the five failures after which the client would not even try for half a minute.
        for _ in 0..8 {
            let error = fault(&topic, &batch(3)).await;
            assert_eq!(error.code, Code::UNREACHABLE, "{error}");
            assert_eq!(error.retry_after_ms, Some(1_000));
        }
        let _broker = jars.broker(home.path());
        let (_, back) = taken(&topic, &batch(3)).await;
        assert!(back < Duration::from_secs(2), "{back:?} after the broker was back");

        let consumer = jars.consumer("trades", "books", "*");
        check(&consumer.booked(400), 1..401);
    });
}
