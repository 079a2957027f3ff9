//! The beginning of a file: looked at before all else, and read again with the rest.

use std::io::{self, Chain, Cursor, Read};

/// The file with its beginning, and what failed behind that.
pub(super) type Whole<R> = Chain<Chain<Cursor<Vec<u8>>, Failed>, R>;

/// Reads so many bytes at most, and gives them with the whole file as it was before; and whether reading went well. What
/// failed fails again at its place: the records before it are as good as any, and what is said of it is said in one way.
pub(super) fn read<R: Read>(mut file: R, bytes: u64) -> (Vec<u8>, bool, Whole<R>) {
    let mut head = Vec::new();
    let failed = file.by_ref().take(bytes).read_to_end(&mut head).err();
    let is_good = failed.is_none();
    (head.clone(), is_good, Cursor::new(head).chain(Failed(failed)).chain(file))
}

/// Fails once, if there is something to fail with.
pub(super) struct Failed(Option<io::Error>);

impl Read for Failed {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
