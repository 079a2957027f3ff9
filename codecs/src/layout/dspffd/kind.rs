//! What a field of the outfile is: WHFLDT, with the bytes that decide over its digits.

use super::table::{Cell, Wrong, number};
use crate::date::form::Separator;
use crate::layout::check;
use crate::layout::{DateForm, Kind, Rules, TimeForm};

/// A kind with its rules.
pub(super) struct Read {
    pub(super) kind: Kind,
    pub(super) rules: Rules,
}

/// Reads the kind of a field of so many bytes, the two of VARLEN included; a warning where its digits do not fit them.
pub(super) fn read(cell: &dyn Fn(&str) -> Cell, bytes: usize, varlen: bool) -> Result<(Read, Option<String>), Wrong> {
    let letter = cell("WHFLDT");
    let at = letter.place;
    let content = if varlen {
        bytes.checked_sub(2).ok_or((cell("WHFLDB").place, "VARLEN has two length bytes".to_owned()))?
    } else {
        bytes
    };
    let decimals = number(&cell("WHFLDP"))?.unwrap_or(0);
    let decimals =
        u8::try_from(decimals).map_err(|_| (cell("WHFLDP").place, format!("{decimals} decimals are too many")))?;
    let digits = number(&cell("WHFLDD"))?.unwrap_or(0);
    let text = |kind: Kind| {
        let units = if kind == Kind::Graphic { content / 2 } else { content };
        let even = kind != Kind::Graphic || content.is_multiple_of(2);
        let sized = check::sized(kind, units, varlen).map_err(|wrong| (cell("WHFLDB").place, wrong))?;
        if even && sized == bytes {
            Ok(kind)
        } else {
            Err((cell("WHFLDB").place, format!("{bytes} bytes are no whole number of characters")))
        }
    };
    let mut rules = Rules::default();
    let mut warning = None;
    let kind = match letter.text.to_uppercase().as_str() {
        "A" => text(Kind::Char)?,
        "O" => text(Kind::Open)?,
        "J" => text(Kind::Only)?,
        "E" => text(Kind::Either)?,
        "G" => text(Kind::Graphic)?,
        "H" | "5" => text(Kind::Hex)?,
        "P" => {
            let fits = u8::try_from(digits).ok().filter(|n| *n > 0 && usize::from(*n) / 2 + 1 == bytes);
            let digits = fits.unwrap_or_else(|| {
                warning = Some(format!("{digits} digits do not fit {bytes} packed bytes; the bytes decide"));
                u8::try_from(bytes * 2 - 1).unwrap_or(u8::MAX)
            });
            Kind::Packed { digits, decimals }
        }
        "S" => {
            if digits != bytes {
                warning = Some(format!("{digits} digits do not fit {bytes} zoned bytes; the bytes decide"));
            }
            Kind::Zoned { digits: u8::try_from(bytes).unwrap_or(u8::MAX), decimals }
        }
        "B" => {
            let most = match bytes {
                2 => 4,
                4 => 9,
                8 => 18,
                _ => return Err((cell("WHFLDB").place, format!("a binary field has 2, 4 or 8 bytes, not {bytes}"))),
            };
            // SMALLINT, INTEGER and BIGINT hold more than DDS has digits for: 5, 10 and 19.
            rules.native = digits > usize::from(most);
            let digits = u8::try_from(digits).ok().filter(|n| *n > most / 2 && *n <= most).unwrap_or(most);
            Kind::Binary { digits, decimals }
        }
        "F" if matches!(bytes, 4 | 8) => Kind::Float { double: bytes == 8 },
        "6" if matches!(bytes, 8 | 16) => Kind::DecFloat { digits: if bytes == 8 { 16 } else { 34 } },
        "L" => Kind::Date(date(cell, bytes)?),
        "T" => Kind::Time(time(cell)?),
        "Z" => match bytes {
            19 => Kind::Timestamp { fraction: 0 },
            21..=32 => Kind::Timestamp { fraction: (bytes - 20) as u8 },
            _ => return Err((cell("WHFLDB").place, format!("a timestamp has 19 or 21 to 32 bytes, not {bytes}"))),
        },
        "F" | "6" => return Err((cell("WHFLDB").place, format!("a float has no {bytes} bytes"))),
        other => {
            let message = format!("data type `{other}` is not one of A B E F G H J L O P S T Z 5 6");
            return Err((at, message));
        }
    };
    kind.check().map_err(|wrong| (cell("WHFLDD").place, wrong))?;
    match kind.own_bytes() {
        Some(own) if own != bytes => Err((cell("WHFLDB").place, format!("this type has {own} bytes, not {bytes}"))),
        _ => Ok((Read { kind, rules }, warning)),
    }
}

fn date(cell: &dyn Fn(&str) -> Cell, bytes: usize) -> Result<DateForm, Wrong> {
    let format = cell("WHFMT");
    let form = match (format.text.trim_start_matches('*').to_uppercase().as_str(), bytes) {
        ("", 10) => Some(DateForm::ISO),
        ("", 6) => Some(DateForm::JUL),
        ("", _) | ("JOB", _) => None,
        (word, _) => DateForm::named(word),
    };
    let form = form.ok_or_else(|| {
        (format.place, format!("WHFMT `{}` does not say how this date of {bytes} bytes is written", format.text))
    })?;
    let separator = cell("WHSEP").text;
    Ok(match (form.separator, separator.as_bytes()) {
        (Separator::Any(_), [mark @ (b'/' | b'-' | b'.' | b',')]) => {
            DateForm::of(form.order, form.year, Separator::Any(*mark))
        }
        _ => form,
    })
}

fn time(cell: &dyn Fn(&str) -> Cell) -> Result<TimeForm, Wrong> {
    let format = cell("WHFMT");
    let form = if format.text.is_empty() { Some(TimeForm::ISO) } else { TimeForm::named(&format.text) };
    let form = form.ok_or_else(|| (format.place, format!("WHFMT `{}` is no format of a time", format.text)))?;
    let separator = cell("WHSEP").text;
    Ok(match (form, separator.as_bytes()) {
        (TimeForm::Hms(Separator::Any(_)), [mark @ (b':' | b'.' | b',')]) => TimeForm::Hms(Separator::Any(*mark)),
        _ => form,
    })
}
