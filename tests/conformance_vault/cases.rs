//! The cases: content, damage, errors of a source, indexes, walks and removals.

use crate::Place;
use crate::breaking::Breaking;
use fpp::error::{Class, Error};
use fpp::vault::blocks::BLOCK_BYTES;
use fpp::vault::digests::digest;
use fpp::vault::{Kept, Vault, error_of};
use fpp_codecs::Code;
use fpp_spool::Algorithm;
use std::io::{self, Read};

const DAY_MS: i64 = 86_400_000;
const ABC_SHA256: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const ABC_SM3: &str = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";

/// Bytes in which no two places look alike.
pub(crate) fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

fn all(vault: &dyn Vault, sha256: &str) -> Result<Vec<u8>, Error> {
    let mut read = Vec::new();
    vault.open(sha256)?.reader_at(0).read_to_end(&mut read).map_err(error_of)?;
    Ok(read)
}

pub(crate) fn content_comes_back_as_it_came(place: &impl Place) {
    let vault = place.open();
    let abc = vault.put_bytes(b"abc").unwrap();
    assert_eq!((abc.sha256.as_str(), abc.size), (ABC_SHA256, 3));
    assert_eq!(digest(&*vault, ABC_SHA256, Algorithm::Sm3).unwrap(), ABC_SM3);
    for size in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES] {
        let content = bytes(size);
        let mut seen: Vec<u8> = Vec::new();
        let stored = vault.put(&mut content.as_slice(), &mut |piece| seen.extend(piece), size as u64).unwrap();
        assert_eq!((stored.size, seen == content), (size as u64, true));
        let reopened = place.open();
        assert!(reopened.holds(&stored.sha256).unwrap());
        assert_eq!(reopened.open(&stored.sha256).unwrap().size(), size as u64);
        assert!(all(&*reopened, &stored.sha256).unwrap() == content, "{size} bytes");
        reopened.open(&stored.sha256).unwrap().check().unwrap();
    }
    assert!(place.objects().iter().all(|path| !path.to_string_lossy().ends_with(".part")));
}

pub(crate) fn the_same_content_is_kept_once(place: &impl Place) {
    let vault = place.open();
    let first = vault.put_bytes(b"abc").unwrap();
    let objects = place.objects();
    assert_eq!(vault.put_bytes(b"abc").unwrap(), first);
    assert_eq!(place.objects(), objects);
}

pub(crate) fn any_piece_can_be_read(place: &impl Place) {
    let vault = place.open();
    let content = bytes(2 * BLOCK_BYTES + 100);
    let stored = vault.put_bytes(&content).unwrap();
    let open = vault.open(&stored.sha256).unwrap();
    for offset in [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 99, 2 * BLOCK_BYTES + 100] {
        let mut piece = Vec::new();
        open.reader_at(offset as u64).take(200).read_to_end(&mut piece).unwrap();
        let end = (offset + 200).min(content.len());
        assert!(piece == content[offset..end], "from {offset}");
    }
    let mut beyond = Vec::new();
    assert_eq!(open.reader_at(u64::MAX).read_to_end(&mut beyond).unwrap(), 0);
}

pub(crate) fn damage_is_never_handed_out(place: &impl Place) {
    let vault = place.open();
    let content = bytes(2 * BLOCK_BYTES + 100);
    let sha256 = vault.put_bytes(&content).unwrap().sha256;
    let open = vault.open(&sha256).unwrap();
    place.tamper(&sha256, "", &|bytes| bytes[BLOCK_BYTES + 7] ^= 1);
    for content in [&open, &vault.open(&sha256).unwrap()] {
        let mut first = vec![0; BLOCK_BYTES];
        content.reader_at(0).read_exact(&mut first).unwrap();
        let mut after = Vec::new();
        let error = error_of(content.reader_at(BLOCK_BYTES as u64 - 5).read_to_end(&mut after).unwrap_err());
        assert_eq!((error.code, error.class), (Code::VAULT, Class::Halt));
        assert!(error.to_string().contains("begins at byte 4194304"), "{error}");
        assert_eq!(after.len(), 5, "not a byte of the damaged block");
        content.reader_at(2 * BLOCK_BYTES as u64).read_to_end(&mut after).unwrap();
        assert_eq!(content.check().unwrap_err().code, Code::VAULT);
    }
    for (suffix, how) in [
        ("", (|bytes| bytes.truncate(5)) as fn(&mut Vec<u8>)),
        ("", |bytes| bytes.push(0)),
        (".blocks", |bytes| bytes[20] ^= 1),
        (".blocks", |bytes| bytes.clear()),
    ] {
        place.tamper(&sha256, suffix, &how);
        let error = all(&*vault, &sha256).unwrap_err();
        assert_eq!((error.code, error.class), (Code::VAULT, Class::Halt), "{error}");
    }
    let error = vault.open(ABC_SHA256).err().unwrap();
    assert_eq!((error.code, error.class), (Code::VAULT, Class::Halt), "never put: {error}");
    assert!(!vault.holds(ABC_SHA256).unwrap());
}

pub(crate) fn a_damaged_copy_is_mended_by_sound_bytes(place: &impl Place) {
    let vault = place.open();
    let large = bytes(BLOCK_BYTES + 1);
    for (content, suffix) in [(&b"abc"[..], ""), (&large, ""), (&large, ".blocks")] {
        let sha256 = vault.put_bytes(content).unwrap().sha256;
        place.tamper(&sha256, suffix, &|bytes| bytes[1] ^= 1);
        assert!(all(&*vault, &sha256).is_err());
        vault.put_bytes(content).unwrap();
        assert!(all(&*vault, &sha256).unwrap() == content);
    }
}

pub(crate) fn small_content_cannot_shrink_unseen(place: &impl Place) {
    let vault = place.open();
    vault.put_bytes(b"abc").unwrap();
    for length in 0..3 {
        place.tamper(ABC_SHA256, "", &|bytes| bytes.truncate(length));
        assert_eq!(all(&*vault, ABC_SHA256).unwrap_err().code, Code::VAULT, "{length} bytes left");
        vault.put_bytes(b"abc").unwrap();
    }
}

pub(crate) fn too_much_is_refused_and_leaves_nothing(place: &impl Place) {
    let vault = place.open();
    let error = vault.put(&mut io::repeat(7), &mut |_| {}, 1_000_000).unwrap_err();
    assert_eq!((error.code, error.class), (Code::UNSAFE, Class::Reject), "{error}");
    assert!(place.objects().is_empty());
}

struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

pub(crate) fn an_error_of_the_source_comes_out(place: &impl Place) {
    let vault = place.open();
    let carried = io::Error::other(Error::halt(Code::HOST_KEY, "the key differs"));
    let plain = io::Error::from(io::ErrorKind::ConnectionReset);
    for (error, code, class) in [(carried, Code::HOST_KEY, Class::Halt), (plain, Code::FOLDER, Class::Retry)] {
        let mut input = b"begun".chain(Failing(Some(error)));
        let error = vault.put(&mut input, &mut |_| {}, u64::MAX).unwrap_err();
        assert_eq!((error.code, error.class), (code, class));
        assert!(place.objects().is_empty());
    }
}

pub(crate) fn an_input_that_breaks_off_comes_in_whole_at_last(place: &impl Place) {
    let (vault, content) = (place.open(), bytes(BLOCK_BYTES + 300_000));
    let mut came = 0;
    for breaks_at in [Some(1_000_000), Some(BLOCK_BYTES + 5), Some(BLOCK_BYTES + 5), None] {
        let mut input = Breaking::new(&content, breaks_at);
        let mut seen = Vec::new();
        let put = vault.put_on("T1", &mut input, &mut |piece| seen.extend_from_slice(piece), u64::MAX);
        // Gone on with or begun anew, as the engine can: every byte is shown, and none twice.
        assert!(seen == content[..breaks_at.unwrap_or(content.len())]);
        assert!(input.went_on_at.is_none_or(|at| at == came), "{:?}", input.went_on_at);
        let kept = vault.kept_of("T1").unwrap();
        came = input.at as u64;
        match put {
            Ok(stored) => assert_eq!((breaks_at, stored.size, kept), (None, content.len() as u64, 0)),
            Err(error) => assert!(error.code == Code::FOLDER && (kept == came || kept == 0), "{error}"),
        }
    }
    let mut read = Vec::new();
    let sha256 = vault.put_bytes(&content).unwrap().sha256;
    vault.open(&sha256).unwrap().reader_at(0).read_to_end(&mut read).unwrap();
    assert!(read == content);
    assert_eq!(place.objects().len(), 2, "the content and the digests of its blocks");
    let mut large = Breaking::new(&content, None);
    let error = vault.put_on("T2", &mut large, &mut |_| {}, 1_000_000).unwrap_err();
    assert_eq!((error.code, error.class), (Code::UNSAFE, Class::Reject), "{error}");
    assert_eq!((place.objects().len(), vault.kept_of("T2").unwrap()), (2, 0), "what is refused is not kept");
}

pub(crate) fn an_index_is_kept_beside_its_content(place: &impl Place) {
    let vault = place.open();
    assert_eq!(vault.put_index(ABC_SHA256, "lines", &[0]).unwrap_err().code, Code::VAULT, "no content yet");
    vault.put_bytes(b"abc").unwrap();
    assert_eq!(vault.index(ABC_SHA256, "lines").unwrap(), None);
    vault.put_index(ABC_SHA256, "lines", &[0, 480, u64::MAX]).unwrap();
    assert_eq!(place.open().index(ABC_SHA256, "lines").unwrap(), Some(vec![0, 480, u64::MAX]));
    vault.put_index(ABC_SHA256, "lines", &[]).unwrap();
    assert_eq!(vault.index(ABC_SHA256, "lines").unwrap(), Some(vec![]));
    place.tamper(ABC_SHA256, ".lines.index", &|bytes| bytes[3] ^= 1);
    let error = vault.index(ABC_SHA256, "lines").unwrap_err();
    assert_eq!(error.code, Code::VAULT, "{error}");
    assert_eq!(vault.index(ABC_SHA256, "records").unwrap(), None);
}

pub(crate) fn names_cannot_lead_out(place: &impl Place) {
    let vault = place.open();
    for name in ["", "../../etc/passwd", &"A".repeat(64), &"/".repeat(64), &"é".repeat(32)] {
        assert!(vault.open(name).is_err());
        assert!(!vault.holds(name).unwrap());
        assert!(vault.index(name, "lines").is_err());
    }
    for kind in ["", "../x", "a.b", "Ä"] {
        assert!(vault.put_index(ABC_SHA256, kind, &[]).is_err());
    }
}

pub(crate) fn many_writers_of_one_content_agree(place: &impl Place) {
    let content = bytes(BLOCK_BYTES / 2);
    let vaults: Vec<_> = (0..4).map(|_| place.open()).collect();
    let stored: Vec<_> = std::thread::scope(|scope| {
        let writers: Vec<_> = vaults.iter().map(|vault| scope.spawn(|| vault.put_bytes(&content).unwrap())).collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    assert!(stored.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(all(&*vaults[0], &stored[0].sha256).unwrap() == content);
    assert_eq!(place.objects().len(), 1);
}

fn contents(vault: &dyn Vault) -> Vec<Kept> {
    let mut found = Vec::new();
    let all = vault.contents(&mut |kept| {
        found.push(kept);
        Ok(())
    });
    all.unwrap();
    found.sort_by(|a, b| a.sha256.cmp(&b.sha256));
    found
}

pub(crate) fn a_walk_shows_every_content_once(place: &impl Place) {
    let vault = place.open();
    assert_eq!(contents(&*vault), []);
    let mut put: Vec<_> = [0, 3, BLOCK_BYTES + 1].map(|size| vault.put_bytes(&bytes(size)).unwrap()).into();
    vault.put_index(&put[2].sha256, "lines", &[0]).unwrap();
    put.sort_by(|a, b| a.sha256.cmp(&b.sha256));
    let found = contents(&*place.open());
    let seen: Vec<_> = found.iter().map(|kept| (&kept.sha256, kept.bytes)).collect();
    assert_eq!(seen, put.iter().map(|stored| (&stored.sha256, stored.size)).collect::<Vec<_>>());
    let mut first = 0;
    let stopped = vault.contents(&mut |_| {
        first += 1;
        Err(Error::halt(Code::RANGE, "enough"))
    });
    assert_eq!((stopped.unwrap_err().code, first), (Code::RANGE, 1));
}

pub(crate) fn a_removal_takes_all_of_what_is_old_and_nothing_that_was_put_since(place: &impl Place) {
    let vault = place.open();
    let sha256 = vault.put_bytes(&bytes(BLOCK_BYTES + 1)).unwrap().sha256;
    vault.put_index(&sha256, "lines", &[0]).unwrap();
    let put_ms = contents(&*vault)[0].put_ms;
    place.age(&sha256);
    let aged_ms = contents(&*vault)[0].put_ms;
    assert!(aged_ms <= put_ms - 9 * DAY_MS, "{put_ms} {aged_ms}");
    assert_eq!(vault.remove(&sha256, aged_ms).unwrap(), None, "put at that time");
    assert_eq!(vault.remove(&sha256, aged_ms + 1).unwrap(), Some(BLOCK_BYTES as u64 + 1));
    assert!(place.objects().is_empty(), "{:?}", place.objects());
    assert!(!vault.holds(&sha256).unwrap());
    assert_eq!(vault.open(&sha256).err().unwrap().class, Class::Halt);
    assert_eq!(vault.remove(&sha256, i64::MAX).unwrap(), Some(0), "once is enough");
    assert!(vault.remove("../x", 0).is_err());
    vault.put_bytes(&bytes(BLOCK_BYTES + 1)).unwrap();
    place.open().open(&sha256).unwrap().check().unwrap();
}

pub(crate) fn what_is_renewed_stays(place: &impl Place) {
    let vault = place.open();
    assert!(!vault.renew(ABC_SHA256).unwrap());
    let ways: [fn(&dyn Vault) -> bool; 2] = [|v| v.put_bytes(b"abc").is_ok(), |v| v.renew(ABC_SHA256).unwrap()];
    for renew in ways {
        vault.put_bytes(b"abc").unwrap();
        place.age(ABC_SHA256);
        let aged_ms = contents(&*vault)[0].put_ms;
        assert!(renew(&*vault));
        assert_eq!(vault.remove(ABC_SHA256, aged_ms + DAY_MS).unwrap(), None);
        assert_eq!(all(&*vault, ABC_SHA256).unwrap(), b"abc");
    }
}
