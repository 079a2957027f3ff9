//! One attempt to publish a small file, as the tests of what may come between two attempts make it.

use fpp_spool::*;
use std::io::{self, Cursor, Read};

pub(crate) const FINAL: &str = "PMACK_20250620_0001_00_01.TXT";
pub(crate) const CONTENT: &[u8] = b"0123456789";

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
        let sha256 = Digest::of(Algorithm::Sha256, CONTENT);
        let publication = Publication {
            final_name: FINAL.into(),
            temporary_tag: self.tag.into(),
            size: CONTENT.len() as u64,
            sha256,
            open: &open,
            checksums: self.marker.map(|_| (Algorithm::Sha256, sha256)).into_iter().collect(),
            marker: self.marker.map(|marker| (format!("{FINAL}.OK"), marker.to_vec())),
            proven_before: self.proven_before,
            proven_tag: self.proven_tag,
            proven_in: self.proven_in,
            refused: None,
            guard: self.guard,
        };
        publish(folder, &publication, on_proven)
    }
}
