//! What a file may begin with that belongs to no record: a byte-order mark.
//!
//! The bytes of a mark may also begin a packed number or a binary one. So where a length cuts, one is looked for only
//! where every record of the layout begins with a character of the page whose mark it is.

use super::characters::{holds_any, is_shown};
use super::kind::Framing;
use super::step::{BOM, Step};
use crate::format::{Format, RecordFormat};
use crate::record::plan::Step as Plan;
use std::io::{self, Read};

/// The mark of UTF-16 as pages 1200 and 13488 have it, the high byte first.
const BOM_16: [u8; 2] = [0xFE, 0xFF];
/// The same with the low byte first.
const BOM_16_LITTLE: [u8; 2] = [0xFF, 0xFE];

/// How a file's records begin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opening {
    mark: Option<Mark>,
    /// Each begins with a character.
    pub(super) text: bool,
}

/// A mark that may come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Utf8,
    Utf16,
}

impl Mark {
    fn bytes(self) -> &'static [u8] {
        match self {
            Mark::Utf8 => &BOM,
            Mark::Utf16 => &BOM_16,
        }
    }
}

impl Opening {
    /// Of a format's files.
    pub(super) fn of(format: &Format) -> Opening {
        if matches!(&format.framing, Framing::Edged(edged) if edged.header.length > 0) {
            return Opening::default();
        }
        let page = format.page;
        let all = |fits: &dyn Fn(&Plan) -> bool| format.records.iter().all(|record| begins(record, fits));
        let marked = match format.framing.records() {
            Framing::Delimited(_) => true,
            Framing::Fixed { .. } | Framing::ByLayout(_) => all(&|step| match page.is_wide() {
                true => step.page.is_wide() && !holds_any(step),
                false => is_shown(step, page),
            }),
            _ => false,
        };
        let mark = match page.is_wide() {
            true => Mark::Utf16,
            false => Mark::Utf8,
        };
        Opening { mark: Some(mark).filter(|_| marked && !page.is_ebcdic()), text: all(&|step| !holds_any(step)) }
    }

    /// The mark that may come first.
    pub(super) fn mark(self) -> Option<&'static [u8]> {
        self.mark.map(Mark::bytes)
    }

    /// What stands at the very beginning of a file: a mark, and what is said of it.
    pub(super) fn found(self, rest: &[u8]) -> Result<Option<(usize, &'static str)>, Step> {
        let Some(mark) = self.mark else { return Ok(None) };
        if mark == Mark::Utf16 && rest.starts_with(&BOM_16_LITTLE) {
            return Err(Step::other(
                "begins with FFFE, the byte-order mark of text with the low byte first; the layout's page has the high \
                 byte first",
                Some("exchange the bytes before: iconv -f UTF-16 -t UTF-16BE"),
            ));
        }
        let remark = match mark {
            Mark::Utf8 => "a BOM (EFBBBF) stands before the first record",
            Mark::Utf16 => "a BOM (FEFF) stands before the first record",
        };
        Ok(rest.starts_with(mark.bytes()).then_some((mark.bytes().len(), remark)))
    }
}

/// Whether whatever begins at the first byte of a record fits.
fn begins(record: &RecordFormat, fits: &dyn Fn(&Plan) -> bool) -> bool {
    let steps = record.steps().iter().zip(&record.layout.fields);
    let mut first = steps.filter(|(_, field)| field.offset == 0).peekable();
    first.peek().is_some() && first.all(|(step, _)| !step.varlen && fits(step))
}

/// As much of a file's beginning as a mark may have.
pub fn beginning(input: impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    input.take(BOM.len() as u64).read_to_end(&mut head)?;
    Ok(head)
}
