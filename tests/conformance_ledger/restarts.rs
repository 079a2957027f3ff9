//! A server that is killed while nodes write, and comes back: what was committed stands, what was not is done again, and
//! nobody is told anything but "try again".

use crate::databases::{Kind, Running, own};
use crate::shapes::*;
use fpp::error::{Class, Result};
use fpp::ledger::Ledger;
use fpp::ledger::mysql::MysqlLedger;
use fpp::ledger::transfer::{FileEvent as E, FileState as S, Verdict as V};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

const FILES: u32 = 60;
const KILLS: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(180);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_is_killed_and_comes_back() {
    killed_and_back(Kind::MariaDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seekdb_is_killed_and_comes_back() {
    killed_and_back(Kind::SeekDb).await;
}

async fn killed_and_back(kind: Kind) {
    let Some(server) = own(kind) else { return };
    let place = server.server(&server.lend().await);
    let ledger = MysqlLedger::open(place.clone()).await.unwrap();
    walk(&ledger, 1..=FILES, &[E::Claim, E::Stage, E::Judge(V::Accepted)]).await;
    let (posted, deadline) = (Arc::new(AtomicU32::new(0)), Instant::now() + PATIENCE);
    let mut nodes = JoinSet::new();
    for node in 0..2 {
        let (ledger, posted) = (MysqlLedger::open(place.clone()).await.unwrap(), posted.clone());
        nodes.spawn(async move {
            let mut asked = 0;
            for n in (1..=FILES).filter(|n| n % 2 == node) {
                while !post(&ledger, n).await {
                    assert!(Instant::now() < deadline, "transfer {n} is not posted");
                    asked += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                posted.fetch_add(1, SeqCst);
            }
            asked
        });
    }
    kill(&server, &posted, deadline).await;
    let asked: u32 = nodes.join_all().await.into_iter().sum();
    println!("{kind:?}: {KILLS} kills, {asked} times tried again");
    assert!(asked > 0, "no node noticed");
    let numbers = ledger.publications(0, 1000).await.unwrap();
    assert!(numbers.iter().filter_map(|t| t.publication).eq(1..=u64::from(FILES)));
    verified(&ledger).await;
}

/// Kills the server each time that some more are posted.
async fn kill(server: &Running, posted: &AtomicU32, deadline: Instant) {
    for kill in 1..=KILLS {
        while posted.load(SeqCst) < kill * FILES / (KILLS + 1) {
            assert!(Instant::now() < deadline, "{} posted before kill {kill}", posted.load(SeqCst));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.kill_and_start_again();
    }
}

/// As the flow does it: looks at the books, and does what they say is still to be done. False to try again.
async fn post(ledger: &MysqlLedger, n: u32) -> bool {
    let look: Result<_> = ledger.transfer(&id(n)).await;
    let done = match look {
        Ok(Some(transfer)) if transfer.state == S::Posted => return true,
        Ok(_) => ledger.apply(None, T0, &[event(n, E::Post)]).await.map(drop),
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error.class, Class::Retry, "{error}");
            false
        }
    }
}
