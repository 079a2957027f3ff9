//! The command that follows an answer, at a partner with a shell: once, after the marker, and again only by its rule.

use crate::look::holds_exactly;
use crate::mortal::Death;
use crate::room::{Reach, Room, Running, answer_name, drop_file};
use crate::sshd_support::{Options, Sshd, available};
use fpp::ledger::delivery::{Delivery, DeliveryEvent as Event, DeliveryState as State, Purpose};
use std::fs;
use std::path::PathBuf;

/// A partner whose command `load` runs this script, told of a name as `$1` and of its own folder as `$2`.
fn room(script: &str, keys: &str, options: Options) -> Room {
    let sshd = Sshd::start(options);
    let path = sshd.dir.path().join("load.sh");
    fs::write(&path, format!("echo \"$1\" >>$2/asked\n{script}\n")).unwrap();
    let run = format!("sh {} {{name}} {}", path.display(), sshd.dir.path().display());
    let mut room = Room::at(sshd, &Reach::default());
    room.route("moved", "core-out", "core-in", "source = \"move\"\nmove_to = \"done\"");
    let command = format!("[spool.core-in.command.load]\nrun = \"{run}\"\nexpect = \"CPC1221\"\n{keys}\n\n");
    room.more(&command, "moved", "run_after = \"load\"\n");
    room
}

fn shell() -> Options {
    Options { shell: true, ..Options::default() }
}

fn asked(room: &Room) -> usize {
    fs::read_to_string(room.sshd.dir.path().join("asked")).unwrap_or_default().lines().count()
}

fn file(room: &Room, name: &str) -> PathBuf {
    room.sshd.dir.path().join(name)
}

/// The delivery that is the command for the first answer.
fn command(node: &Running<'_>, wanted: impl Fn(&Delivery) -> bool) -> Delivery {
    node.delivery(&format!("load/{}", answer_name("moved", 1)), |d| d.purpose == Purpose::Command && wanted(d))
}

#[test]
fn it_runs_once_after_the_marker_and_again_only_with_its_file() {
    if !available() {
        return;
    }
    let seen = "test -e $2/spool/in/$1.OK && echo CPC1221: Job 000001/U/LOAD submitted";
    let room = room(seen, "", shell());
    let node = room.start();
    let name = drop_file(&room.out, "moved", 1, 20);
    let answer = answer_name("moved", 1);
    let done = command(&node, |d| d.state == State::Taken);
    node.archived(&name);
    holds_exactly(&room.inn, &[&answer]);
    let journal = node.journal(&done);
    assert_eq!((asked(&room), journal.len()), (1, 4), "planned, asked, ended, closed: {journal:?}");
    let (code, said) = room.fpp(&["deliveries"]);
    assert!(code == 0 && said.contains("command") && said.contains(&done.name), "{said}");
    let (code, said) = room.fpp(&["check"]);
    assert!(code == 0 && said.contains("load.sh {name}") && said.contains("ACK_MOVED_"), "{said}");
    let (code, said) = room.fpp(&["doctor"]);
    assert!(code == 0 && said.contains("partner core-in, command: `load` is run after ACK_MOVED_"), "{said}");
    node.stop();

    // A restart asks for nothing; a resend of the answer, once the partner took it, has it loaded again.
    let node = room.start();
    node.rescans("core-out");
    assert_eq!(asked(&room), 1);
    for side in ["", ".sha256", ".OK"] {
        fs::remove_file(room.inn.join(format!("{answer}{side}"))).unwrap();
    }
    let taken = node.delivery(&answer, |d| d.state == State::Taken);
    let (code, said) = room.fpp(&["resend", &taken.id.0, "--reason", "core lost it"]);
    assert_eq!(code, 0, "{said}");
    node.until("it is loaded again", || (asked(&room) == 2).then_some(()));
    command(&node, |d| d.state == State::Taken);
    node.stop();
}

#[test]
fn a_command_that_fails_is_asked_for_again_and_a_person_hears_what_it_says() {
    if !available() {
        return;
    }
    let script = "if test -e $2/good; then echo CPC1221; else echo CPF1338 job queue is gone >&2; exit 9; fi";
    let room = room(script, "", shell());
    let node = room.start();
    let name = drop_file(&room.out, "moved", 1, 20);
    let failing = command(&node, |d| d.attempts >= 3);
    assert!(failing.last_error.contains("exit code 9") && failing.last_error.contains("CPF1338"), "{failing:?}");
    let told = node.notice(4010, &failing.id.0);
    assert!(told.notice.text.contains("CPF1338 job queue is gone"), "{}", told.notice.text);
    node.archived(&name);
    fs::write(file(&room, "good"), "").unwrap();
    command(&node, |d| d.state == State::Taken);
    node.stop();
}

/// What runs is cut off after it was asked for; gives the node when it was.
fn cut(room: &Room) -> Running<'_> {
    let node = room.start();
    drop_file(&room.out, "moved", 1, 20);
    node.until("it runs", || (asked(room) == 1).then_some(()));
    fs::write(file(room, "second"), "").unwrap();
    room.sshd.kill_sessions();
    node
}

/// The first time it does not end.
const HANGS: &str = "if test -e $2/second; then echo CPC1221; else exec sleep 60; fi";

#[test]
fn where_nobody_knows_whether_it_ran_a_person_says_it() {
    if !available() {
        return;
    }
    for (verb, due) in [("release", 1), ("retry", 2)] {
        let room = room(HANGS, "", shell());
        let node = cut(&room);
        let held = command(&node, |d| d.state == State::Held);
        assert!(held.last_error.contains("FPP4011"), "{held:?}");
        let told = node.notice(4011, &held.id.0);
        assert!(told.notice.severity == "error" && told.notice.text.contains("fpp release ID"), "{told:?}");
        assert_eq!(asked(&room), 1, "nobody asked for it again");
        let (code, said) = room.fpp(&[verb, &held.id.0, "--reason", "core says so"]);
        assert_eq!(code, 0, "{said}");
        let done = command(&node, |d| d.state == State::Taken);
        assert!(node.journal(&done).concat().contains("core says so"));
        assert_eq!(asked(&room), due, "{verb}");
        node.stop();
    }
}

#[test]
fn where_the_partner_stands_repeats_it_is_asked_for_again() {
    if !available() {
        return;
    }
    let room = room(HANGS, "when_unsure = \"again\"", shell());
    let node = cut(&room);
    let done = command(&node, |d| d.state == State::Taken);
    let journal = node.journal(&done).concat();
    assert_eq!((asked(&room), journal.matches("Prove").count()), (2, 2), "each asking is in the books: {journal}");
    node.stop();
}

#[test]
fn a_file_that_the_partner_took_was_loaded_whatever_became_of_the_answer() {
    if !available() {
        return;
    }
    let takes = "rm $2/spool/in/$1*; exec sleep 60";
    let room = room(takes, "timeout_ms = 1000", shell());
    let node = room.start();
    drop_file(&room.out, "moved", 1, 20);
    node.delivery(&answer_name("moved", 1), |d| d.state == State::Taken);
    command(&node, |d| d.state == State::Taken);
    assert_eq!(asked(&room), 1);
    node.stop();
}

#[test]
fn a_node_that_dies_after_it_ran_does_not_run_it_again() {
    if !available() {
        return;
    }
    let room = room("echo CPC1221", "", shell());
    let node = room.start_dying(Death::BeforeMove(Event::Take));
    drop_file(&room.out, "moved", 1, 20);
    node.died();
    node.kill();
    let node = room.start();
    command(&node, |d| d.state == State::Held && d.last_error.contains("FPP4011"));
    assert_eq!(asked(&room), 1);
    node.stop();
}

#[test]
fn a_login_for_sftp_alone_is_told_of() {
    if !available() {
        return;
    }
    let room = room("echo CPC1221", "timeout_ms = 5000", Options::default());
    let node = room.start();
    let name = drop_file(&room.out, "moved", 1, 20);
    let refused = command(&node, |d| d.attempts >= 2);
    assert!(
        refused.last_error.contains("FPP4010") && refused.last_error.contains("sftp connections only"),
        "{refused:?}"
    );
    assert_eq!(asked(&room), 0);
    node.archived(&name);
    node.stop();
}
