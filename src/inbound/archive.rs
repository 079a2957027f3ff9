//! Archive: the answer is delivered, so the source may go, as the route says (I8).
//!
//! The source is touched only if it still is the file that was taken: a partner that has replaced it in the meantime
//! keeps its new file, which arrives on its own. A marker shares the fate of its data whatever became of it since, for
//! partners touch and rewrite markers; but never while data stands under the name: it may be that data's marker.

use super::arrival::entry_of;
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::change::Fence;
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use fpp_spool::{Entry, EntryKind, Folder, SourceAction, move_source};

/// Moves an acknowledged file to `Archived`.
pub async fn archive(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    // A retry of an earlier file has no source of its own.
    if let Some(source) = &transfer.facts.source {
        let entry = entry_of(source);
        let marker = transfer.facts.promised.as_ref().map(|p| entry_of(&p.marker));
        let moved = blocking(move || {
            let moved = move_source(&*route.folder, &entry, &route.source)?;
            if let Some(marker) = marker.filter(|_| moved) {
                move_marker(&*route.folder, &entry.name, marker, &route.source)?;
            }
            Ok(moved)
        })
        .await?;
        tracing::debug!(transfer = %transfer.id, file = transfer.name, moved, "source dealt with");
    }
    cx.advance(fence, transfer, FileEvent::Archive, Facts::default()).await
}

/// Moves the marker that stands there now. Where none does, an earlier attempt may have stopped halfway with the one
/// that was seen at arrival.
fn move_marker(folder: &dyn Folder, data: &str, seen: Entry, action: &SourceAction) -> fpp_spool::Result<()> {
    if folder.stat(data)?.is_some() {
        return Ok(());
    }
    let marker = match folder.stat(&seen.name)? {
        Some(now) if now.kind == EntryKind::File => now,
        Some(_) => return Ok(()),
        None => seen,
    };
    move_source(folder, &marker, action).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use fpp_spool::LocalFolder;

    #[test]
    fn a_rewritten_marker_goes_but_not_while_new_data_stands_there() {
        let dir = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        let marker = dir.path().join("A.OK");
        std::fs::write(&marker, "").unwrap();
        let seen = folder.stat("A.OK").unwrap().unwrap();
        std::fs::write(&marker, "rewritten").unwrap();
        std::fs::write(dir.path().join("A.TXT"), "new data").unwrap();
        move_marker(&folder, "A.TXT", seen.clone(), &SourceAction::Delete).unwrap();
        assert!(marker.exists(), "it may be the new data's");
        std::fs::remove_file(dir.path().join("A.TXT")).unwrap();
        for _ in 0..2 {
            move_marker(&folder, "A.TXT", seen.clone(), &SourceAction::Delete).unwrap();
            assert!(folder.list(9).unwrap().is_empty());
        }
        // A crash between setting it aside and removing it.
        std::fs::write(&marker, "").unwrap();
        let seen = folder.stat("A.OK").unwrap().unwrap();
        std::fs::rename(&marker, dir.path().join(".A.OK.taken")).unwrap();
        move_marker(&folder, "A.TXT", seen, &SourceAction::Delete).unwrap();
        assert!(folder.list(9).unwrap().is_empty());
    }
}
