//! Which bytes of a file's beginning the layout says are characters, and what its packed numbers show: what the signs of
//! a text-mode transfer are looked for in.
//!
//! Decoding the beginning costs a step for each byte of each field, and fields may stand over each other: the product of
//! two bounded sizes. The work of one look is bounded by [`WORK_MAX`]; what lies behind is not looked at.

use super::characters::is_shown;
use super::sample::Sample;
use crate::format::{Format, RecordFormat};
use crate::layout::Kind;
use crate::record::{Cell, Row};
use crate::text::Page;

/// Fields and bytes of fields that one look takes, at most: many times what 64 KiB have whose fields stand side by side.
const WORK_MAX: usize = 2 << 20;
/// What a conversion writes for what it does not know: `?`, U+FFFD in UTF-8.
const SUBSTITUTE: u8 = 0x3F;
pub(super) const REPLACEMENT: [u8; 3] = [0xEF, 0xBF, 0xBD];

/// What was seen of the beginning.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Which bytes are characters of the layout's page; all, where nobody can know: what no framing cuts and no record
    /// format fits.
    pub(super) shown: Vec<bool>,
    /// Packed numbers.
    pub(super) packed: usize,
    /// Those of them that hold what only a conversion writes there.
    pub(super) broken: usize,
    /// Fields and bytes of fields that were looked at.
    work: usize,
}

impl Look {
    /// Looks at `head`; `whole` says that the file ends with it.
    pub(super) fn at(format: &Format, head: &[u8], whole: bool) -> Look {
        let mut look = Look { shown: vec![false; head.len()], ..Look::default() };
        let sample = match format.framing.delimited() {
            Some(_) => Sample::default(),
            None => Sample::within(format, head, whole),
        };
        if format.framing.delimited().is_some() || (sample.faulty && sample.lengths.is_empty()) {
            look.shown.fill(true);
            return look;
        }
        let mut row = Row::default();
        for place in sample.places.into_iter().filter(|place| !place.is_empty()) {
            if look.work >= WORK_MAX {
                break;
            }
            let Some(record) = head.get(place.clone()) else { continue };
            match format.select(record).and_then(|index| format.records.get(index)) {
                None => {
                    look.work += record.len();
                    look.shown.get_mut(place).unwrap_or_default().fill(true);
                }
                Some(kind) => look.record(kind, format.page, (place.start, record), &mut row),
            }
        }
        look
    }

    /// One record, which begins `from` bytes within the head.
    fn record(&mut self, kind: &RecordFormat, page: Page, (from, record): (usize, &[u8]), row: &mut Row) {
        kind.decode(record, row);
        let places = kind.places(record, row);
        let shown = self.shown.get_mut(from..from + record.len()).unwrap_or_default();
        // A byte under both a text and a number belongs to the number.
        for wanted in [true, false] {
            for ((step, at), cell) in kind.steps().iter().zip(&places).zip(&row.cells) {
                self.work += 1 + at.len();
                if self.work >= WORK_MAX {
                    // Of half a look nobody knows what is a number.
                    return shown.fill(false);
                }
                if *cell == Cell::Absent {
                    continue;
                }
                let bytes = record.get(at.clone()).unwrap_or_default();
                if wanted && matches!(step.kind, Kind::Packed { .. } | Kind::Comp6 { .. }) {
                    self.packed += 1;
                    self.broken += usize::from(is_broken(bytes));
                }
                if is_shown(step, page) == wanted {
                    let front = if step.varlen { 2.min(step.bytes) } else { 0 };
                    shown.get_mut(at.clone()).unwrap_or_default().iter_mut().skip(front).for_each(|is| *is = wanted);
                }
            }
        }
    }

    /// Bytes that are characters.
    pub(super) fn characters(&self) -> usize {
        self.shown.iter().filter(|is| **is).count()
    }

    /// Characters that fit.
    pub(super) fn count(&self, head: &[u8], fits: impl Fn(u8) -> bool) -> usize {
        head.iter().zip(&self.shown).filter(|(byte, shown)| **shown && fits(**byte)).count()
    }

    /// The first place in characters that holds a sign.
    pub(super) fn position(&self, head: &[u8], sign: &[u8]) -> Option<usize> {
        let mut places = head.windows(sign.len()).zip(self.shown.windows(sign.len()));
        places.position(|(window, shown)| window == sign && shown.iter().all(|is| *is))
    }
}

/// Whether a packed number holds a substitute: F is no digit, and stands only in its last half byte.
fn is_broken(packed: &[u8]) -> bool {
    let digits = packed.split_last().map_or(packed, |(_, digits)| digits);
    digits.contains(&SUBSTITUTE) || packed.windows(REPLACEMENT.len()).any(|three| three == REPLACEMENT)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use super::*;

    fn look(fields: usize, bytes: usize) -> Look {
        let mut text = format!(
            "name = \"F\"\nversion = \"1\"\nccsid = \"37\"\nlength = {bytes}\n[[field]]\nname = \"A\"\ntype = \
             \"char\"\nlength = {bytes}\n"
        );
        for n in 1..fields {
            text += &format!("[[field]]\nname = \"A{n}\"\ntype = \"char\"\nlength = {bytes}\nredefines = \"A\"\n");
        }
        let (format, _) = Format::parse("f.toml", &text, &mut |_: &str| Err("none".to_owned()), None).unwrap();
        Look::at(&format, &[0x40; 64 << 10], false)
    }

    /// Thousands of fields over each other: each record costs all of them again.
    #[test]
    fn the_work_of_a_look_is_bounded_whatever_stands_over_each_other() {
        for (fields, bytes) in [(3_000, 4), (300, 8_000), (80, 32_000)] {
            let look = look(fields, bytes);
            // The last field that was begun may pass the bound.
            assert!(look.work >= WORK_MAX && look.work <= WORK_MAX + bytes + 1, "{fields} of {bytes}: {}", look.work);
            assert!(look.characters() < 64 << 10);
        }
        // What is usual is looked at whole.
        for (fields, bytes) in [(1, 1), (1, 480), (8, 4), (10, 80)] {
            let look = look(fields, bytes);
            assert_eq!(look.characters(), (64 << 10) / bytes * bytes, "{fields} of {bytes}");
            assert!(look.work < WORK_MAX);
        }
    }
}
