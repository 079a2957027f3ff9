//! Where the next record lies: one measure for every framing, used by the cutter and the indexer alike.
//!
//! A [`Gauge`] is shown the bytes from the present place on, and says what is at their front. What it says never depends
//! on how many more bytes are shown, only on what they are; so any way of reading a file gives the same records. It asks
//! for more bytes than it has at most once a record and never beyond the framing's most, so hostile lengths cost nothing;
//! where a record's counters say its length, it asks for twice as many each time, which costs no more.

use super::ending::LineEnding;
use super::fault::Wrong;
use super::kind::{Framing, RECORD_LIMIT};
use super::opening::Opening;
use super::scan::{Scan, Scanner};
use super::step::{BEFORE_LINE, BOM, Oddities, Step, Tail, tail, tail_byte};
use crate::format::Format;
use crate::record::measure::Scratch;

/// Measures records one after the other.
#[derive(Clone, Debug)]
pub(super) struct Gauge {
    framing: Framing,
    /// Most bytes of a record, whatever the framing says.
    pub(super) max: usize,
    /// A BOM may still come.
    pub(super) first: bool,
    pub(super) opening: Opening,
    /// Records of nothing but 00 in a row, up to here.
    nulls: u64,
    /// Bytes left of the block.
    pub(super) left: usize,
    /// Bytes of the segments so far, while a record is open.
    pub(super) open: Option<usize>,
    pub(super) scan: Scan,
    /// For delimited records.
    pub(super) scanner: Option<Box<Scanner>>,
    /// For records with counters.
    pub(super) scratch: Scratch,
    pub(super) oddities: Oddities,
}

impl Gauge {
    /// At the first record of a file of which the framing alone is known: a BOM is looked for before lines.
    pub(super) fn new(framing: &Framing) -> Gauge {
        let framing = framing.records().clone();
        let max = framing.length().min(RECORD_LIMIT);
        let scanner = framing.delimited().map(|how| Box::new(Scanner::new(how)));
        let (scan, scratch, oddities) = (Scan::default(), Scratch::default(), Oddities::default());
        let (opening, nulls) = (Opening::default(), 0);
        Gauge { framing, max, first: true, opening, nulls, left: 0, open: None, scan, scanner, scratch, oddities }
    }

    /// At the first record of a file.
    pub(super) fn of(format: &Format) -> Gauge {
        Gauge { opening: Opening::of(format), ..Gauge::new(&format.framing) }
    }

    /// At a later record, with so many bytes left of its block.
    pub(super) fn resume(&mut self, left: usize) {
        (self.first, self.left) = (false, left);
    }

    /// What is at the front of `rest`; `at_end` says that nothing follows it.
    pub(super) fn step(&mut self, rest: &[u8], at_end: bool) -> Step {
        let step = self.measure(rest, at_end);
        if let (Step::Record(frame), Framing::Fixed { .. } | Framing::Lines { .. } | Framing::ByLayout(_)) =
            (&step, &self.framing)
        {
            // Whole records of 00 are records: no text is like that, but a program may write its low-values.
            let record = rest.get(frame.front..).and_then(|rest| rest.get(..frame.length)).unwrap_or_default();
            self.nulls = if tail_byte(record) == Some(0x00) { self.nulls + 1 } else { 0 };
        }
        step
    }

    fn measure(&mut self, rest: &[u8], at_end: bool) -> Step {
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

    pub(super) fn fixed(&mut self, length: usize, rest: &[u8], at_end: bool) -> Step {
        if self.first
            && let Some(step) = self.opening(rest, at_end)
        {
            return step;
        }
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

    pub(super) fn line(&mut self, length: usize, ending: Option<LineEnding>, rest: &[u8], at_end: bool) -> Step {
        let Some(ending) = ending else { return self.fixed(length, rest, at_end) };
        // A line needs its ending, and the first one may have a BOM.
        let need = length + if self.first { 5 } else { 2 };
        if rest.len() < need && !at_end {
            return Step::More(need);
        }
        if std::mem::take(&mut self.first) && has_bom(rest, length, ending) {
            return self.bom(BOM.len(), BEFORE_LINE);
        }
        match self.fixed(length, rest, at_end) {
            Step::Record(_) => {}
            other => return other,
        }
        let (line, after) = rest.split_at(length);
        let last = line.last().copied().unwrap_or_default();
        let found = match ending.after(last, after) {
            Some(found) => found,
            // A run of 00 longer than a line stands where a line would.
            None if rest.len() > length && rest[0] == 0x00 && tail_byte(rest).is_some() => match tail(rest, at_end) {
                Tail::Run => return self.end(rest, length),
                Tail::Unknown(need) => return Step::More(need),
                Tail::No => return Step::fault(Wrong::Long { want: length }),
            },
            // The last line may lack its ending and still be followed by 1A or 00.
            None if tail_byte(after).is_some() || after.is_empty() => match tail(after, at_end) {
                Tail::Unknown(need) => return Step::More(length + need),
                Tail::No if !after.is_empty() => return Step::fault(Wrong::Long { want: length }),
                Tail::Run | Tail::No => {
                    self.oddities.no_last_ending = true;
                    return Step::record(0, length, 0);
                }
            },
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

    /// A mark at the file's beginning, or that it takes more bytes to say.
    pub(super) fn opening(&mut self, rest: &[u8], at_end: bool) -> Option<Step> {
        let mark = self.opening.mark().filter(|_| self.first)?;
        if rest.len() < mark.len() && !at_end {
            return Some(Step::More(mark.len()));
        }
        self.first = false;
        match self.opening.found(rest) {
            Ok(found) => found.map(|(bytes, remark)| self.bom(bytes, remark)),
            Err(step) => Some(step),
        }
    }

    pub(super) fn bom(&mut self, bytes: usize, remark: &'static str) -> Step {
        self.oddities.bom = Some(remark);
        Step::Skip(bytes)
    }

    /// What is left is less than a record: nothing, a legal tail, or a short record.
    pub(super) fn end(&mut self, rest: &[u8], want: usize) -> Step {
        if self.opening.text {
            self.oddities.nulls = self.nulls;
        }
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

/// The first record of a file that begins with `head`, without what frames it; all of the head where it is not framed as
/// it should be. A file header must have been taken off.
pub(super) fn first_record<'a>(format: &Format, head: &'a [u8]) -> &'a [u8] {
    let mut gauge = Gauge::of(format);
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
