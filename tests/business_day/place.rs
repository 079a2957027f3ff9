//! A node with a calendar and a series, and a clock that stands until it is set.

use crate::support::settled::PATIENCE;
use crate::support::site::{Site, overlay, repository, sample_route};
use fpp::clock::Clock;
use fpp::ledger::change::Notice;
use fpp::ledger::transfer::{Transfer, TransferQuery};
use fpp::node::{Node, Options};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const CALENDARS: &str = r#"
[calendar.bank]
from = "2025-01-01"
until = "2026-12-31"
[calendar.sge]
from = "2025-01-01"
until = "2026-12-31"
[[calendar.sge.sessions]]
from = "2020-01-01"
evening = "20:00-26:30"
day = ["09:00-11:30", "13:30-15:30"]
"#;

/// Batches 1 to 3 in their order.
pub(crate) const SERIES: &str = r#"
[series]
calendar = "bank"
ordered = true
[[series.expect]]
batch = 1
to = 3
by = "18:30"
warn_at = "18:10"
"#;

pub(crate) struct Place {
    pub(crate) site: Site,
    now: Arc<AtomicI64>,
    node: Option<Node>,
}

impl Place {
    /// The sample's route with changes, on Friday 2025-06-20 at a time in Shanghai. `more` goes into the node's file.
    pub(crate) async fn start(route: &str, more: &str, at: &str) -> Place {
        let mut table = sample_route("pmtrd");
        overlay(&mut table, &route.parse().unwrap());
        let site = Site::make(&table);
        std::fs::write(site.root.join("conf/calendars.toml"), CALENDARS).unwrap();
        let text = std::fs::read_to_string(site.settings_file()).unwrap();
        std::fs::write(site.settings_file(), format!("calendars = \"calendars.toml\"\n{text}\n{more}")).unwrap();
        let mut place = Place { site, now: Arc::default(), node: None };
        place.set(at);
        place.run().await;
        place
    }

    /// Stops the node; [`Place::run`] starts it again.
    pub(crate) async fn stop(&mut self) {
        self.node.take().unwrap().stop().await;
    }

    pub(crate) async fn run(&mut self) {
        let options = Options { clock: Clock::Fixed(self.now.clone()), ..Options::default() };
        self.node = Some(Node::start(self.site.settings(), options).await.unwrap());
    }

    /// Another life of the node.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.run().await;
    }

    pub(crate) fn node(&self) -> &Node {
        self.node.as_ref().unwrap()
    }

    /// `18:30`, or `2025-06-21 02:10`.
    pub(crate) fn set(&self, at: &str) {
        let day = if at.len() == 5 {
            format!("2025-06-20T{at}:00+08:00")
        } else {
            format!("{}:00+08:00", at.replace(' ', "T"))
        };
        self.now.store(day.parse::<jiff::Timestamp>().unwrap().as_millisecond(), Ordering::Relaxed);
    }

    /// The core drops a file of a golden case.
    pub(crate) fn drop_as(&self, golden: &str, name: &str) {
        let bytes = std::fs::read(repository().join("tests/golden").join(golden)).unwrap();
        self.drop_bytes(name, &bytes);
    }

    /// The core drops a file.
    pub(crate) fn drop_bytes(&self, name: &str, bytes: &[u8]) {
        self.site.drop_file(name, bytes, Some(""), self.now.load(Ordering::Relaxed));
    }

    /// The core drops a batch of 2025-06-20.
    pub(crate) fn drop_batch(&self, batch: u32) {
        let golden = ["happy-1388/1.dat", "batch-gap/2.dat", "batch-gap/1.dat"][batch as usize - 1];
        self.drop_as(golden, &format!("CORE_PMTS_PMTRD_20250620_{batch:04}_00.TXT"));
    }

    /// Waits until something is so; says what stood there instead.
    pub(crate) async fn until<T, F: Future<Output = Option<T>>>(&self, what: &str, mut look: impl FnMut() -> F) -> T {
        let until = Instant::now() + PATIENCE;
        let mut bell = self.node().bell.listen();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if Instant::now() > until {
                let states: Vec<_> =
                    self.transfers().await.into_iter().map(|t| (t.name, t.state, t.waiting_for)).collect();
                panic!("{what} did not happen: {states:?}, {:?}", self.notices(true).await);
            }
            bell.wait(Duration::from_millis(30)).await;
        }
    }

    /// The node's time.
    pub(crate) fn now_ms(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    /// Takes the node out, to be stopped beside the test.
    pub(crate) fn take(&mut self) -> Node {
        self.node.take().unwrap()
    }

    /// Files of some batches of 2025-06-20, oldest first.
    pub(crate) async fn of_batches(&self, batches: std::ops::RangeInclusive<u32>) -> Vec<Transfer> {
        let mut found = Vec::new();
        for batch in batches {
            let mut pages = fpp::ledger::pages::Pages::of(TransferQuery {
                route: Some("pmtrd".into()),
                business_date: Some("2025-06-20".into()),
                ..TransferQuery::default()
            });
            let of = |t: &Transfer| t.facts.identity.as_ref().is_some_and(|identity| identity.batch == batch);
            while let Some(page) = pages.next(&*self.node().ledger).await.unwrap() {
                found.extend(page.into_iter().filter(of));
            }
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    }

    /// Oldest first.
    pub(crate) async fn transfers(&self) -> Vec<Transfer> {
        let query = TransferQuery { limit: 1_000, ..TransferQuery::default() };
        let mut all = self.node().ledger.transfers(&query).await.unwrap();
        all.reverse();
        all
    }

    /// Waits for the newest file of a batch to be as it should.
    pub(crate) async fn batch(&self, what: &str, batch: u32, is: impl Fn(&Transfer) -> bool) -> Transfer {
        let of = |t: &Transfer| t.facts.identity.as_ref().is_some_and(|identity| identity.batch == batch);
        self.until(what, || async { self.transfers().await.into_iter().rev().find(|t| of(t)).filter(|t| is(t)) }).await
    }

    pub(crate) async fn notices(&self, all: bool) -> Vec<Notice> {
        self.node().ledger.notices(all, 1_000).await.unwrap()
    }

    /// Waits for a notice of a topic.
    pub(crate) async fn heard(&self, topic: &str) -> Notice {
        let find = || async { self.notices(true).await.into_iter().find(|n| n.notice.topic == topic) };
        self.until(&format!("a notice `{topic}`"), find).await
    }

    /// How often something was told of a topic, read or not.
    pub(crate) async fn count(&self, topic: &str) -> u64 {
        self.notices(true).await.iter().filter(|n| n.notice.topic == topic).map(|n| n.count).sum()
    }

    /// Runs the program against the running node; its stdout.
    pub(crate) async fn fpp(&self, arguments: &[&str]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fpp"));
        command.arg("--config").arg(self.site.settings_file()).args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "fpp {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What `fpp day show` says of a date, for programs.
    pub(crate) async fn day(&self, date: &str) -> serde_json::Value {
        serde_json::from_str(&self.fpp(&["day", "show", "pmtrd", date, "--json"]).await).unwrap()
    }

    /// What the program says of what the node refuses.
    pub(crate) async fn refused(&self, arguments: &[String]) -> String {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_fpp"));
        command.arg("--config").arg(self.site.settings_file()).args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        assert!(!output.status.success(), "fpp {arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Stops the node; the books are whole.
    pub(crate) async fn end(mut self) {
        let node = self.node.take().unwrap();
        let ledger = node.ledger.clone();
        node.stop().await;
        assert_eq!(ledger.verify(None).await.unwrap().broken, None);
    }
}
