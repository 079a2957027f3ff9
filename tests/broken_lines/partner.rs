//! The line to a partner, a real OpenSSH server, who gets the answers.

use crate::databases::{Kind, running};
use crate::fleet_support::Fleet;
use crate::fleet_support::line::{Line, Mode};
use crate::sshd_support::{Options, Sshd, available};
use fpp::ledger::Ledger;
use fpp::ledger::delivery::DeliveryState;
use fpp::ledger::transfer::FileState;
use fpp::vault::disk::DiskVault;
use std::path::PathBuf;
use std::time::Duration;

/// The answers of a fleet go to the server over a line; gives their folder.
fn answers_over(fleet: &Fleet, nodes: usize, sshd: &Sshd, line: &Line) -> PathBuf {
    let folder = sshd.folder("in");
    let key = std::fs::read_to_string(sshd.dir.path().join("host.pub")).unwrap();
    let words: Vec<_> = key.split_whitespace().take(2).collect();
    for n in 0..nodes {
        let over = format!(
            "kind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\nkey_file = \"{}\"\nhost_keys = [\"{}\"]\n\
             path = \"{}\"\nconnect_timeout_ms = 1000\ncall_timeout_ms = 1000\nsessions_max = 2\n",
            line.port,
            sshd.user,
            sshd.dir.path().join("user").display(),
            words.join(" "),
            folder.display(),
        );
        fleet.rewrite(n, "kind = \"local\"\npath = \"../core/in\"\n", &over);
    }
    folder
}

async fn is_sound(fleet: &Fleet, folder: PathBuf) {
    let vault = DiskVault::open_read_only(&fleet.site.root.join("vault"));
    let mut places = fleet.places();
    places.spools.insert("core-in".into(), folder);
    fleet.until("the sweep of what broken attempts left", async |_| places.temporaries().is_empty()).await;
    fleet.is_sound(&places, &vault, 0).await;
}

/// Two nodes lose a partner while answers are on their way.
async fn all_lose_a_partner(mode: Mode) {
    let Some(server) = running(Kind::MariaDb).filter(|_| available()) else { return };
    let sshd = Sshd::start(Options { plain_user: true, ..Options::default() });
    let line = Line::to(sshd.port);
    let mut fleet = Fleet::of(server, 2, "").await;
    let folder = answers_over(&fleet, 2, &sshd, &line);
    (0..2).for_each(|n| fleet.start(n));
    (1..=12).for_each(|batch| fleet.drop_batch(batch));
    let delivered = async |ledger: &dyn Ledger| {
        let sent = ledger.deliveries(None, 100).await.unwrap();
        sent.iter().filter(|d| d.state == DeliveryState::Delivered).count()
    };
    fleet.until("some answers", async |ledger| delivered(ledger).await >= 2).await;
    line.set(mode);
    // Nothing else waits for the partner: the events of all files are out.
    let posted = async |ledger: &dyn Ledger| {
        let all = crate::support::settled::transfers(ledger).await;
        all.len() == 12 && all.iter().all(|t| t.publication.is_some() && t.state != FileState::Held)
    };
    fleet.until("all events", async |ledger| posted(ledger).await).await;
    let told = async |ledger: &dyn Ledger| {
        let notices = ledger.notices(true, 100).await.unwrap();
        let found: Vec<_> = notices.iter().filter(|n| n.notice.code == 4003).map(|n| n.notice.clone()).collect();
        assert!(found.iter().all(|n| (n.topic.as_str(), n.subject.as_str()) == ("partner", "core-in")), "{found:?}");
        found.len()
    };
    fleet.until("a notice", async |ledger| told(ledger).await == 1).await;
    let before = delivered(&fleet.ledger).await;
    assert!(before < 12, "everything was delivered before the line was cut");
    line.set(Mode::Pass);
    fleet.all_rest().await;
    is_sound(&fleet, folder).await;
    assert_eq!(told(&fleet.ledger).await, 1, "a person hears once");
    // The calls that found out, and a line each time the partner is left alone for longer.
    for n in 0..2 {
        let lines = fleet.complaints(n, "4003");
        assert!(lines.len() <= 12, "{} lines:\n{}", lines.len(), lines.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_who_resets_all_lines_gets_each_answer_once() {
    all_lose_a_partner(Mode::Reset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_who_falls_silent_gets_each_answer_once() {
    all_lose_a_partner(Mode::Swallow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_ten_milliseconds_away_only_takes_longer() {
    let Some(server) = running(Kind::MariaDb).filter(|_| available()) else { return };
    let sshd = Sshd::start(Options { plain_user: true, ..Options::default() });
    let line = Line::to(sshd.port);
    line.set(Mode::Slow(Duration::from_millis(5)));
    let mut fleet = Fleet::of(server, 1, "").await;
    let folder = answers_over(&fleet, 1, &sshd, &line);
    fleet.start(0);
    (1..=8).for_each(|batch| fleet.drop_batch(batch));
    fleet.all_rest().await;
    is_sound(&fleet, folder).await;
    assert_eq!(fleet.complaints(0, "FPP"), [""; 0]);
}
