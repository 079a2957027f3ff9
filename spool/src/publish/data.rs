//! The data file: upload, proof, rename; and finding out where an earlier attempt stopped.

use super::prove::{
    Found, finish_and_read_back, is_collected, look, remove_if_there, sync_if_there, target_exists, unsure, waits,
};
use super::publication::{Publication, Published, Refused};
use crate::digest::{Algorithm, digest_of};
use crate::entry::EntryKind;
use crate::error::{Error, ErrorKind, Result};
use crate::folder::{Folder, LISTING_LIMIT, Sink};
use crate::sweep::Temporary;
use std::fmt;
use std::io;

const PIECE_BYTES: usize = 256 << 10;

/// Where the complete and proven temporary lies, and how it came there.
struct Proven {
    temporary: String,
    fsynced: bool,
    resumed: bool,
}

pub(super) fn publish(
    folder: &dyn Folder,
    publication: &Publication<'_>,
    here: &Option<String>,
    on_proven: &mut dyn FnMut() -> Result<()>,
) -> Result<Published> {
    let own = Temporary::new(&publication.final_name, &publication.temporary_tag)?.name;
    match look(folder, &publication.final_name, publication.size, &publication.sha256)? {
        Found::Equal => return settle(folder, publication, &own, on_proven),
        Found::Other => {
            // A temporary that was never recorded as proven means nothing to anybody; a proven one is kept, see mod.
            if !publication.proven_before {
                remove_if_there(folder, &own)?;
            }
            return Err(target_exists(folder, &publication.final_name));
        }
        Found::Nothing => {}
    }
    if let Some(refused) = &publication.refused
        && !is_cleared(folder, publication, refused)?
    {
        // It was renamed late, or somebody else has removed it.
        return match look(folder, &publication.final_name, publication.size, &publication.sha256)? {
            Found::Nothing => Err(unsure(folder, &publication.final_name)),
            Found::Equal => settle(folder, publication, &own, on_proven),
            Found::Other => Err(target_exists(folder, &publication.final_name)),
        };
    }
    let Some(proven) = proven_temporary(folder, publication, &own)? else {
        // A rename whose answer was lost may have taken effect between the two looks, so the final name comes last.
        return match look(folder, &publication.final_name, publication.size, &publication.sha256)? {
            Found::Nothing if is_collected(folder, &publication.proven_in)? => {
                Ok(Published { fsynced: None, resumed: true, collected: true })
            }
            Found::Nothing => Err(unsure(folder, &publication.final_name)),
            Found::Equal => settle(folder, publication, &own, on_proven),
            Found::Other => Err(target_exists(folder, &publication.final_name)),
        };
    };
    // One that was damaged since it was proven was sent again, and it is the new one that is proven now.
    let anew = publication.proven_tag.is_some() && !proven.resumed;
    match publication.guard {
        _ if !publication.proven_before || anew => on_proven()?,
        Some(still_ours) => still_ours()?,
        None => {}
    }
    let Err(error) = folder.rename_new(&proven.temporary, &publication.final_name) else {
        return confirm(folder, publication, &proven, here);
    };
    after_failed_rename(folder, publication, &proven, here, error)
}

/// Removes the temporary whose rename was refused, before the file is sent again; whether it cannot get its name any more.
fn is_cleared(folder: &dyn Folder, publication: &Publication<'_>, refused: &Refused) -> Result<bool> {
    let name = Temporary::new(&publication.final_name, &refused.tag)?.name;
    match folder.remove(&name) {
        Ok(()) => Ok(true),
        Err(e) if e.kind == ErrorKind::Missing => Ok(!refused.doubtful),
        Err(e) => Err(e),
    }
}

/// The final name holds the right bytes already.
fn settle(
    folder: &dyn Folder,
    publication: &Publication<'_>,
    own: &str,
    on_proven: &mut dyn FnMut() -> Result<()>,
) -> Result<Published> {
    if !publication.proven_before {
        on_proven()?;
    }
    // A rename made of link and removal may have stopped halfway; the name may not be durable yet.
    remove_if_there(folder, own)?;
    let fsynced = sync_if_there(folder, &publication.final_name)?;
    Ok(Published { fsynced: Some(fsynced), resumed: true, collected: false })
}

/// Finds the proven temporary, or makes one. Nothing: it was proven, renamed, and collected by the partner.
///
/// A temporary that was not proven is never continued, however right it reads: it may be there because making it durable
/// failed, and then the system shows from its memory what the disk has lost, and the next sync finds nothing to do.
fn proven_temporary(folder: &dyn Folder, publication: &Publication<'_>, own: &str) -> Result<Option<Proven>> {
    let own = own.to_owned();
    if publication.proven_before
        && let Some(tag) = &publication.proven_tag
    {
        let name = Temporary::new(&publication.final_name, tag)?.name;
        match look(folder, &name, publication.size, &publication.sha256)? {
            Found::Equal => {
                let fsynced = folder.sync(&name)?;
                return Ok(Some(Proven { temporary: name, fsynced, resumed: true }));
            }
            Found::Nothing => return Ok(None),
            // It stays until the new one is recorded: if neither were there, the file would be taken for collected.
            Found::Other => {}
        }
    } else if publication.proven_before {
        let at = match look(folder, &own, publication.size, &publication.sha256)? {
            Found::Equal => Some(own.clone()),
            Found::Other => {
                remove_if_there(folder, &own)?;
                None
            }
            Found::Nothing => match temporary_of_another(folder, publication)? {
                Some(other) => Some(other),
                None => return Ok(None),
            },
        };
        if let Some(temporary) = at {
            let fsynced = folder.sync(&temporary)?;
            return Ok(Some(Proven { temporary, fsynced, resumed: true }));
        }
    }
    // Mostly nothing is there, and creating it says so without another round trip.
    let sink = match folder.create_new(&own) {
        Err(e) if e.kind == ErrorKind::TargetExists => {
            remove_if_there(folder, &own)?;
            folder.create_new(&own)?
        }
        other => other?,
    };
    upload(folder, publication, own, sink).map(Some)
}

/// Before a proven file counts as collected: it may still wait under the temporary name of the node, or the epoch,
/// that proved it.
fn temporary_of_another(folder: &dyn Folder, publication: &Publication<'_>) -> Result<Option<String>> {
    let ours = |name: &str| Temporary::parse(name).is_some_and(|t| t.final_name == publication.final_name);
    let entries = folder.find(LISTING_LIMIT, &ours)?;
    if entries.len() >= LISTING_LIMIT {
        let what = format!("{} holds too many temporaries to tell what was delivered", folder.describe());
        return Err(Error::new(ErrorKind::Folder, what).hint("clear them away"));
    }
    for entry in entries.iter().filter(|e| e.kind == EntryKind::File) {
        if look(folder, &entry.name, publication.size, &publication.sha256)? == Found::Equal {
            return Ok(Some(entry.name.clone()));
        }
    }
    Ok(None)
}

fn upload(folder: &dyn Folder, publication: &Publication<'_>, own: String, mut sink: Box<dyn Sink>) -> Result<Proven> {
    let sent = send(publication, &mut *sink)
        .map_err(|e| Error::from_io(format_args!("writing {own:?} in {}", folder.describe()), e));
    let proven = match sent {
        Ok(size) if size != publication.size => {
            drop(sink);
            remove_if_there(folder, &own)?;
            return Err(changed(publication, format_args!("{size} bytes or more, not {}", publication.size)));
        }
        Ok(_) => finish_and_read_back(folder, &own, sink, publication.size, &publication.sha256),
        Err(e) => {
            drop(sink);
            Err(e)
        }
    };
    match proven.inspect_err(|e| clear_after(folder, &own, e))? {
        (fsynced, Found::Equal) => Ok(Proven { temporary: own, fsynced, resumed: false }),
        (_, found) => {
            remove_if_there(folder, &own)?;
            Err(unlike(folder, publication, &own, found))
        }
    }
}

/// Why what was written is not what was due. What reads back right was sent right, so the content is hashed on its way only
/// here, where it matters whose fault it was: of what came out of the vault, or of the way to the folder.
fn unlike(folder: &dyn Folder, publication: &Publication<'_>, own: &str, found: Found) -> Error {
    let content = (publication.open)()
        .map_err(|e| Error::from_io("opening the content", e))
        .and_then(|mut input| digest_of(Algorithm::Sha256, &mut *input));
    match content {
        Ok((size, sha256)) if (size, &sha256) != (publication.size, &publication.sha256) => {
            changed(publication, format_args!("{size} bytes, {sha256}"))
        }
        Ok(_) | Err(_) => {
            let what = format!("{own:?} in {} was written but reads back as {found:?}", folder.describe());
            Error::new(ErrorKind::ReadBack, what)
        }
    }
}

fn changed(publication: &Publication<'_>, how: fmt::Arguments<'_>) -> Error {
    let what = format!("the content for {:?} is not what it was: {how}", publication.final_name);
    Error::new(ErrorKind::Changed, what).hint("verify the vault; nothing was published")
}

/// A part of a file must not keep a full disk full: the next attempt begins anew anyway, under another name. A partner
/// that does not answer is not asked for more; what is left there is swept later.
fn clear_after(folder: &dyn Folder, own: &str, error: &Error) {
    if error.kind != ErrorKind::Unreachable
        && let Err(later) = remove_if_there(folder, own)
    {
        tracing::debug!(name = own, "left behind: {later}");
    }
}

/// Sends the content and says how many bytes it had; one byte too many is enough to know that it is too many.
fn send(publication: &Publication<'_>, sink: &mut dyn io::Write) -> io::Result<u64> {
    let mut input = (publication.open)()?;
    let mut buffer = vec![0; PIECE_BYTES];
    let mut size = 0;
    while size <= publication.size {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                size += n as u64;
                sink.write_all(&buffer[..n])?;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(size)
}

/// After a rename that reported success: the final name must show the size, unless it was taken at once.
fn confirm(
    folder: &dyn Folder,
    publication: &Publication<'_>,
    proven: &Proven,
    here: &Option<String>,
) -> Result<Published> {
    let collected = match folder.stat(&publication.final_name)? {
        None if folder.identity()? != *here => return Err(unsure(folder, &publication.final_name)),
        None => true,
        Some(entry) if entry.kind == EntryKind::File && entry.size == publication.size => false,
        Some(entry) => {
            let what = format!(
                "{:?} in {} has {} bytes after the rename, not {}",
                publication.final_name,
                folder.describe(),
                entry.size,
                publication.size
            );
            return Err(Error::new(ErrorKind::ReadBack, what));
        }
    };
    Ok(Published { fsynced: Some(proven.fsynced), resumed: proven.resumed, collected })
}

/// A failed rename does not say that nothing happened: the reply may be lost. The two names tell, and what the error says
/// for sure: who was refused, or found nothing to rename under the name that only this attempt knows, renamed nothing.
fn after_failed_rename(
    folder: &dyn Folder,
    publication: &Publication<'_>,
    proven: &Proven,
    here: &Option<String>,
    error: Error,
) -> Result<Published> {
    let published = |collected| Published { fsynced: Some(proven.fsynced), resumed: proven.resumed, collected };
    let waits = waits(folder, &proven.temporary)?;
    match look(folder, &publication.final_name, publication.size, &publication.sha256)? {
        Found::Equal => {
            remove_if_there(folder, &proven.temporary)?;
            // What failed may have been making the new name durable.
            sync_if_there(folder, &publication.final_name)?;
            Ok(published(false))
        }
        Found::Other => Err(target_exists(folder, &publication.final_name)),
        Found::Nothing if waits && is_answer(error.kind) => Err(error.refused()),
        Found::Nothing if waits => Err(error),
        Found::Nothing if error.kind == ErrorKind::Missing && !proven.resumed => Err(error.refused()),
        Found::Nothing if is_collected(folder, here)? => Ok(published(true)),
        Found::Nothing => Err(unsure(folder, &publication.final_name)),
    }
}

/// An answer of the folder, after which the rename does not happen any more; a line that broke leaves that open.
fn is_answer(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Folder | ErrorKind::NoSpace | ErrorKind::TargetExists)
}
