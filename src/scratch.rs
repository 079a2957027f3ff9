//! Temporary files of the node, in `data_dir/scratch`: what their disk answers is told as theirs.
//!
//! They are read and written by code that knows only `io::Error`, beside the vault and the sources of files, whose disks may
//! be others. So an error carries from the start what it is, and comes out so wherever it is told
//! ([`crate::vault::error_of`]). All of them are tried again: nothing about a file depends on its scratch files.

use crate::error::{Error, Result};
use fpp_codecs::Code;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What an I/O error of a temporary file in this folder means.
pub fn failed(folder: &Path, error: io::Error) -> Error {
    let place = format!("the folder for temporary files {}", folder.display());
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Error::retry(Code::NO_SPACE, format!("{place}: there is no space for them"))
                .hint("Make space on the disk of `data_dir`, which has the folder scratch; it goes on by itself.")
        }
        _ => Error::retry(Code::SCRATCH, format!("{place} cannot be read or written")).hint(
            "Look at the folder scratch in `data_dir`: the node's user reads and writes there. It is tried again.",
        ),
    }
    .caused_by(error)
}

/// The same inside an I/O error, once.
pub fn carried(folder: &Path, error: io::Error) -> io::Error {
    match error.kind() {
        // It is no fault: the call is made again.
        io::ErrorKind::Interrupted => error,
        _ => match error.downcast::<Error>() {
            Ok(told) => io::Error::other(told),
            Err(error) => io::Error::other(failed(folder, error)),
        },
    }
}

/// A temporary file whose errors say so.
#[derive(Debug)]
pub struct Scratch<F> {
    file: F,
    folder: PathBuf,
}

impl<F> Scratch<F> {
    /// A file in this folder.
    pub fn new(file: F, folder: &Path) -> Scratch<F> {
        Scratch { file, folder: folder.to_owned() }
    }

    fn call<T>(&mut self, act: impl FnOnce(&mut F) -> io::Result<T>) -> io::Result<T> {
        act(&mut self.file).map_err(|error| carried(&self.folder, error))
    }
}

impl<F: Seek> Scratch<F> {
    /// Goes to its beginning.
    pub fn rewound(&mut self) -> Result<()> {
        self.file.rewind().map_err(|error| failed(&self.folder, error))
    }
}

impl<F: Read> Read for Scratch<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.call(|file| file.read(buffer))
    }
}

impl<F: Write> Write for Scratch<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(|file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.call(Write::flush)
    }
}

impl<F: Seek> Seek for Scratch<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.call(|file| file.seek(to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use std::fs::File;

    #[test]
    fn what_the_disk_answers_is_told_as_the_folder_s_and_tried_again() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut out = io::BufWriter::new(Scratch::new(full, Path::new("/data/scratch")));
        out.write_all(b"1").unwrap();
        let error = out.flush().unwrap_err().downcast::<Error>().unwrap();
        assert_eq!((error.code, error.class), (Code::NO_SPACE, Class::Retry), "{error}");
        let told = error.to_string();
        assert!(told.contains("/data/scratch") && told.contains("`data_dir`") && !told.contains("vault"), "{told}");
        for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::NotFound, io::ErrorKind::ReadOnlyFilesystem] {
            let once = carried(Path::new("/data/scratch"), kind.into());
            let error = carried(Path::new("/elsewhere"), once).downcast::<Error>().unwrap();
            assert_eq!((error.code, error.class), (Code::SCRATCH, Class::Retry), "{error}");
            assert!(error.to_string().contains("/data/scratch"), "{error}");
        }
        let again = carried(Path::new("/data/scratch"), io::ErrorKind::Interrupted.into());
        assert_eq!(again.kind(), io::ErrorKind::Interrupted);
    }
}
