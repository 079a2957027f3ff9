//! Control totals: count, sums, counts by condition, hash total.

use crate::record::{Decimal, Row};

/// Compiled `[controls]` of a format; indices are those of the fields in their layouts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Controls {
    /// Field of the detail record that runs 1..n.
    pub sequence: Option<usize>,
    /// Field of the trailer that promises the number of detail records.
    pub count: Option<usize>,
    /// Sums.
    pub sums: Vec<Sum>,
    /// Counts with a condition.
    pub counts: Vec<Count>,
    /// Hash total (D5).
    pub hash: Option<Hash>,
}

/// The sum of a detail field.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// Name of the trailer's field.
    pub name: String,
    /// Field of the trailer.
    pub trailer: usize,
    /// Field of the detail record.
    pub field: usize,
    /// Which details count; all without it.
    pub condition: Option<Condition>,
}

/// The number of details that fit a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// Name of the trailer's field.
    pub name: String,
    /// Field of the trailer.
    pub trailer: usize,
    /// Which details count.
    pub condition: Option<Condition>,
}

/// A detail's field holds a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Field of the detail record.
    pub field: usize,
    /// Its value.
    pub equals: String,
}

/// Sum of the numbers made of a field's digits, its last digits only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hash {
    /// Name of the trailer's field.
    pub name: String,
    /// Field of the trailer.
    pub trailer: usize,
    /// Field of the detail record.
    pub field: usize,
    /// Digits that are kept, 1 to 37.
    pub digits: u8,
}

/// One total compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// Name of the trailer's field.
    pub name: String,
    /// What the trailer says; empty when it is unreadable.
    pub promised: String,
    /// What the details give.
    pub found: String,
    /// Details whose part could not be read: with any, the total is unproven.
    pub unreadable: u64,
    /// Promised equals found and nothing was unreadable.
    pub agrees: bool,
    /// A number of records, not a sum.
    pub is_count: bool,
}

/// Adds up details.
#[derive(Clone, Debug)]
pub struct Tally {
    controls: Controls,
    count: u64,
    sums: Vec<Decimal>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(controls: &Controls) -> Tally {
        Tally { controls: controls.clone(), count: 0, sums: Vec::new() }
    }

    /// Takes a detail row, good or bad (D5).
    pub fn add(&mut self, _row: &Row) {
        self.count += 1;
    }

    /// Details taken.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Compares with the trailer, in the order of the format's source.
    pub fn check(&self, _trailer: &Row) -> Vec<Total> {
        let _ = (&self.controls, &self.sums);
        Vec::new()
    }
}
