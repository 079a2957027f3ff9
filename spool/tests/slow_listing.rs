//! A partner whose listing trickles: each of its calls is answered in time, and the whole of them must come to an end as well.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use fpp_spool::*;
use sshd_support::{Options, Sshd, available};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// OpenSSH's server names a hundred files in each call.
const NAMES: usize = 12_000;
const CALL_MS: u64 = 500;
/// What `call_timeout_ms` is multiplied with.
const LONGEST: Duration = Duration::from_millis(20 * CALL_MS);

/// A line on which every answer is late by so many milliseconds; gives its port.
fn line(target: u16, late_ms: Arc<AtomicU64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
            let (up, down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (none, late) = (Arc::default(), Arc::clone(&late_ms));
            std::thread::spawn(move || pass(up, server, &none));
            std::thread::spawn(move || pass(down, client, &late));
        }
    });
    port
}

fn pass(mut from: TcpStream, mut to: TcpStream, late_ms: &AtomicU64) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        std::thread::sleep(Duration::from_millis(late_ms.load(SeqCst)));
        if to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
}

#[test]
fn a_listing_that_trickles_comes_to_an_end_and_a_slow_one_is_read_to_its_own() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    for n in 0..NAMES {
        std::fs::File::create(sshd.spool().join(format!("PMTRD_{n:05}"))).unwrap();
    }
    let late_ms = Arc::new(AtomicU64::new(0));
    let port = line(sshd.port, Arc::clone(&late_ms));
    let pool = sshd.pool(|s| (s.port, s.call_timeout_ms, s.sessions_max) = (port, CALL_MS, 1));
    let folder = pool.folder(sshd.spool().to_str().unwrap());
    folder.stat("x").unwrap();
    // Slow, and honest: a listing may take many times as long as a call.
    late_ms.store(15, SeqCst);
    let began = Instant::now();
    assert_eq!(folder.list(LISTING_LIMIT).unwrap().len(), NAMES);
    let slow = began.elapsed();
    assert!(slow > Duration::from_millis(2 * CALL_MS), "{slow:?} says nothing");
    // Each answer is there long before its time is over, and all of them together would take two times as long as they may.
    late_ms.store(170, SeqCst);
    let began = Instant::now();
    let error = folder.list(LISTING_LIMIT).unwrap_err();
    let took = began.elapsed();
    println!("{NAMES} names: slow {slow:?}, trickling {took:?}");
    assert_eq!((error.kind, error.retry_helps()), (ErrorKind::Unreachable, true), "{error}");
    let told = error.to_string();
    assert!(told.contains("not at its end after 10 s and ") && told.contains("20 times `call_timeout_ms`"), "{told}");
    assert!(took >= LONGEST && took < LONGEST + Duration::from_secs(3), "{took:?}");
    // It is the listing that is given up, not the partner.
    late_ms.store(0, SeqCst);
    assert!(folder.stat("PMTRD_00001").unwrap().is_some());
    let status = pool.status();
    assert_eq!((status.connected, status.broken, status.left_alone), (1, 0, None));
}
