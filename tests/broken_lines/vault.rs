//! The vault in a bucket: two nodes on it, also over TLS, and with the line to it broken.

use crate::bucket_room::{Room, Running, open, running, running_with_tls, vault_there};
use crate::databases::{self, Kind};
use crate::fleet_support::Fleet;
use crate::fleet_support::line::{Line, Mode};
use crate::support::settled::transfers;
use fpp::ledger::Ledger;
use fpp::ledger::transfer::FileState;
use std::time::Duration;

/// Two nodes, one ledger, one bucket: files in, events and answers out.
async fn two_nodes_share_a_bucket(bucket: Option<&'static Running>) {
    let (Some(server), Some(bucket)) = (databases::running(Kind::MariaDb), bucket) else { return };
    let room = Room::new(bucket);
    let mut fleet = Fleet::of(server, 2, "").await;
    for n in 0..2 {
        vault_there(&fleet, n, &room, None);
        fleet.start(n);
    }
    for n in 0..2 {
        fleet.address(n).await;
    }
    (1..=10).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    // Each node reads the stream out of what both of them put there.
    for n in 0..2 {
        fleet.is_sound(&fleet.places(), &open(&room), n).await;
    }
    assert!(!fleet.site.root.join("vault").exists() && !fleet.site.root.join("data0/vault").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_work_on_one_bucket() {
    two_nodes_share_a_bucket(running()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_work_on_one_bucket_whose_server_proves_who_it_is() {
    two_nodes_share_a_bucket(running_with_tls()).await;
}

/// All nodes lose the vault with files in their hands.
async fn all_lose_the_vault(mode: Mode) {
    let (Some(server), Some(bucket)) = (databases::running(Kind::MariaDb), running()) else { return };
    let room = Room::new(bucket);
    let line = Line::to(bucket.port);
    let mut fleet = Fleet::of(server, 2, "").await;
    for n in 0..2 {
        vault_there(&fleet, n, &room, Some(format!("http://127.0.0.1:{}", line.port)));
        fleet.start(n);
    }
    (1..=12).for_each(|batch| fleet.drop_batch(batch));
    fleet.until("work under way", async |ledger| transfers(ledger).await.len() >= 3).await;
    line.set(mode);
    let told = async |ledger: &dyn Ledger| {
        let notices = ledger.notices(true, 100).await.unwrap();
        notices.iter().any(|n| n.notice.code == 9002 && n.notice.topic == "retrying")
    };
    fleet.until("a notice", async |ledger| told(ledger).await).await;
    let all = transfers(&fleet.ledger).await;
    assert!(all.iter().all(|t| t.state != FileState::Held), "an outage holds no file");
    assert!(all.iter().any(|t| t.state != FileState::Archived), "everything was over before the line was cut");
    line.set(Mode::Pass);
    fleet.all_rest().await;
    fleet.is_sound(&fleet.places(), &open(&room), 0).await;
    for n in 0..2 {
        let lines = fleet.complaints(n, "");
        assert!(lines.len() <= 100, "{} lines:\n{}", lines.len(), lines.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_resets_all_lines_is_waited_for() {
    all_lose_the_vault(Mode::Reset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_that_falls_silent_is_waited_for() {
    all_lose_the_vault(Mode::Swallow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vault_ten_milliseconds_away_only_takes_longer() {
    let (Some(server), Some(bucket)) = (databases::running(Kind::MariaDb), running()) else { return };
    let room = Room::new(bucket);
    let line = Line::to(bucket.port);
    line.set(Mode::Slow(Duration::from_millis(5)));
    let mut fleet = Fleet::of(server, 1, "").await;
    vault_there(&fleet, 0, &room, Some(format!("http://127.0.0.1:{}", line.port)));
    fleet.start(0);
    (1..=5).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    fleet.is_sound(&fleet.places(), &open(&room), 0).await;
    assert_eq!(fleet.complaints(0, "FPP"), [""; 0]);
}
