//! The line is cut after so many bytes, in either direction, while a file is published: a retry must end with exactly
//! one correct file, whatever was lost. In one direction the request is lost, in the other only its answer.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use fpp_spool::*;
use sshd_support::{Options, Sshd, available};
use std::io::{Cursor, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};

/// Passes bytes on until its allowance is used up, then cuts every connection and takes no more.
struct Line {
    port: u16,
    left: Arc<AtomicI64>,
    passed: Arc<AtomicU64>,
}

fn line(target: u16, allowance: i64, count_answers: bool) -> Line {
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
                std::thread::spawn(move || pass(&mut from, &mut to, counted.then_some((&*left, &*passed))));
            }
        }
    });
    line
}

fn pass(from: &mut TcpStream, to: &mut TcpStream, counted: Option<(&AtomicI64, &AtomicU64)>) {
    let mut buffer = [0; 512];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        let mut n = n;
        if let Some((left, passed)) = counted {
            let allowed = left.fetch_sub(n as i64, SeqCst).clamp(0, n as i64) as usize;
            passed.fetch_add(allowed as u64, SeqCst);
            if allowed < n {
                n = allowed;
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

fn cut_everywhere(count_answers: bool) {
    let sshd = Sshd::start(Options::default());
    let content: Vec<u8> = (0..4000u32).map(|n| (n % 251) as u8).collect();
    let path = sshd.spool().to_str().unwrap().to_owned();
    let direct = sshd.pool(|_| {}).folder(&path);
    let (mut allowance, mut cuts) = (1500, 0);
    loop {
        let line = line(sshd.port, allowance, count_answers);
        let folder = sshd.pool(|s| s.port = line.port).folder(&path);
        let mut proven = false;
        let first = attempt(&folder, &content, &mut proven);
        let cut = line.left.load(SeqCst) < 0;
        if let Err(e) = &first {
            assert_eq!(e.kind, ErrorKind::Unreachable, "{allowance}: {e}");
            let second = attempt(&direct, &content, &mut proven).unwrap_or_else(|e| panic!("{allowance}: {e}"));
            assert!(!second.collected, "{allowance}: {first:?}");
        }
        let names: Vec<_> = direct.list(99).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, [FINAL.to_owned(), format!("{FINAL}.OK"), format!("{FINAL}.sha256")], "{allowance}");
        assert!(std::fs::read(sshd.spool().join(FINAL)).unwrap() == content);
        names.iter().for_each(|name| direct.remove(name).unwrap());
        if !cut {
            println!("{cuts} cuts, the whole is {} bytes", line.passed.load(SeqCst));
            assert!(first.is_ok() && cuts > 10);
            return;
        }
        cuts += 1;
        allowance += 1009;
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
