//! Dates, times and timestamps of every form, both ways, and what stands for "no date".
//!
//! Cells hold `yyyy-mm-dd`, `hh:mm:ss` and IBM's timestamp, whatever the form in the file; numbers that mean a date are
//! text cells like any other date.

use super::number;
use super::plan::Step;
use super::row::Cell;
use crate::code::Code;
use crate::date::form::Year;
use crate::date::{Date, Meaning, Sentinel, Time};
use crate::fault::Flaw;
use crate::layout::{Kind, NumericMoment, Rules};
use crate::number::Digits;

pub(super) const REFUSED: Flaw =
    Flaw::new(Code::DATE, 0, "a value that stands for no date, which this field must have");
const NO_DAY: Flaw = Flaw::new(Code::DATE, 0, "not a date yyyy-mm-dd");
const NO_TIME: Flaw = Flaw::new(Code::DATE, 0, "not a time hh:mm:ss");
const NO_STANDIN: Flaw = Flaw::new(Code::MANDATORY, 0, "the field has no value, and nothing stands for none");

/// Reads a date, time or timestamp.
pub(super) fn read(step: &Step, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<Cell, Flaw> {
    let ebcdic = step.page.is_ebcdic();
    match rules.no_date.judge(Sentinel::of_bytes(bytes, ebcdic)) {
        Meaning::Null => return Ok(Cell::Null),
        Meaning::Refused => return Err(REFUSED),
        Meaning::Value => {}
    }
    let start = out.len() as u32;
    match step.kind {
        Kind::Date(form) => return day(form.read(bytes, ebcdic, rules.window)?, rules, out),
        Kind::Time(form) => out.push_str(&form.read(bytes, ebcdic)?.to_string()),
        Kind::Timestamp { fraction } => {
            rules.timestamp.read(bytes, fraction, ebcdic, out)?;
            let date = out.get(start as usize..start as usize + 10).and_then(Date::parse);
            match rules.no_date.judge(date.and_then(Sentinel::of_date)) {
                Meaning::Null => {
                    out.truncate(start as usize);
                    return Ok(Cell::Null);
                }
                Meaning::Refused => return Err(REFUSED),
                Meaning::Value => {}
            }
        }
        _ => return Err(NO_DAY),
    }
    Ok(Cell::Text(start, out.len() as u32))
}

/// Reads a number that means a date or time.
pub(super) fn read_number(
    step: &Step,
    rules: &Rules,
    moment: NumericMoment,
    bytes: &[u8],
    out: &mut String,
) -> Result<Cell, Flaw> {
    if rules.no_date.judge(Sentinel::of_bytes(bytes, step.page.is_ebcdic())) == Meaning::Null {
        return Ok(Cell::Null);
    }
    meant(step, rules, moment, number::whole(step, rules, bytes)?, out)
}

/// The date or time that a number means.
pub(super) fn meant(
    step: &Step,
    rules: &Rules,
    moment: NumericMoment,
    value: i128,
    out: &mut String,
) -> Result<Cell, Flaw> {
    let digits = step.kind.digits().map_or(0, |(digits, _)| digits);
    // 99999999 is eight nines in a field of nine digits, too.
    let digits = match moment {
        NumericMoment::Date(form) => digits.min(form.digits() as u8),
        NumericMoment::Hms6 => digits.min(6),
        NumericMoment::Hm4 => digits.min(4),
    };
    match rules.no_date.judge(Sentinel::of_number(value, digits)) {
        Meaning::Null => return Ok(Cell::Null),
        Meaning::Refused => return Err(REFUSED),
        Meaning::Value => {}
    }
    let start = out.len() as u32;
    let time = match moment {
        NumericMoment::Date(form) => return day(form.from_number(value, rules.window)?, rules, out),
        NumericMoment::Hms6 => Time::from_hms6(value),
        NumericMoment::Hm4 => Time::from_hm4(value),
    };
    out.push_str(&time.ok_or(Flaw::new(Code::DATE, 0, "no such time"))?.to_string());
    Ok(Cell::Text(start, out.len() as u32))
}

fn day(date: Date, rules: &Rules, out: &mut String) -> Result<Cell, Flaw> {
    match rules.no_date.judge(Sentinel::of_date(date)) {
        Meaning::Null => return Ok(Cell::Null),
        Meaning::Refused => return Err(REFUSED),
        Meaning::Value => {}
    }
    let start = out.len() as u32;
    out.push_str(std::str::from_utf8(&date.to_iso()).unwrap_or_default());
    Ok(Cell::Text(start, out.len() as u32))
}

/// Appends a date, time or timestamp given as its cell's text.
pub(super) fn write(step: &Step, rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let ebcdic = step.page.is_ebcdic();
    match step.kind {
        Kind::Date(form) => form.write(Date::parse(text).ok_or(NO_DAY)?, ebcdic, rules.window, out),
        Kind::Time(form) => form.write(Time::parse(text).ok_or(NO_TIME)?, ebcdic, out),
        Kind::Timestamp { fraction } => rules.timestamp.write(text, fraction, ebcdic, out),
        _ => Err(NO_DAY),
    }
}

/// Appends a number that means a date or time.
pub(super) fn write_number(
    step: &Step,
    rules: &Rules,
    moment: NumericMoment,
    text: &str,
    out: &mut Vec<u8>,
) -> Result<(), Flaw> {
    let value = match moment {
        NumericMoment::Date(form) => form.to_number(Date::parse(text).ok_or(NO_DAY)?, rules.window)?,
        NumericMoment::Hms6 => Time::parse(text).ok_or(NO_TIME)?.to_hms6(),
        NumericMoment::Hm4 => {
            let time = Time::parse(text).ok_or(NO_TIME)?;
            time.to_hm4().ok_or(Flaw::new(Code::TOO_LONG, 0, "the field has no place for seconds"))?
        }
    };
    number::write(step, rules, &Digits::of(value), out)
}

/// Appends what stands for "no date": the first of the field's stand-ins that can be written.
pub(super) fn write_none(step: &Step, rules: &Rules, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let start = out.len();
    for sentinel in rules.no_date.nulls() {
        if put(step, rules, sentinel, out).is_ok() {
            return Ok(());
        }
        out.truncate(start);
    }
    Err(NO_STANDIN)
}

fn put(step: &Step, rules: &Rules, sentinel: Sentinel, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let fill = |byte: u8, out: &mut Vec<u8>| {
        out.resize(out.len() + step.bytes, byte);
        Ok(())
    };
    let day = match sentinel {
        Sentinel::FirstDay => "0001-01-01",
        Sentinel::LastDay => "9999-12-31",
        Sentinel::Blanks => return fill(step.page.blank(), out),
        Sentinel::LowValues => return fill(0, out),
        Sentinel::HighValues => return fill(0xFF, out),
        Sentinel::Zero | Sentinel::Nines => {
            let nines = sentinel == Sentinel::Nines;
            let Some(moment) = rules.moment else { return digits(step, rules, nines, out) };
            let digits = match moment {
                NumericMoment::Date(form) => form.digits() as u32,
                NumericMoment::Hms6 => 6,
                NumericMoment::Hm4 => 4,
            };
            let value = if nines { 10i128.pow(digits.min(37)) - 1 } else { 0 };
            return number::write(step, rules, &Digits::of(value), out);
        }
    };
    match rules.moment {
        Some(moment) => write_number(step, rules, moment, day, out),
        None => day_in(step, rules, day, out),
    }
}

/// The field's form with all digits 0 or 9 and its separators, as a program that knows no dates edits such a number.
fn digits(step: &Step, rules: &Rules, nines: bool, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let start = out.len();
    let ebcdic = step.page.is_ebcdic();
    match step.kind {
        Kind::Date(form) => {
            // Any day that the form can write.
            let year = if form.year == Year::Two { rules.window.base() } else { 2000 };
            form.write(Date { year, month: 1, day: 1 }, ebcdic, rules.window, out)?;
        }
        _ => day_in(step, rules, "2000-01-01", out)?,
    }
    let zone = if ebcdic { 0xF0 } else { b'0' };
    let digit = zone + if nines { 9 } else { 0 };
    for byte in out[start..].iter_mut().filter(|byte| **byte ^ zone < 10) {
        *byte = digit;
    }
    Ok(())
}

/// A day in the field's form, at midnight.
fn day_in(step: &Step, rules: &Rules, day: &str, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let Kind::Timestamp { fraction } = step.kind else { return write(step, rules, day, out) };
    let zeros = "000000000000";
    let point = if fraction == 0 { "" } else { "." };
    let fraction = zeros.get(..fraction.into()).unwrap_or(zeros);
    write(step, rules, &format!("{day}-00.00.00{point}{fraction}"), out)
}
