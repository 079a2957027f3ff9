//! Files that their framing cuts without a fault, although their records are framed in another way.
//!
//! A file whose size happens to be a multiple of the record length is cut by it, whatever stands between its records; text
//! then decodes to records that slide. The layout decides: all records of the other framing have a length that it knows,
//! and those of the framing in hand do not, or what would frame them stands at ever other places of a record, where no
//! record that repeats itself could put it, and words do not occur within records as well. A file that is framed as it should be is never told of; one that is not may
//! pass: [`super::hint`] tells more, once a fault is known.

use super::hint::{self, HEAD, others};
use super::hint_lines::{Known, equal_lines};
use super::kind::Framing;
use super::prefix::WORD;
use super::sample::Sample;
use crate::format::Format;
use std::collections::BTreeSet;

/// Records in a row that are proof enough.
const RECORDS_MIN: usize = 8;
/// Places within a record of one length at which words or line ends must have stood.
const PLACES_MIN: usize = 4;

/// How the file is framed instead, in words; `size` is that of the whole file, `head` its beginning.
pub fn misframed(format: &Format, head: &[u8], size: u64) -> Option<String> {
    let head = &head[..head.len().min(HEAD)];
    let (head, size) = match &format.framing {
        Framing::Edged(edged) => (head.get(edged.header.length..).unwrap_or_default(), edged.between(size)),
        _ => (head, size),
    };
    let whole = head.len() as u64 >= size;
    let framing = format.framing.records();
    match framing {
        Framing::Fixed { length } => by_length(format, *length, head, whole),
        Framing::Rdw(_) | Framing::Blocks(_) | Framing::LengthField(_) => {
            let own = Sample::of(framing, head, whole);
            let known = own.lengths.iter().any(|length| is_known(format, None, *length));
            if known { None } else { other(format, None, head, whole) }
        }
        _ => None,
    }
}

/// What the beginning of a file looks like whose records, as they were cut, are bad most of the time.
pub fn likely_framing(format: &Format, head: &[u8], size: u64) -> Option<String> {
    hint::likely(&format.framing, Some(&Known::of(format)), head, head.len() as u64 >= size)
}

/// Cut by a record length, which fits every file.
fn by_length(format: &Format, length: usize, head: &[u8], whole: bool) -> Option<String> {
    let equal = equal_lines(&format.framing, Some(&Known::of(format)), head)
        .filter(|lines| lines.length == length && length >= PLACES_MIN * 2 && lines.are_many(head, RECORDS_MIN));
    equal.map(|lines| lines.told()).or_else(|| other(format, Some(length), head, whole))
}

/// A framing with descriptor words that fits the file and the layout.
fn other(format: &Format, length: Option<usize>, head: &[u8], whole: bool) -> Option<String> {
    let fits = |framing: &Framing| {
        let sample = Sample::of(framing, head, whole);
        let slides = |length: &usize| {
            let places: BTreeSet<usize> = sample.starts.iter().map(|start| start % length).collect();
            places.len() >= PLACES_MIN
        };
        !sample.faulty
            && sample.lengths.len() >= RECORDS_MIN
            && sample.lengths.iter().all(|bytes| is_known(format, length, *bytes))
            && length.as_ref().is_none_or(slides)
            && !is_common(&sample, head)
    };
    others().into_iter().find(|(other, _)| other != format.framing.records() && fits(other)).map(|(_, words)| words)
}

/// Whether the words that begin records occur within them as often: then they are numbers that repeat themselves.
fn is_common(sample: &Sample, head: &[u8]) -> bool {
    let within = sample.places.iter().zip(&sample.starts).filter(|(place, start)| {
        let word = head.get(**start..).and_then(|rest| rest.first_chunk::<WORD>());
        let record = head.get((*place).clone()).unwrap_or_default();
        word.is_some_and(|word| record.windows(WORD).any(|other| other == word))
    });
    within.count() * RECORDS_MIN > sample.places.len()
}

/// Whether a record of so many bytes is one of the layout: no record of the file can be longer or shorter.
fn is_known(format: &Format, length: Option<usize>, bytes: usize) -> bool {
    let layouts = format.records.iter().map(|record| &record.layout);
    length == Some(bytes) || layouts.into_iter().any(|layout| (layout.least.max(1)..=layout.length).contains(&bytes))
}
