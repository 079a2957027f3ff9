//! What a file that does not fit its framing looks like instead.
//!
//! Only the beginning is tried, and a guess is told only when several records in a row agree; it is never acted upon.
//! Where a framing cuts a file without a fault, [`super::misframed`] asks the layout, too.

use super::gauge::Gauge;
use super::hint_lines::{self, Known};
use super::kind::{BLOCK_DEFAULT, Blocks, Framing, RECORD_DEFAULT_MAX, Rdw};
use super::prefix::WORD;
use super::sample::{SEEN_MIN, Sample};
use super::step::Step;

/// Bytes of the beginning that are tried.
pub(super) const HEAD: usize = 64 << 10;

/// Another framing that the beginning of a file fits, in words; `whole` says that the head is all of the file.
pub(super) fn likely(framing: &Framing, known: Option<&Known>, head: &[u8], whole: bool) -> Option<String> {
    let (head, whole) = match head.get(..HEAD) {
        Some(head) => (head, false),
        None => (head, whole),
    };
    let records = framing.records();
    let blocked = matches!(records, Framing::Blocks(_));
    let words = others().into_iter().find(|(other, _)| {
        other != records && fits(other, head, whole) && !(blocked && holds_words(other, head, whole))
    });
    words.map(|(_, words)| words).or_else(|| hint_lines::likely(framing, known, head, whole))
}

/// Whether a record descriptor word begins each of the records: then they are blocks, whose words look the same.
fn holds_words(framing: &Framing, head: &[u8], whole: bool) -> bool {
    let Framing::Rdw(rdw) = *framing else { return false };
    let places = Sample::of(framing, head, whole).places;
    places.into_iter().take(SEEN_MIN).all(|place| {
        let record = head.get(place).unwrap_or_default();
        let word = record.first_chunk::<WORD>();
        word.and_then(|word| rdw.read(*word, true).ok()).is_some_and(|(length, _)| WORD + length <= record.len())
    })
}

/// Framings with descriptor words: their words in a row are hardly chance.
pub(super) fn others() -> Vec<(Framing, String)> {
    let mut others = Vec::new();
    for (little, counts_itself) in [(false, true), (true, true), (false, false), (true, false)] {
        let rdw = Rdw { little, counts_itself, max: RECORD_DEFAULT_MAX };
        let blocks = |spanned| Framing::Blocks(Blocks { rdw, spanned, block_bytes: BLOCK_DEFAULT });
        let order = if little { "little" } else { "big" };
        let itself = if counts_itself { "" } else { ",counts-itself=no" };
        let said = |name: &str| {
            format!(
                "framing = \"{name}\", endian = \"{order}\", counts_itself = {counts_itself} (--framing \
                 {name},{order}{itself})"
            )
        };
        others.push((blocks(false), format!("it looks like BDW blocks: {}", said("vb"))));
        others.push((blocks(true), format!("it looks like spanned records: {}", said("vbs"))));
        others.push((Framing::Rdw(rdw), format!("it looks like records with an RDW: {}", said("rdw"))));
    }
    others
}

fn fits(framing: &Framing, head: &[u8], whole: bool) -> bool {
    let mut gauge = Gauge::new(framing);
    let (mut rest, mut seen) = (head, 0);
    loop {
        let bytes = match gauge.step(rest, whole) {
            Step::Record(frame) | Step::Segment(frame) => {
                seen += 1;
                frame.front + frame.length + frame.back
            }
            Step::Skip(count) => count,
            Step::More(_) => return seen >= SEEN_MIN,
            Step::End => return seen >= SEEN_MIN || (seen > 0 && !head.iter().all(|b| *b == 0)),
            Step::Fault(_) => return false,
        };
        rest = rest.get(bytes..).unwrap_or_default();
    }
}
