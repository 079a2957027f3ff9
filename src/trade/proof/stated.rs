//! What the sender stated beside the file, in a control file or an index, held against the records.
//!
//! It is judged like a trailer: another count is FPP1005, another sum FPP1006, and a sum that cannot be proven because an
//! amount is unreadable is what the route says about unproven totals. A file that was not read to its end, or whose
//! framing broke, has a fault of its own; nothing is added to that.

use super::outcome::{Amounts, FileFaults};
use crate::trade::plan::rules::{Rules, Unproven};
use fpp_codecs::Code;
use fpp_codecs::record::Decimal;

/// What was stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stated {
    /// Where: the name of the control file or index.
    pub by: String,
    /// Detail records.
    pub count: Option<u64>,
    /// Sum of their amounts: digits with a point.
    pub amount: Option<String>,
}

impl Stated {
    /// Compares with what was found: records, their amounts, and how many amounts were unreadable. Gives a reason to
    /// hold.
    pub(super) fn judge(
        &self,
        found: Option<(u64, Amounts, u64)>,
        rules: &Rules,
        released: bool,
        faults: &mut FileFaults,
    ) -> Option<String> {
        let (records, amounts, unreadable) = found?;
        if let Some(count) = self.count.filter(|count| *count != records) {
            faults.note(Code::TRAILER, format!("{} states {count} records, the file has {records}", self.by));
        }
        let amount = self.amount.as_ref()?;
        if unreadable > 0 {
            let reason = format!("the amount that {} states cannot be proven: {unreadable} are unreadable", self.by);
            match rules.unproven_total {
                Unproven::Reject => faults.note(Code::UNPROVEN, reason),
                Unproven::Hold if !released => return Some(reason),
                Unproven::Hold | Unproven::Accept => {}
            }
            return None;
        }
        let sum = amounts.ok.checked_add(amounts.bad);
        if !sum.zip(Decimal::parse(amount)).is_some_and(|(sum, stated)| sum.same_value(stated)) {
            let sum = sum.map_or_else(|| "more than can be added".to_owned(), |sum| sum.to_string());
            faults.note(Code::TOTAL, format!("{} states the amount {amount}, the records give {sum}", self.by));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(count: Option<u64>, amount: Option<&str>, unreadable: u64, unproven: Unproven) -> (Vec<Code>, bool) {
        let stated = Stated { by: "A.CTL".into(), count, amount: amount.map(str::to_owned) };
        let decimal = |text| Decimal::parse(text).unwrap();
        let amounts = Amounts { ok: decimal("100.50"), bad: decimal("0.25") };
        let rules = Rules { unproven_total: unproven, ..Rules::new("r", "i") };
        let mut faults = FileFaults::default();
        let hold = stated.judge(Some((3, amounts, unreadable)), &rules, false, &mut faults);
        let codes = [Code::TRAILER, Code::TOTAL, Code::UNPROVEN].into_iter().filter(|code| faults.has(*code));
        (codes.collect(), hold.is_some())
    }

    #[test]
    fn another_count_or_sum_is_a_fault_and_a_doubt_is_what_the_route_says() {
        assert_eq!(judged(Some(3), Some("100.750"), 0, Unproven::Reject), (vec![], false));
        assert_eq!(judged(None, None, 9, Unproven::Reject), (vec![], false));
        assert_eq!(judged(Some(4), Some("100.76"), 0, Unproven::Accept), (vec![Code::TRAILER, Code::TOTAL], false));
        assert_eq!(judged(None, Some("-100.75"), 0, Unproven::Accept), (vec![Code::TOTAL], false));
        assert_eq!(judged(Some(3), Some("1"), 1, Unproven::Reject), (vec![Code::UNPROVEN], false));
        assert_eq!(judged(Some(3), Some("1"), 1, Unproven::Hold), (vec![], true));
        assert_eq!(judged(Some(3), Some("1"), 1, Unproven::Accept), (vec![], false));
        assert_eq!(judged(None, Some(&"9".repeat(31)), 0, Unproven::Accept), (vec![Code::TOTAL], false));
    }
}
