//! The gauge of records that say themselves how long they are: descriptor words, length fields, what a record begins with.

use super::fault::Wrong;
use super::gauge::Gauge;
use super::kind::{Blocks, ByLayout, LengthField, Rdw};
use super::prefix::{BadWord, COMPLETE, FIRST, LAST, MIDDLE, WORD, hex};
use super::step::{Step, Tail, Trouble, tail, tail_byte};
use crate::code::Code;
use crate::record::measure::{BadCounter, Measure, Stop};

impl Gauge {
    pub(super) fn rdw(&mut self, rdw: Rdw, rest: &[u8], at_end: bool) -> Step {
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

    pub(super) fn block(&mut self, blocks: Blocks, rest: &[u8], at_end: bool) -> Step {
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

    pub(super) fn length_field(&mut self, field: LengthField, rest: &[u8], at_end: bool) -> Step {
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

    pub(super) fn by_layout(&mut self, by: &ByLayout, rest: &[u8], at_end: bool) -> Step {
        if let Some(step) = self.opening(rest, at_end) {
            return step;
        }
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
                let length = match &one.counters {
                    None => one.length,
                    Some(counters) => match self.counted(counters, rest, at_end) {
                        Ok(length) => length,
                        Err(step) => return step,
                    },
                };
                self.line(length.max(1), by.ending, rest, at_end)
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

    /// Bytes of the next record as its counters say, or what is to be done instead.
    fn counted(&mut self, counters: &Measure, rest: &[u8], at_end: bool) -> Result<usize, Step> {
        match counters.length(rest, &mut self.scratch) {
            Ok(length) => Ok(length),
            Err(Stop::More(need)) if at_end => Err(self.end(rest, need)),
            // Twice as much each time: a record that is asked for counter by counter is walked over again each time.
            Err(Stop::More(need)) => Err(Step::More(need.max(rest.len().saturating_mul(2).min(counters.most())))),
            Err(Stop::Bad(bad)) => Err(match tail(rest, at_end) {
                Tail::Run => self.end(rest, 1),
                Tail::Unknown(need) => Step::More(need),
                Tail::No => Step::Fault(Box::new(lost(bad))),
            }),
        }
    }

    /// What cannot frame a record may be what follows the last one.
    fn bad_word(&mut self, (words, hint): BadWord, rest: &[u8], at_end: bool) -> Step {
        match tail(rest, at_end) {
            Tail::Run if self.open.is_none() => self.end(rest, 1),
            Tail::Unknown(need) => Step::More(need),
            _ => Step::other(words, hint),
        }
    }
}

fn lost(bad: Box<BadCounter>) -> Trouble {
    let hint =
        "the record may have another layout or code page, or one before it another length; nothing behind it is read";
    Trouble { code: Code::COUNTER, wrong: Wrong::Counter(bad), hint: Some(hint.to_owned()) }
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
