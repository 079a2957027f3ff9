//! Figures over a line with a round trip, by hand: a large file beside OpenSSH's own `sftp`, and small files that are
//! read back, by several sessions. `./dev reliability` runs them.
//!
//! The line is a program that passes bytes on after half a round trip; how many are under way is not bounded. Files lie in
//! memory, so the disk decides nothing. `FPP_FIGURES_MIB` makes the large file smaller.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;
#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use attempt_support::publish_one;
use fpp_spool::*;
use sshd_support::{Options, Sshd, available, output};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const ROUND_TRIP: Duration = Duration::from_millis(10);
const ROUNDS: usize = 3;
const SESSIONS: usize = 8;
/// Small files that each session publishes.
const EACH: usize = 50;
/// Bytes that the line reads at once.
const PIECE: usize = 1 << 16;

/// A line to a port of this machine, with a round trip; gives its own port.
fn line(target: u16, round_trip: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
            for end in [&client, &server] {
                end.set_nodelay(true).unwrap();
            }
            for (from, to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                pass(from, to, round_trip / 2);
            }
        }
    });
    port
}

/// One thread reads and one writes later, so that waiting holds up nothing that comes behind.
fn pass(mut from: TcpStream, mut to: TcpStream, late: Duration) {
    let (sent, under_way) = channel::<(Instant, Vec<u8>)>();
    std::thread::spawn(move || {
        let mut buffer = vec![0; PIECE];
        while let Ok(n @ 1..) = from.read(&mut buffer) {
            if sent.send((Instant::now() + late, buffer[..n].to_vec())).is_err() {
                break;
            }
        }
    });
    std::thread::spawn(move || {
        for (due, bytes) in under_way {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[test]
#[ignore = "measures, and needs a quiet machine"]
fn a_large_file_beside_sftp() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let mib: usize = std::env::var("FPP_FIGURES_MIB").map_or(512, |text| text.parse().unwrap());
    let data: Vec<u8> = (0..(mib as u32) << 18).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let source = sshd.dir.path().join("source");
    std::fs::write(&source, &data).unwrap();
    for (round_trip, wanted) in [(Duration::ZERO, 1.0), (ROUND_TRIP, 1.5)] {
        let port = if round_trip.is_zero() { sshd.port } else { line(sshd.port, round_trip) };
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        // By turns, so that what else the machine does meets both.
        for _ in 0..ROUNDS {
            ours.push(put(&sshd, port, &data));
            theirs.push(sftp(&sshd, port, &source));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        println!(
            "{mib} MiB, {} ms round trip, connecting and fsync included: fpp {ours:.2} s, sftp {theirs:.2} s, ratio {:.2} \
             (at most {wanted:.1} is wanted)",
            round_trip.as_millis(),
            ours / theirs
        );
    }
}

/// Seconds for a new session to put a file.
fn put(sshd: &Sshd, port: u16, data: &[u8]) -> f64 {
    let folder = sshd.pool(|s| s.port = port).folder(sshd.spool().to_str().unwrap());
    let begun = Instant::now();
    let mut sink = folder.create_new("large").unwrap();
    sink.write_all(data).unwrap();
    sink.finish().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(folder.stat("large").unwrap().unwrap().size, data.len() as u64);
    folder.remove("large").unwrap();
    seconds
}

/// The same with OpenSSH's own program, which is told to sync as well.
fn sftp(sshd: &Sshd, port: u16, source: &std::path::Path) -> f64 {
    let (batch, target) = (sshd.dir.path().join("batch"), sshd.spool().join("theirs"));
    std::fs::write(&batch, format!("put -f {} {}\n", source.display(), target.display())).unwrap();
    let options = ["-q", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    let mut sftp = Command::new("sftp");
    sftp.args(options).args(["-i", sshd.dir.path().join("user").to_str().unwrap()]);
    sftp.args(["-P", &port.to_string(), "-b", batch.to_str().unwrap()]);
    sftp.arg(format!("{}@127.0.0.1", sshd_support::user()));
    let begun = Instant::now();
    output(&mut sftp);
    let seconds = begun.elapsed().as_secs_f64();
    std::fs::remove_file(target).unwrap();
    seconds
}

#[test]
#[ignore = "measures, and needs a quiet machine"]
fn small_files_that_are_read_back() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    for round_trip in [Duration::ZERO, ROUND_TRIP] {
        let port = if round_trip.is_zero() { sshd.port } else { line(sshd.port, round_trip) };
        let pool = sshd.pool(|s| (s.port, s.sessions_max) = (port, SESSIONS));
        let folder = pool.folder(sshd.spool().to_str().unwrap());
        folder.stat("x").unwrap();
        for (beside, checksum, marker) in
            [("alone", false, false), ("with a marker", false, true), ("with checksum and marker", true, true)]
        {
            let begun = Instant::now();
            std::thread::scope(|scope| {
                for session in 0..SESSIONS {
                    let folder = &folder;
                    scope.spawn(move || {
                        (0..EACH)
                            .for_each(|n| publish_one(folder, &format!("{session}-{n}"), &[7; 4096], checksum, marker));
                    });
                }
            });
            let rate = (SESSIONS * EACH) as f64 / begun.elapsed().as_secs_f64();
            println!(
                "4 KiB answers {beside}, read back, {SESSIONS} sessions, {} ms round trip: {rate:.0} a second (50 are wanted)",
                round_trip.as_millis()
            );
            for entry in folder.list(LISTING_LIMIT).unwrap() {
                folder.remove(&entry.name).unwrap();
            }
        }
    }
}
