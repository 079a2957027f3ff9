//! A webhook under a real node: a whole file before the answer, and one whose secret has to be mended first.

use crate::server::Server;
use crate::support::core::{Dropped, core_file};
use crate::support::settled::{PATIENCE, settled};
use crate::support::site::{Site, overlay, sample_route};
use crate::{SECRETS, verify};
use fpp::api::client;
use fpp::node::{Node, Options};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn an_outlet_that_cannot_be_made_is_down_until_its_secret_is_mended() {
    let server = Server::start(|_| (200, Vec::new()));
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &"[[outlet]]\nkind = \"webhook\"\nname = \"risk\"".parse().unwrap());
    let site = Site::make(&route);
    let secret = site.root.join("conf/secret");
    std::fs::write(&secret, "too short\n").unwrap();
    let url = format!("http://{}/hook", server.address);
    let outlet =
        format!("[outlet.risk]\nkind = \"webhook\"\nurl = \"{url}\"\nsecret_file = \"secret\"\nprobe_ms = 100\n");
    site.configure(&outlet);
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let file = core_file(1, 15, Dropped::Good);
    site.drop_file(&file.name, &file.bytes, Some(""), 1_750_407_000_000);
    let until = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    loop {
        let told = node.ledger.notices(false, 100).await.unwrap();
        if told.iter().any(|n| n.notice.topic == "outlet" && n.notice.text.contains("16 bytes at least")) {
            break;
        }
        assert!(Instant::now() < until, "{told:?}");
        bell.wait(Duration::from_millis(50)).await;
    }
    assert!(site.names("core/in").is_empty() && server.calls().is_empty(), "the answer waits");
    std::fs::write(&secret, SECRETS[0]).unwrap();
    settled(&node, 1).await.unwrap();
    assert!(!site.names("core/in").is_empty() && !server.calls().is_empty());
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_posts_a_whole_file_to_its_endpoint_before_the_core_is_answered() {
    let calls = AtomicU32::new(0);
    let server = Server::start(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        // As an endpoint does while it is rolled out anew.
        1 | 3 => (503, Vec::new()),
        _ => (200, Vec::new()),
    });
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &"[[outlet]]\nkind = \"webhook\"\nname = \"risk\"\nsensitive = \"clear\"".parse().unwrap());
    let site = Site::make(&route);
    for (name, secret) in ["now", "next"].iter().zip(SECRETS) {
        std::fs::write(site.root.join("conf").join(name), format!("{secret}\n")).unwrap();
    }
    let outlet = format!(
        "[outlet.risk]\nkind = \"webhook\"\nurl = \"http://{}/hook\"\nsecret_file = \"now\"\nnext_secret_file = \"next\"\n\
         call_events = 4\nprobe_ms = 100\n",
        server.address
    );
    site.configure(&outlet);
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let file = core_file(1, 15, Dropped::Good);
    site.drop_file(&file.name, &file.bytes, Some(""), 1_750_407_000_000);
    settled(&node, 1).await.unwrap();
    assert!(!site.names("core/in").is_empty(), "it has its answer");
    // What was confirmed is not posted again, whatever comes after it: of a batch of 17 events two calls came twice.
    let posted: usize = server.calls().iter().map(|call| call.events().1.len()).sum();
    assert_eq!(posted as u64, file.events + 8);
    let all = client::events(node.address, "/v1/events?limit=1000", None).await.unwrap();
    let id =
        |line: &[u8]| serde_json::from_slice::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    let due: Vec<String> = all.body.split(|b| *b == b'\n').filter(|line| !line.is_empty()).map(id).collect();
    let mut met = Vec::new();
    for id in server.calls().iter().flat_map(|call| call.events().1) {
        if !met.contains(&id) {
            met.push(id);
        }
    }
    assert_eq!(met, due, "in order of first occurrence");
    verify(&server.calls());
    node.stop().await;
}
