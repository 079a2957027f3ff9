//! Publishing a file so that whatever has its final name is complete, once, and never over another file.
//!
//! One protocol for local and remote folders: a temporary `.<final>.<tag>.part` in the same folder, made exclusively;
//! write, make durable, close; read back and compare size and digest; `on_proven`; rename to a name that must not exist;
//! look at the final name; then the checksum files; the marker last. Called again after a crash or an error it looks
//! at what is there, compares sizes and digests, and continues; it never sends again what was proven.
//!
//! What it cannot know, the caller's book knows: once `on_proven` has returned, `proven_before` must be true in later
//! calls. Then, if neither a temporary nor the final name is found, the partner has collected the file (D15): a rename
//! was asked for, and its outcome is not known. Where that does not follow, nobody concludes it:
//! - A rename that was refused for sure ends the proof ([`crate::Error::refused`]): the caller books that, and the file is
//!   sent again, after the temporary was removed.
//! - In a folder that is not the one of the proof, and at a partner with several addresses, a person is asked.
//!
//! For that reason a proven temporary is never removed here, and must not be swept while its delivery is unfinished.

mod data;
mod prove;
mod publication;
mod side;

pub use publication::{Publication, Published, Refused};

use crate::entry::check_name;
use crate::error::Result;
use crate::folder::Folder;
use crate::sweep::Temporary;
use side::Side;

/// The end of the tag of an attempt that nobody came before.
const FIRST_EPOCH: &str = ".1";

/// Publishes, or continues to publish, one file. `on_proven` is called once, before the rename, unless `proven_before`;
/// its error stops the protocol there.
///
/// An existing final name with equal bytes counts as published; with other bytes it is
/// [`crate::ErrorKind::TargetExists`], and nothing is touched.
pub fn publish(
    folder: &dyn Folder,
    publication: &Publication<'_>,
    on_proven: &mut dyn FnMut() -> Result<()>,
) -> Result<Published> {
    let sides = sides(publication);
    check_name(&publication.final_name)?;
    // Every name is checked before the first byte is sent.
    for (name, _) in &sides {
        Temporary::new(name, &publication.temporary_tag)?;
    }
    let here = folder.identity()?;
    let mut published = data::publish(folder, publication, &here, on_proven)?;
    let after_others = publication.guard.is_some() && !publication.temporary_tag.ends_with(FIRST_EPOCH);
    if after_others && !published.collected && !sides.is_empty() {
        side::clear_others(folder, &sides, &publication.temporary_tag)?;
    }
    for (name, content) in &sides {
        if published.collected {
            // Who takes the data waits for what we put last, so all of it was there.
            side::clear(folder, name, &publication.temporary_tag)?;
        } else {
            let side = side::publish(folder, name, content, publication, published.resumed, &here)?;
            published.collected = side == Side::Collected;
        }
    }
    Ok(published)
}

/// The files beside it, in the order they appear.
fn sides(publication: &Publication<'_>) -> Vec<(String, Vec<u8>)> {
    let name = &publication.final_name;
    let mut sides: Vec<_> = publication
        .checksums
        .iter()
        .map(|(algorithm, digest)| (format!("{name}.{}", algorithm.name()), digest.checksum_line(name).into_bytes()))
        .collect();
    sides.extend(publication.marker.clone());
    sides
}
