//! Timestamps with 0 to 12 fraction digits: IBM's form, ISO's, and digits only.
//!
//! The text of a timestamp is IBM's own whatever the form in the file: `yyyy-mm-dd-hh.mm.ss.ffffff`. Local time without
//! a zone; a zone behind it makes the field longer and is refused. Rules: Db2 for i SQL Reference, "String
//! representations of timestamps"; DDS "Timestamp (Z)": p digits of fraction make 20+p bytes, none 19.

use super::day::Date;
use super::plain::{self, Plain, push_ascii};
use super::time::Time;
use crate::code::Code;
use crate::fault::Flaw;

/// A form of a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TimestampForm {
    /// `yyyy-mm-dd-hh.mm.ss.ffffff`
    #[default]
    Ibm,
    /// `yyyy-mm-ddThh:mm:ss.ffffff`; a blank instead of the T is read too.
    Iso,
    /// `yyyymmddhhmmssffffff`
    Digits,
}

/// Most digits of a fraction.
pub const FRACTION_MAX: u8 = 12;

const IBM: &[u8; 32] = b"9999-99-99-99.99.99.999999999999";
const ISO: &[u8; 32] = b"9999-99-99T99:99:99.999999999999";
const DIGITS: &[u8; 32] = b"99999999999999999999999999      ";

impl TimestampForm {
    /// Bytes of a field.
    pub const fn bytes(self, fraction: u8) -> usize {
        match (self, fraction) {
            (TimestampForm::Digits, _) => 14 + fraction as usize,
            (_, 0) => 19,
            _ => 20 + fraction as usize,
        }
    }

    /// Reads a field of exactly the form's bytes; IBM's text is appended.
    pub fn read(self, field: &[u8], fraction: u8, ebcdic: bool, out: &mut String) -> Result<(), Flaw> {
        let bytes = self.bytes(fraction);
        if fraction > FRACTION_MAX || field.len() != bytes {
            return Err(Flaw::new(Code::LENGTH, 0, "the field has not the length of its timestamp"));
        }
        if self == TimestampForm::Ibm
            && let Some(text) = read_good(field, ebcdic)
        {
            push_ascii(&text[..bytes], out);
            return Ok(());
        }
        let mut plain = Plain::of(field, ebcdic);
        let picture = match self {
            TimestampForm::Ibm => IBM,
            TimestampForm::Iso => {
                if plain.0[10] == b' ' {
                    plain.0[10] = b'T';
                }
                ISO
            }
            TimestampForm::Digits => DIGITS,
        };
        plain.fits(&picture[..bytes])?;
        let ibm = self.to_ibm(&plain);
        check(&Plain(ibm), TimestampForm::Ibm.bytes(fraction)).map_err(|flaw| self.place(flaw))?;
        push_ascii(&ibm[..TimestampForm::Ibm.bytes(fraction)], out);
        Ok(())
    }

    /// Appends a timestamp given in IBM's form with exactly so many digits of fraction.
    pub fn write(self, text: &str, fraction: u8, ebcdic: bool, out: &mut Vec<u8>) -> Result<(), Flaw> {
        let bytes = TimestampForm::Ibm.bytes(fraction);
        if fraction > FRACTION_MAX || text.len() != bytes {
            return Err(Flaw::new(Code::DATE, 0, "not a timestamp yyyy-mm-dd-hh.mm.ss with its fraction"));
        }
        let mut plain = Plain::of(text.as_bytes(), false);
        plain.fits(&IBM[..bytes]).and_then(|()| check(&plain, bytes)).map_err(|flaw| Flaw { at: 0, ..flaw })?;
        let start = out.len();
        if self == TimestampForm::Iso {
            [plain.0[10], plain.0[13], plain.0[16]] = *b"T::";
        }
        out.extend(plain.0[..bytes].iter().filter(|b| self != TimestampForm::Digits || b.is_ascii_digit()));
        plain::to_page(out, start, ebcdic);
        Ok(())
    }

    fn to_ibm(self, plain: &Plain) -> [u8; 32] {
        let mut ibm = *IBM;
        match self {
            TimestampForm::Digits => {
                let slots = ibm.iter_mut().filter(|b| **b == b'9');
                slots.zip(plain.0).for_each(|(slot, digit)| *slot = digit);
            }
            _ => {
                ibm = plain.0;
                [ibm[10], ibm[13], ibm[16]] = *b"-..";
            }
        }
        ibm
    }

    /// A flaw of IBM's text in the bytes of the field.
    fn place(self, flaw: Flaw) -> Flaw {
        let at = if self == TimestampForm::Digits && flaw.at > 0 { 8 } else { flaw.at };
        Flaw { at, ..flaw }
    }
}

/// IBM's form with all digits 0, in both families of pages.
const ASCII_ZERO: &[u8; 32] = b"0000-00-00-00.00.00.000000000000";
static EBCDIC_ZERO: [u8; 32] = {
    let mut zero = [0; 32];
    let mut at = 0;
    while at < 32 {
        zero[at] = plain::ebcdic(ASCII_ZERO[at]);
        at += 1;
    }
    zero
};

/// The longest timestamp in IBM's form with all digits 0, as text and as it is in fields.
pub(crate) fn zeros(ebcdic: bool) -> (&'static [u8; 32], &'static [u8; 32]) {
    (ASCII_ZERO, if ebcdic { &EBCDIC_ZERO } else { ASCII_ZERO })
}

/// What brings more than 9 in a digit's place, and more than 0 in a mark's, to the highest bit.
const ABOVE: [u64; 4] = {
    let mut above = [0x76; 32];
    let mut at = 0;
    while at < 32 {
        if ASCII_ZERO[at] != b'0' {
            above[at] = 0x7F;
        }
        at += 1;
    }
    [word(&above, 0), word(&above, 1), word(&above, 2), word(&above, 3)]
};

/// Eight of the bytes.
const fn word(bytes: &[u8; 32], at: usize) -> u64 {
    let (mut word, mut byte) = (0, 8);
    while byte > 0 {
        byte -= 1;
        word = word << 8 | bytes[8 * at + byte] as u64;
    }
    word
}

/// The short way for a good field in IBM's form: its text. Nothing for hour 24, which the long way knows.
#[inline]
fn read_good(field: &[u8], ebcdic: bool) -> Option<[u8; 32]> {
    let zero = if ebcdic { &EBCDIC_ZERO } else { ASCII_ZERO };
    let mut digits = *zero;
    digits.get_mut(..field.len())?.copy_from_slice(field);
    // Eight bytes at a time: what is left of a mark is 0, and of a digit at most 9.
    let mut bad = 0;
    for at in 0..4 {
        let word = word(&digits, at) ^ word(zero, at);
        bad |= word | word.wrapping_add(ABOVE[at]);
        digits[8 * at..8 * at + 8].copy_from_slice(&word.to_le_bytes());
    }
    if bad & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let two = |at: usize| digits[at] * 10 + digits[at + 1];
    let year = u16::from(two(0)) * 100 + u16::from(two(2));
    if two(11) > 23 || two(14) > 59 || two(17) > 59 {
        return None;
    }
    Date::new(year, two(5), two(8))?;
    for at in 0..4 {
        let text = word(&digits, at) ^ word(ASCII_ZERO, at);
        digits[8 * at..8 * at + 8].copy_from_slice(&text.to_le_bytes());
    }
    Some(digits)
}

/// Day and time of IBM's text.
fn check(plain: &Plain, bytes: usize) -> Result<(), Flaw> {
    if Date::new(plain.number(0, 4), plain.two(5), plain.two(8)).is_none() {
        return Err(Flaw::new(Code::DATE, 0, "no such day"));
    }
    let past_24 = plain.two(11) == 24 && plain.0[19..bytes.max(19)].iter().any(|b| (b'1'..=b'9').contains(b));
    if past_24 || Time::new(plain.two(11), plain.two(14), plain.two(17)).is_none() {
        return Err(Flaw::new(Code::DATE, 11, "no such time"));
    }
    Ok(())
}
