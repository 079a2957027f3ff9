//! The words of layouts in TOML, and what they stand for: both ways, so that whoever writes TOML says what is read.

use crate::date::form::{Order, Separator, Year};
use crate::date::{DateForm, NoDates, Sentinel, TimeForm, TimestampForm};
use crate::layout::{Dirty, Kind, NumericMoment, SignPlace};
use crate::number::Signs;
use crate::number::display::Encoding;
use crate::number::hexfloat::Rounding;

/// A type word, before its other keys are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Text or hex, whose kind needs no other key.
    Plain(Kind),
    /// `packed`
    Packed,
    /// `comp6`
    Comp6,
    /// `zoned`
    Zoned,
    /// `binary`
    Binary,
    /// `float`
    Float,
    /// `decfloat`
    DecFloat,
    /// `edited`
    Edited,
    /// `number`
    Number,
    /// `number-text`
    NumberText,
    /// `date`
    Date,
    /// `time`
    Time,
    /// `timestamp`
    Timestamp,
    /// `group`
    Group,
}

/// `type`
pub const TYPES: &[(&str, Word)] = &[
    ("char", Word::Plain(Kind::Char)),
    ("open", Word::Plain(Kind::Open)),
    ("only", Word::Plain(Kind::Only)),
    ("either", Word::Plain(Kind::Either)),
    ("graphic", Word::Plain(Kind::Graphic)),
    ("hex", Word::Plain(Kind::Hex)),
    ("packed", Word::Packed),
    ("comp6", Word::Comp6),
    ("zoned", Word::Zoned),
    ("binary", Word::Binary),
    ("float", Word::Float),
    ("decfloat", Word::DecFloat),
    ("edited", Word::Edited),
    ("number", Word::Number),
    ("number-text", Word::NumberText),
    ("date", Word::Date),
    ("time", Word::Time),
    ("timestamp", Word::Timestamp),
    ("group", Word::Group),
];

/// `date_format`; with a `0` at its end without separators.
pub const DATES: &[&str] = &[
    "iso", "usa", "eur", "jis", "mdy", "dmy", "ymd", "jul", "cymd", "cmdy", "cdmy", "longjul", "mdyy", "dmyy", "yymd",
    "my", "ym", "myy", "yym",
];

/// `time_format`; with a `0` at its end without separators.
pub const TIMES: &[&str] = &["iso", "usa", "eur", "jis", "hms"];

/// `timestamp_format`
pub const TIMESTAMPS: &[(&str, TimestampForm)] =
    &[("ibm", TimestampForm::Ibm), ("iso", TimestampForm::Iso), ("digits", TimestampForm::Digits)];

/// `sign`
pub const SIGN_PLACES: &[(&str, SignPlace)] = &[
    ("trailing", SignPlace::Trailing),
    ("leading", SignPlace::Leading),
    ("trailing-separate", SignPlace::TrailingSeparate),
    ("leading-separate", SignPlace::LeadingSeparate),
];

/// `signs`
pub const SIGNS: &[(&str, Signs)] = &[("ibm-i", Signs::Ibmi), ("z-os", Signs::Zos)];

/// `encoding`
pub const ENCODINGS: &[(&str, Encoding)] =
    &[("ebcdic", Encoding::Ebcdic), ("ascii", Encoding::Ascii), ("translated", Encoding::Translated)];

/// `rounding`
pub const ROUNDINGS: &[(&str, Rounding)] = &[("half-even", Rounding::HalfEven), ("truncate", Rounding::Truncate)];

/// `endian`; true is little.
pub const ENDS: &[(&str, bool)] = &[("big", false), ("little", true)];

/// `blank` and `dirty`
pub const POLICIES: &[(&str, Dirty)] =
    &[("reject", Dirty::Reject), ("null", Dirty::Null), ("zero", Dirty::Zero), ("keep", Dirty::Keep)];

/// `moment`: as many letters as digits.
pub const MOMENTS: &[(&str, NumericMoment)] = &[
    ("yyyymmdd", day(Order::Ymd, Year::Four)),
    ("cyymmdd", day(Order::Ymd, Year::Century)),
    ("yymmdd", day(Order::Ymd, Year::Two)),
    ("mmddyy", day(Order::Mdy, Year::Two)),
    ("ddmmyy", day(Order::Dmy, Year::Two)),
    ("mmddyyyy", day(Order::Mdy, Year::Four)),
    ("ddmmyyyy", day(Order::Dmy, Year::Four)),
    ("cmmddyy", day(Order::Mdy, Year::Century)),
    ("cddmmyy", day(Order::Dmy, Year::Century)),
    ("yyddd", day(Order::Ordinal, Year::Two)),
    ("yyyyddd", day(Order::Ordinal, Year::Four)),
    ("cyyddd", day(Order::Ordinal, Year::Century)),
    ("yymm", day(Order::Ym, Year::Two)),
    ("mmyy", day(Order::My, Year::Two)),
    ("yyyymm", day(Order::Ym, Year::Four)),
    ("mmyyyy", day(Order::My, Year::Four)),
    ("cyymm", day(Order::Ym, Year::Century)),
    ("cmmyy", day(Order::My, Year::Century)),
    ("hhmmss", NumericMoment::Hms6),
    ("hhmm", NumericMoment::Hm4),
];

const fn day(order: Order, year: Year) -> NumericMoment {
    NumericMoment::Date(DateForm::bare(order, year))
}

/// A word of a list; the first one that means the value.
pub fn word_of<T: PartialEq>(words: &[(&'static str, T)], value: &T) -> &'static str {
    words.iter().find(|(_, meaning)| meaning == value).map_or("", |(word, _)| word)
}

/// The form of a date by its word, and perhaps another separator.
pub fn date(word: &str, separator: Option<u8>) -> Option<DateForm> {
    let known = DATES.contains(&word.strip_suffix('0').unwrap_or(word));
    let form = DateForm::named(word).filter(|_| known)?;
    Some(DateForm { separator: marked(form.separator, separator)?, ..form })
}

/// The word of a form, and its separator where that is not the word's own.
pub fn date_word(form: DateForm) -> Option<(String, Option<char>)> {
    let words = DATES.iter().flat_map(|word| [(*word).to_owned(), format!("{word}0")]);
    let mark = mark(form.separator);
    let fits = |word: &String| [None, mark].into_iter().find(|mark| date(word, *mark) == Some(form));
    words.into_iter().find_map(|word| fits(&word).map(|mark| (word, mark.map(char::from))))
}

/// The form of a time by its word, and perhaps another separator.
pub fn time(word: &str, separator: Option<u8>) -> Option<TimeForm> {
    let known = TIMES.contains(&word.strip_suffix('0').unwrap_or(word));
    match (TimeForm::named(word).filter(|_| known)?, separator) {
        (TimeForm::Hms(own), separator) => Some(TimeForm::Hms(marked(own, separator)?)),
        (TimeForm::Usa, None) => Some(TimeForm::Usa),
        (TimeForm::Usa, Some(_)) => None,
    }
}

/// The word of a form, and its separator where that is not the word's own.
pub fn time_word(form: TimeForm) -> Option<(String, Option<char>)> {
    let words = TIMES.iter().flat_map(|word| [(*word).to_owned(), format!("{word}0")]);
    let mark = match form {
        TimeForm::Hms(separator) => mark(separator),
        TimeForm::Usa => None,
    };
    let fits = |word: &String| [None, mark].into_iter().find(|mark| time(word, *mark) == Some(form));
    words.into_iter().find_map(|word| fits(&word).map(|mark| (word, mark.map(char::from))))
}

fn mark(separator: Separator) -> Option<u8> {
    match separator {
        Separator::None => None,
        Separator::Any(mark) | Separator::Only(mark) => Some(mark),
    }
}

/// A separator with another mark; a form without separators takes none.
fn marked(own: Separator, mark: Option<u8>) -> Option<Separator> {
    match (own, mark) {
        (own, None) => Some(own),
        (Separator::None, Some(_)) => None,
        (Separator::Any(_), Some(mark)) => Some(Separator::Any(mark)),
        (Separator::Only(_), Some(mark)) => Some(Separator::Only(mark)),
    }
}

/// The words of sentinels, as `no_date` and `refused_dates` list them.
pub fn sentinels(all: impl Iterator<Item = Sentinel>) -> Vec<&'static str> {
    all.map(|sentinel| word_of(&Sentinel::NAMES, &sentinel)).collect()
}

/// Adds a sentinel by its word: null, or refused; nothing if there is no such word.
pub(super) fn sentinel(set: NoDates, word: &str, null: bool) -> Option<NoDates> {
    let (_, sentinel) = Sentinel::NAMES.iter().find(|(name, _)| *name == word)?;
    Some(if null { set.null(*sentinel) } else { set.refused(*sentinel) })
}

/// Digits of a number that is a date or time of day.
pub(super) fn moment_digits(moment: NumericMoment) -> u8 {
    match moment {
        NumericMoment::Date(form) => form.digits() as u8,
        NumericMoment::Hms6 => 6,
        NumericMoment::Hm4 => 4,
    }
}
