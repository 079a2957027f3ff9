//! The `Io` seam under a spool: a folder over any other folder, local or over SFTP, whose Nth call fails.
//!
//! Every call of the contract is counted, and so is every read, write and finish of an open file. What a disk or a line
//! does to its users is told apart: refused (nothing happened), torn (a part of the bytes went through), answer lost (it
//! happened), late (it happens some calls later), and a lost sync, after which the cache still shows bytes that the disk
//! does not have. Nothing here repairs anything; [`FaultyFolder::volatile`] names what a power failure would take.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // test support

use fpp_spool::*;
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// The errors of an operating system that every call may meet.
pub(crate) const ERRNOS: [Errno; 5] = [Errno::NOSPC, Errno::DQUOT, Errno::IO, Errno::ACCESS, Errno::MFILE];

/// What the Nth call does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum How {
    /// It fails, and nothing happened.
    Refused(Errno),
    /// The line breaks before it, and nothing happened.
    Cut,
    /// So many bytes of a read or write go through, then it fails. Any other call is refused.
    Torn(Errno, usize),
    /// It happens, and only its answer is lost.
    AnswerLost,
    /// Its answer is lost, and a rename or removal happens so many calls later. Any other call is cut.
    Late(u64),
    /// The Nth sync fails, and bytes are lost that reading still shows. Other calls are not counted.
    LostSync,
    /// The process is killed before it.
    Killed,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Refused(errno) => write!(f, "call refused ({errno})"),
            How::Cut => f.write_str("line breaks before a call"),
            How::Torn(errno, _) => write!(f, "torn read or write ({errno})"),
            How::AnswerLost => f.write_str("answer of a call lost"),
            How::Late(_) => f.write_str("answer lost, and done later"),
            How::Killed => f.write_str("SIGKILL before a call"),
            How::LostSync => f.write_str("sync fails and its bytes are lost"),
        }
    }
}

/// Which call fails, how, and whether everything after it fails too, as when the process died or the line stays cut.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) how: How,
    pub(crate) dead: bool,
}

/// None.
impl Default for Fault {
    fn default() -> Fault {
        Fault { at: u64::MAX, how: How::Cut, dead: false }
    }
}

/// Every manner of failing that is worth a loop of its own.
pub(crate) fn manners() -> Vec<(How, bool)> {
    let mut manners: Vec<_> = ERRNOS.map(|errno| (How::Refused(errno), false)).into();
    manners.extend([(How::Torn(Errno::NOSPC, 7), false), (How::Torn(Errno::IO, 1), true)]);
    manners.extend([(How::Cut, false), (How::Cut, true), (How::AnswerLost, false), (How::AnswerLost, true)]);
    manners
}

/// Runs `one` with a fault at its first call, its second, and so on, until a run passes untouched: `one` says whether
/// the fault was met. Gives the number of faults.
pub(crate) fn at_every_call(how: How, dead: bool, mut one: impl FnMut(Fault) -> bool) -> u64 {
    let mut at = 0;
    while one(Fault { at, how, dead }) {
        at += 1;
        assert!(at < 500, "it never ends");
    }
    tell(at, how, dead);
    at
}

/// So many faults were made; `./dev reliability` adds them up.
pub(crate) fn tell(faults: u64, how: How, dead: bool) {
    println!("{faults} faults: {how}{}", if dead { ", and nothing works after it" } else { "" });
}

#[derive(Default)]
struct Line {
    calls: AtomicU64,
    fault: Mutex<Fault>,
    late: Mutex<Option<(u64, Act)>>,
    disk: Mutex<Disk>,
}

/// What the disk does not have, by name.
#[derive(Default)]
struct Disk {
    /// Bytes, or a place under that name, that no sync has confirmed.
    unsynced: BTreeSet<String>,
    /// Bytes that a failed sync has lost: they are lost for good, though reading still shows them.
    lost: BTreeSet<String>,
}

impl Disk {
    fn create(&mut self, name: &str) {
        self.lost.remove(name);
        self.unsynced.insert(name.to_owned());
    }

    fn rename(&mut self, from: &str, to: &str, answered: bool) {
        for (names, more) in [(&mut self.unsynced, !answered), (&mut self.lost, false)] {
            let had = names.remove(from);
            if had || more {
                names.insert(to.to_owned());
            } else {
                names.remove(to);
            }
        }
    }

    fn remove(&mut self, name: &str) {
        self.unsynced.remove(name);
        self.lost.remove(name);
    }
}

#[derive(Clone)]
enum Act {
    Rename(String, String),
    Remove(String),
}

/// A folder whose Nth call fails; a clone is the same one.
#[derive(Clone)]
pub(crate) struct FaultyFolder {
    inner: Arc<dyn Folder>,
    line: Arc<Line>,
}

fn broken(how: How) -> Error {
    match how {
        How::Refused(errno) | How::Torn(errno, _) => Error::from_io("the fault", errno.into()),
        How::LostSync => Error::from_io("the fault", Errno::IO.into()),
        How::Cut | How::AnswerLost | How::Late(_) | How::Killed => {
            Error::new(ErrorKind::Unreachable, "the line is cut")
        }
    }
}

/// Nobody hears of the end of a process that kills itself.
pub(crate) fn kill(how: How) {
    if how == How::Killed {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
    }
}

/// What one call may do.
enum Turn {
    Go,
    /// Do this much of it, then fail.
    Fail {
        act: bool,
        bytes: usize,
    },
}

impl Line {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap()
    }

    fn turn(&self, is_sync: bool) -> Turn {
        let fault = self.fault();
        if fault.how == How::LostSync && !is_sync {
            return Turn::Go;
        }
        let n = self.calls.fetch_add(1, SeqCst);
        if n == fault.at {
            kill(fault.how);
            let bytes = if let How::Torn(_, bytes) = fault.how { bytes } else { 0 };
            return Turn::Fail { act: fault.how == How::AnswerLost, bytes };
        }
        if fault.dead && n > fault.at { Turn::Fail { act: false, bytes: 0 } } else { Turn::Go }
    }
}

impl FaultyFolder {
    pub(crate) fn over(inner: impl Folder + 'static, fault: Fault) -> FaultyFolder {
        let folder = FaultyFolder::sound(Arc::new(inner));
        folder.arm(fault);
        folder
    }

    /// One that does not fail yet.
    pub(crate) fn sound(inner: Arc<dyn Folder>) -> FaultyFolder {
        FaultyFolder { inner, line: Arc::default() }
    }

    /// From now on calls are counted anew, and another one fails.
    pub(crate) fn arm(&self, fault: Fault) {
        let mut armed = self.line.fault.lock().unwrap();
        self.line.calls.store(0, SeqCst);
        *armed = fault;
    }

    /// True when the faulty call was made.
    pub(crate) fn met(&self) -> bool {
        self.line.calls.load(SeqCst) > self.line.fault().at
    }

    /// The faults are over; what the disk never got stays what it is.
    pub(crate) fn heal(self) -> FaultyFolder {
        *self.line.fault.lock().unwrap() = Fault::default();
        self
    }

    /// Names that a power failure could take, or could take bytes of.
    pub(crate) fn volatile(&self) -> BTreeSet<String> {
        let disk = self.line.disk.lock().unwrap();
        disk.unsynced.union(&disk.lost).cloned().collect()
    }

    fn call<T>(&self, act: Option<Act>, call: impl FnOnce(&dyn Folder) -> Result<T>) -> Result<T> {
        self.due();
        let turn = self.line.turn(false);
        self.take(turn, act, call)
    }

    fn take<T>(&self, turn: Turn, act: Option<Act>, call: impl FnOnce(&dyn Folder) -> Result<T>) -> Result<T> {
        let fault = self.line.fault();
        match turn {
            Turn::Go => call(&*self.inner),
            Turn::Fail { act: true, .. } => {
                let _ = call(&*self.inner);
                Err(broken(fault.how))
            }
            Turn::Fail { .. } => {
                if let (How::Late(calls), Some(act), n) = (fault.how, act, self.line.calls.load(SeqCst))
                    && n == fault.at + 1
                {
                    *self.line.late.lock().unwrap() = Some((n + calls, act));
                }
                Err(broken(fault.how))
            }
        }
    }

    /// Carries out what was late, when its time has come.
    pub(crate) fn due(&self) {
        let mut late = self.line.late.lock().unwrap();
        let now = self.line.calls.load(SeqCst);
        if let Some((_, act)) = late.take_if(|(due, _)| *due <= now) {
            // What was removed or renamed in the meantime is not there any more.
            let _ = match act {
                Act::Rename(from, to) => self.inner.rename_new(&from, &to),
                Act::Remove(name) => self.inner.remove(&name),
            };
        }
    }

    fn disk(&self, change: impl FnOnce(&mut Disk)) {
        change(&mut self.line.disk.lock().unwrap());
    }
}

impl Folder for FaultyFolder {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn one_place(&self) -> bool {
        self.inner.one_place()
    }
    fn identity(&self) -> Result<Option<String>> {
        self.inner.identity()
    }
    fn walk(&self, look: &mut dyn Look) -> Result<()> {
        self.call(None, |f| f.walk(look))
    }
    fn stat(&self, name: &str) -> Result<Option<Entry>> {
        self.call(None, |f| f.stat(name))
    }
    fn open_at(&self, name: &str, offset: u64) -> Result<Box<dyn Read + Send>> {
        let inner = self.call(None, |f| f.open_at(name, offset))?;
        Ok(Box::new(FaultyFile { inner, line: Arc::clone(&self.line), name: name.to_owned(), written: false }))
    }
    fn open_as(&self, seen: &Entry, offset: u64) -> Result<Box<dyn Read + Send>> {
        let inner = self.call(None, |f| f.open_as(seen, offset))?;
        Ok(Box::new(FaultyFile { inner, line: Arc::clone(&self.line), name: seen.name.clone(), written: false }))
    }
    fn create_new(&self, name: &str) -> Result<Box<dyn Sink>> {
        let inner = self.call(None, |f| f.create_new(name))?;
        self.disk(|disk| disk.create(name));
        Ok(Box::new(FaultyFile { inner, line: Arc::clone(&self.line), name: name.to_owned(), written: false }))
    }
    fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        let done = self.call(Some(Act::Rename(from.into(), to.into())), |f| f.rename_new(from, to));
        // A rename whose answer is lost may be one whose folder could not be synced.
        if done.is_ok() || self.inner.stat(to).is_ok_and(|found| found.is_some()) {
            self.disk(|disk| disk.rename(from, to, done.is_ok()));
        }
        done
    }
    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()> {
        self.call(None, |f| f.move_new(from, subfolder, to))
    }
    fn remove(&self, name: &str) -> Result<()> {
        self.call(Some(Act::Remove(name.into())), |f| f.remove(name))?;
        self.disk(|disk| disk.remove(name));
        Ok(())
    }
    fn make_folder(&self, path: &str) -> Result<()> {
        self.call(None, |f| f.make_folder(path))
    }
    fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>> {
        let inner = self.inner.subfolder(path)?;
        Ok(Box::new(FaultyFolder { inner: Arc::from(inner), line: Arc::clone(&self.line) }))
    }
    /// Bytes that a failed sync has lost stay lost: a later sync finds nothing to write and succeeds.
    fn sync(&self, name: &str) -> Result<bool> {
        self.due();
        let done = self.take(self.line.turn(true), None, |f| f.sync(name))?;
        self.disk(|disk| _ = disk.unsynced.remove(name));
        Ok(done)
    }
    fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
        self.call(None, |f| f.read_small(name, max))
    }
}

struct FaultyFile<T> {
    inner: T,
    line: Arc<Line>,
    name: String,
    /// Bytes went into it.
    written: bool,
}

impl<T> FaultyFile<T> {
    fn pass(&mut self, length: usize, act: impl FnOnce(&mut T, usize) -> io::Result<usize>) -> io::Result<usize> {
        let how = self.line.fault().how;
        match self.line.turn(false) {
            Turn::Go => act(&mut self.inner, length),
            Turn::Fail { act: answer_lost, bytes } => {
                let some = if answer_lost { length } else { length.min(bytes) };
                if some > 0 {
                    let _ = act(&mut self.inner, some);
                }
                Err(broken(how).into_io())
            }
        }
    }
}

impl Read for FaultyFile<Box<dyn Read + Send>> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // Small pieces, so that there is a call in the middle of every file.
        let length = buffer.len().min(6_000);
        self.pass(length, |inner, some| inner.read(&mut buffer[..some]))
    }
}

impl Write for FaultyFile<Box<dyn Sink>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = if bytes.len() < 32 { bytes.len() } else { bytes.len().div_ceil(2) };
        self.written = true;
        self.pass(length, |inner, some| inner.write(&bytes[..some]))
    }
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl Sink for FaultyFile<Box<dyn Sink>> {
    fn finish(self: Box<Self>) -> Result<bool> {
        let how = self.line.fault().how;
        match self.line.turn(true) {
            Turn::Go => {
                let done = self.inner.finish()?;
                self.line.disk.lock().unwrap().unsynced.remove(&self.name);
                Ok(done)
            }
            Turn::Fail { act, .. } => {
                if act {
                    let _ = self.inner.finish();
                } else if self.written && matches!(how, How::Refused(Errno::IO) | How::LostSync) {
                    // The sync failed: the cache shows every byte, and the disk has lost some for good. A name is another
                    // matter: where a journal cannot be written, no later sync succeeds.
                    let _ = self.inner.finish();
                    self.line.disk.lock().unwrap().lost.insert(self.name.clone());
                }
                Err(broken(how))
            }
        }
    }
}
