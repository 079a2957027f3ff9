//! The forms of a date on IBM i: order of the parts, digits of the year, separator; as characters and as a number.
//!
//! Names and ranges are those of ILE RPG Reference, "Date Data Type", of DDS DATFMT for logical files (numeric dates
//! such as 6,0 `mmddyy`, and the month forms) and of CVTDAT (`*MDYY`, `*DMYY`, `*YYMD`): two digits of the year are a
//! [`Window`], a century digit is 1900 to 2899, four digits 0001 to 9999. Forms of months have day 1.
//!
//! A day that does not exist is wrong as a whole: its flaw is at the first byte.

use super::day::Date;
use super::plain::{self, Plain, SEPARATORS, push_digits};
use crate::code::Code;
use crate::fault::Flaw;
use crate::number::swar;

/// The hundred years that two digits mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    base: u16,
}

impl Window {
    /// 1940 to 2039, IBM's.
    pub const IBM: Window = Window { base: 1940 };

    /// The hundred years from `base` on; nothing if they are not all within 1 to 9999.
    pub fn from(base: u16) -> Option<Window> {
        (1..=9900).contains(&base).then_some(Window { base })
    }

    /// The first of the hundred years.
    pub fn base(self) -> u16 {
        self.base
    }

    /// The year that two digits mean.
    pub fn full(self, short: u16) -> u16 {
        self.base + (short + 100 - self.base % 100) % 100
    }

    /// Whether two digits can mean a year.
    pub fn holds(self, year: u16) -> bool {
        (self.base..self.base + 100).contains(&year)
    }
}

impl Default for Window {
    fn default() -> Window {
        Window::IBM
    }
}

/// Which part comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Year, month, day.
    Ymd,
    /// Month, day, year.
    Mdy,
    /// Day, month, year.
    Dmy,
    /// Year and day of the year.
    Ordinal,
    /// Year, month.
    Ym,
    /// Month, year.
    My,
}

/// How the year is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Year {
    /// `yy`
    Two,
    /// `yy`, and in front of the whole date a digit: 0 is 19, 1 is 20, up to 9.
    Century,
    /// `yyyy`
    Four,
}

/// What stands between the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Separator {
    /// Nothing.
    None,
    /// Any of `/` `-` `.` `,` and blank is read, and this one is written.
    Any(u8),
    /// This one only, in ASCII.
    Only(u8),
}

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateForm {
    /// Which part comes first.
    pub order: Order,
    /// How the year is written.
    pub year: Year,
    /// What stands between the parts.
    pub separator: Separator,
}

const NO_DAY: Flaw = Flaw::new(Code::DATE, 0, "no such day");

/// Name, order, year, separator.
const NAMES: &[(&str, Order, Year, u8)] = &[
    ("ISO", Order::Ymd, Year::Four, b'-'),
    ("USA", Order::Mdy, Year::Four, b'/'),
    ("EUR", Order::Dmy, Year::Four, b'.'),
    ("JIS", Order::Ymd, Year::Four, b'-'),
    ("MDY", Order::Mdy, Year::Two, b'/'),
    ("DMY", Order::Dmy, Year::Two, b'/'),
    ("YMD", Order::Ymd, Year::Two, b'/'),
    ("JUL", Order::Ordinal, Year::Two, b'/'),
    ("CYMD", Order::Ymd, Year::Century, b'/'),
    ("CMDY", Order::Mdy, Year::Century, b'/'),
    ("CDMY", Order::Dmy, Year::Century, b'/'),
    ("LONGJUL", Order::Ordinal, Year::Four, b'/'),
    ("MDYY", Order::Mdy, Year::Four, b'/'),
    ("DMYY", Order::Dmy, Year::Four, b'/'),
    ("YYMD", Order::Ymd, Year::Four, b'/'),
    ("MY", Order::My, Year::Two, b'/'),
    ("YM", Order::Ym, Year::Two, b'/'),
    ("MYY", Order::My, Year::Four, b'/'),
    ("YYM", Order::Ym, Year::Four, b'/'),
];

impl DateForm {
    /// `yyyy-mm-dd`
    pub const ISO: DateForm = DateForm::of(Order::Ymd, Year::Four, Separator::Only(b'-'));
    /// `mm/dd/yyyy`
    pub const USA: DateForm = DateForm::of(Order::Mdy, Year::Four, Separator::Only(b'/'));
    /// `dd.mm.yyyy`
    pub const EUR: DateForm = DateForm::of(Order::Dmy, Year::Four, Separator::Only(b'.'));
    /// `yyyy-mm-dd`
    pub const JIS: DateForm = DateForm::ISO;
    /// `mm/dd/yy`
    pub const MDY: DateForm = DateForm::of(Order::Mdy, Year::Two, Separator::Any(b'/'));
    /// `dd/mm/yy`
    pub const DMY: DateForm = DateForm::of(Order::Dmy, Year::Two, Separator::Any(b'/'));
    /// `yy/mm/dd`
    pub const YMD: DateForm = DateForm::of(Order::Ymd, Year::Two, Separator::Any(b'/'));
    /// `yy/ddd`
    pub const JUL: DateForm = DateForm::of(Order::Ordinal, Year::Two, Separator::Any(b'/'));

    /// A form by its parts.
    pub const fn of(order: Order, year: Year, separator: Separator) -> DateForm {
        DateForm { order, year, separator }
    }

    /// The form of an IBM name, with or without its asterisk: `*ISO`, `*CYMD`. A zero at its end means no separators,
    /// as in RPG: `*ISO0`. The forms of four names have one separator only; the others read any.
    pub fn named(name: &str) -> Option<DateForm> {
        let name = name.strip_prefix('*').unwrap_or(name);
        let (name, bare) = name.strip_suffix('0').map_or((name, false), |name| (name, true));
        let (_, order, year, mark) = NAMES.iter().find(|row| row.0.eq_ignore_ascii_case(name))?;
        let separator = match name.to_ascii_uppercase().as_str() {
            _ if bare => Separator::None,
            "ISO" | "USA" | "EUR" | "JIS" => Separator::Only(*mark),
            _ => Separator::Any(*mark),
        };
        Some(DateForm { order: *order, year: *year, separator })
    }

    /// A form without separators: numeric dates.
    pub const fn bare(order: Order, year: Year) -> DateForm {
        DateForm { order, year, separator: Separator::None }
    }

    /// Digits of the form.
    pub const fn digits(self) -> usize {
        let year = match self.year {
            Year::Two => 2,
            Year::Century => 3,
            Year::Four => 4,
        };
        let rest = match self.order {
            Order::Ymd | Order::Mdy | Order::Dmy => 4,
            Order::Ordinal => 3,
            Order::Ym | Order::My => 2,
        };
        year + rest
    }

    /// Bytes of a field.
    pub const fn bytes(self) -> usize {
        let separators = match (self.separator, self.order) {
            (Separator::None, _) => 0,
            (_, Order::Ymd | Order::Mdy | Order::Dmy) => 2,
            _ => 1,
        };
        self.digits() + separators
    }

    /// Reads a field of exactly the form's bytes.
    pub fn read(self, field: &[u8], ebcdic: bool, window: Window) -> Result<Date, Flaw> {
        if field.len() != self.bytes() {
            return Err(Flaw::new(Code::LENGTH, 0, "the field has not the length of its date format"));
        }
        if let Some(date) = self.read_good(field, ebcdic) {
            return Ok(date);
        }
        let plain = Plain::of(field, ebcdic);
        let (mut at, mut number, mut bad) = (0, 0, None);
        self.walk(|piece| match piece {
            Piece::Mark(_) => {
                let good = match self.separator {
                    Separator::Only(mark) => plain.0[at] == mark,
                    _ => SEPARATORS.contains(&plain.0[at]),
                };
                bad = bad.or((!good).then_some(at));
                at += 1;
            }
            Piece::Digits(count, _) => {
                for byte in &plain.0[at..at + count] {
                    let digit = byte.wrapping_sub(b'0');
                    bad = bad.or((digit > 9).then_some(at));
                    number = number * 10 + u32::from(digit);
                    at += 1;
                }
            }
        });
        if let Some(at) = bad {
            return Err(plain::no_part(at));
        }
        self.day_of(number, window).ok_or(NO_DAY)
    }

    /// The short way for a good field with eight digits and its own separator.
    #[inline]
    fn read_good(self, field: &[u8], ebcdic: bool) -> Option<Date> {
        let f: &[u8; 10] = field.try_into().ok()?;
        let Separator::Only(mark) = self.separator else { return None };
        let (digits, marks) = match self.order {
            Order::Ymd => ([f[0], f[1], f[2], f[3], f[5], f[6], f[8], f[9]], [f[4], f[7]]),
            Order::Mdy | Order::Dmy => ([f[0], f[1], f[3], f[4], f[6], f[7], f[8], f[9]], [f[2], f[5]]),
            _ => return None,
        };
        let (zone, mark) = if ebcdic { (0xF0, plain::ebcdic(mark)) } else { (b'0', mark) };
        let number = swar::eight(&digits, zone).filter(|_| marks == [mark; 2])?;
        self.day_of(number as u32, Window::IBM)
    }

    /// Appends a date.
    pub fn write(self, date: Date, ebcdic: bool, window: Window, out: &mut Vec<u8>) -> Result<(), Flaw> {
        let year = self.short_year(date, window)?;
        let start = out.len();
        self.walk(|piece| match piece {
            Piece::Mark(mark) => out.push(mark),
            Piece::Digits(count, part) => {
                let number = match part {
                    Part::Century => u32::from(date.year).saturating_sub(1900) / 100,
                    Part::Year => year,
                    Part::Month => date.month.into(),
                    Part::Day if self.order == Order::Ordinal => date.ordinal().into(),
                    Part::Day => date.day.into(),
                };
                push_digits(number, count as u32, out);
            }
        });
        plain::to_page(out, start, ebcdic);
        Ok(())
    }

    /// Reads a number without decimals.
    pub fn from_number(self, number: i128, window: Window) -> Result<Date, Flaw> {
        let most = 10u32.checked_pow(self.digits() as u32).unwrap_or(u32::MAX);
        let number = u32::try_from(number).ok().filter(|n| *n < most).ok_or(NO_DAY)?;
        self.day_of(number, window).ok_or(NO_DAY)
    }

    /// The date as a number.
    pub fn to_number(self, date: Date, window: Window) -> Result<i128, Flaw> {
        let mut text = Vec::with_capacity(10);
        DateForm { separator: Separator::None, ..self }.write(date, false, window, &mut text)?;
        Ok(text.iter().fold(0, |n, b| n * 10 + i128::from(b & 15)))
    }

    /// Walks over the pieces in their order.
    #[inline]
    fn walk(self, mut step: impl FnMut(Piece)) {
        if self.year == Year::Century {
            step(Piece::Digits(1, Part::Century));
        }
        let year = Piece::Digits(if self.year == Year::Four { 4 } else { 2 }, Part::Year);
        let (month, day) = (Piece::Digits(2, Part::Month), Piece::Digits(2, Part::Day));
        let order: &[Piece] = match self.order {
            Order::Ymd => &[year, month, day],
            Order::Mdy => &[month, day, year],
            Order::Dmy => &[day, month, year],
            Order::Ordinal => &[year, Piece::Digits(3, Part::Day)],
            Order::Ym => &[year, month],
            Order::My => &[month, year],
        };
        for (index, piece) in order.iter().enumerate() {
            match self.separator {
                Separator::Any(mark) | Separator::Only(mark) if index > 0 => step(Piece::Mark(mark)),
                _ => {}
            }
            step(*piece);
        }
    }

    fn day_of(self, number: u32, window: Window) -> Option<Date> {
        let (century, number) = match self.year {
            Year::Century => {
                let power = 10u32.pow(self.digits() as u32 - 1);
                (Some(number / power), number % power)
            }
            _ => (None, number),
        };
        let year_places = if self.year == Year::Four { 10_000 } else { 100 };
        let (year, month, day) = match self.order {
            Order::Ymd => (number / 10_000, number / 100 % 100, number % 100),
            Order::Mdy => (number % year_places, number / year_places / 100, number / year_places % 100),
            Order::Dmy => (number % year_places, number / year_places % 100, number / year_places / 100),
            Order::Ordinal => (number / 1000, 0, number % 1000),
            Order::Ym => (number / 100, number % 100, 1),
            Order::My => (number % year_places, number / year_places, 1),
        };
        let year = match (self.year, century) {
            (Year::Four, _) => year as u16,
            (_, Some(century)) => (1900 + 100 * century + year) as u16,
            _ => window.full(year as u16),
        };
        if self.order == Order::Ordinal {
            return Date::from_ordinal(year, day as u16);
        }
        Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// The year's digits; a flaw if the form cannot hold the date.
    fn short_year(self, date: Date, window: Window) -> Result<u32, Flaw> {
        let year = u32::from(date.year);
        if matches!(self.order, Order::Ym | Order::My) && date.day != 1 {
            return Err(Flaw::new(Code::DATE, 0, "a month's date has day 1"));
        }
        match self.year {
            Year::Four => Ok(year),
            Year::Two if window.holds(date.year) => Ok(year % 100),
            Year::Two if window == Window::IBM => Err(Flaw::new(Code::DATE, 0, "the year is not within 1940 to 2039")),
            Year::Two => Err(Flaw::new(Code::DATE, 0, "the year is not within the hundred years of two digits")),
            Year::Century if (1900..2900).contains(&year) => Ok(year % 100),
            Year::Century => Err(Flaw::new(Code::DATE, 0, "the year is not within 1900 to 2899")),
        }
    }
}

/// What stands in a date: a separator, or so many digits of a part.
#[derive(Clone, Copy)]
enum Piece {
    Mark(u8),
    Digits(usize, Part),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Century,
    Year,
    Month,
    Day,
}
