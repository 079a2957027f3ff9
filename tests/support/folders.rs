//! A folder that shows another one by what every folder can do, and no more: it cannot tell which one it is, as at a partner.

use fpp_spool::{Entry, Folder, Look, Result, Sink};
use std::io::Read;
use std::sync::Arc;

/// The folder; before a file is opened, a test may have its word.
pub(crate) struct Plain {
    inner: Arc<dyn Folder>,
    before_open: Box<dyn Fn() + Send + Sync>,
}

impl Plain {
    pub(crate) fn over(inner: Arc<dyn Folder>) -> Plain {
        Plain::waiting(inner, || {})
    }

    /// The same; whoever opens a file does this first.
    pub(crate) fn waiting(inner: Arc<dyn Folder>, before_open: impl Fn() + Send + Sync + 'static) -> Plain {
        Plain { inner, before_open: Box::new(before_open) }
    }
}

impl Folder for Plain {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn walk(&self, look: &mut dyn Look) -> Result<()> {
        self.inner.walk(look)
    }
    fn stat(&self, name: &str) -> Result<Option<Entry>> {
        self.inner.stat(name)
    }
    fn open_at(&self, name: &str, offset: u64) -> Result<Box<dyn Read + Send>> {
        (self.before_open)();
        self.inner.open_at(name, offset)
    }
    fn create_new(&self, name: &str) -> Result<Box<dyn Sink>> {
        self.inner.create_new(name)
    }
    fn rename_new(&self, from: &str, to: &str) -> Result<()> {
        self.inner.rename_new(from, to)
    }
    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> Result<()> {
        self.inner.move_new(from, subfolder, to)
    }
    fn remove(&self, name: &str) -> Result<()> {
        self.inner.remove(name)
    }
    fn make_folder(&self, path: &str) -> Result<()> {
        self.inner.make_folder(path)
    }
    fn subfolder(&self, path: &str) -> Result<Box<dyn Folder>> {
        self.inner.subfolder(path)
    }
    fn sync(&self, name: &str) -> Result<bool> {
        self.inner.sync(name)
    }
    fn read_small(&self, name: &str, max: usize) -> Result<Option<Vec<u8>>> {
        self.inner.read_small(name, max)
    }
}
