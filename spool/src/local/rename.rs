//! Renaming to a name that must not exist, in one step where the file system can.
//!
//! Linux can refuse an existing target inside the rename itself (RENAME_NOREPLACE). Where a file system lacks that (some
//! network and FUSE ones), a hard link and a removal do the same: the link refuses an existing name just as surely, and
//! a crash in between leaves the same file under both names, which publishing recognises and the next such rename ends. Where there are no hard links
//! either, the name is looked up first; then a partner that makes the same name in the very same moment could lose its
//! file, which is said once in the log.

use rustix::fs::{AtFlags, RenameFlags};
use rustix::io::{Errno, Result};
use std::os::fd::OwnedFd;
use std::sync::Once;

pub(crate) fn rename_no_replace(from_folder: &OwnedFd, from: &str, to_folder: &OwnedFd, to: &str) -> Result<()> {
    match rustix::fs::renameat_with(from_folder, from, to_folder, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => by_link(from_folder, from, to_folder, to),
        other => other,
    }
}

fn by_link(from_folder: &OwnedFd, from: &str, to_folder: &OwnedFd, to: &str) -> Result<()> {
    match rustix::fs::linkat(from_folder, from, to_folder, to, AtFlags::empty()) {
        Ok(()) => rustix::fs::unlinkat(from_folder, from, AtFlags::empty()),
        Err(Errno::EXIST) if is_one_file(from_folder, from, to_folder, to) => {
            rustix::fs::unlinkat(from_folder, from, AtFlags::empty())
        }
        Err(Errno::PERM | Errno::NOTSUP | Errno::NOSYS | Errno::INVAL | Errno::MLINK) => {
            by_look(from_folder, from, to_folder, to)
        }
        Err(e) => Err(e),
    }
}

/// A former call came as far as the link.
fn is_one_file(from_folder: &OwnedFd, from: &str, to_folder: &OwnedFd, to: &str) -> bool {
    let stat = |folder, name| rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW);
    let (Ok(from), Ok(to)) = (stat(from_folder, from), stat(to_folder, to)) else { return false };
    // Where files have no numbers nothing is known.
    from.st_ino != 0 && (from.st_dev, from.st_ino) == (to.st_dev, to.st_ino)
}

fn by_look(from_folder: &OwnedFd, from: &str, to_folder: &OwnedFd, to: &str) -> Result<()> {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(to, "this file system can neither refuse an existing name in a rename nor make hard links");
    });
    match rustix::fs::statat(to_folder, to, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(_) => Err(Errno::EXIST),
        Err(Errno::NOENT) => rustix::fs::renameat(from_folder, from, to_folder, to),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{Mode, OFlags};

    #[test]
    fn each_way_refuses_an_existing_name() {
        for way in [rename_no_replace, by_link, by_look] {
            let dir = tempfile::tempdir().unwrap();
            let at = |name: &str| dir.path().join(name);
            std::fs::write(at("a"), "new").unwrap();
            std::fs::write(at("b"), "old").unwrap();
            let handle = rustix::fs::open(dir.path(), OFlags::RDONLY, Mode::empty()).unwrap();
            assert_eq!(way(&handle, "a", &handle, "b"), Err(Errno::EXIST));
            assert_eq!(std::fs::read(at("b")).unwrap(), b"old");
            way(&handle, "a", &handle, "c").unwrap();
            assert_eq!(std::fs::read(at("c")).unwrap(), b"new");
            assert!(!at("a").exists());
            assert_eq!(way(&handle, "a", &handle, "d"), Err(Errno::NOENT));
        }
    }

    #[test]
    fn what_stopped_between_link_and_removal_is_ended_by_the_next_call() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "new").unwrap();
        std::fs::hard_link(dir.path().join("a"), dir.path().join("b")).unwrap();
        let handle = rustix::fs::open(dir.path(), OFlags::RDONLY, Mode::empty()).unwrap();
        by_link(&handle, "a", &handle, "b").unwrap();
        assert!(!dir.path().join("a").exists());
        assert_eq!(std::fs::read(dir.path().join("b")).unwrap(), b"new");
    }
}
