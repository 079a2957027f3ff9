//! A node that is killed in the middle of its writes: what was committed stands, and the rest is not there at all.

use crate::Books;
use crate::shapes::*;
use fpp::ledger::change::Change;
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

const PLACE: &str = "FPP_TEST_LEDGER";
const SAID: &str = "committed ";

/// A child that does not outlive the test, however that ends.
struct Node(Child);

impl Drop for Node {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Writes until it is killed; says what was committed.
#[tokio::test]
#[ignore = "runs as the child of a_killed_node_loses_nothing_it_committed"]
async fn child() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let ledger = crate::open_at(&place).await;
    let first = u32::try_from(ledger.last_publication().await.unwrap()).unwrap() + 1;
    for n in first.. {
        let changes = [
            Change::Arrive(arrival(n)),
            event(n, E::Claim),
            event(n, E::Judge(V::Rejected)),
            Change::Reject { id: id(n), rejects: rejects(2..40) },
            Change::Plan(Box::new(delivery(n, n))),
        ];
        apply(&*ledger, 0, &changes).await;
        if n % 7 == 0 {
            ledger.seal(None, T0, b"key").await.unwrap();
        }
        println!("{SAID}{n}");
    }
}

pub(crate) async fn a_killed_node_loses_nothing_it_committed(books: &dyn Books) {
    drop(books.open().await);
    let place = books.place().await;
    let mut committed = 0;
    for round in 1..=5 {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "crash::child"])
            .env(PLACE, &place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut node = Node(child);
        let mut said = BufReader::new(node.0.stdout.take().unwrap()).lines();
        let enough = committed + 10 + round * 3;
        // The test harness may begin the line.
        while committed < enough {
            let line = said.next().unwrap().unwrap();
            if let Some((_, n)) = line.split_once(SAID) {
                committed = n.parse().unwrap();
            }
        }
        drop(node);
        committed =
            said.map_while(Result::ok).filter_map(|l| l.split_once(SAID)?.1.parse().ok()).last().unwrap_or(committed);

        let ledger = books.open().await;
        let report = ledger.verify(Some(b"key")).await.unwrap();
        assert_eq!(report.broken, None, "round {round}");
        let last = ledger.last_publication().await.unwrap();
        assert!(last >= u64::from(committed), "round {round}: {committed} were committed, {last} stand");
        assert_eq!(report.chains, 2 * last, "a transfer and its delivery, or neither");
        committed = u32::try_from(last).unwrap();
    }
}
