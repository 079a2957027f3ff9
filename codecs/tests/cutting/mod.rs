//! Cutting a whole file, and framing one: what the tests of framing share.
#![allow(dead_code, reason = "each test program uses a part")]

use fpp_codecs::framing::{CutError, Cutter, Framer, Framing};
use std::io::Read;

/// Gives a few bytes at a time.
pub(crate) struct Trickle<'a>(pub(crate) &'a [u8], pub(crate) usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.1.min(self.0.len()).min(buffer.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

/// Number, offset and bytes of each record.
pub(crate) type Cuts = Vec<(u64, u64, Vec<u8>)>;

/// Every record, and the error that ended it.
pub(crate) fn cut_all<R: Read>(cutter: &mut Cutter<R>) -> (Cuts, Option<CutError>) {
    let mut cuts = Vec::new();
    let error = loop {
        match cutter.next() {
            Ok(Some(cut)) => cuts.push((cut.n, cut.offset, cut.bytes.to_vec())),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    assert!(cutter.next().unwrap().is_none(), "nothing comes after the end");
    (cuts, error)
}

/// The same of a file that comes in pieces, with the error in words.
pub(crate) fn cut(framing: &Framing, file: &[u8], step: usize) -> (Cuts, Option<String>) {
    let (cuts, error) = cut_all(&mut Cutter::new(framing.clone(), Trickle(file, step)));
    (cuts, error.map(|error| error.to_string()))
}

pub(crate) fn frame(framing: &Framing, records: &[Vec<u8>]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut framer, mut file, mut taken) = (Framer::new(framing.clone()), Vec::new(), Vec::new());
    for record in records {
        if framer.put(record, &mut file).is_ok() {
            taken.push(record.clone());
        }
    }
    framer.finish(&mut file);
    (file, taken)
}
