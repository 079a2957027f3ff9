//! The disk vault under faults: the Nth call of the operating system fails, for every N, until a run passes untouched;
//! then the power fails. Nothing half is visible, what was promised is there, and another attempt succeeds.
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../spool/tests/faults_support/mod.rs"]
#[allow(dead_code)] // the manners of failing are the spool's; its folder is not used here
mod faults_support;
#[allow(dead_code)] // each test program uses a part
mod vault_support;

use faults_support::{ERRNOS, Fault, How, at_every_call, manners};
use fpp::error::{Class, Error};
use fpp::vault::blocks::BLOCK_BYTES;
use fpp::vault::disk::DiskVault;
use fpp::vault::{Kept, Vault, error_of};
use fpp_codecs::Code;
use rustix::io::Errno;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vault_support::FaultyIo;
use vault_support::breaking::Breaking;

const OWNER: &str = "n1.A";

fn room() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn open(io: &FaultyIo, dir: &Path) -> Result<DiskVault, Error> {
    DiskVault::open_on(Arc::new(io.clone()), &dir.join("far/vault"), OWNER)
}

fn read(vault: &dyn Vault, sha256: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    vault.open(sha256)?.reader_at(0).read_to_end(&mut bytes).map_err(error_of)?;
    Ok(bytes)
}

/// What a step promised.
enum Promise {
    Content(Vec<u8>),
    Index(String, Vec<u64>),
    /// It may be gone: its removal began.
    Going(String),
}

/// What a life does with a vault.
type Life = fn(&dyn Vault, &[u8]) -> (Vec<Promise>, Vec<Error>);

/// Content of several blocks comes in and is looked at: a life of few calls, because each block takes its time.
fn brief_life(vault: &dyn Vault, large: &[u8]) -> (Vec<Promise>, Vec<Error>) {
    let put =
        vault.put_bytes(large).map(|stored| vault.holds(&stored.sha256).map(|_| Promise::Content(large.to_vec())));
    match put {
        Ok(Ok(promise)) => (vec![promise], vec![]),
        Ok(Err(error)) => (vec![Promise::Content(large.to_vec())], vec![error]),
        Err(error) => (vec![], vec![error]),
    }
}

/// A small life: comes in, comes again, is read, and goes. Stops at nothing; gives what was promised and all errors.
fn life(vault: &dyn Vault, large: &[u8]) -> (Vec<Promise>, Vec<Error>) {
    let (mut promises, mut errors) = (Vec::new(), Vec::new());
    let mut step = |done: Result<Option<Promise>, Error>| match done {
        Ok(promise) => promises.extend(promise),
        Err(error) => errors.push(error),
    };
    let put = |bytes: &[u8]| vault.put_bytes(bytes).map(|_| Some(Promise::Content(bytes.to_vec())));
    let (large_sha256, small_sha256, old_sha256) = (digest(large), digest(b"small"), digest(b"old"));
    step(put(b"old"));
    step(put(large));
    let index = vault.put_index(&large_sha256, "lines", &[0, 480]);
    step(index.map(|()| Some(Promise::Index(large_sha256.clone(), vec![0, 480]))));
    step(put(b"small"));
    step(put(b"small"));
    for (sha256, bytes) in [(&large_sha256, large), (&small_sha256, b"small".as_slice())] {
        step(read(vault, sha256).map(|read| {
            assert!(read == bytes, "never other bytes than those that came in");
            None
        }));
    }
    step(vault.index(&large_sha256, "lines").map(|_| None));
    step(vault.holds(&small_sha256).map(|_| None));
    let mut seen = 0;
    let walked = vault.contents(&mut |_| {
        seen += 1;
        Ok(())
    });
    step(walked.map(|()| None));
    step(Ok(Some(Promise::Going(old_sha256.clone()))));
    step(vault.remove(&old_sha256, i64::MAX).map(|_| None));
    step(vault.remove(&small_sha256, 0).map(|gone| {
        assert!(gone.is_none(), "put after that time");
        None
    }));
    (promises, errors)
}

/// Content whose line breaks in the middle, and which comes in at the second attempt.
fn broken_off(vault: &dyn Vault, large: &[u8]) -> (Vec<Promise>, Vec<Error>) {
    let (mut promises, mut errors) = (Vec::new(), Vec::new());
    for breaks_at in [Some(large.len() / 2), None] {
        let mut input = Breaking::new(large, breaks_at);
        match vault.put_on("T1", &mut input, &mut |_| {}, u64::MAX) {
            Ok(stored) => {
                assert_eq!(stored.sha256, digest(large));
                promises.push(Promise::Content(large.to_vec()));
            }
            Err(error) if breaks_at.is_some() && error.code == Code::FOLDER => {}
            Err(error) => errors.push(error),
        }
        errors.extend(vault.kept_of("T1").err());
    }
    errors.extend(vault.drop_parts(0).err());
    (promises, errors)
}

fn contents(vault: &dyn Vault) -> Vec<Kept> {
    let mut found = Vec::new();
    let all = vault.contents(&mut |kept| {
        found.push(kept);
        Ok(())
    });
    all.unwrap();
    found
}

/// Everything that has its final name is whole.
fn nothing_half(dir: &Path, fault: Fault) {
    let vault = DiskVault::open_read_only(&dir.join("far/vault"));
    for kept in contents(&vault) {
        let whole = vault.open(&kept.sha256).and_then(|content| content.check());
        let name = &kept.sha256;
        assert!(whole.is_ok() || !vault.holds(name).unwrap(), "{fault:?}: {name}: {}", whole.unwrap_err());
    }
}

fn kept_promises(vault: &dyn Vault, promises: &[Promise], fault: Fault) {
    let going = |sha256: &str| promises.iter().any(|p| matches!(p, Promise::Going(of) if of == sha256));
    for promise in promises {
        match promise {
            Promise::Content(bytes) if going(&digest(bytes)) => {}
            Promise::Content(bytes) => {
                assert!(read(vault, &digest(bytes)).is_ok_and(|read| read == *bytes), "{fault:?}: it was promised");
            }
            Promise::Index(of, offsets) => {
                assert_eq!(vault.index(of, "lines").unwrap().as_ref(), Some(offsets), "{fault:?}");
            }
            Promise::Going(_) => {}
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// One life with a fault, then the power fails, then another life without.
fn live_through(life: Life, fault: Fault, large: &[u8], allowed: &dyn Fn(&Error) -> bool) -> bool {
    let dir = room();
    let io = FaultyIo::new(fault);
    let (promises, errors) = match open(&io, dir.path()) {
        Ok(vault) => life(&vault, large),
        Err(error) => (Vec::new(), vec![error]),
    };
    let met = io.met();
    assert!(met || errors.is_empty(), "{fault:?}: {errors:?}");
    for error in &errors {
        assert!(allowed(error), "{fault:?}: {:?} {error}", error.class);
    }
    nothing_half(dir.path(), fault);
    kept_promises(&DiskVault::open_read_only(&dir.path().join("far/vault")), &promises, fault);
    let healed = io.heal();
    healed.power_fails();
    nothing_half(dir.path(), fault);
    let vault = open(&healed, dir.path()).unwrap();
    kept_promises(&vault, &promises, fault);
    let (_, errors) = life(&vault, large);
    assert!(errors.is_empty(), "{fault:?}: {errors:?}");
    assert!(contents(&vault).iter().all(|kept| vault.open(&kept.sha256).is_ok_and(|c| c.check().is_ok())));
    let left = files(&dir.path().join("far/vault/tmp"));
    assert!(left.is_empty(), "{fault:?}: {left:?}");
    met
}

fn any(_: &Error) -> bool {
    true
}

#[test]
fn small_contents_survive_every_fault_at_every_call() {
    let large = b"one block, not small".repeat(50);
    let late = (0..6).map(|calls| (How::Late(calls), false));
    for (how, dead) in manners().into_iter().chain(late) {
        let calls = at_every_call(how, dead, |fault| live_through(life, fault, &large, &any));
        assert!(calls > 60, "{how:?}: {calls}");
    }
}

#[test]
fn content_of_several_blocks_survives_a_full_disk_and_a_lost_sync_at_every_call() {
    let large: Vec<u8> =
        (0..BLOCK_BYTES + 1).map(|at| (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    for how in [How::Torn(Errno::NOSPC, 7), How::Refused(Errno::IO)] {
        let calls = at_every_call(how, false, |fault| live_through(brief_life, fault, &large, &any));
        assert!(calls > 40, "{how:?}: {calls}");
    }
}

#[test]
fn what_broke_off_and_is_gone_on_with_survives_every_fault_at_every_call() {
    let large = b"one block, not small".repeat(50);
    let late = (0..6).map(|calls| (How::Late(calls), false));
    for (how, dead) in manners().into_iter().chain(late) {
        let calls = at_every_call(how, dead, |fault| live_through(broken_off, fault, &large, &any));
        assert!(calls > 40, "{how:?}: {calls}");
    }
}

fn parts_in(dir: &Path) -> Vec<PathBuf> {
    let mut all = files(&dir.join("far/vault/tmp"));
    all.retain(|path| path.to_string_lossy().ends_with(".T1.fetch"));
    all
}

#[test]
fn a_part_is_gone_on_with_by_whoever_comes_next_and_never_while_its_writer_lives() {
    let (dir, content) = (room(), b"0123456789".repeat(50_000));
    let open = |owner: &str| DiskVault::open(&dir.path().join("far/vault"), owner).unwrap();
    let breaks = |vault: &DiskVault, at| {
        let mut input = Breaking::new(&content, Some(at));
        assert!(vault.put_on("T1", &mut input, &mut |_| {}, u64::MAX).is_err());
        input.went_on_at
    };
    // The node breaks off, starts anew, and breaks off; another one takes over.
    assert_eq!(breaks(&open("n1.A"), 200_000), None);
    assert_eq!(breaks(&open("n1.B"), 300_000), Some(200_000));
    assert_eq!(breaks(&open("n2.C"), 400_000), Some(300_000));
    let left = parts_in(dir.path());
    assert!(matches!(&left[..], [one] if one.file_name().unwrap().to_str().unwrap().starts_with("n2.C.")), "{left:?}");
    // Its writer stands still, and is not dead: whoever comes next begins anew, and the other's bytes stay his own.
    let held = fs::File::options().append(true).open(&left[0]).unwrap();
    held.lock().unwrap();
    assert_eq!(breaks(&open("n1.D"), 100_000), None);
    assert_eq!(parts_in(dir.path()).len(), 2);
    std::io::Write::write_all(&mut &held, b"late").unwrap();
    drop(held);
    // The longer one does not end as the source does: it is worth nothing, and the whole is read.
    let mut input = Breaking::new(&content, None);
    let vault = open("n1.E");
    let stored = vault.put_on("T1", &mut input, &mut |_| {}, u64::MAX).unwrap();
    assert_eq!((input.went_on_at, stored.sha256), (None, digest(&content)));
    assert!(parts_in(dir.path()).is_empty() && read(&vault, &digest(&content)).unwrap() == content);
    // What nobody comes for goes when it is old, whoever left it; until then a start leaves it alone.
    breaks(&open("n3.F"), 5_000);
    let vault = open("n1.G");
    assert_eq!((vault.kept_of("T1").unwrap(), vault.drop_parts(1).unwrap()), (5_000, 0));
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 3_600);
    fs::File::options().append(true).open(&parts_in(dir.path())[0]).unwrap().set_modified(old).unwrap();
    drop(open("n1.H"));
    assert!(parts_in(dir.path()).is_empty());
    breaks(&vault, 5_000);
    assert_eq!((vault.drop_parts(i64::MAX).unwrap(), vault.kept_of("T1").unwrap()), (1, 0));
    // A disk that is full has no room for parts.
    let io = FaultyIo::new(Fault { at: 30, how: How::Torn(Errno::NOSPC, 7), dead: false });
    let vault = DiskVault::open_on(Arc::new(io.clone()), &dir.path().join("far/vault"), OWNER).unwrap();
    let big = b"x".repeat(9_000_000);
    let error = vault.put_on("T1", &mut Breaking::new(&big, None), &mut |_| {}, u64::MAX).unwrap_err();
    assert_eq!((error.code, io.met(), parts_in(dir.path()).len()), (Code::NO_SPACE, true, 0));
}

#[test]
fn errors_have_their_class_and_code() {
    for errno in ERRNOS {
        let expected = match errno {
            Errno::NOSPC | Errno::DQUOT => (Code::NO_SPACE, Class::Retry),
            Errno::ACCESS => (Code::VAULT, Class::Halt),
            _ => (Code::VAULT, Class::Retry),
        };
        // A content that could not be put is missing for what comes after it.
        let allowed = |error: &Error| {
            (error.code, error.class) == expected || error.what.contains("does not hold") && !error.hint.is_empty()
        };
        at_every_call(How::Refused(errno), false, |fault| live_through(life, fault, b"large", &allowed));
    }
}

#[test]
fn what_another_process_named_without_syncing_is_durable_when_it_is_put_again() {
    let dir = room();
    let io = FaultyIo::sound();
    let vault = open(&io, dir.path()).unwrap();
    vault.put_bytes(b"first").unwrap();
    // It died between the rename and the sync of the folder, whose own name is not synced either.
    let sha256 = digest(b"another");
    let folder = dir.path().join("far/vault").join(&sha256[..2]).join(&sha256[2..4]);
    use fpp::vault::disk::io::Io;
    for folder in [folder.parent().unwrap(), &folder] {
        io.make_folder(folder).unwrap();
    }
    let from = dir.path().join("far/vault/tmp/n2.B.0.part");
    let mut file = io.create_new(&from).unwrap();
    while fs::metadata(&from).unwrap().len() < 7 {
        let written = fs::metadata(&from).unwrap().len() as usize;
        file.write(&b"another"[written..]).unwrap();
    }
    file.sync().unwrap();
    io.rename(&from, &folder.join(&sha256)).unwrap();
    vault.put_bytes(b"another").unwrap();
    io.power_fails();
    assert_eq!(read(&vault, &sha256).unwrap(), b"another");
}

#[test]
fn the_free_space_of_the_disk_is_told() {
    let dir = room();
    let io = FaultyIo::sound();
    let vault = open(&io, dir.path()).unwrap();
    assert!(vault.free_bytes().unwrap().is_some_and(|free| free > 0));
    io.set_free_bytes(4_711);
    assert_eq!(vault.free_bytes().unwrap(), Some(4_711));
}
