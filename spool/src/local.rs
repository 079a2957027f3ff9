//! A folder of this machine.
use crate::{Entry, Error, ErrorKind, Folder, Result, Sink};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A folder of this machine.
pub struct LocalFolder {
    path: PathBuf,
}

impl LocalFolder {
    /// Opens a folder that must exist.
    pub fn open(path: impl AsRef<Path>) -> Result<LocalFolder> {
        Ok(LocalFolder { path: path.as_ref().to_owned() })
    }
    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Folder for LocalFolder {
    fn describe(&self) -> String {
        String::new()
    }
    fn list(&self, _limit: usize) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }
    fn stat(&self, _name: &str) -> Result<Option<Entry>> {
        Ok(None)
    }
    fn open(&self, _name: &str) -> Result<Box<dyn Read + Send>> {
        Err(Error::new(ErrorKind::Io, ""))
    }
    fn create_new(&self, _name: &str) -> Result<Box<dyn Sink>> {
        Err(Error::new(ErrorKind::Io, ""))
    }
    fn rename_new(&self, _from: &str, _to: &str) -> Result<()> {
        Err(Error::new(ErrorKind::Io, ""))
    }
    fn move_new(&self, _from: &str, _subfolder: &str, _to: &str) -> Result<()> {
        Err(Error::new(ErrorKind::Io, ""))
    }
    fn remove(&self, _name: &str) -> Result<()> {
        Err(Error::new(ErrorKind::Io, ""))
    }
    fn make_folder(&self, _path: &str) -> Result<()> {
        Err(Error::new(ErrorKind::Io, ""))
    }
    fn subfolder(&self, _path: &str) -> Result<Box<dyn Folder>> {
        Err(Error::new(ErrorKind::Io, ""))
    }
    fn sync(&self, _name: &str) -> Result<bool> {
        Err(Error::new(ErrorKind::Io, ""))
    }
    fn read_small(&self, _name: &str, _max: usize) -> Result<Option<Vec<u8>>> {
        Err(Error::new(ErrorKind::Io, ""))
    }
}
