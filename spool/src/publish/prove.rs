//! Looking at what lies in the folder, by size and digest.

use crate::digest::{Algorithm, Digest, digest_of};
use crate::entry::EntryKind;
use crate::error::{Error, ErrorKind, Result};
use crate::folder::{Finished, Folder, Sink};
use std::io::Read;

/// What a name holds, compared with what it should hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    /// Nothing has the name.
    Nothing,
    /// Exactly the bytes that should be there.
    Equal,
    /// Something else.
    Other,
}

/// Compares by size, and where that is equal, by reading it all.
pub(super) fn look(folder: &dyn Folder, name: &str, size: u64, sha256: &Digest) -> Result<Found> {
    let Some(entry) = folder.stat(name)? else { return Ok(Found::Nothing) };
    if entry.kind != EntryKind::File || entry.size != size {
        return Ok(Found::Other);
    }
    if size == 0 {
        return Ok(Found::Equal);
    }
    compare(folder, name, folder.open(name), size, sha256)
}

/// Makes a file durable that was just written, and compares it by reading it all; whether it could be made durable. One
/// without bytes was created exclusively and nothing was written, so there is nothing to compare.
pub(super) fn finish_and_read_back(
    folder: &dyn Folder,
    name: &str,
    sink: Box<dyn Sink>,
    size: u64,
    sha256: &Digest,
) -> Result<(bool, Found)> {
    if size == 0 {
        return Ok((sink.finish()?, Found::Equal));
    }
    let Finished { durable, reader } = sink.finish_to_read()?;
    let opened = reader.map_or_else(|| folder.open(name), Ok);
    Ok((durable, compare(folder, name, opened, size, sha256)?))
}

fn compare(
    folder: &dyn Folder,
    name: &str,
    opened: Result<Box<dyn Read + Send>>,
    size: u64,
    sha256: &Digest,
) -> Result<Found> {
    let mut input = match opened {
        Ok(input) => input,
        Err(e) if e.kind == ErrorKind::Missing => return Ok(Found::Nothing),
        Err(e) => return Err(e),
    };
    let (read, found) = digest_of(Algorithm::Sha256, &mut *input)
        .map_err(|e| Error { what: format!("reading back {name:?} in {}: {}", folder.describe(), e.what), ..e })?;
    Ok(if (read, &found) == (size, sha256) { Found::Equal } else { Found::Other })
}

/// Removes a file; it is no error when it is gone.
pub(super) fn remove_if_there(folder: &dyn Folder, name: &str) -> Result<()> {
    match folder.remove(name) {
        Err(e) if e.kind == ErrorKind::Missing => Ok(()),
        other => other,
    }
}

/// Makes a file and its name durable; one that is gone was taken.
pub(super) fn sync_if_there(folder: &dyn Folder, name: &str) -> Result<bool> {
    match folder.sync(name) {
        Err(e) if e.kind == ErrorKind::Missing => Ok(false),
        other => other,
    }
}

/// Whether the temporary is still there, for a caller who looks at the final name next: never the other way round, or
/// a late rename would slip through between the looks. A folder that is gone with everything in it is an error.
pub(super) fn waits(folder: &dyn Folder, temporary: &str) -> Result<bool> {
    let waits = folder.stat(temporary)?.is_some();
    if !waits {
        folder.list(1)?;
    }
    Ok(waits)
}

/// Whether what is not here was collected, for sure: the folder is the one that it was put in, and the only one.
pub(super) fn is_collected(folder: &dyn Folder, put_in: &Option<String>) -> Result<bool> {
    Ok(folder.one_place() && folder.identity()? == *put_in)
}

/// What was proven in one folder and is found nowhere in another may have been collected, or may be in the first one.
pub(super) fn unsure(folder: &dyn Folder, name: &str) -> Error {
    let what = format!(
        "{name:?} was written whole and is not in {} any more: collected, or in another folder or at another address",
        folder.describe()
    );
    Error::new(ErrorKind::Unsure, what)
}

/// The target name holds something else.
pub(super) fn target_exists(folder: &dyn Folder, name: &str) -> Error {
    Error::new(ErrorKind::TargetExists, format!("{name:?} in {} exists with other content", folder.describe()))
}
