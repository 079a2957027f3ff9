//! Editing a number by a picture, and taking it out again.

use super::shape::{Float, Item, LONGEST, Picture};
use crate::code::Code;
use crate::fault::Flaw;
use crate::number::digits::Digits;

/// How characters look in the field's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// An EBCDIC page.
    pub ebcdic: bool,
    /// The byte of the currency sign, which differs between EBCDIC pages: `$` is 5B in 37 and E0 in 836.
    pub currency: u8,
}

impl Look {
    /// ASCII with `$`.
    pub const ASCII: Look = Look { ebcdic: false, currency: b'$' };
    /// EBCDIC with the `$` of page 37.
    pub const EBCDIC: Look = Look { ebcdic: true, currency: 0x5B };

    /// The byte of a character of an edited number; `$` is the currency sign, whatever it looks like.
    fn byte(self, character: u8) -> u8 {
        match character {
            b'$' => self.currency,
            _ if !self.ebcdic => character,
            b'0'..=b'9' => character | 0xF0,
            b' ' => 0x40,
            b'.' => 0x4B,
            b'+' => 0x4E,
            b'*' => 0x5C,
            b'-' => 0x60,
            b'/' => 0x61,
            b',' => 0x6B,
            b'B' => 0xC2,
            b'C' => 0xC3,
            b'D' => 0xC4,
            _ => 0xD9,
        }
    }
}

/// An edited number in ASCII.
struct Edited {
    text: [u8; LONGEST],
    length: usize,
}

impl Edited {
    fn push(&mut self, character: u8) {
        if let Some(slot) = self.text.get_mut(self.length) {
            *slot = character;
            self.length += 1;
        }
    }
}

impl Picture {
    /// Reads a whole field.
    pub fn read(&self, field: &[u8], look: Look) -> Result<Digits, Flaw> {
        if field.len() != self.bytes {
            return Err(Flaw::new(Code::LENGTH, 0, "the field has not the length of its picture"));
        }
        let mut number = Digits::ZERO;
        let first = number.values.len() - usize::from(self.digits);
        let mut slots = number.values[first..].iter_mut();
        let digit_zone = look.byte(b'0');
        let is = |at: usize, character| field.get(at) == Some(&look.byte(character));
        let mut at = 0;
        for item in &self.items {
            match item {
                Item::Digit | Item::Suppress(_) | Item::Float => {
                    let digit = field.get(at).map_or(0, |byte| byte ^ digit_zone);
                    if let (Some(slot), 0..=9) = (slots.next(), digit) {
                        *slot = digit;
                    }
                    number.negative |= *item == Item::Float && is(at, b'-');
                    at += 1;
                }
                Item::Sign(_) | Item::FloatStart => {
                    number.negative |= is(at, b'-');
                    at += 1;
                }
                Item::Credit(letters) => {
                    number.negative |= is(at, letters[0]);
                    at += 2;
                }
                Item::Implied => {}
                Item::Insert(_) => {
                    // A floating sign may stand where a comma was suppressed.
                    number.negative |= self.float != Some(Float::Currency) && self.float.is_some() && is(at, b'-');
                    at += 1;
                }
                Item::Point(_) | Item::Currency => at += 1,
            }
        }
        let edited = self.edit(&number);
        let differs = |(at, byte): (usize, &u8)| *byte != look.byte(edited.text[at]);
        match field.iter().enumerate().position(differs) {
            None => Ok(number),
            Some(at) => Err(self.flaw(at, field[at], look, edited.text[at])),
        }
    }

    /// Appends a number.
    pub fn write(&self, number: &Digits, look: Look, out: &mut Vec<u8>) -> Result<(), Flaw> {
        number.last(self.digits)?;
        if !self.is_signed() {
            number.refuse_negative()?;
        }
        let edited = self.edit(number);
        out.extend(edited.text[..edited.length].iter().map(|character| look.byte(*character)));
        Ok(())
    }

    /// The number in its characters; only as many digits as the picture has are looked at.
    fn edit(&self, number: &Digits) -> Edited {
        let mut edited = Edited { text: [b' '; LONGEST], length: 0 };
        let values = &number.values[number.values.len() - usize::from(self.digits)..];
        let zero = values.iter().all(|d| *d == 0);
        let negative = number.negative && !zero;
        if zero && (self.blank_when_zero || !self.items.contains(&Item::Digit)) {
            return self.edit_zero(edited);
        }
        let mut values = values.iter().copied();
        let float = match self.float {
            Some(Float::Plus) => {
                if negative {
                    b'-'
                } else {
                    b'+'
                }
            }
            Some(Float::Minus) if negative => b'-',
            Some(Float::Currency) => b'$',
            _ => b' ',
        };
        // Until a digit is shown, what the suppression covers is filled.
        let (mut fill, mut started) = (None, false);
        for item in &self.items {
            let digit = match item {
                Item::Digit | Item::Suppress(_) | Item::Float => values.next().unwrap_or(0),
                _ => 0,
            };
            let starts = match item {
                Item::Digit | Item::Point(_) | Item::Implied => true,
                Item::Suppress(_) | Item::Float => digit != 0,
                _ => false,
            };
            if starts && !started {
                started = true;
                if let (Some(_), Some(before)) = (self.float, edited.text.get_mut(edited.length.wrapping_sub(1))) {
                    *before = float;
                }
            }
            match item {
                Item::Digit => edited.push(b'0' + digit),
                Item::Suppress(_) | Item::Float if started => edited.push(b'0' + digit),
                Item::Suppress(character) => {
                    fill = Some(*character);
                    edited.push(*character);
                }
                Item::FloatStart | Item::Float => {
                    fill = Some(b' ');
                    edited.push(b' ');
                }
                Item::Insert(character) => edited.push(fill.filter(|_| !started).unwrap_or(*character)),
                Item::Point(character) => edited.push(*character),
                Item::Implied => {}
                Item::Sign(plus) => edited.push(match (negative, plus) {
                    (true, _) => b'-',
                    (false, true) => b'+',
                    (false, false) => b' ',
                }),
                Item::Credit(letters) => letters.iter().for_each(|c| edited.push(if negative { *c } else { b' ' })),
                Item::Currency => edited.push(b'$'),
            }
        }
        edited
    }

    /// Zero where no digit must be shown: blanks, or asterisks about the point.
    fn edit_zero(&self, mut edited: Edited) -> Edited {
        let stars = self.items.contains(&Item::Suppress(b'*')) && !self.blank_when_zero;
        let fill = if stars { b'*' } else { b' ' };
        for item in &self.items {
            match item {
                Item::Implied => {}
                Item::Point(character) if stars => edited.push(*character),
                Item::Credit(_) => [fill; 2].into_iter().for_each(|c| edited.push(c)),
                _ => edited.push(fill),
            }
        }
        edited
    }

    /// What is wrong at a byte that editing would have written otherwise.
    fn flaw(&self, at: usize, found: u8, look: Look, wanted: u8) -> Flaw {
        let signs = b"+-CRDB".map(|character| look.byte(character));
        let letters = matches!(wanted, b'+' | b'-' | b'C' | b'R' | b'D' | b'B');
        if letters || signs.contains(&found) {
            return Flaw::new(Code::SIGN, at, "the sign is not where and what the picture says");
        }
        Flaw::new(Code::ZONE, at, "not the character that the picture has here")
    }
}
