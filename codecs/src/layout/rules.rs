//! What varies between fields of one kind: where signs stand, byte order, dates in numbers, and the policies that a
//! source has chosen for values which strict reading refuses.
//!
//! The default is strict and IBM i's. Every policy that lets something pass is named here, chosen field by field, and
//! counted where it acts ([`crate::record::Repair`]); nothing is repaired because it happened to be possible.

use crate::date::{DateForm, NoDates, TimestampForm, Window};
use crate::number::Signs;
use crate::number::display::Encoding;
use crate::number::hexfloat::Rounding;
use crate::number::picture::{self, Picture, PictureFault};
use crate::text;
use std::sync::Arc;

/// How values of a field are read and written, beside its [`super::Kind`].
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Where the sign of a zoned number stands.
    pub sign: SignPlace,
    /// Which bytes the digits and signs of a zoned number are.
    pub encoding: Encoding,
    /// Sign nibbles that are written.
    pub signs: Signs,
    /// No number below zero: `PIC 9` without S.
    pub unsigned: bool,
    /// Lowest byte first: binary and float.
    pub little_endian: bool,
    /// `COMP-5`: what the bytes hold, whatever the digits say.
    pub native: bool,
    /// Hexadecimal floating point instead of IEEE.
    pub hex_float: bool,
    /// How hexadecimal floating point is rounded when it is written.
    pub rounding: Rounding,
    /// `,` instead of `.` in numbers written as text.
    pub decimal_comma: bool,
    /// Zeros behind the last digit: the P of `PIC 9(3)P(2)`.
    pub scale_up: u8,
    /// Zero is written as blanks, and blanks are zero.
    pub blank_when_zero: bool,
    /// Text stands at the right end of its field.
    pub justified: bool,
    /// Ideographic blanks at the end of text are padding, too.
    pub trim_ideographic: bool,
    /// Picture of an edited number, as the source writes it.
    pub picture: Option<Arc<str>>,
    /// The currency symbol of the picture; `$` without it.
    pub currency: Option<char>,
    /// What a number means as a date or time of day.
    pub moment: Option<NumericMoment>,
    /// The hundred years that two digits can mean.
    pub window: Window,
    /// Values that stand for "no date".
    pub no_date: NoDates,
    /// How a timestamp is written.
    pub timestamp: TimestampForm,
    /// What becomes of a number of blanks, 00 or FF only; as `dirty` says without it.
    pub blank: Option<Dirty>,
    /// What becomes of a number with bad digits, zones or sign.
    pub dirty: Dirty,
    /// `dirty = "reject"` was said in so many words of a field whose bytes have other readings: those are not enough.
    pub insist: bool,
    /// Bad digits, zones and signs are mended as RPG's FIXNBR does.
    pub fixnbr: bool,
    /// Text that is too long is cut at a character when it is written (D19).
    pub cut: bool,
    /// What of damaged or private text may pass; nothing without it.
    pub text: Option<Arc<text::Rules>>,
}

/// Where the sign of a zoned number stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SignPlace {
    /// Over the last digit.
    #[default]
    Trailing,
    /// Over the first digit.
    Leading,
    /// `+` or `-` after the digits.
    TrailingSeparate,
    /// `+` or `-` before the digits.
    LeadingSeparate,
}

/// A date or time of day in the digits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumericMoment {
    /// A date without separators: `yyyymmdd`, `cyymmdd`, ...
    Date(DateForm),
    /// `hhmmss`
    Hms6,
    /// `hhmm`
    Hm4,
}

/// What becomes of a value that strict reading refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Dirty {
    /// A fault of the field.
    #[default]
    Reject,
    /// Null.
    Null,
    /// Zero.
    Zero,
    /// Its bytes in hex.
    Keep,
}

impl Rules {
    /// IBM i's own strict rules.
    pub const PLAIN: Rules = Rules {
        sign: SignPlace::Trailing,
        encoding: Encoding::Ebcdic,
        signs: Signs::Ibmi,
        unsigned: false,
        little_endian: false,
        native: false,
        hex_float: false,
        rounding: Rounding::HalfEven,
        decimal_comma: false,
        scale_up: 0,
        blank_when_zero: false,
        justified: false,
        trim_ideographic: false,
        picture: None,
        currency: None,
        moment: None,
        window: Window::IBM,
        no_date: NoDates::STRICT,
        timestamp: TimestampForm::Ibm,
        blank: None,
        dirty: Dirty::Reject,
        insist: false,
        fixnbr: false,
        cut: false,
        text: None,
    };

    /// The picture, ready for use; nothing if there is none, or what is wrong with it.
    pub fn compiled_picture(&self) -> Result<Option<Picture>, PictureFault> {
        let options = picture::Options {
            currency: self.currency.unwrap_or('$'),
            decimal_comma: self.decimal_comma,
            blank_when_zero: self.blank_when_zero,
        };
        self.picture.as_deref().map(|text| Picture::parse(text, options)).transpose()
    }

    /// Whether nothing but IBM i's own strict rules holds: what decoding is fastest with.
    pub fn is_plain(&self) -> bool {
        *self == Rules::PLAIN
    }

    /// Whether a value may be read as null: one that stands for no date, or a bad one by its policy.
    pub(crate) fn gives_null(&self) -> bool {
        self.no_date.nulls().next().is_some() || self.dirty == Dirty::Null || self.blank == Some(Dirty::Null)
    }
}

impl Default for Rules {
    fn default() -> Rules {
        Rules::PLAIN
    }
}
