//! The first records of a file, as a framing cuts its beginning: what the looks at damage and at wrong framing share.
//!
//! A look at the beginning judges nothing: where the framing finds a fault, the sample ends.

use super::gauge::Gauge;
use super::kind::Framing;
use super::step::Step;
use crate::format::Format;
use std::ops::Range;

/// Records in a row that make a guess.
pub(super) const SEEN_MIN: usize = 3;

/// Records of the beginning.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Where whole records lie; one that was put together from segments has no place: it is empty.
    pub(super) places: Vec<Range<usize>>,
    /// Bytes of each record, of all its segments.
    pub(super) lengths: Vec<usize>,
    /// First byte of what frames each record.
    pub(super) starts: Vec<usize>,
    /// The framing found a fault.
    pub(super) faulty: bool,
}

impl Sample {
    /// Cuts `head` as a framing says; `whole` says that the file ends with it.
    pub(super) fn of(framing: &Framing, head: &[u8], whole: bool) -> Sample {
        Sample::by(Gauge::new(framing), head, whole)
    }

    /// Cuts what stands between header and trailer as a format says.
    pub(super) fn within(format: &Format, head: &[u8], whole: bool) -> Sample {
        Sample::by(Gauge::of(format), head, whole)
    }

    fn by(mut gauge: Gauge, head: &[u8], whole: bool) -> Sample {
        let (mut sample, mut at, mut open) = (Sample::default(), 0, 0);
        loop {
            let rest = head.get(at..).unwrap_or_default();
            match gauge.step(rest, whole) {
                Step::Segment(frame) => {
                    open += frame.length;
                    at += frame.front + frame.length + frame.back;
                }
                Step::Record(frame) => {
                    let (from, length) = (at + frame.front, frame.length);
                    sample.places.push(if open == 0 { from..from + length } else { from..from });
                    sample.lengths.push(std::mem::take(&mut open) + length);
                    sample.starts.push(at);
                    at = from + length + frame.back;
                }
                Step::Skip(count) => at += count,
                Step::More(_) | Step::End => return sample,
                Step::Fault(_) => return Sample { faulty: true, ..sample },
            }
        }
    }
}
