//! The folder, and its open files.

use super::fault::{Fault, How, broken};
use super::line::{Act, Disk, Line, Turn};
use fpp_spool::*;
use rustix::io::Errno;
use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

/// A folder whose Nth call fails; a clone is the same one.
#[derive(Clone)]
pub(crate) struct FaultyFolder {
    inner: Arc<dyn Folder>,
    line: Arc<Line>,
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
