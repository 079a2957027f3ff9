//! Who may say a verb: two persons where two are asked for, and over HTTP the holder of a token.

use crate::support::settled::settled;
use crate::support::site::{Site, overlay, sample_route};
use crate::{asked, first, fpp, let_in, refused, said, start, token, until};
use fpp::ledger::transfer::FileState;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Another user of this machine, who is a member of the operators' group.
const OTHER: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

#[tokio::test(flavor = "multi_thread")]
async fn four_eyes_are_two_persons() {
    let root = own_user() == Some(0) && Command::new("setpriv").arg("--version").output().is_ok();
    let mut route = sample_route("pmtrd");
    let changes = "second_person = [\"retry\"]\n".parse().unwrap();
    overlay(&mut route, &changes);
    let group = if root { "control_group = \"nogroup\"\ncontrol_socket = \"../control/fpp.sock\"\n" } else { "" };
    let site = Site::make_with(&route, &format!("second_person = [\"hold\", \"release\", \"pause\"]\n{group}"));
    std::fs::create_dir(site.root.join("control")).unwrap();
    std::fs::set_permissions(&site.root, std::fs::Permissions::from_mode(0o755)).unwrap();
    let node = start(&site).await;
    let text = fpp(&site, &["pause", "route", "pmtrd", "--reason", "ticket 4711"]).await;
    let ask = text.split("fpp confirm ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert!(fpp(&site, &["requests"]).await.contains("ticket 4711"));
    assert!(fpp(&site, &["status"]).await.contains("1 requests wait for a second person"));
    let text = refused(&site, &["confirm", &ask, "--reason", "me too"]).await;
    assert!(text.contains("another person must confirm it"), "{text}");
    assert!(node.ledger.pauses().await.unwrap().is_empty(), "asked is not done");
    if !root {
        println!("not root, or no setpriv: no second person here");
        fpp(&site, &["decline", &ask, "--reason", "alone"]).await;
        node.stop().await;
        return;
    }
    let (agreed, text) = said(&site, &OTHER, &["confirm", &ask, "--reason", "looked at it"]).await;
    assert!(agreed, "{text}");
    let pauses = node.ledger.pauses().await.unwrap();
    assert!(pauses[0].by.contains("ticket 4711; confirmed by") && pauses[0].by.contains("looked at it"), "{pauses:?}");
    let text = refused(&site, &["confirm", &ask, "--reason", "again"]).await;
    assert!(text.contains("Confirmed already"), "{text}");
    // Nobody needs two persons to go on with it here.
    site.drop_batch(1, 3);
    until(&node, "it is booked", async |node| first(node).await.is_some()).await;
    let id = first(&node).await.unwrap().id.0;
    // A route may ask for two persons where the node does not; a request of a state that is gone is not confirmed.
    let text = fpp(&site, &["retry", &id, "--reason", "now"]).await;
    let ask = text.split("fpp confirm ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
    fpp(&site, &["resume", "route", "pmtrd", "--reason", "mended"]).await;
    settled(&node, 1).await.unwrap();
    let (agreed, text) = said(&site, &OTHER, &["confirm", &ask, "--reason", "ok"]).await;
    assert!(!agreed && text.contains("it is finished"), "{text}");
    let (agreed, text) = said(&site, &OTHER, &["decline", &ask, "--reason", "too late"]).await;
    assert!(agreed, "{text}");
    assert!(fpp(&site, &["requests", "--all"]).await.contains("too late"));
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}

/// The user of this process.
fn own_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|m| m.uid())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_a_token_says_its_verbs_on_its_routes_and_nobody_else_any() {
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &"second_person = [\"release\"]\nday_control = \"ledger\"".parse().unwrap());
    let site = Site::make(&route);
    let me = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
    let tokens = [
        token("reader", "routes = [\"*\"]"),
        token("other", "routes = [\"gold\"]\nverbs = [\"hold\", \"pause\", \"day\"]"),
        token("wang", "routes = [\"pmtrd\"]\nverbs = [\"hold\", \"release\", \"pause\", \"day\"]"),
        token("li", "routes = [\"pmtrd\"]\nverbs = [\"release\"]"),
        token("mine", &format!("routes = [\"pmtrd\"]\nverbs = [\"release\"]\nperson = \"{}\"", me.trim())),
    ];
    let node = start(&site).await;
    let (status, _) = asked(&node, "wang", "/v1/operate/pause", "{\"reason\": \"x\"}").await;
    assert_eq!(status, 401, "without a token file nobody says a verb over HTTP");
    node.stop().await;
    let_in(&site, &tokens);
    let node = start(&site).await;

    let day = "{\"route\": \"pmtrd\", \"business_date\": \"2025-06-20\", \"open\": true, \"reason\": \"core says so\"}";
    for (token, due) in [("", 401), ("nobody", 401), ("reader", 403), ("other", 403), ("li", 403), ("wang", 200)] {
        assert_eq!(asked(&node, token, "/v1/days", day).await.0, due, "{token}");
    }
    let journal = node.ledger.journal("day:pmtrd").await.unwrap();
    assert!(journal.len() == 1 && journal[0].entry.contains("wang by token: core says so"), "{journal:?}");

    fpp(&site, &["pause", "route", "pmtrd", "--reason", "wait"]).await;
    site.drop_batch(1, 3);
    until(&node, "it is booked", async |node| first(node).await.is_some()).await;
    let id = first(&node).await.unwrap().id.0;
    let body = |reason: &str| format!("{{\"id\": \"{id}\", \"reason\": \"{reason}\", \"by\": \"root\"}}");
    for (token, due) in [("reader", 403), ("other", 403), ("li", 403)] {
        let (status, text) = asked(&node, token, "/v1/operate/hold", &body("x")).await;
        assert!(status == due && !text.contains("CORE_"), "nothing is said of other routes' files: {text}");
    }
    let partner = "{\"switch\": {\"kind\": \"partner\", \"name\": \"core-in\"}, \"reason\": \"x\"}";
    assert_eq!(asked(&node, "wang", "/v1/operate/pause", partner).await.0, 403, "a partner is more than one route's");
    assert_eq!(asked(&node, "wang", "/v1/operate/hold", &body("")).await.0, 409, "a reason is needed");
    assert_eq!(asked(&node, "wang", "/v1/operate/purge", &body("x")).await.0, 404);
    // What is refused over HTTP has codes of its own: none of them speaks of a file.
    for (path, said, due) in [
        ("/v1/operate/hold", body(""), (409, "FPP9006", "request cannot be understood")),
        ("/v1/operate/hold", "no JSON".to_owned(), (400, "FPP9006", "request cannot be understood")),
        ("/v1/operate/purge", body("x"), (404, "FPP9007", "what the request names is not there")),
        ("/v1/nowhere", String::new(), (404, "FPP9007", "what the request names is not there")),
        ("/v1/operate/release", body("x"), (409, "FPP9008", "not possible as things stand")),
        ("/v1/events?limit=none", String::new(), (400, "FPP9006", "request cannot be understood")),
    ] {
        let (status, text) = asked(&node, "wang", path, &said).await;
        assert!(status == due.0 && text.contains(due.1) && text.contains(due.2), "{path}: {status} {text}");
    }
    let (status, text) = asked(&node, "wang", "/v1/operate/hold", &body("totals are wrong")).await;
    assert_eq!(status, 200, "{text}");
    let held = first(&node).await.unwrap();
    let said = held.facts.hold(held.verdict).1;
    assert!(held.state == FileState::Held && said.contains("wang by token: totals are wrong"), "{held:?}");

    // Four eyes, by whatever way: the person who asked confirms nothing, with a token or without.
    let (status, text) = asked(&node, "wang", "/v1/operate/release", &body("it is good")).await;
    assert!(status == 200 && text.contains("asked, not done"), "{text}");
    let ask = node.ledger.asks(false, 10).await.unwrap().remove(0);
    let confirm = format!("/v1/requests/{}/confirm", ask.id);
    let reason = "{\"reason\": \"looked at it\"}";
    assert_eq!(
        (asked(&node, "wang", &confirm, reason).await.0, asked(&node, "other", &confirm, reason).await.0),
        (409, 403)
    );
    let (_, open) = asked(&node, "li", "/v1/requests", "").await;
    assert!(open.contains(&ask.id.0) && open.contains("it is good"), "{open}");
    assert!(!asked(&node, "other", "/v1/requests", "").await.1.contains(&ask.id.0));
    let (status, text) = asked(&node, "li", &confirm, reason).await;
    assert_eq!(status, 200, "{text}");
    assert_eq!(first(&node).await.unwrap().state, FileState::Arrived);

    // Who asks here, and has a token besides, is one person.
    fpp(&site, &["hold", &id, "--reason", "once more"]).await;
    fpp(&site, &["release", &id, "--reason", "now"]).await;
    let ask = node.ledger.asks(false, 10).await.unwrap().remove(0);
    let (status, text) = asked(&node, "mine", &format!("/v1/requests/{}/confirm", ask.id), reason).await;
    assert!(status == 409 && text.contains("another person must confirm it"), "{text}");
    node.stop().await;
    assert!(fpp(&site, &["ledger", "verify"]).await.contains("all fit"));
}
