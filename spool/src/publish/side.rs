//! The small files beside it, checksums and marker: the same steps, with content that is always at hand.

use super::prove::{Found, look, read_back, remove_if_there, sync_if_there, target_exists, waits};
use crate::digest::{Algorithm, Digest};
use crate::error::{Error, ErrorKind, Result};
use crate::folder::Folder;
use crate::sweep::Temporary;

/// Publishes one small file; one that is there with the same content is done.
pub(super) fn publish(folder: &dyn Folder, name: &str, content: &[u8], tag: &str) -> Result<()> {
    let own = Temporary::new(name, tag)?.name;
    let (size, sha256) = (content.len() as u64, Digest::of(Algorithm::Sha256, content));
    match look(folder, name, size, &sha256)? {
        Found::Equal => {
            remove_if_there(folder, &own)?;
            return sync_if_there(folder, name).map(|_| ());
        }
        Found::Other => {
            remove_if_there(folder, &own)?;
            return Err(target_exists(folder, name));
        }
        Found::Nothing => {}
    }
    let mut sink = match folder.create_new(&own) {
        // Sending some bytes again is cheaper than looking whether an earlier attempt sent them.
        Err(e) if e.kind == ErrorKind::TargetExists => {
            remove_if_there(folder, &own)?;
            folder.create_new(&own)?
        }
        other => other?,
    };
    sink.write_all(content).map_err(|e| Error::from_io(format_args!("writing {own:?} in {}", folder.describe()), e))?;
    sink.finish()?;
    if read_back(folder, &own, size, &sha256)? != Found::Equal {
        remove_if_there(folder, &own)?;
        return Err(Error::new(ErrorKind::ReadBack, format!("{own:?} in {} reads back changed", folder.describe())));
    }
    let Err(error) = folder.rename_new(&own, name) else { return Ok(()) };
    let waits = waits(folder, &own)?;
    match look(folder, name, size, &sha256)? {
        Found::Equal => {
            remove_if_there(folder, &own)?;
            sync_if_there(folder, name).map(|_| ())
        }
        Found::Other => {
            remove_if_there(folder, &own)?;
            Err(target_exists(folder, name))
        }
        Found::Nothing if waits => Err(error),
        // Renamed, and taken at once.
        Found::Nothing => Ok(()),
    }
}

/// Removes what an attempt that did not get to the rename left behind.
pub(super) fn clear(folder: &dyn Folder, name: &str, tag: &str) -> Result<()> {
    remove_if_there(folder, &Temporary::new(name, tag)?.name)
}
