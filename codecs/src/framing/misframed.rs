//! Files that their framing cuts without a fault, although their records are framed in another way.
//!
//! A file whose size happens to be a multiple of the record length is cut by it, whatever stands between its records; text
//! then decodes to records that slide. The layout decides: all records of the other framing have a length that it knows,
//! and those of the framing in hand do not, or what would frame them stands at ever other places of a record, where no
//! record that repeats itself could put it, and words do not occur within records as well. A file that is framed as it
//! should be is never told of; one that is not may pass: [`super::hint`] tells more, once a fault is known.

use super::hint::{self, HEAD, others};
use super::hint_lines::{Known, equal_lines};
use super::kind::Framing;
use super::prefix::WORD;
use super::sample::Sample;
use crate::format::Format;
use crate::layout::{Layout, Node};
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
        Framing::Fixed { length } => by_length(format, *length, head, (size, whole)),
        Framing::Rdw(_) | Framing::Blocks(_) | Framing::LengthField(_) => {
            let own = Sample::of(framing, head, whole);
            let known = own.lengths.iter().any(|length| is_known(format, None, *length));
            if known { None } else { other(format, None, head, whole, false) }
        }
        _ => None,
    }
}

/// What the beginning of a file looks like whose records, as they were cut, are bad most of the time.
pub fn likely_framing(format: &Format, head: &[u8], size: u64) -> Option<String> {
    hint::likely(&format.framing, Some(&Known::of(format)), head, head.len() as u64 >= size)
}

/// Cut by a record length, which fits every file.
fn by_length(format: &Format, length: usize, head: &[u8], (size, whole): (u64, bool)) -> Option<String> {
    // What is left over may be a legal tail, zeros say; but then a file of another framing ends in zeros.
    let odd = size != u64::MAX && !size.is_multiple_of(length.max(1) as u64);
    let equal = equal_lines(&format.framing, Some(&Known::of(format)), head)
        .filter(|lines| lines.length == length && length >= PLACES_MIN * 2 && lines.are_many(head, RECORDS_MIN));
    equal.map(|lines| lines.told()).or_else(|| other(format, Some(length), head, whole, odd))
}

/// A framing with descriptor words that fits the file and the layout; of a file whose size is odd for its record length
/// records may be shorter than any of the layout.
fn other(format: &Format, length: Option<usize>, head: &[u8], whole: bool, odd: bool) -> Option<String> {
    let most = format.records.iter().map(|record| record.layout.length).max().unwrap_or_default();
    let fits = |framing: &Framing| {
        let sample = Sample::of(framing, head, whole);
        let slides = |length: &usize| {
            let places: BTreeSet<usize> = sample.starts.iter().map(|start| start % length).collect();
            places.len() >= PLACES_MIN
        };
        !sample.faulty
            && sample.lengths.len() >= RECORDS_MIN
            && sample.lengths.iter().all(|bytes| (odd && *bytes <= most) || is_known(format, length, *bytes))
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

/// Whether a record of so many bytes is one of the layout: no record of the file can be longer or shorter, but for one
/// that ends with a shorter reading of its last part (REDEFINES), as segments do.
fn is_known(format: &Format, length: Option<usize>, bytes: usize) -> bool {
    let layouts = || format.records.iter().map(|record| &record.layout);
    length == Some(bytes)
        || layouts().any(|layout| (layout.least.max(1)..=layout.length).contains(&bytes))
        || layouts().any(|layout| layout.nodes.last().is_some_and(|last| ends_at(layout, last, bytes)))
}

/// Whether a reading of a record's last part ends after so many bytes.
fn ends_at(layout: &Layout, last: &Node, bytes: usize) -> bool {
    match last {
        Node::Leaf { .. } | Node::Array(_) => false,
        Node::Group { nodes, .. } => nodes.last().is_some_and(|node| ends_at(layout, node, bytes)),
        Node::Redefines(part) => part.alternatives.iter().any(|reading| {
            let (from, to) = reading.span();
            let fields = layout.fields.get(from..to).unwrap_or_default();
            let end = fields.iter().map(|field| field.offset + field.bytes).max();
            end == Some(bytes) || ends_at(layout, reading, bytes)
        }),
    }
}
