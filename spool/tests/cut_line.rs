//! The line is cut while a file is published, in either direction: before each message of the protocol in turn, and after
//! so many bytes, 200 times in each direction as a seed decides. A retry must end with exactly one correct file, whatever
//! was lost. In one direction the request is lost, in the other only its answer.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use fpp_spool::*;
use sshd_support::{Options, Sshd, available};
use std::io::{Cursor, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};

/// What an allowance is counted in.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Unit {
    /// Bytes; a message may be torn.
    Bytes,
    /// What came in one piece: a message of the protocol, or some of them.
    Messages,
}

/// Passes bytes on until its allowance is used up, then cuts every connection and takes no more.
struct Line {
    port: u16,
    left: Arc<AtomicI64>,
    passed: Arc<AtomicU64>,
}

fn line(target: u16, allowance: i64, unit: Unit, count_answers: bool) -> Line {
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
                std::thread::spawn(move || pass(&mut from, &mut to, unit, counted.then_some((&*left, &*passed))));
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
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

const FINAL: &str = "PMACK.TXT";
/// Cuts after so many bytes, in each direction.
const OFFSETS: u64 = 200;

fn attempt(folder: &SftpFolder, content: &[u8], proven: &mut bool) -> Result<Published> {
    let sha256 = Digest::of(Algorithm::Sha256, content);
    let open = || Ok(Box::new(Cursor::new(content.to_vec())) as Box<dyn Read + Send>);
    let publication = Publication {
        final_name: FINAL.into(),
        temporary_tag: "n1.1".into(),
        size: content.len() as u64,
        sha256,
        open: &open,
        checksums: vec![(Algorithm::Sha256, sha256)],
        marker: Some((format!("{FINAL}.OK"), vec![])),
        proven_before: *proven,
        proven_tag: None,
        guard: None,
    };
    publish(folder, &publication, &mut || {
        *proven = true;
        Ok(())
    })
}

/// Publishes over lines with these allowances, one after the other, each time with a retry past the line; gives how often
/// one was cut, and what the last one passed on.
fn cut_at(allowances: impl Iterator<Item = i64>, unit: Unit, count_answers: bool) -> (u64, u64) {
    let sshd = Sshd::start(Options::default());
    let content: Vec<u8> = (0..4000u32).map(|n| (n % 251) as u8).collect();
    let path = sshd.spool().to_str().unwrap().to_owned();
    let direct = sshd.pool(|_| {}).folder(&path);
    let (mut cuts, mut passed) = (0, 0);
    for allowance in allowances {
        let line = line(sshd.port, allowance, unit, count_answers);
        let folder = sshd.pool(|s| s.port = line.port).folder(&path);
        let mut proven = false;
        let first = attempt(&folder, &content, &mut proven);
        let cut = line.left.load(SeqCst) < 0;
        if let Err(e) = &first {
            assert_eq!(e.kind, ErrorKind::Unreachable, "{allowance} {unit:?}: {e}");
            let second =
                attempt(&direct, &content, &mut proven).unwrap_or_else(|e| panic!("{allowance} {unit:?}: {e}"));
            assert!(!second.collected, "{allowance} {unit:?}: {first:?}");
        }
        let names: Vec<_> = direct.list(99).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, [FINAL.to_owned(), format!("{FINAL}.OK"), format!("{FINAL}.sha256")], "{allowance} {unit:?}");
        assert!(std::fs::read(sshd.spool().join(FINAL)).unwrap() == content);
        names.iter().for_each(|name| direct.remove(name).unwrap());
        passed = line.passed.load(SeqCst);
        if !cut {
            assert!(first.is_ok());
            break;
        }
        cuts += 1;
    }
    (cuts, passed)
}

fn cut_everywhere(count_answers: bool) {
    // Until a run passes untouched.
    let (cuts, _) = cut_at(1.., Unit::Messages, count_answers);
    println!("cut before each of {cuts} messages");
    assert!(cuts > 30, "{cuts} cuts");
    let (none, bytes) = cut_at([i64::MAX].into_iter(), Unit::Bytes, count_answers);
    assert!(none == 0 && bytes > 10_000, "{bytes} bytes");
    // SplitMix64 of a fixed seed: the same offsets in every run.
    let mut state = 20_250_620u64;
    let mut offset = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        // A little before the end, which moves from run to run.
        ((z ^ (z >> 31)) % (bytes * 95 / 100)) as i64 + 1
    };
    let offsets: Vec<_> = (0..OFFSETS).map(|_| offset()).collect();
    let (cuts, _) = cut_at(offsets.into_iter(), Unit::Bytes, count_answers);
    assert_eq!(cuts, OFFSETS);
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
