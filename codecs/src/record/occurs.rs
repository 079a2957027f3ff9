//! How many occurrences of an array a record has, as its cells and counters say.
//!
//! An occurrence is there when one of its leaves is. Those that may be without any leaf, because they consist of arrays
//! that vary down to none, are there all the same: all of an array that does not vary, and as many as the counter says
//! of one that does.

use super::decimal::Decimal;
use super::row::{Cell, Row};
use crate::layout::{Array, Depending};

/// The arrays around a part that is being looked at, each with the occurrence that it is in.
#[derive(Debug, Default)]
pub(crate) struct Around(Vec<Within>);

#[derive(Debug)]
struct Within {
    /// First leaf of the first occurrence.
    first: usize,
    /// Leaves of an occurrence.
    leaves: usize,
    /// By how many leaves this occurrence is behind the first.
    shift: usize,
}

impl Around {
    /// Goes into an occurrence, numbered from 0, of an array with such leaves.
    pub(crate) fn enter(&mut self, first: usize, leaves: usize, n: usize) {
        self.0.push(Within { first, leaves, shift: n * leaves });
    }

    /// Goes out of the array that was entered last.
    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// The leaf of the occurrences that were entered, for a leaf of the first ones.
    pub(crate) fn resolved(&self, leaf: usize) -> usize {
        let within = |array: &&Within| (array.first..array.first + array.leaves).contains(&leaf);
        leaf + self.0.iter().filter(within).map(|array| array.shift).sum::<usize>()
    }
}

impl Row {
    /// Whether any of these leaves is in the record.
    pub(crate) fn has(&self, (from, to): (usize, usize), shift: usize) -> bool {
        self.cells.get(from + shift..to + shift).is_some_and(|cells| cells.iter().any(|cell| *cell != Cell::Absent))
    }

    /// Occurrences of an array whose first one begins `shift` leaves after the array's own.
    pub(crate) fn occurrences(&self, array: &Array, shift: usize, around: &Around) -> usize {
        let span = array.item.span();
        let seen = (0..array.count).take_while(|n| self.has(span, shift + n * array.leaves)).count();
        if seen == array.count || !array.item.may_be_empty() {
            return seen;
        }
        let told = match &array.depending {
            None => Some(array.count),
            Some(depending) => occurrences(self, around.resolved(depending.field), depending),
        };
        told.filter(|told| (seen..=array.count).contains(told)).unwrap_or(seen)
    }
}

/// What a counter says; nothing if it cannot be read or is not in its map.
pub(super) fn occurrences(row: &Row, counter: usize, depending: &Depending) -> Option<usize> {
    if depending.map.is_empty() {
        // A row made from JSON has the counter as text.
        let number = row.decimal(counter).or_else(|| Decimal::parse(row.str(counter)?))?.rescale(0)?;
        return usize::try_from(number.unscaled).ok();
    }
    let text = text_of(row, counter)?;
    depending.map.iter().find(|(wanted, _)| same(wanted, &text)).map(|(_, count)| *count)
}

/// A cell as a condition compares it.
pub(super) fn text_of(row: &Row, field: usize) -> Option<String> {
    match (row.str(field), row.decimal(field)) {
        (Some(text), _) => Some(text.to_owned()),
        (None, Some(number)) => Some(number.to_string()),
        (None, None) => None,
    }
}

/// Equal as text, or as numbers: `1` is `01.0`.
pub(super) fn same(wanted: &str, found: &str) -> bool {
    let number = || Some(Decimal::parse(wanted)?.same_value(Decimal::parse(found)?));
    wanted.trim_end() == found.trim_end() || number().unwrap_or(false)
}
