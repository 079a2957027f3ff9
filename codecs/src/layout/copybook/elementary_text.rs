//! Elementary items of characters: text, edited numbers, double bytes, national and UTF-8 data.
//!
//! Source: Enterprise COBOL for z/OS 6.4 Language Reference, "PICTURE clause", "Classes and categories of data": what
//! category a picture has, and which usages go with it. What is no combination of COBOL is a fault; what its bytes leave
//! in doubt is text with a warning.

use super::elementary::{Maker, Shape, UTF_16};
use super::item::Usage;
use super::picture::{Category, Picture};
use crate::layout::{Kind, Rules};
use crate::text::Page;

impl Maker<'_> {
    pub(super) fn text(&mut self, picture: &Picture, rules: &mut Rules) -> Option<Shape> {
        let positions = usize::try_from(picture.positions).ok()?;
        let category = picture.category;
        let usage = self.usage();
        let pairs = positions.saturating_mul(2);
        match (category, usage) {
            (Category::Alphanumeric, Usage::Bytes) => self.unsigned_bytes(positions, rules),
            (Category::Dbcs, Usage::Display | Usage::Dbcs) | (Category::National, Usage::Dbcs) => self.graphic(pairs),
            (Category::National | Category::NationalEdited, Usage::Display | Usage::National) => self.national(pairs),
            (Category::NumericEdited | Category::ExternalFloat, Usage::National) => self.national(pairs),
            (Category::Utf8, Usage::Display | Usage::Utf8) => {
                let bytes = self.item.byte_length.and_then(|n| usize::try_from(n).ok());
                Some((Kind::Char, bytes.unwrap_or(positions.saturating_mul(4)), 1))
            }
            (Category::NumericEdited, Usage::Display) => self.edited(picture, rules),
            (Category::Alphabetic | Category::Alphanumeric | Category::AlphanumericEdited, Usage::Display)
            | (Category::ExternalFloat, Usage::Display) => Some((Kind::Char, positions, 1)),
            (
                Category::Alphabetic | Category::Alphanumeric | Category::AlphanumericEdited | Category::NumericEdited,
                _,
            ) if self.item.inherited => {
                let what = format!("{} holds characters, so the usage of its group is not taken", self.item.shown());
                self.notes.warn(self.place(), what);
                if category == Category::NumericEdited {
                    self.edited(picture, rules)
                } else {
                    Some((Kind::Char, positions, 1))
                }
            }
            (_, _) => {
                let described = self.described();
                self.fault(format!("{}: {described} is no item of COBOL", self.item.shown()))
            }
        }
    }

    /// A number with editing; dates and the like, which have a slash, stay text.
    fn edited(&mut self, picture: &Picture, rules: &mut Rules) -> Option<Shape> {
        let positions = usize::try_from(picture.positions).ok()?;
        if picture.text.starts_with('S') {
            let what = format!(
                "PIC {} has S beside editing symbols, which COBOL does not allow; its {positions} bytes are read as text",
                picture.text
            );
            self.notes.warn(self.place(), what);
            return Some((Kind::Char, positions, 1));
        }
        if picture.text.contains('/') {
            return Some((Kind::Char, positions, 1));
        }
        rules.picture = Some(picture.text.as_str().into());
        rules.currency = picture.currency();
        rules.decimal_comma = self.comma;
        rules.blank_when_zero = self.item.blank_when_zero;
        match rules.compiled_picture() {
            Ok(Some(compiled)) if compiled.bytes() == positions => {
                rules.scale_up = compiled.scale_up();
                Some((Kind::Edited { digits: compiled.digits(), decimals: compiled.decimals() }, positions, 1))
            }
            compiled => {
                let why = compiled.err().map_or("its length is in doubt", |fault| fault.detail);
                let what = format!("PIC {} is read as text of {positions} bytes: {why}", picture.text);
                self.notes.warn(self.place(), what);
                *rules = Rules::default();
                Some((Kind::Char, positions, 1))
            }
        }
    }

    /// Digits in national characters: text of them, without the point that the picture implies. Only a sign of its own
    /// can stand among them.
    pub(super) fn national_digits(&mut self, picture: &Picture, rules: &mut Rules) -> Option<Shape> {
        let separate = self.item.sign.is_some_and(|(sign, _)| sign.separate);
        if picture.signed && !separate {
            let what = "has a sign, which national digits have in a character of its own: write SIGN LEADING SEPARATE \
                        or TRAILING SEPARATE, as the program has it";
            return self.fault(format!("{}: PIC {} NATIONAL {what}", self.item.shown(), picture.text));
        }
        if picture.scale != 0 {
            let what = "digits in national characters are read as text, without the point that their picture implies";
            self.notes.warn_once(self.place(), what);
        }
        *rules = Rules::default();
        self.national(2 * (usize::try_from(picture.digits).ok()? + usize::from(picture.signed)))
    }

    fn graphic(&mut self, bytes: usize) -> Option<Shape> {
        if self.options.page.is_mixed() {
            return Some((Kind::Graphic, bytes, 1));
        }
        let what = "double-byte characters (PIC G) are shown as hex: the page has none; say a ccsid like 1388 or 935";
        self.notes.warn_once(self.place(), what);
        Some((Kind::Hex, bytes, 1))
    }

    fn national(&mut self, bytes: usize) -> Option<Shape> {
        if Page::from_ccsid(UTF_16).is_some() {
            return Some((Kind::Graphic, bytes, 1));
        }
        self.notes.warn_once(self.place(), "national characters (UTF-16) are shown as hex");
        Some((Kind::Hex, bytes, 1))
    }
}
