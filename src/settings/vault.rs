//! Where the vault is.

use super::reading::Reader;
use fpp_codecs::source::Section;
use std::path::PathBuf;

/// Where the vault is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultPlace {
    /// In the data folder of this node.
    Own,
    /// A folder that all nodes reach under their own paths.
    Folder(PathBuf),
}

impl VaultPlace {
    /// Whether several nodes can work with it (D24).
    pub fn is_shared(&self) -> bool {
        *self != VaultPlace::Own
    }
}

/// Reads `[vault]`.
pub(super) fn read(root: &Section<'_>, reader: &mut Reader) -> VaultPlace {
    let Some(section) = root.section("vault") else { return VaultPlace::Own };
    let path = reader.path(&section.need_text("path"));
    section.no_more();
    VaultPlace::Folder(path)
}
