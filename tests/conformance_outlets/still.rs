//! A broker that stands still in the middle of a file, under a real node: it holds its connections and says nothing.
//!
//! The node waits: it pushes nothing behind what is not confirmed, sends no answer, and a person hears of it once. When the
//! broker goes on everything goes on by itself, and what its consumer has are the events of the file and no others.

use crate::Target;
use crate::support::core::{Dropped, core_file};
use crate::support::settled::{PATIENCE, settled, transfers};
use crate::support::site::{Site, overlay, sample_route};
use crate::topics::Running;
use crate::watched::Seen;
use fpp::ledger::change::Notice;
use fpp::ledger::transfer::FileState;
use fpp::node::Node;
use fpp_codecs::Code;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events of a batch, and batches that go through before the broker stands still.
const BATCH: usize = 7;
const GO_THROUGH: usize = 2;

/// Notices of the outlet; with `all` those that are closed, too.
pub(crate) async fn of_the_outlet(node: &Node, all: bool) -> Vec<Notice> {
    let mut notices = node.ledger.notices(all, 100).await.unwrap();
    notices.retain(|n| n.notice.topic == "outlet" && n.notice.subject == "o");
    notices
}

pub(crate) async fn a_broker_that_stands_still_in_the_middle_of_a_file_is_told_once(running: &Running) {
    let target = running.topic("still");
    let keys = target.keys().unwrap().replace("timeout_ms = 10000", "timeout_ms = 1000");
    let mut route = sample_route("pmtrd");
    let outlet = "[[outlet]]\nkind = \"rocketmq\"\nname = \"o\"\nsensitive = \"clear\"\n";
    overlay(&mut route, &outlet.parse().unwrap());
    let site = Site::make(&route);
    site.configure(&format!("[outlet.o]\n{keys}batch_events = {BATCH}\nprobe_ms = 200\nretry_max_ms = 500\n"));
    let (broker, seen) = (running.broker.clone(), Arc::new(Seen::default()));
    // Before the third batch, once.
    let options = seen.options(move |calls| {
        if calls == GO_THROUGH + 1 {
            broker.lock().unwrap().stand_still(true);
        }
    });
    let node = Node::start(site.settings(), options).await.unwrap();
    let dropped = core_file(1, 40, Dropped::Good);
    site.drop_file(&dropped.name, &dropped.bytes, Some(""), 1_750_407_000_000);
    let until = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    while of_the_outlet(&node, false).await.is_empty() {
        assert!(Instant::now() < until, "nobody hears of it: {:?}", transfers(&*node.ledger).await);
        bell.wait(Duration::from_millis(20)).await;
    }
    let told = of_the_outlet(&node, false).await;
    assert_eq!((told[0].notice.code, told[0].notice.severity.as_str()), (Code::OUTLET.0, "error"), "{told:?}");
    // Back-pressure: what is not confirmed is pushed again, and nothing behind it; the answer waits.
    let once = seen.ids();
    assert!(once.len() <= (GO_THROUGH + 1) * BATCH, "a batch behind the one that waits: {once:?}");
    assert_eq!(transfers(&*node.ledger).await[0].state, FileState::Proven);
    assert_eq!(site.names("core/in"), Vec::<String>::new());
    running.broker.lock().unwrap().stand_still(false);
    let all = settled(&node, 1).await.unwrap();
    assert_eq!(all[0].state, FileState::Archived);
    while !of_the_outlet(&node, false).await.is_empty() {
        assert!(Instant::now() < until, "it is not closed: {:?}", of_the_outlet(&node, false).await);
        bell.wait(Duration::from_millis(20)).await;
    }
    let told = of_the_outlet(&node, true).await;
    assert_eq!(told.iter().map(|n| n.count).collect::<Vec<_>>(), [1], "it is told once: {told:?}");
    let there: BTreeSet<String> = target.ids().await.into_iter().collect();
    assert_eq!(there.len() as u64, dropped.events, "every event of the file");
    assert_eq!(there, seen.ids(), "and no other");
    assert_eq!(node.ledger.verify(None).await.unwrap().broken, None);
    node.stop().await;
}
