//! Numbers a digit a byte (USAGE DISPLAY): where the sign stands and which bytes mean it.
//!
//! Every zone is checked, also those in the middle. A sign that shares the byte of a digit ("overpunch") is
//! - EBCDIC: the zone, A C E F plus and B D minus, written by [`Signs`];
//! - ASCII as Micro Focus and GnuCOBOL have it: `0`-`9` plus, `p`-`y` (70-79) minus;
//! - translated: what EBCDIC's C0-C9 and D0-D9 become as text, `{A-I` plus and `}J-R` minus; bare digits are plus.
//!
//! A sign of its own is `+` or `-`, never a blank. In a field without sign only the digits' own zone is good, so that a
//! minus that the layout forgot is no other number. Rules: Enterprise COBOL Language Reference, "SIGN clause" and
//! "USAGE DISPLAY"; GnuCOBOL and Micro Focus as GnuCOBOL writes them (`tests/data/cobol.tsv`).

use super::digits::Digits;
use super::outcome::{DIGIT, Parsed, SIGN};
use super::signs::{Signs, is_minus};
use super::swar;
use crate::code::Code;
use crate::fault::Flaw;
use nom::bytes::complete::take;

const ZONE: &str = "zone is not F, or not a digit";
const NO_SIGN: &str = "the sign is neither + nor -";
const NO_OVERPUNCH: &str = "not a digit with a sign";

/// Where the sign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nowhere.
    Unsigned,
    /// With the last digit.
    Trailing,
    /// With the first digit.
    Leading,
    /// Behind the last digit.
    TrailingSeparate,
    /// Before the first digit.
    LeadingSeparate,
}

/// Which bytes are digits and signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// F0-F9, the sign in the zone.
    #[default]
    Ebcdic,
    /// 30-39, minus 70-79.
    Ascii,
    /// 30-39, and EBCDIC's overpunch as the letters it shows.
    Translated,
}

impl Encoding {
    const fn zone(self) -> u8 {
        match self {
            Encoding::Ebcdic => 0xF0,
            Encoding::Ascii | Encoding::Translated => 0x30,
        }
    }

    /// Plus and minus as characters.
    const fn signs(self) -> [u8; 2] {
        match self {
            Encoding::Ebcdic => [0x4E, 0x60],
            Encoding::Ascii | Encoding::Translated => *b"+-",
        }
    }

    /// Digit and minus of an overpunched byte.
    #[inline]
    fn read(self, byte: u8) -> Result<(u8, bool), Flaw> {
        let bad = Flaw::new(Code::SIGN, 0, NO_OVERPUNCH);
        match (self, byte) {
            (Encoding::Ebcdic, _) if byte & 15 > 9 => Err(Flaw::new(Code::ZONE, 0, DIGIT)),
            (Encoding::Ebcdic, _) => {
                let minus = is_minus(byte >> 4).ok_or(Flaw::new(Code::SIGN, 0, SIGN))?;
                Ok((byte & 15, minus))
            }
            (_, b'0'..=b'9') => Ok((byte & 15, false)),
            (Encoding::Ascii, b'p'..=b'y') => Ok((byte & 15, true)),
            (Encoding::Translated, b'{') => Ok((0, false)),
            (Encoding::Translated, b'}') => Ok((0, true)),
            (Encoding::Translated, b'A'..=b'I') => Ok((byte - b'A' + 1, false)),
            (Encoding::Translated, b'J'..=b'R') => Ok((byte - b'J' + 1, true)),
            _ => Err(bad),
        }
    }

    /// The overpunched byte of a digit.
    fn write(self, digit: u8, minus: bool, signs: Signs) -> u8 {
        match (self, minus) {
            (Encoding::Ebcdic, _) => signs.nibble(minus) << 4 | digit,
            (Encoding::Ascii, true) => 0x70 | digit,
            (Encoding::Translated, true) if digit == 0 => b'}',
            (Encoding::Translated, true) => b'J' + digit - 1,
            (Encoding::Translated, false) if signs == Signs::Zos && digit == 0 => b'{',
            (Encoding::Translated, false) if signs == Signs::Zos => b'A' + digit - 1,
            (Encoding::Ascii | Encoding::Translated, false) => b'0' + digit,
        }
    }
}

/// The form of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Display {
    /// Digits, 1 to 63, the sign not counted.
    pub digits: u8,
    /// Where the sign stands.
    pub place: Place,
    /// Which bytes are meant.
    pub encoding: Encoding,
    /// The sign to write.
    pub signs: Signs,
}

/// A field taken apart: minus, the digits but the overpunched one, that one, and whether it is the first.
struct Parts<'a> {
    minus: bool,
    plain: &'a [u8],
    punched: Option<u8>,
    first: bool,
}

impl Display {
    /// Bytes of the field.
    pub const fn bytes(self) -> usize {
        let separate = matches!(self.place, Place::TrailingSeparate | Place::LeadingSeparate);
        self.digits as usize + separate as usize
    }

    /// Reads up to 38 digits.
    pub fn read(self, input: &[u8]) -> Parsed<'_, i128> {
        let (rest, field) = take(self.bytes())(input)?;
        match self.whole(field) {
            Some(value) => Ok((rest, value)),
            None => Err(nom::Err::Error(self.find_flaw(field).unwrap_or(TOO_WIDE))),
        }
    }

    /// Reads a whole field of up to 38 digits; nothing if anything is wrong.
    #[inline]
    pub fn whole(self, field: &[u8]) -> Option<i128> {
        if field.len() != self.bytes() {
            return None;
        }
        let zone = self.encoding.zone();
        let digits = |plain: &[u8]| match plain.len() {
            0..=18 => swar::eighteen(plain, zone).map(i128::from),
            _ => swar::thirty_eight(plain, zone).map(|n| n as i128),
        };
        let signed = |minus: bool, value: i128| if minus { -value } else { value };
        let separate = |sign: u8| {
            let [plus, minus] = self.encoding.signs();
            (sign == minus || sign == plus).then_some(sign == minus)
        };
        match self.place {
            Place::Unsigned => digits(field),
            Place::LeadingSeparate => {
                let (sign, plain) = field.split_first()?;
                Some(signed(separate(*sign)?, digits(plain)?))
            }
            Place::TrailingSeparate => {
                let (sign, plain) = field.split_last()?;
                Some(signed(separate(*sign)?, digits(plain)?))
            }
            Place::Trailing => {
                let (last, plain) = field.split_last()?;
                let (digit, minus) = self.encoding.read(*last).ok()?;
                let value = digits(plain).filter(|_| plain.len() < 38)? * 10;
                Some(signed(minus, value + i128::from(digit)))
            }
            Place::Leading => {
                let (first, plain) = field.split_first()?;
                let (digit, minus) = self.encoding.read(*first).ok()?;
                let value = digits(plain).filter(|_| plain.len() < 38)?;
                Some(signed(minus, value + i128::from(digit) * 10i128.pow(plain.len() as u32)))
            }
        }
    }

    /// Reads any number of digits.
    pub fn read_wide(self, input: &[u8]) -> Parsed<'_, Digits> {
        let (rest, field) = take(self.bytes())(input)?;
        if let Some(flaw) = self.find_flaw(field) {
            return Err(nom::Err::Error(flaw));
        }
        let Parts { minus, plain, punched, first } = self.parts(field).map_err(nom::Err::Error)?;
        let mut number = Digits { negative: minus, ..Digits::ZERO };
        let plain = plain.iter().map(|b| b & 15);
        let (before, after) = if first { (punched, None) } else { (None, punched) };
        let all = after.into_iter().chain(plain.rev()).chain(before);
        number.values.iter_mut().rev().zip(all).for_each(|(slot, digit)| *slot = digit);
        Ok((rest, number))
    }

    /// Appends a number.
    pub fn write(self, number: &Digits, out: &mut Vec<u8>) -> Result<(), Flaw> {
        let values = number.last(self.digits)?;
        let minus = number.is_negative();
        let sign = self.encoding.signs()[usize::from(minus)];
        if self.place == Place::Unsigned {
            number.refuse_negative()?;
        }
        if self.place == Place::LeadingSeparate {
            out.push(sign);
        }
        let start = out.len();
        out.extend(values.iter().map(|d| self.encoding.zone() | d));
        let punched = match self.place {
            Place::Trailing => values.last().map(|digit| (out.len() - 1, *digit)),
            Place::Leading => values.first().map(|digit| (start, *digit)),
            _ => None,
        };
        if let Some((at, digit)) = punched {
            out[at] = self.encoding.write(digit, minus, self.signs);
        }
        if self.place == Place::TrailingSeparate {
            out.push(sign);
        }
        Ok(())
    }

    /// The first thing wrong with a field.
    #[cold]
    pub fn find_flaw(self, field: &[u8]) -> Option<Flaw> {
        let zone = self.encoding.zone();
        let front = match self.place {
            Place::Leading | Place::LeadingSeparate => 1,
            _ => 0,
        };
        let sign = self.parts(field).err();
        let parts = self.split(field);
        let detail = if self.encoding == Encoding::Ebcdic && self.place == Place::Trailing { ZONE } else { DIGIT };
        let bad = parts.iter().position(|b| b & 0xF0 != zone || b & 15 > 9);
        let bad = bad.map(|at| Flaw::new(Code::ZONE, at + front, detail));
        match (sign, bad) {
            (Some(sign), Some(bad)) => Some(if sign.at <= bad.at { sign } else { bad }),
            (sign, bad) => sign.or(bad),
        }
    }

    /// The bytes that are bare digits.
    #[inline]
    fn split(self, field: &[u8]) -> &[u8] {
        match self.place {
            Place::Unsigned => field,
            Place::Trailing | Place::TrailingSeparate => field.split_last().map_or(&[], |(_, rest)| rest),
            Place::Leading | Place::LeadingSeparate => field.split_first().map_or(&[], |(_, rest)| rest),
        }
    }

    /// Takes the sign off; a flaw if it is none.
    #[inline]
    fn parts(self, field: &[u8]) -> Result<Parts<'_>, Flaw> {
        let plain = self.split(field);
        let (at, byte) = match self.place {
            Place::Unsigned => return Ok(Parts { minus: false, plain, punched: None, first: false }),
            Place::Trailing | Place::TrailingSeparate => (field.len().saturating_sub(1), field.last()),
            Place::Leading | Place::LeadingSeparate => (0, field.first()),
        };
        let byte = *byte.ok_or(Flaw::new(Code::LENGTH, 0, "a number without bytes"))?;
        let first = self.place == Place::Leading;
        if matches!(self.place, Place::Trailing | Place::Leading) {
            let (digit, minus) = self.encoding.read(byte).map_err(|flaw| Flaw { at, ..flaw })?;
            return Ok(Parts { minus, plain, punched: Some(digit), first });
        }
        let [plus, minus] = self.encoding.signs();
        if byte != plus && byte != minus {
            return Err(Flaw::new(Code::SIGN, at, NO_SIGN));
        }
        Ok(Parts { minus: byte == minus, plain, punched: None, first })
    }
}

const TOO_WIDE: Flaw = Flaw::new(Code::TOO_LONG, 0, "more than 38 digits");
