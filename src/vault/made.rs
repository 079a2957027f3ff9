//! Content that is made while the vault takes it in: no temporary copy of it lies anywhere.

use crate::error::Result;
use std::io::{self, Read};

/// Bytes made at once.
const PIECE_BYTES: usize = 256 << 10;

/// A reader over a maker. The maker appends some bytes and says whether there are more to come; its error travels inside
/// the I/O error, where [`super::Vault::put`] takes it out.
pub struct Made<F> {
    make: F,
    piece: Vec<u8>,
    at: usize,
    more: bool,
}

impl<F: FnMut(&mut Vec<u8>) -> Result<bool>> Made<F> {
    /// Nothing made yet.
    pub fn new(make: F) -> Made<F> {
        Made { make, piece: Vec::new(), at: 0, more: true }
    }

    fn fill(&mut self) -> Result<()> {
        self.piece.clear();
        self.at = 0;
        while self.more && self.piece.len() < PIECE_BYTES {
            self.more = (self.make)(&mut self.piece)?;
        }
        Ok(())
    }
}

impl<F: FnMut(&mut Vec<u8>) -> Result<bool>> Read for Made<F> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at == self.piece.len() {
            self.fill().map_err(io::Error::other)?;
        }
        let length = out.len().min(self.piece.len() - self.at);
        out[..length].copy_from_slice(&self.piece[self.at..self.at + length]);
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use fpp_codecs::Code;

    #[test]
    fn gives_all_that_is_made_and_carries_the_makers_error() {
        let mut left = 1_000;
        let mut text = String::new();
        let mut made = Made::new(|piece| {
            left -= 1;
            piece.extend_from_slice(format!("{left}\n").repeat(left % 200).as_bytes());
            Ok(left > 0)
        });
        made.read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), (1..1_000).map(|n| n % 200).sum::<usize>());
        assert!(text.starts_with("999\n") && text.ends_with("\n1\n"));
        let mut fails = Made::new(|_| Err(Error::halt(Code::PLAN, "no more")));
        let error = crate::vault::error_of(fails.read(&mut [0]).unwrap_err());
        assert_eq!(error.code, Code::PLAN);
    }
}
