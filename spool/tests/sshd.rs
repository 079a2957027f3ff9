//! Collecting and delivering over a real OpenSSH server, and what happens when it misbehaves.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;
#[allow(dead_code)] // each test program uses a part of it
mod sshd_support;

use attempt_support::{FINAL, Open, alone, beside};
use fpp_spool::*;
use sshd_support::{Options, Sshd, available, output};
use std::cell::RefCell;
use std::fs;
use std::io::{self, Cursor, Read, Write};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;
use std::time::{Duration, Instant};

fn folder(sshd: &Sshd, change: impl FnOnce(&mut SftpSettings)) -> SftpFolder {
    sshd.pool(change).folder(sshd.spool().to_str().unwrap())
}

fn content(size: usize) -> Vec<u8> {
    (0..size as u32 / 4 + 1).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).take(size).collect()
}

fn publication<'a>(content: &[u8], open: Open<'a>, proven_before: bool) -> Publication<'a> {
    let digests = [Algorithm::Sha256, Algorithm::Sm3].map(|kind| (kind, Digest::of(kind, content)));
    let publication = beside(alone(FINAL, "node-1.7", content, open), false, Some(b""));
    Publication { checksums: digests.to_vec(), proven_before, ..publication }
}

fn put(folder: &dyn Folder, content: &[u8]) -> Result<Published> {
    let open = || Ok(Box::new(Cursor::new(content.to_vec())) as Box<dyn Read + Send>);
    publish(folder, &publication(content, &open, false), &mut || Ok(()))
}

fn names(sshd: &Sshd) -> Vec<String> {
    LocalFolder::open(sshd.spool()).unwrap().list(99).unwrap().into_iter().map(|e| e.name).collect()
}

fn delivered() -> [String; 4] {
    ["", ".OK", ".sha256", ".sm3"].map(|end| format!("{FINAL}{end}"))
}

#[test]
fn collects_what_has_arrived() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let data = content(3_000_001);
    fs::write(sshd.spool().join("PMTRD.TXT"), &data).unwrap();
    fs::write(sshd.spool().join("PMTRD.OK"), "").unwrap();
    fs::write(sshd.spool().join(std::ffi::OsStr::from_bytes(b"bad\xff")), "").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", sshd.spool().join("link")).unwrap();
    let folder = folder(&sshd, |_| {});
    let marker = MarkerRule::new("{stem}.OK", MarkerContent::Empty).unwrap();
    let pattern = NamePattern::parse("PM*.TXT").unwrap();
    let rules = ScanRules::new(vec![("trades".into(), pattern, Readiness::Marker(marker))]);
    let scan = Scanner::new(rules).look(&folder, &Instant::now, &|| true).unwrap().unwrap();
    let reasons: Vec<_> = scan.ignored.keys().copied().collect();
    assert_eq!(reasons, [Reason::Link, Reason::NotUtf8]);
    let mut bytes = Vec::new();
    PatientReader::open(&folder, &scan.arrivals[0].entry, false).unwrap().read_to_end(&mut bytes).unwrap();
    assert!(bytes == data);
    assert_eq!(folder.open("link").err().unwrap().kind, ErrorKind::Unsafe);
    assert_eq!(folder.read_small("PMTRD.TXT", 4096).unwrap_err().kind, ErrorKind::Unsafe);
    assert_eq!(folder.list(2).unwrap().len(), 2);

    let entry = &scan.arrivals[0].entry;
    for _ in 0..2 {
        assert!(move_source(&folder, entry, &SourceAction::Move("done/today".into())).unwrap());
    }
    assert!(fs::read(sshd.spool().join("done/today/PMTRD.TXT")).unwrap() == data);
    let marker = &scan.arrivals[0].marker.as_ref().unwrap().entry;
    assert!(move_source(&folder, marker, &SourceAction::Delete).unwrap());
    assert_eq!(names(&sshd), ["bad\\xff", "done", "link"]);
    assert_eq!(folder.pool().status().broken, 1, "only the file that was too large was left half read");
}

#[test]
fn delivers_so_that_sha256sum_is_content() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let folder = folder(&sshd, |s| s.sessions_max = 1);
    for size in [0, 1, 29_999, 30_001, 5_000_000] {
        let data = content(size);
        let published = put(&folder, &data).unwrap();
        assert_eq!(published, Published { fsynced: Some(true), resumed: false, collected: false });
        assert_eq!(names(&sshd), delivered());
        output(Command::new("sha256sum").args(["-c", &format!("{FINAL}.sha256")]).current_dir(sshd.spool()));
        assert!(fs::read(sshd.spool().join(FINAL)).unwrap() == data);
        assert!(put(&folder, &data).unwrap().resumed, "equal bytes are settled");
        delivered().iter().for_each(|name| folder.remove(name).unwrap());
    }
    let status = folder.pool().status();
    assert_eq!((status.connected, status.broken, status.idle), (1, 0, 1), "one session did it all");
}

#[test]
fn a_server_without_any_extension_gets_whole_files_too_and_never_one_over_another() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options { plain_protocol: true, ..Options::default() });
    let folder = folder(&sshd, |_| {});
    let data = content(300_001);
    let published = put(&folder, &data).unwrap();
    assert_eq!(published, Published { fsynced: Some(false), resumed: false, collected: false });
    assert_eq!(folder.pool().status().negotiated.unwrap().fsync, Some(false), "it is known and told");
    assert_eq!(names(&sshd), delivered());
    assert!(fs::read(sshd.spool().join(FINAL)).unwrap() == data);
    assert!(put(&folder, &data).unwrap().resumed, "equal bytes are settled");
    assert_eq!(put(&folder, b"others").unwrap_err().kind, ErrorKind::TargetExists);
    assert!(fs::read(sshd.spool().join(FINAL)).unwrap() == data, "nothing is overwritten");
}

#[test]
fn an_existing_target_is_never_overwritten() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let folder = folder(&sshd, |_| {});
    fs::write(sshd.spool().join(FINAL), "other").unwrap();
    assert_eq!(put(&folder, b"12345").unwrap_err().kind, ErrorKind::TargetExists);
    assert_eq!(names(&sshd), [FINAL]);
    let mut sink = folder.create_new("a").unwrap();
    sink.write_all(b"x").unwrap();
    assert!(sink.finish().unwrap());
    assert_eq!(folder.create_new("a").err().unwrap().kind, ErrorKind::TargetExists);
    assert_eq!(folder.rename_new("a", FINAL).unwrap_err().kind, ErrorKind::TargetExists);
    assert_eq!(folder.rename_new("b", "c").unwrap_err().kind, ErrorKind::Missing);
    assert_eq!(folder.remove("b").unwrap_err().kind, ErrorKind::Missing);
    assert_eq!(fs::read(sshd.spool().join(FINAL)).unwrap(), b"other");
}

#[test]
fn a_host_that_is_not_pinned_learns_nothing() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let other = fs::read_to_string(sshd.dir.path().join("other.pub")).unwrap();
    for pins in [vec![other], vec![sshd.fingerprint("other")], vec![]] {
        let error = folder(&sshd, |s| s.host_keys = pins).list(1).unwrap_err();
        assert_eq!((error.kind, error.code()), (ErrorKind::HostKey, 4001));
        assert!(error.what.contains(&sshd.fingerprint("host")), "{error}");
    }
    assert!(!sshd.log().contains("ccepted"), "{}", sshd.log());
    assert!(!sshd.log().contains("user"), "not even the user's name was sent: {}", sshd.log());
    assert!(folder(&sshd, |s| s.host_keys = vec![sshd.fingerprint("other"), sshd.fingerprint("host")]).list(1).is_ok());
}

#[test]
fn a_folder_that_may_not_be_written_says_so() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options { read_only: true, ..Options::default() });
    let folder = folder(&sshd, |_| {});
    fs::write(sshd.spool().join("A"), "x").unwrap();
    let error = put(&folder, b"12345").unwrap_err();
    assert_eq!((error.kind, error.code()), (ErrorKind::Folder, 4006), "{error}");
    let entry = folder.stat("A").unwrap().unwrap();
    assert_eq!(move_source(&folder, &entry, &SourceAction::Delete).unwrap_err().kind, ErrorKind::Folder);
    let mut bytes = Vec::new();
    folder.open_as(&entry, 0).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"x", "reading is enough to collect");
    let none = sshd.pool(|_| {}).folder("/no/such/folder");
    assert_eq!(none.list(1).unwrap_err().kind, ErrorKind::Folder);
}

/// Calls `then` once, after some bytes were read.
struct Tripwire<F> {
    inner: Cursor<Vec<u8>>,
    at: u64,
    then: Option<F>,
}

impl<F: FnOnce() + Send> Read for Tripwire<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.inner.position() >= self.at
            && let Some(then) = self.then.take()
        {
            then();
        }
        self.inner.read(buffer)
    }
}

#[test]
fn a_frozen_server_holds_nobody_up() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let folder = folder(&sshd, |s| s.call_timeout_ms = 2000);
    let data = content(20_000_000);
    let frozen = RefCell::new(None);
    let started = RefCell::new(Instant::now());
    // The reader is not Send when it borrows these, so it is stopped here, by a length that ends inside the file.
    let (sender, receiver) = std::sync::mpsc::channel();
    let (go, going) = std::sync::mpsc::channel::<()>();
    let (going, bytes) = (std::sync::Mutex::new(Some(going)), data.clone());
    let result = std::thread::scope(|scope| {
        let upload = scope.spawn(|| {
            let open = || {
                let (sender, going) = (sender.clone(), going.lock().unwrap().take());
                let then = move || {
                    sender.send(()).unwrap();
                    going.map(|going| going.recv());
                };
                let inner = Cursor::new(bytes.clone());
                Ok(Box::new(Tripwire { inner, at: 8_000_000, then: Some(then) }) as Box<dyn Read + Send>)
            };
            publish(&folder, &publication(&bytes, &open, false), &mut || Ok(()))
        });
        receiver.recv_timeout(Duration::from_secs(60)).unwrap();
        *frozen.borrow_mut() = Some(sshd.freeze());
        *started.borrow_mut() = Instant::now();
        go.send(()).unwrap();
        upload.join().unwrap()
    });
    let took = started.borrow().elapsed();
    assert_eq!(result.unwrap_err().kind, ErrorKind::Unreachable);
    assert!(took < Duration::from_secs(12), "{took:?}");
    println!("a frozen server is noticed and left after {took:?} with a deadline of 2 s");
    frozen.borrow_mut().take();
    let published = put(&folder, &data).unwrap();
    assert!(!published.collected);
    assert_eq!(names(&sshd), delivered());
    assert!(fs::read(sshd.spool().join(FINAL)).unwrap() == data);
}

#[test]
fn every_call_to_a_frozen_server_ends() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    // So long that most of it has not been asked for when the server freezes.
    fs::File::create(sshd.spool().join("A")).unwrap().set_len(100_000_000).unwrap();
    let folder = folder(&sshd, |s| {
        s.call_timeout_ms = 1000;
        s.connect_timeout_ms = 1500;
    });
    let mut reader = folder.open("A").unwrap();
    reader.read_exact(&mut [0; 10]).unwrap();
    let mut sink = folder.create_new("B").unwrap();
    sink.write_all(b"12345").unwrap();
    let _frozen = sshd.freeze();
    let started = Instant::now();
    assert_eq!(sink.finish().unwrap_err().kind, ErrorKind::Unreachable);
    let mut rest = Vec::new();
    assert!(reader.read_to_end(&mut rest).is_err());
    drop(reader);
    assert_eq!(folder.list(9).unwrap_err().kind, ErrorKind::Unreachable);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(9), "{took:?}");
    println!("finish, read and list against a frozen server took {took:?} with deadlines of 1 and 1.5 s");
}

#[test]
fn a_killed_server_is_resumed_where_it_stopped() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let folder = folder(&sshd, |s| s.call_timeout_ms = 5000);
    let data = content(6_000_000);
    // In mid-transfer: the temporary is incomplete and is sent again.
    let pids = std::sync::Mutex::new(Vec::new());
    folder.list(1).unwrap();
    *pids.lock().unwrap() = sshd.sessions();
    let open = || {
        let pids = pids.lock().unwrap().clone();
        let then = move || {
            let pids = pids.iter().map(u32::to_string);
            let _ = Command::new("kill").arg("-KILL").args(pids).status();
        };
        Ok(Box::new(Tripwire { inner: Cursor::new(data.clone()), at: 3_000_000, then: Some(then) })
            as Box<dyn Read + Send>)
    };
    let mut proven = false;
    let result = publish(&folder, &publication(&data, &open, false), &mut || {
        proven = true;
        Ok(())
    });
    assert_eq!(result.unwrap_err().kind, ErrorKind::Unreachable);
    assert_eq!(names(&sshd), [format!(".{FINAL}.node-1.7.part")]);
    // Between proof and rename: the server is gone, and back.
    let again = || Ok(Box::new(Cursor::new(data.clone())) as Box<dyn Read + Send>);
    let result = publish(&folder, &publication(&data, &again, proven), &mut || {
        proven = true;
        sshd.kill();
        Ok(())
    });
    assert_eq!(result.unwrap_err().kind, ErrorKind::Unreachable);
    assert!(proven);
    sshd.restart();
    // So many failures in a row that the server is left alone for a moment.
    let deadline = Instant::now() + Duration::from_secs(20);
    while let Err(error) = folder.list(1) {
        assert!(Instant::now() < deadline, "the server that runs again is not asked again: {error}");
        std::thread::sleep(Duration::from_millis(20));
    }
    let never = || Err(io::Error::other("it must not be sent again"));
    let published = publish(&folder, &publication(&data, &never, true), &mut || panic!("proven before")).unwrap();
    assert_eq!(published, Published { fsynced: Some(true), resumed: true, collected: false });
    assert_eq!(names(&sshd), delivered());
    assert!(fs::read(sshd.spool().join(FINAL)).unwrap() == data);
    // Collected by the partner: known, and nothing comes back.
    delivered().iter().for_each(|name| fs::remove_file(sshd.spool().join(name)).unwrap());
    assert!(publish(&folder, &publication(&data, &never, true), &mut || Ok(())).unwrap().collected);
    assert!(names(&sshd).is_empty());
}

#[test]
fn sessions_are_shared_reused_and_replaced() {
    if !available() {
        return;
    }
    let sshd = Sshd::start(Options::default());
    let folder = folder(&sshd, |s| s.sessions_max = 3);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let folder = &folder;
            scope.spawn(move || {
                for n in 0..10 {
                    let mut sink = folder.create_new(&format!("{thread}-{n}")).unwrap();
                    sink.write_all(b"x").unwrap();
                    sink.finish().unwrap();
                }
            });
        }
    });
    assert_eq!(folder.list(999).unwrap().len(), 80);
    let before = folder.pool().status();
    assert!(before.connected <= 3 && before.open == before.idle, "{before:?}");
    sshd.kill_sessions();
    let deadline = Instant::now() + Duration::from_secs(20);
    while !sshd.sessions().is_empty() {
        assert!(Instant::now() < deadline, "killed sessions live on: {:?}", sshd.sessions());
        std::thread::sleep(Duration::from_millis(20));
    }
    // Even a call that changes something finds a living session.
    folder.remove("0-0").unwrap();
    assert_eq!(folder.list(999).unwrap().len(), 79);
    folder.pool().close_idle();
    assert_eq!(folder.pool().status().open, 0);
}

#[test]
fn a_silent_port_and_a_closed_one_are_unreachable_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let settings = SftpSettings {
        host: "127.0.0.1".into(),
        port,
        user: "nobody".into(),
        auth: Auth::Agent,
        host_keys: vec![],
        connect_timeout_ms: 1000,
        call_timeout_ms: 1000,
        sessions_max: 1,
        ciphers: None,
        standbys: Vec::new(),
    };
    let started = Instant::now();
    let silent = SftpPool::new(settings.clone()).folder("/in").list(1).unwrap_err();
    assert_eq!((silent.kind, silent.code()), (ErrorKind::Unreachable, 4003));
    assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    drop(listener);
    assert_eq!(SftpPool::new(settings).folder("/in").list(1).unwrap_err().kind, ErrorKind::Unreachable);
}
