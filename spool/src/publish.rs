//! Publishing a file.
use crate::{Algorithm, Digest, Error, ErrorKind, Folder, Result};
use std::io::{self, Read};

/// One file to be published.
pub struct Publication<'a> {
    /// The name it gets.
    pub final_name: String,
    /// `<node>.<epoch>`: makes the temporary name `.<final>.<tag>.part`.
    pub temporary_tag: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Digest,
    /// Opens the content from its beginning.
    pub open: &'a (dyn Fn() -> io::Result<Box<dyn Read + Send>> + 'a),
    /// Checksum files to put beside it.
    pub checksums: Vec<(Algorithm, Digest)>,
    /// The marker that comes last: name and content.
    pub marker: Option<(String, Vec<u8>)>,
    /// True when an earlier attempt has recorded "read back and equal".
    pub proven_before: bool,
}

/// How it was published.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Published {
    /// The folder confirmed that the bytes are durable.
    pub fsynced: bool,
    /// An earlier attempt had got somewhere, and this one continued from there.
    pub resumed: bool,
    /// It was delivered before and the partner has taken it already.
    pub collected: bool,
}

/// Publishes, or continues to publish, one file.
pub fn publish(
    folder: &dyn Folder,
    publication: &Publication<'_>,
    on_proven: &mut dyn FnMut() -> Result<()>,
) -> Result<Published> {
    let _ = (folder, publication, on_proven);
    Err(Error::new(ErrorKind::Io, ""))
}
