//! A host that is not the pinned one, and a login that is refused.

use crate::look::{holds_exactly, names};
use crate::room::{Reach, Room, answer_name, drop_file};
use crate::sound::{is_sound, is_sound_so_far};
use crate::sshd_support::{Options, Sshd, available};
use fpp::ledger::delivery::{Delivery, DeliveryState};
use fpp::ledger::transfer::FileState;
use std::fs;
use std::time::{Duration, Instant};

const MOVE: &str = "source = \"move\"\nmove_to = \"done\"";

/// Connections that a server has seen, without the one by which the test saw that it listens.
fn connections(sshd: &Sshd) -> usize {
    sshd.log().matches("Connection from ").count() - 1
}

#[test]
fn a_host_that_is_not_pinned_learns_nothing_and_stops_nobody_else() {
    if !available() {
        return;
    }
    let stranger = Sshd::start(Options { plain_user: true, ..Options::default() });
    let mut room = Room::new(&Reach::default());
    let wrong = || Reach { host_key: "other", ..Reach::default() };
    room.spool_of(&stranger, "far-out", "out", &wrong());
    let far = room.spool_of(&stranger, "far-in", "in", &wrong());
    // The same server, user and port as the good spools: another pin must not borrow their sessions, nor lend its own.
    let pinned_otherwise = room.sftp_spool("a-core", "in2", &wrong());
    room.route("good", "core-out", "core-in", MOVE);
    room.route("deaf", "far-out", "core-in", MOVE);
    room.route("mute", "core-out", "far-in", MOVE);
    room.route("borrowed", "core-out", "a-core", MOVE);
    let started = Instant::now();
    let node = room.start();
    let spool = node.notice(4001, "far-out");
    assert!(spool.notice.text.contains("not pinned") && spool.notice.severity == "error", "{spool:?}");
    for route in ["mute", "borrowed"] {
        drop_file(&room.out, route, 1, 10);
        let waiting = node.delivery(&answer_name(route, 1), |d| d.last_error.contains("FPP4001"));
        assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Planned, 0));
    }
    for spool in ["far-in", "a-core"] {
        assert_eq!(node.notice(4001, spool).notice.topic, "partner");
    }
    let file = drop_file(&room.out, "good", 1, 10);
    node.archived(&file);
    holds_exactly(&room.inn, &[&answer_name("good", 1)]);
    assert_eq!((names(&far), names(&pinned_otherwise)), (vec![], vec![]));

    node.rescans("core-out");
    while started.elapsed() < Duration::from_secs(4) {
        assert_eq!(node.notice(4001, "far-out").count, 1, "a person hears once");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Each of the two spools asks at 0, 0.5, 1.5 and 3.5 s, and not at every rescan, taken-watch, sweep and delivery besides.
    let seen = connections(&stranger);
    assert!((1..=2 * (4 + started.elapsed().as_secs() as usize / 8)).contains(&seen), "{seen}: {}", stranger.log());
    for word in ["ccepted", "publickey", &format!("user {}", stranger.user)] {
        assert!(!stranger.log().contains(word), "{}", stranger.log());
    }
    let dropped = [("good", 1, 10), ("mute", 1, 10), ("borrowed", 1, 10)];
    let to = [("core-in", &*room.inn), ("far-in", &*far), ("a-core", &*pinned_otherwise)];
    is_sound_so_far(&node, &room.out, &to, &dropped);
    node.stop();
}

#[test]
fn deliveries_to_a_partner_that_lets_nobody_in_wait_as_one_and_go_on_by_themselves() {
    if !available() {
        return;
    }
    const FILES: u16 = 8;
    for (code, reach) in
        [(4001, Reach { host_key: "other", ..Reach::default() }), (4002, Reach { key: "other", ..Reach::default() })]
    {
        let mut room = Room::new(&reach);
        let desk = room.local_spool("desk");
        room.route("desk", "desk", "core-in", MOVE);
        let node = room.start();
        let files: Vec<_> = (1..=FILES).map(|batch| drop_file(&desk, "desk", batch, 3)).collect();
        node.until("all wait", || {
            let waits = |d: &&Delivery| d.last_error.contains(&format!("FPP{code}"));
            (node.deliveries().iter().filter(waits).count() == usize::from(FILES)).then_some(())
        });
        for delivery in node.deliveries() {
            assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Planned, 0), "{delivery:?}");
        }
        let told: Vec<_> = node.notices().into_iter().filter(|n| n.notice.subject != "core-out").collect();
        assert_eq!(told.len(), 1, "one for all: {told:?}");
        let body = &told[0].notice;
        assert_eq!(
            (body.topic.as_str(), body.subject.as_str(), body.severity.as_str()),
            ("partner", "core-in", "error")
        );
        node.stop();
        // The pin and the key are read at the start.
        room.let_in();
        let node = room.start();
        files.iter().for_each(|file| _ = node.archived(file));
        let answers: Vec<_> = (1..=FILES).map(|batch| answer_name("desk", batch)).collect();
        holds_exactly(&room.inn, &answers.iter().map(String::as_str).collect::<Vec<_>>());
        node.until("the notice is closed", || {
            node.notices().iter().find(|n| n.id == told[0].id)?.acknowledged.as_ref().map(|_| ())
        });
        let dropped: Vec<_> = (1..=FILES).map(|batch| ("desk", batch, 3)).collect();
        is_sound(&node, &desk, &[("core-in", &room.inn)], &dropped);
        node.stop();
    }
}

#[test]
fn a_host_key_that_changes_stops_the_deliveries_until_a_person_says_so() {
    if !available() {
        return;
    }
    let room = Room::new(&Reach::default());
    room.route("moved", "core-out", "core-in", MOVE);
    let node = room.start();
    let first = drop_file(&room.out, "moved", 1, 10);
    node.archived(&first);
    room.sshd.change_host_key();
    // It was fetched before, or nobody could fetch it: a session that is open ended with the server.
    let told = node.notice(4001, "core-out");
    assert!(told.notice.text.contains("not pinned") && told.notice.severity == "error", "{told:?}");
    drop_file(&room.out, "moved", 2, 10);
    let before = connections(&room.sshd);
    node.until("more attempts", || (connections(&room.sshd) >= before + 2).then_some(()));
    assert_eq!(node.transfers().len(), 1, "nothing is fetched from a stranger");
    assert_eq!(node.notice(4001, "core-out").count, 1, "a person hears once");
    assert_eq!(names(&room.inn).len(), 3, "and nothing is sent to one");
    room.sshd.change_host_key();
    let second = "CORE_MOVED_20250620_0002_00.TXT";
    node.archived(second);
    holds_exactly(&room.inn, &[&answer_name("moved", 1), &answer_name("moved", 2)]);
    is_sound(&node, &room.out, &[("core-in", &room.inn)], &[("moved", 1, 10), ("moved", 2, 10)]);
    node.stop();
}

#[test]
fn a_refused_login_is_tried_again_after_longer_and_longer_pauses() {
    if !available() {
        return;
    }
    let locked_out = Reach { key: "other", ..Reach::default() };
    let mut room = Room::new(&locked_out);
    let desk = room.local_spool("desk");
    room.route("remote", "core-out", "core-in", MOVE);
    room.route("desk", "desk", "core-in", MOVE);
    let started = Instant::now();
    let node = room.start();
    let local = drop_file(&desk, "desk", 1, 10);
    let remote = drop_file(&room.out, "remote", 1, 10);
    let answer = answer_name("desk", 1);
    let waiting = node.delivery(&answer, |d| d.last_error.contains("FPP4002"));
    assert_eq!((waiting.state, waiting.attempts), (DeliveryState::Planned, 0));
    assert!(node.notice(4002, "core-in").notice.text.contains("check the user and the key"));
    assert_eq!(node.notice(4002, "core-out").notice.severity, "error");
    let report = node.report().unwrap();
    assert!(report.spools["core-out"].error.contains("FPP4002"), "{report:?}");
    // Scans, sweeps and deliveries share the pauses: a partner that locks users after a few failures sees few.
    let seen = connections(&room.sshd);
    assert!((2..=5 + started.elapsed().as_secs() as usize / 8).contains(&seen), "{seen}: {}", room.sshd.log());
    let of_remote = |state| node.transfers().iter().any(|t| t.name == remote && t.state == state);
    assert!(!of_remote(FileState::Arrived), "nobody could have seen it");

    let keys = room.sshd.dir.path().join("authorized");
    let other = fs::read_to_string(room.sshd.dir.path().join("other.pub")).unwrap();
    fs::write(&keys, fs::read_to_string(&keys).unwrap() + &other).unwrap();
    node.archived(&local);
    node.archived(&remote);
    holds_exactly(&room.inn, &[&answer, &answer_name("remote", 1)]);
    assert_eq!(node.notice(4002, "core-out").count, 1, "a person hears once");
    is_sound_so_far(&node, &desk, &[("core-in", &room.inn)], &[("desk", 1, 10), ("remote", 1, 10)]);
    node.stop();
}

/// Everything that is said at the loudest, by the commands that log in and by the node itself.
#[test]
fn no_secret_is_said_however_much_is_logged() {
    if !available() {
        return;
    }
    const SECRET: &str = "canary-4711-never-said";
    let mut room = Room::new(&Reach::default());
    let dir = room.sshd.dir.path().to_owned();
    fs::write(dir.join("password"), format!("{SECRET}\n")).unwrap();
    fs::write(dir.join("passphrase"), format!("{SECRET}\n")).unwrap();
    room.route("left", "core-out", "core-in", "source = \"leave\"");
    let port = room.sshd.port;
    let key = fs::read_to_string(dir.join("host.pub")).unwrap();
    let key = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    let spool = |name: &str, auth: &str| {
        format!(
            "[spool.{name}]\nkind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"{}\"\npath = \"/\"\n\
             host_keys = [\"{key}\"]\n{auth}\n\n",
            room.sshd.user
        )
    };
    let at = |name: &str| dir.join(name).display().to_string();
    let words = spool("by-word", &format!("password_file = \"{}\"", at("password")));
    let locked = format!("key_file = \"{}\"\npassphrase_file = \"{}\"", at("locked"), at("passphrase"));
    let text = format!("{words}{}", spool("by-key", &locked));
    room.more(&text, "left", "");
    room.configure();
    for arguments in [&["check"][..], &["doctor"], &["doctor", "--json"], &["status", "--json"]] {
        let (_, said) = room.loudly(arguments);
        assert!(!said.contains(SECRET), "{arguments:?}");
        assert!(arguments[0] != "doctor" || said.contains("by-word"), "{said}");
    }
}
