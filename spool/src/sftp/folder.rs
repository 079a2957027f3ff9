//! A folder at a partner.
//!
//! Protocol version 3 has times in whole seconds and no file ids. Its status 4 says only "failure": an existing target
//! is told from other trouble by looking at the names.

use super::faults;
use super::lease::{Answer, Lease};
use super::pool::SftpPool;
use super::sink::{SftpReader, SftpSink, sync};
use crate::entry::{Entry, EntryKind, check_name, check_path, escaped};
use crate::error::{Error, ErrorKind, Result};
use crate::folder::{Folder, Look, Sink};
use crate::local::{another, read_at_most};
use ssh2::{FileStat, FileType, OpenFlags, OpenType};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a listing may name the folder itself and its parent; a sound one does it once each.
const PASSED_MAX: usize = 64;
/// A listing as a whole may take so many times as long as one call: an honest server names a hundred files in each, and a
/// hundred thousand in a thousand calls, which so may take a fiftieth of their own time each. One that gives a name now and then is
/// listened to for ten minutes where nothing else is configured, and not for days.
const LISTING_CALLS: u32 = 20;
/// Names of one listing: a server that never comes to an end is not listened to for ever.
const NAMES_MAX: u64 = 10_000_000;

/// A folder at a partner.
#[derive(Clone)]
pub struct SftpFolder {
    pool: Arc<SftpPool>,
    path: String,
}

impl SftpPool {
    /// A folder at the partner. A path without a leading `/` starts at the login's home.
    pub fn folder(self: &Arc<Self>, path: &str) -> SftpFolder {
        let trimmed = path.trim_end_matches('/');
        let path = if trimmed.is_empty() && path.starts_with('/') { "/" } else { trimmed };
        SftpFolder { pool: Arc::clone(self), path: path.to_owned() }
    }
}

impl SftpFolder {
    /// The pool it uses.
    pub fn pool(&self) -> &Arc<SftpPool> {
        &self.pool
    }

    fn full(&self, name: &str) -> PathBuf {
        Path::new(&self.path).join(name)
    }

    fn doing(&self, doing: &str, name: &str) -> String {
        format!("{doing} {name:?} in {}", self.describe())
    }

    fn at(&self, path: &str) -> Result<SftpFolder> {
        check_path(path)?;
        let path = self.full(path);
        Ok(SftpFolder { pool: Arc::clone(&self.pool), path: path.to_string_lossy().into_owned() })
    }

    /// Opens a regular file, looking first: opening a pipe would hang the partner's side. It must be the one that was seen, if one
    /// was, when it is looked at; the handle tells no more than that.
    fn open_file(&self, name: &str, seen: Option<&Entry>) -> Result<(ssh2::File, Lease, u64)> {
        let missing = || Error::new(ErrorKind::Missing, self.doing("opening", name));
        let size = match self.stat(name)? {
            None => return Err(missing()),
            Some(entry) if entry.kind != EntryKind::File => {
                let what = format!("{name:?} in {} is no file: {:?}", self.describe(), entry.kind);
                return Err(Error::new(ErrorKind::Unsafe, what));
            }
            Some(entry) if seen.is_some_and(|seen| !entry.same_file(seen)) => return Err(another(self, name)),
            Some(entry) => entry.size,
        };
        let path = self.full(name);
        match self.pool.ask(self.doing("opening", name), |sftp| sftp.open(&path))? {
            Answer::Value(file, lease) => Ok((file, lease, size)),
            Answer::NotThere => Err(missing()),
        }
    }

    fn read_from(
        &self,
        (mut file, lease, size): (ssh2::File, Lease, u64),
        name: &str,
        offset: u64,
    ) -> Result<Box<dyn Read + Send>> {
        if offset > 0 {
            // Nothing is sent: the protocol has an offset in every read.
            file.seek(SeekFrom::Start(offset)).map_err(|e| faults::io_error(self.doing("reading", name), e))?;
        }
        let what = format!("{name:?} in {}", self.describe());
        Ok(Box::new(SftpReader::new(file, lease, what).buffered(size.saturating_sub(offset))))
    }

    /// A refused creation or rename: with status 4 the names tell whether the target was taken.
    fn refused(&self, doing: &str, from: Option<&str>, target: (&SftpFolder, &str), error: ssh2::Error) -> Error {
        let (folder, to) = target;
        let answered = faults::status(&error);
        let error = faults::error(folder.doing(doing, to), error);
        if answered != Some(faults::FAILURE) {
            return error;
        }
        match folder.stat(to) {
            Ok(Some(_)) => return Error { kind: ErrorKind::TargetExists, ..error },
            Ok(None) => {}
            Err(later) => return later,
        }
        match from.map(|name| self.stat(name)) {
            Some(Ok(None)) => Error { kind: ErrorKind::Missing, ..error },
            Some(Err(later)) => later,
            _ => Error { kind: ErrorKind::Folder, ..error },
        }
    }

    fn rename_to(&self, from: &str, target: &SftpFolder, to: &str) -> Result<()> {
        check_name(from)?;
        check_name(to)?;
        let (old, new) = (self.full(from), target.full(to));
        let mut lease = self.pool.lend()?;
        if !lease.rename_refuses() {
            match lease.call(|sftp| sftp.lstat(&new)) {
                Ok(_) => return Err(Error::new(ErrorKind::TargetExists, target.doing("renaming to", to))),
                Err(e) if faults::status(&e) == Some(faults::NO_SUCH_FILE) => {}
                Err(e) => return Err(faults::error(target.doing("looking at", to), e)),
            }
        }
        let renamed = lease.call(|sftp| sftp.rename(&old, &new, None));
        // The session must be back before `refused` looks: there may be only one.
        drop(lease);
        renamed.map_err(|e| self.refused("renaming to", Some(from), (target, to), e))
    }
}

impl Folder for SftpFolder {
    fn describe(&self) -> String {
        let slash = if self.path.starts_with('/') { "" } else { "/~/" };
        format!("{}{slash}{}", self.pool.settings().describe(), self.path)
    }

    fn one_place(&self) -> bool {
        self.pool.settings().standbys.is_empty()
    }

    fn walk(&self, look: &mut dyn Look) -> Result<()> {
        let doing = format!("listing {}", self.describe());
        let path = if self.path.is_empty() { "." } else { &self.path };
        let (mut folder, mut lease) = match self.pool.ask(&doing, |sftp| sftp.opendir(path))? {
            Answer::Value(folder, lease) => (folder, lease),
            Answer::NotThere => return Err(Error::new(ErrorKind::Folder, format!("{doing}: no such folder"))),
        };
        let mut listed = Listed::default();
        let (began, longest) = (Instant::now(), self.pool.settings().call_timeout().saturating_mul(LISTING_CALLS));
        while look.goes_on() {
            if began.elapsed() > longest {
                // The session is as good as its server: each of its calls was answered.
                let _ = lease.call(|_| folder.close());
                return Err(endless(&doing, longest, listed.names));
            }
            match lease.call_until(faults::listing_ended, |_| folder.readdir()) {
                Ok((name, stat)) => listed.take(name.as_os_str().as_bytes(), &stat, look).map_err(|what| {
                    Error::new(ErrorKind::Folder, format!("{doing}: {what}")).hint("the partner's server is at fault")
                })?,
                Err(e) if faults::listing_ended(&e) => break,
                Err(e) => return Err(faults::error(doing, e)),
            }
        }
        lease.call(|_| folder.close()).map_err(|e| faults::error(doing, e))
    }

    fn stat(&self, name: &str) -> Result<Option<Entry>> {
        check_name(name)?;
        let path = self.full(name);
        match self.pool.ask(self.doing("looking at", name), |sftp| sftp.lstat(&path))? {
            Answer::Value(stat, _) => Ok(entry(name.as_bytes(), &stat)),
            Answer::NotThere => Ok(None),
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
        let path = self.full(name);
        // It is read back through the same handle.
        let flags = OpenFlags::READ | OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
        let mut lease = self.pool.lend()?;
        match lease.call(|sftp| sftp.open_mode(&path, flags, 0o644, OpenType::File)) {
            Ok(file) => Ok(Box::new(SftpSink::new(file, lease, format!("{name:?} in {}", self.describe())))),
            Err(e) => {
                drop(lease);
                Err(self.refused("creating", None, (self, name), e))
            }
        }
    }

    fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        self.rename_to(from, self, to)
    }

    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()> {
        self.rename_to(from, &self.at(subfolder)?, to)
    }

    fn remove(&self, name: &str) -> Result<()> {
        check_name(name)?;
        let path = self.full(name);
        let removed = self.pool.lend()?.call(|sftp| sftp.unlink(&path));
        removed.map_err(|e| faults::error(self.doing("removing", name), e))
    }

    fn make_folder(&self, path: &str) -> Result<()> {
        check_path(path)?;
        let mut parent = self.clone();
        for step in path.split('/') {
            let full = parent.full(step);
            let made = self.pool.lend()?.call(|sftp| sftp.mkdir(&full, 0o755));
            if let Err(e) = made {
                match parent.stat(step)? {
                    Some(entry) if entry.kind == EntryKind::Folder => {}
                    Some(entry) => {
                        let what = format!("{step:?} in {} is no folder: {:?}", parent.describe(), entry.kind);
                        return Err(Error::new(ErrorKind::Folder, what));
                    }
                    None => return Err(faults::error(parent.doing("making the folder", step), e)),
                }
            }
            parent = parent.at(step)?;
        }
        Ok(())
    }

    fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>> {
        Ok(Box::new(self.at(path)?))
    }

    fn sync(&self, name: &str) -> Result<bool> {
        let (mut file, mut lease, _) = self.open_file(name, None)?;
        let synced = sync(&mut lease, &mut file);
        let closed = lease.call(|_| file.close());
        let synced = synced.map_err(|e| faults::error(self.doing("syncing", name), e))?;
        closed.map_err(|e| faults::error(self.doing("closing", name), e))?;
        Ok(synced)
    }

    fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
        let (file, lease, _) = match self.open_file(name, None) {
            Ok(opened) => opened,
            Err(e) if e.kind == ErrorKind::Missing => return Ok(None),
            Err(e) => return Err(e),
        };
        let mut reader = SftpReader::new(file, lease, format!("{name:?} in {}", self.describe()));
        read_at_most(&mut reader, name, max).map(Some)
    }
}

/// A listing that took too long.
fn endless(doing: &str, longest: Duration, names: u64) -> Error {
    let what = format!("{doing}: not at its end after {} s and {names} names", longest.as_secs());
    Error::new(ErrorKind::Unreachable, what).hint(format!(
        "ask the partner why its server is so slow and have old files moved away there; a listing may take {LISTING_CALLS} times \
         `call_timeout_ms`"
    ))
}

/// A listing under way.
#[derive(Default)]
struct Listed {
    /// Names of the folder itself and of its parent.
    passed: usize,
    names: u64,
}

impl Listed {
    /// Shows the next name; an error when the server would go on like that for ever.
    fn take(&mut self, name: &[u8], stat: &FileStat, look: &mut dyn Look) -> std::result::Result<(), &'static str> {
        match entry(name, stat) {
            Some(entry) => {
                self.names += 1;
                if look.wants(&entry.name, entry.kind) {
                    look.see(entry);
                }
            }
            None => self.passed += 1,
        }
        if self.passed > PASSED_MAX {
            return Err("the server names the folder itself again and again");
        }
        if self.names > NAMES_MAX { Err("the server names more than ten million files") } else { Ok(()) }
    }
}

/// What a listing says; nothing for the folder itself and its parent.
fn entry(name: &[u8], stat: &FileStat) -> Option<Entry> {
    if name == b"." || name == b".." {
        return None;
    }
    let kind = match stat.perm.map(|_| stat.file_type()) {
        Some(FileType::RegularFile) => EntryKind::File,
        Some(FileType::Directory) => EntryKind::Folder,
        Some(FileType::Symlink) => EntryKind::Link,
        _ => EntryKind::Other,
    };
    let (name, kind) = match std::str::from_utf8(name) {
        Ok(name) => (name.to_owned(), kind),
        Err(_) => (escaped(name), EntryKind::NotUtf8),
    };
    let seconds = i64::try_from(stat.mtime.unwrap_or(0)).unwrap_or(0);
    Some(Entry {
        name,
        size: stat.size.unwrap_or(0),
        mtime_ms: seconds.saturating_mul(1000),
        file_id: 0,
        kind,
        links: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_of_nothing_but_the_folder_itself_comes_to_an_end() {
        let stat = FileStat { size: None, uid: None, gid: None, perm: Some(0o100_644), atime: None, mtime: None };
        struct Count(usize);
        impl Look for Count {
            fn wants(&mut self, _: &str, _: EntryKind) -> bool {
                true
            }
            fn see(&mut self, _: Entry) {
                self.0 += 1;
            }
            fn goes_on(&self) -> bool {
                true
            }
        }
        let (mut listed, mut look) = (Listed::default(), Count(0));
        let named = [b".".as_slice(), b"..", b"A", b"B"];
        assert!(named.into_iter().all(|name| listed.take(name, &stat, &mut look).is_ok()));
        assert_eq!(look.0, 2);
        assert!((0..1_000).any(|_| listed.take(b".", &stat, &mut look).is_err()));
        let mut listed = Listed { passed: 0, names: NAMES_MAX };
        assert!(listed.take(b"A", &stat, &mut look).is_err());
    }
}
