//! A rename whose answer was lost, and which the partner carries out later: at any moment of the next attempt. A frozen
//! server does this when it goes on.
#![allow(clippy::unwrap_used)] // helpers outside the test functions; a panic is a failed test

mod attempt_support;

use attempt_support::{Attempt, CONTENT, FINAL};
use fpp_spool::*;
use std::io::Read;
use std::sync::Mutex;

/// Loses the first rename to `lose`, and carries it out before a later call.
struct Late {
    inner: LocalFolder,
    lose: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lost: Option<String>,
    /// Calls left until the lost rename takes effect; counted only in the second attempt.
    left: Option<u64>,
    done: bool,
}

impl Late {
    fn call<T>(&self, call: impl FnOnce() -> T) -> T {
        let mut state = self.state.lock().unwrap();
        if let (Some(left), Some(from), false) = (state.left, state.lost.clone(), state.done) {
            state.left = Some(left.saturating_sub(1));
            if left == 0 {
                state.done = true;
                // What the second attempt has removed or renamed itself is not there any more.
                let _ = self.inner.rename_new(&from, &self.lose);
            }
        }
        drop(state);
        call()
    }
}

impl Folder for Late {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn identity(&self) -> Result<Option<String>> {
        self.inner.identity()
    }
    fn walk(&self, look: &mut dyn Look) -> Result<()> {
        self.call(|| self.inner.walk(look))
    }
    fn stat(&self, name: &str) -> Result<Option<Entry>> {
        self.call(|| self.inner.stat(name))
    }
    fn open_at(&self, name: &str, offset: u64) -> Result<Box<dyn Read + Send>> {
        self.call(|| self.inner.open_at(name, offset))
    }
    fn create_new(&self, name: &str) -> Result<Box<dyn Sink>> {
        self.call(|| self.inner.create_new(name))
    }
    fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        if to == self.lose && self.state.lock().unwrap().lost.is_none() {
            self.state.lock().unwrap().lost = Some(from.to_owned());
            return Err(Error::new(ErrorKind::Unreachable, "no answer before the deadline"));
        }
        self.call(|| self.inner.rename_new(from, to))
    }
    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()> {
        self.call(|| self.inner.move_new(from, subfolder, to))
    }
    fn remove(&self, name: &str) -> Result<()> {
        self.call(|| self.inner.remove(name))
    }
    fn make_folder(&self, path: &str) -> Result<()> {
        self.call(|| self.inner.make_folder(path))
    }
    fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>> {
        self.call(|| self.inner.subfolder(path))
    }
    fn sync(&self, name: &str) -> Result<bool> {
        self.call(|| self.inner.sync(name))
    }
    fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
        self.call(|| self.inner.read_small(name, max))
    }
}

fn attempt(folder: &dyn Folder, tag: &str, proven: &mut bool) -> Result<Published> {
    let (proven_in, marker) = (folder.identity()?, Some(b"ready\n".as_slice()));
    let attempt = Attempt { tag, proven_before: *proven, proven_in, marker, ..Attempt::default() };
    attempt.publish(folder, &mut || {
        *proven = true;
        Ok(())
    })
}

#[test]
fn a_late_rename_is_never_taken_for_a_collected_file() {
    for lose in [FINAL.to_owned(), format!("{FINAL}.sha256"), format!("{FINAL}.OK")] {
        for calls in 0..40 {
            // The protocol is tested here, not the disk: memory makes many syncs cheap.
            let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
            let inner = LocalFolder::open(dir.path()).unwrap();
            let folder = Late { inner, lose: lose.clone(), state: Mutex::default() };
            let mut proven = false;
            assert_eq!(attempt(&folder, "n1.1", &mut proven).unwrap_err().kind, ErrorKind::Unreachable, "{lose}");
            folder.state.lock().unwrap().left = Some(calls);
            let published = attempt(&folder, "n1.2", &mut proven);
            // A side file that comes late under its name is no other file: one more attempt settles it.
            let published = published.or_else(|_| attempt(&folder, "n1.3", &mut proven)).unwrap();
            assert!(!published.collected, "{lose} after {calls} calls");
            sweep_temporaries(&folder.inner, &|_| true).unwrap();
            let names: Vec<_> = folder.inner.list(9).unwrap().into_iter().map(|e| e.name).collect();
            assert_eq!(names, ["", ".OK", ".sha256"].map(|end| format!("{FINAL}{end}")), "{lose} after {calls} calls");
            assert_eq!(std::fs::read(dir.path().join(FINAL)).unwrap(), CONTENT);
        }
    }
}

#[test]
fn a_folder_that_is_gone_says_nothing_about_collected_files() {
    let dir = tempfile::tempdir().unwrap();
    let spool = dir.path().join("in");
    std::fs::create_dir(&spool).unwrap();
    let folder = LocalFolder::open(&spool).unwrap();
    let aside = dir.path().join("aside");
    let result = Attempt { tag: "n1.1", ..Attempt::default() }.publish(&folder, &mut || {
        std::fs::rename(&spool, &aside).unwrap();
        Ok(())
    });
    assert!(result.is_err() || std::fs::read(aside.join(FINAL)).unwrap() == CONTENT, "{result:?}");
    assert!(result.is_err() || !result.unwrap().collected);
}
