//! The server stops answering, or dies, while a large answer is being written.

use crate::look::{holds_exactly, names};
use crate::room::{Reach, Room, Running, answer_name, drop_file};
use crate::sound::is_sound;
use crate::sshd_support::{Options, Sshd, available};
use fpp::ledger::delivery::{Delivery, DeliveryState};
use fpp_spool::{Algorithm, Digest};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const MOVE: &str = "source = \"move\"\nmove_to = \"done\"";

/// An answer of some MiB: 480 bytes for each trade.
const TRADES: u64 = 12_000;

/// Waits until the first part of the answer is written.
fn being_written(folder: &Path, answer: &str) {
    let deadline = Instant::now() + Duration::from_secs(60);
    let temporary = folder.join(format!(".{answer}.n1.1.part"));
    while !fs::metadata(&temporary).is_ok_and(|meta| meta.len() > 0) {
        assert!(Instant::now() < deadline, "{temporary:?} does not grow: {:?}", names(folder));
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn is_cut(folder: &Path, answer: &str) {
    let size = fs::metadata(folder.join(format!(".{answer}.n1.1.part"))).unwrap().len();
    assert!(size < TRADES * 480, "the server stopped too late: {size}");
}

/// One more attempt, of another epoch, has delivered it whole.
fn settled(node: &Running<'_>, folder: &Path, file: &str, answer: &str) {
    node.archived(file);
    let delivery = node.delivery(answer, |d| d.state == DeliveryState::Delivered);
    assert_eq!(delivery.size, (TRADES + 1) * 480);
    let bytes = fs::read(folder.join(answer)).unwrap();
    assert_eq!(Digest::of(Algorithm::Sha256, &bytes).to_string(), delivery.sha256);
    node.until("what the broken attempt left is swept", || {
        names(folder).iter().all(|name| !name.ends_with(".part")).then_some(())
    });
    let journal = node.journal(&delivery);
    assert!(!journal[1].contains("\"epoch\":1}"), "proven by another attempt: {journal:?}");
}

#[test]
fn a_server_that_freezes_or_dies_in_mid_transfer_gets_one_whole_file() {
    if !available() {
        return;
    }
    // One session: nothing else goes on between node and server while the answer is being written.
    let room = Room::new(&Reach { timeout_ms: 1_500, sessions_max: 1, ..Reach::default() });
    room.route("moved", "core-out", "core-in", MOVE);
    let (first, second) = (answer_name("moved", 1), answer_name("moved", 2));
    let node = room.start();

    let file = drop_file(&room.out, "moved", 1, TRADES);
    being_written(&room.inn, &first);
    let frozen = room.sshd.freeze();
    is_cut(&room.inn, &first);
    let noticed = Instant::now();
    let waiting = node.delivery(&first, |d| d.attempts >= 1);
    assert!(waiting.last_error.contains("FPP4003"), "{}", waiting.last_error);
    assert_eq!(waiting.state, DeliveryState::Planned);
    assert!(noticed.elapsed() < Duration::from_secs(10), "a frozen server holds nobody up");
    node.delivery(&first, |d| d.attempts >= 2);
    assert!(names(&room.inn).iter().all(|name| name.ends_with(".part")), "{:?}", names(&room.inn));
    drop(frozen);
    settled(&node, &room.inn, &file, &first);
    holds_exactly(&room.inn, &[&first]);

    let file = drop_file(&room.out, "moved", 2, TRADES);
    being_written(&room.inn, &second);
    room.sshd.kill();
    is_cut(&room.inn, &second);
    let waiting = node.delivery(&second, |d| d.attempts >= 2);
    assert!(waiting.last_error.contains("FPP4003"), "{}", waiting.last_error);
    room.sshd.restart();
    settled(&node, &room.inn, &file, &second);
    holds_exactly(&room.inn, &[&first, &second]);
    is_sound(&node, &room.out, &[("core-in", &room.inn)], &[("moved", 1, TRADES), ("moved", 2, TRADES)]);
    node.stop();
}

/// A node that is told to stop while an answer is being written, to a server that goes on or that hangs: the next life
/// brings it out.
#[test]
fn a_node_that_stops_in_mid_transfer_leaves_it_to_the_next_life() {
    if !available() {
        return;
    }
    for hangs in [false, true] {
        let room = Room::new(&Reach { timeout_ms: 1_500, sessions_max: 1, ..Reach::default() });
        room.route("moved", "core-out", "core-in", MOVE);
        let answer = answer_name("moved", 1);
        let mut first = room.spawn();
        let file = drop_file(&room.out, "moved", 1, TRADES);
        being_written(&room.inn, &answer);
        let frozen = hangs.then(|| room.sshd.freeze());
        kill_process(Pid::from_child(&first), Signal::TERM).unwrap();
        assert_eq!(first.wait().unwrap().code(), Some(0));
        if hangs {
            is_cut(&room.inn, &answer);
        }
        drop(frozen);
        let node = room.start();
        node.archived(&file);
        let delivery = node.delivery(&answer, |d| d.state == DeliveryState::Delivered);
        assert_eq!((delivery.size, node.deliveries().len()), ((TRADES + 1) * 480, 1));
        node.until("what the first life left is swept", || (names(&room.inn).len() == 3).then_some(()));
        holds_exactly(&room.inn, &[&answer]);
        is_sound(&node, &room.out, &[("core-in", &room.inn)], &[("moved", 1, TRADES)]);
        node.stop();
    }
}

#[test]
fn a_partner_that_hangs_holds_its_own_places_and_no_others() {
    if !available() {
        return;
    }
    const MANY: u16 = 12;
    let other = Sshd::start(Options { plain_user: true, ..Options::default() });
    let mut room = Room::new(&Reach::default());
    let far = room.spool_of(&other, "far-in", "in", &Reach { timeout_ms: 8_000, ..Reach::default() });
    let desk = room.local_spool("desk");
    room.route("good", "desk", "core-in", MOVE);
    room.route("mute", "desk", "far-in", MOVE);
    let node = room.start();
    let first = drop_file(&desk, "mute", 100, 10);
    node.archived(&first);
    let frozen = other.freeze();
    let mute: Vec<_> = (1..=MANY).map(|batch| drop_file(&desk, "mute", batch, 10)).collect();
    node.until("the deliveries wait for the partner that hangs", || {
        let waiting = |d: &&Delivery| d.spool == "far-in" && d.state == DeliveryState::Planned;
        (node.deliveries().iter().filter(waiting).count() == usize::from(MANY)).then_some(())
    });
    let started = Instant::now();
    let good = drop_file(&desk, "good", 1, 10);
    node.archived(&good);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}: it waited for another partner");
    holds_exactly(&room.inn, &[&answer_name("good", 1)]);
    // Three that found out are enough for all; the status says so.
    node.until("the partner is left alone", || {
        node.report()?.spools.get("far-in")?.partner.as_ref().filter(|p| !p.left_alone.is_empty()).map(|_| ())
    });
    drop(frozen);
    mute.iter().for_each(|name| _ = node.archived(name));
    let mut answers: Vec<_> = (1..=MANY).map(|batch| answer_name("mute", batch)).collect();
    answers.push(answer_name("mute", 100));
    holds_exactly(&far, &answers.iter().map(String::as_str).collect::<Vec<_>>());
    node.until("it is well again", || {
        let report = node.report()?;
        let partner = report.spools.get("far-in")?.partner.clone()?;
        (partner.left_alone.is_empty() && partner.fsync == Some(true) && partner.server.contains("SSH")).then_some(())
    });
    let all: Vec<_> = (1..=MANY).chain([100]).map(|batch| ("mute", batch, 10)).chain([("good", 1, 10)]).collect();
    is_sound(&node, &desk, &[("core-in", &room.inn), ("far-in", &far)], &all);
    node.stop();
}
