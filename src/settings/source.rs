//! `source` and `move_to`: what becomes of a file of a partner when everything about it is durable.

use super::route::SourceAction;
use fpp_codecs::source::Section;

/// Reads both keys; without them the file stays.
pub(super) fn action(root: &Section<'_>) -> SourceAction {
    let words = [("leave", 0), ("delete", 1), ("move", 2)];
    let chosen = root.choice("source", &words);
    let folder = root.text("move_to");
    match (chosen, folder) {
        (Some(2), Some(subfolder)) => {
            if subfolder.is_empty() || subfolder.starts_with('.') || subfolder.contains('/') {
                root.fault("move_to", "must be the plain name of a folder below the spool, not hidden");
            }
            SourceAction::Move { subfolder }
        }
        (Some(2), None) => {
            root.fault("source", "move needs move_to = \"FOLDER\"");
            SourceAction::Leave
        }
        (other, folder) => {
            if folder.is_some() {
                root.fault("move_to", "belongs to source = \"move\"");
            }
            if other == Some(1) { SourceAction::Delete } else { SourceAction::Leave }
        }
    }
}
