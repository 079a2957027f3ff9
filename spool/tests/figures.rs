//! Figures of a spool, by hand: `cargo test --release -p fpp-spool --test figures -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;
#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use attempt_support::publish_one;
use fpp_spool::*;
use sshd_support::{Options, Sshd, available, output};
use std::io::Write;
use std::process::Command;
use std::time::Instant;

const MIB: usize = 1 << 20;

#[test]
#[ignore = "measures, and needs a quiet machine"]
fn figures() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let data: Vec<u8> = (0..16 * MIB as u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let source = sshd.dir.path().join("source");
    std::fs::write(&source, &data).unwrap();
    for round in 1..=3 {
        for ciphers in [None, Some("aes128-gcm@openssh.com".to_owned())] {
            let folder = sshd.pool(|s| s.ciphers = ciphers.clone()).folder(sshd.spool().to_str().unwrap());
            folder.stat("x").unwrap();
            let started = Instant::now();
            let mut sink = folder.create_new("x").unwrap();
            sink.write_all(&data).unwrap();
            sink.finish().unwrap();
            let put = started.elapsed();
            let started = Instant::now();
            let entry = folder.stat("x").unwrap().unwrap();
            std::io::copy(&mut folder.open_as(&entry, 0).unwrap(), &mut std::io::sink()).unwrap();
            let fetched = started.elapsed();
            folder.remove("x").unwrap();
            println!("{round}: 64 MiB, {ciphers:?}: put {put:?}, fetch {fetched:?}");
        }
        let batch = sshd.dir.path().join("batch");
        std::fs::write(&batch, format!("put {} {}/y\n", source.display(), sshd.spool().display())).unwrap();
        for cipher in ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com"] {
            let started = Instant::now();
            let options = ["-q", "-c", cipher, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
            let mut sftp = Command::new("sftp");
            sftp.args(options).args(["-i", sshd.dir.path().join("user").to_str().unwrap()]);
            sftp.args(["-P", &sshd.port.to_string(), "-b", batch.to_str().unwrap()]);
            output(sftp.arg(format!("{}@127.0.0.1", sshd_support::user())));
            println!("{round}: 64 MiB, sftp put with {cipher}, connecting included: {:?}", started.elapsed());
        }
    }
    listing(&sshd);
    small(&sshd, 1);
    small(&sshd, 4);
}

const MILLION: usize = 1_000_000;

/// Peak memory of this program in MiB, since it was last asked for.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    // What was reached is forgotten (proc(5)).
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    kib / 1024.0
}

#[test]
#[ignore = "makes a million files in memory, which takes a quarter of a minute; prints figures"]
fn a_million_files_in_a_local_folder() {
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    for n in 0..MILLION {
        std::fs::File::create(dir.path().join(format!("CORE_PMTS_PMTRD_20250620_{n:07}_00.TXT"))).unwrap();
    }
    let folder = LocalFolder::open(dir.path()).unwrap();
    for (wanted, pattern) in
        [(0, "XX*"), (1, "*_0777777_00.TXT"), (MILLION, "CORE_PMTS_PMTRD_{date}_{batch}_{run}.TXT")]
    {
        let pattern = NamePattern::parse(pattern).unwrap();
        let rules = ScanRules::new(vec![("r".into(), pattern, Readiness::Quiet { quiet_ms: 0 })]);
        let mut scanner = Scanner::new(rules);
        peak_mib();
        let (before, started) = (peak_mib(), Instant::now());
        let scan = scanner.look(&folder, &Instant::now, &|| true).unwrap().unwrap();
        let (took, peak) = (started.elapsed(), peak_mib());
        println!(
            "1,000,000 files, {wanted} of them wanted: a look takes {took:?}, VmHWM {before:.1} MiB before and {peak:.1} in it"
        );
        assert_eq!((scan.names as usize, scan.arrivals.len()), (MILLION, wanted.min(LISTING_LIMIT)));
        assert!(wanted > LISTING_LIMIT || peak < before + 8.0, "what nobody wants takes no memory");
    }
}

/// Many names, listed over the line and scanned.
fn listing(sshd: &Sshd) {
    let crowded = sshd.dir.path().join("crowded");
    std::fs::create_dir(&crowded).unwrap();
    for n in 0..20_000 {
        std::fs::write(crowded.join(format!("CORE_PMTS_PMTRD_20250620_{n:05}_00.TXT")), "").unwrap();
    }
    let folder = sshd.pool(|_| {}).folder(crowded.to_str().unwrap());
    folder.stat("x").unwrap();
    let started = Instant::now();
    folder.list(LISTING_LIMIT).unwrap();
    let listed = started.elapsed();
    let pattern = NamePattern::parse("CORE_PMTS_PMTRD_{date}_{batch}_{run}.TXT").unwrap();
    let rules = ScanRules::new(vec![("r".into(), pattern, Readiness::Quiet { quiet_ms: 0 })]);
    let started = Instant::now();
    let scan = Scanner::new(rules).look(&folder, &Instant::now, &|| true).unwrap().unwrap();
    println!("{} names: listed in {listed:?}, listed and scanned in {:?}", scan.arrivals.len(), started.elapsed());
}

/// Small answers, each with checksum and marker, each read back.
fn small(sshd: &Sshd, threads: usize) {
    let folder = sshd.pool(|s| s.sessions_max = threads).folder(sshd.spool().to_str().unwrap());
    folder.stat("x").unwrap();
    let content = [7u8; 4096];
    let each = 200;
    for sides in [false, true] {
        let started = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let folder = &folder;
                scope.spawn(move || {
                    (0..each).for_each(|n| publish_one(folder, &format!("{sides}{thread}-{n}"), &content, sides, sides))
                });
            }
        });
        let rate = (threads * each) as f64 / started.elapsed().as_secs_f64();
        println!("4 KiB answers, read back, sides {sides}, {threads} sessions: {rate:.0} a second");
    }
    let entries = folder.list(LISTING_LIMIT).unwrap();
    entries.iter().for_each(|e| folder.remove(&e.name).unwrap());
}
