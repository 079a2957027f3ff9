//! The target name is taken, or nothing may be written there.

use crate::look::{Print, check, holds_exactly, inode, names, prints, with_sides};
use crate::room::{Reach, Room, Running, answer_name, drop_file};
use crate::sshd_support::{Options, Sshd, available};
use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::ledger::transfer::FileState;
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use fpp_spool::{Algorithm, Digest};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const MOVE: &str = "source = \"move\"\nmove_to = \"done\"";
/// The events go to the partner as a file besides.
const OUTLET: &str = "[[outlet]]\nkind = \"file\"\nspool = \"lines\"\nname = \"EVENTS_{date}_{batch:4}.jsonl\"\n\
                      checksums = [\"sha256\"]\nmarker = \"{name}.OK\"\nmarker_content = \"size-digest\"\n";

fn mode(folder: &Path, mode: u32) {
    fs::set_permissions(folder, Permissions::from_mode(mode)).unwrap();
}

/// What the answer holds, from the node's vault.
fn content(node: &Running<'_>, delivery: &Delivery) -> Vec<u8> {
    let vault = DiskVault::open_read_only(&node.settings.vault_dir());
    let mut bytes = Vec::new();
    vault.open(&delivery.sha256).unwrap().reader_at(0).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_folder_that_may_not_be_written_is_waited_for_and_equal_bytes_settle_without_writing() {
    if !available() {
        return;
    }
    let mut room = Room::new(&Reach::default());
    let lines = room.sftp_spool("lines", "lines", &Reach::default());
    room.route("moved", "core-out", "core-in", MOVE);
    room.more("", "moved", OUTLET);
    mode(&room.inn, 0o555);
    let node = room.start();
    let first = drop_file(&room.out, "moved", 1, 20);
    let answer = answer_name("moved", 1);
    let waiting = node.delivery(&answer, |d| d.attempts >= 2);
    assert_eq!(waiting.state, DeliveryState::Planned);
    let told = node.notice(4006, "core-in");
    assert_eq!(told.notice.severity, "warn");
    for text in [&waiting.last_error, &told.notice.text] {
        assert!(text.contains("FPP4006") && text.contains("may be listed, written and renamed in"), "{text}");
    }
    let posted = node.transfers();
    assert_eq!((posted[0].state, posted[0].verdict.is_some()), (FileState::Posted, true), "its events are out");

    // The partner restores the very same files: nothing is to be written, so it settles although nothing may be.
    let restored = room.sshd.folder("restored");
    fs::write(restored.join(&answer), content(&node, &waiting)).unwrap();
    fs::write(restored.join(format!("{answer}.sha256")), format!("{}  {answer}\n", waiting.sha256)).unwrap();
    fs::write(restored.join(format!("{answer}.OK")), "").unwrap();
    mode(&restored, 0o555);
    let inodes = with_sides(&answer).map(|name| inode(&restored.join(name)));
    fs::rename(&room.inn, room.inn.with_file_name("before")).unwrap();
    fs::rename(&restored, &room.inn).unwrap();
    node.archived(&first);
    holds_exactly(&room.inn, &[&answer]);
    assert_eq!(with_sides(&answer).map(|name| inode(&room.inn.join(name))), inodes);

    let second = drop_file(&room.out, "moved", 2, 20);
    node.delivery(&answer_name("moved", 2), |d| d.attempts >= 1 && d.last_error.contains("FPP4006"));
    mode(&room.inn, 0o755);
    node.archived(&second);
    holds_exactly(&room.inn, &[&answer, &answer_name("moved", 2)]);
    holds_events(&node, &lines, &[&first, &second], 20);
    node.stop();
}

/// The partner has the events of each file, whole by its own check, and its marker names what stands there.
fn holds_events(node: &Running<'_>, folder: &Path, files: &[&String], trades: usize) {
    let name = |batch: usize| format!("EVENTS_20250620_{batch:04}.jsonl");
    let mut due: Vec<_> = (1..=files.len()).flat_map(|batch| with_sides(&name(batch))).collect();
    due.sort();
    assert_eq!(names(folder), due);
    for (file, name) in files.iter().zip((1..).map(name)) {
        check(folder, &name);
        let bytes = fs::read(folder.join(&name)).unwrap();
        let events: Vec<Value> = bytes
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect();
        assert_eq!(events.len(), trades + 1, "every trade and the end of the file");
        assert_eq!(events[trades]["data"]["file"], file.as_str());
        let digest = Digest::of(Algorithm::Sha256, &bytes).to_string();
        let marker = fs::read_to_string(folder.join(format!("{name}.OK"))).unwrap();
        assert_eq!(marker.split_whitespace().collect::<Vec<_>>(), [&name, &bytes.len().to_string(), &digest]);
        let delivery = node.delivery(&name, |d| d.state == DeliveryState::Delivered);
        assert_eq!((delivery.sha256, delivery.size), (digest, bytes.len() as u64), "I4");
    }
}

fn is_held(delivery: &Delivery) -> bool {
    delivery.state == DeliveryState::Held
}

#[test]
fn a_foreign_file_holds_the_delivery_until_an_operator_lets_it_try_again() {
    if !available() {
        return;
    }
    let room = Room::new(&Reach::default());
    room.route("moved", "core-out", "core-in", MOVE);
    let answer = answer_name("moved", 1);
    fs::write(room.inn.join(&answer), "of somebody else").unwrap();
    // Looking at it opens it for reading only: neither the file nor its attributes change.
    let foreign: Vec<Print> = prints(&room.inn).split_off(1);
    let node = room.start();
    let name = drop_file(&room.out, "moved", 1, 20);
    let held = node.delivery(&answer, is_held);
    assert!(held.last_error.contains("FPP4004"), "{}", held.last_error);
    let told = node.notice(4004, &held.id.0);
    assert_eq!((told.notice.severity.as_str(), told.count), ("error", 1));
    assert!(told.notice.text.contains(&format!("fpp retry {}", held.id)), "{}", told.notice.text);
    let transfer = node.transfers().remove(0);
    assert_eq!(transfer.state, FileState::Posted);

    // Too early, and by the transfer's id: the foreign file is still there, so it is held again.
    let (code, said) = room.fpp(&["retry", &transfer.id.0, "--reason", "too early"]);
    assert_eq!(code, 0, "{said}");
    // The first notice may have been closed when it went on: then it is one of its own.
    let told = || node.notices().into_iter().filter(|n| n.notice.code == 4004).map(|n| n.count).sum::<u64>();
    node.until("it is held again", || (told() == 2).then_some(()));
    node.delivery(&answer, is_held);
    assert_eq!(prints(&room.inn).split_off(1), foreign, "nothing but the foreign file, untouched");

    fs::remove_file(room.inn.join(&answer)).unwrap();
    let (code, said) = room.fpp(&["retry", &held.id.0, "--reason", "partner removed it"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("delivered from the beginning"), "{said}");
    node.archived(&name);
    holds_exactly(&room.inn, &[&answer]);
    let journal = node.journal(&held).concat();
    assert!(journal.contains("partner removed it") && journal.contains("too early"), "{journal}");
    let (code, said) = room.fpp(&["retry", &held.id.0, "--reason", "once more"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("it stands in the partner's spool"), "{said}");
    let (code, said) = room.fpp(&["deliveries"]);
    assert!(code == 0 && said.contains("Delivered") && !said.contains("FPP4004"), "{said}");
    assert_eq!(names(&room.inn).len(), 3);
    node.stop();
}

/// D15: a partner who leaves the files where they are says by a receipt that it has them.
#[test]
fn a_receipt_beside_an_answer_says_that_it_is_taken() {
    if !available() {
        return;
    }
    let mut room = Room::new(&Reach::default());
    let lines = room.sftp_spool("lines", "lines", &Reach::default());
    for route in ["moved", "plain"] {
        room.route(route, "core-out", "core-in", MOVE);
    }
    let copies = "[[outlet]]\nkind = \"file\"\nspool = \"core-in\"\nname = \"COPY_{date}_{batch:4}.jsonl\"\n";
    let keys = format!("receipt = \"{{name}}.RCV\"\n{OUTLET}receipt = \"{{stem}}.GOT\"\n{copies}");
    room.more("", "moved", &keys);
    let node = room.start();
    let (file, other) = (drop_file(&room.out, "moved", 1, 20), drop_file(&room.out, "plain", 1, 20));
    let (answer, events) = (answer_name("moved", 1), "EVENTS_20250620_0001.jsonl");
    let unasked = answer_name("plain", 1);
    node.archived(&file);
    node.archived(&other);
    // One of a route without receipts, one of an outlet without them, and one that is no file, say nothing.
    let got = lines.join("EVENTS_20250620_0001.GOT");
    let copy = "COPY_20250620_0001.jsonl";
    for name in [unasked.as_str(), copy] {
        fs::write(room.inn.join(format!("{name}.RCV")), "").unwrap();
    }
    fs::create_dir(&got).unwrap();
    let receipt = room.inn.join(format!("{answer}.RCV"));
    fs::write(&receipt, "read at 16:20").unwrap();
    let taken = node.delivery(&answer, |d| d.state == DeliveryState::Taken);
    for waits in [unasked.as_str(), copy, events] {
        assert_eq!(node.delivery(waits, |_| true).state, DeliveryState::Delivered, "{waits}");
    }
    fs::remove_dir(&got).unwrap();
    fs::write(&got, "").unwrap();
    node.delivery(events, |d| d.state == DeliveryState::Taken);
    // The data and the receipt are left to the partner.
    assert_eq!(fs::read_to_string(&receipt).unwrap(), "read at 16:20");
    check(&room.inn, &answer);
    check(&lines, events);
    // Removal says the same as ever.
    fs::remove_file(room.inn.join(&unasked)).unwrap();
    node.delivery(&unasked, |d| d.state == DeliveryState::Taken);

    // Sent again, the old receipt is not taken for a new one.
    let (code, said) = room.fpp(&["resend", &taken.id.0, "--reason", "partner lost it"]);
    assert_eq!(code, 0, "{said}");
    let held = node.delivery(&answer, is_held);
    assert!(held.last_error.contains(".RCV stands in spool `core-in`"), "{held:?}");
    assert!(held.last_error.contains("FPP4004"), "{held:?}");
    fs::remove_file(&receipt).unwrap();
    let (code, said) = room.fpp(&["retry", &held.id.0, "--reason", "it is put away"]);
    assert_eq!(code, 0, "{said}");
    node.delivery(&answer, |d| d.state == DeliveryState::Delivered);
    fs::write(&receipt, "").unwrap();
    node.delivery(&answer, |d| d.state == DeliveryState::Taken);
    node.stop();
}

#[test]
fn a_receipt_beside_an_interim_answer_says_that_it_is_taken() {
    if !available() {
        return;
    }
    let mut room = Room::new(&Reach::default());
    room.route("moved", "core-out", "core-in", MOVE);
    room.more("", "moved", "held_after_ms = 1000\nreceipt = \"{name}.RCV\"\n");
    let node = room.start();
    node.archived(&drop_file(&room.out, "moved", 1, 20));
    // The same identity with other bytes is held.
    drop_file(&room.out, "moved", 1, 21);
    let is_sent = |d: &Delivery| d.purpose == Purpose::Interim && d.state == DeliveryState::Delivered;
    let interim = node.until("it is answered so", || node.deliveries().into_iter().find(is_sent)).name;
    fs::write(room.inn.join(format!("{interim}.RCV")), "").unwrap();
    node.delivery(&interim, |d| d.state == DeliveryState::Taken);
    check(&room.inn, &interim);
    node.stop();
}

/// A partner's server without OpenSSH's extensions: the file gets there all the same, and the books say what is not known.
#[test]
fn the_journal_says_whether_the_partner_made_the_answer_durable() {
    if !available() {
        return;
    }
    for plain_protocol in [false, true] {
        let room = Room::at(
            Sshd::start(Options { plain_user: true, plain_protocol, ..Options::default() }),
            &Reach::default(),
        );
        room.route("moved", "core-out", "core-in", MOVE);
        let node = room.start();
        let name = drop_file(&room.out, "moved", 1, 20);
        node.archived(&name);
        let answer = answer_name("moved", 1);
        holds_exactly(&room.inn, &[&answer]);
        let delivered = node.delivery(&answer, |d| d.state == DeliveryState::Delivered);
        let journal = node.journal(&delivered).concat();
        assert!(journal.contains(&format!("\"fsynced\":{}", !plain_protocol)), "{journal}");
        let (code, story) = room.fpp(&["transfers", "show", &delivered.transfer.0]);
        let said = if plain_protocol { "Deliver, not made durable there (no fsync)" } else { "Deliver, durable there" };
        assert!(code == 0 && story.contains(said), "{story}");
        node.stop();
    }
}
