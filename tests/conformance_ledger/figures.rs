//! Figures, on every engine that is here: what a claim costs beside finished transfers, applies a second, `verify`.

use crate::Books;
use crate::databases::Kind;
use crate::mysql::MysqlBooks;
use crate::shapes::*;
use crate::sqlite::SqliteBooks;
use fpp::ledger::change::Change;
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::transfer::FileEvent as E;
use std::time::Instant;

/// Rows that one statement writes.
const AT_ONCE: u32 = 5_000;

/// Makes finished transfers up to a number, each with all that a claim may meet on its way: an identity, a lease that was given
/// back, an answer that was taken, and the chains of both. Of each chain there is only the last row: a file of the sample has
/// some ten times as many. Where that would take a quarter of an hour, identities and answers are those of the first ones.
async fn finish(books: &dyn Books, from: u32, to: u32, answers: u32) {
    let hash = "0123456789abcdef".repeat(4);
    for begin in (from..to).step_by(AT_ONCE as usize) {
        let end = to.min(begin + AT_ONCE);
        let row = |n: u32| {
            format!(
                "('Z{n:09}', 'OLD', 'core', 'x', 'old{n}', 'Archived', 'accepted', 0, '{{}}', '2025-01-01', {n}, 0, 0, \
                 {n}, '', {n}, {n}, {}, 0)",
                n + 1_000_000
            )
        };
        let rows: Vec<String> = (begin..end).map(row).collect();
        let transfers = format!(
            "INSERT INTO transfers (id, route, spool, name, arrival_key, state, verdict, closed, facts, business_date, \
             batch, run, attempts, next_attempt_ms, waiting_for, arrived_ms, updated_ms, publication, queue) VALUES {}",
            rows.join(", ")
        );
        let of = format!("FROM transfers WHERE id >= 'Z{begin:09}' AND id < 'Z{end:09}'");
        let deliveries = format!(
            "INSERT INTO deliveries (id, transfer, purpose, required, spool, name, size, sha256, checksums, state, attempts, \
             next_attempt_ms, last_error, planned_ms, updated_ms, delivered_ms, queue) SELECT id, id, 'answer', 1, \
             'core-in', CONCAT('ACK_', id), 300, '{hash}', 'sha256', 'Taken', 1, 0, '', 1, 1, 1, 0 {of}"
        );
        let identities = format!(
            "INSERT INTO identities (route, business_date, batch, run, transfer, decided_ms) \
             SELECT route, business_date, batch, run, id, 1 {of}"
        );
        let leases = format!(
            "INSERT INTO leases (lease_key, epoch, holder, beat) SELECT CONCAT('transfer:', id), 1, '', 9 {of}"
        );
        let mut statements = vec![transfers, leases];
        let mut subjects = vec!["transfer"];
        if begin < answers {
            statements.extend([deliveries, identities]);
            subjects.push("delivery");
        }
        let entry =
            "{\"kind\":\"move\",\"event\":\"Archive\",\"fence\":{\"holder\":\"n1/01ARZ3NDEKTSV4RRFFQ69G5FAV\"}}";
        for subject in subjects {
            let id = format!("SELECT CONCAT('{subject}:', id), 8");
            statements.push(format!("INSERT INTO heads (subject, n, hash, unsealed) {id}, '{hash}', 0 {of}"));
            statements.push(format!(
                "INSERT INTO journal (subject, n, at_ms, entry, previous, hash) {id}, 1, '{entry}', '{hash}', '{hash}' {of}"
            ));
        }
        books.tamper(&statements.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
}

fn all() -> Vec<(&'static str, Box<dyn Books>)> {
    let mut all: Vec<(&'static str, Box<dyn Books>)> = vec![("SQLite", Box::new(SqliteBooks::new()))];
    for (name, kind) in [("MariaDB", Kind::MariaDb), ("seekdb", Kind::SeekDb)] {
        if let Some(books) = MysqlBooks::new(kind) {
            all.push((name, Box::new(books)));
        }
    }
    all
}

/// What a node does to take up a transfer: look for due ones, take the lease, book the claim, give the lease back.
async fn claims(name: &str, books: &dyn Books, finished: u32, turn: u32) {
    const TIMES: u32 = 100;
    let ledger = books.open().await;
    walk(&*ledger, turn * TIMES + 1..=(turn + 1) * TIMES, &[]).await;
    let begun = Instant::now();
    for _ in 0..TIMES {
        assert_eq!(ledger.due_transfers(T0, 16).await.unwrap().len(), 16);
    }
    let due = begun.elapsed() / TIMES;
    let begun = Instant::now();
    for n in turn * TIMES + 1..=(turn + 1) * TIMES {
        let key = LeaseKey(format!("transfer:{}", id(n)));
        let seen = ledger.lease(&key).await.unwrap();
        let lease = ledger.take_lease(&key, "a/1", seen.as_ref()).await.unwrap().unwrap();
        let fence = fpp::ledger::change::Fence { key, epoch: lease.epoch, holder: lease.holder.clone() };
        ledger.apply(Some(&fence), T0, &[event(n, E::Claim)]).await.unwrap();
        ledger.release_lease(&lease).await.unwrap();
    }
    println!("{name}: beside {finished} finished transfers: due {due:?}, a claim {:?}", begun.elapsed() / TIMES);
}

async fn claims_beside(sizes: &[u32]) {
    for (name, books) in all() {
        let answers = if name == "seekdb" { 100_000 } else { u32::MAX };
        let mut before = 0;
        for (turn, finished) in (0..).zip(sizes) {
            finish(&*books, before, *finished, answers).await;
            before = *finished;
            claims(name, &*books, *finished, turn).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes half a minute; prints figures"]
async fn claims_stay_flat_beside_a_hundred_thousand_finished_transfers() {
    claims_beside(&[0, 1_000, 100_000]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes ten minutes; prints figures"]
async fn claims_stay_flat_beside_a_million_finished_transfers() {
    claims_beside(&[0, 1_000, 100_000, 1_000_000]).await;
}

/// An apply of one move under a fence, by one node and by four at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn applies_a_second() {
    const TIMES: u32 = 200;
    for (name, books) in all() {
        for nodes in [1, 4] {
            let books = books.fresh();
            let ledger = books.open().await;
            for node in 0..nodes {
                walk(&*ledger, node * 1000 + 1..=node * 1000 + TIMES, &[]).await;
            }
            let mut working = tokio::task::JoinSet::new();
            let begun = Instant::now();
            for node in 0..nodes {
                let ledger = books.open().await;
                working.spawn(async move {
                    for n in node * 1000 + 1..=node * 1000 + TIMES {
                        ledger.apply(None, T0, &[event(n, E::Claim)]).await.unwrap();
                    }
                });
            }
            working.join_all().await;
            let rate = f64::from(nodes * TIMES) / begun.elapsed().as_secs_f64();
            println!("{name}: {nodes} nodes: {rate:.0} applies a second");
        }
    }
}

/// How fast `verify` walks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "prints figures"]
async fn verify_walks_many_chains() {
    for (name, books) in all() {
        let ledger = books.open().await;
        for part in 0..10 {
            let new = (1..=1000).map(|n| part * 1000 + n);
            let changes: Vec<_> =
                new.flat_map(|n| [Change::Arrive(arrival(n)), event(n, E::Claim), event(n, E::Stage)]).collect();
            apply(&*ledger, 0, &changes).await;
        }
        let begun = Instant::now();
        println!("{name}: sealed {} heads in {:?}", ledger.seal(None, T0, b"key").await.unwrap(), begun.elapsed());
        let begun = Instant::now();
        let report = ledger.verify(Some(b"key")).await.unwrap();
        println!("{name}: verified {} rows in {:?}", report.rows, begun.elapsed());
        assert_eq!(report.broken, None);
    }
}
