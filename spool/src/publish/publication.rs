//! What is to be published, and how it went.

use crate::digest::{Algorithm, Digest};
use crate::error::Result;
use std::io::{self, Read};

/// One file to be published.
pub struct Publication<'a> {
    /// The name it gets; names are unique, an existing one is never replaced.
    pub final_name: String,
    /// `<node>.<epoch>`: makes the temporary name `.<final>.<tag>.part`. The node's name has no dots.
    pub temporary_tag: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Digest,
    /// Opens the content from its beginning.
    pub open: &'a (dyn Fn() -> io::Result<Box<dyn Read + Send>> + 'a),
    /// Checksum files to put beside it: `<final>.sha256`, `<final>.sm3`.
    pub checksums: Vec<(Algorithm, Digest)>,
    /// The marker that comes last: name and content.
    pub marker: Option<(String, Vec<u8>)>,
    /// True when an earlier attempt has recorded "read back and equal".
    pub proven_before: bool,
    /// The tag of the attempt that recorded it, where the caller's book knows: only that attempt's temporary is the proven
    /// one, and when it is gone the file was collected, whatever else lies there with the same bytes. Without it any
    /// temporary with these bytes is taken for it.
    pub proven_tag: Option<String>,
    /// What [`crate::Folder::identity`] said when that was recorded. In another folder nobody can tell from a missing file
    /// that it was collected.
    pub proven_in: Option<String>,
    /// The last rename of an earlier attempt was refused for sure ([`crate::Error::refused`]), and it is not proven any more.
    pub refused: Option<Refused>,
    /// Says whether this attempt still is the one that counts. Needed where somebody else may have taken the work over
    /// meanwhile: it is asked each time between the last byte of a temporary and its name, and the temporaries of side
    /// files that earlier attempts left are removed before, so that none of them gets its name later. An error ends the
    /// attempt. None where attempts never overlap.
    pub guard: Option<&'a (dyn Fn() -> Result<()> + 'a)>,
}

/// A temporary whose rename was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The tag of the attempt that proved it.
    pub tag: String,
    /// Attempts before the refused one may have asked for a rename whose outcome is not known. Then the temporary must be
    /// found, and removed, before the file is sent again: when it is gone, it may have got its name late.
    pub doubtful: bool,
}

/// How it was published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Published {
    /// Whether the folder confirmed in this call that the bytes are durable; not known of what had been taken by then.
    pub fsynced: Option<bool>,
    /// An earlier attempt had got somewhere, and this one continued from there.
    pub resumed: bool,
    /// The partner had taken the file already.
    pub collected: bool,
}
