//! Date, time and timestamp fields (L, T, Z): characters of the field's page.
//!
//! A date's text is `yyyy-mm-dd` and a time's `hh:mm:ss`, whatever the format in the file; a timestamp's is IBM's own
//! `yyyy-mm-dd-hh.mm.ss.ffffff`. Two-digit years mean 1940 to 2039. Hour 24 is legal when nothing follows it, as on
//! IBM i. Separators are those of the format; for the formats with a two-digit year `/` `-` `.` `,` and blank are read.

use super::{Date, digits};
use crate::code::Code;
use crate::fault::Flaw;
use crate::layout::{DateFormat, TimeFormat};
use crate::number::Parsed;
use crate::number::outcome::fail;
use nom::bytes::complete::take;

/// Bytes of a date.
pub const fn date_bytes(format: DateFormat) -> usize {
    match format {
        DateFormat::Iso | DateFormat::Usa | DateFormat::Eur | DateFormat::Jis => 10,
        DateFormat::Mdy | DateFormat::Dmy | DateFormat::Ymd => 8,
        DateFormat::Jul => 6,
    }
}

/// Bytes of a time, in every format.
pub const TIME_BYTES: usize = 8;

/// Bytes of a timestamp.
pub const fn timestamp_bytes(fraction: u8) -> usize {
    if fraction == 0 { 19 } else { 20 + fraction as usize }
}

/// The characters dates are written with, as ASCII; 0 for all others.
const ASCII_OF_EBCDIC: [u8; 256] = {
    let mut table = [0; 256];
    let known = [(0x40, b' '), (0x4B, b'.'), (0x60, b'-'), (0x61, b'/'), (0x6B, b','), (0x7A, b':')];
    let letters = [(0xC1, b'A'), (0xD7, b'P'), (0xD4, b'M')];
    let mut at = 0;
    while at < known.len() {
        table[known[at].0] = known[at].1;
        at += 1;
    }
    at = 0;
    while at < letters.len() {
        table[letters[at].0] = letters[at].1;
        at += 1;
    }
    at = 0;
    while at < 10 {
        table[0xF0 + at] = b'0' + at as u8;
        at += 1;
    }
    table
};

/// A field in ASCII; the longest is a timestamp of 32 bytes.
struct Plain([u8; 32]);

impl Plain {
    fn of(bytes: &[u8], ebcdic: bool) -> Plain {
        let mut plain = [0; 32];
        for (slot, byte) in plain.iter_mut().zip(bytes) {
            *slot = if ebcdic { ASCII_OF_EBCDIC[usize::from(*byte)] } else { *byte };
        }
        Plain(plain)
    }

    /// Checks a picture: 9 is a digit, `s` a separator of the two-digit-year formats, anything else is itself.
    fn fits(&self, picture: &[u8]) -> Result<(), Flaw> {
        let fits = |(byte, mark): (&u8, &u8)| match mark {
            b'9' => byte.is_ascii_digit(),
            b's' => b"/-., ".contains(byte),
            mark => byte == mark,
        };
        match self.0.iter().zip(picture).position(|pair| !fits(pair)) {
            Some(at) => Err(Flaw::new(Code::DATE, at, "not a digit or separator of its format")),
            None => Ok(()),
        }
    }

    fn number(&self, at: usize, count: usize) -> u16 {
        self.0.get(at..at + count).and_then(digits).and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
    }
}

/// Reads a date; its text is appended.
pub fn date<'a>(input: &'a [u8], format: DateFormat, ebcdic: bool, out: &mut String) -> Parsed<'a, ()> {
    let (rest, field) = take(date_bytes(format))(input)?;
    let plain = Plain::of(field, ebcdic);
    let picture: &[u8] = match format {
        DateFormat::Iso | DateFormat::Jis => b"9999-99-99",
        DateFormat::Usa => b"99/99/9999",
        DateFormat::Eur => b"99.99.9999",
        DateFormat::Mdy | DateFormat::Dmy | DateFormat::Ymd => b"99s99s99",
        DateFormat::Jul => b"99s999",
    };
    plain.fits(picture).map_err(nom::Err::Error)?;
    let n = |at, count| plain.number(at, count);
    let part = |at| plain.number(at, 2) as u8;
    let found = match format {
        DateFormat::Iso | DateFormat::Jis => Date::new(n(0, 4), part(5), part(8)),
        DateFormat::Usa => Date::new(n(6, 4), part(0), part(3)),
        DateFormat::Eur => Date::new(n(6, 4), part(3), part(0)),
        DateFormat::Mdy => Date::new(full_year(n(6, 2)), part(0), part(3)),
        DateFormat::Dmy => Date::new(full_year(n(6, 2)), part(3), part(0)),
        DateFormat::Ymd => Date::new(full_year(n(0, 2)), part(3), part(6)),
        DateFormat::Jul => Date::from_ordinal(full_year(n(0, 2)), n(3, 3)),
    };
    match found {
        Some(_) if matches!(format, DateFormat::Iso | DateFormat::Jis) => push_ascii(&plain.0[..10], out),
        Some(date) => push_ascii(&iso(date), out),
        None => return fail(Code::DATE, 0, "no such day"),
    }
    Ok((rest, ()))
}

/// Appends a date given as `yyyy-mm-dd`.
pub fn write_date(text: &str, format: DateFormat, ebcdic: bool, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let date = Date::parse(text).ok_or(Flaw::new(Code::DATE, 0, "not a date yyyy-mm-dd"))?;
    let Date { year, month, day } = date;
    let short = year % 100;
    let two_digits = !matches!(format, DateFormat::Iso | DateFormat::Jis | DateFormat::Usa | DateFormat::Eur);
    if two_digits && full_year(short) != year {
        return Err(Flaw::new(Code::DATE, 0, "the year is not within 1940 to 2039"));
    }
    let text = match format {
        DateFormat::Iso | DateFormat::Jis => date.to_string(),
        DateFormat::Usa => format!("{month:02}/{day:02}/{year:04}"),
        DateFormat::Eur => format!("{day:02}.{month:02}.{year:04}"),
        DateFormat::Mdy => format!("{month:02}/{day:02}/{short:02}"),
        DateFormat::Dmy => format!("{day:02}/{month:02}/{short:02}"),
        DateFormat::Ymd => format!("{short:02}/{month:02}/{day:02}"),
        DateFormat::Jul => format!("{short:02}/{:03}", date.ordinal()),
    };
    write_plain(&text, ebcdic, out);
    Ok(())
}

/// Reads a time; its text is appended.
pub fn time<'a>(input: &'a [u8], format: TimeFormat, ebcdic: bool, out: &mut String) -> Parsed<'a, ()> {
    let (rest, field) = take(TIME_BYTES)(input)?;
    let plain = Plain::of(field, ebcdic);
    let half = plain.0[6];
    let picture: &[u8] = match format {
        TimeFormat::Iso | TimeFormat::Eur => b"99.99.99",
        TimeFormat::Jis | TimeFormat::Hms => b"99:99:99",
        TimeFormat::Usa if half == b'P' => b"99:99 PM",
        TimeFormat::Usa => b"99:99 AM",
    };
    plain.fits(picture).map_err(nom::Err::Error)?;
    let (mut hour, minute) = (plain.number(0, 2), plain.number(3, 2));
    let second = if format == TimeFormat::Usa { 0 } else { plain.number(6, 2) };
    if format == TimeFormat::Usa {
        if !(1..=12).contains(&hour) {
            return fail(Code::DATE, 0, "no such time");
        }
        hour = hour % 12 + if half == b'P' { 12 } else { 0 };
    }
    if !is_time(hour, minute, second) {
        return fail(Code::DATE, 0, "no such time");
    }
    let two = |n: u16| [b'0' + (n / 10) as u8, b'0' + (n % 10) as u8];
    let ([a, b], [c, d], [e, f]) = (two(hour), two(minute), two(second));
    push_ascii(&[a, b, b':', c, d, b':', e, f], out);
    Ok((rest, ()))
}

/// Appends a time given as `hh:mm:ss`.
pub fn write_time(text: &str, format: TimeFormat, ebcdic: bool, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let flaw = Flaw::new(Code::DATE, 0, "not a time hh:mm:ss");
    let plain = Plain::of(text.as_bytes(), false);
    plain.fits(b"99:99:99").map_err(|_| flaw)?;
    let (hour, minute, second) = (plain.number(0, 2), plain.number(3, 2), plain.number(6, 2));
    if text.len() != TIME_BYTES || !is_time(hour, minute, second) {
        return Err(flaw);
    }
    let written = match format {
        TimeFormat::Iso | TimeFormat::Eur => text.replace(':', "."),
        TimeFormat::Jis | TimeFormat::Hms => text.to_owned(),
        TimeFormat::Usa if second != 0 || hour == 24 => {
            return Err(Flaw::new(Code::TOO_LONG, 0, "*USA times have no seconds and no hour 24"));
        }
        TimeFormat::Usa => {
            let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
            format!("{twelve:02}:{minute:02} {}M", if hour < 12 { 'A' } else { 'P' })
        }
    };
    write_plain(&written, ebcdic, out);
    Ok(())
}

const TIMESTAMP: &[u8; 32] = b"9999-99-99-99.99.99.999999999999";

/// Reads a timestamp; its text is appended.
pub fn timestamp<'a>(input: &'a [u8], fraction: u8, ebcdic: bool, out: &mut String) -> Parsed<'a, ()> {
    let bytes = timestamp_bytes(fraction);
    let (rest, field) = take(bytes)(input)?;
    let plain = Plain::of(field, ebcdic);
    check_timestamp(&plain, bytes).map_err(nom::Err::Error)?;
    push_ascii(&plain.0[..bytes], out);
    Ok((rest, ()))
}

/// Appends a timestamp given in IBM's form.
pub fn write_timestamp(text: &str, fraction: u8, ebcdic: bool, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let bytes = timestamp_bytes(fraction);
    if text.len() != bytes {
        return Err(Flaw::new(Code::DATE, 0, "not a timestamp yyyy-mm-dd-hh.mm.ss with its fraction"));
    }
    check_timestamp(&Plain::of(text.as_bytes(), false), bytes).map_err(|f| Flaw { at: 0, ..f })?;
    write_plain(text, ebcdic, out);
    Ok(())
}

fn check_timestamp(plain: &Plain, bytes: usize) -> Result<(), Flaw> {
    plain.fits(&TIMESTAMP[..bytes])?;
    let part = |at| plain.number(at, 2);
    if Date::new(plain.number(0, 4), part(5) as u8, part(8) as u8).is_none() {
        return Err(Flaw::new(Code::DATE, 0, "no such day"));
    }
    let past_24 = part(11) == 24 && plain.0[19..bytes.max(19)].iter().any(|b| (b'1'..=b'9').contains(b));
    if past_24 || !is_time(part(11), part(14), part(17)) {
        return Err(Flaw::new(Code::DATE, 11, "no such time"));
    }
    Ok(())
}

fn is_time(hour: u16, minute: u16, second: u16) -> bool {
    (hour < 24 && minute < 60 && second < 60) || (hour == 24 && minute == 0 && second == 0)
}

/// 40 to 99 are 19xx, 00 to 39 are 20xx.
fn full_year(short: u16) -> u16 {
    if short >= 40 { 1900 + short } else { 2000 + short }
}

fn iso(date: Date) -> [u8; 10] {
    let digit = |n: u16| b'0' + (n % 10) as u8;
    let (y, m, d) = (date.year, u16::from(date.month), u16::from(date.day));
    let year = [digit(y / 1000), digit(y / 100), digit(y / 10), digit(y)];
    [year[0], year[1], year[2], year[3], b'-', digit(m / 10), digit(m), b'-', digit(d / 10), digit(d)]
}

fn push_ascii(bytes: &[u8], out: &mut String) {
    out.push_str(std::str::from_utf8(bytes).unwrap_or_default());
}

fn write_plain(text: &str, ebcdic: bool, out: &mut Vec<u8>) {
    if !ebcdic {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let byte = |c: u8| ASCII_OF_EBCDIC.iter().position(|a| *a == c).unwrap_or(0x40) as u8;
    out.extend(text.bytes().map(byte));
}
