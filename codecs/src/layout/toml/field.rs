//! One field of a layout in TOML: its type and its bytes.

use super::rules::{Chosen, is_separate};
use super::scope::{Scope, page};
use super::words::{self, Word};
use crate::layout::check::{self, Wrong};
use crate::layout::{Field, Kind};
use crate::number::WIDEST;
use crate::source::Section;

/// Most digits and bytes of a binary number.
const BINARY_DIGITS_MAX: u8 = 38;
const BINARY_BYTES_MAX: usize = 16;

/// Reads a field; nothing, and faults in the source, if it cannot be.
pub(super) fn read(table: &Section<'_>, name: String, word: Word, scope: &Scope) -> Option<Field> {
    let own = page(table, "ccsid");
    let length = table.number_in("length", 1..=check::RECORD_MAX as i64).and_then(|n| usize::try_from(n).ok());
    let varlen = table.flag("varlen").unwrap_or(false);
    let nullable = table.flag("nullable").unwrap_or(false);
    let sensitive = table.flag("sensitive").unwrap_or(false);
    let (text, heading) = (table.text("text").unwrap_or_default(), table.text("heading").unwrap_or_default());
    let conditions = conditions(table);
    let chosen = Chosen::of_field(table);
    let kind = kind(table, word)?;
    let mut field = Field::new(name, kind, 0);
    scope.defaults.apply(&mut field, &mut |_, _| {});
    chosen.date(&mut field, &scope.defaults);
    chosen.apply(&mut field, &mut |key, what| table.fault(key, what));
    field.nullable = nullable;
    scope.warn(&chosen, &field, table);
    let picture = picture(table, &mut field)?;
    field.kind.check_scaled().map_err(|wrong| table.fault("type", wrong)).ok()?;
    if varlen && !kind.may_vary() {
        table.fault("varlen", "is for text and hex fields");
        return None;
    }
    field.bytes = bytes(&field, picture, length, varlen).map_err(|wrong| table.fault("length", wrong)).ok()?;
    field.page = kind.has_page().then_some(own.unwrap_or(scope.page));
    Some(Field { varlen, sensitive, text, heading, conditions, ..field })
}

/// What an edited field's picture says of digits and bytes; nothing if it is missing or wrong.
fn picture(table: &Section<'_>, field: &mut Field) -> Option<Option<usize>> {
    let Kind::Edited { .. } = field.kind else { return Some(None) };
    match field.rules.compiled_picture() {
        Ok(Some(picture)) => {
            let (digits, decimals) = (picture.digits(), picture.decimals());
            for (key, told) in [("digits", digits), ("decimals", decimals)] {
                if table.number(key).is_some_and(|number| number != i64::from(told)) {
                    table.fault(key, format_args!("the picture has {told}"));
                }
            }
            field.kind = Kind::Edited { digits, decimals };
            field.rules.scale_up = picture.scale_up();
            Some(Some(picture.bytes()))
        }
        Ok(None) => {
            table.fault("picture", "is missing; an edited number needs it");
            None
        }
        Err(fault) => {
            table.fault("picture", format_args!("{}, at character {}", fault.detail, fault.at + 1));
            None
        }
    }
}

fn bytes(field: &Field, picture: Option<usize>, length: Option<usize>, varlen: bool) -> Result<usize, Wrong> {
    let kind = field.kind;
    let own = match kind {
        Kind::Binary { digits, .. } => {
            return match length {
                Some(length) if length > BINARY_BYTES_MAX => {
                    Err(format!("{length} is not within 1 to {BINARY_BYTES_MAX}"))
                }
                Some(length) => Ok(length),
                None if digits > 18 => Ok(BINARY_BYTES_MAX),
                None => Ok(kind.own_bytes().unwrap_or(BINARY_BYTES_MAX)),
            };
        }
        Kind::Zoned { digits, .. } => Some(usize::from(digits) + usize::from(is_separate(field.rules.sign))),
        Kind::Timestamp { fraction } => Some(field.rules.timestamp.bytes(fraction)),
        Kind::Edited { .. } => picture,
        _ => kind.own_bytes(),
    };
    match (own, length) {
        (Some(bytes), Some(length)) if length != bytes => Err(format!("this type has {bytes} bytes")),
        (Some(bytes), _) => Ok(bytes),
        (None, Some(length)) => check::sized(kind, length, varlen),
        (None, None) => Err("is missing; text, hex and number-text fields need one".to_owned()),
    }
}

fn kind(table: &Section<'_>, word: Word) -> Option<Kind> {
    let digits = |most: u8| {
        if !table.has("digits") {
            table.fault("digits", "is missing; a number needs it");
        }
        table.number_in("digits", 1..=most.into()).and_then(|n| u8::try_from(n).ok())
    };
    let decimals = || match table.has("decimals") {
        true => table.number_in("decimals", 0..=WIDEST.into()).and_then(|n| u8::try_from(n).ok()),
        false => Some(0),
    };
    let number = |most: u8| {
        let (digits, decimals) = (digits(most), decimals());
        let down = table.number_in("scale_down", 0..=WIDEST.into()).and_then(|n| u8::try_from(n).ok()).unwrap_or(0);
        let (digits, decimals) = (digits?, decimals?);
        if decimals > digits {
            let advice = "say scale_down for zeros between the point and the first digit";
            table.fault("decimals", format_args!("{decimals} are more than the {digits} digits; {advice}"));
            return None;
        }
        if down > 0 && decimals < digits {
            table.fault("scale_down", "is for numbers whose digits are all decimals");
            return None;
        }
        Some((digits, decimals + down))
    };
    Some(match word {
        Word::Plain(kind) => kind,
        Word::Packed => number(WIDEST).map(|(digits, decimals)| Kind::Packed { digits, decimals })?,
        Word::Comp6 => number(WIDEST).map(|(digits, decimals)| Kind::Comp6 { digits, decimals })?,
        Word::Zoned => number(WIDEST).map(|(digits, decimals)| Kind::Zoned { digits, decimals })?,
        Word::Binary => number(BINARY_DIGITS_MAX).map(|(digits, decimals)| Kind::Binary { digits, decimals })?,
        // Its picture says how many.
        Word::Edited => Kind::Edited { digits: 1, decimals: 0 },
        Word::Number => {
            let signed = table.flag("signed").unwrap_or(false);
            number(WIDEST).map(|(digits, decimals)| Kind::Number { digits, decimals, signed })?
        }
        Word::NumberText => Kind::NumberText { decimals: decimals()? },
        Word::Float => Kind::Float { double: table.flag("double").unwrap_or(false) },
        Word::DecFloat => Kind::DecFloat { digits: digits(34)? },
        Word::Date => Kind::Date(form(table, "date_format", words::date, words::DATES)?),
        Word::Time => Kind::Time(form(table, "time_format", words::time, words::TIMES)?),
        Word::Timestamp => match table.has("fraction") {
            true => Kind::Timestamp { fraction: u8::try_from(table.number_in("fraction", 0..=12)?).ok()? },
            false => Kind::Timestamp { fraction: 6 },
        },
        // A group is read before anything asks for its kind.
        Word::Group => return None,
    })
}

/// The form of a date or time, ISO's without a word, perhaps with another separator.
fn form<T>(table: &Section<'_>, key: &str, read: fn(&str, Option<u8>) -> Option<T>, words: &[&str]) -> Option<T> {
    let word = if table.has(key) { table.text(key)? } else { "iso".to_owned() };
    let separator = if table.has("separator") { Some(table.text("separator")?) } else { None };
    if read(&word, None).is_none() {
        table
            .fault(key, format_args!("`{word}` is not one of: {}, each perhaps with a 0 at its end", words.join(", ")));
        return None;
    }
    match separator.as_deref().map(str::as_bytes) {
        None => read(&word, None),
        Some([mark @ (b'/' | b'-' | b'.' | b',' | b':' | b' ')]) => {
            let form = read(&word, Some(*mark));
            if form.is_none() {
                table.fault("separator", format_args!("{word} has none of its own choice"));
            }
            form
        }
        Some(_) => {
            table.fault("separator", "is one of / - . , : and blank");
            None
        }
    }
}

/// Names for values, in the order in which they are written.
fn conditions(table: &Section<'_>) -> Vec<(String, String)> {
    let Some(names) = table.section("conditions") else { return Vec::new() };
    names.written_keys().into_iter().filter_map(|name| Some((name.clone(), names.text(&name)?))).collect()
}
