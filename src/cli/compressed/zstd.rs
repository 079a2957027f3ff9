//! Zstd: frames one after the other, with what is to be skipped between them.

use super::source::{Counted, Unreadable, unreadable};
use fpp_codecs::Code;
use ruzstd::decoding::errors::{FrameDecoderError, FrameHeaderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, BufReader, Read};

/// Most bytes that a frame may look back; so much memory it takes.
const WINDOW_MAX: u64 = 128 << 20;

/// Zstd frames one after the other; their checksums are compared.
pub(super) struct Frames<R> {
    source: BufReader<Counted<R>>,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: Read> Frames<R> {
    pub(super) fn new(source: BufReader<Counted<R>>) -> Frames<R> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_MAX);
        Frames { source, decoder, within: false }
    }

    /// Goes to the next frame; `false` at the end of the file.
    fn next(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.init(&mut self.source) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let length = u64::from(length);
                    let skipped = io::copy(&mut self.source.by_ref().take(length), &mut io::sink())?;
                    if skipped < length {
                        let end = io::Error::from(io::ErrorKind::UnexpectedEof);
                        return Err(unreadable("zstd", &self.source, &end));
                    }
                }
                Err(
                    FrameDecoderError::WindowSizeTooBig { requested: window, .. }
                    | FrameDecoderError::FrameHeaderError(FrameHeaderError::WindowTooBig { got: window }),
                ) => return Err(too_wide(window)),
                Err(error) => return Err(unreadable("zstd", &self.source, &error)),
            }
        }
    }
}

/// A good file, made for machines with more memory.
fn too_wide(window: u64) -> io::Error {
    let what = format!(
        "not damaged, but packed with a window of {} MiB, which takes as much memory, and no more than {} are taken: have it \
         packed with `zstd --long=27` or less",
        window.div_ceil(1 << 20),
        WINDOW_MAX >> 20
    );
    io::Error::other(Unreadable { code: Code::UNSAFE, what })
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within {
                if !self.next()? {
                    return Ok(0);
                }
                self.within = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.source, one);
                decoded.map_err(|error| unreadable("zstd", &self.source, &error))?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.within = false;
            let (told, found) = (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum());
            if told.is_some() && told != found {
                let differs = io::Error::other("the checksum of a frame differs");
                return Err(unreadable("zstd", &self.source, &differs));
            }
        }
    }
}
