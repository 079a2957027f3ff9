//! Times of day: the forms of IBM i, as characters and as a number.
//!
//! Hour 24 is legal when nothing follows it, as on IBM i. *USA has no seconds, and two midnights: `00:00 AM` is 00.00.00
//! and `12:00 AM` is 24.00.00 (Db2 for i SQL Reference, "String representations of times"; ILE RPG gives them as *LOVAL
//! and *HIVAL). Forms and separators: ILE RPG
//! Reference, "Time Data Type".

use super::form::Separator;
use super::plain::{self, Plain, push_digits};
use crate::code::Code;
use crate::fault::Flaw;
use std::fmt;

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    /// 0 to 24.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

/// A form of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeForm {
    /// `hh:mm:ss` with this separator, or `hhmmss`.
    Hms(Separator),
    /// `hh:mm AM`
    Usa,
}

const NO_TIME: Flaw = Flaw::new(Code::DATE, 0, "no such time");

impl Time {
    /// The time, if there is one.
    pub fn new(hour: u8, minute: u8, second: u8) -> Option<Time> {
        let good = (hour < 24 && minute < 60 && second < 60) || (hour == 24 && minute == 0 && second == 0);
        good.then_some(Time { hour, minute, second })
    }

    /// From 6S0 or 6P0, `hhmmss`.
    pub fn from_hms6(number: i128) -> Option<Time> {
        let number = u32::try_from(number).ok().filter(|n| *n <= 999_999)?;
        Time::new((number / 10_000) as u8, (number / 100 % 100) as u8, (number % 100) as u8)
    }

    /// From 4S0 or 4P0, `hhmm`.
    pub fn from_hm4(number: i128) -> Option<Time> {
        let number = u32::try_from(number).ok().filter(|n| *n <= 9_999)?;
        Time::new((number / 100) as u8, (number % 100) as u8, 0)
    }

    /// From `hh:mm:ss`.
    pub fn parse(text: &str) -> Option<Time> {
        TimeForm::Hms(Separator::Only(b':')).read(text.as_bytes(), false).ok()
    }

    /// `hhmmss`.
    pub fn to_hms6(self) -> i128 {
        i128::from(self.hour) * 10_000 + i128::from(self.minute) * 100 + i128::from(self.second)
    }

    /// `hhmm`, if there are no seconds.
    pub fn to_hm4(self) -> Option<i128> {
        (self.second == 0).then_some(i128::from(self.hour) * 100 + i128::from(self.minute))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }
}

impl TimeForm {
    /// `hh.mm.ss`
    pub const ISO: TimeForm = TimeForm::Hms(Separator::Only(b'.'));
    /// `hh.mm.ss`
    pub const EUR: TimeForm = TimeForm::ISO;
    /// `hh:mm:ss`
    pub const JIS: TimeForm = TimeForm::Hms(Separator::Only(b':'));
    /// `hh:mm:ss`; other separators are read
    pub const HMS: TimeForm = TimeForm::Hms(Separator::Any(b':'));
    /// `hh:mm AM`
    pub const USA: TimeForm = TimeForm::Usa;

    /// The form of an IBM name, with or without its asterisk: `*ISO`, `*HMS`; a zero at the end means no separators.
    pub fn named(name: &str) -> Option<TimeForm> {
        let name = name.strip_prefix('*').unwrap_or(name).to_ascii_uppercase();
        Some(TimeForm::Hms(match name.as_str() {
            "ISO" | "EUR" => Separator::Only(b'.'),
            "JIS" => Separator::Only(b':'),
            "HMS" => Separator::Any(b':'),
            "ISO0" | "EUR0" | "JIS0" | "HMS0" => Separator::None,
            "USA" => return Some(TimeForm::Usa),
            _ => return None,
        }))
    }

    /// Bytes of a field.
    pub const fn bytes(self) -> usize {
        if matches!(self, TimeForm::Hms(Separator::None)) { 6 } else { 8 }
    }

    /// Reads a field of exactly the form's bytes.
    pub fn read(self, field: &[u8], ebcdic: bool) -> Result<Time, Flaw> {
        if field.len() != self.bytes() {
            return Err(Flaw::new(Code::LENGTH, 0, "the field has not the length of its time format"));
        }
        let plain = Plain::of(field, ebcdic);
        let separator = match self {
            TimeForm::Usa => return read_usa(&plain),
            TimeForm::Hms(separator) => separator,
        };
        let mark = match separator {
            Separator::None => {
                plain.fits(b"999999")?;
                return Time::new(plain.two(0), plain.two(2), plain.two(4)).ok_or(NO_TIME);
            }
            Separator::Any(_) => {
                // *HMS may have what dates may, and its own colon.
                let own = plain.0[2] == b':';
                if own { b':' } else { b's' }
            }
            Separator::Only(mark) => mark,
        };
        plain.fits(&[b'9', b'9', mark, b'9', b'9', mark, b'9', b'9'])?;
        Time::new(plain.two(0), plain.two(3), plain.two(6)).ok_or(NO_TIME)
    }

    /// Appends a time.
    pub fn write(self, time: Time, ebcdic: bool, out: &mut Vec<u8>) -> Result<(), Flaw> {
        let start = out.len();
        let Time { hour, minute, second } = time;
        match self {
            TimeForm::Usa => {
                if second != 0 {
                    return Err(Flaw::new(Code::TOO_LONG, 0, "*USA times have no seconds"));
                }
                let twelve = if hour % 12 == 0 && (hour, minute) != (0, 0) { 12 } else { hour % 12 };
                push_digits(twelve.into(), 2, out);
                out.push(b':');
                push_digits(minute.into(), 2, out);
                out.extend(if hour % 24 < 12 { b" AM" } else { b" PM" });
            }
            TimeForm::Hms(separator) => {
                let mark = match separator {
                    Separator::None => None,
                    Separator::Any(mark) | Separator::Only(mark) => Some(mark),
                };
                push_digits(hour.into(), 2, out);
                out.extend(mark);
                push_digits(minute.into(), 2, out);
                out.extend(mark);
                push_digits(second.into(), 2, out);
            }
        }
        plain::to_page(out, start, ebcdic);
        Ok(())
    }
}

fn read_usa(plain: &Plain) -> Result<Time, Flaw> {
    let afternoon = plain.0[6] == b'P';
    plain.fits(if afternoon { b"99:99 PM" } else { b"99:99 AM" })?;
    let (hour, minute) = (plain.two(0), plain.two(3));
    let hour = match (hour, afternoon) {
        (0, false) if minute == 0 => 0,
        (12, false) if minute == 0 => 24,
        (12, _) => {
            if afternoon {
                12
            } else {
                0
            }
        }
        (1..=11, _) => hour + if afternoon { 12 } else { 0 },
        _ => return Err(NO_TIME),
    };
    Time::new(hour, minute, 0).ok_or(NO_TIME)
}
