//! Series: the files of a route, day by day: which batches are expected and until when, and in which order they are
//! posted (D4, D7, D26).
//!
//! Invariants: an ordered batch is posted when the one before it is, or when a person released it past those that are
//! missing; what is expected, waited for and late is a pure function of the rules, the books and the time. It asks no
//! clock and changes nothing; the rules are no part of a frozen plan, because no verdict depends on them.

mod day;
mod rules;

pub use day::{Batch, Stands, day};
pub use rules::{DayControl, Expected, OfDay, Series, batch_of, batches, counts, is_posted, listed, span};

#[cfg(test)]
mod tests;
