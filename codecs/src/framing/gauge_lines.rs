//! The gauge of records that an end of their own ends: lines of text, and fields between delimiters.

use super::delimited::{Delimited, RecordEnd};
use super::ending::LineEnding;
use super::fault::Wrong;
use super::gauge::Gauge;
use super::kind::TextLines;
use super::scan::{Found, Scan};
use super::step::{BEFORE_LINE, BOM, Frame, Step};

impl Gauge {
    pub(super) fn text(&mut self, lines: TextLines, rest: &[u8], at_end: bool) -> Step {
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

    pub(super) fn delimited(&mut self, how: Delimited, rest: &[u8], at_end: bool) -> Step {
        if let RecordEnd::Line(ending) = how.end
            && let Some(step) = self.first_bom(ending, rest, at_end)
        {
            return step;
        }
        if let Some(step) = self.opening(rest, at_end) {
            return step;
        }
        let Some(scanner) = &self.scanner else { return Step::End };
        let found = self.scan.walk(scanner, rest, at_end, &mut |_| {});
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

    fn first_bom(&mut self, ending: LineEnding, rest: &[u8], at_end: bool) -> Option<Step> {
        if !self.first {
            return None;
        }
        if rest.len() < BOM.len() && !at_end {
            return Some(Step::More(BOM.len()));
        }
        self.first = false;
        (ending.is_ascii() && rest.starts_with(&BOM)).then(|| self.bom(BOM.len(), BEFORE_LINE))
    }
}
