//! Gzip: members one after the other, and zeros behind the last.

use super::source::{Counted, unreadable};
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// Gzip members one after the other; their checksums and lengths are compared.
pub(super) struct Members<R> {
    /// Between two members only.
    source: Option<BufReader<Counted<R>>>,
    member: Option<GzDecoder<BufReader<Counted<R>>>>,
}

impl<R: Read> Members<R> {
    pub(super) fn new(source: BufReader<Counted<R>>) -> Members<R> {
        Members { source: None, member: Some(GzDecoder::new(source)) }
    }

    /// Goes to the next member; `false` at the end of the file.
    fn next(&mut self) -> io::Result<bool> {
        let Some(mut source) = self.member.take().map(GzDecoder::into_inner).or_else(|| self.source.take()) else {
            return Ok(false);
        };
        loop {
            let bytes = source.fill_buf()?;
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            let (first, is_empty) = (bytes.get(zeros).copied(), bytes.is_empty());
            source.consume(zeros);
            match first {
                _ if is_empty => {
                    self.source = Some(source);
                    return Ok(false);
                }
                Some(0x1F) => {
                    self.member = Some(GzDecoder::new(source));
                    return Ok(true);
                }
                Some(_) => {
                    let error = unreadable("gzip", &source, &io::Error::other("what follows is no gzip member"));
                    self.source = Some(source);
                    return Err(error);
                }
                None => {}
            }
        }
    }
}

impl<R: Read> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            let Some(member) = &mut self.member else {
                return Ok(0);
            };
            let read = member.read(buffer).map_err(|error| match is_own(&error) {
                true => unreadable("gzip", member.get_ref(), &error),
                false => error,
            })?;
            if read > 0 || !self.next()? {
                return Ok(read);
            }
        }
    }
}

/// Whether an error is the decoder's and not that of the file below.
fn is_own(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    error.raw_os_error().is_none() && matches!(error.kind(), InvalidData | InvalidInput | Other | UnexpectedEof)
}
