//! Calendar dates and times of day: the ways IBM i writes them, and the checks.
//!
//! Gregorian throughout, years 1 to 9999, as IBM i has it. Local time without a zone: whoever needs an instant attaches
//! one. Text is IBM's: dates `yyyy-mm-dd`, timestamps `yyyy-mm-dd-hh.mm.ss.ffffff`.

mod day;
pub mod field;
pub mod form;
pub mod none;
mod plain;
pub mod time;
pub mod timestamp;

pub use day::Date;
pub use form::{DateForm, Window};
pub use none::{Meaning, NoDates, Sentinel};
pub use time::{Time, TimeForm};
pub use timestamp::TimestampForm;

/// Whether a numeric date means "none": 0, 99999999, 9999999 (CYYMMDD) or 00010101.
pub fn is_no_date(number: i128) -> bool {
    matches!(number, 0 | 99_999_999 | 9_999_999 | 10_101)
}
