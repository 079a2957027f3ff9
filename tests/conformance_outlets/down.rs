//! What befalls a broker under a real node, with the keys that an outlet has by default: its topic is missing, its disk is
//! full, it is killed in the middle of a file and started again.
//!
//! Each time the node waits: no answer goes out, and a person hears what it is. When the trouble is over everything goes on
//! by itself, and what the topic has are the events of the files and no others.

use crate::Target;
use crate::broker::Jars;
use crate::still::of_the_outlet;
use crate::support::core::{CoreFile, Dropped, core_file};
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
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// Less than the half minute for which the client alone would not try a broker that failed.
const BACK_MAX: Duration = Duration::from_secs(25);
/// Events of a batch.
const BATCH: usize = 7;

struct Place {
    site: Site,
    node: Node,
    seen: Arc<Seen>,
}

impl Place {
    fn drop_file(&self, batch: u16) -> CoreFile {
        let file = core_file(batch, 40, Dropped::Good);
        self.site.drop_file(&file.name, &file.bytes, Some(""), 1_750_407_000_000);
        file
    }

    async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
        let begun = Instant::now();
        let mut bell = self.node.bell.listen();
        while !is_so().await {
            let stand = transfers(&*self.node.ledger).await;
            assert!(begun.elapsed() < PATIENCE, "{what}: {stand:?} {:?}", self.notices(true).await);
            bell.wait(Duration::from_millis(10)).await;
        }
        begun.elapsed()
    }

    async fn notices(&self, all: bool) -> Vec<Notice> {
        self.node.ledger.notices(all, 100).await.unwrap()
    }

    /// Waits until a person is told of the outlet, and sees that the last file waits.
    async fn told(&self) -> Notice {
        self.until("nobody hears of it", async || !of_the_outlet(&self.node, false).await.is_empty()).await;
        self.file_waits().await;
        of_the_outlet(&self.node, false).await.remove(0)
    }

    async fn file_waits(&self) {
        let all = transfers(&*self.node.ledger).await;
        let (last, before) = all.split_last().unwrap();
        assert_eq!(last.state, FileState::Proven, "no answer goes out: {last:?}");
        assert!(before.iter().all(|transfer| transfer.state == FileState::Archived), "{before:?}");
    }

    /// Events go on, as much later as is told; the file is answered, and what a person was told is closed.
    async fn goes_on(&self, files: usize) -> Duration {
        let taken = self.seen.taken.load(SeqCst);
        let later = self.until("nothing goes on", async || self.seen.taken.load(SeqCst) > taken).await;
        let all = settled(&self.node, files).await.unwrap();
        assert!(all.iter().all(|transfer| transfer.state == FileState::Archived), "{all:?}");
        let is_over = |notice: &Notice| notice.notice.severity == "info";
        self.until("it is not closed", async || self.notices(false).await.iter().all(is_over)).await;
        later
    }
}

pub(crate) async fn no_trouble_of_a_broker_loses_an_event_and_a_person_hears_of_it(running: &Running, jars: &Jars) {
    let target = running.topic("down");
    running.obey("remove down");
    let keys = target.keys().unwrap().replace("timeout_ms = 10000\n", "");
    let mut route = sample_route("pmtrd");
    let outlet = "[[outlet]]\nkind = \"rocketmq\"\nname = \"o\"\nsensitive = \"clear\"\n";
    overlay(&mut route, &outlet.parse().unwrap());
    let site = Site::make(&route);
    site.configure(&format!("[outlet.o]\n{keys}batch_events = {BATCH}\n"));
    let (seen, dies_at) = (Arc::new(Seen::default()), Arc::new(AtomicUsize::new(0)));
    let (broker, at) = (running.broker.clone(), dies_at.clone());
    let options = seen.options(move |calls| {
        if calls == at.load(SeqCst) {
            broker.lock().unwrap().kill();
        }
    });
    let node = Node::start(site.settings(), options).await.unwrap();
    let place = Place { site, node, seen };

    // The name server may know it still, when the broker has it no more.
    let first = place.drop_file(1);
    let is_missing =
        |told: &Notice| ["topic down", "Create the topic"].iter().all(|part| told.notice.text.contains(part));
    place.until("nobody hears of it", async || place.notices(false).await.iter().any(is_missing)).await;
    place.file_waits().await;
    running.obey("topic down 1");
    println!("events went on {:?} after the topic was there", place.goes_on(1).await);

    running.obey("full");
    let second = place.drop_file(2);
    let is_full =
        |notice: &Notice| notice.notice.code == Code::NO_SPACE.0 && notice.notice.text.contains("disk is full");
    place.until("nobody hears of it", async || place.notices(false).await.iter().any(is_full)).await;
    place.file_waits().await;
    running.obey("room");
    println!("events went on {:?} after there was room", place.goes_on(2).await);

    // In the middle of a file, before its third batch.
    dies_at.store(place.seen.pushes() + 3, SeqCst);
    let third = place.drop_file(3);
    let told = place.told().await;
    assert_eq!((told.notice.code, told.notice.severity.as_str()), (Code::OUTLET.0, "error"), "{told:?}");
    running.again(jars);
    let back = place.goes_on(3).await;
    println!("events went on {back:?} after the broker was back");
    assert!(back < BACK_MAX, "{back:?}");

    let there: BTreeSet<String> = target.ids().await.into_iter().collect();
    assert_eq!(there.len() as u64, first.events + second.events + third.events, "every event of the files");
    assert_eq!(there, place.seen.ids(), "and no other");
    assert_eq!(place.node.ledger.verify(None).await.unwrap().broken, None);
    place.node.stop().await;
}
