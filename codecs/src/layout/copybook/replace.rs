//! REPLACING of COPY, and REPLACE: text words for text words, and parts of words.
//!
//! Comparison is word by word and ignores case and spacing; what was put in is not looked at again. A name is cut into
//! text words at colons and parentheses only, so `==:TAG:==` can stand within a name and `==TAG==` cannot; LEADING and
//! TRAILING take the beginning or the end of a word.
//!
//! Source: Enterprise COBOL for z/OS 6.4 Language Reference, "COPY statement", "REPLACE statement".

use super::notes::{Notes, Place};
use super::token::{Fragment, What};
use std::cell::Cell;

/// Most replacements of one statement.
const PAIRS_MAX: usize = 64;
/// Most words of an operand.
const OPERAND_MAX: usize = 200;

/// Which part of a text word is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Whole,
    Leading,
    Trailing,
}

/// One `A BY B`.
#[derive(Clone, Debug)]
struct Pair {
    part: Part,
    from: Vec<Fragment>,
    to: Vec<Fragment>,
    place: Place,
    /// Whether it has replaced anything.
    used: Cell<bool>,
}

/// The replacements of one statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Replacing {
    pairs: Vec<Pair>,
}

impl Replacing {
    /// Reads pairs from `fragments[at..]` up to what is none of them; gives where they end.
    pub(super) fn read(fragments: &[Fragment], mut at: usize, notes: &mut Notes) -> (Replacing, usize) {
        let mut pairs = Vec::new();
        while let Some(first) = fragments.get(at) {
            let place = first.place;
            let part = match () {
                () if is(first, "LEADING") => Part::Leading,
                () if is(first, "TRAILING") => Part::Trailing,
                () => Part::Whole,
            };
            let start = at + usize::from(part != Part::Whole);
            let Some((from, by)) = operand(fragments, start) else { break };
            if !fragments.get(by).is_some_and(|word| is(word, "BY")) {
                notes.fault(place, "REPLACING needs A BY B: the word BY is missing");
                break;
            }
            let Some((to, end)) = operand(fragments, by + 1) else {
                notes.fault(place, "REPLACING needs A BY B: nothing stands after BY");
                break;
            };
            at = end;
            if from.is_empty() {
                notes.fault(place, "REPLACING needs a word to replace between == and ==");
            } else if pairs.len() == PAIRS_MAX || from.len().max(to.len()) > OPERAND_MAX {
                let limit = format!("REPLACING has more than {PAIRS_MAX} pairs or {OPERAND_MAX} words in one of them");
                notes.fault(place, limit);
            } else {
                pairs.push(Pair { part, from, to, place, used: Cell::new(false) });
            }
        }
        (Replacing { pairs }, at)
    }

    /// Pairs of words that a caller gives.
    pub(super) fn of(pairs: Vec<(Vec<Fragment>, Vec<Fragment>)>, place: Place) -> Replacing {
        let pairs = pairs.into_iter().filter(|(from, _)| !from.is_empty());
        let pair = |(from, to)| Pair { part: Part::Whole, from, to, place, used: Cell::new(false) };
        Replacing { pairs: pairs.take(PAIRS_MAX).map(pair).collect() }
    }

    /// Whether there is nothing to replace.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Tells operands that were nowhere in the text, nor in what that copied.
    pub(super) fn unused(&self, notes: &mut Notes) {
        for pair in self.pairs.iter().filter(|pair| !pair.used.get()) {
            notes.warn(pair.place, "an operand of REPLACING is nowhere in the copied text");
        }
    }

    /// Replaces.
    pub(super) fn apply(&self, fragments: Vec<Fragment>) -> Vec<Fragment> {
        let mut out: Vec<Fragment> = Vec::with_capacity(fragments.len());
        let mut removed = (false, false);
        let mut at = 0;
        while let Some(fragment) = fragments.get(at) {
            let found = self.pairs.iter().find_map(|pair| Some((pair, pair.replace(&fragments[at..])?)));
            let (mut put, taken) = match found {
                Some((pair, replaced)) => {
                    pair.used.set(true);
                    replaced
                }
                None => (vec![fragment.clone()], 1),
            };
            at += taken;
            match put.first_mut() {
                None => removed = (removed.0 || fragment.spaced, removed.1 || fragment.first),
                Some(first) => {
                    first.spaced |= removed.0;
                    first.first |= removed.1;
                    removed = (false, false);
                }
            }
            out.extend(put);
        }
        out
    }
}

impl Pair {
    /// What comes instead of the first fragments, and how many they are.
    fn replace(&self, fragments: &[Fragment]) -> Option<(Vec<Fragment>, usize)> {
        let first = fragments.first()?;
        if self.part == Part::Whole {
            let fits = fragments.len() >= self.from.len() && self.from.iter().zip(fragments).all(|(a, b)| same(a, b));
            return fits.then(|| (self.placed(first), self.from.len()));
        }
        let (word, part) = (first.what.word()?, self.from.first()?.what.word()?);
        let cut = if self.part == Part::Leading { part.len() } else { word.len().checked_sub(part.len())? };
        let (head, tail) = word.split_at_checked(cut)?;
        let (gone, kept) = if self.part == Part::Leading { (head, tail) } else { (tail, head) };
        if !gone.eq_ignore_ascii_case(part) {
            return None;
        }
        let put = self.to.first().and_then(|to| to.what.word()).unwrap_or_default();
        let whole = if self.part == Part::Leading { format!("{put}{kept}") } else { format!("{kept}{put}") };
        let what = What::Text(whole);
        Some((vec![Fragment { what, ..first.clone() }], 1))
    }

    /// The new words, where the old ones stood.
    fn placed(&self, at: &Fragment) -> Vec<Fragment> {
        let words = self.to.iter().enumerate();
        let placed = |(n, word): (usize, &Fragment)| {
            let (spaced, first) = if n == 0 { (at.spaced, at.first) } else { (word.spaced, false) };
            Fragment { what: word.what.clone(), place: at.place, spaced, first }
        };
        words.map(placed).collect()
    }
}

fn same(a: &Fragment, b: &Fragment) -> bool {
    match (&a.what, &b.what) {
        (What::Text(a), What::Text(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    }
}

/// Whether a fragment is a certain word.
pub(super) fn is(fragment: &Fragment, word: &str) -> bool {
    fragment.what.word().is_some_and(|text| text.eq_ignore_ascii_case(word))
}

/// Pseudo-text, a literal, or a word with its qualifiers; and where it ends.
fn operand(fragments: &[Fragment], at: usize) -> Option<(Vec<Fragment>, usize)> {
    let first = fragments.get(at)?;
    match first.what {
        What::Pseudo => {
            let length = fragments[at + 1..].iter().position(|f| f.what == What::Pseudo)?;
            Some((fragments[at + 1..at + 1 + length].to_vec(), at + length + 2))
        }
        What::Literal { .. } => Some((vec![first.clone()], at + 1)),
        What::Period => None,
        What::Text(_) => {
            let mut end = at + 1;
            while let Some(next) = fragments.get(end) {
                let part = matches!(next.what, What::Text(_)) && !next.spaced;
                let qualifier =
                    is(next, "OF") || is(next, "IN") || is(&fragments[end - 1], "OF") || is(&fragments[end - 1], "IN");
                if !(part || qualifier) {
                    break;
                }
                end += 1;
            }
            Some((fragments[at..end].to_vec(), end))
        }
    }
}
