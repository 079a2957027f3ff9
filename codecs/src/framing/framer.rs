//! Framing records into a file: what the cutter reads, written.
//!
//! A record that would not be cut out again as it was is refused, and nothing of it is written. Blocks are gathered
//! before they are written, so one block is held; `finish` writes the last. A file header or trailer is written as the
//! bytes that it must begin with, and zeros.

use super::delimited::RecordEnd;
use super::ending::LineEnding;
use super::fault::{Misframed, Wrong};
use super::kind::{Blocks, ByLayout, Edge, Framing, LengthField, Rdw, TextLines};
use super::prefix::{COMPLETE, FIRST, LAST, MIDDLE, WORD};
use super::scan::{Found, Scan, Scanner};
use super::step::{BOM, tail_byte};
use crate::code::Code;
use crate::record::measure::{Scratch, Stop};

/// Most bytes of a block: the first bit of its word means something else.
const BLOCK_MAX: usize = 0x7FFF;
/// Fewest bytes of a block: its word, a segment's word, a few bytes.
const BLOCK_MIN: usize = 16;

/// Writes records one after the other.
#[derive(Clone, Debug)]
pub struct Framer {
    framing: Framing,
    n: u64,
    /// Bytes written and gathered.
    offset: u64,
    block: Vec<u8>,
    scanner: Option<Box<Scanner>>,
    scratch: Scratch,
}

impl Framer {
    /// At the start of a file.
    pub fn new(framing: Framing) -> Framer {
        let scanner = framing.delimited().map(|how| Box::new(Scanner::new(how)));
        Framer { framing, n: 1, offset: 0, block: Vec::new(), scanner, scratch: Scratch::default() }
    }

    /// Appends a record with what frames it. On a fault nothing is written, and the next record may be put.
    pub fn put(&mut self, record: &[u8], out: &mut Vec<u8>) -> Result<(), Misframed> {
        let before = (out.len(), self.block.len());
        if self.n == 1
            && let Framing::Edged(edged) = &self.framing
        {
            edge(&edged.header, out);
        }
        let framing = self.framing.records().clone();
        let written = self.write(&framing, record, out);
        if let Err((code, wrong)) = written {
            out.truncate(before.0);
            return Err(Misframed { code, n: self.n, offset: self.offset, wrong, hint: None, found: None });
        }
        // Blocks may have been handed on: what was gathered before is no part of this record.
        self.offset += (out.len() - before.0 + self.block.len()).saturating_sub(before.1) as u64;
        self.n += 1;
        Ok(())
    }

    /// Appends what is still gathered, and the file trailer; after this the framer is at the start of another file.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        let framing = self.framing.clone();
        if let Framing::Blocks(blocks) = framing.records() {
            self.flush(*blocks, out);
        }
        if let Framing::Edged(edged) = &framing {
            if self.n == 1 {
                edge(&edged.header, out);
            }
            edge(&edged.trailer, out);
        }
        *self = Framer::new(framing);
    }

    fn write(&mut self, framing: &Framing, record: &[u8], out: &mut Vec<u8>) -> Result<(), (Code, Wrong)> {
        let length = |wrong: Wrong| (Code::LENGTH, wrong);
        if framing.one_length().is_none() && record.len() > framing.length() {
            return Err(length(too_long(record, framing.length())));
        }
        match framing {
            Framing::Fixed { length: want } => fixed(*want, record, out).map_err(length),
            Framing::Lines { length: want, ending } => line(*want, *ending, record, out).map_err(length),
            Framing::Text(lines) => text(*lines, self.n == 1, record, out).map_err(length),
            Framing::Rdw(rdw) => described(*rdw, record, COMPLETE, out).map_err(length),
            Framing::Blocks(blocks) => self.blocked(*blocks, record, out).map_err(length),
            Framing::LengthField(field) => length_field(*field, record, out).map_err(length),
            Framing::Delimited(_) => delimited(self.scanner.as_deref(), self.n == 1, record, out).map_err(length),
            Framing::ByLayout(by) => by_layout(by, &mut self.scratch, record, out),
            Framing::Edged(_) => Err(length(Wrong::Other("stands between edges twice".to_owned()))),
        }
    }

    fn blocked(&mut self, blocks: Blocks, record: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
        let room = blocks.block_bytes.clamp(BLOCK_MIN, BLOCK_MAX) - WORD;
        // Before anything is handed on: what a refused record had handed on would be taken back with it.
        if record.is_empty() && !blocks.rdw.counts_itself {
            return Err(no_bytes());
        }
        if !blocks.spanned {
            if WORD + record.len() > room {
                return Err(too_long(record, room - WORD));
            }
            if self.block.len() + WORD + record.len() > room {
                self.flush(blocks, out);
            }
            return described(blocks.rdw, record, COMPLETE, &mut self.block);
        }
        let mut rest = record;
        let mut begun = false;
        loop {
            // A segment has a byte at least.
            if self.block.len() + WORD >= room {
                self.flush(blocks, out);
            }
            let free = room - self.block.len() - WORD;
            let (segment, later) = rest.split_at(free.min(rest.len()));
            let control = match (begun, later.is_empty()) {
                (false, true) => COMPLETE,
                (false, false) => FIRST,
                (true, false) => MIDDLE,
                (true, true) => LAST,
            };
            described(blocks.rdw, segment, control, &mut self.block)?;
            if later.is_empty() {
                return Ok(());
            }
            (rest, begun) = (later, true);
        }
    }

    fn flush(&mut self, blocks: Blocks, out: &mut Vec<u8>) {
        if let Some(word) = blocks.rdw.word(self.block.len(), 0).filter(|_| !self.block.is_empty()) {
            out.extend(word);
            out.append(&mut self.block);
        }
    }
}

fn edge(edge: &Edge, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&edge.begins);
    out.resize(start + edge.length, 0);
}

fn too_long(record: &[u8], most: usize) -> Wrong {
    Wrong::Other(format!("has {} bytes, more than the most, {most}", record.len()))
}

fn no_bytes() -> Wrong {
    Wrong::Other("has no bytes, which this framing cannot say".to_owned())
}

fn same(record: &[u8], want: usize) -> Result<(), Wrong> {
    if record.len() == want { Ok(()) } else { Err(Wrong::Short { have: record.len(), want }) }
}

fn fixed(want: usize, record: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
    same(record, want.max(1))?;
    if record.first() == Some(&0x1A) && tail_byte(record).is_some() {
        return Err(Wrong::Other("has 1A only, which would be read as the end of the file".to_owned()));
    }
    out.extend_from_slice(record);
    Ok(())
}

fn line(want: usize, ending: LineEnding, record: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
    same(record, want.max(1))?;
    let end = ending.bytes();
    if record.last().and_then(|last| ending.after(*last, end)) != Some(end.len()) {
        return Err(Wrong::Other("ends in 0D, which would be read as part of its line end".to_owned()));
    }
    out.extend_from_slice(record);
    out.extend_from_slice(end);
    Ok(())
}

fn text(lines: TextLines, first: bool, record: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
    if let Some(want) = lines.length {
        same(record, want)?;
    }
    begins_well(lines.ending, first, record)?;
    if let Some(at) = record.iter().position(|b| lines.ending.feeds(*b)) {
        return Err(Wrong::Other(format!("holds a line end at byte {} of its own", at + 1)));
    }
    if record.last() == Some(&0x0D) {
        return Err(Wrong::Other("ends in 0D, which would be read as part of its line end".to_owned()));
    }
    out.extend_from_slice(record);
    out.extend_from_slice(lines.ending.bytes());
    Ok(())
}

fn begins_well(ending: LineEnding, first: bool, record: &[u8]) -> Result<(), Wrong> {
    if first && ending.is_ascii() && record.starts_with(&BOM) {
        return Err(Wrong::Other("begins with EFBBBF, which would be read as a BOM".to_owned()));
    }
    Ok(())
}

fn described(rdw: Rdw, record: &[u8], control: u8, out: &mut Vec<u8>) -> Result<(), Wrong> {
    let word = rdw.word(record.len(), control).ok_or_else(|| match record.is_empty() {
        true => no_bytes(),
        false => too_long(record, rdw.most()),
    })?;
    out.extend(word);
    out.extend_from_slice(record);
    Ok(())
}

fn length_field(field: LengthField, record: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
    if field.kept {
        return match field.read(record) {
            Ok(total) if total == record.len() => {
                out.extend_from_slice(record);
                Ok(())
            }
            Ok(total) => Err(Wrong::Other(format!("has {} bytes, and its length field says {total}", record.len()))),
            Err((words, _)) => Err(Wrong::Other(words)),
        };
    }
    let total = field.needs() + record.len();
    let number = field
        .write(total)
        .ok_or_else(|| Wrong::Other(format!("has {} bytes, which the length field cannot say", record.len())))?;
    out.resize(out.len() + field.at, 0);
    out.extend(number);
    out.extend_from_slice(record);
    Ok(())
}

fn delimited(scanner: Option<&Scanner>, first: bool, record: &[u8], out: &mut Vec<u8>) -> Result<(), Wrong> {
    let Some(scanner) = scanner else { return Err(no_bytes()) };
    let how = scanner.form();
    if let RecordEnd::Line(ending) = how.end {
        begins_well(ending, first, record)?;
    }
    let start = out.len();
    out.extend_from_slice(record);
    out.extend_from_slice(how.end.bytes());
    match Scan::default().walk(scanner, &out[start..], true, &mut |_| {}) {
        Found::End(content, _) if content == record.len() => Ok(()),
        _ => Err(Wrong::Other("holds a record delimiter of its own, or a string that is not closed".to_owned())),
    }
}

fn by_layout(by: &ByLayout, scratch: &mut Scratch, record: &[u8], out: &mut Vec<u8>) -> Result<(), (Code, Wrong)> {
    let fits = |at: usize, bytes: &[u8]| record.get(at..).is_some_and(|place| place.starts_with(bytes));
    let Some(one) = by.lengths.iter().find(|one| fits(one.at, &one.bytes)) else {
        return Err((Code::NO_LAYOUT, Wrong::Other("fits no layout's select".to_owned())));
    };
    let length = match &one.counters {
        None => one.length,
        Some(counters) => match counters.length(record, scratch) {
            Ok(length) => length,
            Err(Stop::More(want)) => return Err((Code::LENGTH, Wrong::Short { have: record.len(), want })),
            Err(Stop::Bad(bad)) => return Err((Code::COUNTER, Wrong::Counter(bad))),
        },
    };
    let put = match by.ending {
        Some(ending) => line(length, ending, record, out),
        None => fixed(length, record, out),
    };
    put.map_err(|wrong| (Code::LENGTH, wrong))
}
