//! The line to the ledger, a MariaDB.

use crate::databases::{Kind, running};
use crate::fleet_support::Fleet;
use crate::fleet_support::line::{Line, Mode};
use crate::support::settled::transfers;
use fpp::ledger::Ledger;
use fpp::vault::disk::DiskVault;
use std::time::{Duration, Instant};

/// An outage of which a person hears takes five seconds.
const LONG_ENOUGH: Duration = Duration::from_secs(6);

async fn is_sound(fleet: &Fleet, reader: usize) {
    let vault = DiskVault::open_read_only(&fleet.site.root.join("vault"));
    fleet.is_sound(&fleet.places(), &vault, reader).await;
}

/// Two nodes, one of which loses the ledger with files in its hands.
async fn one_loses_the_ledger(mode: Mode) {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 2, "").await;
    let line = Line::to(server.tls.as_ref().unwrap().0);
    fleet.ledger_over(0, line.port);
    (0..2).for_each(|n| fleet.start(n));
    for n in 0..2 {
        fleet.address(n).await;
    }
    (1..=20).for_each(|batch| fleet.drop_batch(batch));
    fleet.until("work under way", async |ledger| transfers(ledger).await.len() >= 5).await;
    let cut = Instant::now();
    line.set(mode);
    (21..=30).for_each(|batch| fleet.drop_batch(batch));
    // The other one takes over everything, the watch over the spool too.
    fleet.all_rest().await;
    fleet.until("a line of the log", async |_| !fleet.complaints(0, "cannot be used now").is_empty()).await;
    // An outage is long or short by the clock alone.
    tokio::time::sleep(LONG_ENOUGH.saturating_sub(cut.elapsed())).await;
    assert!(line.accepted() > 2, "it never tried again");
    line.set(Mode::Pass);
    // Alone, it has to find back.
    assert_eq!(fleet.stop(1), Some(0));
    (31..=35).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    is_sound(&fleet, 0).await;
    let told = async |ledger: &dyn Ledger| {
        let notices = ledger.notices(true, 100).await.unwrap();
        notices.iter().any(|n| n.notice.topic == "ledger" && n.notice.subject == "n0")
    };
    fleet.until("a notice of the outage", async |ledger| told(ledger).await).await;
    let lines = fleet.complaints(0, "cannot be used now");
    // A connection that is found dead long after the others says so once more.
    assert!((1..=3).contains(&lines.len()), "{lines:?}");
    // Beside it, each piece of work that it had in its hands may say that it was lost to the other node.
    let all = fleet.complaints(0, "");
    assert!(all.len() <= 12, "{} lines:\n{}", all.len(), all.join("\n"));
    assert!(fleet.log(0).contains("the ledger answers again"), "{}", fleet.log(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_ledger_resets_all_lines_is_replaced_and_finds_back() {
    one_loses_the_ledger(Mode::Reset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_ledger_falls_silent_is_replaced_and_finds_back() {
    one_loses_the_ledger(Mode::Swallow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_ten_milliseconds_away_only_takes_longer() {
    let Some(server) = running(Kind::MariaDb) else { return };
    let mut fleet = Fleet::of(server, 2, "").await;
    let line = Line::to(server.tls.as_ref().unwrap().0);
    line.set(Mode::Slow(Duration::from_millis(5)));
    for n in 0..2 {
        fleet.ledger_over(n, line.port);
        fleet.start(n);
    }
    (1..=8).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    is_sound(&fleet, 0).await;
    for n in 0..2 {
        assert_eq!(fleet.complaints(n, "cannot be used now"), [""; 0]);
    }
}
