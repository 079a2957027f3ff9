//! The compressed bytes as they are read: counted, so that what is wrong with them is said with its byte.

use fpp_codecs::Code;
use std::error::Error;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what is read.
pub(super) struct Counted<R> {
    pub(super) reader: R,
    pub(super) packed: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.packed.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Why a compressed file is not read on.
#[derive(Debug)]
pub(in crate::cli) struct Unreadable {
    /// What kind of fault it is.
    pub(in crate::cli) code: Code,
    /// The fault in words.
    pub(super) what: String,
}

impl Unreadable {
    /// The one behind a failed read, if it is one.
    pub(in crate::cli) fn of(error: &io::Error) -> Option<&Unreadable> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for Unreadable {}

/// What failed while the source stood behind the buffered bytes; a read of the source that failed stays what it is.
pub(super) fn unreadable<R>(form: &str, source: &BufReader<Counted<R>>, error: &(dyn Error + 'static)) -> io::Error {
    let at = source.get_ref().packed.load(Ordering::Relaxed).saturating_sub(source.buffer().len() as u64);
    let mut is_cut = false;
    let mut cause = Some(error);
    while let Some(error) = cause {
        is_cut |= error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::UnexpectedEof);
        cause = error.source();
    }
    let what = match is_cut {
        true => format!("cut short: the {form} data ends at byte {at}, in its middle"),
        false => format!("damaged: the {form} data is wrong at byte {at} or before it ({error})"),
    };
    io::Error::new(io::ErrorKind::InvalidData, Unreadable { code: Code::PACKED_FILE, what })
}
