//! Sorted runs of event ids in temporary files, so that a proof's memory is bounded whatever the file's size.

use crate::scratch::{Scratch, carried};
use crate::trade::proof::repeat::Spill;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Runs of one proof; removed when it ends.
pub struct Files {
    folder: PathBuf,
    name: String,
    runs: Vec<PathBuf>,
}

impl Files {
    /// No run yet.
    pub fn new(folder: &Path, name: &str) -> Files {
        Files { folder: folder.to_owned(), name: name.to_owned(), runs: Vec::new() }
    }
}

impl Spill for Files {
    fn create(&mut self) -> io::Result<Box<dyn Write + '_>> {
        let path = self.folder.join(format!("{}.{}.run", self.name, self.runs.len()));
        let file = File::create(&path).map_err(|e| carried(&self.folder, e))?;
        self.runs.push(path);
        Ok(Box::new(Scratch::new(file, &self.folder)))
    }

    fn open(&mut self) -> io::Result<Vec<Box<dyn Read + '_>>> {
        let opened = |path| {
            let file = File::open(path).map_err(|e| carried(&self.folder, e))?;
            Ok(Box::new(BufReader::new(Scratch::new(file, &self.folder))) as Box<dyn Read>)
        };
        self.runs.iter().map(opened).collect()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in &self.runs {
            if let Err(error) = std::fs::remove_file(path) {
                tracing::debug!(file = %path.display(), "a run stays until the next start: {error}");
            }
        }
    }
}
