//! Reading a file to its end across broken lines.
//!
//! What was read is never read again for nothing, and never trusted for its length alone. When the line breaks, the file
//! must still be the one that was seen. Then, if the caller compares the digest of the whole with one that the sender has
//! stated, reading goes on where it stopped, after the last bytes that were passed on were found again at their place.
//! Without such a digest nothing else would prove the beginning: it is read again, its digest is compared with that of
//! what was passed on, and only then new bytes follow. A file that differs is [`ErrorKind::Changed`].

use crate::digest::{Algorithm, Digest, Hasher, digest_of};
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::folder::Folder;
use std::io::{self, Read};
use std::time::Duration;

/// The last bytes that must be found again.
const TAIL_BYTES: usize = 64 << 10;
/// How often in a row, without a new byte, the line may break before the caller hears of it.
const BREAKS_MAX: u32 = 3;
/// So many bytes may be read again, besides a multiple of the file's size: on a line that breaks all the time, going on
/// would cost the square of the size.
const AGAIN_BYTES: u64 = 8 << 20;
const AGAIN_TIMES: u64 = 4;
/// Pause before the first attempt; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// A file being read, as often as need be.
pub struct PatientReader<'a> {
    folder: &'a dyn Folder,
    expected: &'a Entry,
    input: Option<Box<dyn Read + Send>>,
    /// Bytes passed on.
    at: u64,
    proof: Proof,
    breaks: u32,
    resumed: u32,
    /// Bytes that were read again.
    again: u64,
}

/// What is known of the bytes that were passed on.
enum Proof {
    /// The last ones: the caller proves the whole.
    Tail(Vec<u8>),
    /// The digest of all.
    Prefix(Box<Hasher>),
}

impl<'a> PatientReader<'a> {
    /// Opens the file that was seen. `whole_is_proven`: the caller compares the digest of all bytes with a stated one,
    /// and reads anew if they differ and [`PatientReader::resumed`] is not 0.
    pub fn open(folder: &'a dyn Folder, expected: &'a Entry, whole_is_proven: bool) -> Result<PatientReader<'a>> {
        let input = Some(folder.open_as(expected, 0)?);
        let proof = if whole_is_proven {
            Proof::Tail(Vec::new())
        } else {
            Proof::Prefix(Box::new(Hasher::only(Algorithm::Sha256)))
        };
        Ok(PatientReader { folder, expected, input, at: 0, proof, breaks: 0, resumed: 0, again: 0 })
    }

    /// Goes on where another reader stopped, behind so many bytes of which these are the last ones; nothing where others stand
    /// there. The caller compares the digest of the whole, as [`PatientReader::open`] has it.
    pub fn open_behind(
        folder: &'a dyn Folder,
        expected: &'a Entry,
        at: u64,
        last: &[u8],
    ) -> Result<Option<PatientReader<'a>>> {
        let proof = Proof::Tail(last.to_vec());
        let mut reader = PatientReader { folder, expected, input: None, at, proof, breaks: 0, resumed: 1, again: 0 };
        reader.input = reader.resume()?;
        Ok(reader.input.is_some().then_some(reader))
    }

    /// How often reading went on after a broken line.
    pub fn resumed(&self) -> u32 {
        self.resumed
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.at += bytes.len() as u64;
        self.breaks = 0;
        match &mut self.proof {
            Proof::Prefix(hasher) => hasher.update(bytes),
            Proof::Tail(tail) => {
                tail.extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL_BYTES)..]);
                let over = tail.len().saturating_sub(TAIL_BYTES);
                tail.drain(..over);
            }
        }
    }

    /// Opens the file again where reading stopped, once that is proven; nothing where its first bytes are others.
    fn resume(&mut self) -> Result<Option<Box<dyn Read + Send>>> {
        let name = &self.expected.name;
        match self.folder.stat(name)? {
            Some(now) if now.same_file(self.expected) => {}
            _ => return Err(self.changed("it is another file than before the line broke")),
        }
        let (mut input, same) = match &self.proof {
            Proof::Tail(tail) => {
                let mut input = self.folder.open_as(self.expected, self.at.saturating_sub(tail.len() as u64))?;
                let mut again = vec![0; tail.len()];
                input.read_exact(&mut again).map_err(|e| Error::from_io(format_args!("reading {name:?} again"), e))?;
                (input, again == *tail)
            }
            Proof::Prefix(hasher) => {
                let mut input = self.folder.open_as(self.expected, 0)?;
                let (read, digest) = digest_of(Algorithm::Sha256, &mut (&mut input).take(self.at))?;
                (input, (read, digest) == (self.at, sofar(hasher)))
            }
        };
        if !same {
            // Read to its end, the session could be used again; but nothing of this file is wanted any more.
            let _ = input.read(&mut [0]);
            return Ok(None);
        }
        Ok(Some(input))
    }

    fn changed(&self, how: &str) -> Error {
        Error::new(ErrorKind::Changed, format!("{:?} in {}: {how}", self.expected.name, self.folder.describe()))
    }

    /// Whether what must be read again before reading goes on is worth it.
    fn affords(&mut self) -> bool {
        let cost = match &self.proof {
            Proof::Tail(tail) => tail.len() as u64,
            Proof::Prefix(_) => self.at,
        };
        self.again = self.again.saturating_add(cost);
        self.again <= self.expected.size.saturating_mul(AGAIN_TIMES).saturating_add(AGAIN_BYTES)
    }

    /// After an error: whether reading goes on.
    fn mend(&mut self, error: io::Error) -> io::Result<()> {
        self.input = None;
        let mut error = Error::from_io(format_args!("reading {:?}", self.expected.name), error);
        while error.kind == ErrorKind::Unreachable && self.breaks < BREAKS_MAX && self.affords() {
            std::thread::sleep(PAUSE * 2u32.pow(self.breaks));
            self.breaks += 1;
            match self.resume() {
                Ok(Some(input)) => {
                    tracing::info!(file = self.expected.name, at = self.at, "the line broke; reading goes on");
                    self.resumed += 1;
                    self.input = Some(input);
                    return Ok(());
                }
                Ok(None) => {
                    error = self.changed("its first bytes are not those that were read before the line broke");
                }
                Err(later) => error = later,
            }
        }
        Err(error.into_io())
    }
}

fn sofar(hasher: &Hasher) -> Digest {
    hasher.clone().finish().0.unwrap_or(Digest { algorithm: Algorithm::Sha256, bytes: [0; 32] })
}

impl Read for PatientReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(input) = &mut self.input else { return Err(io::Error::other("reading has failed before")) };
            match input.read(buffer) {
                Ok(n) => {
                    self.pass(&buffer[..n]);
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => return Err(e),
                Err(e) => self.mend(e)?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::LocalFolder;

    /// How often reading goes on, and how many bytes are read again, when the line breaks every so many bytes.
    fn breaks_every(bytes: u64, size: u64, whole_is_proven: bool) -> (u64, u64) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::File::create(dir.path().join("A")).unwrap().set_len(size).unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        let entry = folder.stat("A").unwrap().unwrap();
        let mut reader = PatientReader::open(&folder, &entry, whole_is_proven).unwrap();
        let mut went_on = 0;
        while reader.at + bytes < size {
            match &mut reader.proof {
                Proof::Tail(tail) => tail.resize(TAIL_BYTES, 0),
                Proof::Prefix(_) => {}
            }
            reader.at += bytes;
            if !reader.affords() {
                break;
            }
            went_on += 1;
        }
        (went_on, reader.again)
    }

    #[test]
    fn another_file_of_the_name_is_not_opened_for_the_one_that_was_seen() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let time = std::time::UNIX_EPOCH + Duration::from_secs(1_000);
        for name in ["A", "other"] {
            std::fs::write(at(name), name.as_bytes()[..1].repeat(10)).unwrap();
            std::fs::File::options().append(true).open(at(name)).unwrap().set_modified(time).unwrap();
        }
        let folder = LocalFolder::open(dir.path()).unwrap();
        let seen = folder.stat("A").unwrap().unwrap();
        let read = |whole_is_proven| {
            let mut bytes = Vec::new();
            PatientReader::open(&folder, &seen, whole_is_proven)?.read_to_end(&mut bytes).unwrap();
            Ok::<_, Error>(bytes)
        };
        assert_eq!(read(true).unwrap(), b"AAAAAAAAAA");
        // Of equal size and time; the other one is back under its name when somebody looks again.
        std::fs::rename(at("A"), at("aside")).unwrap();
        std::fs::rename(at("other"), at("A")).unwrap();
        for whole_is_proven in [true, false] {
            let error = read(whole_is_proven).unwrap_err();
            assert_eq!((error.kind, error.retry_helps()), (ErrorKind::Changed, true), "{error}");
        }
        std::fs::rename(at("aside"), at("A")).unwrap();
        assert_eq!(read(false).unwrap(), b"AAAAAAAAAA");
        std::fs::remove_file(at("A")).unwrap();
        assert_eq!(read(false).unwrap_err().kind, ErrorKind::Missing);
    }

    #[test]
    fn a_line_that_breaks_all_the_time_costs_no_square() {
        let (mib, size) = (1 << 20, 1 << 30);
        let (went_on, again) = breaks_every(mib, size, false);
        assert!((90..100).contains(&went_on) && again < 5 * size, "{went_on}, {again}: 1,023 breaks cost 512 GiB");
        assert_eq!(breaks_every(size / 8, size, false).0, 7, "one that breaks now and then is good enough");
        assert_eq!(breaks_every(mib, size, true).0, 1_023, "and so is any, where a digest proves the whole");
        assert!(breaks_every(4_096, mib, false).0 > 64, "a small file is soon read again");
    }
}
