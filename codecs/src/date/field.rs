//! Reading date, time and timestamp fields (L, T, Z) as IBM i has them, without rules of their own: characters of the
//! field's page. Writing, and all that rules change, is `record/moment.rs`.
//!
//! A date's text is `yyyy-mm-dd` and a time's `hh:mm:ss`, whatever the format in the file; a timestamp's is IBM's own.
//! Two-digit years mean 1940 to 2039. Separators are those of the format; for the formats with a two-digit year `/`
//! `-` `.` `,` and blank are read. The forms themselves are in [`super::form`], [`super::time`] and
//! [`super::timestamp`].

use super::form::{DateForm, Window};
use super::plain::push_ascii;
use super::time::TimeForm;
use super::timestamp::TimestampForm;
use crate::number::Parsed;
use nom::bytes::complete::take;

/// Bytes of a date.
pub const fn date_bytes(format: DateForm) -> usize {
    format.bytes()
}

/// Bytes of a time.
pub const fn time_bytes(format: TimeForm) -> usize {
    format.bytes()
}

/// Bytes of a timestamp.
pub const fn timestamp_bytes(fraction: u8) -> usize {
    TimestampForm::Ibm.bytes(fraction)
}

/// Reads a date; its text is appended.
pub fn date<'a>(input: &'a [u8], format: DateForm, ebcdic: bool, out: &mut String) -> Parsed<'a, ()> {
    let (rest, field) = take(date_bytes(format))(input)?;
    let date = format.read(field, ebcdic, Window::IBM).map_err(nom::Err::Error)?;
    push_ascii(&date.to_iso(), out);
    Ok((rest, ()))
}

/// Reads a time; its text is appended.
pub fn time<'a>(input: &'a [u8], format: TimeForm, ebcdic: bool, out: &mut String) -> Parsed<'a, ()> {
    let (rest, field) = take(time_bytes(format))(input)?;
    let time = format.read(field, ebcdic).map_err(nom::Err::Error)?;
    let two = |n: u8| [b'0' + n / 10, b'0' + n % 10];
    let ([a, b], [c, d], [e, f]) = (two(time.hour), two(time.minute), two(time.second));
    push_ascii(&[a, b, b':', c, d, b':', e, f], out);
    Ok((rest, ()))
}

/// Reads a timestamp; its text is appended.
pub fn timestamp<'a>(input: &'a [u8], fraction: u8, ebcdic: bool, out: &mut String) -> Parsed<'a, ()> {
    let (rest, field) = take(timestamp_bytes(fraction))(input)?;
    TimestampForm::Ibm.read(field, fraction, ebcdic, out).map_err(nom::Err::Error)?;
    Ok((rest, ()))
}
