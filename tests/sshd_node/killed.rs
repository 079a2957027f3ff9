//! A node that is killed while it delivers, and what the next start makes of what it left.

use crate::line::Line;
use crate::look::{holds_exactly, inode, names, with_sides};
use crate::mortal::Death;
use crate::room::{Reach, Room, answer_name, drop_file};
use crate::sound::{is_sound, take};
use crate::sshd_support::available;
use fpp::ledger::delivery::{DeliveryEvent as Event, DeliveryState};
use fpp_spool::{Algorithm, Digest};
use std::fs;
use std::time::{Duration, Instant};

fn room() -> Room {
    let room = Room::new(&Reach::default());
    room.route("moved", "core-out", "core-in", "source = \"move\"\nmove_to = \"done\"");
    room
}

/// Runs a node that dies at the delivery of the first answer; gives the file's name and that of its answer.
fn die(room: &Room, death: Death) -> (String, String) {
    let node = room.start_dying(death);
    let file = drop_file(&room.out, "moved", 1, 100);
    node.died();
    node.kill();
    (file, answer_name("moved", 1))
}

fn temporary(answer: &str) -> String {
    format!(".{answer}.n1.1.part")
}

#[test]
fn what_was_proven_is_renamed_by_the_next_epoch_and_not_sent_again() {
    if !available() {
        return;
    }
    let room = room();
    let (file, answer) = die(&room, Death::AfterMove(Event::Prove));
    assert_eq!(names(&room.inn), [temporary(&answer)]);
    let sent = inode(&room.inn.join(temporary(&answer)));
    let node = room.start();
    node.archived(&file);
    holds_exactly(&room.inn, &[&answer]);
    assert_eq!(inode(&room.inn.join(&answer)), sent, "the very file that the killed node sent");
    let delivery = node.delivery(&answer, |d| d.state == DeliveryState::Delivered);
    let journal = node.journal(&delivery);
    assert_eq!(journal.len(), 3, "planned, proven, delivered: {journal:?}");
    assert!(journal[1].contains("\"epoch\":1}") && journal[2].contains("\"epoch\":2}"), "{journal:?}");
    is_sound(&node, &room.out, &[("core-in", &room.inn)], &[("moved", 1, 100)]);
    node.stop();
}

#[test]
fn what_was_not_proven_is_sent_again_and_the_remains_are_swept() {
    if !available() {
        return;
    }
    let room = room();
    let (file, answer) = die(&room, Death::BeforeMove(Event::Prove));
    assert_eq!(names(&room.inn), [temporary(&answer)]);
    let node = room.start();
    node.archived(&file);
    node.until("the remains are swept", || (names(&room.inn).len() == 3).then_some(()));
    holds_exactly(&room.inn, &[&answer]);
    is_sound(&node, &room.out, &[("core-in", &room.inn)], &[("moved", 1, 100)]);
    node.stop();
}

#[test]
fn a_file_is_collected_only_when_the_partner_has_collected_it() {
    if !available() {
        return;
    }
    for collected in [false, true] {
        let room = room();
        let (file, answer) = die(&room, Death::BeforeMove(Event::Deliver));
        holds_exactly(&room.inn, &[&answer]);
        let sent = inode(&room.inn.join(&answer));
        if collected {
            take(&room.inn, &answer);
        }
        let node = room.start();
        node.archived(&file);
        let state = if collected { DeliveryState::Taken } else { DeliveryState::Delivered };
        node.delivery(&answer, |d| d.state == state);
        node.rescans("core-out");
        if collected {
            assert_eq!(names(&room.inn), [""; 0], "nothing comes back");
        } else {
            holds_exactly(&room.inn, &[&answer]);
            assert_eq!(inode(&room.inn.join(&answer)), sent, "nothing is sent again");
        }
        is_sound(&node, &room.out, &[("core-in", &room.inn)], &[("moved", 1, 100)]);
        node.stop();
    }
}

/// It had its name when the node died: a receipt beside it is no old one.
#[test]
fn a_receipt_that_came_before_the_books_knew_of_the_file_is_its_own() {
    if !available() {
        return;
    }
    let mut room = room();
    room.more("", "moved", "receipt = \"{name}.RCV\"\n");
    let (file, answer) = die(&room, Death::BeforeMove(Event::Deliver));
    let receipt = room.inn.join(format!("{answer}.RCV"));
    fs::write(&receipt, "").unwrap();
    let node = room.start();
    node.archived(&file);
    node.delivery(&answer, |d| d.state == DeliveryState::Taken);
    // Theirs to remove.
    fs::remove_file(&receipt).unwrap();
    is_sound(&node, &room.out, &[("core-in", &room.inn)], &[("moved", 1, 100)]);
    node.stop();
}

#[test]
fn temporaries_of_dead_epochs_are_swept_and_those_of_others_are_named() {
    if !available() {
        return;
    }
    let room = room();
    let (file, answer) = die(&room, Death::AfterMove(Event::Prove));
    let mine = [".LOST.TXT.n1.7.part", ".LOST.TXT.OK.n1.7.part", ".LOST.TXT.sha256.n1.7.part"];
    let others = [".LOST.TXT.n2.7.part", ".LOST.TXT.part", "LOST.TXT.n1.7.part"];
    for name in mine.into_iter().chain(others) {
        fs::write(room.inn.join(name), "half").unwrap();
    }
    // The sweep at the start and the delivery of the proven file go on at the same time.
    let node = room.start();
    node.until("dead temporaries are swept", || mine.iter().all(|name| !room.inn.join(name).exists()).then_some(()));
    node.archived(&file);
    let mut left: Vec<_> = others.map(str::to_owned).into_iter().chain(with_sides(&answer)).collect();
    left.sort();
    node.until("only files of others and the answer are left", || (names(&room.inn) == left).then_some(()));
    let named = || node.report()?.spools.get("core-in").map(|spool| spool.temporaries.clone());
    node.until("the other node's is named", || named().filter(|names| names.contains(&others[0].to_owned())));
    let (_, said) = room.fpp(&["status"]);
    assert!(said.contains(&format!("temporary: {}", others[0])), "{said}");
    // Theirs to remove.
    others.iter().for_each(|name| fs::remove_file(room.inn.join(name)).unwrap());
    is_sound(&node, &room.out, &[("core-in", &room.inn)], &[("moved", 1, 100)]);
    node.stop();
}

#[test]
fn a_file_that_was_half_fetched_is_fetched_on_after_a_kill() {
    if !available() {
        return;
    }
    /// What the partner may send before the line stands still.
    const FIRST: u64 = 3_500_000;
    for stated in [true, false] {
        let mut room = Room::new(&Reach::default());
        let line = Line::to(room.sshd.port, FIRST);
        room.reach_through(&line);
        // The answer is not read back over the line.
        let desk = room.local_spool("desk");
        let ready = "marker = \"{name}.OK\"\ncontent = \"size-digest\"";
        let ready = if stated { ready } else { "marker = \"{name}.OK\"" };
        room.route_ready("far", "core-out", "desk", "source = \"move\"\nmove_to = \"done\"", ready);
        let name = drop_file(&room.out, "far", 1, 12_000);
        let bytes = fs::read(room.out.join(&name)).unwrap();
        let size = bytes.len() as u64;
        let digest = Digest::of(Algorithm::Sha256, &bytes);
        fs::write(room.out.join(format!("{name}.OK")), format!("{size} {digest}")).unwrap();
        let mut first = room.spawn();
        let come = || room.on_their_way().iter().filter_map(|path| fs::metadata(path).ok()).map(|of| of.len()).max();
        let deadline = Instant::now() + Duration::from_secs(60);
        while come().is_none_or(|come| come < FIRST - 1_500_000) {
            assert!(Instant::now() < deadline, "{:?} bytes have come, {} were sent", come(), line.passed());
            std::thread::sleep(Duration::from_millis(5));
        }
        // SIGKILL; nothing is tidied up.
        first.kill().unwrap();
        first.wait().unwrap();
        let (come, sent) = (come().unwrap(), line.passed());
        line.open();
        let node = room.start();
        let transfer = node.archived(&name);
        assert_eq!(transfer.facts.sha256, Some(digest.to_string()));
        let (again, rest) = (line.passed() - sent, size - come);
        // Logins, listings, markers and what SSH adds are little beside it.
        match stated {
            true => assert!(again < rest + 400_000, "{again} bytes for the last {rest} of {size}"),
            false => assert!(again > size, "nothing else would prove the beginning: {again}"),
        }
        node.until("nothing is left in the vault", || room.on_their_way().is_empty().then_some(()));
        is_sound(&node, &room.out, &[("desk", &desk)], &[("far", 1, 12_000)]);
        node.stop();
    }
}
