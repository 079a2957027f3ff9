//! SFTP version 3 over the served folder: what an IBM i answers to a client that fetches, publishes and tidies up.
//!
//! Invariants: a rename never replaces a file; `fsync@openssh.com` returns only after the disk has it; handles are
//! bounded and belong to one channel. Calls to the disk block the channel's own thread, which serves nothing else that
//! matters. Links cannot be made or read, folders not removed: no client of a spool needs that.

use super::jail::Jail;
use russh_sftp::protocol::{
    Attrs, Data, File as Listed, FileAttributes, Handle, Name, OpenFlags, Packet, Status, StatusCode, Version,
};
use russh_sftp::server::{Handler, StatusReply};
use std::collections::HashMap;
use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

const FSYNC: &str = "fsync@openssh.com";
const HANDLES_MAX: usize = 128;
const READ_MAX: usize = 256 * 1024;
const NAMES_IN_REPLY: usize = 64;

enum Open {
    File(File),
    Folder(Vec<Listed>),
}

/// One SFTP channel.
pub(super) struct Files {
    jail: Arc<Jail>,
    open: HashMap<String, Open>,
    opened: u64,
}

type Reply<T> = Result<T, StatusReply>;

impl Files {
    pub(super) fn new(jail: Arc<Jail>) -> Files {
        Files { jail, open: HashMap::new(), opened: 0 }
    }

    fn keep(&mut self, id: u32, what: Open) -> Reply<Handle> {
        if self.open.len() >= HANDLES_MAX {
            return Err(StatusCode::Failure.with_message("too many open handles"));
        }
        self.opened += 1;
        let handle = self.opened.to_string();
        self.open.insert(handle.clone(), what);
        Ok(Handle { id, handle })
    }

    fn file(&self, handle: &str) -> Reply<&File> {
        match self.open.get(handle) {
            Some(Open::File(file)) => Ok(file),
            _ => Err(StatusCode::Failure.with_message("no such file handle")),
        }
    }

    fn open_file(&self, name: &str, flags: OpenFlags, attrs: &FileAttributes) -> io::Result<File> {
        let entry = self.jail.entry(name)?;
        // A link is opened where it leads, if that is inside; a new file is made where it is named.
        let path = if entry.is_symlink() { self.jail.target(name)? } else { entry };
        let mut options = fs::OpenOptions::new();
        options
            .read(flags.contains(OpenFlags::READ))
            .write(flags.contains(OpenFlags::WRITE))
            .truncate(flags.contains(OpenFlags::TRUNCATE))
            .create(flags.contains(OpenFlags::CREATE))
            .create_new(flags.contains(OpenFlags::CREATE | OpenFlags::EXCLUDE))
            .mode(attrs.permissions.unwrap_or(0o644) & 0o777);
        let file = options.open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(file)
    }

    fn list(&self, name: &str) -> io::Result<Vec<Listed>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.jail.target(name)?)? {
            let entry = entry?;
            // A file that vanishes between listing and looking is no longer there to be listed.
            let Ok(metadata) = entry.metadata() else { continue };
            names.push(Listed::new(entry.file_name().to_string_lossy(), FileAttributes::from(&metadata)));
        }
        names.sort_by(|a, b| b.filename.cmp(&a.filename));
        Ok(names)
    }
}

impl Handler for Files {
    type Error = StatusReply;

    fn unimplemented(&self) -> StatusReply {
        StatusReply::new(StatusCode::OpUnsupported)
    }

    async fn init(&mut self, _version: u32, _extensions: HashMap<String, String>) -> Reply<Version> {
        let mut version = Version::new();
        version.extensions.insert(FSYNC.to_owned(), "1".to_owned());
        Ok(version)
    }

    async fn open(&mut self, id: u32, filename: String, pflags: OpenFlags, attrs: FileAttributes) -> Reply<Handle> {
        let file = self.open_file(&filename, pflags, &attrs).map_err(refusal)?;
        self.keep(id, Open::File(file))
    }

    async fn close(&mut self, id: u32, handle: String) -> Reply<Status> {
        match self.open.remove(&handle) {
            Some(_) => Ok(done(id)),
            None => Err(StatusCode::Failure.with_message("no such handle")),
        }
    }

    async fn read(&mut self, id: u32, handle: String, offset: u64, len: u32) -> Reply<Data> {
        let mut data = vec![0; READ_MAX.min(len as usize)];
        let length = self.file(&handle)?.read_at(&mut data, offset).map_err(refusal)?;
        if length == 0 {
            return Err(StatusReply::new(StatusCode::Eof));
        }
        data.truncate(length);
        Ok(Data { id, data })
    }

    async fn write(&mut self, id: u32, handle: String, offset: u64, data: Vec<u8>) -> Reply<Status> {
        self.file(&handle)?.write_all_at(&data, offset).map_err(refusal)?;
        Ok(done(id))
    }

    async fn stat(&mut self, id: u32, path: String) -> Reply<Attrs> {
        let metadata = self.jail.target(&path).and_then(fs::metadata).map_err(refusal)?;
        Ok(Attrs { id, attrs: FileAttributes::from(&metadata) })
    }

    async fn lstat(&mut self, id: u32, path: String) -> Reply<Attrs> {
        let metadata = self.jail.entry(&path).and_then(fs::symlink_metadata).map_err(refusal)?;
        Ok(Attrs { id, attrs: FileAttributes::from(&metadata) })
    }

    async fn fstat(&mut self, id: u32, handle: String) -> Reply<Attrs> {
        let metadata = self.file(&handle)?.metadata().map_err(refusal)?;
        Ok(Attrs { id, attrs: FileAttributes::from(&metadata) })
    }

    async fn setstat(&mut self, id: u32, path: String, attrs: FileAttributes) -> Reply<Status> {
        let open = |path| File::options().write(true).open(path);
        let file = self.jail.target(&path).and_then(open).map_err(refusal)?;
        set_attributes(&file, &attrs).map_err(refusal)?;
        Ok(done(id))
    }

    async fn fsetstat(&mut self, id: u32, handle: String, attrs: FileAttributes) -> Reply<Status> {
        set_attributes(self.file(&handle)?, &attrs).map_err(refusal)?;
        Ok(done(id))
    }

    async fn opendir(&mut self, id: u32, path: String) -> Reply<Handle> {
        let names = self.list(&path).map_err(refusal)?;
        self.keep(id, Open::Folder(names))
    }

    async fn readdir(&mut self, id: u32, handle: String) -> Reply<Name> {
        match self.open.get_mut(&handle) {
            Some(Open::Folder(names)) if names.is_empty() => Err(StatusReply::new(StatusCode::Eof)),
            Some(Open::Folder(names)) => {
                let files = names.split_off(names.len().saturating_sub(NAMES_IN_REPLY));
                Ok(Name { id, files: files.into_iter().rev().collect() })
            }
            _ => Err(StatusCode::Failure.with_message("no such folder handle")),
        }
    }

    async fn remove(&mut self, id: u32, filename: String) -> Reply<Status> {
        self.jail.entry(&filename).and_then(fs::remove_file).map_err(refusal)?;
        Ok(done(id))
    }

    async fn mkdir(&mut self, id: u32, path: String, attrs: FileAttributes) -> Reply<Status> {
        let mode = attrs.permissions.unwrap_or(0o755) & 0o777;
        let make = |path| fs::DirBuilder::new().mode(mode).create(path);
        self.jail.entry(&path).and_then(make).map_err(refusal)?;
        Ok(done(id))
    }

    async fn realpath(&mut self, id: u32, path: String) -> Reply<Name> {
        Ok(Name { id, files: vec![Listed::dummy(Jail::clean(&path))] })
    }

    async fn rename(&mut self, id: u32, oldpath: String, newpath: String) -> Reply<Status> {
        let (from, to) = (self.jail.entry(&oldpath).map_err(refusal)?, self.jail.entry(&newpath).map_err(refusal)?);
        rename_new(&from, &to).map_err(refusal)?;
        Ok(done(id))
    }

    async fn extended(&mut self, id: u32, request: String, data: Vec<u8>) -> Reply<Packet> {
        if request != FSYNC {
            return Err(self.unimplemented());
        }
        // The handle: four bytes of length, then as many bytes.
        let handle = data.get(4..).and_then(|handle| std::str::from_utf8(handle).ok()).unwrap_or_default();
        self.file(handle)?.sync_all().map_err(refusal)?;
        Ok(Packet::Status(done(id)))
    }
}

/// Renames unless the target exists, in one step of the file system.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Some file systems cannot do it; there a link refuses an existing target just as well.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        result => Ok(result?),
    }
}

fn set_attributes(file: &File, attrs: &FileAttributes) -> io::Result<()> {
    let time = |seconds: u32| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into());
    if let Some(size) = attrs.size {
        file.set_len(size)?;
    }
    if let Some(mode) = attrs.permissions {
        file.set_permissions(Permissions::from_mode(mode & 0o777))?;
    }
    if let (Some(atime), Some(mtime)) = (attrs.atime, attrs.mtime) {
        file.set_times(FileTimes::new().set_accessed(time(atime)).set_modified(time(mtime)))?;
    }
    Ok(())
}

fn done(id: u32) -> Status {
    Status { id, status_code: StatusCode::Ok, error_message: String::new(), language_tag: String::new() }
}

/// Version 3 has few codes; the words say the rest, without any path of this machine.
fn refusal(error: io::Error) -> StatusReply {
    let code = match error.kind() {
        io::ErrorKind::NotFound => StatusCode::NoSuchFile,
        io::ErrorKind::PermissionDenied => StatusCode::PermissionDenied,
        _ => StatusCode::Failure,
    };
    code.with_message(error.kind().to_string())
}
