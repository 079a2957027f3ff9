//! Control totals: counts, sums, absolute sums, hash totals; all details or those that fit a condition.
//!
//! Totals run over all details as written (D5), and exactly; a sum that would leave 38 digits counts as unreadable. A
//! detail whose part cannot be read is counted as such, so that the caller can say what is proven and what is not; what
//! to do about it is the route's matter, and so is the sequence. What is promised may stand in the trailer or in the
//! header. There are no totals of groups within a file, and none of products.

use crate::condition::{Condition, Source};
use crate::record::{Cell, Decimal, Row};

/// Digits of a hash total.
const MOST_DIGITS: u8 = 37;

/// Digits that fit 64 bits whatever they are.
const NARROW_DIGITS: usize = 19;

/// Compiled `[controls]` of a format; indices are those of records in their format and of fields in their layouts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Controls {
    /// Field of the detail record that runs 1..n.
    pub sequence: Option<usize>,
    /// What is promised as the number of records.
    pub count: Option<Count>,
    /// Sums.
    pub sums: Vec<Sum>,
    /// Counts with a condition.
    pub counts: Vec<Count>,
    /// Hash totals (D5).
    pub hashes: Vec<Hash>,
}

/// Where a total is promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Name of the field.
    pub name: String,
    /// The header or trailer record.
    pub record: usize,
    /// Its field.
    pub field: usize,
}

/// A field of a detail record that goes into a total.
#[derive(Clone, Debug, PartialEq)]
pub struct Addend {
    /// The detail record.
    pub record: usize,
    /// Its field.
    pub field: usize,
    /// Which of these records count; all without it.
    pub condition: Option<Condition>,
}

/// The sum of a detail field.
#[derive(Clone, Debug, PartialEq)]
pub struct Sum {
    /// Where it is promised.
    pub promise: Promise,
    /// What is added up.
    pub addends: Vec<Addend>,
    /// Values without their signs.
    pub absolute: bool,
}

/// A number of records.
#[derive(Clone, Debug, PartialEq)]
pub struct Count {
    /// Where it is promised.
    pub promise: Promise,
    /// What is counted.
    pub of: Counted,
}

/// What a count counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Counted {
    /// All details.
    Details,
    /// All records, header and trailer with them.
    Records,
    /// Those of detail records that fit, by the record and its condition.
    Fitting(Vec<(usize, Option<Condition>)>),
}

/// Sum of the numbers made of a field's digits, its last digits only.
#[derive(Clone, Debug, PartialEq)]
pub struct Hash {
    /// Where it is promised.
    pub promise: Promise,
    /// What is added up.
    pub addends: Vec<Addend>,
    /// Digits that are kept, 1 to 37.
    pub digits: u8,
}

/// One total compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// Name of the field that promises it.
    pub name: String,
    /// What is promised; empty when that is unreadable or missing.
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
    details: u64,
    records: u64,
    sums: Vec<Running>,
    counts: Vec<Running>,
    hashes: Vec<Running>,
    /// What has been promised so far, in the order of [`Tally::totals`].
    promised: Vec<Option<Decimal>>,
}

/// A total so far; sums keep their scale, hash totals their last digits.
#[derive(Clone, Copy, Debug, Default)]
struct Running {
    value: Decimal,
    unreadable: u64,
}

impl Controls {
    /// Promises in the order in which totals are told: the count, the sums, the counts with a condition, hash totals.
    fn promises(&self) -> impl Iterator<Item = &Promise> {
        let count = self.count.iter().map(|count| &count.promise);
        let sums = self.sums.iter().map(|sum| &sum.promise);
        let counts = self.counts.iter().map(|count| &count.promise);
        count.chain(sums).chain(counts).chain(self.hashes.iter().map(|hash| &hash.promise))
    }

    /// Every field of a record format that goes into a total whatever the record is. One that only some records have by a
    /// condition may be missing in the others; where the condition holds, or cannot be decided without it, a lost one
    /// counts as unreadable.
    pub(crate) fn fields(&self, record: usize) -> Vec<usize> {
        let addends = self.sums.iter().flat_map(|sum| &sum.addends).chain(self.hashes.iter().flat_map(|h| &h.addends));
        let own = addends.filter(|addend| addend.record == record && addend.condition.is_none());
        own.map(|addend| addend.field).collect()
    }
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(controls: &Controls) -> Tally {
        Tally {
            details: 0,
            records: 0,
            sums: vec![Running::default(); controls.sums.len()],
            counts: vec![Running::default(); controls.counts.len()],
            hashes: vec![Running::default(); controls.hashes.len()],
            promised: vec![None; controls.promises().count()],
            controls: controls.clone(),
        }
    }

    /// Takes a detail row, good or bad (D5), and the index of its record format.
    pub fn add(&mut self, record: usize, row: &Row) {
        self.details += 1;
        self.records += 1;
        for (sum, running) in self.controls.sums.iter().zip(&mut self.sums) {
            running.take(&sum.addends, record, row, |field| {
                let value = row.decimal(field)?;
                match sum.absolute {
                    true => Some(Decimal { unscaled: value.unscaled.checked_abs()?, ..value }),
                    false => Some(value),
                }
            });
        }
        for (count, running) in self.controls.counts.iter().zip(&mut self.counts) {
            let Counted::Fitting(records) = &count.of else { continue };
            for (_, condition) in records.iter().filter(|(counted, _)| *counted == record) {
                running.one(condition.as_ref(), row, || Some(Decimal::whole(1)));
            }
        }
        for (hash, running) in self.controls.hashes.iter().zip(&mut self.hashes) {
            running.take(&hash.addends, record, row, |field| hash_of(row, field, hash.digits).map(Decimal::whole));
            running.value.unscaled = last(running.value.unscaled, hash.digits);
        }
    }

    /// Takes a header or trailer row and the index of its record format: what it promises.
    pub fn promise(&mut self, record: usize, row: &Row) {
        self.records += 1;
        for (promise, promised) in self.controls.promises().zip(&mut self.promised) {
            if promise.record == record {
                *promised = row.decimal(promise.field);
            }
        }
    }

    /// Details taken.
    pub fn count(&self) -> u64 {
        self.details
    }

    /// Compares what was promised with what was found: the count, the sums, the counts with a condition, hash totals.
    pub fn totals(&self) -> Vec<Total> {
        let of = |count: &Count| match count.of {
            Counted::Records => self.records,
            Counted::Details | Counted::Fitting(_) => self.details,
        };
        let whole = |n: u64| Running { value: Decimal::whole(n.into()), unreadable: 0 };
        let count = self.controls.count.iter().map(|count| (whole(of(count)), true));
        let sums = self.sums.iter().map(|running| (*running, false));
        let counts = self.controls.counts.iter().zip(&self.counts).map(|(count, running)| match count.of {
            Counted::Fitting(_) => (*running, true),
            Counted::Details | Counted::Records => (whole(of(count)), true),
        });
        let hashes = self.hashes.iter().map(|running| (*running, false));
        let found = count.chain(sums).chain(counts).chain(hashes);
        let promises = self.controls.promises().zip(&self.promised);
        let total = |((promise, promised), (running, is_count)): ((&Promise, &Option<Decimal>), (Running, bool))| {
            running.compare(&promise.name, *promised, is_count)
        };
        promises.zip(found).map(total).collect()
    }
}

impl Running {
    /// Adds the value of a record's addends.
    fn take(&mut self, addends: &[Addend], record: usize, row: &Row, value: impl Fn(usize) -> Option<Decimal>) {
        for addend in addends.iter().filter(|addend| addend.record == record) {
            self.one(addend.condition.as_ref(), row, || value(addend.field));
        }
    }

    /// Adds a value if its condition holds; what cannot be read is counted instead.
    fn one(&mut self, condition: Option<&Condition>, row: &Row, value: impl Fn() -> Option<Decimal>) {
        match condition.map_or(Some(true), |condition| condition.holds(&Source::Row(row))) {
            Some(true) => self.add(value()),
            Some(false) => {}
            None => self.unreadable += 1,
        }
    }

    /// Adds a value; one that is missing, or would overflow, is counted instead.
    fn add(&mut self, value: Option<Decimal>) {
        match value.and_then(|value| self.value.checked_add(value)) {
            Some(sum) => self.value = sum,
            None => self.unreadable += 1,
        }
    }

    fn compare(&self, name: &str, promised: Option<Decimal>, is_count: bool) -> Total {
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

/// The last digits of the number made of the field's decimal digits; none make 0.
fn hash_of(row: &Row, field: usize, kept: u8) -> Option<i128> {
    match row.cells.get(field)? {
        Cell::Bad | Cell::Raw(..) => None,
        Cell::Absent if row.is_lost(field) => None,
        Cell::Null | Cell::Absent => Some(0),
        _ => match (row.str(field), row.decimal(field)) {
            (Some(text), _) => Some(last_digits(text, kept)),
            (None, Some(number)) => number.unscaled.checked_abs().map(|n| last(n, kept)),
            (None, None) => None,
        },
    }
}

/// The last digits of a text, as a number; in 64 bits as long as they fit.
fn last_digits(text: &str, kept: u8) -> i128 {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    let passed = digits.clone().count().saturating_sub(usize::from(kept.min(MOST_DIGITS)));
    let mut digits = digits.skip(passed).map(|digit| digit - b'0');
    let head = digits.by_ref().take(NARROW_DIGITS).fold(0u64, |n, digit| n * 10 + u64::from(digit));
    digits.fold(i128::from(head), |n, digit| n * 10 + i128::from(digit))
}

/// The last digits of a number. Most are short enough, and a remainder of 128 bits costs more than the rest of a total.
fn last(number: i128, kept: u8) -> i128 {
    let modulus = power(kept);
    if number < modulus { number } else { number % modulus }
}

fn power(digits: u8) -> i128 {
    10i128.pow(u32::from(digits.min(MOST_DIGITS)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Scope;
    use crate::layout::{Field, Kind, Layout};
    use crate::text::Page;

    /// A field of a detail: text, a number, or something unreadable.
    fn row(cells: &[Result<&str, i128>]) -> Row {
        let mut row = Row::default();
        for cell in cells {
            match cell {
                Ok("?") => row.cells.push(Cell::Bad),
                Ok(text) => row.push_text(text),
                Err(number) => row.cells.push(Decimal { unscaled: *number, scale: 2 }.into()),
            }
        }
        row
    }

    fn controls(absolute: bool) -> Controls {
        let layout = Layout::flat("D".to_owned(), vec![Field::new("SIDE".to_owned(), Kind::Char, 1)]);
        let scope = Scope { layout: &layout, page: Page::Utf8, bytes: false, placed: false };
        let condition = Some(Condition::parse("SIDE == '0'", &scope).unwrap());
        let promise = |name: &str, field| Promise { name: name.to_owned(), record: 1, field };
        let addend = |field, condition| vec![Addend { record: 0, field, condition }];
        Controls {
            sequence: None,
            count: None,
            sums: vec![Sum { promise: promise("BUYAMT", 0), addends: addend(1, condition.clone()), absolute }],
            counts: vec![Count { promise: promise("BUYCNT", 1), of: Counted::Fitting(vec![(0, condition)]) }],
            hashes: vec![Hash { promise: promise("HASHTOT", 2), addends: addend(2, None), digits: 5 }],
        }
    }

    fn shown(controls: &Controls, rows: &[[Result<&str, i128>; 3]], trailer: &[Result<&str, i128>]) -> Vec<String> {
        let mut tally = Tally::new(controls);
        rows.iter().for_each(|cells| tally.add(0, &row(cells)));
        tally.promise(1, &row(trailer));
        let show = |t: &Total| format!("{} {}={} {} {}", t.name, t.promised, t.found, t.unreadable, t.agrees);
        tally.totals().iter().map(show).collect()
    }

    const ROWS: [[Result<&str, i128>; 3]; 3] =
        [[Ok("0"), Err(150), Ok("62-99999")], [Ok("1"), Err(999), Ok("A")], [Ok("0"), Err(-50), Ok("00002")]];

    #[test]
    fn conditions_pick_and_the_hash_total_keeps_its_last_digits() {
        let totals = shown(&controls(false), &ROWS, &[Err(100), Err(200), Err(100)]);
        assert_eq!(totals, ["BUYAMT 1.00=1.00 0 true", "BUYCNT 2.00=2.00 0 true", "HASHTOT 1.00=1.00 0 true"]);
    }

    #[test]
    fn the_last_digits_are_those_of_the_whole_number() {
        let text = "7-9 9A0123456789012345678901234567890123456789";
        for from in 0..text.len() {
            let digits: String = text[from..].chars().filter(char::is_ascii_digit).collect();
            for kept in 1..=37 {
                let due = &digits[digits.len().saturating_sub(kept)..];
                assert_eq!(last_digits(&text[from..], kept as u8), due.parse::<i128>().unwrap(), "{kept} of {digits}");
            }
        }
        assert_eq!((last_digits("A", 5), last(99_999, 5), last(100_001, 5)), (0, 99_999, 1));
    }

    #[test]
    fn absolute_sums_forget_the_signs() {
        let totals = shown(&controls(true), &ROWS, &[Err(200), Err(200), Err(100)]);
        assert_eq!(totals[0], "BUYAMT 2.00=2.00 0 true");
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_proves_nothing() {
        let rows = [[Ok("?"), Err(150), Ok("1")], [Ok("0"), Ok("?"), Ok("?")]];
        let totals = shown(&controls(false), &rows, &[Err(0), Err(100), Ok("?")]);
        assert_eq!(totals, ["BUYAMT 0.00=0.00 2 false", "BUYCNT 1.00=1.00 1 false", "HASHTOT =1 1 false"]);
    }

    #[test]
    fn all_records_may_be_counted_and_totals_may_come_first() {
        let promise = Promise { name: "N".to_owned(), record: 1, field: 0 };
        let count = Some(Count { promise: promise.clone(), of: Counted::Records });
        let mut tally = Tally::new(&Controls { count, ..Controls::default() });
        tally.promise(1, &row(&[Err(300)]));
        assert!(!tally.totals()[0].agrees);
        tally.add(0, &row(&[]));
        tally.add(0, &row(&[]));
        let totals = tally.totals();
        assert_eq!((totals[0].found.as_str(), totals[0].agrees, totals[0].is_count), ("3.00", true, true));
    }
}
