//! Control totals: count, sums, counts by condition, hash total.
//!
//! Totals run over all details as written (D5). A detail whose part cannot be read is counted as such, so that the
//! caller can say what is proven and what is not; what to do about it is the route's matter, and so is the sequence.

use crate::record::{Cell, Decimal, Row};

/// Compiled `[controls]` of a format; indices are those of the fields in their layouts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Controls {
    /// Field of the detail record that runs 1..n.
    pub sequence: Option<usize>,
    /// What the trailer promises as the number of detail records.
    pub count: Option<Count>,
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

/// The number of details, all or those that fit a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// Name of the trailer's field.
    pub name: String,
    /// Field of the trailer.
    pub trailer: usize,
    /// Which details count; all without it.
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

/// Adds up details, in the order of the format's source.
#[derive(Clone, Debug)]
pub struct Tally {
    controls: Controls,
    count: u64,
    sums: Vec<Running>,
    counts: Vec<Running>,
    hash: Running,
}

/// A total so far; sums keep their scale, hash totals their last digits.
#[derive(Clone, Copy, Debug, Default)]
struct Running {
    value: Decimal,
    unreadable: u64,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(controls: &Controls) -> Tally {
        Tally {
            count: 0,
            sums: vec![Running::default(); controls.sums.len()],
            counts: vec![Running::default(); controls.counts.len()],
            hash: Running::default(),
            controls: controls.clone(),
        }
    }

    /// Takes a detail row, good or bad (D5).
    pub fn add(&mut self, row: &Row) {
        self.count += 1;
        for (sum, running) in self.controls.sums.iter().zip(&mut self.sums) {
            match fits(sum.condition.as_ref(), row) {
                Some(true) => running.add(row.decimal(sum.field)),
                Some(false) => {}
                None => running.unreadable += 1,
            }
        }
        for (count, running) in self.controls.counts.iter().zip(&mut self.counts) {
            match fits(count.condition.as_ref(), row) {
                Some(true) => running.add(Some(Decimal::whole(1))),
                Some(false) => {}
                None => running.unreadable += 1,
            }
        }
        if let Some(hash) = &self.controls.hash {
            match hash_of(row, hash) {
                Some(number) => {
                    self.hash.add(Some(Decimal::whole(number)));
                    self.hash.value.unscaled %= power(hash.digits);
                }
                None => self.hash.unreadable += 1,
            }
        }
    }

    /// Details taken.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Compares with the trailer: the count, the sums, the counts with a condition, the hash total.
    pub fn check(&self, trailer: &Row) -> Vec<Total> {
        let all = Running { value: Decimal::whole(self.count.into()), unreadable: 0 };
        let mut totals = Vec::new();
        if let Some(count) = &self.controls.count {
            totals.push(all.compare(&count.name, trailer, count.trailer, true));
        }
        for (sum, running) in self.controls.sums.iter().zip(&self.sums) {
            totals.push(running.compare(&sum.name, trailer, sum.trailer, false));
        }
        for (count, running) in self.controls.counts.iter().zip(&self.counts) {
            totals.push(running.compare(&count.name, trailer, count.trailer, true));
        }
        if let Some(hash) = &self.controls.hash {
            totals.push(self.hash.compare(&hash.name, trailer, hash.trailer, false));
        }
        totals
    }
}

impl Running {
    /// Adds a value; one that is missing, or would overflow, is counted instead.
    fn add(&mut self, value: Option<Decimal>) {
        match value.and_then(|value| self.value.checked_add(value)) {
            Some(sum) => self.value = sum,
            None => self.unreadable += 1,
        }
    }

    fn compare(&self, name: &str, trailer: &Row, field: usize, is_count: bool) -> Total {
        let promised = trailer.decimal(field);
        let equal = promised.is_some_and(|promised| promised.same_value(self.value));
        // Written alike, so that a person can compare the two.
        let scale = promised.map_or(0, |p| p.scale);
        Total {
            name: name.to_owned(),
            promised: promised.map(|p| p.to_string()).unwrap_or_default(),
            found: self.value.rescale(scale).unwrap_or(self.value).to_string(),
            unreadable: self.unreadable,
            agrees: equal && self.unreadable == 0,
            is_count,
        }
    }
}

/// Whether a detail counts; nothing if the field of the condition is unreadable.
fn fits(condition: Option<&Condition>, row: &Row) -> Option<bool> {
    let Some(condition) = condition else { return Some(true) };
    match row.cells.get(condition.field) {
        None | Some(Cell::Bad) => None,
        _ => match (row.str(condition.field), row.decimal(condition.field)) {
            (Some(text), _) => Some(text == condition.equals),
            (None, Some(number)) => Decimal::parse(&condition.equals).map(|wanted| wanted.same_value(number)),
            (None, None) => Some(false),
        },
    }
}

/// The last digits of the number made of the field's decimal digits; none make 0.
fn hash_of(row: &Row, hash: &Hash) -> Option<i128> {
    let modulus = power(hash.digits);
    let digits = |text: &str| {
        let digits = text.bytes().filter(u8::is_ascii_digit);
        digits.fold(0i128, |n, b| (n * 10 + i128::from(b - b'0')) % modulus)
    };
    match row.cells.get(hash.field)? {
        Cell::Bad => None,
        Cell::Null => Some(0),
        _ => match (row.str(hash.field), row.decimal(hash.field)) {
            (Some(text), _) => Some(digits(text)),
            (None, Some(number)) => Some(digits(&number.unscaled.unsigned_abs().to_string())),
            (None, None) => None,
        },
    }
}

fn power(digits: u8) -> i128 {
    10i128.pow(u32::from(digits.min(37)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of a detail: text, a number, or something unreadable.
    fn row(cells: &[Result<&str, i128>]) -> Row {
        let mut row = Row::default();
        for cell in cells {
            match cell {
                Ok("?") => row.cells.push(Cell::Bad),
                Ok(text) => row.push_text(text),
                Err(number) => row.cells.push(Cell::Decimal(Decimal { unscaled: *number, scale: 2 })),
            }
        }
        row
    }

    fn controls() -> Controls {
        let condition = Some(Condition { field: 0, equals: "0".to_owned() });
        Controls {
            sequence: None,
            count: None,
            sums: vec![Sum { name: "BUYAMT".to_owned(), trailer: 0, field: 1, condition: condition.clone() }],
            counts: vec![Count { name: "BUYCNT".to_owned(), trailer: 1, condition }],
            hash: Some(Hash { name: "HASHTOT".to_owned(), trailer: 2, field: 2, digits: 5 }),
        }
    }

    fn shown(rows: &[[Result<&str, i128>; 3]], trailer: &[Result<&str, i128>]) -> Vec<String> {
        let mut tally = Tally::new(&controls());
        rows.iter().for_each(|cells| tally.add(&row(cells)));
        let totals = tally.check(&row(trailer));
        totals.iter().map(|t| format!("{} {}={} {} {}", t.name, t.promised, t.found, t.unreadable, t.agrees)).collect()
    }

    #[test]
    fn conditions_pick_and_the_hash_total_keeps_its_last_digits() {
        let rows =
            [[Ok("0"), Err(150), Ok("62-99999")], [Ok("1"), Err(999), Ok("A")], [Ok("0"), Err(-50), Ok("00002")]];
        let totals = shown(&rows, &[Err(100), Err(200), Err(100)]);
        assert_eq!(totals, ["BUYAMT 1.00=1.00 0 true", "BUYCNT 2.00=2.00 0 true", "HASHTOT 1.00=1.00 0 true"]);
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_proves_nothing() {
        let rows = [[Ok("?"), Err(150), Ok("1")], [Ok("0"), Ok("?"), Ok("?")]];
        let totals = shown(&rows, &[Err(0), Err(100), Ok("?")]);
        assert_eq!(totals, ["BUYAMT 0.00=0.00 2 false", "BUYCNT 1.00=1.00 1 false", "HASHTOT =1 1 false"]);
    }
}
