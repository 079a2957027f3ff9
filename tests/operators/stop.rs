//! What is paused and held stays, through a restart too; what was taken is sent again.

use crate::support::settled::{settled, transfers};
use crate::support::site::{Site, route_with_an_outlet_of_files, sample_route};
use crate::{first, fpp, refused, said, start, until};
use fpp::ledger::delivery::DeliveryState;
use fpp::ledger::transfer::FileState;
use fpp::ledger::verbs::SWITCHES;

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_route_waits_through_a_restart_and_goes_on() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    let text = refused(&site, &["pause", "route", "pmtrt", "--reason", "x"]).await;
    assert!(text.contains("there is no route pmtrt") && text.contains("pmtrd"), "{text}");
    fpp(&site, &["pause", "route", "pmtrd", "--reason", "wrong code list, ticket 4711"]).await;
    let text = refused(&site, &["pause", "route", "pmtrd", "--reason", "x"]).await;
    assert!(text.contains("is paused already"), "{text}");
    site.drop_batch(1, 3);
    until(&node, "it is booked", async |node| first(node).await.is_some()).await;
    node.stop().await;
    let node = start(&site).await;
    let text = fpp(&site, &["status"]).await;
    assert!(text.contains("PAUSED route pmtrd since") && text.contains("wrong code list, ticket 4711"), "{text}");
    // Another file is booked after it, so the node had its time.
    site.drop_batch(2, 3);
    until(&node, "both are booked", async |node| transfers(&*node.ledger).await.len() == 2).await;
    assert!(transfers(&*node.ledger).await.iter().all(|t| t.state == FileState::Arrived));
    fpp(&site, &["resume", "route", "pmtrd", "--reason", "mended"]).await;
    let all = settled(&node, 2).await.unwrap();
    assert!(all.iter().all(|t| t.state == FileState::Archived));
    assert!(!fpp(&site, &["status"]).await.contains("PAUSED"));
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}

/// Every row of the table, for each kind of thing that can be paused.
#[tokio::test(flavor = "multi_thread")]
async fn what_can_be_paused_does_what_the_table_says() {
    let site = Site::make(&route_with_an_outlet_of_files());
    let node = start(&site).await;
    for (kind, name) in [("route", "pmtrd"), ("partner", "core-in"), ("outlet", "pmtrd/services")] {
        let paused = async || node.ledger.pauses().await.unwrap().iter().any(|p| p.switch.name == name);
        for row in SWITCHES {
            if paused().await != row.paused {
                let verb = if row.paused { "pause" } else { "resume" };
                fpp(&site, &[verb, kind, name, "--reason", "to begin with"]).await;
            }
            let (agreed, text) = said(&site, &[], &[row.verb.word(), kind, name, "--reason", "the table"]).await;
            assert_eq!(agreed, row.next.is_some(), "{row:?}: {text}");
            assert!(text.contains(row.said), "{row:?}: {text}");
            assert_eq!(paused().await, row.next.unwrap_or(row.paused), "{row:?}");
            assert_eq!(row.core == "nothing", row.next.is_none(), "{row:?}");
        }
    }
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_partner_gets_nothing_and_gives_nothing() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    fpp(&site, &["pause", "partner", "core-in", "--reason", "core is down"]).await;
    site.drop_batch(1, 3);
    until(&node, "it waits for its answer", async |node| {
        first(node).await.is_some_and(|t| t.state == FileState::Posted && !t.waiting_for.is_empty())
    })
    .await;
    assert_eq!(site.names("core/in"), Vec::<String>::new());
    fpp(&site, &["pause", "partner", "core-out", "--reason", "core is down"]).await;
    fpp(&site, &["resume", "partner", "core-in", "--reason", "core is up"]).await;
    until(&node, "its answer is out", async |node| {
        first(node).await.is_some_and(|t| t.state == FileState::Acknowledged)
    })
    .await;
    site.drop_batch(2, 3);
    fpp(&site, &["resume", "partner", "core-out", "--reason", "core is up"]).await;
    assert_eq!(settled(&node, 2).await.unwrap().len(), 2);
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_stays_and_what_was_taken_is_sent_again() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = start(&site).await;
    fpp(&site, &["pause", "partner", "core-in", "--reason", "to stop it in time"]).await;
    site.drop_batch(1, 3);
    until(&node, "it waits for its answer", async |node| {
        first(node).await.is_some_and(|t| t.state == FileState::Posted && !t.waiting_for.is_empty())
    })
    .await;
    let id = first(&node).await.unwrap().id.0;
    fpp(&site, &["hold", &id, "--reason", "core asks to wait"]).await;
    fpp(&site, &["resume", "partner", "core-in", "--reason", "x"]).await;
    let story = fpp(&site, &["transfers", "show", &id]).await;
    assert!(story.contains("FPP1030") && story.contains("core asks to wait"), "{story}");
    // What a service has of it: the trace of a message.
    let told = fpp::outlets::trace::traceparent(&id, "queue");
    let found = fpp(&site, &["transfers", "show", &told]).await;
    assert!(found.contains(&id) && found.contains(&told[3..35]), "{found}");
    let text = refused(&site, &["reject", &id, "--reason", "x"]).await;
    assert!(text.contains("nothing is rejected after that"), "{text}");
    let text = refused(&site, &["resend", &id, "--reason", "x"]).await;
    assert!(text.contains("it is held"), "{text}");
    assert_eq!(site.names("core/in"), Vec::<String>::new());
    fpp(&site, &["retry", &id, "--reason", "core agrees"]).await;
    settled(&node, 1).await.unwrap();
    let names = site.names("core/in");
    let answer = names.iter().find(|name| name.ends_with(".TXT")).unwrap().clone();
    let bytes = site.read(&format!("core/in/{answer}"));
    let text = refused(&site, &["resend", &id, "--reason", "core lost it"]).await;
    assert!(text.contains("nothing of") && text.contains("was taken"), "{text}");
    for (round, arguments) in [
        vec!["resend", id.as_str(), "--reason", "core lost it"],
        vec!["resend", "--partner", "core-in", "--since", "2020-01-01", "--reason", "core restored"],
    ]
    .iter()
    .enumerate()
    {
        for name in site.names("core/in") {
            std::fs::remove_file(site.root.join("core/in").join(name)).unwrap();
        }
        until(&node, "it is seen taken", async |node| {
            node.ledger.deliveries(None, 10).await.unwrap().iter().all(|d| d.state == DeliveryState::Taken)
        })
        .await;
        let text = fpp(&site, arguments).await;
        assert!(text.contains("sent again"), "{text}");
        until(&node, "it is out again", async |node| {
            node.ledger.deliveries(None, 10).await.unwrap().iter().all(|d| d.state == DeliveryState::Delivered)
        })
        .await;
        assert_eq!(site.names("core/in"), names, "round {round}: markers and checksums too");
        assert_eq!(site.read(&format!("core/in/{answer}")), bytes);
    }
    let text = fpp(&site, &["resend", "--partner", "core-in", "--since", "2020-01-01", "--reason", "x"]).await;
    assert!(text.starts_with("0 of core-in"), "they stand there: {text}");
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}
