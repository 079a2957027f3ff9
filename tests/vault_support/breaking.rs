//! A source whose line breaks, and which goes on elsewhere when it is asked to.

use fpp::error::{Error, Result};
use fpp::vault::Resumable;
use fpp_codecs::Code;
use std::io::{self, Read};

/// Bytes that come as far as a place.
pub(crate) struct Breaking<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
    pub(crate) breaks_at: Option<usize>,
    /// Where it was told to go on, if it was.
    pub(crate) went_on_at: Option<u64>,
}

impl<'a> Breaking<'a> {
    pub(crate) fn new(bytes: &'a [u8], breaks_at: Option<usize>) -> Breaking<'a> {
        Breaking { bytes, at: 0, breaks_at, went_on_at: None }
    }
}

impl Read for Breaking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.breaks_at.unwrap_or(self.bytes.len());
        if self.at >= end {
            let broken = || io::Error::other(Error::retry(Code::FOLDER, "the line broke").hint("Wait."));
            return if self.breaks_at.is_some() { Err(broken()) } else { Ok(0) };
        }
        let length = (end - self.at).min(buffer.len()).min(100_000);
        buffer[..length].copy_from_slice(&self.bytes[self.at..][..length]);
        self.at += length;
        Ok(length)
    }
}

impl Resumable for Breaking<'_> {
    fn go_on(&mut self, at: u64, last: &[u8]) -> Result<bool> {
        assert_eq!(self.at, 0, "before the first byte");
        let right = self.bytes.get(..at as usize).is_some_and(|bytes| !last.is_empty() && bytes.ends_with(last));
        if right {
            (self.at, self.went_on_at) = (at as usize, Some(at));
        }
        Ok(right)
    }
}
