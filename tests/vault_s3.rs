//! The vault in a bucket, against a real S3 server: claims, large contents, keys, servers that do not answer.
#![cfg(feature = "s3")]
// A test that cannot go on says so by panicking, in helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "vault_support/bucket.rs"]
#[allow(dead_code, clippy::print_stdout)] // each test program uses a part; a skipped test says so
mod bucket;

use bucket::{Room, keys, running};
use fpp::clock::Clock;
use fpp::error::{Class, Error};
use fpp::vault::Vault;
use fpp::vault::s3::bucket::Bucket;
use fpp::vault::s3::{Keys, S3Vault};
use fpp_codecs::Code;
use std::fs;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Barrier};

const DAY_MS: i64 = 86_400_000;

#[test]
fn of_many_who_create_one_object_at_once_exactly_one_does() {
    let Some(running) = running() else { return };
    let room = Room::new(running);
    let buckets: Vec<_> = (0..16).map(|_| Bucket::new(&room.place).unwrap()).collect();
    for round in 0..8 {
        let (start, key) = (Barrier::new(buckets.len()), format!("{}/claim-{round}", room.place.prefix));
        let winners: Vec<_> = std::thread::scope(|scope| {
            let claim = |(n, bucket): (usize, &Bucket)| {
                start.wait();
                bucket.create(&key, format!("{n}").into_bytes()).unwrap().then_some(n)
            };
            let claimers: Vec<_> =
                buckets.iter().enumerate().map(|claimer| scope.spawn(move || claim(claimer))).collect();
            claimers.into_iter().filter_map(|claimer| claimer.join().unwrap()).collect()
        });
        assert_eq!(winners.len(), 1, "{winners:?}");
        let kept = fs::read_to_string(room.folder.join(format!("claim-{round}"))).unwrap();
        assert_eq!(kept, winners[0].to_string(), "what the winner wrote stands there");
    }
}

#[test]
fn a_large_content_goes_in_parts_and_comes_back_from_any_place() {
    let Some(running) = running() else { return };
    let room = Room::new(running);
    let vault = S3Vault::open(&room.place).unwrap();
    let bytes: Vec<u8> = (0..20_000_001u32).map(|at| at.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let stored = vault.put(&mut bytes.as_slice(), &mut |_| {}, u64::MAX).unwrap();
    assert_eq!(vault.put_bytes(&bytes).unwrap(), stored);
    assert_eq!(fs::read_dir(room.folder.join(&stored.sha256)).unwrap().count(), 2, "its bytes and its list of blocks");
    let content = S3Vault::open(&room.place).unwrap().open(&stored.sha256).unwrap();
    content.check().unwrap();
    let mut rest = Vec::new();
    content.reader_at(19_000_000).read_to_end(&mut rest).unwrap();
    assert!(rest == bytes[19_000_000..]);
}

#[test]
fn content_of_an_older_day_is_written_anew_and_the_old_copy_goes() {
    let Some(running) = running() else { return };
    let mut room = Room::new(running);
    let now = Arc::new(AtomicI64::new(Clock::System.now_ms()));
    room.place.clock = Clock::Fixed(now.clone());
    let vault = S3Vault::open(&room.place).unwrap();
    let sha256 = vault.put_bytes(b"plan").unwrap().sha256;
    let copies = || fs::read_dir(room.folder.join(&sha256)).unwrap().count();
    now.fetch_add(DAY_MS, Ordering::Relaxed);
    vault.put_bytes(b"plan").unwrap();
    assert_eq!(copies(), 1, "yesterday's is used again");
    now.fetch_add(DAY_MS, Ordering::Relaxed);
    vault.put_bytes(b"plan").unwrap();
    assert_eq!(copies(), 2, "the day before yesterday's is not");
    // Whoever removes what nobody used since a moment ago leaves today's alone.
    assert_eq!(vault.remove(&sha256, now.load(Ordering::Relaxed)).unwrap(), None);
    assert_eq!(copies(), 1);
    vault.open(&sha256).unwrap().check().unwrap();
}

fn refused(place: &fpp::vault::s3::Place) -> Error {
    S3Vault::open(place).map(|_| ()).unwrap_err()
}

#[test]
fn faults_of_a_server_are_tried_again_and_tell_no_key() {
    let Some(running) = running() else { return };
    let room = Room::new(running);
    let mut place = room.place.clone();
    place.keys = keys(false);
    let wrong = refused(&place);
    assert_eq!((wrong.code, wrong.class), (Code::VAULT, Class::Retry), "{wrong}");
    assert!(wrong.hint.contains("keys"), "{wrong}");
    place = room.place.clone();
    // A port that nobody listens on any more.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    place.endpoint = Some(format!("http://127.0.0.1:{port}"));
    let silent = refused(&place);
    assert_eq!((silent.code, silent.class), (Code::VAULT, Class::Retry), "{silent}");
    place = room.place.clone();
    place.bucket = "no-such-bucket".into();
    let none = refused(&place);
    assert_eq!((none.code, none.class), (Code::VAULT, Class::Halt), "{none}");
    place = room.place.clone();
    place.keys = Arc::new(|| Err(Error::halt(Code::VAULT, "the file of keys cannot be read")));
    assert!(refused(&place).to_string().contains("the file of keys cannot be read"));
    place = room.place.clone();
    place.tls = true;
    assert!(S3Vault::open(&place).is_err(), "nothing is sent in clear where TLS is asked for");
    for error in [wrong, silent, none] {
        let told = format!("{error} {error:?}");
        assert!(!told.contains("fpp-tests") && !told.contains("wrong-secret"), "{told}");
    }
}

#[test]
fn keys_are_changed_without_a_restart() {
    let Some(running) = running() else { return };
    let mut room = Room::new(running);
    let right = Arc::new(AtomicBool::new(false));
    let now = right.clone();
    room.place.keys = Arc::new(move || keys(now.load(Ordering::Relaxed))().map(|keys| Keys { token: None, ..keys }));
    right.store(true, Ordering::Relaxed);
    let vault = S3Vault::open(&room.place).unwrap();
    let sha256 = vault.put_bytes(b"abc").unwrap().sha256;
    right.store(false, Ordering::Relaxed);
    let error = vault.holds(&sha256).unwrap_err();
    assert_eq!(error.class, Class::Retry, "never \"no\": {error}");
    right.store(true, Ordering::Relaxed);
    assert!(vault.holds(&sha256).unwrap());
}
