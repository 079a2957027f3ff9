//! Partitions by business date, on servers: where rows stand, days dropped whole, what stays, days made ahead, ledgers of
//! the version before, backups. Each case has a database of its own, because it changes the tables.

use crate::databases::{Kind, Running, SCHEMA_6, running};
use crate::shapes::{self, deliver, delivery, event, id, rejects};
use fpp::clock::Clock;
use fpp::ledger::Ledger;
use fpp::ledger::chain;
use fpp::ledger::change::{Change, NewTransfer};
use fpp::ledger::delivery::DeliveryEvent as D;
use fpp::ledger::fold::{Entry, What};
use fpp::ledger::mysql::MysqlLedger;
use fpp::ledger::sqlite::SqliteLedger;
use fpp::ledger::transfer::{Facts, FileEvent as E, Identity, Verdict as V};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sqlx::{AssertSqlSafe, MySqlConnection, Row};

const DAY_MS: i64 = 24 * 3_600_000;

/// A database of its own, and the time of its tables.
struct Place {
    kind: Kind,
    server: &'static Running,
    name: String,
    now_ms: i64,
}

impl Place {
    async fn open(&self) -> MysqlLedger {
        MysqlLedger::open(self.server.server(&self.name)).await.unwrap()
    }

    async fn root(&self) -> MySqlConnection {
        self.server.root(&self.name).await
    }

    async fn run(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&mut self.root().await).await.unwrap();
    }

    async fn number(&self, select: &str) -> i64 {
        sqlx::query(AssertSqlSafe(select.to_owned())).fetch_one(&mut self.root().await).await.unwrap().get_unchecked(0)
    }

    fn day(&self, days: i64) -> Date {
        let today = Timestamp::from_millisecond(self.now_ms).unwrap().to_zoned(TimeZone::UTC).date();
        today.checked_add(days.days()).unwrap()
    }

    /// As it stands in a row.
    fn book_date(&self, days: i64) -> i64 {
        self.day(days).strftime("%Y%m%d").to_string().parse().unwrap()
    }

    fn later(&self, days: i64) -> i64 {
        self.now_ms + days * DAY_MS
    }

    fn identity(&self, batch: u32, days: i64) -> Identity {
        Identity { route: "PMTRD".into(), business_date: self.day(days).to_string(), batch, run: 0 }
    }

    /// A refused file with rejects and an answer, from its arrival to its end.
    async fn finished(&self, ledger: &dyn Ledger, n: u32, business_date: i64) {
        self.book(ledger, n, business_date, &[event(n, E::Acknowledge), event(n, E::Archive)]).await;
    }

    async fn book(&self, ledger: &dyn Ledger, n: u32, business_date: i64, end: &[Change]) {
        let mut changes = vec![Change::Arrive(arrival(n, Some(self.identity(n, business_date)))), event(n, E::Claim)];
        changes.extend([event(n, E::Judge(V::Rejected)), Change::Reject { id: id(n), rejects: rejects(2..6) }]);
        changes.extend([Change::Plan(Box::new(delivery(n, n))), deliver(n, D::Prove), deliver(n, D::Deliver)]);
        changes.extend(end.iter().cloned());
        ledger.apply(None, self.now_ms, &changes).await.unwrap();
    }

    /// Purges as a person would three weeks later, without the last step; how many went.
    async fn purged(&self, ledger: &dyn Ledger, before: i64) -> u64 {
        let (before, before_ms) = (self.day(before).to_string(), self.later(before));
        let mut purged = 0;
        loop {
            let change = Change::Purge { before: before.clone(), before_ms, by: "wang: on tape".into() };
            match ledger.apply(None, self.later(21), &[change]).await.unwrap().purged {
                0 => return purged,
                more => purged += more,
            }
        }
    }

    async fn dropped(&self, ledger: &dyn Ledger, before: i64) -> u64 {
        ledger.drop_days(&self.day(before).to_string(), self.later(21)).await.unwrap()
    }

    /// Rows of journal and rejects under a date.
    async fn rows(&self, days: i64) -> (i64, i64) {
        let of = |table| format!("SELECT COUNT(*) FROM {table} WHERE book_date = {}", self.book_date(days));
        (self.number(&of("journal")).await, self.number(&of("rejects")).await)
    }

    async fn has_partition(&self, days: i64) -> bool {
        let select = format!(
            "SELECT COUNT(*) FROM information_schema.partitions WHERE table_schema = '{}' AND partition_name = 'd{}'",
            self.name,
            self.book_date(days)
        );
        let there = self.number(&select).await;
        assert!(there == 0 || there == 2, "one of the two tables has it");
        there == 2
    }
}

fn arrival(n: u32, identity: Option<Identity>) -> NewTransfer {
    NewTransfer { facts: Facts { size: Some(480), identity, ..Facts::default() }, ..shapes::arrival(n) }
}

async fn whole(ledger: &dyn Ledger) {
    assert_eq!(ledger.verify(None).await.unwrap().broken, None);
}

async fn on(kind: Kind, case: &str, run: impl AsyncFnOnce(Place)) {
    let Some(server) = running(kind) else { return };
    let name = format!("dated_{case}");
    let mut root = server.root("").await;
    for statement in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut root).await.unwrap();
    }
    run(Place { kind, server, name, now_ms: Clock::System.now_ms() }).await;
}

macro_rules! on_servers {
    ($($case:ident),* $(,)?) => {
        mod mariadb { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::on(super::Kind::MariaDb, stringify!($case), super::$case).await })* }
        mod seekdb { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { super::on(super::Kind::SeekDb, stringify!($case), super::$case).await })* }
    };
}
on_servers!(
    days_go_whole,
    what_stays_keeps_its_day,
    rows_stand_under_their_date,
    days_are_made,
    an_older_one,
    backups,
    nodes_write_while_days_come_and_go
);

async fn days_go_whole(place: Place) {
    let ledger = place.open().await;
    for n in 1..=3 {
        place.finished(&ledger, n, 0).await;
    }
    place.finished(&ledger, 4, 1).await;
    ledger.seal(None, place.now_ms, b"key").await.unwrap();
    assert_eq!(place.rows(0).await, (3 * 8, 3 * 4));
    assert_eq!(place.purged(&ledger, 1).await, 3);
    // A node that dies here leaves rows that are nothing to anybody; the next purge ends it.
    assert_eq!(place.rows(0).await, (3 * 8, 3 * 4), "they wait for their day to go");
    assert!(ledger.journal(&format!("transfer:{}", id(1))).await.unwrap().is_empty());
    whole(&ledger).await;
    let ledger = place.open().await;
    assert_eq!(place.purged(&ledger, 1).await, 0);
    assert!(place.dropped(&ledger, 1).await > 0);
    assert!(!place.has_partition(0).await && place.has_partition(1).await);
    assert_eq!((place.rows(0).await, place.rows(1).await), ((0, 0), (8, 4)));
    assert_eq!(place.number("SELECT COUNT(*) FROM counters WHERE name LIKE 'strays:%'").await, 0);
    assert_eq!(ledger.rejects(&id(4), 0, 10).await.unwrap().len(), 4);
    assert_eq!(ledger.verify(Some(b"key")).await.unwrap().broken, None);
    assert_eq!(place.dropped(&ledger, 1).await, 0, "there is nothing more");
    place.finished(&ledger, 5, 0).await;
    whole(&ledger).await;
}

async fn what_stays_keeps_its_day(place: Place) {
    let ledger = place.open().await;
    for n in 1..=3 {
        place.finished(&ledger, n, 0).await;
    }
    // Its answer is delivered, and a person has not let it go.
    place.book(&ledger, 4, 0, &[event(4, E::Hold)]).await;
    assert_eq!(place.purged(&ledger, 1).await, 3);
    place.dropped(&ledger, 1).await;
    assert!(place.has_partition(0).await);
    assert_eq!(place.rows(0).await, (8 - 1, 4), "only what stays is left");
    assert_eq!(ledger.journal(&format!("transfer:{}", id(4))).await.unwrap().len(), 4);
    assert_eq!(place.number("SELECT COUNT(*) FROM counters WHERE name LIKE 'strays:%'").await, 0);
    whole(&ledger).await;
    // A day that is not well past is not dropped, though it is empty: a late file may still come.
    place.finished(&ledger, 5, 1).await;
    assert_eq!(place.purged(&ledger, 2).await, 0, "it was published after the one that stays");
    let early = ledger.drop_days(&place.day(2).to_string(), place.later(3)).await.unwrap();
    assert_eq!((early, place.has_partition(-1).await), (0, false));
}

async fn rows_stand_under_their_date(place: Place) {
    let ledger = place.open().await;
    let stands = async |n: u32| {
        let select = format!(
            "SELECT CASE WHEN MIN(book_date) = MAX(book_date) THEN MIN(book_date) ELSE -1 END FROM \
             (SELECT book_date FROM journal WHERE subject = 'transfer:{0}' UNION ALL SELECT book_date FROM heads \
             WHERE subject = 'transfer:{0}' UNION ALL SELECT book_date FROM rejects WHERE transfer = '{0}') AS all_of_it",
            id(n)
        );
        place.number(&select).await
    };
    // Its date is in its header: until that is read it is booked under the day it came.
    ledger.apply(None, place.later(1), &[Change::Arrive(arrival(1, None)), event(1, E::Claim)]).await.unwrap();
    assert_eq!(stands(1).await, place.book_date(1));
    let facts = Facts { identity: Some(place.identity(1, 0)), ..Facts::default() };
    let judged = [
        Change::Reject { id: id(1), rejects: rejects(2..6) },
        Change::Move { id: id(1), event: E::Judge(V::Rejected), facts: Box::new(facts), by: None },
    ];
    ledger.apply(None, place.later(1), &judged).await.unwrap();
    assert_eq!(stands(1).await, place.book_date(0));
    // Days later it stays where it is, though nothing new would stand there.
    ledger.apply(None, place.later(20), &[event(1, E::Acknowledge), event(1, E::Archive)]).await.unwrap();
    assert_eq!(stands(1).await, place.book_date(0));
    for (n, date, stood) in [(2, "1999-12-31", -7), (3, "9999-12-31", 30)] {
        let identity = Identity { business_date: date.into(), ..place.identity(n, 0) };
        ledger.apply(None, place.now_ms, &[Change::Arrive(arrival(n, Some(identity)))]).await.unwrap();
        assert_eq!(stands(n).await, place.book_date(stood));
    }
    // Nobody made days for months: it is booked all the same.
    ledger.apply(None, place.later(90), &[Change::Arrive(arrival(4, None))]).await.unwrap();
    assert_eq!(stands(4).await, 0);
    whole(&ledger).await;
}

async fn days_are_made(place: Place) {
    let (a, b) = (place.open().await, place.open().await);
    let (one, other) = tokio::join!(a.make_days(place.later(5)), b.make_days(place.later(5)));
    for ahead in [one, other] {
        let ahead = ahead.unwrap().unwrap();
        assert_eq!((ahead.days, ahead.fault.is_none()), (30, true), "{:?}", ahead.fault);
    }
    assert!(place.has_partition(35).await && !place.has_partition(36).await);
    // A year in which no node ran is one partition.
    let ahead = a.make_days(place.later(400)).await.unwrap().unwrap();
    assert_eq!((ahead.days, ahead.fault.is_none()), (30, true), "{:?}", ahead.fault);
    assert!(!place.has_partition(300).await && place.has_partition(400).await);
    // Users are a matter of the server, and one server is enough.
    if place.kind == Kind::SeekDb {
        return;
    }
    // A user who may not change tables: what there is, and why there is no more.
    place.run("CREATE USER IF NOT EXISTS 'clerk'@'%' IDENTIFIED BY 'clerk'").await;
    place.run(&format!("GRANT SELECT, INSERT, UPDATE, DELETE ON {}.* TO 'clerk'@'%'", place.name)).await;
    let mut server = place.server.server(&place.name);
    (server.user, server.password) = ("clerk".into(), Some("clerk".into()));
    let clerk = MysqlLedger::open(server).await.unwrap();
    let ahead = clerk.make_days(place.later(424)).await.unwrap().unwrap();
    assert!(ahead.days == 6 && ahead.fault.is_some(), "{} {:?}", ahead.days, ahead.fault);
    clerk.apply(None, place.later(424), &[Change::Arrive(arrival(1, None))]).await.unwrap();
    whole(&clerk).await;
}

/// A ledger without partitions stays without, and a node of the version before goes on beside.
async fn an_older_one(place: Place) {
    drop(place.open().await);
    for statement in SCHEMA_6 {
        place.run(statement).await;
    }
    let ledger = place.open().await;
    let version = async |name| place.number(&format!("SELECT value FROM schema_version WHERE name = '{name}'")).await;
    assert_eq!((version("ledger").await, version("compatible").await), (9, 2));
    assert!(ledger.make_days(place.now_ms).await.unwrap().is_none());
    place.finished(&ledger, 1, 0).await;
    // What a node of the version before writes, in its words.
    let what = What::Day { business_date: "2026-01-05".into(), open: true, by: "core".into() };
    let row = chain::next_row("day:PMTRD", None, 5, Entry { what, fence: None }.write().unwrap());
    place.run("INSERT INTO days (is_open, at_ms, decided_by, route, business_date) VALUES (1, 5, 'core', 'PMTRD', '2026-01-05')").await;
    let entry = row.entry.replace('\'', "''");
    place
        .run(&format!(
            "INSERT INTO journal (subject, n, at_ms, entry, previous, hash) VALUES ('day:PMTRD', 1, 5, '{entry}', '', '{}')",
            row.hash
        ))
        .await;
    place
        .run(&format!("INSERT INTO heads (n, hash, subject, unsealed) VALUES (1, '{}', 'day:PMTRD', 1)", row.hash))
        .await;
    let close =
        Change::Day { route: "PMTRD".into(), business_date: "2026-01-05".into(), open: false, by: "core".into() };
    ledger.apply(None, place.now_ms, &[close]).await.unwrap();
    whole(&ledger).await;
    assert_eq!(place.purged(&ledger, 1).await, 1);
    assert_eq!(place.dropped(&ledger, 1).await, 0);
    assert_eq!(place.number("SELECT COUNT(*) FROM rejects").await, 0);
    whole(&ledger).await;
}

/// Days are made and dropped under nodes that write: what they write is there, none of it in a day that went.
async fn nodes_write_while_days_come_and_go(place: Place) {
    const ROUNDS: u32 = 12;
    let ledger = place.open().await;
    for n in 1..=4 {
        place.finished(&ledger, n, 0).await;
    }
    assert_eq!(place.purged(&ledger, 1).await, 4);
    let writers = (1..=2u32).map(|node| {
        let place = Place { kind: place.kind, server: place.server, name: place.name.clone(), now_ms: place.later(21) };
        tokio::spawn(async move {
            let ledger = place.open().await;
            for n in 0..ROUNDS * 2 {
                place.finished(&ledger, node * 1000 + n, i64::from(n % 3) - 1).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    for round in 0..ROUNDS {
        let ahead = ledger.make_days(place.later(21 + i64::from(round))).await.unwrap().unwrap();
        assert!(ahead.days >= 20, "{ahead:?}");
        // Another statement may stand in the way for seconds; then it is for the next time.
        let _ = ledger.drop_days(&place.day(1).to_string(), place.later(21)).await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    place.dropped(&ledger, 1).await;
    assert!(!place.has_partition(0).await);
    let report = ledger.verify(None).await.unwrap();
    assert_eq!((report.broken, report.chains), (None, u64::from(ROUNDS * 2 * 2 * 2 + 1)));
}

/// A copy has what counts and no strays, says which programs understand it, and comes back into partitions.
async fn backups(place: Place) {
    let ledger = place.open().await;
    for n in 1..=3 {
        place.finished(&ledger, n, 0).await;
    }
    place.finished(&ledger, 4, 1).await;
    assert_eq!(place.purged(&ledger, 1).await, 3);
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteLedger::open(&folder.path().join("copy.sqlite")).await.unwrap();
    assert_eq!(ledger.copy_into(&file, None).await.unwrap().broken, None);
    assert_eq!(file.rejects(&id(4), 0, 10).await.unwrap().len(), 4);
    let back =
        Place { kind: place.kind, server: place.server, name: format!("{}_back", place.name), now_ms: place.now_ms };
    let mut root = place.server.root("").await;
    for statement in [format!("DROP DATABASE IF EXISTS {}", back.name), format!("CREATE DATABASE {}", back.name)] {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut root).await.unwrap();
    }
    let restored = back.open().await;
    assert_eq!(file.copy_into(&restored, None).await.unwrap().broken, None);
    assert_eq!((back.rows(0).await, back.rows(1).await), ((0, 0), (8, 4)));
    file.close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("copy.sqlite"));
    let mut raw = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let select = "SELECT value FROM schema_version WHERE name = 'compatible'";
    let compatible: i64 = sqlx::query(select).fetch_one(&mut raw).await.unwrap().get(0);
    assert_eq!(compatible, 7, "an older program would not find what stands under a date");
}

/// How long a day's transfers take to go, with partitions and without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; prints figures"]
async fn a_day_is_purged() {
    const TRANSFERS: u32 = 2_000;
    const REJECTS: u64 = 100;
    for (kind, dated) in [(Kind::MariaDb, false), (Kind::MariaDb, true), (Kind::SeekDb, false), (Kind::SeekDb, true)] {
        let name = if dated { "purged_dated" } else { "purged_plain" };
        on(kind, name, async |place| {
            let mut ledger = place.open().await;
            if !dated {
                for statement in SCHEMA_6 {
                    place.run(statement).await;
                }
                ledger = place.open().await;
            }
            for n in 1..=TRANSFERS {
                let more = Change::Reject { id: id(n), rejects: rejects(100..100 + REJECTS) };
                place.book(&ledger, n, 0, &[more, event(n, E::Acknowledge), event(n, E::Archive)]).await;
            }
            let begun = std::time::Instant::now();
            assert_eq!(place.purged(&ledger, 1).await, u64::from(TRANSFERS));
            let purged = begun.elapsed();
            place.dropped(&ledger, 1).await;
            println!(
                "{kind:?}, {name}: {TRANSFERS} transfers with {} rejects are purged in {:?}, of which {:?} to drop days",
                u64::from(TRANSFERS) * (REJECTS + 4),
                begun.elapsed(),
                begun.elapsed() - purged
            );
            whole(&ledger).await;
        })
        .await;
    }
}
