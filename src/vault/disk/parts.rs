//! Parts of contents whose input broke off, or whose node did not live to see its end, so that whoever comes next reads
//! only the rest.
//!
//! A part is a temporary as any other, locked while its writer lives, but its name has the name of what it is a part of, and
//! it stays when its writer dies or gives up. Who goes on gets the lock first, and gives it a name of his own then: a writer
//! who only stood still has his lock yet, and keeps his part for himself; two who come at once are told apart by the lock,
//! and by the old name, which only one of them can take away. What nobody has gone on with for a day is swept, whoever left
//! it. Nothing is said here about what the bytes are worth: who goes on compares their end, and the digest of the whole.

use super::files::{FOREIGN_MS, Temporary, fresh, read_exact_at, unless_gone};
use super::io::{Io, IoFile};
use crate::error::{Error, Result};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const ENDING: &str = ".fetch";
/// The last bytes of a part, by which the input tells whether it is right.
const LAST_BYTES: u64 = 64 << 10;

/// The ending of parts of this name.
fn ending(name: &str) -> Result<String> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(Error::internal(format!("{name:?} is no name of a part")));
    }
    Ok(format!(".{name}{ENDING}"))
}

/// A new one.
pub(super) fn create<'a>(io: &'a dyn Io, folder: &Path, owner: &str, name: &str) -> Result<io::Result<Temporary<'a>>> {
    Ok(Temporary::create_as(io, folder, owner, &ending(name)?))
}

/// The longest part of this name that nobody is at, and its bytes; it is ours then. The others go.
pub(super) fn take_over<'a>(
    io: &'a dyn Io,
    folder: &Path,
    owner: &str,
    name: &str,
) -> Result<io::Result<Option<(Temporary<'a>, u64)>>> {
    let ending = ending(name)?;
    let take = || {
        let mut longest: Option<(Temporary<'a>, u64)> = None;
        for path in paths(io, folder, &ending)? {
            let Some((file, bytes)) = free(io, &path)? else { continue };
            let own = fresh(folder, owner, &ending);
            if unless_gone(io.rename(&path, &own))?.is_none() {
                continue;
            }
            // What is not kept here is removed when it is dropped.
            let part = Temporary::taken_over(io, own, file);
            if longest.as_ref().is_none_or(|(_, most)| bytes > *most) {
                longest = Some((part, bytes));
            }
        }
        Ok(longest)
    };
    Ok(take())
}

/// The bytes of the longest part of this name.
pub(super) fn bytes_of(io: &dyn Io, folder: &Path, name: &str) -> Result<io::Result<u64>> {
    let ending = ending(name)?;
    let longest = || {
        let mut longest = 0;
        for path in paths(io, folder, &ending)? {
            longest = longest.max(unless_gone(io.stat(&path))?.map_or(0, |stat| stat.bytes));
        }
        Ok(longest)
    };
    Ok(longest())
}

/// Removes parts that nobody is at and that were not written since; how many.
pub(super) fn sweep(io: &dyn Io, folder: &Path, before_ms: i64) -> io::Result<u64> {
    let mut swept = 0;
    for path in paths(io, folder, ENDING)? {
        let old = unless_gone(io.stat(&path))?.is_some_and(|stat| stat.modified_ms < before_ms);
        if old && free(io, &path)?.is_some() && unless_gone(io.remove(&path))?.is_some() {
            swept += 1;
        }
    }
    Ok(swept)
}

/// The same for those that are a day old.
pub(super) fn sweep_old(io: &dyn Io, folder: &Path, now_ms: i64) -> io::Result<u64> {
    sweep(io, folder, now_ms - FOREIGN_MS)
}

fn paths(io: &dyn Io, folder: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let names = io.list(folder)?.into_iter();
    let ours = names.filter(|name| name.to_str().is_some_and(|name| name.ends_with(ending)));
    Ok(ours.map(|name| folder.join(name)).collect())
}

/// A part with its lock, and its bytes; nothing where somebody else has it.
fn free(io: &dyn Io, path: &Path) -> io::Result<Option<(Box<dyn IoFile>, u64)>> {
    let Some(file) = unless_gone(io.open_to_go_on(path))? else { return Ok(None) };
    if !file.try_lock()? {
        return Ok(None);
    }
    let stat = file.stat()?;
    Ok((stat.names > 0).then_some((file, stat.bytes)))
}

/// The last bytes of a part.
pub(super) fn last_of(file: &dyn IoFile, bytes: u64) -> io::Result<Vec<u8>> {
    let length = bytes.min(LAST_BYTES);
    let mut last = vec![0; usize::try_from(length).map_err(io::Error::other)?];
    read_exact_at(file, &mut last, bytes - length)?;
    Ok(last)
}

/// The bytes of a part, up to where it was taken over.
pub(super) struct Part<'a> {
    pub(super) file: &'a dyn IoFile,
    pub(super) at: u64,
    pub(super) bytes: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.bytes - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let Some(buffer) = buffer.get_mut(..left).filter(|buffer| !buffer.is_empty()) else { return Ok(0) };
        let length = self.file.read_at(buffer, self.at)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.at += length as u64;
        Ok(length)
    }
}
