//! Which record a record belongs to: segments under the last record of another type.
//!
//! A record of a type with a parent belongs to the last record of the parent's type, unless a record further up has come
//! since: then that one has no such parent yet, and the record is an orphan.

use super::Format;
use std::fmt;

/// A record without a parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// The record's type.
    pub child: String,
    /// The type of the parent it should have.
    pub parent: String,
}

impl fmt::Display for Orphan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} without its {} before it", self.child, self.parent)
    }
}

impl std::error::Error for Orphan {}

/// Finds the parents of one file's records, fed in their order.
#[derive(Clone, Debug, Default)]
pub struct Parents {
    /// The type each type stands under.
    of: Vec<Option<usize>>,
    /// The types that stand under each type, directly or not.
    under: Vec<Vec<usize>>,
    /// Names of the types.
    names: Vec<String>,
    /// The number of the last record of each type that may still have children.
    last: Vec<Option<u64>>,
}

impl Parents {
    /// No record has come yet.
    pub fn new(format: &Format) -> Parents {
        let of: Vec<_> = format.records.iter().map(|record| record.parent()).collect();
        let names: Vec<_> = format.records.iter().map(|record| record.layout.name.clone()).collect();
        let mut under = vec![Vec::new(); of.len()];
        for child in 0..of.len() {
            let mut at = of[child];
            // A way up is no longer than there are types.
            for _ in 0..of.len() {
                let Some(parent) = at else { break };
                if let Some(all) = under.get_mut(parent) {
                    all.push(child);
                }
                at = of.get(parent).copied().flatten();
            }
        }
        let last = vec![None; of.len()];
        Parents { of, under, names, last }
    }

    /// Whether any record has a parent.
    pub fn any(&self) -> bool {
        self.of.iter().any(Option::is_some)
    }

    /// Takes a record of a type and its number; gives the number of its parent, if its type has one.
    pub fn feed(&mut self, record: usize, n: u64) -> Result<Option<u64>, Orphan> {
        let (Some(of), Some(under)) = (self.of.get(record), self.under.get(record)) else { return Ok(None) };
        // What stood under the last record of this type belongs to that one for good.
        under.iter().for_each(|child| self.last[*child] = None);
        self.last[record] = Some(n);
        let Some(parent) = *of else { return Ok(None) };
        match self.last.get(parent).copied().flatten() {
            Some(n) => Ok(Some(n)),
            None => Err(Orphan { child: self.names[record].clone(), parent: self.names[parent].clone() }),
        }
    }
}
