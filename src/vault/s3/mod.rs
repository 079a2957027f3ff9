//! The vault in a bucket of an S3 server: `<prefix>/<sha256>/<day>`, beside it `<day>.blocks` (when it is larger than one
//! block) and `<day>.<kind>.index`. The day is the UTC day on which the content came in, as `yyyymmdd`.
//!
//! Content is gathered on this machine first, because its name is known at its end only; then it is written under its
//! final key at once or in parts, and S3 shows it as a whole or not at all. There are no temporaries in the bucket. Of
//! several nodes that put equal content on one day, the conditional put lets exactly one create it.
//!
//! Invariants: the block digests stand before the content, so content that is there can be checked. Content of today or
//! yesterday is used again; older one is written anew under today. So a removal, which takes whole days that are long
//! over, never meets a `put`, although S3 knows no lock: its clock would have to be off by days.
//!
//! Deliberately absent: parts of a content whose input broke off, because what is gathered has no name (it is read anew); versions, tags and storage classes, which are the bucket's own; listing of unfinished uploads,
//! which the bucket's rule for them removes (docs/operate.md).

pub mod bucket;
mod line;
mod place;

pub use place::{Keys, Place, ReadKeys};

use super::blocks::{BLOCK_BYTES, Blocks, Content, Source};
use super::faults::{check_name, damaged, error_of, missing};
use super::take_in::TakeIn;
use super::{Kept, Stored, Vault, index};
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::scratch::{self, Scratch};
use bucket::{Bucket, Object, PART_BYTES};
use fpp_codecs::Code;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::SpooledTempFile;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// A content is used again on the day it came in and on so many days after.
const USED_AGAIN_DAYS: i64 = 1;

/// Content on its way in.
type Gathered = Scratch<SpooledTempFile>;

/// A vault in a bucket.
pub struct S3Vault {
    bucket: Arc<Bucket>,
    prefix: String,
    scratch: PathBuf,
    clock: Clock,
}

/// One day's copy of a content.
struct Copy {
    day: String,
    bytes: u64,
    /// It has a list of block digests.
    listed: bool,
}

impl S3Vault {
    /// Opens it, and asks the server once whether it lets this node read the bucket.
    pub fn open(place: &Place) -> Result<S3Vault> {
        let bucket = Arc::new(Bucket::new(place)?);
        let (scratch, clock) = (place.scratch.clone(), place.clock.clone());
        let vault = S3Vault { bucket, prefix: place.prefix.clone(), scratch, clock };
        vault.bucket.page(&vault.prefix, None)?;
        Ok(vault)
    }

    fn folder(&self, sha256: &str) -> String {
        if self.prefix.is_empty() { sha256.to_owned() } else { format!("{}/{sha256}", self.prefix) }
    }

    fn key(&self, sha256: &str, day: &str, suffix: &str) -> String {
        format!("{}/{day}{suffix}", self.folder(sha256))
    }

    /// Everything that is kept of a content.
    fn objects(&self, sha256: &str) -> Result<Vec<Object>> {
        let mut all: Vec<Object> = Vec::new();
        loop {
            let page = self.bucket.page(&self.folder(sha256), all.last().map(|o| o.key.as_str()))?;
            if page.is_empty() {
                return Ok(all);
            }
            all.extend(page);
        }
    }

    /// The newest copy.
    fn newest(&self, sha256: &str) -> Result<Option<Copy>> {
        let objects = self.objects(sha256)?;
        let newest = objects.iter().filter(|o| is_day(last(&o.key))).max_by(|a, b| a.key.cmp(&b.key));
        Ok(newest.map(|newest| Copy {
            day: last(&newest.key).to_owned(),
            bytes: newest.bytes,
            listed: objects.iter().any(|o| o.key.strip_prefix(&newest.key) == Some(".blocks")),
        }))
    }

    fn content(&self, sha256: &str, copy: &Copy) -> Result<Content> {
        let list = match copy.listed {
            true => self.bucket.read(&self.key(sha256, &copy.day, ".blocks"))?,
            false => None,
        };
        let blocks = match list {
            Some(bytes) => Blocks::read(&bytes),
            None if copy.bytes <= BLOCK_BYTES as u64 => Blocks::single(sha256, copy.bytes),
            None => Err("its list of block digests is missing"),
        };
        let blocks = blocks.map_err(|what| damaged(sha256, what))?;
        if copy.bytes != blocks.size() {
            return Err(damaged(sha256, format!("it has {} bytes, {} came in", copy.bytes, blocks.size())));
        }
        let (bucket, key) = (self.bucket.clone(), self.key(sha256, &copy.day, ""));
        Ok(Content::new(sha256, blocks, S3Source { bucket, key, sha256: sha256.to_owned() }))
    }

    fn day(&self, days_ago: i64) -> Result<String> {
        day_of(self.clock.now_ms() - days_ago * DAY_MS)
    }

    /// Writes a content under a day, replacing what may stand there.
    fn replace(&self, key: &str, gathered: &mut Gathered, size: u64) -> Result<()> {
        gathered.rewound()?;
        if size > PART_BYTES {
            return self.bucket.upload(key, gathered, size);
        }
        let mut bytes = Vec::new();
        gathered.read_to_end(&mut bytes).map_err(error_of)?;
        self.bucket.write(key, bytes)
    }

    /// Writes a content that is not there yet; another node may be first.
    fn create(&self, sha256: &str, day: &str, gathered: &mut Gathered, size: u64) -> Result<()> {
        let key = self.key(sha256, day, "");
        if size > PART_BYTES {
            return self.replace(&key, gathered, size);
        }
        gathered.rewound()?;
        let mut bytes = Vec::new();
        gathered.read_to_end(&mut bytes).map_err(error_of)?;
        if self.bucket.create(&key, bytes)? {
            return Ok(());
        }
        let sound = self.open(sha256).and_then(|content| content.check());
        if sound.is_ok() { Ok(()) } else { self.replace(&key, gathered, size) }
    }
}

impl Vault for S3Vault {
    fn put(&self, input: &mut dyn Read, observe: &mut dyn FnMut(&[u8]), max_bytes: u64) -> Result<Stored> {
        let mut gathered = Scratch::new(tempfile::spooled_tempfile_in(BLOCK_BYTES, &self.scratch), &self.scratch);
        let mut taking = TakeIn::new(observe, max_bytes);
        taking.read(input, &mut gathered, &error_of)?;
        let (stored, blocks) = taking.finish();
        let sha256 = &stored.sha256;
        let today = self.day(0)?;
        let newest = self.newest(sha256)?.filter(|copy| copy.day >= self.day(USED_AGAIN_DAYS).unwrap_or_default());
        let sound = newest.as_ref().map(|copy| self.content(sha256, copy).and_then(|content| content.check()));
        if let Some(Ok(())) = sound {
            return Ok(stored);
        }
        if blocks.need_a_list() {
            self.bucket.write(&self.key(sha256, &today, ".blocks"), blocks.write())?;
        }
        match (newest, sound) {
            (Some(copy), Some(Err(error))) => {
                tracing::warn!(%error, "the same content came in again and replaces the damaged one");
                let day = copy.day.max(today);
                if blocks.need_a_list() {
                    self.bucket.write(&self.key(sha256, &day, ".blocks"), blocks.write())?;
                }
                self.replace(&self.key(sha256, &day, ""), &mut gathered, stored.size)?;
            }
            _ => self.create(sha256, &today, &mut gathered, stored.size)?,
        }
        Ok(stored)
    }

    fn put_index(&self, sha256: &str, kind: &str, offsets: &[u64]) -> Result<()> {
        let suffix = index::suffix(sha256, kind)?;
        let copy = self.newest(sha256)?.ok_or_else(|| missing(sha256))?;
        self.bucket.write(&self.key(sha256, &copy.day, &suffix), index::write(offsets))
    }

    fn index(&self, sha256: &str, kind: &str) -> Result<Option<Vec<u64>>> {
        let suffix = index::suffix(sha256, kind)?;
        let Some(copy) = self.newest(sha256)? else { return Ok(None) };
        let bytes = self.bucket.read(&self.key(sha256, &copy.day, &suffix))?;
        bytes.map(|bytes| index::read(&bytes, sha256, kind)).transpose()
    }

    fn open(&self, sha256: &str) -> Result<Content> {
        check_name(sha256)?;
        let copy = self.newest(sha256)?.ok_or_else(|| missing(sha256))?;
        self.content(sha256, &copy)
    }

    fn holds(&self, sha256: &str) -> Result<bool> {
        Ok(check_name(sha256).is_ok() && self.newest(sha256)?.is_some())
    }

    fn contents(&self, visit: &mut dyn FnMut(Kept) -> Result<()>) -> Result<()> {
        let (mut after, mut kept): (Option<String>, Option<Kept>) = (None, None);
        loop {
            let page = self.bucket.page(&self.prefix, after.as_deref())?;
            let Some(end) = page.last() else { break };
            after = Some(end.key.clone());
            for object in &page {
                let Some((sha256, name)) = parts(&object.key) else { continue };
                let Some(put_ms) = name.get(..8).and_then(last_put_ms) else { continue };
                let bytes = if is_day(name) { object.bytes } else { 0 };
                match &mut kept {
                    Some(kept) if kept.sha256 == sha256 => {
                        kept.bytes = if is_day(name) { bytes } else { kept.bytes };
                        kept.put_ms = kept.put_ms.max(put_ms);
                    }
                    _ => {
                        let next = Kept { sha256: sha256.to_owned(), bytes, put_ms };
                        kept.replace(next).map_or(Ok(()), &mut *visit)?;
                    }
                }
            }
        }
        kept.map_or(Ok(()), visit)
    }

    fn remove(&self, sha256: &str, put_before_ms: i64) -> Result<Option<u64>> {
        check_name(sha256)?;
        let (mut bytes, mut younger) = (0, false);
        let mut objects = self.objects(sha256)?;
        // A copy goes before what tells of it: while it is there it can be checked.
        objects.sort_by_key(|object| !is_day(last(&object.key)));
        for object in objects {
            match last(&object.key).get(..8).and_then(last_put_ms) {
                Some(put_ms) if put_ms < put_before_ms => {
                    self.bucket.remove(&object.key)?;
                    bytes += if is_day(last(&object.key)) { object.bytes } else { 0 };
                }
                _ => younger = true,
            }
        }
        Ok((!younger).then_some(bytes))
    }

    fn free_bytes(&self) -> Result<Option<u64>> {
        let of = rustix::fs::statvfs(&self.scratch).map_err(|e| scratch::failed(&self.scratch, e.into()))?;
        Ok(Some(of.f_bavail.saturating_mul(of.f_frsize)))
    }
}

fn last(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or_default()
}

/// The content and the name of an object.
fn parts(key: &str) -> Option<(&str, &str)> {
    let (folder, name) = key.rsplit_once('/')?;
    let sha256 = last(folder);
    check_name(sha256).is_ok().then_some((sha256, name))
}

fn is_day(name: &str) -> bool {
    name.len() == 8 && name.bytes().all(|b| b.is_ascii_digit())
}

fn day_of(ms: i64) -> Result<String> {
    let time = Timestamp::from_millisecond(ms)
        .map_err(|e| Error::halt(Code::VAULT, "the clock shows no date").caused_by(e))?;
    Ok(time.to_zoned(TimeZone::UTC).strftime("%Y%m%d").to_string())
}

/// The last moment at which a day's copy may have been put or used again.
fn last_put_ms(day: &str) -> Option<i64> {
    let day = jiff::civil::Date::strptime("%Y%m%d", day).ok()?;
    let begin = day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
    Some(begin + (USED_AGAIN_DAYS + 1) * DAY_MS - 1)
}

struct S3Source {
    bucket: Arc<Bucket>,
    key: String,
    sha256: String,
}

impl Source for S3Source {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> IoResult<()> {
        if buffer.is_empty() {
            return Ok(());
        }
        let read = self.bucket.read_range(&self.key, offset, buffer.len() as u64).map_err(IoError::other)?;
        let bytes = read.ok_or_else(|| IoError::other(missing(&self.sha256)))?;
        if bytes.len() != buffer.len() {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        buffer.copy_from_slice(&bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_over_when_nobody_can_use_its_copy_any_more() {
        let noon = 1_782_216_000_000; // 2026-06-23 12:00 UTC
        assert_eq!(day_of(noon).unwrap(), "20260623");
        let over = last_put_ms("20260623").unwrap();
        assert_eq!(day_of(over).unwrap(), "20260624");
        assert_eq!(day_of(over + 1).unwrap(), "20260625");
        assert_eq!(last_put_ms("20260230"), None);
        assert_eq!(parts("a/b/c"), None);
    }
}
