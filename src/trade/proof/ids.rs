//! The ids of a file's events, sorted, each with what stands for its business data: a by-product of the proof, by which an
//! id that comes again in another file is found without decoding either of the two.
//!
//! It is a pure function of file and plan. Of an id there are 64 bits of its SHA-256, of the data 64 bits of a hash that
//! costs next to nothing: what looks equal or different here is a reason to look at the two events, never a judgement.
//! A mapping that was changed makes other hashes of equal data, so it costs a look and hides nothing.

use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

const MAGIC: &[u8; 8] = b"FPPIDS1\n";
/// Bytes before the first line.
pub const HEAD_BYTES: u64 = 16;
/// Bytes of a line.
pub const LINE_BYTES: usize = 24;

/// One event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// Stands for the id.
    pub key: u64,
    /// Stands for the business data.
    pub content: u64,
    /// Physical record number, from 1.
    pub record: u64,
}

/// What stands for a CloudEvents source.
pub fn source_key(source: &str) -> u64 {
    let digest: [u8; 32] = Sha256::digest(source.as_bytes()).into();
    number(&digest, 0)
}

/// Writes lines, which come in the order of their keys.
pub(super) struct Lines<'w> {
    out: io::BufWriter<Box<dyn Write + 'w>>,
}

impl<'w> Lines<'w> {
    pub(super) fn begin(out: Box<dyn Write + 'w>, source: &str) -> io::Result<Lines<'w>> {
        let mut out = io::BufWriter::new(out);
        out.write_all(MAGIC)?;
        out.write_all(&source_key(source).to_be_bytes())?;
        Ok(Lines { out })
    }

    pub(super) fn push(&mut self, line: Line) -> io::Result<()> {
        for number in [line.key, line.content, line.record] {
            self.out.write_all(&number.to_be_bytes())?;
        }
        Ok(())
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads what [`Lines`] wrote, a line at a time.
pub struct Reader<R> {
    /// Stands for the source of the events.
    pub source: u64,
    /// Lines.
    pub count: u64,
    input: R,
    left: u64,
}

impl<R: Read> Reader<R> {
    /// Begins to read a content of so many bytes; `InvalidData` where it is something else.
    pub fn begin(mut input: R, bytes: u64) -> io::Result<Reader<R>> {
        let mut head = [0; HEAD_BYTES as usize];
        input.read_exact(&mut head)?;
        let lines = bytes.saturating_sub(HEAD_BYTES);
        if !head.starts_with(MAGIC) || !lines.is_multiple_of(LINE_BYTES as u64) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no list of ids"));
        }
        let count = lines / LINE_BYTES as u64;
        Ok(Reader { source: number(&head, 8), count, input, left: count })
    }

    /// Up to so many further lines in place of what `lines` holds; none at the end.
    pub fn next(&mut self, lines: &mut Vec<Line>, at_most: usize) -> io::Result<()> {
        lines.clear();
        let mut bytes = [0; LINE_BYTES];
        while self.left > 0 && lines.len() < at_most {
            self.input.read_exact(&mut bytes)?;
            lines.push(Line { key: number(&bytes, 0), content: number(&bytes, 8), record: number(&bytes, 16) });
            self.left -= 1;
        }
        Ok(())
    }
}

fn number(bytes: &[u8], from: usize) -> u64 {
    bytes.iter().skip(from).take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A hash of 64 bits over pieces, for telling data apart that nobody made alike on purpose. Its values are kept, so it
/// never changes: sixteen bytes at a time are multiplied into it, and both halves of the product count.
#[derive(Clone, Copy, Debug)]
pub struct Fold(u64);

/// Digits of pi, as constants that nobody chose.
const PI: [u64; 3] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0];

impl Fold {
    /// Begins with what a hash depends on besides its pieces.
    pub fn new(seed: u64) -> Fold {
        Fold(seed ^ PI[0])
    }

    /// A piece. Where it ends counts as well.
    pub fn add(&mut self, bytes: &[u8]) {
        self.mix(bytes.len() as u64, PI[2]);
        let (whole, rest) = bytes.as_chunks::<16>();
        for chunk in whole {
            let number = u128::from_le_bytes(*chunk);
            self.mix(number as u64, (number >> 64) as u64);
        }
        let mut last = [0; 16];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let number = u128::from_le_bytes(last);
        self.mix(number as u64, (number >> 64) as u64);
    }

    /// Two numbers.
    pub fn pair(&mut self, one: u64, other: u64) {
        self.mix(one, other);
    }

    /// The hash.
    pub fn end(mut self) -> u64 {
        self.mix(PI[1], PI[2]);
        self.0
    }

    fn mix(&mut self, low: u64, high: u64) {
        let product = u128::from(self.0 ^ low ^ PI[1]) * u128::from(high ^ self.0.rotate_left(32) ^ PI[2]);
        self.0 = (product as u64) ^ ((product >> 64) as u64) ^ self.0.rotate_left(23);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn lines_read_back_and_other_bytes_are_refused() {
        let lines: Vec<Line> = (0..10).map(|n| Line { key: n * 7, content: !n, record: n + 1 }).collect();
        let mut bytes = Vec::new();
        let mut out = Lines::begin(Box::new(&mut bytes), "urn:fpp:bank:pmtrd").unwrap();
        lines.iter().for_each(|line| out.push(*line).unwrap());
        out.end().unwrap();
        let mut reader = Reader::begin(&bytes[..], bytes.len() as u64).unwrap();
        assert_eq!((reader.source, reader.count), (source_key("urn:fpp:bank:pmtrd"), 10));
        let (mut all, mut some) = (Vec::new(), Vec::new());
        loop {
            reader.next(&mut some, 3).unwrap();
            if some.is_empty() {
                break;
            }
            all.extend_from_slice(&some);
        }
        assert_eq!(all, lines);
        assert!(Reader::begin(&bytes[..], bytes.len() as u64 - 1).is_err(), "a line is cut");
        assert!(Reader::begin(&[0u8; 40][..], 40).is_err());
    }

    #[test]
    fn one_bit_or_another_place_of_it_is_another_hash() {
        let hash = |pieces: &[&[u8]]| {
            let mut fold = Fold::new(1);
            pieces.iter().for_each(|piece| fold.add(piece));
            fold.end()
        };
        let text = b"2025-06-20T09:30:00.000+08:00 768.50 1000.0000 ".repeat(8);
        let mut seen = HashSet::from([hash(&[&text])]);
        for bit in 0..text.len() * 8 {
            let mut other = text.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(seen.insert(hash(&[&other])), "bit {bit}");
        }
        for at in 0..text.len() {
            assert!(seen.insert(hash(&[&text[..at], &text[at..]])), "cut at {at}");
            assert!(seen.insert(hash(&[&text[..at]])), "ended at {at}");
        }
        // Half of the bits differ where one bit of the input does.
        let flips =
            (hash(&[&text]) ^ hash(&[&[&text[..200], &[text[200] ^ 1][..], &text[201..]].concat()])).count_ones();
        assert!((16..=48).contains(&flips), "{flips}");
    }
}
