//! Random walks: whatever events come, a row is what its journal says, and an illegal event changes nothing.

use crate::Books;
use crate::shapes::*;
use fpp::ledger::Ledger;
use fpp::ledger::change::Change;
use fpp::ledger::delivery::DeliveryEvent as D;
use fpp::ledger::transfer::{Facts, FileEvent as E, Standing, Verdict as V};
use fpp_codecs::Code;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const FILES: u32 = 4;
const DELIVERY_EVENTS: [D; 6] = [D::Prove, D::Deliver, D::Take, D::Hold, D::Retry, D::Resend];

#[derive(Clone, Debug)]
enum Step {
    /// A file's event: a legal one, or any.
    File {
        n: u32,
        pick: usize,
        any: bool,
        fact: u64,
    },
    Plan {
        n: u32,
    },
    Deliver {
        n: u32,
        pick: usize,
    },
    Park {
        n: u32,
    },
    Day {
        date: u32,
        open: bool,
    },
    Seal,
}

fn step() -> impl Strategy<Value = Step> {
    let n = || 1..=FILES;
    prop_oneof![
        12 => (n(), 0..FILE_EVENTS.len(), prop::bool::weighted(0.1), any::<u64>())
            .prop_map(|(n, pick, any, fact)| Step::File { n, pick, any, fact }),
        2 => n().prop_map(|n| Step::Plan { n }),
        4 => (n(), 0..DELIVERY_EVENTS.len()).prop_map(|(n, pick)| Step::Deliver { n, pick }),
        1 => n().prop_map(|n| Step::Park { n }),
        1 => (1u32..4, any::<bool>()).prop_map(|(date, open)| Step::Day { date, open }),
        1 => Just(Step::Seal),
    ]
}

pub(crate) async fn rows_equal_their_journals(books: &dyn Books) {
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    tokio::task::block_in_place(|| {
        let runtime = tokio::runtime::Handle::current();
        runner.run(&vec(step(), 1..60), |steps| runtime.block_on(one_walk(&*books.fresh(), &steps))).unwrap();
    });
}

async fn one_walk(books: &dyn Books, steps: &[Step]) -> Result<(), TestCaseError> {
    let ledger = books.open().await;
    let mut standings = vec![Standing::ARRIVED; FILES as usize];
    for n in 1..=FILES {
        let mut new = arrival(n);
        // Two pairs of files with one identity each.
        new.facts.identity = Some(identity(n % 2));
        apply(&*ledger, 0, &[Change::Arrive(new)]).await;
    }
    for (at, step) in steps.iter().enumerate() {
        take(&*ledger, at as i64, step, &mut standings).await?;
    }
    drop(ledger);
    let ledger = books.open().await;
    let report = ledger.verify(Some(b"key")).await.unwrap();
    prop_assert_eq!(report.broken, None);
    for (n, standing) in (1..).zip(standings) {
        prop_assert_eq!(transfer(&*ledger, n).await.standing(), standing);
    }
    Ok(())
}

async fn take(ledger: &dyn Ledger, at: i64, step: &Step, standings: &mut [Standing]) -> Result<(), TestCaseError> {
    let now = T0 + at;
    match *step {
        Step::File { n, pick, any, fact } => {
            let standing = &mut standings[n as usize - 1];
            let legal: Vec<E> = FILE_EVENTS.into_iter().filter(|event| standing.next(*event).is_ok()).collect();
            let Some(event) = (if any { FILE_EVENTS.get(pick) } else { legal.get(pick % legal.len().max(1)) }) else {
                return Ok(());
            };
            let mut changes = vec![Change::Move { id: id(n), event: *event, facts: Box::new(facts(fact)), by: None }];
            if matches!(event, E::Judge(V::Partly | V::Rejected)) {
                changes.push(Change::Reject { id: id(n), rejects: rejects(2..2 + fact % 4) });
            }
            match (ledger.apply(None, now, &changes).await, standing.next(*event)) {
                (Ok(_), Ok(next)) => *standing = next,
                (Err(error), Ok(_)) => prop_assert_eq!(error.code, Code::OTHER_BYTES),
                (result, Err(_)) => prop_assert_eq!(result.unwrap_err().code, Code::INTERNAL),
            }
        }
        Step::Plan { n } => {
            apply(ledger, at, &[Change::Plan(Box::new(delivery(n, n)))]).await;
        }
        Step::Deliver { n, pick } => {
            let before = ledger.delivery(&delivery_id(n)).await.unwrap();
            let legal = before.is_some_and(|d| d.state.next(DELIVERY_EVENTS[pick]).is_some());
            let done = ledger.apply(None, now, &[deliver(n, DELIVERY_EVENTS[pick])]).await;
            prop_assert_eq!(done.is_ok(), legal);
        }
        Step::Park { n } => {
            let park = Change::Park { id: id(n), until_ms: i64::MAX, waiting_for: "x".into(), failed: true };
            apply(ledger, at, &[park]).await;
        }
        Step::Day { date, open } => {
            let business_date = format!("2026-01-0{date}");
            apply(ledger, at, &[Change::Day { route: "PMTRD".into(), business_date, open, by: "core".into() }]).await;
        }
        Step::Seal => {
            ledger.seal(None, now, b"key").await.unwrap();
        }
    }
    Ok(())
}

/// Some facts, of every shape that JSON has.
fn facts(fact: u64) -> Facts {
    let pick = |bit: u64| fact & (1 << bit) != 0;
    Facts {
        size: pick(0).then_some(fact),
        sha256: pick(1).then(|| format!("{fact:064x}")),
        reason: pick(2).then(|| format!("\"quoted\" 回盘 \\ {fact}\n")),
        code: pick(3).then_some((fact >> 8) as u16),
        difference: pick(4).then(|| match fact % 3 {
            0 => serde_json::Value::Null,
            1 => serde_json::json!([fact, {"z": "1.50", "a": null}]),
            _ => serde_json::json!("text"),
        }),
        remarks: pick(5).then(Vec::new),
        framed: pick(6).then_some(pick(7)),
        ..Facts::default()
    }
}
