//! Cutting a whole file, and framing one: what the tests of framing share.

use fpp_codecs::framing::{Cutter, Framer, Framing};
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

pub(crate) type Cuts = Vec<(u64, u64, Vec<u8>)>;

pub(crate) fn cut_all<R: Read>(cutter: &mut Cutter<R>) -> (Cuts, Option<String>) {
    let mut cuts = Vec::new();
    let error = loop {
        match cutter.next() {
            Ok(Some(cut)) => cuts.push((cut.n, cut.offset, cut.bytes.to_vec())),
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    assert!(cutter.next().unwrap().is_none(), "nothing comes after the end");
    (cuts, error)
}

pub(crate) fn cut(framing: &Framing, file: &[u8], step: usize) -> (Cuts, Option<String>) {
    cut_all(&mut Cutter::new(framing.clone(), Trickle(file, step)))
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
