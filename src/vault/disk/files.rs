//! Files that appear whole or not at all: temporary name, write, fsync, rename, fsync of the folder.
//!
//! A temporary has its writer in its name, a node and its incarnation, and is locked while the writer lives. So whoever
//! opens the vault next can tell a leftover from the work of another process, and sweeps only leftovers: those of its own
//! node at once, those of other nodes when they are a day old, because a lock may not reach over a network. A part of a
//! content that somebody may go on with has another ending: see the module `parts`.

use super::io::{Io, IoFile};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How long an unlocked temporary of another node is left alone.
pub(super) const FOREIGN_MS: i64 = 24 * 60 * 60 * 1_000;
const ENDING: &str = ".part";

/// A file under a temporary name; removed again unless it is kept.
pub(super) struct Temporary<'a> {
    io: &'a dyn Io,
    path: PathBuf,
    pub(super) file: Box<dyn IoFile>,
    kept: bool,
}

/// A name that this process has not given before; another one has another owner.
pub(super) fn fresh(folder: &Path, owner: &str, ending: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{owner}.{number}{ending}"))
}

impl Temporary<'_> {
    /// Creates one in a folder.
    pub(super) fn create<'a>(io: &'a dyn Io, folder: &Path, owner: &str) -> io::Result<Temporary<'a>> {
        Temporary::create_as(io, folder, owner, ENDING)
    }

    /// The same with an ending of its own.
    pub(super) fn create_as<'a>(io: &'a dyn Io, folder: &Path, owner: &str, ending: &str) -> io::Result<Temporary<'a>> {
        loop {
            let path = fresh(folder, owner, ending);
            let file = match io.create_new(&path) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) => return Err(e),
            };
            let temporary = Temporary { io, path, file, kept: false };
            temporary.file.lock(false)?;
            // A sweep may have come between creation and lock: then the name is gone, and the next one is tried.
            if temporary.file.stat()?.names > 0 {
                return Ok(temporary);
            }
        }
    }

    /// One that somebody left behind, whose lock is held by now, under a name of its new owner.
    pub(super) fn taken_over<'a>(io: &'a dyn Io, path: PathBuf, file: Box<dyn IoFile>) -> Temporary<'a> {
        Temporary { io, path, file, kept: false }
    }

    /// Leaves it where it is, for who comes next.
    pub(super) fn leave(mut self) {
        self.kept = true;
    }

    /// Makes the content durable under its final name. An existing file of that name is replaced.
    pub(super) fn keep_as(mut self, name: &Path) -> io::Result<()> {
        self.file.sync()?;
        self.io.rename(&self.path, name)?;
        self.kept = true;
        self.io.sync_folder(parent(name))
    }
}

impl Write for Temporary<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // A leftover that cannot be removed now is swept at the next opening.
            let _ = self.io.remove(&self.path);
        }
    }
}

/// Removes temporaries whose writers are dead; returns how many.
pub(super) fn sweep(io: &dyn Io, folder: &Path, owner: &str, now_ms: i64) -> io::Result<u64> {
    let node = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let mut swept = 0;
    for name in io.list(folder)? {
        let Some(name) = name.to_str().filter(|name| name.ends_with(ENDING)) else { continue };
        let path = folder.join(name);
        let Some(file) = unless_gone(io.open_for_writing(&path))? else { continue };
        let own = node(name) == node(owner);
        let dead = file.try_lock()? && (own || file.stat()?.modified_ms < now_ms - FOREIGN_MS);
        if dead && unless_gone(io.remove(&path))?.is_some() {
            swept += 1;
        }
    }
    Ok(swept)
}

/// Nothing where there is no such name.
pub(super) fn unless_gone<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// Creates a folder, or finds it there, and makes its name durable: whoever made it may not have lived to do so.
pub(super) fn make_folder(io: &dyn Io, folder: &Path) -> io::Result<()> {
    match io.make_folder(folder) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => return Err(e),
        _ => {}
    }
    io.sync_folder(parent(folder))
}

/// Creates the root with all folders above it that are missing.
pub(super) fn make_root(io: &dyn Io, root: &Path) -> io::Result<()> {
    let mut missing = Vec::new();
    for folder in root.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
        if unless_gone(io.stat(folder))?.is_some() {
            break;
        }
        missing.push(folder);
    }
    missing.iter().rev().try_for_each(|folder| make_folder(io, folder))?;
    make_folder(io, root)
}

/// The folder that a name stands in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Fills `buffer` with the bytes from `offset` on.
pub(super) fn read_exact_at(file: &dyn IoFile, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.read_at(buffer, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                buffer = buffer.get_mut(length..).unwrap_or_default();
                offset += length as u64;
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// A small file as a whole.
pub(super) fn read(io: &dyn Io, path: &Path) -> io::Result<Vec<u8>> {
    let file = io.open(path)?;
    let bytes = usize::try_from(file.stat()?.bytes).map_err(io::Error::other)?;
    let mut read = vec![0; bytes];
    read_exact_at(&*file, &mut read, 0)?;
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::super::io::System;
    use super::*;
    use std::fs;
    use std::time::{Duration, SystemTime};

    #[test]
    fn a_sweep_takes_what_the_dead_left_and_nothing_of_the_living_or_of_others() {
        let folder = tempfile::tempdir().unwrap();
        let mut living = Temporary::create(&System, folder.path(), "n1.A").unwrap();
        let foreign = ["n2.B.0.part", "n2.B.1.part", "77.0.part"].map(|name| folder.path().join(name));
        fs::write(folder.path().join("n1.Z.0.part"), b"left behind").unwrap();
        foreign.iter().for_each(|path| fs::write(path, b"another node's").unwrap());
        let old = fs::File::options().write(true).open(&foreign[1]).unwrap();
        old.set_modified(SystemTime::now() - Duration::from_secs(25 * 3_600)).unwrap();
        drop(old);
        living.write_all(b"abc").unwrap();
        let now_ms = crate::clock::Clock::System.now_ms();
        assert_eq!(sweep(&System, folder.path(), "n1.C", now_ms).unwrap(), 2);
        assert!(foreign[0].exists() && !foreign[1].exists() && foreign[2].exists());
        let name = folder.path().join("done");
        living.keep_as(&name).unwrap();
        assert_eq!(fs::read(name).unwrap(), b"abc");
        drop(Temporary::create(&System, folder.path(), "n1.A").unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "a dropped temporary is gone");
    }

    #[test]
    fn a_root_is_made_with_all_that_is_missing_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a/b/vault");
        make_root(&System, &root).unwrap();
        make_root(&System, &root).unwrap();
        assert!(root.is_dir());
    }
}
