//! A partner in trouble: it hangs, it is down and has a standby, its disk is full; and what is known of one that is well.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;
#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use attempt_support::alone;
use fpp_spool::*;
use sshd_support::{Options, Sshd, available};
use std::fs;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

fn folder(sshd: &Sshd, change: impl FnOnce(&mut SftpSettings)) -> SftpFolder {
    sshd.pool(change).folder(sshd.spool().to_str().unwrap())
}

fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn nobody_waits_for_a_partner_that_others_have_waited_for() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let folder = folder(&sshd, |s| {
        s.call_timeout_ms = 1_000;
        s.connect_timeout_ms = 1_000;
        s.sessions_max = 1;
    });
    folder.list(9).unwrap();
    assert_eq!(folder.pool().status().left_alone, None);
    let frozen = sshd.freeze();
    for _ in 0..3 {
        assert_eq!(folder.list(9).unwrap_err().kind, ErrorKind::Unreachable);
    }
    let started = Instant::now();
    let error = folder.list(9).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreachable, "{error}");
    assert!(error.retry_after.is_some_and(|pause| pause <= Duration::from_millis(625)), "{error:?}");
    assert!(started.elapsed() < Duration::from_millis(300), "{:?}", started.elapsed());
    assert!(folder.pool().status().left_alone.is_some());
    // Many callers at once: those who do not try themselves are not kept.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(folder.stat("x").is_err()));
        }
    });
    drop(frozen);
    until("it is found well again", || folder.list(9).ok());
    assert_eq!(folder.pool().status().left_alone, None);
}

#[test]
fn what_was_agreed_on_is_known() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let folder = folder(&sshd, |s| s.ciphers = Some("aes128-gcm@openssh.com".into()));
    assert_eq!(folder.pool().status().negotiated, None);
    let mut sink = folder.create_new("a").unwrap();
    let agreed = || folder.pool().status().negotiated.unwrap();
    assert_eq!(agreed().fsync, None);
    sink.write_all(b"x").unwrap();
    assert!(sink.finish().unwrap());
    let agreed = agreed();
    assert!(agreed.server.contains("OpenSSH") && agreed.host_key == "ssh-ed25519", "{agreed:?}");
    assert_eq!((agreed.ciphers, agreed.fsync), (["aes128-gcm@openssh.com"; 2].map(str::to_owned), Some(true)));
    assert!(!agreed.exchange.is_empty() && agreed.address.contains(&sshd.port.to_string()));
}

#[test]
fn a_standby_is_asked_when_the_first_address_is_silent_and_never_to_get_round_a_refusal() {
    if !available() {
        return;
    }
    let (first, second) = (Sshd::start(Options::default()), Sshd::start(Options::default()));
    // Both show the same folder, and let in the same key.
    let key = fs::read(first.dir.path().join("user.pub")).unwrap();
    fs::write(second.dir.path().join("authorized"), key).unwrap();
    let standby =
        |key: &str| Address { host: "127.0.0.1".into(), port: second.port, host_keys: vec![second.fingerprint(key)] };
    let folder_of = |key: &str| folder(&first, |s| s.standbys = vec![standby(key)]);
    let (both, wrong) = (folder_of("host"), folder_of("other"));
    fs::write(first.spool().join("A"), "x").unwrap();
    let address = |folder: &SftpFolder| folder.pool().status().negotiated.unwrap().address;
    assert_eq!(both.list(9).unwrap().len(), 1);
    assert!(address(&both).ends_with(&first.port.to_string()));
    assert!(!both.one_place() && folder(&first, |_| {}).one_place());
    first.kill();
    let listed = until("the standby answers", || both.list(9).ok());
    assert_eq!((listed.len(), address(&both).ends_with(&second.port.to_string())), (1, true));
    let error = wrong.list(9).unwrap_err();
    assert_eq!(error.kind, ErrorKind::HostKey, "{error}");
    // A first address with another key is told, though the standby would let us in.
    first.restart();
    let refused = folder(&first, |s| {
        s.host_keys = vec![first.fingerprint("other")];
        s.standbys = vec![standby("host")];
    });
    assert_eq!(refused.list(9).unwrap_err().kind, ErrorKind::HostKey);
}

#[test]
fn with_a_standby_a_file_that_is_nowhere_is_not_taken_for_collected() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let same = Address { host: "127.0.0.1".into(), port: sshd.port, host_keys: vec![sshd.fingerprint("host")] };
    let open = || Ok(Box::new(&b"12345"[..]) as Box<dyn std::io::Read + Send>);
    let publication = Publication { proven_before: true, ..alone("A", "n.1", b"12345", &open) };
    let alone = folder(&sshd, |_| {});
    assert!(publish(&alone, &publication, &mut || Ok(())).unwrap().collected);
    let two = folder(&sshd, |s| s.standbys = vec![same]);
    let error = publish(&two, &publication, &mut || Ok(())).unwrap_err();
    assert_eq!((error.kind, error.code(), error.retry_helps()), (ErrorKind::Unsure, 4008, false), "{error}");
    assert_eq!(alone.list(9).unwrap(), []);
}

#[test]
fn a_full_disk_at_the_partner_is_told_as_that() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options { small_spool: true, ..Options::default() });
    if !sshd.small_spool {
        println!("skipped: a small disk for the test needs root and a mount namespace");
        return;
    }
    let folder = folder(&sshd, |_| {});
    for size in [2 << 20, 1_100 << 10] {
        let open = || Ok(Box::new(std::io::repeat(7).take(size)) as Box<dyn std::io::Read + Send>);
        let publication = alone("A", "n.1", &vec![7; size as usize], &open);
        let error = publish(&folder, &publication, &mut || panic!("not proven")).unwrap_err();
        assert_eq!((error.kind, error.code()), (ErrorKind::NoSpace, 4007), "{error}");
        // Nothing is left that keeps it full.
        until("the part is removed", || folder.list(9).unwrap().is_empty().then_some(()));
    }
    assert!(folder.stat("A").unwrap().is_none());
}
