//! Archive: the answer is delivered, so the source may go, as the route says (I8).
//!
//! The source is touched only if it still is the file that was taken: a partner that has replaced it in the meantime
//! keeps its new file, which arrives on its own. A marker shares the fate of its data whatever became of it since, for
//! partners touch and rewrite markers; but never while data stands under the name: it may be that data's marker. An index
//! goes when none of the files it lists stands there any more and the books have them all: one that it lists and that has
//! not come yet needs it.

use super::arrival::entry_of;
use super::listed::{Listed, unbooked};
use super::route::Route;
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::change::Fence;
use crate::ledger::transfer::{Facts, FileEvent, Transfer};
use fpp_spool::pattern::folded;
use fpp_spool::{
    Entry, EntryKind, Folder, Says, SourceAction, Stated, finish_companion, move_companion, move_source,
    restore_companion,
};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Moves an acknowledged file to `Archived`.
pub async fn archive(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    let route = cx.route(transfer)?;
    // A retry of an earlier file has no source of its own.
    if let Some(source) = &transfer.facts.source {
        let entry = entry_of(source);
        let promised = transfer.facts.promised.as_ref();
        let marker = promised.filter(|p| !p.shared).map(|p| entry_of(&p.marker));
        let (folder, action) = (route.folder()?.clone(), route.source.clone());
        let moved = blocking(move || {
            let moved = move_source(&*folder, &entry, &action)?;
            if let Some(marker) = marker.filter(|_| moved) {
                move_marker(&*folder, &entry, &marker.name, &action)?;
            }
            Ok(moved)
        })
        .await?;
        tracing::debug!(transfer = %transfer.id, file = transfer.name, moved, "source dealt with");
        if let Some(index) = promised.filter(|p| p.shared && route.source != SourceAction::Leave) {
            move_index(cx, &route, &index.marker.name, entry_of(source)).await?;
        }
    }
    cx.advance(fence, transfer, FileEvent::Archive, Facts::default()).await
}

/// Moves the marker that stands there now, and one with which an earlier attempt stopped halfway.
fn move_marker(folder: &dyn Folder, data: &Entry, name: &str, action: &SourceAction) -> fpp_spool::Result<()> {
    if folder.stat(&data.name)?.is_some() {
        return Ok(());
    }
    finish_companion(folder, name, data, action)?;
    match folder.stat(name)? {
        Some(now) if now.kind == EntryKind::File => move_companion(folder, &now, data, action),
        _ => Ok(()),
    }
}

/// Moves an index that has nothing left to say, with the last of its files.
async fn move_index(cx: &Inbound, route: &Arc<Route>, name: &str, data: Entry) -> Result<()> {
    let folder = route.folder()?.clone();
    let (at, from, of, source) = (route.clone(), folder.clone(), name.to_owned(), data.clone());
    let found = blocking(move || {
        // It may be another one by now: it is judged as one that was never set aside.
        if !restore_companion(&*from, &of, &source)? {
            tracing::warn!(file = of, "an index is aside, and another one has its name: they are left where they are");
            return Ok(None);
        }
        Ok(served(&at, &*from, &of)?)
    });
    let Some((index, files)) = found.await? else { return Ok(()) };
    let listed = |(key, stated): (String, Stated)| {
        let name = stated.name.clone().unwrap_or(key);
        Listed { index: index.name.clone(), name, stated }
    };
    let files = files.into_iter().map(listed).collect();
    if !unbooked(&*cx.ledger, &route.spool, route.fold, files).await?.is_empty() {
        return Ok(());
    }
    let action = route.source.clone();
    blocking(move || Ok(move_companion(&*folder, &index, &data, &action)?)).await
}

/// An index of which no file stands in the folder any more, with what it lists.
fn served(
    route: &Route,
    folder: &dyn Folder,
    name: &str,
) -> fpp_spool::Result<Option<(Entry, HashMap<String, Stated>)>> {
    let Some(rule) = &route.index else { return Ok(None) };
    let Some(index) = folder.stat(name)?.filter(|e| e.kind == EntryKind::File) else { return Ok(None) };
    let Some(bytes) = folder.read_small(name, rule.max_bytes())? else { return Ok(None) };
    // One that cannot be read any more is a person's matter; the watch over the spool tells of it.
    let Ok(Says::Many(files)) = rule.read(&bytes) else { return Ok(None) };
    let key = |name: &str| if route.fold { folded(name) } else { name.to_owned() };
    let listed: HashSet<String> = files.keys().map(|name| key(name)).collect();
    let mut stands = false;
    folder.names(&mut |name| {
        stands = listed.contains(&key(name));
        if stands { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok((!stands).then(|| (index, (*files).clone())))
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
        std::fs::write(dir.path().join("A.TXT"), "data").unwrap();
        let data = folder.stat("A.TXT").unwrap().unwrap();
        std::fs::write(&marker, "rewritten").unwrap();
        move_marker(&folder, &data, "A.OK", &SourceAction::Delete).unwrap();
        assert!(marker.exists(), "it may be the new data's");
        std::fs::remove_file(dir.path().join("A.TXT")).unwrap();
        for _ in 0..2 {
            move_marker(&folder, &data, "A.OK", &SourceAction::Delete).unwrap();
            assert!(folder.list(9).unwrap().is_empty());
        }
        // A crash between setting it aside and removing it, whatever became of it since it was first seen.
        std::fs::write(&marker, "rewritten once more").unwrap();
        let aside = format!(".A.OK.{}-{}.taken", data.mtime_ms, data.size);
        std::fs::rename(&marker, dir.path().join(aside)).unwrap();
        move_marker(&folder, &data, "A.OK", &SourceAction::Delete).unwrap();
        assert!(folder.list(9).unwrap().is_empty());
    }
}
