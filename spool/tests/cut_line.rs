//! The line is cut while a file is published, in either direction: before each message of the protocol in turn, and after
//! so many bytes, 200 times in each direction as a seed decides. A retry must end with exactly one correct file, whatever
//! was lost. In one direction the request is lost, in the other only its answer.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;
mod dice_support;
#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use attempt_support::attempt;
use dice_support::Dice;
use fpp_spool::*;
use socket2::SockRef;
use sshd_support::{Options, Sshd, available};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

/// What an allowance is counted in.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Unit {
    /// Bytes; a message may be torn.
    Bytes,
    /// What came in one piece: a message of the protocol, or some of them.
    Messages,
}

/// How both sides see the cut.
#[derive(Clone, Copy, PartialEq, Debug)]
enum End {
    Closed,
    Reset,
}

/// Passes bytes on until its allowance is used up, then cuts every connection and takes no more.
struct Line {
    port: u16,
    left: Arc<AtomicI64>,
    passed: Arc<AtomicU64>,
}

fn line(target: u16, allowance: i64, unit: Unit, end: End, count_answers: bool) -> Line {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (left, passed) = (Arc::new(AtomicI64::new(allowance)), Arc::new(AtomicU64::new(0)));
    let line = Line { port, left: Arc::clone(&left), passed: Arc::clone(&passed) };
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            if left.load(SeqCst) <= 0 {
                break;
            }
            let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
            for (mut from, mut to, counted) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap(), !count_answers),
                (server, client, count_answers),
            ] {
                let (left, passed) = (Arc::clone(&left), Arc::clone(&passed));
                std::thread::spawn(move || {
                    pass(&mut from, &mut to, unit, counted.then_some((&*left, &*passed)));
                    // Below nothing: it was cut, in this direction or in the other one.
                    part([&from, &to], if left.load(SeqCst) < 0 { end } else { End::Closed });
                });
            }
        }
    });
    line
}

fn pass(from: &mut TcpStream, to: &mut TcpStream, unit: Unit, counted: Option<(&AtomicI64, &AtomicU64)>) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        let mut n = n;
        if let Some((left, passed)) = counted {
            let cost = if unit == Unit::Bytes { n as i64 } else { 1 };
            let allowed = left.fetch_sub(cost, SeqCst).clamp(0, cost);
            passed.fetch_add(allowed as u64, SeqCst);
            if allowed < cost {
                n = allowed as usize;
                let _ = to.write_all(&buffer[..n]);
                break;
            }
        }
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
}

fn part(both: [&TcpStream; 2], end: End) {
    for side in both {
        let _ = match end {
            End::Closed => side.shutdown(Shutdown::Both),
            // It is reset when both directions have let go of it. The other one does, because there is nothing to read for it
            // any more; anything said to its peer would be a farewell.
            End::Reset => {
                SockRef::from(side).set_linger(Some(Duration::ZERO)).and_then(|()| side.shutdown(Shutdown::Read))
            }
        };
    }
}

const FINAL: &str = "PMACK.TXT";
/// Cuts after so many bytes, in each direction.
const OFFSETS: usize = 200;

/// A partner, and what is published there again and again.
struct Trial {
    sshd: Sshd,
    direct: SftpFolder,
    path: String,
    content: Vec<u8>,
    unit: Unit,
    end: End,
    count_answers: bool,
}

impl Trial {
    fn new(count_answers: bool) -> Trial {
        let sshd = Sshd::start(Options::default());
        let path = sshd.spool().to_str().unwrap().to_owned();
        let direct = sshd.pool(|_| {}).folder(&path);
        let content = (0..4000u32).map(|n| (n % 251) as u8).collect();
        Trial { sshd, direct, path, content, unit: Unit::Messages, end: End::Closed, count_answers }
    }

    /// Publishes over a line with this allowance, and where that fails, once more past the line; whether it was cut, and
    /// what it passed on.
    fn publish(&self, allowance: i64) -> (bool, u64) {
        let line = line(self.sshd.port, allowance, self.unit, self.end, self.count_answers);
        let folder = self.sshd.pool(|s| s.port = line.port).folder(&self.path);
        let mut proven = false;
        let first = attempt(&folder, FINAL, &self.content, &mut proven);
        let cut = line.left.load(SeqCst) < 0;
        let at = format!("{allowance} {:?}, {:?}", self.unit, self.end);
        if let Err(e) = &first {
            assert_eq!(e.kind, ErrorKind::Unreachable, "{at}: {e}");
            let second =
                attempt(&self.direct, FINAL, &self.content, &mut proven).unwrap_or_else(|e| panic!("{at}: {e}"));
            assert!(!second.collected, "{at}: {first:?}");
        }
        assert!(cut || first.is_ok(), "{at}: {first:?}");
        let names: Vec<_> = self.direct.list(99).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, [FINAL.to_owned(), format!("{FINAL}.OK"), format!("{FINAL}.sha256")], "{at}");
        assert!(std::fs::read(self.sshd.spool().join(FINAL)).unwrap() == self.content);
        names.iter().for_each(|name| self.direct.remove(name).unwrap());
        (cut, line.passed.load(SeqCst))
    }
}

fn cut_everywhere(count_answers: bool) {
    let mut trial = Trial::new(count_answers);
    const ENDS: [End; 2] = [End::Closed, End::Reset];
    let mut cuts = [0; 2];
    for (end, cuts) in ENDS.into_iter().zip(&mut cuts) {
        trial.end = end;
        // Until a run passes untouched.
        *cuts = (1..).find(|messages| !trial.publish(*messages).0).unwrap() - 1;
        assert!(*cuts > 25, "{cuts} cuts");
    }
    trial.unit = Unit::Bytes;
    let (cut, bytes) = trial.publish(i64::MAX);
    assert!(!cut && bytes > 10_000, "{bytes} bytes");
    let mut dice = Dice::new(20_250_620);
    for n in 0..OFFSETS {
        trial.end = ENDS[n % 2];
        let mut offset = dice.below(bytes) as i64 + 1;
        // The library reads ahead as far as it has time for, so one run has more bytes than another.
        while !trial.publish(offset).0 {
            offset = offset * 9 / 10;
        }
        cuts[n % 2] += 1;
    }
    let lost = if count_answers { "answers" } else { "requests" };
    println!("{} faults: a real line closed, {lost} lost", cuts[0]);
    println!("{} faults: a real line reset, {lost} lost", cuts[1]);
}

#[test]
fn a_line_that_is_cut_is_closed_or_reset_for_both_sides() {
    for end in [End::Closed, End::Reset] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let line = line(listener.local_addr().unwrap().port(), 1, Unit::Messages, end, false);
        let mut client = TcpStream::connect(("127.0.0.1", line.port)).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let mut one = [0];
        client.write_all(b"1").unwrap();
        server.read_exact(&mut one).unwrap();
        client.write_all(b"2").unwrap();
        for side in [&mut client, &mut server] {
            match (end, side.read(&mut one)) {
                (End::Closed, Ok(0)) => {}
                (End::Reset, Err(e)) if e.kind() == std::io::ErrorKind::ConnectionReset => {}
                (end, read) => panic!("{end:?}: {read:?}"),
            }
        }
    }
}

#[test]
fn requests_are_lost() {
    if available() {
        cut_everywhere(false);
    }
}

#[test]
fn answers_are_lost() {
    if available() {
        cut_everywhere(true);
    }
}
