//! Character fields of a record: the forms of DDS types A, O, J, E and G, with the rules of one field.
//!
//! A and O are text; in a mixed page runs stand in it. J (only) is SO, pairs, SI and fills its bytes: pairs of 4040
//! (ideographic blanks) are its padding, and so is anything blank after SI. E (either) is the same or single-byte text
//! without shifts. G (graphic) is pairs alone, or UTF-16. (IBM i DDS reference, "Using DBCS fields"; IBM i
//! Globalization.) Reading is strict first; only what strict reading refuses is mended, and only as the rules allow.
//! Padding a field to its length, and what VARLEN counts, are the record's business.

use crate::code::Code;
use crate::text::blank;
use crate::text::fault::TextFault;
use crate::text::fit;
use crate::text::page::Page;
use crate::text::repair::{self, Mended};
use crate::text::rules::{Repair, Rules};
use crate::text::strict;
use crate::text::substitute;

const OPEN: u8 = 0x0E;
const CLOSE: u8 = 0x0F;
const PAD: [u8; 2] = [0x40, 0x40];

/// How text stands in its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// DDS types A and O: text as the page has it.
    Text,
    /// J: one double-byte run.
    Only,
    /// E: one double-byte run, or single-byte text.
    Either,
    /// G: double-byte codes without shifts.
    Graphic,
}

/// A character field.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    /// Its code page.
    pub page: Page,
    /// How text stands in it.
    pub form: Form,
    /// Whether its length is written (VARLEN): then no blank is padding.
    pub counted: bool,
    /// What may pass that is not in order.
    pub rules: &'a Rules,
}

impl Field<'_> {
    /// Appends the field's text without its padding; after a fault `out` is as it was.
    ///
    /// Each repair is told with its byte in the field, once the whole field has been read.
    pub fn read(
        &self,
        bytes: &[u8],
        out: &mut String,
        repaired: &mut dyn FnMut(usize, Repair),
    ) -> Result<(), TextFault> {
        let start = out.len();
        self.read_mended(bytes, out, repaired)?;
        if self.rules.refuses_substitutes() && substitute::is_in(&out[start..]) {
            let place = substitute::places(self.page, bytes, &out[start..]).first().copied();
            out.truncate(start);
            return Err(TextFault::substitute(place.unwrap_or(0)));
        }
        Ok(())
    }

    fn read_mended(
        &self,
        bytes: &[u8],
        out: &mut String,
        repaired: &mut dyn FnMut(usize, Repair),
    ) -> Result<(), TextFault> {
        let fault = match self.read_strict(bytes, out) {
            Ok(()) => {
                self.tell_empty_runs(bytes, repaired);
                return Ok(());
            }
            Err(fault) => fault,
        };
        if !self.rules.repairs_anything() {
            return Err(fault);
        }
        let mended = self.mend(bytes, fault);
        if mended.done.is_empty() {
            return Err(fault);
        }
        self.read_strict(&mended.bytes, out).map_err(|fault| TextFault { at: mended.place(fault.at), ..fault })?;
        mended.done.iter().for_each(|(at, repair)| repaired(*at, *repair));
        Ok(())
    }

    /// Strict reading accepts empty runs; what they leave is its text, so that telling of them changes no value (a
    /// blank before one is not padding).
    fn tell_empty_runs(&self, bytes: &[u8], repaired: &mut dyn FnMut(usize, Repair)) {
        if self.rules.allows(Repair::DropEmptyRun) && self.form == Form::Text && self.page.is_mixed() {
            let runs = bytes.windows(2).enumerate().filter(|(_, pair)| *pair == [OPEN, CLOSE]);
            runs.for_each(|(at, _)| repaired(at, Repair::DropEmptyRun));
        }
    }

    fn mend(&self, bytes: &[u8], fault: TextFault) -> Mended {
        let content = if self.counted { bytes } else { self.trim(bytes) };
        match (self.form, self.page.is_mixed()) {
            (Form::Graphic, true) => repair::pairs(self.rules, content),
            (Form::Text, true) => repair::runs(self.rules, content, false),
            (Form::Either, true) if !matches!(content, [OPEN, ..]) && !repair::ends_a_run(self.rules, content) => {
                repair::plain(self.rules, self.page, content, None)
            }
            (Form::Only | Form::Either, true) => repair::runs(self.rules, content, true),
            (_, false) => {
                // Only what is cut off by the end of the field, not what stands before other text.
                let half = fault.code == Code::HALF_CHARACTER && fault.at + 4 > content.len();
                repair::plain(self.rules, self.page, content, half.then_some(fault.at))
            }
        }
    }

    /// Without its padding.
    fn trim<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        match self.form {
            Form::Graphic if self.page.is_mixed() => trim_pairs(bytes),
            _ => blank::trim(self.page, bytes),
        }
    }

    fn read_strict(&self, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
        let content = if self.counted { bytes } else { self.trim(bytes) };
        match self.form {
            Form::Graphic if self.page.is_mixed() => strict::decode_double(self.page, self.rules, content, out),
            Form::Only | Form::Either if self.page.is_mixed() => self.read_run(content, out),
            _ => strict::decode(self.page, self.rules, content, out),
        }
    }

    /// Reads a J or E field.
    fn read_run(&self, content: &[u8], out: &mut String) -> Result<(), TextFault> {
        match content.split_first() {
            None => Ok(()),
            Some((&OPEN, run)) => {
                let Some(end) = run.iter().position(|b| *b == CLOSE) else {
                    return Err(TextFault::open_run(0));
                };
                if end + 1 != run.len() {
                    return Err(TextFault::stray(end + 2, "characters after the one double-byte run"));
                }
                let pairs = &run[..end];
                let kept = if self.counted { pairs } else { trim_pairs(pairs) };
                strict::decode_double(self.page, self.rules, kept, out)
                    .map_err(|fault| TextFault { at: fault.at + 1, ..fault })
            }
            Some(_) if self.form == Form::Only => {
                Err(TextFault::stray(0, "the field does not begin with a double-byte run"))
            }
            Some(_) => match content.iter().position(|b| matches!(*b, OPEN | CLOSE)) {
                Some(at) => Err(TextFault::stray(at, "a shift character in single-byte text")),
                None => strict::decode(self.page, self.rules, content, out),
            },
        }
    }

    /// Appends text: runs opened and closed, J and E filled to `room` bytes unless counted. Whether it fits is for the
    /// caller to see. After a fault `out` is as it was.
    ///
    /// With rules that are not strict, what was written is read again and compared.
    pub fn write(&self, text: &str, room: usize, out: &mut Vec<u8>) -> Result<(), TextFault> {
        if self.rules.refuses_substitutes()
            && let Some(at) = substitute::characters(text).next()
        {
            return Err(TextFault::substitute(at));
        }
        let start = out.len();
        let written = match self.form {
            Form::Graphic if self.page.is_mixed() => strict::encode_double(self.page, self.rules, text, out),
            Form::Only | Form::Either if self.page.is_mixed() => self.write_run(text, room, out),
            _ => strict::encode(self.page, self.rules, text, out),
        };
        let proven =
            written.and_then(|()| if self.rules.is_strict() { Ok(()) } else { self.prove(text, &out[start..]) });
        proven.inspect_err(|_| out.truncate(start))
    }

    fn write_run(&self, text: &str, room: usize, out: &mut Vec<u8>) -> Result<(), TextFault> {
        let start = out.len();
        if self.form == Form::Either {
            strict::encode(self.page, self.rules, text, out)?;
            if !out[start..].contains(&OPEN) {
                return Ok(());
            }
            out.truncate(start);
        }
        out.push(OPEN);
        strict::encode_double(self.page, self.rules, text, out)?;
        while !self.counted && out.len() - start + 3 <= room {
            out.extend(PAD);
        }
        out.push(CLOSE);
        Ok(())
    }

    fn prove(&self, text: &str, written: &[u8]) -> Result<(), TextFault> {
        let blanks: &[char] = match self.form {
            _ if self.counted => &[],
            Form::Text => &[' '],
            _ => &[' ', '\u{3000}'],
        };
        let mut back = String::new();
        self.read_strict(written, &mut back)?;
        let wanted = self.reads_back(text);
        if back.trim_end_matches(blanks) == wanted.trim_end_matches(blanks) {
            return Ok(());
        }
        Err(TextFault { code: Code::INTERNAL, at: 0, detail: "the text does not read back as it was written" })
    }

    /// What a text reads back as once it is written: itself, but for characters that are written one way only.
    pub fn reads_back(&self, text: &str) -> String {
        text.chars().map(|character| strict::reads_back(self.page, self.rules, character)).collect()
    }

    /// The characters of a written text whose codes read back as others, by their places; of most texts none.
    pub fn one_way<'t>(&self, text: &'t str) -> impl Iterator<Item = usize> + use<'_, 't> {
        // But for what the rules list, the tables have one such character (D18).
        let looked_at = if self.rules.writes_exceptions() || text.contains('\u{30FB}') { text } else { "" };
        let is_other = |character: &char| strict::reads_back(self.page, self.rules, *character) != *character;
        looked_at.chars().enumerate().filter(move |(_, character)| is_other(character)).map(|(at, _)| at)
    }

    /// The longest start of `text`, in whole characters, that takes at most `room` bytes in this field, shifts included
    /// (D19).
    ///
    /// A character that the page lacks is not dropped in silence: it counts as one byte, and writing then refuses it.
    /// Two characters that the page has as one are not parted.
    pub fn fit<'t>(&self, text: &'t str, room: usize) -> &'t str {
        let runs = self.page.is_mixed();
        match self.form {
            Form::Graphic if runs => fit::pairs(self.page, self.rules, text, room),
            Form::Only if runs => fit::pairs(self.page, self.rules, text, room.saturating_sub(2)),
            Form::Either if runs && fit::begins_double(self.page, self.rules, text) => {
                fit::pairs(self.page, self.rules, text, room.saturating_sub(2))
            }
            _ => fit::text(self.page, self.rules, text, room),
        }
    }
}

/// Without trailing pairs of ideographic blanks.
fn trim_pairs(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while rest.len().is_multiple_of(2) && rest.ends_with(&PAD) {
        rest = &rest[..rest.len() - 2];
    }
    rest
}
