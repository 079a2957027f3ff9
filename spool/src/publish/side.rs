//! The small files beside it, checksums and marker: the same steps, with content that is always at hand.

use super::prove::{
    Found, finish_and_read_back, is_collected, look, remove_if_there, sync_if_there, target_exists, unsure, waits,
};
use super::publication::Publication;
use crate::digest::{Algorithm, Digest};
use crate::error::{Error, ErrorKind, Result};
use crate::folder::{Folder, LISTING_LIMIT};
use crate::sweep::Temporary;

/// What became of a side file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It is there, or was there and taken.
    Stands,
    /// An earlier attempt had put all of them, and the partner took them with the data before this one was looked for.
    Collected,
}

/// Publishes one small file; one that is there with the same content is done. Where `resumed`, an earlier attempt may have
/// put it already: then it is looked for first, and made again only while the data is still there. Else what is there is
/// not ours, and the rename finds it.
pub(super) fn publish(
    folder: &dyn Folder,
    name: &str,
    content: &[u8],
    publication: &Publication<'_>,
    resumed: bool,
    here: &Option<String>,
) -> Result<Side> {
    let tag = &publication.temporary_tag;
    let own = Temporary::new(name, tag)?.name;
    let (size, sha256) = (content.len() as u64, Digest::of(Algorithm::Sha256, content));
    match if resumed { look(folder, name, size, &sha256)? } else { Found::Nothing } {
        Found::Equal => {
            remove_if_there(folder, &own)?;
            return sync_if_there(folder, name).map(|_| Side::Stands);
        }
        Found::Other => {
            remove_if_there(folder, &own)?;
            return Err(target_exists(folder, name));
        }
        // The partner takes nothing before its marker, so data that is gone now was taken with everything beside it.
        Found::Nothing if resumed && folder.one_place() && folder.stat(&publication.final_name)?.is_none() => {
            folder.list(1)?;
            let collected = is_collected(folder, here)?;
            return if collected { Ok(Side::Collected) } else { Err(unsure(folder, &publication.final_name)) };
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
    if finish_and_read_back(folder, &own, sink, size, &sha256)?.1 != Found::Equal {
        remove_if_there(folder, &own)?;
        return Err(Error::new(ErrorKind::ReadBack, format!("{own:?} in {} reads back changed", folder.describe())));
    }
    if let Some(still_ours) = publication.guard {
        still_ours().inspect_err(|_| drop(remove_if_there(folder, &own)))?;
    }
    let Err(error) = folder.rename_new(&own, name) else { return Ok(Side::Stands) };
    let waits = waits(folder, &own)?;
    match look(folder, name, size, &sha256)? {
        Found::Equal => {
            remove_if_there(folder, &own)?;
            sync_if_there(folder, name).map(|_| Side::Stands)
        }
        Found::Other => {
            remove_if_there(folder, &own)?;
            Err(target_exists(folder, name))
        }
        // Who clears away what looks unfinished took the temporary: there was nothing to rename.
        Found::Nothing if waits || error.kind == ErrorKind::Missing || folder.identity()? != *here => Err(error),
        // Renamed, and taken at once.
        Found::Nothing => Ok(Side::Stands),
    }
}

/// Removes the temporaries of side files that earlier attempts left: who was replaced and does not know it yet finds
/// nothing any more that could get its name, and may not make it anew (`Publication::guard`).
pub(super) fn clear_others(folder: &dyn Folder, names: &[(String, Vec<u8>)], tag: &str) -> Result<()> {
    let others = |name: &str| {
        Temporary::parse(name).is_some_and(|t| t.tag != tag && names.iter().any(|(name, _)| *name == t.final_name))
    };
    folder.find(LISTING_LIMIT, &others)?.iter().try_for_each(|entry| remove_if_there(folder, &entry.name))
}

/// Removes what an attempt that did not get to the rename left behind.
pub(super) fn clear(folder: &dyn Folder, name: &str, tag: &str) -> Result<()> {
    remove_if_there(folder, &Temporary::new(name, tag)?.name)
}
