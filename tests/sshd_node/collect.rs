//! Files are collected, answered, and dealt with as their route says; the partner takes the answers.

use crate::look::{check, holds_exactly, names, prints, with_sides};
use crate::room::{Reach, Room, answer_name, drop_file};
use crate::sshd_support::available;
use fpp::ledger::delivery::DeliveryState;
use fpp::ledger::transfer::{FileState, Verdict};
use fpp_spool::{Algorithm, Digest};
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant, SystemTime};

#[test]
fn a_file_is_moved_deleted_or_left_once_it_is_answered() {
    if !available() {
        return;
    }
    let mut room = Room::new(&Reach::default());
    let keep = room.sftp_spool("core-keep", "keep", &Reach::default());
    room.route("moved", "core-out", "core-in", "source = \"move\"\nmove_to = \"done\"");
    room.route("deleted", "core-out", "core-in", "source = \"delete\"");
    room.route("left", "core-keep", "core-in", "source = \"leave\"");
    let moved = drop_file(&room.out, "moved", 1, 50);
    drop_file(&room.out, "deleted", 1, 50);
    let left = drop_file(&keep, "left", 1, 50);
    let (bytes, untouched) = (fs::read(room.out.join(&moved)).unwrap(), prints(&keep));

    let node = room.start();
    let answers = ["deleted", "left", "moved"].map(|route| answer_name(route, 1));
    for route in ["moved", "deleted", "left"] {
        let transfer = node.archived(&format!("CORE_{}_20250620_0001_00.TXT", route.to_uppercase()));
        assert_eq!((transfer.verdict, transfer.facts.accepted), (Some(Verdict::Accepted), Some(50)));
        let delivery = node.delivery(&answer_name(route, 1), |d| d.state == DeliveryState::Delivered);
        let answer = fs::read(room.inn.join(&delivery.name)).unwrap();
        assert_eq!(Digest::of(Algorithm::Sha256, &answer).to_string(), delivery.sha256);
    }
    holds_exactly(&room.inn, &answers.each_ref().map(String::as_str));
    assert_eq!(names(&room.out), ["done"]);
    assert_eq!(names(&room.out.join("done")), [moved.clone(), format!("{moved}.OK")]);
    assert!(fs::read(room.out.join("done").join(&moved)).unwrap() == bytes);
    node.rescans("core-keep");
    node.stop();

    let delivered = prints(&room.inn);
    let again = room.start();
    again.rescans("core-keep");
    again.rescans("core-out");
    assert_eq!((again.transfers().len(), again.deliveries().len()), (3, 3), "nothing is taken twice");
    assert_eq!(again.notices(), []);
    assert_eq!(prints(&keep), untouched, "{left} and its folder were only read");
    assert_eq!(prints(&room.inn), delivered);
    again.stop();
}

#[test]
fn an_answer_is_taken_when_it_is_gone_and_not_when_its_folder_is() {
    if !available() {
        return;
    }
    let room = Room::new(&Reach::default());
    room.route("moved", "core-out", "core-in", "source = \"move\"\nmove_to = \"done\"");
    let node = room.start();
    let name = drop_file(&room.out, "moved", 1, 10);
    node.archived(&name);
    let answer = answer_name("moved", 1);
    check(&room.inn, &answer);
    let aside = room.inn.with_file_name("aside");
    fs::rename(&room.inn, &aside).unwrap();
    // The watch over taken files looks five times a second.
    let end = Instant::now() + Duration::from_millis(1_500);
    while Instant::now() < end {
        let states: Vec<_> = node.deliveries().iter().map(|d| d.state).collect();
        assert_eq!(states, [DeliveryState::Delivered], "a folder that is gone says nothing");
        std::thread::sleep(Duration::from_millis(50));
    }
    fs::rename(&aside, &room.inn).unwrap();
    with_sides(&answer).iter().for_each(|name| fs::remove_file(room.inn.join(name)).unwrap());
    let taken = node.delivery(&answer, |d| d.state == DeliveryState::Taken);
    assert!(taken.delivered_ms.is_some());
    node.rescans("core-out");
    assert_eq!(names(&room.inn), [""; 0], "what was taken does not come back");
    node.stop();
}

#[test]
fn an_index_is_kept_until_all_it_lists_has_come_and_a_person_hears_of_what_has_not() {
    if !available() {
        return;
    }
    let room = Room::new(&Reach::default());
    let ready = "marker = \"IDX_{date}.LST\"\ncontent = \"index\"\nseparator = \"|\"\nwarn_after_ms = 1000\n\
                 columns = [\"name\", \"size\", \"digest\"]";
    room.route_ready("listed", "core-out", "core-in", "source = \"move\"\nmove_to = \"done\"", ready);
    let desk = room.sshd.folder("desk");
    let mut rows = String::new();
    let files = [1, 2, 3].map(|batch| {
        let name = drop_file(&desk, "listed", batch, 10);
        let bytes = fs::read(desk.join(&name)).unwrap();
        writeln!(rows, "{name}|{}|{}", bytes.len(), Digest::of(Algorithm::Sha256, &bytes)).unwrap();
        name
    });
    let send = |name: &String| fs::copy(desk.join(name), room.out.join(name)).unwrap();
    files[..2].iter().for_each(|name| _ = send(name));
    fs::write(room.out.join("IDX_20250620.LST"), rows).unwrap();
    let node = room.start();
    files[..2].iter().for_each(|name| _ = node.archived(name));
    let late = node.notice(1001, "core-out/listed");
    let expected = format!("1 file waits for more than 1 s: {}: listed in IDX_20250620.LST and not there", files[2]);
    assert!(late.notice.text.contains(&expected), "{late:?}");
    assert_eq!(names(&room.out), ["IDX_20250620.LST", "done"]);
    node.stop();
    // A node that starts knows from its books what was here.
    let node = room.start();
    let again = node.until("it is told anew", || {
        let notice = node.notice(1001, "core-out/listed");
        (notice.count > late.count).then_some(notice)
    });
    assert!(again.notice.text.contains(&expected), "{again:?}");
    // The index must not be older than what it lists: the sender touches it.
    send(&files[2]);
    let index = fs::File::options().append(true).open(room.out.join("IDX_20250620.LST")).unwrap();
    index.set_modified(SystemTime::now() + Duration::from_secs(2)).unwrap();
    node.archived(&files[2]);
    assert_eq!(names(&room.out), ["done"]);
    let mut done = files.to_vec();
    done.push("IDX_20250620.LST".into());
    assert_eq!(names(&room.out.join("done")), done);
    node.stop();
}

#[test]
fn a_source_that_may_only_be_read_is_answered_and_its_removal_waits_for_the_right() {
    if !available() {
        return;
    }
    let room = Room::new(&Reach::default());
    room.route("deleted", "core-out", "core-in", "source = \"delete\"");
    let name = drop_file(&room.out, "deleted", 1, 10);
    let rights = |mode| fs::set_permissions(&room.out, fs::Permissions::from_mode(mode)).unwrap();
    rights(0o555);
    let node = room.start();
    let answer = node.delivery(&answer_name("deleted", 1), |d| d.state == DeliveryState::Delivered);
    holds_exactly(&room.inn, &[&answer.name]);
    let transfer = node.until("the removal waits", || {
        node.transfers().into_iter().find(|t| t.state == FileState::Acknowledged && t.attempts >= 3)
    });
    assert!(transfer.waiting_for.contains("FPP4006"), "{}", transfer.waiting_for);
    assert_eq!(node.notice(4006, &transfer.id.0).notice.topic, "retrying");
    assert_eq!(names(&room.out), [name.clone(), format!("{name}.OK")], "and nothing is lost");
    rights(0o755);
    node.archived(&name);
    assert_eq!(names(&room.out), [""; 0]);
    node.stop();
}

#[test]
fn every_file_of_a_folder_that_is_never_cleared_is_taken_however_many_stand_in_front() {
    if !available() {
        return;
    }
    let mut room = Room::new(&Reach::default());
    let keep = room.sftp_spool("core-keep", "keep", &Reach::default());
    room.more_of("core-keep", "list_max = 6\n");
    room.route("left", "core-keep", "core-in", "source = \"leave\"");
    (0..50).for_each(|n| fs::write(keep.join(format!("ARCHIVE{n:03}")), "").unwrap());
    let files: Vec<_> = (1..=20).map(|batch| drop_file(&keep, "left", batch, 10)).collect();
    let untouched = prints(&keep);
    let node = room.start();
    files.iter().for_each(|name| _ = node.archived(name));
    let told = node.notice(4006, "core-keep");
    assert!(told.notice.text.contains("40 names that its routes want, more than list_max = 6"), "{told:?}");
    // They all stay. The next one is seen behind them.
    let last = drop_file(&keep, "left", 21, 10);
    node.archived(&last);
    node.rescans("core-keep");
    assert_eq!(node.transfers().len(), 21, "nothing is taken twice");
    let looked = node.report().unwrap().spools["core-keep"].clone();
    assert_eq!((looked.in_parts, looked.entries, looked.ignored["no route"].count), (42, 92, 50), "{looked:?}");
    assert_eq!(looked.error, "");
    node.stop();
    assert!(untouched[1..].iter().all(|print| prints(&keep).contains(print)), "they were only read");
}
