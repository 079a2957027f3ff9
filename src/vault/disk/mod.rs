//! The vault in a folder: `ab/cd/<sha256>`, beside it `<sha256>.blocks` (when it is larger than one block) and
//! `<sha256>.<kind>.index`; `tmp/` for what is on its way in and for parts of it that wait for the rest, and the file `lock`.
//!
//! Invariants: the block digests are durable before the content has its name, so content that is there can be checked.
//! What was put is durable although another process, or an attempt that failed, made the names on the way: they are synced
//! again. Content that is put while a sweep looks at it stays, because both take the lock. Several nodes may share the
//! folder, where locks of files reach all of them (`flock`, on NFS version 4 too); equal content from two of them meets
//! under one name.

mod files;
pub mod io;
mod parts;

use super::blocks::{BLOCK_BYTES, Blocks, Content, Source};
use super::faults::{check_name, damaged, failed, missing};
use super::take_in::TakeIn;
use super::{Kept, Resumable, Stored, Vault, index};
use crate::clock::Clock;
use crate::error::{Class, Error, Result};
use files::{Temporary, unless_gone};
use io::{Io, IoFile, System};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{Error as IoError, ErrorKind, Read, Result as IoResult, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const TEMPORARIES: &str = "tmp";
const LOCK: &str = "lock";

/// A vault in a folder.
pub struct DiskVault {
    io: Arc<dyn Io>,
    root: PathBuf,
    temporaries: PathBuf,
    /// Who writes; nothing where the vault may only be read.
    owner: Option<String>,
    /// Folders whose names are durable as far as this process knows.
    durable: Mutex<BTreeSet<PathBuf>>,
}

impl DiskVault {
    /// Opens the vault; creates its folder, and sweeps what dead writers left behind. `owner` is the node and its
    /// incarnation, `NODE.INCARNATION`: it is part of the name of every temporary.
    pub fn open(root: &Path, owner: &str) -> Result<DiskVault> {
        DiskVault::open_on(Arc::new(System), root, owner)
    }

    /// The same over any calls.
    pub fn open_on(io: Arc<dyn Io>, root: &Path, owner: &str) -> Result<DiskVault> {
        let mut vault = DiskVault::read_only_on(io, root);
        vault.owner = Some(owner.to_owned());
        let prepare = || {
            files::make_root(&*vault.io, root)?;
            files::make_folder(&*vault.io, &vault.temporaries)?;
            match vault.io.create_new(&root.join(LOCK)) {
                Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(e),
                _ => {}
            }
            let now_ms = Clock::System.now_ms();
            let parts = parts::sweep_old(&*vault.io, &vault.temporaries, now_ms)?;
            Ok(parts + files::sweep(&*vault.io, &vault.temporaries, owner, now_ms)?)
        };
        let swept = prepare().map_err(|e| failed(&root.display().to_string(), e))?;
        if swept > 0 {
            tracing::info!(swept, vault = %root.display(), "removed what an interrupted write left in the vault");
        }
        Ok(vault)
    }

    /// For a command that only reads, beside nodes that write: makes and sweeps nothing.
    pub fn open_read_only(root: &Path) -> DiskVault {
        DiskVault::read_only_on(Arc::new(System), root)
    }

    fn read_only_on(io: Arc<dyn Io>, root: &Path) -> DiskVault {
        let temporaries = root.join(TEMPORARIES);
        DiskVault { io, root: root.to_owned(), temporaries, owner: None, durable: Mutex::default() }
    }

    fn folder(&self, sha256: &str) -> PathBuf {
        let part = |range| sha256.get(range).unwrap_or_default();
        self.root.join(part(0..2)).join(part(2..4))
    }

    fn path(&self, sha256: &str, suffix: &str) -> PathBuf {
        self.folder(sha256).join(format!("{sha256}{suffix}"))
    }

    fn owner(&self) -> Result<&str> {
        self.owner.as_deref().ok_or_else(|| Error::internal("the vault was opened to be read only"))
    }

    fn temporary(&self) -> Result<Temporary<'_>> {
        Temporary::create(&*self.io, &self.temporaries, self.owner()?).map_err(temporaries_failed)
    }

    /// The place of a content with what is there of it already: so many bytes that `input` goes on behind.
    fn part(&self, name: &str, input: &mut dyn Resumable) -> Result<(Temporary<'_>, u64)> {
        let (io, owner) = (&*self.io, self.owner()?);
        let left = parts::take_over(io, &self.temporaries, owner, name)?.map_err(temporaries_failed)?;
        if let Some((part, bytes)) = left.filter(|(_, bytes)| *bytes > 0) {
            let last = parts::last_of(&*part.file, bytes).map_err(temporaries_failed)?;
            match input.go_on(bytes, &last) {
                Ok(true) => return Ok((part, bytes)),
                Ok(false) => {}
                Err(error) => {
                    // Nobody could look: it is as good as it was.
                    part.leave();
                    return Err(error);
                }
            }
        }
        let new = parts::create(io, &self.temporaries, owner, name)?.map_err(temporaries_failed)?;
        Ok((new, 0))
    }

    /// Gives a content its name, once all of it has come.
    fn store(&self, temporary: Temporary<'_>, stored: Stored, blocks: &Blocks) -> Result<Stored> {
        let sound = self.open(&stored.sha256).and_then(|content| content.check());
        let _lock = self.lock(true)?;
        match sound {
            Ok(()) if self.put_again(&stored.sha256)? => return Ok(stored),
            Err(error) if self.holds(&stored.sha256)? => {
                tracing::warn!(%error, "the same content came in again and replaces the damaged one");
            }
            _ => {}
        }
        if blocks.need_a_list() {
            self.keep_bytes(&stored.sha256, ".blocks", &blocks.write())?;
        }
        self.keep(&stored.sha256, "", temporary)?;
        Ok(stored)
    }

    /// Shared by all who put, alone for one who removes.
    fn lock(&self, shared: bool) -> Result<Box<dyn IoFile>> {
        let take = || {
            let file = self.io.open_for_writing(&self.root.join(LOCK))?;
            file.lock(shared)?;
            Ok(file)
        };
        take().map_err(|e| failed("the vault's lock", e))
    }

    /// The folder of a content, with durable names on the way.
    fn make_folder(&self, sha256: &str) -> IoResult<PathBuf> {
        let folder = self.folder(sha256);
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        for folder in [files::parent(&folder), &folder] {
            if !durable.contains(folder) {
                files::make_folder(&*self.io, folder)?;
                durable.insert(folder.to_owned());
            }
        }
        Ok(folder)
    }

    fn keep(&self, sha256: &str, suffix: &str, temporary: Temporary<'_>) -> Result<()> {
        let kept = self.make_folder(sha256).and_then(|_| temporary.keep_as(&self.path(sha256, suffix)));
        kept.map_err(|e| {
            // Somebody may have taken the folders away.
            self.durable.lock().unwrap_or_else(PoisonError::into_inner).clear();
            failed(&format!("{sha256}{suffix} in the vault"), e)
        })
    }

    fn keep_bytes(&self, sha256: &str, suffix: &str, bytes: &[u8]) -> Result<()> {
        let mut temporary = self.temporary()?;
        temporary.write_all(bytes).map_err(temporaries_failed)?;
        self.keep(sha256, suffix, temporary)
    }

    /// Whether content that was sound a moment ago is still there. Then it counts as put now, and is durable: whoever
    /// gave it its name may not have lived to sync it.
    fn put_again(&self, sha256: &str) -> Result<bool> {
        let again = || {
            let Some(file) = unless_gone(self.io.open(&self.path(sha256, "")))? else { return Ok(false) };
            file.touch()?;
            let folder = self.make_folder(sha256)?;
            self.io.sync_folder(&folder).map(|()| true)
        };
        again().map_err(|e| failed(&format!("{sha256} in the vault"), e))
    }

    /// What stands in a folder of names that are `digits` long.
    fn folders_in(&self, folder: &Path) -> IoResult<Vec<PathBuf>> {
        let hex = |name: &str| name.len() == 2 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let names = unless_gone(self.io.list(folder))?.unwrap_or_default();
        Ok(names.iter().filter(|name| name.to_str().is_some_and(hex)).map(|name| folder.join(name)).collect())
    }

    /// The contents of one folder by name; those of which only a part is left have no bytes.
    fn kept_in(&self, folder: &Path) -> IoResult<Vec<Kept>> {
        let mut found: Vec<Kept> = Vec::new();
        let mut names = unless_gone(self.io.list(folder))?.unwrap_or_default();
        names.sort();
        for name in names {
            let Some((sha256, suffix)) = name.to_str().and_then(|name| name.split_at_checked(64)) else { continue };
            if check_name(sha256).is_err() || !(suffix.is_empty() || suffix.starts_with('.')) {
                continue;
            }
            if found.last().is_some_and(|last| last.sha256 == sha256) {
                continue;
            }
            let Some(stat) = unless_gone(self.io.stat(&folder.join(&name)))? else { continue };
            let bytes = if suffix.is_empty() { stat.bytes } else { 0 };
            found.push(Kept { sha256: sha256.to_owned(), bytes, put_ms: stat.modified_ms });
        }
        Ok(found)
    }

    fn remove_all(&self, sha256: &str, put_before_ms: i64) -> IoResult<Option<u64>> {
        let path = self.path(sha256, "");
        let bytes = match unless_gone(self.io.stat(&path))? {
            Some(stat) if stat.modified_ms >= put_before_ms => return Ok(None),
            Some(stat) => unless_gone(self.io.remove(&path))?.map_or(0, |()| stat.bytes),
            None => 0,
        };
        // What tells of the content goes after it: while it has its name it can be checked.
        let folder = self.folder(sha256);
        for name in unless_gone(self.io.list(&folder))?.unwrap_or_default() {
            if name.to_str().and_then(|name| name.strip_prefix(sha256)).is_some_and(|rest| rest.starts_with('.')) {
                unless_gone(self.io.remove(&folder.join(name)))?;
            }
        }
        unless_gone(self.io.sync_folder(&folder)).map(|_| Some(bytes))
    }
}

fn temporaries_failed(error: IoError) -> Error {
    failed("the vault's folder for temporaries", error)
}

impl Vault for DiskVault {
    fn put(&self, input: &mut dyn Read, observe: &mut dyn FnMut(&[u8]), max_bytes: u64) -> Result<Stored> {
        let mut temporary = self.temporary()?;
        let mut taking = TakeIn::new(observe, max_bytes);
        taking.read(input, &mut temporary, &temporaries_failed)?;
        let (stored, blocks) = taking.finish();
        self.store(temporary, stored, &blocks)
    }

    fn put_on(
        &self,
        name: &str,
        input: &mut dyn Resumable,
        observe: &mut dyn FnMut(&[u8]),
        max_bytes: u64,
    ) -> Result<Stored> {
        let (mut temporary, bytes) = self.part(name, input)?;
        let mut taking = TakeIn::new(observe, max_bytes);
        let mut part = parts::Part { file: &*temporary.file, at: 0, bytes };
        taking.read(&mut part, &mut std::io::sink(), &temporaries_failed)?;
        // After a fault of our own disk nobody knows what it holds.
        let ours = Cell::new(false);
        let failed = |error| {
            ours.set(true);
            temporaries_failed(error)
        };
        if let Err(error) = taking.read(input, &mut temporary, &failed) {
            if error.class == Class::Retry && !ours.get() {
                temporary.leave();
            }
            return Err(error);
        }
        let (stored, blocks) = taking.finish();
        self.store(temporary, stored, &blocks)
    }

    fn kept_of(&self, name: &str) -> Result<u64> {
        parts::bytes_of(&*self.io, &self.temporaries, name)?.map_err(temporaries_failed)
    }

    fn drop_parts(&self, before_ms: i64) -> Result<u64> {
        parts::sweep(&*self.io, &self.temporaries, before_ms).map_err(temporaries_failed)
    }

    fn put_index(&self, sha256: &str, kind: &str, offsets: &[u64]) -> Result<()> {
        let suffix = index::suffix(sha256, kind)?;
        let _lock = self.lock(true)?;
        if !self.holds(sha256)? {
            return Err(missing(sha256));
        }
        self.keep_bytes(sha256, &suffix, &index::write(offsets))
    }

    fn index(&self, sha256: &str, kind: &str) -> Result<Option<Vec<u64>>> {
        let suffix = index::suffix(sha256, kind)?;
        let bytes = unless_gone(files::read(&*self.io, &self.path(sha256, &suffix)))
            .map_err(|e| failed(&format!("{sha256}{suffix} in the vault"), e))?;
        bytes.map(|bytes| index::read(&bytes, sha256, kind)).transpose()
    }

    fn open(&self, sha256: &str) -> Result<Content> {
        check_name(sha256)?;
        let here = |e| failed(&format!("{sha256} in the vault"), e);
        let file = unless_gone(self.io.open(&self.path(sha256, ""))).map_err(here)?;
        let file = file.ok_or_else(|| missing(sha256))?;
        let length = file.stat().map_err(here)?.bytes;
        let list = unless_gone(files::read(&*self.io, &self.path(sha256, ".blocks"))).map_err(here)?;
        let blocks = match list {
            Some(bytes) => Blocks::read(&bytes),
            None if length <= BLOCK_BYTES as u64 => Blocks::single(sha256, length),
            None => Err("its list of block digests is missing"),
        };
        let blocks = blocks.map_err(|what| damaged(sha256, what))?;
        if length != blocks.size() {
            return Err(damaged(sha256, format!("it has {length} bytes, {} came in", blocks.size())));
        }
        Ok(Content::new(sha256, blocks, DiskSource(file)))
    }

    fn holds(&self, sha256: &str) -> Result<bool> {
        if check_name(sha256).is_err() {
            return Ok(false);
        }
        let stat = unless_gone(self.io.stat(&self.path(sha256, "")));
        Ok(stat.map_err(|e| failed(&format!("{sha256} in the vault"), e))?.is_some_and(|stat| stat.is_file))
    }

    fn contents(&self, visit: &mut dyn FnMut(Kept) -> Result<()>) -> Result<()> {
        let here = |e| failed("the vault's folder", e);
        for first in self.folders_in(&self.root).map_err(here)? {
            for second in self.folders_in(&first).map_err(here)? {
                self.kept_in(&second).map_err(here)?.into_iter().try_for_each(&mut *visit)?;
            }
        }
        Ok(())
    }

    fn remove(&self, sha256: &str, put_before_ms: i64) -> Result<Option<u64>> {
        check_name(sha256)?;
        let _lock = self.lock(false)?;
        self.remove_all(sha256, put_before_ms).map_err(|e| failed(&format!("{sha256} in the vault"), e))
    }

    fn free_bytes(&self) -> Result<Option<u64>> {
        self.io.free_bytes(&self.root).map(Some).map_err(|e| failed("the vault's disk", e))
    }
}

struct DiskSource(Box<dyn IoFile>);

impl Source for DiskSource {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> IoResult<()> {
        files::read_exact_at(&*self.0, buffer, offset)
    }
}
