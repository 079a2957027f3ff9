//! What happens to a source file when everything about it is durable: it stays, is moved, or is deleted.
//!
//! Only the expected file is touched. Because a partner may put a new file under the old name at any moment, the file is
//! first renamed aside and looked at again: if it is another one, it goes back. So nothing that was not processed is
//! lost, and every step may be repeated after a crash.
//!
//! The hidden name says which file it is for (its time and size), not who holds the work: the next holder must find it
//! without reading the folder, and a holder that was replaced and wakes late means that file and no newer one by it.

use crate::entry::{Entry, NAME_MAX_BYTES};
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
    match action {
        SourceAction::Leave => Ok(true),
        SourceAction::Delete => delete(folder, expected),
        SourceAction::Move(subfolder) => move_to(folder, expected, subfolder),
    }
}

fn delete(folder: &dyn Folder, expected: &Entry) -> Result<bool> {
    let aside = match set_aside(folder, expected)? {
        Source::Aside(aside) => aside,
        Source::Gone => return Ok(true),
        Source::Another => return Ok(false),
    };
    match folder.remove(&aside) {
        Err(e) if e.kind == ErrorKind::Missing => Ok(true),
        other => other.map(|()| true),
    }
}

fn move_to(folder: &dyn Folder, expected: &Entry, subfolder: &str) -> Result<bool> {
    let aside = match set_aside(folder, expected)? {
        Source::Aside(aside) => aside,
        Source::Gone => return Ok(true),
        Source::Another => return Ok(false),
    };
    folder.make_folder(subfolder)?;
    let target = folder.subfolder(subfolder)?;
    for attempt in 0..NAMES_MAX {
        let to = target_name(expected, attempt);
        if target.stat(&to)?.is_some() {
            continue;
        }
        match folder.move_new(&aside, subfolder, &to) {
            Err(e) if e.kind == ErrorKind::TargetExists => continue,
            Err(e) if e.kind == ErrorKind::Missing => return Ok(true),
            other => return other.map(|()| true),
        }
    }
    Err(Error::new(ErrorKind::TargetExists, format!("no free name for {:?} in {}", expected.name, target.describe())))
}

/// Where the source is.
enum Source {
    /// Under this hidden name, looked at: it is the expected file.
    Aside(String),
    /// Nowhere: an earlier call did it, or the partner.
    Gone,
    /// The name holds another file.
    Another,
}

fn set_aside(folder: &dyn Folder, expected: &Entry) -> Result<Source> {
    let (name, aside) = (&expected.name, aside_name(expected));
    // An earlier call may have stopped halfway.
    match folder.stat(&aside)? {
        Some(left) if left.same_file(expected) => return Ok(Source::Aside(aside)),
        Some(_) if folder.stat(name)?.is_none() => return give_back(folder, &aside, name),
        Some(_) => {
            return Err(Error::new(
                ErrorKind::TargetExists,
                format!("{aside:?} in {} is in the way", folder.describe()),
            )
            .hint("the partner replaced a file twice while it was being moved: give this one a name of its own"));
        }
        None => {}
    }
    // Where it is missing under its name it may be aside by now: the rename of an earlier attempt, whose answer was lost, was
    // carried out late.
    match folder.stat(name)? {
        None => {}
        Some(now) if !now.same_file(expected) => return Ok(Source::Another),
        Some(_) => match folder.rename_new(name, &aside) {
            Err(e) if e.kind == ErrorKind::Missing => {}
            other => other?,
        },
    }
    match folder.stat(&aside)? {
        Some(taken) if taken.same_file(expected) => Ok(Source::Aside(aside)),
        Some(_) => give_back(folder, &aside, name),
        None => Ok(Source::Gone),
    }
}

/// Between looking and renaming, the partner put a new file under the name: it is not ours to take.
fn give_back(folder: &dyn Folder, aside: &str, name: &str) -> Result<Source> {
    folder.rename_new(aside, name).map(|()| Source::Another)
}

fn aside_name(expected: &Entry) -> String {
    let of = format!("{}-{}", expected.mtime_ms, expected.size);
    fit(&expected.name, 8 + of.len(), |name| format!(".{name}.{of}.taken"))
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

/// Shortens a very long name so that what is added still fits.
fn fit(name: &str, added: usize, make: impl Fn(&str) -> String) -> String {
    make(&name[..name.floor_char_boundary(NAME_MAX_BYTES - added)])
}

#[cfg(test)]
mod tests {
    use super::*;
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
        let aside = dir.path().join(aside_name(&entry));
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
    fn a_holder_that_wakes_late_takes_no_newer_file_that_is_aside_for_another() {
        let (dir, folder, entry) = room();
        let late = aside_name(&entry);
        assert!(move_source(&folder, &entry, &SourceAction::Delete).unwrap());
        std::fs::write(dir.path().join("A.TXT"), "newer").unwrap();
        let newer = folder.stat("A.TXT").unwrap().unwrap();
        folder.rename_new("A.TXT", &aside_name(&newer)).unwrap();
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
        assert!(target_name(&long, 99).len() <= 255 && aside_name(&Entry { size: u64::MAX, ..long }).len() <= 255);
    }
}
