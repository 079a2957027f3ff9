//! Attempts to publish a small file, as the tests of what may come before, within and between two attempts make them.
#![allow(dead_code, reason = "each test program uses a part")]

use fpp_spool::*;
use std::io::{self, Cursor, Read};

pub(crate) const FINAL: &str = "PMACK_20250620_0001_00_01.TXT";
pub(crate) const CONTENT: &[u8] = b"0123456789";

/// Opens a content, as often as it is asked for.
pub(crate) type Open<'a> = &'a (dyn Fn() -> io::Result<Box<dyn Read + Send>> + 'a);

/// A file without checksum files and marker, before its first attempt.
pub(crate) fn alone<'a>(name: &str, tag: &str, content: &[u8], open: Open<'a>) -> Publication<'a> {
    Publication {
        final_name: name.into(),
        temporary_tag: tag.into(),
        size: content.len() as u64,
        sha256: Digest::of(Algorithm::Sha256, content),
        open,
        checksums: vec![],
        marker: None,
        proven_before: false,
        proven_tag: None,
        proven_in: None,
        refused: None,
        guard: None,
    }
}

/// The same with a checksum file and a marker of these bytes, where they are wanted.
pub(crate) fn beside<'a>(publication: Publication<'a>, checksum: bool, marker: Option<&[u8]>) -> Publication<'a> {
    let checksums = checksum.then_some((Algorithm::Sha256, publication.sha256)).into_iter().collect();
    let marker = marker.map(|marker| (format!("{}.OK", publication.final_name), marker.to_vec()));
    Publication { checksums, marker, ..publication }
}

/// An attempt with checksum file and empty marker, which keeps in mind that the file was proven.
pub(crate) fn attempt(folder: &dyn Folder, name: &str, content: &[u8], proven: &mut bool) -> Result<Published> {
    let open = || Ok(Box::new(Cursor::new(content.to_vec())) as Box<dyn Read + Send>);
    let publication = beside(alone(name, "n1.1", content, &open), true, Some(b""));
    publish(folder, &Publication { proven_before: *proven, ..publication }, &mut || {
        *proven = true;
        Ok(())
    })
}

/// Publishes a file of which no attempt fails, with what is wanted beside it.
pub(crate) fn publish_one(folder: &dyn Folder, name: &str, content: &[u8], checksum: bool, marker: bool) {
    let open = || Ok(Box::new(Cursor::new(content.to_vec())) as Box<dyn Read + Send>);
    let publication = beside(alone(name, "n.1", content, &open), checksum, marker.then_some(b""));
    publish(folder, &publication, &mut || Ok(())).unwrap();
}

/// An attempt of a node and epoch.
#[derive(Default)]
pub(crate) struct Attempt<'a> {
    pub(crate) tag: &'a str,
    /// Who recorded that it was proven.
    pub(crate) proven_before: bool,
    pub(crate) proven_tag: Option<String>,
    pub(crate) proven_in: Option<String>,
    pub(crate) guard: Option<&'a dyn Fn() -> Result<()>>,
    /// What its marker holds; without one it has no checksum file either.
    pub(crate) marker: Option<&'a [u8]>,
}

impl Attempt<'_> {
    pub(crate) fn publish(self, folder: &dyn Folder, on_proven: &mut dyn FnMut() -> Result<()>) -> Result<Published> {
        let open = || Ok::<_, io::Error>(Box::new(Cursor::new(CONTENT)) as Box<dyn Read + Send>);
        let publication = Publication {
            proven_before: self.proven_before,
            proven_tag: self.proven_tag,
            proven_in: self.proven_in,
            guard: self.guard,
            ..beside(alone(FINAL, self.tag, CONTENT, &open), self.marker.is_some(), self.marker)
        };
        publish(folder, &publication, on_proven)
    }
}
