//! Numbers as people write them: sign and decimal point in the text, blanks around. Delimited files (CPYTOIMPF), CSV.
//!
//! Blanks may stand in front and behind, one sign `+` or `-` directly before or directly behind the digits, one point.
//! `.5` and `5.` are numbers, `.` is none. Zeros beyond the field's decimals are no loss, other digits there are a fault,
//! as are more digits than the field has: nothing is rounded or cut. No thousands separators and no exponents; edited
//! numbers are read by their picture. CPYTOIMPF writes decimals with the point of its DECPNT parameter and leading
//! blanks unless RMVBLANK says otherwise (CL, "Copy To Import File").

use super::digits::Digits;
use super::swar;
use crate::code::Code;
use crate::fault::Flaw;

/// The form of a field or column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explicit {
    /// Most digits, the decimals counted.
    pub digits: u8,
    /// Digits behind the point.
    pub decimals: u8,
    /// The decimal point in ASCII: `.` or `,`.
    pub point: u8,
    /// Characters of EBCDIC pages.
    pub ebcdic: bool,
}

/// A number taken apart: what is around the digits, and where they stand in the field.
struct Parts<'a> {
    minus: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    whole_at: usize,
    fraction_at: usize,
}

impl Explicit {
    const fn zone(self) -> u8 {
        if self.ebcdic { 0xF0 } else { b'0' }
    }

    const fn blank(self) -> u8 {
        if self.ebcdic { 0x40 } else { b' ' }
    }

    /// Plus and minus.
    const fn signs(self) -> [u8; 2] {
        if self.ebcdic { [0x4E, 0x60] } else { *b"+-" }
    }

    const fn mark(self) -> u8 {
        match (self.ebcdic, self.point) {
            (false, point) => point,
            (true, b',') => 0x6B,
            (true, _) => 0x4B,
        }
    }

    /// Reads a whole field of up to 18 digits; nothing if anything is wrong.
    #[inline]
    pub fn narrow(self, field: &[u8]) -> Option<i64> {
        let parts = self.parts(field).ok()?;
        let scale = usize::from(self.decimals);
        if self.digits > 18 || parts.fraction.len() > scale || parts.whole.len() + scale > usize::from(self.digits) {
            return None;
        }
        let zone = self.zone();
        let power = |places: usize| 10u64.pow(places as u32);
        let whole = swar::eighteen(parts.whole, zone)? * power(scale);
        let fraction = swar::eighteen(parts.fraction, zone)? * power(scale - parts.fraction.len());
        let value = (whole + fraction) as i64;
        Some(if parts.minus { -value } else { value })
    }

    /// Reads a whole field of any number of digits; the number is without its point.
    pub fn read(self, field: &[u8]) -> Result<Digits, Flaw> {
        let parts = self.parts(field)?;
        let digit = |b: &u8| (*b ^ self.zone() < 10).then_some(*b ^ self.zone());
        let bad = |bytes: &[u8], at| {
            bytes.iter().position(|b| digit(b).is_none()).map(|i| Flaw::new(Code::ZONE, at + i, DIGIT))
        };
        if let Some(flaw) = bad(parts.whole, parts.whole_at).or_else(|| bad(parts.fraction, parts.fraction_at)) {
            return Err(flaw);
        }
        let scale = usize::from(self.decimals);
        let fine = parts.fraction.iter().skip(scale).position(|b| digit(b) != Some(0));
        if let Some(at) = fine {
            return Err(Flaw::new(Code::TOO_LONG, parts.fraction_at + scale + at, "more decimals than the field has"));
        }
        let kept = parts.whole.iter().chain(parts.fraction.iter().take(scale)).filter_map(digit);
        let zeros = std::iter::repeat_n(0, scale.saturating_sub(parts.fraction.len()));
        let all = kept.chain(zeros).skip_while(|d| *d == 0);
        let count = all.clone().count();
        let mut number = Digits { negative: parts.minus && count > 0, ..Digits::ZERO };
        let start = number.values.len().checked_sub(count).filter(|_| count <= usize::from(self.digits));
        let start = start.ok_or(Flaw::new(Code::TOO_LONG, parts.whole_at, "more digits than the field has"))?;
        number.values[start..].iter_mut().zip(all).for_each(|(slot, digit)| *slot = digit);
        Ok(number)
    }

    /// Appends a number as `-123.45`, with all its decimals and, up to `width` bytes, blanks in front.
    pub fn write(self, number: &Digits, width: usize, out: &mut Vec<u8>) -> Result<(), Flaw> {
        number.last(self.digits)?;
        let mut text = String::new();
        Digits { negative: number.is_negative(), ..*number }.write(self.decimals, &mut text);
        if width > 0 && text.len() > width {
            return Err(Flaw::new(Code::TOO_LONG, 0, "the number has more characters than its field"));
        }
        out.resize(out.len() + width.saturating_sub(text.len()), self.blank());
        out.extend(text.bytes().map(|byte| match byte {
            b'.' => self.mark(),
            b'-' => self.signs()[1],
            digit => self.zone() | (digit & 15),
        }));
        Ok(())
    }

    #[inline]
    fn parts(self, field: &[u8]) -> Result<Parts<'_>, Flaw> {
        let blank = |b: &u8| *b == self.blank();
        let front = field.iter().take_while(|b| blank(b)).count();
        let behind = field.iter().rev().take_while(|b| blank(b)).count();
        let Some(text) = field.get(front..field.len().saturating_sub(behind)).filter(|text| !text.is_empty()) else {
            return Err(Flaw::new(Code::ZONE, 0, "no number but blanks"));
        };
        let [plus, minus] = self.signs();
        let sign = |b: &u8| *b == plus || *b == minus;
        let (mut start, mut end, mut is_minus) = (0, text.len(), false);
        if let Some(first) = text.first().filter(|b| sign(b)) {
            (start, is_minus) = (1, *first == minus);
        }
        if let Some(last) = text.last().filter(|b| end > start && sign(b)) {
            if start == 1 {
                return Err(Flaw::new(Code::SIGN, front + end - 1, "a second sign"));
            }
            (end, is_minus) = (end - 1, *last == minus);
        }
        let digits = &text[start..end];
        let whole_at = front + start;
        let point = digits.iter().position(|b| *b == self.mark());
        let (whole, fraction) = match point {
            Some(at) => (&digits[..at], &digits[at + 1..]),
            None => (digits, &[][..]),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(Flaw::new(Code::ZONE, whole_at.min(field.len() - 1), "no digit"));
        }
        let fraction_at = whole_at + point.map_or(digits.len(), |at| at + 1);
        Ok(Parts { minus: is_minus, whole, fraction, whole_at, fraction_at })
    }
}

const DIGIT: &str = super::outcome::DIGIT;
