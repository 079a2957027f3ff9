//! The `Io` seam under the disk vault: calls of the operating system whose Nth fails, in the manners of the spool's
//! seam, with what a power failure would take.
//!
//! A name is durable once its folder was synced, bytes once their file was. A sync that failed has lost bytes for good,
//! though reading still shows them.

pub(crate) mod breaking;

use super::faults_support::{Fault, How, kill};
use fpp::vault::disk::io::{Io, IoFile, Stat, System};
use rustix::io::Errno;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// What the disk does not have.
#[derive(Default)]
struct Disk {
    /// Names that no sync of their folder has confirmed, with the bytes that had the name before.
    names: BTreeMap<PathBuf, Option<Vec<u8>>>,
    /// Files whose bytes no sync has confirmed.
    unsynced: BTreeSet<PathBuf>,
    /// Files of which a failed sync has lost bytes.
    lost: BTreeSet<PathBuf>,
    /// New names of files, which may be open under an old one.
    moved: BTreeMap<PathBuf, PathBuf>,
}

impl Disk {
    fn forget(&mut self, path: &Path) {
        self.names.remove(path);
        self.unsynced.remove(path);
        self.lost.remove(path);
    }

    /// The name that a file has now.
    fn now(&self, mut path: PathBuf) -> PathBuf {
        while let Some(to) = self.moved.get(&path) {
            path.clone_from(to);
        }
        path
    }

    fn renamed(&mut self, from: &Path, to: &Path, before: Option<Vec<u8>>) {
        let before = self.names.get(to).cloned().unwrap_or(before);
        let (unsynced, lost) = (self.unsynced.contains(from), self.lost.contains(from));
        self.forget(from);
        self.forget(to);
        self.names.insert(to.to_owned(), before);
        self.moved.insert(from.to_owned(), to.to_owned());
        if unsynced {
            self.unsynced.insert(to.to_owned());
        }
        if lost {
            self.lost.insert(to.to_owned());
        }
    }
}

enum Act {
    Rename(PathBuf, PathBuf),
    Remove(PathBuf),
}

#[derive(Default)]
struct Line {
    calls: AtomicU64,
    fault: Mutex<Fault>,
    late: Mutex<Option<(u64, Act)>>,
    disk: Mutex<Disk>,
    /// What the disk says is free; the truth where nothing was set.
    free: Mutex<Option<u64>>,
    asked: AtomicU64,
}

/// The operating system, whose Nth call fails.
#[derive(Clone)]
pub(crate) struct FaultyIo {
    line: Arc<Line>,
}

fn broken(how: How) -> io::Error {
    match how {
        How::Refused(errno) | How::Torn(errno, _) => errno.into(),
        How::LostSync => Errno::IO.into(),
        How::Cut | How::AnswerLost | How::Late(_) | How::Killed => Errno::STALE.into(),
    }
}

impl FaultyIo {
    pub(crate) fn new(fault: Fault) -> FaultyIo {
        let io = FaultyIo::sound();
        io.arm(fault);
        io
    }

    /// One that never fails.
    pub(crate) fn sound() -> FaultyIo {
        FaultyIo { line: Arc::default() }
    }

    /// From now on calls are counted anew, and another one fails.
    pub(crate) fn arm(&self, fault: Fault) {
        let mut armed = self.line.fault.lock().unwrap();
        self.line.calls.store(0, SeqCst);
        *armed = fault;
    }

    fn fault(&self) -> Fault {
        *self.line.fault.lock().unwrap()
    }

    /// True when the faulty call was made.
    pub(crate) fn met(&self) -> bool {
        self.line.calls.load(SeqCst) > self.fault().at
    }

    /// The same disk without faults.
    pub(crate) fn heal(&self) -> FaultyIo {
        *self.line.fault.lock().unwrap() = Fault::default();
        self.clone()
    }

    /// How often the free space was asked for.
    pub(crate) fn asked(&self) -> u64 {
        self.line.asked.load(SeqCst)
    }

    pub(crate) fn set_free_bytes(&self, free: u64) {
        *self.line.free.lock().unwrap() = Some(free);
    }

    /// Takes what the disk does not have.
    pub(crate) fn power_fails(&self) {
        let disk = std::mem::take(&mut *self.line.disk.lock().unwrap());
        for path in disk.unsynced.iter().chain(&disk.lost).filter(|path| path.is_file()) {
            let half = fs::metadata(path).unwrap().len() / 2;
            fs::File::options().write(true).open(path).unwrap().set_len(half).unwrap();
        }
        for (path, before) in disk.names.iter().rev() {
            match before {
                Some(bytes) => fs::write(path, bytes).unwrap(),
                None if path.is_dir() => fs::remove_dir_all(path).unwrap(),
                None => _ = fs::remove_file(path),
            }
        }
    }

    fn disk(&self, change: impl FnOnce(&mut Disk)) {
        change(&mut self.line.disk.lock().unwrap());
    }

    /// Carries out what was late, when its time has come.
    fn due(&self) {
        let mut late = self.line.late.lock().unwrap();
        let now = self.line.calls.load(SeqCst);
        if let Some((_, act)) = late.take_if(|(due, _)| *due <= now) {
            // What was removed or renamed in the meantime is not there any more.
            match act {
                Act::Rename(from, to) => {
                    if fs::rename(&from, &to).is_ok() {
                        self.disk(|disk| disk.renamed(&from, &to, None));
                    }
                }
                Act::Remove(path) => {
                    if fs::remove_file(&path).is_ok() {
                        self.disk(|disk| disk.forget(&path));
                    }
                }
            }
        }
    }

    fn call<T>(&self, act: Option<Act>, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.counted(false, act, call)
    }

    fn sync_call<T>(&self, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.counted(true, None, call)
    }

    fn counted<T>(&self, is_sync: bool, act: Option<Act>, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        self.due();
        let fault = self.fault();
        if fault.how == How::LostSync && !is_sync {
            return call();
        }
        let n = self.line.calls.fetch_add(1, SeqCst);
        if n != fault.at && !(fault.dead && n > fault.at) {
            return call();
        }
        if n == fault.at {
            kill(fault.how);
            match (fault.how, act) {
                (How::AnswerLost, _) => _ = call(),
                (How::Late(calls), Some(act)) => *self.line.late.lock().unwrap() = Some((n + calls, act)),
                _ => {}
            }
        }
        Err(broken(fault.how))
    }

    fn file(&self, path: &Path, inner: Box<dyn IoFile>) -> Box<dyn IoFile> {
        Box::new(FaultyFile { io: self.clone(), path: path.to_owned(), inner })
    }
}

impl Io for FaultyIo {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.call(None, || {
            System.make_folder(folder)?;
            self.disk(|disk| _ = disk.names.insert(folder.to_owned(), None));
            Ok(())
        })
    }

    fn create_new(&self, file: &Path) -> io::Result<Box<dyn IoFile>> {
        self.call(None, || {
            let inner = System.create_new(file)?;
            self.disk(|disk| {
                disk.names.insert(file.to_owned(), None);
                disk.unsynced.insert(file.to_owned());
            });
            Ok(self.file(file, inner))
        })
    }

    fn open(&self, file: &Path) -> io::Result<Box<dyn IoFile>> {
        self.call(None, || Ok(self.file(file, System.open(file)?)))
    }

    fn open_for_writing(&self, file: &Path) -> io::Result<Box<dyn IoFile>> {
        self.call(None, || Ok(self.file(file, System.open_for_writing(file)?)))
    }

    fn open_to_go_on(&self, file: &Path) -> io::Result<Box<dyn IoFile>> {
        self.call(None, || {
            let inner = System.open_to_go_on(file)?;
            self.disk(|disk| _ = disk.unsynced.insert(file.to_owned()));
            Ok(self.file(file, inner))
        })
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        self.call(None, || System.list(folder))
    }

    fn stat(&self, path: &Path) -> io::Result<Stat> {
        self.call(None, || System.stat(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.call(Some(Act::Rename(from.to_owned(), to.to_owned())), || {
            let before = fs::read(to).ok();
            System.rename(from, to)?;
            self.disk(|disk| disk.renamed(from, to, before));
            Ok(())
        })
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        self.call(Some(Act::Remove(file.to_owned())), || {
            System.remove(file)?;
            self.disk(|disk| disk.forget(file));
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.sync_call(|| {
            System.sync_folder(folder)?;
            self.disk(|disk| disk.names.retain(|path, _| path.parent() != Some(folder)));
            Ok(())
        })
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        let set = *self.line.free.lock().unwrap();
        self.line.asked.fetch_add(1, SeqCst);
        self.call(None, || set.map_or_else(|| System.free_bytes(folder), Ok))
    }
}

/// Half of what is neither small nor large, so that there is a call in the middle of every file.
fn piece(length: usize) -> usize {
    if (256..0x1_0000).contains(&length) { length.div_ceil(2) } else { length }
}

struct FaultyFile {
    io: FaultyIo,
    path: PathBuf,
    inner: Box<dyn IoFile>,
}

impl IoFile for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let some = bytes.get(..piece(bytes.len())).unwrap_or_default();
        let io = self.io.clone();
        let torn = match io.fault().how {
            How::Torn(_, length) if io.line.calls.load(SeqCst) == io.fault().at => some.get(..length.min(some.len())),
            _ => None,
        };
        if let Some(torn) = torn {
            let _ = self.inner.write(torn);
        }
        io.call(None, || self.inner.write(some))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let some = piece(buffer.len());
        self.io.call(None, || self.inner.read_at(&mut buffer[..some], offset))
    }

    fn sync(&self) -> io::Result<()> {
        let synced = self.io.sync_call(|| {
            self.inner.sync()?;
            self.io.disk(|disk| {
                let path = disk.now(self.path.clone());
                disk.unsynced.remove(&path);
            });
            Ok(())
        });
        if synced.is_err() && matches!(self.io.fault().how, How::Refused(Errno::IO) | How::LostSync) {
            self.io.disk(|disk| {
                let path = disk.now(self.path.clone());
                disk.lost.insert(path);
            });
        }
        synced
    }

    fn stat(&self) -> io::Result<Stat> {
        self.io.call(None, || self.inner.stat())
    }

    fn touch(&self) -> io::Result<()> {
        self.io.call(None, || self.inner.touch())
    }

    fn lock(&self, shared: bool) -> io::Result<()> {
        self.io.call(None, || self.inner.lock(shared))
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.io.call(None, || self.inner.try_lock())
    }
}
