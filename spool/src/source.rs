//! What happens to a source file when everything about it is durable: it stays, is moved, or is deleted.
//!
//! Only the expected file is touched. Because a partner may put a new file under the old name at any moment, the file is
//! first renamed aside and looked at again: if it is another one, it goes back. So nothing that was not processed is
//! lost, and every step may be repeated after a crash.
//!
//! What is left under a hidden name, because a call took effect late or nobody came back for it, gets its own name again
//! ([`crate::aside`]): it arrives, or is known, as if it had never been away.

use crate::aside::{self, fit};
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::folder::Folder;

/// What to do with a source file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SourceAction {
    /// Nothing.
    Leave,
    /// Delete it.
    Delete,
    /// Move it into a subfolder (a relative path), which is made if need be. A name that is taken there gets the file's
    /// time appended.
    Move(String),
}

/// How many names are tried before a move gives up.
const NAMES_MAX: u32 = 100;

/// Deletes or moves a source, only if it is still the expected file.
///
/// True: it is done, now or by an earlier call. False: the name now holds another file, which was left alone.
pub fn move_source(folder: &dyn Folder, expected: &Entry, action: &SourceAction) -> Result<bool> {
    if *action == SourceAction::Leave {
        return Ok(true);
    }
    let aside = aside::name(&expected.name, expected);
    match set_aside(folder, expected, &aside)? {
        Source::Aside => finish(folder, &aside, expected, action).map(|()| true),
        Source::Gone => Ok(true),
        Source::Another => Ok(false),
    }
}

/// Deletes or moves what shares the fate of a source, its marker or the index that lists it, as it stands there now. What an
/// earlier call for the same source began is ended by [`finish_companion`], or undone by [`restore_companion`].
pub fn move_companion(folder: &dyn Folder, companion: &Entry, source: &Entry, action: &SourceAction) -> Result<()> {
    if *action == SourceAction::Leave {
        return Ok(());
    }
    let aside = aside::name(&companion.name, source);
    match set_aside(folder, companion, &aside)? {
        Source::Aside => finish(folder, &aside, companion, action),
        Source::Gone | Source::Another => Ok(()),
    }
}

/// Deletes or moves what an earlier [`move_companion`] for the same source left under its hidden name, whatever it is now.
pub fn finish_companion(folder: &dyn Folder, name: &str, source: &Entry, action: &SourceAction) -> Result<()> {
    if *action == SourceAction::Leave {
        return Ok(());
    }
    let aside = aside::name(name, source);
    match folder.stat(&aside)? {
        Some(left) => finish(folder, &aside, &Entry { name: name.to_owned(), ..left }, action),
        None => Ok(()),
    }
}

/// Gives what an earlier [`move_companion`] for the same source left under its hidden name its own name again, so that it is
/// judged anew. False: another file has the name by now, and it stays for [`crate::aside`].
pub fn restore_companion(folder: &dyn Folder, name: &str, source: &Entry) -> Result<bool> {
    let aside = aside::name(name, source);
    if folder.stat(&aside)?.is_none() {
        return Ok(true);
    }
    match folder.rename_new(&aside, name) {
        Err(e) if e.kind == ErrorKind::TargetExists => Ok(false),
        other => gone(other).map(|()| true),
    }
}

/// What is aside and was looked at goes.
fn finish(folder: &dyn Folder, aside: &str, expected: &Entry, action: &SourceAction) -> Result<()> {
    let gone = match action {
        SourceAction::Leave => return Ok(()),
        SourceAction::Delete => folder.remove(aside),
        SourceAction::Move(subfolder) => move_to(folder, aside, expected, subfolder),
    };
    match gone {
        // By an earlier call whose answer was lost, or by another holder; or it was put back because nobody came for it.
        Err(e) if e.kind == ErrorKind::Missing => match folder.stat(&expected.name)? {
            Some(back) if back.same_file(expected) => Err(e),
            _ => Ok(()),
        },
        other => other,
    }
}

fn move_to(folder: &dyn Folder, aside: &str, expected: &Entry, subfolder: &str) -> Result<()> {
    folder.make_folder(subfolder)?;
    let target = folder.subfolder(subfolder)?;
    for attempt in 0..NAMES_MAX {
        let to = target_name(expected, attempt);
        match target.stat(&to)? {
            // Halfway through a move by a link and a removal.
            Some(there) if there.same_file(expected) && there.file_id != 0 => return folder.remove(aside),
            Some(_) => continue,
            None => {}
        }
        match folder.move_new(aside, subfolder, &to) {
            Err(e) if e.kind == ErrorKind::TargetExists => continue,
            other => return other,
        }
    }
    Err(Error::new(ErrorKind::TargetExists, format!("no free name for {:?} in {}", expected.name, target.describe())))
}

/// Where the source is.
enum Source {
    /// Under its hidden name, looked at: it is the expected file.
    Aside,
    /// Nowhere: an earlier call did it, or the partner.
    Gone,
    /// The name holds another file.
    Another,
}

fn set_aside(folder: &dyn Folder, expected: &Entry, aside: &str) -> Result<Source> {
    let name = &expected.name;
    // An earlier call may have stopped halfway.
    match folder.stat(aside)? {
        // Halfway through a rename by a link and a removal: one file under both names. The name is not the one to remove, for
        // the partner may put another file there at any moment.
        Some(left) if left.same_file(expected) && left.file_id != 0 && stands(folder, expected)? => {
            gone(folder.remove(aside))?;
        }
        Some(left) if left.same_file(expected) => return Ok(Source::Aside),
        Some(left) => match folder.stat(name)? {
            None => return give_back(folder, aside, name),
            // Halfway back to its name.
            Some(now) if now.same_file(&left) && left.file_id != 0 => {
                return gone(folder.remove(aside)).map(|()| Source::Another);
            }
            Some(_) => return Err(in_the_way(folder, aside)),
        },
        None => {}
    }
    // Where it is missing under its name it may be aside by now: the rename of an earlier attempt, whose answer was lost, was
    // carried out late.
    match folder.stat(name)? {
        None => {}
        Some(now) if !now.same_file(expected) => return Ok(Source::Another),
        Some(_) => gone(folder.rename_new(name, aside))?,
    }
    match folder.stat(aside)? {
        Some(taken) if taken.same_file(expected) => Ok(Source::Aside),
        Some(_) => give_back(folder, aside, name),
        None => Ok(Source::Gone),
    }
}

fn in_the_way(folder: &dyn Folder, aside: &str) -> Error {
    let what = format!("{aside:?} in {} is in the way", folder.describe());
    Error::new(ErrorKind::TargetExists, what)
        .hint("the partner replaced a file twice while it was being moved: give this one a name of its own")
}

/// Whether the expected file stands under its own name.
fn stands(folder: &dyn Folder, expected: &Entry) -> Result<bool> {
    Ok(folder.stat(&expected.name)?.is_some_and(|now| now.same_file(expected)))
}

/// Somebody else, or an earlier call, was there before.
fn gone(done: Result<()>) -> Result<()> {
    match done {
        Err(e) if e.kind == ErrorKind::Missing => Ok(()),
        other => other,
    }
}

/// Between looking and renaming, the partner put a new file under the name: it is not ours to take.
fn give_back(folder: &dyn Folder, aside: &str, name: &str) -> Result<Source> {
    gone(folder.rename_new(aside, name)).map(|()| Source::Another)
}

/// `name`, then `name.<time>`, then `name.<time>.2`...
fn target_name(expected: &Entry, attempt: u32) -> String {
    let time = expected.mtime_ms;
    match attempt {
        0 => expected.name.clone(),
        1 => fit(&expected.name, 24, |name| format!("{name}.{time}")),
        n => fit(&expected.name, 28, |name| format!("{name}.{time}.{n}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::EntryKind;
    use crate::local::LocalFolder;

    fn room() -> (tempfile::TempDir, LocalFolder, Entry) {
        let dir = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        std::fs::write(dir.path().join("A.TXT"), "one").unwrap();
        let entry = folder.stat("A.TXT").unwrap().unwrap();
        (dir, folder, entry)
    }

    #[test]
    fn deletes_once() {
        let (dir, folder, entry) = room();
        assert!(move_source(&folder, &entry, &SourceAction::Leave).unwrap());
        assert!(dir.path().join("A.TXT").exists());
        for _ in 0..2 {
            assert!(move_source(&folder, &entry, &SourceAction::Delete).unwrap());
            assert!(folder.list(9).unwrap().is_empty());
        }
    }

    #[test]
    fn a_new_file_under_the_name_is_left_alone() {
        let (dir, folder, entry) = room();
        std::fs::write(dir.path().join("A.TXT"), "two!").unwrap();
        for action in [SourceAction::Delete, SourceAction::Move("done".into())] {
            assert!(!move_source(&folder, &entry, &action).unwrap());
            assert_eq!(std::fs::read(dir.path().join("A.TXT")).unwrap(), b"two!");
        }
        assert_eq!(folder.list(9).unwrap().len(), 1);
    }

    #[test]
    fn an_interrupted_deletion_is_finished() {
        let (dir, folder, entry) = room();
        let aside = dir.path().join(aside::name("A.TXT", &entry));
        std::fs::rename(dir.path().join("A.TXT"), &aside).unwrap();
        std::fs::write(dir.path().join("A.TXT"), "next").unwrap();
        assert!(move_source(&folder, &entry, &SourceAction::Delete).unwrap());
        assert_eq!(std::fs::read(dir.path().join("A.TXT")).unwrap(), b"next");
        assert_eq!(folder.list(9).unwrap().len(), 1);
        // What was taken aside by mistake goes back.
        std::fs::rename(dir.path().join("A.TXT"), &aside).unwrap();
        assert!(!move_source(&folder, &entry, &SourceAction::Move("done".into())).unwrap());
        assert_eq!(std::fs::read(dir.path().join("A.TXT")).unwrap(), b"next");
    }

    #[test]
    fn a_rename_or_a_move_that_stopped_between_link_and_removal_is_finished() {
        for action in [SourceAction::Delete, SourceAction::Move("done".into())] {
            let (dir, folder, entry) = room();
            let at = |name: &str| dir.path().join(name);
            std::fs::hard_link(at("A.TXT"), at(&aside::name("A.TXT", &entry))).unwrap();
            assert!(move_source(&folder, &entry, &action).unwrap());
            assert_eq!(files(&folder), 0, "{action:?}");
        }
        let (dir, folder, entry) = room();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("done")).unwrap();
        std::fs::hard_link(at("A.TXT"), at("done/A.TXT")).unwrap();
        std::fs::rename(at("A.TXT"), at(&aside::name("A.TXT", &entry))).unwrap();
        assert!(move_source(&folder, &entry, &SourceAction::Move("done".into())).unwrap());
        assert_eq!((files(&folder), files(&*folder.subfolder("done").unwrap())), (0, 1));
    }

    fn files(folder: &dyn Folder) -> usize {
        folder.list(9).unwrap().iter().filter(|e| e.kind == EntryKind::File).count()
    }

    #[test]
    fn what_was_put_back_meanwhile_is_not_called_gone() {
        let (dir, folder, entry) = room();
        let error = finish(&folder, &aside::name("A.TXT", &entry), &entry, &SourceAction::Delete).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Missing);
        assert!(move_source(&folder, &entry, &SourceAction::Delete).unwrap() && !dir.path().join("A.TXT").exists());
    }

    #[test]
    fn a_companion_goes_as_it_stands_and_what_was_left_of_it() {
        let (dir, folder, source) = room();
        let at = |name: &str| dir.path().join(name);
        let (aside, action) = (aside::name("A.OK", &source), SourceAction::Move("done".into()));
        std::fs::write(at("A.OK"), "rewritten").unwrap();
        let now = folder.stat("A.OK").unwrap().unwrap();
        move_companion(&folder, &now, &source, &SourceAction::Leave).unwrap();
        assert!(at("A.OK").exists());
        move_companion(&folder, &now, &source, &action).unwrap();
        assert_eq!((files(&folder), files(&*folder.subfolder("done").unwrap())), (1, 1));
        std::fs::write(at(&aside), "left").unwrap();
        finish_companion(&folder, "A.OK", &source, &SourceAction::Leave).unwrap();
        assert!(at(&aside).exists());
        finish_companion(&folder, "A.OK", &source, &SourceAction::Delete).unwrap();
        assert_eq!(files(&folder), 1);
        std::fs::write(at(&aside), "left").unwrap();
        std::fs::write(at("A.OK"), "the next").unwrap();
        assert!(!restore_companion(&folder, "A.OK", &source).unwrap(), "its name is taken");
        std::fs::remove_file(at("A.OK")).unwrap();
        for _ in 0..2 {
            assert!(restore_companion(&folder, "A.OK", &source).unwrap());
            assert_eq!(std::fs::read(at("A.OK")).unwrap(), b"left");
        }
    }

    #[test]
    fn what_is_halfway_back_to_its_name_is_given_back() {
        let (dir, folder, entry) = room();
        let aside = aside::name("A.TXT", &entry);
        std::fs::write(dir.path().join("A.TXT"), "the partner's next").unwrap();
        std::fs::hard_link(dir.path().join("A.TXT"), dir.path().join(&aside)).unwrap();
        assert!(!move_source(&folder, &entry, &SourceAction::Delete).unwrap());
        assert_eq!(std::fs::read(dir.path().join("A.TXT")).unwrap(), b"the partner's next");
        assert!(!dir.path().join(&aside).exists());
    }

    #[test]
    fn a_holder_that_wakes_late_takes_no_newer_file_that_is_aside_for_another() {
        let (dir, folder, entry) = room();
        let late = aside::name("A.TXT", &entry);
        assert!(move_source(&folder, &entry, &SourceAction::Delete).unwrap());
        std::fs::write(dir.path().join("A.TXT"), "newer").unwrap();
        let newer = folder.stat("A.TXT").unwrap().unwrap();
        folder.rename_new("A.TXT", &aside::name("A.TXT", &newer)).unwrap();
        assert_eq!(folder.remove(&late).unwrap_err().kind, ErrorKind::Missing);
        assert!(move_source(&folder, &newer, &SourceAction::Move("done".into())).unwrap());
        assert_eq!(std::fs::read(dir.path().join("done/A.TXT")).unwrap(), b"newer");
    }

    #[test]
    fn moves_to_a_free_name_every_day() {
        let (dir, folder, mut entry) = room();
        let action = SourceAction::Move("done/in".into());
        for day in 0..4 {
            assert!(move_source(&folder, &entry, &action).unwrap());
            assert!(move_source(&folder, &entry, &action).unwrap(), "again: nothing to do");
            std::fs::write(dir.path().join("A.TXT"), day.to_string()).unwrap();
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000);
            std::fs::File::options().append(true).open(dir.path().join("A.TXT")).unwrap().set_modified(time).unwrap();
            entry = folder.stat("A.TXT").unwrap().unwrap();
        }
        let moved: Vec<_> = folder.subfolder("done/in").unwrap().list(9).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(moved, ["A.TXT", "A.TXT.1000000", "A.TXT.1000000.2", "A.TXT.1000000.3"]);
        assert!(move_source(&folder, &entry, &SourceAction::Move("../up".into())).is_err());
        let long = Entry { name: "é".repeat(127), ..entry };
        assert!(target_name(&long, 99).len() <= 255);
    }
}
