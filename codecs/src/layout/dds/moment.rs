//! DATFMT, DATSEP, TIMFMT and TIMSEP: the forms of dates and times (DDS for physical and logical files).
//!
//! The form decides bytes, so an unknown one is a fault, and so is `*JOB`, because a file does not say of which job.
//! In a logical file DATFMT also makes a zoned, packed or character field of a date of the physical file; those forms
//! have no separators.

use super::keyword::Keyword;
use super::reader::{Entry, Reader, Wrong};
use crate::date::form::Separator;
use crate::layout::{DateForm, Kind, NumericMoment, TimeForm};

const DATES: &[&str] = &["*ISO", "*USA", "*EUR", "*JIS", "*MDY", "*DMY", "*YMD", "*JUL"];
const TIMES: &[(&str, TimeForm)] = &[
    ("*ISO", TimeForm::ISO),
    ("*USA", TimeForm::Usa),
    ("*EUR", TimeForm::EUR),
    ("*JIS", TimeForm::JIS),
    ("*HMS", TimeForm::HMS),
];
const SEPARATORS: [u8; 4] = *b"/-.,";
const TIME_SEPARATORS: [u8; 3] = *b":.,";

impl Reader<'_> {
    /// The form of a date field.
    pub(super) fn date_form(&mut self, entry: &Entry, same: Option<Kind>) -> Result<DateForm, Wrong> {
        let format = entry.keywords.get("DATFMT");
        let form = match (format, same) {
            (Some(keyword), _) => date_named(keyword, DATES)?,
            (None, Some(Kind::Date(form))) => form,
            (None, _) => DateForm::ISO,
        };
        let Some(keyword) = entry.keywords.get("DATSEP") else { return Ok(form) };
        let Separator::Any(_) = form.separator else {
            self.warn(keyword.place, "has no effect: the format of this date has one separator only");
            return Ok(form);
        };
        Ok(match self.separator(keyword, &SEPARATORS)? {
            Some(mark) => DateForm::of(form.order, form.year, Separator::Any(mark)),
            None => form,
        })
    }

    /// The form of a time field.
    pub(super) fn time_form(&mut self, entry: &Entry, same: Option<Kind>) -> Result<TimeForm, Wrong> {
        let form = match (entry.keywords.get("TIMFMT"), same) {
            (Some(keyword), _) => {
                let word = keyword.word(0);
                let known = TIMES.iter().find(|(name, _)| *name == word).map(|(_, form)| *form);
                known.ok_or_else(|| (keyword.place, unknown("TIMFMT", &word)))?
            }
            (None, Some(Kind::Time(form))) => form,
            (None, _) => TimeForm::ISO,
        };
        let Some(keyword) = entry.keywords.get("TIMSEP") else { return Ok(form) };
        let TimeForm::Hms(Separator::Any(_)) = form else {
            self.warn(keyword.place, "has no effect: the format of this time has one separator only");
            return Ok(form);
        };
        let mark = self.separator(keyword, &TIME_SEPARATORS)?;
        Ok(mark.map_or(form, |mark| TimeForm::Hms(Separator::Any(mark))))
    }

    /// A number of a logical file over a date or time of which nothing says how it is written in digits.
    pub(super) fn undated(&mut self, entry: &Entry, letter: char, base: Option<Kind>) {
        let over = matches!(base, Some(Kind::Date(_) | Kind::Time(_) | Kind::Timestamp { .. }));
        if self.is_logical() && matches!(letter, 'S' | 'P') && over {
            self.warn(
                entry.spec.at(35),
                "a number over a date or time of the physical file: it is read as a plain number, because no DATFMT says \
                 what its digits mean",
            );
        }
    }

    /// DATFMT on a number or text of a logical file, where the physical file has a date.
    pub(super) fn bare_date(&self, entry: &Entry, letter: char, base: Option<Kind>) -> Result<Option<DateForm>, Wrong> {
        let Some(keyword) = entry.keywords.get("DATFMT").filter(|_| matches!(letter, 'A' | 'S' | 'P')) else {
            return Ok(None);
        };
        if !matches!(base, Some(Kind::Date(_))) {
            return Err((keyword.place, "DATFMT is for dates, and for fields of a logical file over dates".to_owned()));
        }
        let form = date_named(keyword, &[])?;
        Ok(Some(DateForm::bare(form.order, form.year)))
    }

    /// DATSEP or TIMSEP; nothing for that of a job, which is told: any separator is read, and the usual one written.
    fn separator(&mut self, keyword: &Keyword, known: &[u8]) -> Result<Option<u8>, Wrong> {
        let word = keyword.word(0);
        if word == "*JOB" {
            self.warn(
                keyword.place,
                "the job's separator is not known here: every one is read, the usual one is written",
            );
            return Ok(None);
        }
        match *word.as_bytes() {
            [] if keyword.raw.contains('\'') => Ok(Some(b' ')),
            [mark] if known.contains(&mark) || mark == b' ' => Ok(Some(mark)),
            _ => Err((keyword.place, format!("`{word}` is no separator here"))),
        }
    }
}

/// What a number of a bare form means.
pub(super) fn number(form: DateForm) -> NumericMoment {
    NumericMoment::Date(form)
}

fn date_named(keyword: &Keyword, known: &[&str]) -> Result<DateForm, Wrong> {
    let word = keyword.word(0);
    let named = Some(&word).filter(|word| known.is_empty() || known.contains(&word.as_str()));
    let form =
        named.filter(|word| word.starts_with('*') && !word.ends_with('0')).and_then(|word| DateForm::named(word));
    form.ok_or_else(|| (keyword.place, unknown("DATFMT", &word)))
}

fn unknown(keyword: &str, word: &str) -> String {
    match word {
        "*JOB" => format!(
            "{keyword}(*JOB) is that of a job, which no file tells: write the one the file was made with, such as *YMD or *ISO"
        ),
        _ => format!("{keyword}({word}) is not known, and it decides the bytes"),
    }
}
