//! Fetching a file, and noticing when it is not the one that was seen.
//!
//! The file is looked at before and after it is read. If size, time or file id differ from what the scan saw, or the
//! number of bytes does not fit, the result is [`ErrorKind::Changed`] and what went into the sink is worthless.

use crate::entry::{Entry, EntryKind};
use crate::error::{Error, ErrorKind, Result};
use crate::folder::Folder;
use std::io::{self, Write};

const PIECE_BYTES: usize = 1 << 20;

/// Copies a file into `sink` and gives its size, if it is the expected file before and after.
pub fn fetch(folder: &dyn Folder, expected: &Entry, sink: &mut dyn Write, max_bytes: u64) -> Result<u64> {
    let name = &expected.name;
    if expected.kind != EntryKind::File {
        return Err(Error::new(ErrorKind::Unsafe, format!("{name:?} in {} is no regular file", folder.describe())));
    }
    if expected.size > max_bytes {
        let what = format!("{name:?} in {} has {} bytes, more than {max_bytes}", folder.describe(), expected.size);
        return Err(Error::new(ErrorKind::Unsafe, what).hint("raise the limit of the route, or ask the partner"));
    }
    still_the_same(folder, expected, "before it was read")?;
    let read = {
        let mut input = folder.open(name)?;
        copy_up_to(&mut *input, sink, expected.size)
            .map_err(|e| Error::from_io(format_args!("fetching {name:?} from {}", folder.describe()), e))?
    };
    if read != expected.size {
        return Err(changed(folder, name, &format!("{} bytes were listed, {read} or more were read", expected.size)));
    }
    still_the_same(folder, expected, "while it was read")?;
    Ok(read)
}

fn still_the_same(folder: &dyn Folder, expected: &Entry, when: &str) -> Result<()> {
    match folder.stat(&expected.name)? {
        Some(now) if now.same_file(expected) => Ok(()),
        Some(_) => Err(changed(folder, &expected.name, when)),
        None => Err(Error::new(
            ErrorKind::Missing,
            format!("{:?} in {} went away {when}", expected.name, folder.describe()),
        )),
    }
}

fn changed(folder: &dyn Folder, name: &str, how: &str) -> Error {
    Error::new(ErrorKind::Changed, format!("{name:?} in {} changed: {how}", folder.describe()))
}

/// Copies to the end, but reads at most one byte more than expected: a growing file must not fill the disk.
fn copy_up_to(input: &mut dyn io::Read, sink: &mut dyn Write, size: u64) -> io::Result<u64> {
    let mut buffer = vec![0; PIECE_BYTES];
    let mut total = 0;
    while total <= size {
        match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                total += n as u64;
                if total <= size {
                    sink.write_all(&buffer[..n])?;
                }
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    sink.flush()?;
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::LocalFolder;

    #[test]
    fn fetches_the_file_that_was_seen_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("PMTRD.TXT");
        std::fs::write(&path, "0123456789").unwrap();
        let folder = LocalFolder::open(dir.path()).unwrap();
        let seen = folder.stat("PMTRD.TXT").unwrap().unwrap();
        let mut bytes = Vec::new();
        assert_eq!(fetch(&folder, &seen, &mut bytes, 10).unwrap(), 10);
        assert_eq!(bytes, b"0123456789");
        assert_eq!(fetch(&folder, &seen, &mut bytes, 9).unwrap_err().kind, ErrorKind::Unsafe);

        std::fs::write(&path, "01234567890").unwrap();
        assert_eq!(fetch(&folder, &seen, &mut bytes, 99).unwrap_err().kind, ErrorKind::Changed);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(fetch(&folder, &seen, &mut bytes, 99).unwrap_err().kind, ErrorKind::Missing);
    }

    #[test]
    fn a_growing_file_is_not_copied_without_end() {
        let mut sink = Vec::new();
        assert!(copy_up_to(&mut io::repeat(7), &mut sink, 5).unwrap() > 5);
        assert!(sink.len() <= 5);
    }
}
