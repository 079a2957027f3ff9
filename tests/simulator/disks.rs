//! The vault and the folders as a node sees them: the real ones, with a seam at each call.

use super::seams::{Fate, Life};
use fpp::error::Result;
use fpp::vault::blocks::Content;
use fpp::vault::{Kept, Stored, Vault};
use fpp_codecs::Code;
use fpp_spool::{Entry, Error, ErrorKind, Folder, LocalFolder, Look, Sink};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// A vault whose writes may fail.
pub(crate) struct SimVault {
    pub(crate) inner: Arc<dyn Vault>,
    pub(crate) life: Arc<Life>,
}

impl SimVault {
    fn call<T>(&self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        let fault = || Err(fpp::error::Error::retry(Code::VAULT, "the vault does not answer").hint("It is simulated."));
        match self.life.meet(name) {
            Fate::Refused | Fate::Torn => fault(),
            fate => {
                let given = work();
                self.life.happened();
                if fate == Fate::Lost { fault() } else { given }
            }
        }
    }
}

impl Vault for SimVault {
    fn put(&self, input: &mut dyn Read, observe: &mut dyn FnMut(&[u8]), max_bytes: u64) -> Result<Stored> {
        self.call("vault put", || self.inner.put(input, observe, max_bytes))
    }
    fn put_index(&self, sha256: &str, kind: &str, offsets: &[u64]) -> Result<()> {
        self.call("vault put index", || self.inner.put_index(sha256, kind, offsets))
    }
    fn index(&self, sha256: &str, kind: &str) -> Result<Option<Vec<u64>>> {
        self.call("vault index", || self.inner.index(sha256, kind))
    }
    fn open(&self, sha256: &str) -> Result<Content> {
        self.call("vault open", || self.inner.open(sha256))
    }
    fn holds(&self, sha256: &str) -> Result<bool> {
        self.call("vault holds", || self.inner.holds(sha256))
    }
    fn contents(&self, visit: &mut dyn FnMut(Kept) -> Result<()>) -> Result<()> {
        self.call("vault contents", || self.inner.contents(visit))
    }
    fn remove(&self, sha256: &str, put_before_ms: i64) -> Result<Option<u64>> {
        self.call("vault remove", || self.inner.remove(sha256, put_before_ms))
    }
    fn free_bytes(&self) -> Result<Option<u64>> {
        self.inner.free_bytes()
    }
}

/// A folder whose calls may fail.
pub(crate) struct SimFolder {
    pub(crate) name: &'static str,
    pub(crate) inner: LocalFolder,
    pub(crate) life: Arc<Life>,
}

fn cut() -> Error {
    Error::new(ErrorKind::Unreachable, "the line is cut")
}

impl SimFolder {
    fn call<T>(&self, name: &str, of: &str, work: impl FnOnce() -> fpp_spool::Result<T>) -> fpp_spool::Result<T> {
        match self.life.meet(&format!("{} {name} {of}", self.name)) {
            Fate::Refused | Fate::Torn => Err(cut()),
            fate => {
                let given = work();
                self.life.happened();
                if fate == Fate::Lost { Err(cut()) } else { given }
            }
        }
    }
}

impl Folder for SimFolder {
    fn describe(&self) -> String {
        self.name.to_owned()
    }
    fn identity(&self) -> fpp_spool::Result<Option<String>> {
        self.inner.identity()
    }
    fn walk(&self, look: &mut dyn Look) -> fpp_spool::Result<()> {
        self.call("list", "", || self.inner.walk(look))
    }
    fn stat(&self, name: &str) -> fpp_spool::Result<Option<Entry>> {
        self.call("stat", name, || self.inner.stat(name))
    }
    fn open_at(&self, name: &str, offset: u64) -> fpp_spool::Result<Box<dyn Read + Send>> {
        self.call("open", name, || self.inner.open_at(name, offset))
    }
    fn open_as(&self, seen: &Entry, offset: u64) -> fpp_spool::Result<Box<dyn Read + Send>> {
        self.call("open", &seen.name, || self.inner.open_as(seen, offset))
    }
    fn create_new(&self, name: &str) -> fpp_spool::Result<Box<dyn Sink>> {
        let inner = self.call("create", name, || self.inner.create_new(name))?;
        Ok(Box::new(SimSink { inner, life: self.life.clone() }))
    }
    fn rename_new(&self, from: &str, to: &str) -> fpp_spool::Result<()> {
        self.call("rename", from, || self.inner.rename_new(from, to))
    }
    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> fpp_spool::Result<()> {
        self.call("move", from, || self.inner.move_new(from, subfolder, to))
    }
    fn remove(&self, name: &str) -> fpp_spool::Result<()> {
        self.call("remove", name, || self.inner.remove(name))
    }
    fn make_folder(&self, path: &str) -> fpp_spool::Result<()> {
        self.call("make folder", path, || self.inner.make_folder(path))
    }
    fn subfolder(&self, path: &str) -> fpp_spool::Result<Box<dyn Folder>> {
        self.inner.subfolder(path)
    }
    fn sync(&self, name: &str) -> fpp_spool::Result<bool> {
        self.call("sync", name, || self.inner.sync(name))
    }
    fn read_small(&self, name: &str, max: usize) -> fpp_spool::Result<Option<Vec<u8>>> {
        self.call("read", name, || self.inner.read_small(name, max))
    }
}

struct SimSink {
    inner: Box<dyn Sink>,
    life: Arc<Life>,
}

impl Write for SimSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fault = || io::Error::other(cut());
        match self.life.meet("write") {
            Fate::Refused => Err(fault()),
            Fate::Torn => {
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default();
                self.inner.write_all(half)?;
                Err(fault())
            }
            fate => {
                self.inner.write_all(bytes)?;
                self.life.happened();
                if fate == Fate::Lost { Err(fault()) } else { Ok(bytes.len()) }
            }
        }
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Sink for SimSink {
    fn finish(self: Box<Self>) -> fpp_spool::Result<bool> {
        match self.life.meet("finish") {
            Fate::Refused | Fate::Torn => Err(cut()),
            fate => {
                let given = self.inner.finish();
                self.life.happened();
                if fate == Fate::Lost { Err(cut()) } else { given }
            }
        }
    }
}
