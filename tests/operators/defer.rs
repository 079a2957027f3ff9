//! 18:25, the service's folder is away, the answer is due at 18:30: a required outlet of files is deferred like any other (D12).

use crate::support::settled::{settled, transfers};
use crate::support::site::{Site, overlay, sample_route};
use crate::{first, fpp, refused, start, until};
use fpp::delivery::file_outlets;
use fpp::ledger::change::Change;
use fpp::ledger::delivery::{DeliveryEvent, DeliveryState, Purpose};
use fpp::ledger::transfer::FileState;
use fpp::node::Node;
use serde_json::Value;
use std::fs;

fn site() -> Site {
    let outlet = r#"
        [[outlet]]
        kind = "file"
        spool = "services"
        name = "PMTRD_{date}_{batch:4}_{run:2}_{answer}.jsonl"
        [[outlet]]
        kind = "file"
        spool = "other"
        name = "PMTRD_{date}_{batch:4}.jsonl"
        checksums = ["sha256"]
        marker = "{name}.OK"
    "#;
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &outlet.parse().unwrap());
    let site = Site::make(&route);
    fs::create_dir(site.root.join("other")).unwrap();
    site.configure("[spool.other]\nkind = \"local\"\npath = \"../other\"\n");
    site
}

/// Each partner of a fan-out by itself: the one whose folder is there has its file, with checksum and marker, though the other
/// one was tried and does not have its own.
async fn other_has(site: &Site, node: &Node, batch: u16) {
    let name = format!("PMTRD_20250620_{batch:04}.jsonl");
    let sent = node.ledger.deliveries(None, 10).await.unwrap();
    let at_other = sent.iter().find(|d| d.spool == "other" && d.name == name).unwrap();
    assert_eq!((at_other.state, at_other.last_error.as_str()), (DeliveryState::Delivered, ""));
    let there = site.names("other");
    assert!(["", ".OK", ".sha256"].iter().all(|end| there.contains(&format!("{name}{end}"))), "{there:?}");
    let lines = site.read(&format!("other/{name}"));
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 4, "three trades and the end of the file");
}

/// What `fpp outlets` says of the spool and the route.
async fn listed(site: &Site) -> (Value, Value) {
    let text = fpp(site, &["outlets", "--json"]).await;
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let line = lines.into_iter().find(|line| line["outlet"] == "services").unwrap();
    assert_eq!((&line["kind"], &line["routes"][0]["route"]), (&"file".into(), &"pmtrd".into()), "{line}");
    (line.clone(), line["routes"][0].clone())
}

async fn tried(node: &Node) -> bool {
    let sent = node.ledger.deliveries(None, 10).await.unwrap();
    sent.iter().any(|d| d.purpose == Purpose::Events && !d.last_error.is_empty())
}

async fn at_other(node: &Node) -> bool {
    let sent = node.ledger.deliveries(None, 10).await.unwrap();
    sent.iter().any(|d| d.spool == "other" && d.state == DeliveryState::Delivered)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_without_a_required_file_outlet_that_is_deferred_and_owed() {
    let site = site();
    let (folder, aside) = (site.root.join("services"), site.root.join("away"));
    let node = start(&site).await;
    let (line, route) = listed(&site).await;
    assert_eq!((&line["paused"], &route["files"]), (&false.into(), &0.into()), "it is listed before anything waits");
    fs::rename(&folder, &aside).unwrap();
    site.drop_batch(1, 3);
    until(&node, "its file cannot be put", tried).await;
    until(&node, "the other partner has its file", at_other).await;
    other_has(&site, &node, 1).await;
    let id = first(&node).await.unwrap().id.0;
    assert_eq!(first(&node).await.unwrap().state, FileState::Proven);
    let (_, route) = listed(&site).await;
    assert_eq!(
        [&route["files"], &route["gating"], &route["failing"], &route["records"]],
        [1, 1, 1, 3].map(Value::from).each_ref()
    );
    let table = fpp(&site, &["outlets"]).await;
    assert!(table.contains("services  file  ") && table.contains("FPP4006"), "{table}");
    let text = refused(&site, &["outlets", "defer", "--transfer", &id, "--outlet", "core-in", "--reason", "x"]).await;
    assert!(text.contains("waits for no such outlet"), "{text}");
    assert!(fpp(&site, &["transfers", "show", &id]).await.contains(&format!("fpp outlets defer --transfer {id}")));
    let defer = ["outlets", "defer", "--transfer", &id, "--outlet", "services", "--reason", "answer due 18:30"];
    fpp(&site, &defer).await;
    let archived = async |node: &Node| first(node).await.is_some_and(|t| t.state == FileState::Archived);
    until(&node, "it is answered", archived).await;
    assert!(site.names("core/in").iter().any(|name| name.starts_with("PMACK_")), "the answer is out");
    let (_, route) = listed(&site).await;
    assert_eq!([&route["files"], &route["gating"], &route["deferred"]], [1, 0, 1].map(Value::from).each_ref());
    assert!(fpp(&site, &["status"]).await.contains("OWED to services"));
    fs::rename(&aside, &folder).unwrap();
    settled(&node, 1).await.unwrap();
    assert!(site.names("services").iter().any(|name| name.ends_with(".jsonl")), "it has its file");
    assert!(node.ledger.debts(10).await.unwrap().is_empty() && !fpp(&site, &["status"]).await.contains("OWED"));
    let sent = node.ledger.deliveries(None, 10).await.unwrap();
    let delivered = |spool: &str| sent.iter().find(|d| d.spool == spool).unwrap().delivered_ms.unwrap();
    assert!(delivered("other") < delivered("services"));

    // Paused, or held for a person: it waits as well, and may be deferred as well.
    fpp(&site, &["pause", "outlet", "pmtrd/services", "--reason", "the service asked"]).await;
    site.drop_batch(2, 3);
    let waits = async |node: &Node| transfers(&*node.ledger).await.get(1).is_some_and(|t| !t.waiting_for.is_empty());
    until(&node, "the second waits", waits).await;
    let (_, route) = listed(&site).await;
    assert_eq!((&route["paused"], &route["gating"]), (&true.into(), &1.into()));
    let second = transfers(&*node.ledger).await[1].id.0.clone();
    let of_second = node.ledger.deliveries(None, 10).await.unwrap();
    let file = of_second.iter().find(|d| d.spool == "services" && d.transfer.0 == second).unwrap();
    fpp(&site, &["hold", &file.id.0, "--reason", "the service asked"]).await;
    let (_, route) = listed(&site).await;
    assert_eq!((&route["held"], &route["gating"]), (&1.into(), &1.into()));
    fpp(&site, &["outlets", "defer", "--transfer", &second, "--reason", "answer due 18:30"]).await;
    let archived = async |node: &Node| transfers(&*node.ledger).await[1].state == FileState::Archived;
    until(&node, "the second is answered", archived).await;
    assert_eq!(node.ledger.delivery(&file.id).await.unwrap().unwrap().state, DeliveryState::Held);
    assert_eq!(node.ledger.debts(10).await.unwrap().len(), 1);

    // Sent again an hour after its answer: it holds no answer up, and waits since then.
    fpp(&site, &["retry", &file.id.0, "--reason", "x"]).await;
    fpp(&site, &["resume", "outlet", "pmtrd/services", "--reason", "x"]).await;
    site.drop_batch(3, 3);
    let archived = async |node: &Node| {
        transfers(&*node.ledger).await.get(2).is_some_and(|third| third.state == FileState::Archived)
    };
    until(&node, "the third is answered", archived).await;
    let third = transfers(&*node.ledger).await[2].id.clone();
    for name in site.names("services") {
        fs::remove_file(folder.join(name)).unwrap();
    }
    let of_third = async |node: &Node| {
        let of = node.ledger.deliveries(Some(&third), 10).await.unwrap();
        of.into_iter().find(|d| d.purpose == Purpose::Events).unwrap()
    };
    let taken = async |node: &Node| of_third(node).await.state == DeliveryState::Taken;
    until(&node, "the service took it", taken).await;
    fpp(&site, &["pause", "partner", "services", "--reason", "x"]).await;
    let file = of_third(&node).await;
    assert!(file.required && !file.deferred);
    let at_ms = file.planned_ms + 3_600_000;
    let again = Change::MoveDelivery { id: file.id, event: DeliveryEvent::Resend, by: Some("wang: lost".into()) };
    node.ledger.apply(None, at_ms, &[again]).await.unwrap();
    let outlets = [("services".to_owned(), "pmtrd".to_owned())];
    let lines = file_outlets::look(&*node.ledger, &outlets, at_ms + 5_000).await.unwrap();
    let route = &lines[0].routes[0];
    assert_eq!((route.files, route.held, route.gating, route.seconds), (1, 0, 0, 5), "{route:?}");
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}
