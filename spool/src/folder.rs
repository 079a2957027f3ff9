//! The contract of a folder, local or remote.
//!
//! Promises of every engine: nothing is overwritten ([`Folder::create_new`] and [`Folder::rename_new`] refuse an existing
//! name), links are never followed to their target, only regular files are opened, names are checked before they are
//! used, and every call ends (with an error if need be). All calls block; run them on threads that may block.

use crate::entry::{Entry, EntryKind};
use crate::error::Result;
use std::io::{Read, Write};
use std::ops::ControlFlow;

/// The most names a listing returns unless the caller says otherwise.
pub const LISTING_LIMIT: usize = 100_000;

/// Who is shown a folder, name by name, in the folder's own order. What is not wanted costs no memory, and in a local folder
/// not even a look at the file.
pub trait Look {
    /// Whether more is to be seen of a name than that it is there.
    fn wants(&mut self, name: &str, kind: EntryKind) -> bool;

    /// What was wanted.
    fn see(&mut self, entry: Entry);

    /// Whether another name is to be shown.
    fn goes_on(&self) -> bool;
}

/// A folder used as a queue.
pub trait Folder: Send + Sync {
    /// Where it is, for people: a path, or `sftp://user@host:port/path`.
    fn describe(&self) -> String;

    /// Whether it is one place, for sure: what is not there is not anywhere else either. A partner with a standby may
    /// show another disk from one session to the next.
    fn one_place(&self) -> bool {
        true
    }

    /// Which folder it is, where that can be told: another one that was put in its place, or that shows when a mount is
    /// gone, gives another word. The same folder gives the same one after a restart, too.
    fn identity(&self) -> Result<Option<String>> {
        Ok(None)
    }

    /// Shows every name in it, for as long as `look` goes on.
    fn walk(&self, look: &mut dyn Look) -> Result<()>;

    /// The names in it, sorted, at most `limit`; a full listing of exactly `limit` names may have left some out.
    fn list(&self, limit: usize) -> Result<Vec<Entry>> {
        self.find(limit, &|_| true)
    }

    /// The names in it that are wanted, sorted, at most `limit`, however many others there are.
    fn find(&self, limit: usize, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Entry>> {
        let mut listing = Listing { entries: Vec::new(), limit, wanted };
        self.walk(&mut listing)?;
        listing.entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listing.entries)
    }

    /// Shows every name alone, until `each` has seen enough.
    fn names(&self, each: &mut dyn FnMut(&str) -> ControlFlow<()>) -> Result<()> {
        self.walk(&mut Names { each, ended: false })
    }

    /// What stands under the name; a link is shown as a link. Nothing when the name is not there.
    fn stat(&self, name: &str) -> Result<Option<Entry>>;

    /// Opens a regular file for reading. Read it in large pieces.
    fn open(&self, name: &str) -> Result<Box<dyn Read + Send>> {
        self.open_at(name, 0)
    }

    /// The same from a byte on. One beyond the end reads as the end.
    fn open_at(&self, name: &str, offset: u64) -> Result<Box<dyn Read + Send>>;

    /// The same for a file that was seen: what is opened is that one, as far as the folder can tell, and not another one that
    /// had its name for a moment ([`crate::ErrorKind::Changed`]).
    fn open_as(&self, seen: &Entry, offset: u64) -> Result<Box<dyn Read + Send>> {
        self.open_at(&seen.name, offset)
    }

    /// Creates a file that must not exist.
    fn create_new(&self, name: &str) -> Result<Box<dyn Sink>>;

    /// Renames to a name that must not exist. An error does not say that nothing happened: look at both names.
    fn rename_new(&self, from: &str, to: &str) -> Result<()>;

    /// Renames into a subfolder (a relative path), to a name that must not exist there.
    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()>;

    /// Removes a file; a name that is not there is [`crate::ErrorKind::Missing`].
    fn remove(&self, name: &str) -> Result<()>;

    /// Makes a subfolder (a relative path); one that exists is fine.
    fn make_folder(&self, path: &str) -> Result<()>;

    /// A subfolder (a relative path), which need not exist yet.
    fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>>;

    /// Makes a file and its name durable, as far as the folder can; says whether it could.
    fn sync(&self, name: &str) -> Result<bool>;

    /// Reads a whole small file; nothing when it is not there, an error when it is larger than `max` bytes.
    fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>>;
}

/// A bounded listing.
struct Listing<'a> {
    entries: Vec<Entry>,
    limit: usize,
    wanted: &'a dyn Fn(&str) -> bool,
}

impl Look for Listing<'_> {
    fn wants(&mut self, name: &str, _: EntryKind) -> bool {
        (self.wanted)(name)
    }

    fn see(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    fn goes_on(&self) -> bool {
        self.entries.len() < self.limit
    }
}

struct Names<'a> {
    each: &'a mut dyn FnMut(&str) -> ControlFlow<()>,
    ended: bool,
}

impl Look for Names<'_> {
    fn wants(&mut self, name: &str, _: EntryKind) -> bool {
        self.ended = (self.each)(name).is_break();
        false
    }

    fn see(&mut self, _: Entry) {}

    fn goes_on(&self) -> bool {
        !self.ended
    }
}

/// A file being written. Dropped without [`Sink::finish`], it stays behind incomplete under its name.
pub trait Sink: Write + Send {
    /// Writes out the rest, makes the file durable and closes it; says whether it could be made durable.
    fn finish(self: Box<Self>) -> Result<bool>;

    /// The same for who reads back what was written: where that saves round trips, the file stays open for it.
    fn finish_to_read(self: Box<Self>) -> Result<Finished> {
        Ok(Finished { durable: self.finish()?, reader: None })
    }
}

/// A file that was written.
pub struct Finished {
    /// It could be made durable.
    pub durable: bool,
    /// Reads it from its beginning, and closes it when dropped; nothing where it is closed and is to be opened by its name.
    pub reader: Option<Box<dyn Read + Send>>,
}
