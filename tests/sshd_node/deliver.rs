//! The target name is taken, or nothing may be written there.

use crate::look::{Print, holds_exactly, inode, names, prints, with_sides};
use crate::room::{Reach, Room, Running, answer_name, drop_file};
use crate::sshd_support::available;
use fpp::ledger::delivery::{Delivery, DeliveryState};
use fpp::ledger::transfer::FileState;
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const MOVE: &str = "source = \"move\"\nmove_to = \"done\"";

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
    let room = Room::new(&Reach::default());
    room.route("moved", "core-out", "core-in", MOVE);
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
    node.stop();
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
