//! A folder of this machine.
//!
//! Opens the folder anew for every call, so one that was removed and made again, or mounted over, is seen as it is now.
//! Names are resolved inside that open folder and links are never followed, neither for files nor for subfolders. A
//! name becomes durable together with its bytes: file and folder are both synced. Nothing is ever overwritten: see
//! the module `rename` below.

pub(crate) mod rename;
mod sink;

use crate::entry::{Entry, EntryKind, check_name, check_path, escaped};
use crate::error::{Error, ErrorKind, Result};
use crate::folder::{Folder, Look, Sink};
use rename::rename_no_replace;
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, StatxFlags};
use rustix::io::Errno;
use sink::{LocalSink, could, sync_handle};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

/// A folder of this machine.
#[derive(Clone, Debug)]
pub struct LocalFolder {
    root: PathBuf,
    /// Relative path below the root; each step is opened without following links.
    below: Option<String>,
}

impl LocalFolder {
    /// Opens a folder that must exist.
    pub fn open(path: impl AsRef<Path>) -> Result<LocalFolder> {
        let folder = LocalFolder { root: path.as_ref().to_owned(), below: None };
        folder.handle().map(|_| folder)
    }

    /// The folder's path.
    pub fn path(&self) -> PathBuf {
        self.below.as_ref().map_or_else(|| self.root.clone(), |below| self.root.join(below))
    }

    fn handle(&self) -> Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut handle = rustix::fs::open(&self.root, flags, Mode::empty()).map_err(|e| self.folder_error(e))?;
        for step in self.below.iter().flat_map(|below| below.split('/')) {
            handle = rustix::fs::openat(&handle, step, flags | OFlags::NOFOLLOW, Mode::empty())
                .map_err(|e| self.folder_error(e))?;
        }
        Ok(handle)
    }

    fn folder_error(&self, errno: Errno) -> Error {
        let error = io::Error::from(errno);
        Error::new(ErrorKind::Folder, format!("opening the folder {}: {error}", self.describe())).caused_by(error)
    }

    fn error(&self, doing: &str, name: &str, errno: Errno) -> Error {
        Error::from_io(format_args!("{doing} {name:?} in {}", self.describe()), errno.into())
    }

    fn at(&self, path: &str) -> Result<LocalFolder> {
        check_path(path)?;
        let below = self.below.as_ref().map_or_else(|| path.to_owned(), |below| format!("{below}/{path}"));
        Ok(LocalFolder { root: self.root.clone(), below: Some(below) })
    }

    /// Opens a regular file, which must be the one that was seen, if one was.
    fn open_file(&self, name: &str, seen: Option<&Entry>) -> Result<File> {
        check_name(name)?;
        // Without NONBLOCK, opening a pipe would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = rustix::fs::openat(self.handle()?, name, flags, Mode::empty())
            .map_err(|e| self.error("opening", name, e))?;
        let stat = rustix::fs::fstat(&file).map_err(|e| self.error("looking at", name, e))?;
        let opened = entry(name.as_bytes(), &stat);
        match (opened.kind, seen) {
            (EntryKind::File, Some(seen)) if !opened.same_file(seen) => Err(another(self, name)),
            (EntryKind::File, _) => Ok(File::from(file)),
            (kind, _) => {
                Err(Error::new(ErrorKind::Unsafe, format!("{name:?} in {} is no file: {kind:?}", self.describe())))
            }
        }
    }

    fn read_from(&self, mut file: File, name: &str, offset: u64) -> Result<Box<dyn Read + Send>> {
        if offset > 0 {
            file.seek(SeekFrom::Start(offset))
                .map_err(|e| Error::from_io(format_args!("reading {name:?} in {}", self.describe()), e))?;
        }
        Ok(Box::new(file))
    }

    fn rename_to(&self, from: &str, target: &LocalFolder, to: &str) -> Result<()> {
        check_name(from)?;
        check_name(to)?;
        let (here, there) = (self.handle()?, target.handle()?);
        rename_no_replace(&here, from, &there, to)
            .map_err(|e| self.error("renaming", &format!("{from} to {}/{to}", target.describe()), e))?;
        sync_handle(&there).map_err(|e| target.error("syncing the folder after", to, e))?;
        if self.below != target.below {
            sync_handle(&here).map_err(|e| self.error("syncing the folder after", from, e))?;
        }
        Ok(())
    }
}

impl Folder for LocalFolder {
    fn describe(&self) -> String {
        self.path().display().to_string()
    }

    /// Inode and time of birth, not the device: its number may be another one after a restart.
    fn identity(&self) -> Result<Option<String>> {
        let wanted = StatxFlags::INO | StatxFlags::BTIME;
        let stat = match rustix::fs::statx(self.handle()?, "", AtFlags::EMPTY_PATH, wanted) {
            Ok(stat) => stat,
            Err(Errno::NOSYS | Errno::PERM) => return Ok(None),
            Err(e) => return Err(self.folder_error(e)),
        };
        let born = StatxFlags::from_bits_retain(stat.stx_mask).contains(StatxFlags::BTIME);
        let born = if born { (stat.stx_btime.tv_sec, stat.stx_btime.tv_nsec) } else { (0, 0) };
        Ok(Some(format!("{:x}.{:x}.{:x}", stat.stx_ino, born.0, born.1)))
    }

    fn walk(&self, look: &mut dyn Look) -> Result<()> {
        let handle = self.handle()?;
        let mut listing = Dir::read_from(&handle).map_err(|e| self.folder_error(e))?;
        while look.goes_on() {
            let Some(found) = listing.next() else { break };
            let found = found.map_err(|e| self.folder_error(e))?;
            let bytes = found.file_name().to_bytes();
            if bytes == b"." || bytes == b".." {
                continue;
            }
            let stat = || match rustix::fs::statat(&handle, found.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(Some(stat)),
                // It went away between the two calls.
                Err(Errno::NOENT) => Ok(None),
                Err(e) => Err(self.error("looking at", &escaped(bytes), e)),
            };
            // Most file systems tell the kind with the name.
            let kind = match found.file_type() {
                FileType::Unknown => match stat()? {
                    Some(stat) => kind_of(&stat),
                    None => continue,
                },
                known => kind_as(known),
            };
            let wanted = match std::str::from_utf8(bytes) {
                Ok(name) => look.wants(name, kind),
                Err(_) => look.wants(&escaped(bytes), EntryKind::NotUtf8),
            };
            if wanted && let Some(stat) = stat()? {
                look.see(entry(bytes, &stat));
            }
        }
        Ok(())
    }

    fn stat(&self, name: &str) -> Result<Option<Entry>> {
        check_name(name)?;
        match rustix::fs::statat(self.handle()?, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(entry(name.as_bytes(), &stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(e) => Err(self.error("looking at", name, e)),
        }
    }

    fn open_at(&self, name: &str, offset: u64) -> Result<Box<dyn Read + Send>> {
        self.read_from(self.open_file(name, None)?, name, offset)
    }

    fn open_as(&self, seen: &Entry, offset: u64) -> Result<Box<dyn Read + Send>> {
        self.read_from(self.open_file(&seen.name, Some(seen))?, &seen.name, offset)
    }

    fn create_new(&self, name: &str) -> Result<Box<dyn Sink>> {
        check_name(name)?;
        let handle = self.handle()?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&handle, name, flags, Mode::from_raw_mode(0o644))
            .map_err(|e| self.error("creating", name, e))?;
        let what = format!("{name:?} in {}", self.describe());
        Ok(Box::new(LocalSink { file: File::from(file), folder: handle, what }))
    }

    fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        self.rename_to(from, self, to)
    }

    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()> {
        self.rename_to(from, &self.at(subfolder)?, to)
    }

    fn remove(&self, name: &str) -> Result<()> {
        check_name(name)?;
        let handle = self.handle()?;
        rustix::fs::unlinkat(&handle, name, AtFlags::empty()).map_err(|e| self.error("removing", name, e))?;
        sync_handle(&handle).map_err(|e| self.error("syncing the folder after", name, e)).map(|_| ())
    }

    fn make_folder(&self, path: &str) -> Result<()> {
        check_path(path)?;
        let mut parent = self.clone();
        for step in path.split('/') {
            match rustix::fs::mkdirat(parent.handle()?, step, Mode::from_raw_mode(0o755)) {
                Ok(()) | Err(Errno::EXIST) => parent = parent.at(step)?,
                Err(e) => return Err(parent.error("making the folder", step, e)),
            }
        }
        // A file or a link of that name is found out here.
        parent.handle().map(|_| ())
    }

    fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>> {
        Ok(Box::new(self.at(path)?))
    }

    fn sync(&self, name: &str) -> Result<bool> {
        let file = self.open_file(name, None)?;
        let file_done = could(rustix::fs::fsync(&file)).map_err(|e| self.error("syncing", name, e))?;
        let folder_done = sync_handle(&self.handle()?).map_err(|e| self.error("syncing the folder of", name, e))?;
        Ok(file_done && folder_done)
    }

    fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
        match self.open(name) {
            Ok(mut file) => read_at_most(&mut *file, name, max).map(Some),
            Err(e) if e.kind == ErrorKind::Missing => Ok(None),
            Err(e) => Err(e),
        }
    }
}

/// The name has another file than the one that was seen.
pub(crate) fn another(folder: &dyn Folder, name: &str) -> Error {
    Error::new(ErrorKind::Changed, format!("{name:?} in {} is another file than was seen", folder.describe()))
}

/// Reads a small file whole, refusing more than `max` bytes.
pub(crate) fn read_at_most(input: &mut dyn Read, name: &str, max: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input
        .take(max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::from_io(format_args!("reading {name:?}"), e))?;
    if bytes.len() > max {
        return Err(Error::new(ErrorKind::Unsafe, format!("{name:?} is larger than {max} bytes")));
    }
    Ok(bytes)
}

#[allow(clippy::unnecessary_cast)] // the widths differ between architectures
fn entry(name: &[u8], stat: &Stat) -> Entry {
    let (name, kind) = match std::str::from_utf8(name) {
        Ok(name) => (name.to_owned(), kind_of(stat)),
        Err(_) => (escaped(name), EntryKind::NotUtf8),
    };
    let mtime_ms = (stat.st_mtime as i64).saturating_mul(1000).saturating_add(stat.st_mtime_nsec as i64 / 1_000_000);
    Entry { name, size: stat.st_size as u64, mtime_ms, file_id: stat.st_ino as u64, kind, links: stat.st_nlink as u64 }
}

fn kind_of(stat: &Stat) -> EntryKind {
    kind_as(FileType::from_raw_mode(stat.st_mode))
}

fn kind_as(kind: FileType) -> EntryKind {
    match kind {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Folder,
        FileType::Symlink => EntryKind::Link,
        _ => EntryKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    fn folder() -> (tempfile::TempDir, LocalFolder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        (dir, folder)
    }

    fn put(folder: &LocalFolder, name: &str, bytes: &[u8]) {
        let mut sink = folder.create_new(name).unwrap();
        sink.write_all(bytes).unwrap();
        assert!(sink.finish().unwrap());
    }

    #[test]
    fn writes_once_and_renames_to_free_names_only() {
        let (_dir, folder) = folder();
        put(&folder, "a", b"1");
        assert_eq!(folder.create_new("a").err().unwrap().kind, ErrorKind::TargetExists);
        put(&folder, "b", b"22");
        assert_eq!(folder.rename_new("a", "b").unwrap_err().kind, ErrorKind::TargetExists);
        folder.rename_new("a", "c").unwrap();
        assert_eq!(folder.rename_new("a", "d").unwrap_err().kind, ErrorKind::Missing);
        assert_eq!(folder.read_small("c", 1).unwrap().unwrap(), b"1");
        assert_eq!(folder.read_small("b", 1).unwrap_err().kind, ErrorKind::Unsafe);
        assert_eq!(folder.read_small("a", 1).unwrap(), None);
        folder.remove("c").unwrap();
        assert_eq!(folder.remove("c").unwrap_err().kind, ErrorKind::Missing);
        assert!(folder.sync("b").unwrap());
    }

    #[test]
    fn lists_every_kind_and_survives_odd_names() {
        let (dir, folder) = folder();
        put(&folder, "file", b"123");
        symlink("/etc/passwd", dir.path().join("link")).unwrap();
        std::fs::create_dir(dir.path().join("sub")).unwrap();
        std::fs::write(dir.path().join(OsStr::from_bytes(b"bad\xff")), "").unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, dir.path().join("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0)
            .unwrap();
        let kinds: Vec<_> = folder.list(100).unwrap().into_iter().map(|e| (e.name, e.kind)).collect();
        let expected = [
            ("bad\\xff", EntryKind::NotUtf8),
            ("file", EntryKind::File),
            ("link", EntryKind::Link),
            ("pipe", EntryKind::Other),
            ("sub", EntryKind::Folder),
        ];
        assert_eq!(kinds, expected.map(|(name, kind)| (name.to_owned(), kind)));
        assert_eq!(folder.list(2).unwrap().len(), 2);
        for name in ["link", "pipe", "sub"] {
            assert_eq!(folder.open(name).err().unwrap().kind, ErrorKind::Unsafe, "{name}");
        }
        assert_eq!(folder.open("../x").err().unwrap().kind, ErrorKind::Unsafe);
    }

    #[test]
    fn another_folder_in_its_place_is_told() {
        let (dir, _) = folder();
        let (path, aside) = (dir.path().join("in"), dir.path().join("aside"));
        std::fs::create_dir(&path).unwrap();
        let folder = LocalFolder::open(&path).unwrap();
        let first = folder.identity().unwrap().unwrap();
        put(&folder, "a", b"1");
        assert_eq!(folder.identity().unwrap(), Some(first.clone()), "what is in it does not count");
        std::fs::rename(&path, &aside).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_ne!(folder.identity().unwrap(), Some(first.clone()));
        std::fs::remove_dir(&path).unwrap();
        assert_eq!(folder.identity().unwrap_err().kind, ErrorKind::Folder);
        std::fs::rename(&aside, &path).unwrap();
        assert_eq!(folder.identity().unwrap(), Some(first));
    }

    #[test]
    fn subfolders_are_real_folders() {
        let (dir, folder) = folder();
        put(&folder, "a", b"1");
        folder.make_folder("done/2026").unwrap();
        folder.make_folder("done/2026").unwrap();
        folder.move_new("a", "done/2026", "a").unwrap();
        assert_eq!(folder.subfolder("done/2026").unwrap().stat("a").unwrap().unwrap().size, 1);
        symlink("/tmp", dir.path().join("elsewhere")).unwrap();
        put(&folder, "b", b"1");
        assert_eq!(folder.move_new("b", "elsewhere", "b").unwrap_err().kind, ErrorKind::Folder);
        assert!(folder.make_folder("elsewhere").is_err());
        assert_eq!(LocalFolder::open(dir.path().join("none")).unwrap_err().kind, ErrorKind::Folder);
    }
}
