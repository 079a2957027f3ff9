//! One word about everything of one partner, after a night of its own.

use crate::support::settled::{settled, transfers};
use crate::support::site::{Site, overlay, sample_route};
use crate::support::tokens::{let_in, token};
use crate::{asked, first, fpp, refused, start, until};
use fpp::ledger::change::Change;
use fpp::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use fpp::ledger::transfer::FileState;
use fpp::node::Node;
use fpp_codecs::Code;
use std::fs;

async fn sent(node: &Node) -> Vec<Delivery> {
    let mut all = node.ledger.deliveries(None, 100).await.unwrap();
    all.reverse();
    all
}

/// Waits until the answers of so many files are planned, at a partner who is paused.
async fn planned(node: &Node, site: &Site, batches: std::ops::RangeInclusive<u16>) -> Vec<Delivery> {
    fpp(site, &["pause", "partner", "core-in", "--reason", "to stop them in time"]).await;
    let count = usize::from(*batches.end());
    batches.for_each(|batch| site.drop_batch(batch, 3));
    let waits = async |node: &Node| {
        let all = transfers(&*node.ledger).await;
        all.len() == count && all.iter().all(|t| t.state != FileState::Arrived) && sent(node).await.len() == count
    };
    until(node, "the answers are planned", waits).await;
    sent(node).await
}

async fn journal_says(node: &Node, subject: &str, what: &str) -> bool {
    node.ledger.journal(subject).await.unwrap().iter().any(|row| row.entry.contains(what))
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_partner_that_is_held_is_tried_again_by_one_word() {
    let site = Site::make(&sample_route("pmtrd"));
    let tokens = [
        token("li", "routes = [\"pmtrd\"]\nverbs = [\"retry\"]"),
        token("wang", "routes = [\"*\"]\nverbs = [\"retry\"]"),
    ];
    let_in(&site, &tokens);
    let node = start(&site).await;
    let answers = planned(&node, &site, 1..=4).await;
    // Two names are taken by others, one delivery may be there already, one is stopped by a person.
    for answer in &answers[..2] {
        fs::write(site.root.join("core/in").join(&answer.name), "not ours").unwrap();
    }
    let id = answers[2].id.clone();
    let error = format!("{} nobody knows", Code::UNSURE);
    let held = Change::MoveDelivery { id: id.clone(), event: DeliveryEvent::Hold, by: None };
    let parked = Change::ParkDelivery { id, until_ms: 0, error, failed: true };
    node.ledger.apply(None, fpp::clock::Clock::System.now_ms(), &[held, parked]).await.unwrap();
    fpp(&site, &["hold", &answers[3].id.0, "--reason", "core asks to wait"]).await;
    fpp(&site, &["resume", "partner", "core-in", "--reason", "x"]).await;
    let all_held = async |node: &Node| sent(node).await.iter().all(|d| d.state == DeliveryState::Held);
    until(&node, "all are held", all_held).await;
    for answer in &answers[..2] {
        fs::remove_file(site.root.join("core/in").join(&answer.name)).unwrap();
    }
    let text = refused(&site, &["retry", "--partner", "core-ni", "--reason", "x"]).await;
    assert!(text.contains("there is no partner core-ni"), "{text}");
    let text = fpp(&site, &["retry", "--partner", "core-in", "--since", "2099-01-01", "--reason", "x"]).await;
    assert!(text.starts_with("0 of core-in"), "{text}");
    let body = "{\"partner\": \"core-in\", \"reason\": \"ticket 4711\"}";
    assert_eq!(asked(&node, "li", "/v1/operate/retry", body).await.0, 403, "a partner is more than one route's");
    let (status, text) = asked(&node, "wang", "/v1/operate/retry", body).await;
    assert!(status == 200 && text.contains("2 of core-in: tried again") && text.contains("2 passed over"), "{text}");
    for (answer, due) in answers.iter().zip([true, true, false, false]) {
        assert_eq!(text.contains(&format!("{} {}", answer.id, answer.name)), due, "{text}");
        let journal = journal_says(&node, &format!("delivery:{}", answer.id), "wang by token: ticket 4711").await;
        assert_eq!(journal, due, "{}", answer.name);
    }
    let out = async |node: &Node| sent(node).await[..2].iter().all(|d| d.state == DeliveryState::Delivered);
    until(&node, "they are out", out).await;
    assert!(sent(&node).await[2..].iter().all(|d| d.state == DeliveryState::Held));

    // Files that came from a partner, too: other bytes under a batch that is accepted, and one that a person holds.
    let stopped = transfers(&*node.ledger).await[3].id.0.clone();
    fpp(&site, &["hold", &stopped, "--reason", "core asks"]).await;
    let name = transfers(&*node.ledger).await[0].name.clone();
    let mut bytes = fs::read(site.root.join("core/out/done").join(&name)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    site.drop_file(&name, &bytes, Some(""), 1_750_000_060_000);
    let held = async |node: &Node| transfers(&*node.ledger).await.get(4).is_some_and(|t| t.state == FileState::Held);
    until(&node, "other bytes are held", held).await;
    let other = transfers(&*node.ledger).await[4].clone();
    // With it two of its own that were held: only one of them has a fault that a word about all of them is about.
    let of_it = ["FPP4004 taken by another", "FPP4008 nobody knows"].map(|error| {
        let id = DeliveryId(format!("01OF{}", &error[..7]));
        let name = format!("{error}.jsonl").replace(' ', "_");
        let (transfer, purpose, required) = (other.id.clone(), Purpose::Events, false);
        let (id, spool) = (id, "services".to_owned());
        let of = Delivery { id: id.clone(), transfer, purpose, required, spool, name, ..answers[0].clone() };
        let hold = Change::MoveDelivery { id: id.clone(), event: DeliveryEvent::Hold, by: None };
        let park = Change::ParkDelivery { id: id.clone(), until_ms: 0, error: error.to_owned(), failed: true };
        (id, [Change::Plan(Box::new(of)), hold, park])
    });
    let changes = of_it.iter().flat_map(|(_, changes)| changes.clone()).collect::<Vec<_>>();
    node.ledger.apply(None, fpp::clock::Clock::System.now_ms(), &changes).await.unwrap();
    let text = fpp(&site, &["retry", "--partner", "core-out", "--reason", "core sent it again"]).await;
    assert!(text.contains(&format!("{} {name}: it goes on; its checks are made again", other.id)), "{text}");
    assert!(text.contains("1 of core-out") && text.contains("2 passed over"), "{text}");
    for ((id, _), due) in of_it.iter().zip([true, false]) {
        assert_eq!(journal_says(&node, &format!("delivery:{id}"), "core sent it again").await, due, "{id}");
    }
    assert!(journal_says(&node, &format!("transfer:{}", other.id), "core sent it again").await);
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_of_a_partner_that_is_not_at_its_end_is_held_by_one_word() {
    let site = Site::make(&sample_route("pmtrd"));
    let_in(&site, &[token("wang", "routes = [\"*\"]\nverbs = [\"hold\"]")]);
    let node = start(&site).await;
    site.drop_batch(1, 3);
    settled(&node, 1).await.unwrap();
    // Two files wait for their answers, one for its first step.
    let answers = planned(&node, &site, 2..=3).await;
    let text = fpp(&site, &["hold", "--partner", "core-in", "--since", "2099-01-01", "--reason", "x"]).await;
    assert!(text.starts_with("0 of core-in: held"), "{text}");
    let text = fpp(&site, &["hold", "--partner", "core-in", "--reason", "core asks to wait"]).await;
    assert!(text.ends_with("2 of core-in: held\n") && text.lines().count() == 3, "{text}");
    for (answer, due) in answers.iter().zip([false, true, true]) {
        let says = journal_says(&node, &format!("delivery:{}", answer.id), "core asks to wait").await;
        assert_eq!(says, due, "{answer:?}");
        let now = node.ledger.delivery(&answer.id).await.unwrap().unwrap();
        assert_eq!(now.state == DeliveryState::Held, due, "{now:?}");
    }
    fpp(&site, &["pause", "route", "pmtrd", "--reason", "to stop it in time"]).await;
    site.drop_batch(4, 3);
    until(&node, "it is booked", async |node| transfers(&*node.ledger).await.len() == 4).await;
    let body = "{\"partner\": \"core-out\", \"reason\": \"ticket 4711\"}";
    let (status, text) = asked(&node, "wang", "/v1/operate/hold", body).await;
    assert!(status == 200 && text.contains("3 of core-out: held"), "{text}");
    let all = transfers(&*node.ledger).await;
    assert_eq!(all[0].state, FileState::Archived, "what is at its end stays there");
    for file in &all[1..] {
        assert_eq!((file.state, file.facts.hold(file.verdict).0), (FileState::Held, Some(Code::STOPPED.0)), "{file:?}");
        assert!(journal_says(&node, &format!("transfer:{}", file.id), "wang by token: ticket 4711").await);
    }
    // Each is let go on by its own id, and by nothing less.
    let text = fpp(&site, &["retry", "--partner", "core-out", "--reason", "x"]).await;
    assert!(text.starts_with("0 of core-out") && text.contains("; 3 passed over"), "{text}");
    for partner in ["route pmtrd", "partner core-in"] {
        let (kind, name) = partner.split_once(' ').unwrap();
        fpp(&site, &["resume", kind, name, "--reason", "x"]).await;
    }
    for file in &all[1..] {
        fpp(&site, &["retry", &file.id.0, "--reason", "core says they are good"]).await;
    }
    settled(&node, 4).await.unwrap();
    assert!(sent(&node).await.iter().all(|answer| answer.state == DeliveryState::Delivered));
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_that_asks_for_two_persons_asks_for_them_of_its_whole_partner() {
    let mut route = sample_route("pmtrd");
    let asks = "second_person = [\"retry\", \"resend\", \"pause\"]";
    overlay(&mut route, &asks.parse().unwrap());
    let outlet = "kind = \"append\"\nname = \"lines\"\nsensitive = \"clear\"\nrequired = false".parse().unwrap();
    route["outlet"].as_array_mut().unwrap().push(toml::Value::Table(outlet));
    let site = Site::make(&route);
    site.configure("[outlet.lines]\nkind = \"append\"\npath = \"../lines\"\n");
    let node = start(&site).await;
    let of_partner = ["resend", "--partner", "core-in", "--reason", "x"];
    for (words, shown) in [
        (&["retry", "--partner", "core-in", "--reason", "x"][..], "partner core-in"),
        (
            &[&of_partner[..], &["--since", "2025-06-20 18:00"]].concat(),
            "partner core-in, since 2025-06-20 18:00:00 +08:00",
        ),
        (&[&of_partner[..], &["--lost"]].concat(), "partner core-in, what was lost"),
        // What spans routes is said of each of them.
        (&["pause", "partner", "core-out", "--reason", "x"], "partner core-out"),
        (&["pause", "outlet", "lines", "--reason", "x"], "outlet lines"),
        (&["pause", "outlet", "pmtrd/lines", "--reason", "x"], "outlet pmtrd/lines"),
    ] {
        let text = fpp(&site, words).await;
        assert!(text.contains("asked, not done"), "{words:?}: {text}");
        let requests = fpp(&site, &["requests"]).await;
        assert!(requests.contains(shown), "{words:?}: {requests}");
    }
    assert!(node.ledger.pauses().await.unwrap().is_empty(), "asked is not done");
    let text = fpp(&site, &["release", "--partner", "core-in", "--reason", "x"]).await;
    assert!(text.starts_with("0 of core-in"), "{text}");
    node.stop().await;
}

/// Another folder in the place of the one that everything was put in.
fn exchange(site: &Site, aside: &str) {
    let folder = site.root.join("core/in");
    fs::rename(&folder, site.root.join("core").join(aside)).unwrap();
    fs::create_dir(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_folder_held_counts_as_taken_or_is_sent_again_by_one_word() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    (1..=3).for_each(|batch| site.drop_batch(batch, 3));
    settled(&node, 3).await.unwrap();
    for verb in [vec!["release"], vec!["resend", "--lost"]] {
        let arguments = [&verb[..], &["--partner", "core-in", "--reason", "x"]].concat();
        assert!(fpp(&site, &arguments).await.starts_with("0 of core-in"), "they stand there");
    }
    let names = site.names("core/in");
    exchange(&site, "first");
    let text = refused(&site, &["resend", "--partner", "core-in", "--reason", "x"]).await;
    assert!(text.contains("--since") && text.contains("--lost"), "{text}");
    let lost = ["resend", "--partner", "core-in", "--lost", "--reason", "core has none of it"];
    let text = fpp(&site, &lost).await;
    assert!(text.contains("3 of core-in: sent again"), "{text}");
    let out = async |node: &Node| sent(node).await.iter().all(|d| d.state == DeliveryState::Delivered);
    until(&node, "they are out again", out).await;
    assert_eq!(site.names("core/in"), names);
    assert!(fpp(&site, &lost).await.starts_with("0 of core-in"));

    // The partner has them, and one more of which nobody knows: its file goes on.
    let answers = planned(&node, &site, 4..=4).await;
    let id = answers[3].id.clone();
    let error = format!("{} nobody knows", Code::UNSURE);
    let hold = Change::MoveDelivery { id: id.clone(), event: DeliveryEvent::Hold, by: None };
    let park = Change::ParkDelivery { id: id.clone(), until_ms: 0, error, failed: true };
    node.ledger.apply(None, fpp::clock::Clock::System.now_ms(), &[hold, park]).await.unwrap();
    exchange(&site, "second");
    let text = fpp(&site, &["release", "--partner", "core-in", "--reason", "core has them"]).await;
    assert!(text.contains("4 of core-in: counts as taken"), "{text}");
    assert_eq!(text.lines().count(), 5, "{text}");
    for answer in sent(&node).await {
        assert_eq!(answer.state, DeliveryState::Taken, "{answer:?}");
        assert!(journal_says(&node, &format!("delivery:{}", answer.id), "core has them").await);
    }
    settled(&node, 4).await.unwrap();
    assert_eq!(first(&node).await.unwrap().state, FileState::Archived);
    assert!(transfers(&*node.ledger).await.iter().all(|t| t.state == FileState::Archived));

    // The name of one of them has another file by now, which is sent again as well: the others are not kept waiting.
    let (old, now_ms) = (sent(&node).await[0].clone(), fpp::clock::Clock::System.now_ms());
    let id = DeliveryId("7ZZZZZZZZZZZZZZZZZZZZZZZZZ".into());
    let sha256 = "ee".repeat(32);
    let newer = Delivery { id: id.clone(), purpose: Purpose::Events, required: false, sha256, ..old.clone() };
    let step = |id: &DeliveryId, event| Change::MoveDelivery { id: id.clone(), event, by: None };
    let steps = [DeliveryEvent::Hold, DeliveryEvent::Vouch].map(|event| step(&id, event));
    let plan = [Change::Plan(Box::new(newer))];
    node.ledger.apply(None, now_ms, &[&plan[..], &steps].concat()).await.unwrap();
    node.ledger.apply(None, now_ms, &[step(&old.id, DeliveryEvent::Resend)]).await.unwrap();
    let arguments = ["resend", "--partner", "core-in", "--since", "2020-01-01", "--reason", "core restored"];
    let text = fpp(&site, &arguments).await;
    assert!(text.contains("3 of core-in: sent again; 1 passed over"), "{text}");
    assert_eq!(node.ledger.delivery(&id).await.unwrap().unwrap().state, DeliveryState::Taken);
    fpp(&site, &["resume", "partner", "core-in", "--reason", "x"]).await;
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}
