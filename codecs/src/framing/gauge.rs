//! Where the next record lies: one measure for every framing, used by the cutter and the indexer alike.
//!
//! A [`Gauge`] is shown the bytes from the present place on, and says what is at their front. What it says never depends
//! on how many more bytes are shown, only on what they are; so any way of reading a file gives the same records. It asks
//! for more bytes than it has at most once a record and never beyond the framing's most, so hostile lengths cost nothing.

use super::delimited::{Delimited, Found, RecordEnd, Scan};
use super::ending::LineEnding;
use super::fault::Wrong;
use super::kind::{Blocks, ByLayout, Framing, LengthField, RECORD_LIMIT, Rdw, TextLines};
use super::prefix::{BadWord, COMPLETE, FIRST, LAST, MIDDLE, WORD, hex};
use super::step::{BOM, Frame, Oddities, Step, Tail, Trouble, tail, tail_byte};
use crate::code::Code;

/// Measures records one after the other.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    framing: Framing,
    /// Most bytes of a record, whatever the framing says.
    max: usize,
    /// A BOM may still come.
    first: bool,
    /// Bytes left of the block.
    pub(super) left: usize,
    /// Bytes of the segments so far, while a record is open.
    open: Option<usize>,
    scan: Scan,
    pub(super) oddities: Oddities,
}

impl Gauge {
    /// At the first record of a file.
    pub(super) fn new(framing: &Framing) -> Gauge {
        let framing = framing.records().clone();
        let max = framing.length().min(RECORD_LIMIT);
        Gauge { framing, max, first: true, left: 0, open: None, scan: Scan::default(), oddities: Oddities::default() }
    }

    /// At a later record, with so many bytes left of its block.
    pub(super) fn resume(&mut self, left: usize) {
        (self.first, self.left) = (false, left);
    }

    /// What is at the front of `rest`; `at_end` says that nothing follows it.
    pub(super) fn step(&mut self, rest: &[u8], at_end: bool) -> Step {
        match self.framing {
            Framing::Fixed { length } => self.fixed(length.max(1), rest, at_end),
            Framing::Lines { length, ending } => self.line(length.max(1), Some(ending), rest, at_end),
            Framing::Text(lines) => self.text(lines, rest, at_end),
            Framing::Rdw(rdw) => self.rdw(rdw, rest, at_end),
            Framing::Blocks(blocks) => self.block(blocks, rest, at_end),
            Framing::LengthField(field) => self.length_field(field, rest, at_end),
            Framing::Delimited(how) => self.delimited(how, rest, at_end),
            Framing::ByLayout(ref by) => {
                let by = by.clone();
                self.by_layout(&by, rest, at_end)
            }
            // The edges were taken off, and there are none within.
            Framing::Edged(_) => Step::End,
        }
    }

    fn fixed(&mut self, length: usize, rest: &[u8], at_end: bool) -> Step {
        if rest.len() < length {
            return if at_end { self.end(rest, length) } else { Step::More(length) };
        }
        // More of 1A than a record has bytes.
        if rest[0] == 0x1A && tail_byte(&rest[..length]).is_some() {
            match tail(rest, at_end) {
                Tail::Run => return self.end(rest, length),
                Tail::Unknown(need) => return Step::More(need),
                Tail::No => {}
            }
        }
        Step::record(0, length, 0)
    }

    fn line(&mut self, length: usize, ending: Option<LineEnding>, rest: &[u8], at_end: bool) -> Step {
        let Some(ending) = ending else { return self.fixed(length, rest, at_end) };
        // A line needs its ending, and the first one may have a BOM.
        let need = length + if self.first { 5 } else { 2 };
        if rest.len() < need && !at_end {
            return Step::More(need);
        }
        if std::mem::take(&mut self.first) && has_bom(rest, length, ending) {
            return self.bom();
        }
        match self.fixed(length, rest, at_end) {
            Step::Record(_) => {}
            other => return other,
        }
        let (line, after) = rest.split_at(length);
        let last = line.last().copied().unwrap_or_default();
        let found = match ending.after(last, after) {
            Some(found) => found,
            // The last line may lack its ending and still be followed by 1A.
            None if at_end && (after.is_empty() || tail_byte(after).is_some()) => {
                self.oddities.no_last_ending = true;
                return Step::record(0, length, 0);
            }
            None => {
                let early = rest.iter().take(length + 1).position(|b| ending.feeds(*b));
                return match early.map(|at| at - usize::from(at > 0 && rest[at - 1] == 0x0D)) {
                    Some(have) => Step::short(have, length),
                    None => Step::fault(Wrong::Long { want: length }),
                };
            }
        };
        self.oddities.other_endings += u64::from(after[..found] != *ending.bytes());
        Step::record(0, length, found)
    }

    fn text(&mut self, lines: TextLines, rest: &[u8], at_end: bool) -> Step {
        if let Some(step) = self.first_bom(lines.ending, rest, at_end) {
            return step;
        }
        let from = self.scan.at.min(rest.len());
        let found = match lines.ending.is_ascii() {
            true => memchr::memchr(b'\n', &rest[from..]),
            false => memchr::memchr2(0x15, 0x25, &rest[from..]),
        };
        let Some(at) = found.map(|at| at + from) else {
            if rest.len() > self.max + 1 {
                return Step::fault(Wrong::Long { want: self.max });
            }
            self.scan.at = rest.len();
            return if at_end { self.last_line(lines, rest) } else { Step::More(rest.len() + 1) };
        };
        self.scan = Scan::default();
        let content = at - usize::from(at > 0 && rest[at - 1] == 0x0D);
        self.oddities.other_endings += u64::from(rest[content..=at] != *lines.ending.bytes());
        self.measured(lines, content, at + 1 - content)
    }

    /// What follows the last line end: nothing, a legal tail, or a line without end, which a legal tail may follow.
    fn last_line(&mut self, lines: TextLines, rest: &[u8]) -> Step {
        let tail = rest.last().copied().filter(|last| matches!(last, 0x1A | 0x00));
        let content = match tail {
            Some(byte) => rest.iter().rposition(|b| *b != byte).map_or(0, |at| at + 1),
            None => rest.len(),
        };
        self.scan = Scan::default();
        if content == 0 {
            return self.end(rest, 1);
        }
        self.oddities.no_last_ending = true;
        self.measured(lines, content, 0)
    }

    fn measured(&mut self, lines: TextLines, length: usize, back: usize) -> Step {
        let want = lines.length.unwrap_or(length);
        if length > want.min(self.max) {
            return Step::fault(Wrong::Long { want: want.min(self.max) });
        }
        if length < want && lines.pad.is_none() {
            let Step::Fault(mut trouble) = Step::short(length, want) else { return Step::End };
            trouble.hint = Some("blanks at the end may have been cut off on the way: short_lines = \"pad\"".to_owned());
            return Step::Fault(trouble);
        }
        self.oddities.padded += u64::from(length < want);
        Step::Record(Frame { front: 0, length, back, pad: want - length })
    }

    fn rdw(&mut self, rdw: Rdw, rest: &[u8], at_end: bool) -> Step {
        let Some(word) = rest.first_chunk::<WORD>() else {
            return if at_end { self.end(rest, WORD) } else { Step::More(WORD) };
        };
        match rdw.read(*word, false) {
            Ok((length, _)) => {
                let found = self.body(WORD, length, rest, at_end);
                if self.first && matches!(found, Step::Record(_)) {
                    self.first = false;
                    self.oddities.blocked = is_block(rdw, rest.get(WORD..WORD + length).unwrap_or_default());
                }
                found
            }
            Err(bad) => self.bad_word(bad, rest, at_end),
        }
    }

    /// A record of so many bytes behind what frames it.
    fn body(&mut self, front: usize, length: usize, rest: &[u8], at_end: bool) -> Step {
        if length > self.max {
            let words = format!("is said to have {length} bytes, more than the most, {}", self.max);
            return self.bad_word((words, None), rest, at_end);
        }
        match rest.len() >= front + length {
            true => Step::record(front, length, 0),
            false if at_end => match tail_byte(rest) {
                Some(_) => self.end(rest, front + length),
                None => Step::short(rest.len(), front + length),
            },
            false => Step::More(front + length),
        }
    }

    fn block(&mut self, blocks: Blocks, rest: &[u8], at_end: bool) -> Step {
        if at_end && rest.is_empty() && self.open.is_some() {
            return Step::other("lacks its last segment: the file ends", None);
        }
        let Some(word) = rest.first_chunk::<WORD>() else {
            return match at_end {
                true if self.left > 0 => Step::short(rest.len(), self.left),
                true => self.end(rest, WORD),
                false => Step::More(WORD),
            };
        };
        if self.left == 0 {
            return match blocks.rdw.read_block(*word) {
                Ok(length) => {
                    self.left = length;
                    Step::Skip(WORD)
                }
                Err(bad) => self.bad_word(bad, rest, at_end),
            };
        }
        let (length, control) = match blocks.rdw.read(*word, blocks.spanned) {
            Ok(read) => read,
            Err((words, hint)) => return Step::other(words, hint),
        };
        let Some(left) = self.left.checked_sub(WORD + length) else {
            return Step::other(
                format!("is said to have {length} bytes, and its block ends after {}", self.left.saturating_sub(WORD)),
                Some("counts_itself may be wrong, or the file has no blocks: framing = \"rdw\""),
            );
        };
        let before = self.open.unwrap_or(0);
        let found = self.body(WORD, length, rest, at_end);
        let Step::Record(frame) = found else { return found };
        if before + length > self.max {
            return Step::other(format!("has more than {} bytes in its segments", self.max), None);
        }
        match (self.open.is_some(), control) {
            (false, COMPLETE) | (true, LAST) => self.open = None,
            (false, FIRST) | (true, MIDDLE) => self.open = Some(before + length),
            (false, _) => return Step::other(format!("begins with segment {control}, and no segment 1 came"), None),
            (true, _) => return Step::other(format!("lacks its last segment: segment {control} follows"), None),
        }
        self.left = left;
        if self.open.is_some() { Step::Segment(frame) } else { found }
    }

    fn length_field(&mut self, field: LengthField, rest: &[u8], at_end: bool) -> Step {
        let needs = field.needs();
        if rest.len() < needs {
            return if at_end { self.end(rest, needs) } else { Step::More(needs) };
        }
        match field.read(rest) {
            Ok(total) => {
                let front = if field.kept { 0 } else { needs };
                self.body(front, total - front, rest, at_end)
            }
            Err(bad) => self.bad_word(bad, rest, at_end),
        }
    }

    fn delimited(&mut self, how: Delimited, rest: &[u8], at_end: bool) -> Step {
        if let RecordEnd::Line(ending) = how.end
            && let Some(step) = self.first_bom(ending, rest, at_end)
        {
            return step;
        }
        let found = self.scan.walk(&how, rest, at_end, &mut |_| {});
        let far = self.scan.at;
        if far > self.max + 2 {
            return Step::fault(Wrong::Long { want: self.max });
        }
        match found {
            Found::End(content, back) if content <= self.max => {
                self.scan = Scan::default();
                if let RecordEnd::Line(ending) = how.end {
                    let other = rest[content..content + back] != *ending.bytes();
                    self.oddities.other_endings += u64::from(other);
                }
                Step::record(0, content, back)
            }
            Found::End(..) => Step::fault(Wrong::Long { want: self.max }),
            Found::Nothing if !at_end => Step::More(rest.len() + 1),
            Found::Nothing => {
                // Lines of any length: what a line's end lacks is what a record's lacks.
                let ending = LineEnding::Lf;
                self.last_line(TextLines { length: None, pad: None, ending, max: self.max }, rest)
            }
            Found::Open => Step::other(
                "has a string that is not closed before the file ends",
                Some("a string delimiter within a string must be doubled; quote and escape may be set wrong"),
            ),
        }
    }

    fn by_layout(&mut self, by: &ByLayout, rest: &[u8], at_end: bool) -> Step {
        let need = by.lengths.iter().map(|one| one.at + one.bytes.len()).max().unwrap_or(0).max(1);
        if rest.len() < need && !at_end {
            return Step::More(need);
        }
        if rest.is_empty() {
            return Step::End;
        }
        let fits = |at: usize, bytes: &[u8]| rest.get(at..).is_some_and(|place| place.starts_with(bytes));
        match by.lengths.iter().find(|one| fits(one.at, &one.bytes)) {
            Some(one) => {
                self.first = false;
                self.line(one.length.max(1), by.ending, rest, at_end)
            }
            None => {
                let begins: String = hex(&rest[..need.min(rest.len()).min(8)]);
                let words = format!("begins with {begins}, which no layout's select fits");
                match self.bad_word((words, None), rest, at_end) {
                    Step::Fault(trouble) => Step::Fault(Box::new(Trouble { code: Code::NO_LAYOUT, ..*trouble })),
                    other => other,
                }
            }
        }
    }

    fn first_bom(&mut self, ending: LineEnding, rest: &[u8], at_end: bool) -> Option<Step> {
        if !self.first {
            return None;
        }
        if rest.len() < BOM.len() && !at_end {
            return Some(Step::More(BOM.len()));
        }
        self.first = false;
        (ending.is_ascii() && rest.starts_with(&BOM)).then(|| self.bom())
    }

    fn bom(&mut self) -> Step {
        self.oddities.bom = true;
        Step::Skip(BOM.len())
    }

    /// What cannot frame a record may be what follows the last one.
    fn bad_word(&mut self, (words, hint): BadWord, rest: &[u8], at_end: bool) -> Step {
        match tail(rest, at_end) {
            Tail::Run if self.open.is_none() => self.end(rest, 1),
            Tail::Unknown(need) => Step::More(need),
            _ => Step::other(words, hint),
        }
    }

    /// What is left is less than a record: nothing, a legal tail, or a short record.
    fn end(&mut self, rest: &[u8], want: usize) -> Step {
        if rest.is_empty() {
            return Step::End;
        }
        match tail_byte(rest) {
            Some(byte) => {
                (self.oddities.tail, self.oddities.tail_byte) = (rest.len() as u64, byte);
                Step::End
            }
            None => Step::short(rest.len(), want),
        }
    }
}

/// Whether a record is nothing but records with a word each: a block, then, whose own word looks the same.
fn is_block(rdw: Rdw, record: &[u8]) -> bool {
    let mut rest = record;
    while let Some(word) = rest.first_chunk::<WORD>() {
        let Ok((length, _)) = rdw.read(*word, false) else { return false };
        let Some(later) = rest.get(WORD + length..) else { return false };
        rest = later;
    }
    rest.is_empty() && !record.is_empty()
}

/// The first record of a file that begins with `head`, without what frames it; all of the head where it is not framed as
/// it should be. A file header must have been taken off.
pub(super) fn first_record<'a>(framing: &Framing, head: &'a [u8]) -> &'a [u8] {
    let mut gauge = Gauge::new(framing);
    let mut rest = head;
    loop {
        match gauge.step(rest, true) {
            Step::Skip(count) => rest = rest.get(count..).unwrap_or_default(),
            Step::Record(frame) | Step::Segment(frame) => {
                return rest.get(frame.front..frame.front + frame.length).unwrap_or_default();
            }
            Step::More(_) | Step::End | Step::Fault(_) => return rest,
        }
    }
}

/// Whether a file begins with a BOM and not with a line that happens to look like one.
fn has_bom(first: &[u8], length: usize, ending: LineEnding) -> bool {
    let ends_after = |at: usize| match (at.checked_sub(1).and_then(|last| first.get(last)), first.get(at..)) {
        (Some(last), Some(rest)) => ending.after(*last, rest).is_some(),
        _ => false,
    };
    ending.is_ascii()
        && first.starts_with(&BOM)
        && !ends_after(length)
        && (ends_after(length + 3) || first.len() == length + 3)
}
