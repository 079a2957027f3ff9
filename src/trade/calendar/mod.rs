//! Calendars: which days are business days, and which business day a time of the clock belongs to.
//!
//! A bank keeps two at least: its own working days (with make-up Saturdays, 调休) and the trading days of the exchange,
//! whose trading day begins on the evening before: a trade of Friday night belongs to Monday (Shanghai Gold Exchange,
//! trading timetable: night session from 20:00 to 02:30, none before a public holiday). Sessions changed over the years,
//! so they are dated.
//!
//! Invariants: a calendar answers for the span it was written for and for no day more; a date of the clock has at most
//! one business date, and never an earlier one than the clock's unless the day before has not ended. It asks no clock.

mod days;
mod read;
mod span;

pub use days::{Calendar, Session, business_date, clock_at, time_of};
pub use read::read;
pub use span::{Minutes, Window};

#[cfg(test)]
mod tests;
