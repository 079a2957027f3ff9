//! An outlet of kind `append`: JSON lines at the end of files in a folder, for programs that ship log files.

use super::super::reading::Reader;
use super::mode;
use fpp_codecs::source::Section;
use std::path::PathBuf;

/// Where the lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Append {
    /// The folder.
    pub folder: PathBuf,
    /// Mode of the files that are made there.
    pub mode: u32,
}

/// Reads its keys.
pub(super) fn read(section: &Section<'_>, reader: &mut Reader) -> Option<Append> {
    let written = section.need_text("path");
    let folder = reader.path(&written);
    if section.has("path") && !folder.is_dir() {
        reader.warn(section, "path", format!("there is no folder {} yet", folder.display()));
    }
    (!written.is_empty()).then_some(Append { folder, mode: mode::read(section) })
}
