//! Fetching a file.
use crate::{Entry, Error, ErrorKind, Folder, Result};
use std::io::Write;

/// Copies a file into `sink` and gives its size, if it is the expected file before and after.
pub fn fetch(folder: &dyn Folder, expected: &Entry, sink: &mut dyn Write, max_bytes: u64) -> Result<u64> {
    let _ = (folder, expected, sink, max_bytes);
    Err(Error::new(ErrorKind::Io, ""))
}
