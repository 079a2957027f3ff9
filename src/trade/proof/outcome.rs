//! What a proof found, and the one verdict that follows from it.

use super::header::{FileFault, Found};
use crate::ledger::change::Reject;
use crate::ledger::transfer::{Total, Verdict};
use crate::trade::plan::rules::{Policy, Rules, Unproven};
use fpp_codecs::Code;
use fpp_codecs::controls;
use fpp_codecs::record::Decimal;

/// Sums of the answered amount: posted and refused records (OKAMT, NGAMT).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Of posted records.
    pub ok: Decimal,
    /// Of all others.
    pub bad: Decimal,
}

/// The result of a proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Accepted, partly or rejected; nothing when a person must decide (`code` says why).
    pub verdict: Option<Verdict>,
    /// Code of the file; FPP0000 unless it is rejected or held.
    pub code: Code,
    /// Why, in words, with the place; no field content. Empty when accepted.
    pub reason: String,
    /// Business date, batch and run, if the header or the name gave them.
    pub identity: Option<Found>,
    /// Framing and header held: records can be answered one by one.
    pub framed: bool,
    /// Detail records read.
    pub records: u64,
    /// Detail records that are posted; 0 when the file is rejected.
    pub accepted: u64,
    /// All other detail records.
    pub rejected: u64,
    /// Refused records in file order, at most `reject_max` of them.
    pub rejects: Vec<Reject>,
    /// Control totals.
    pub totals: Vec<Total>,
    /// Sums of the amount that the answer echoes.
    pub amounts: Amounts,
}

/// Order of judgement: the first of these that is found names the file's fault.
const PRECEDENCE: [Code; 11] = [
    Code::LENGTH,
    Code::TEXT_MODE,
    Code::NO_LAYOUT,
    Code::HEADER,
    Code::BUSINESS_DATE,
    Code::TRAILER,
    Code::SEQUENCE,
    Code::TOO_MANY,
    Code::UNPROVEN,
    Code::TOTAL,
    Code::NOT_POSTED,
];

/// Faults of the file as a whole: the first of each code.
#[derive(Clone, Debug, Default)]
pub(super) struct FileFaults {
    found: Vec<FileFault>,
}

impl FileFaults {
    pub(super) fn note(&mut self, code: Code, reason: impl Into<String>) {
        if !self.has(code) {
            self.found.push(FileFault { code, reason: reason.into() });
        }
    }

    pub(super) fn has(&self, code: Code) -> bool {
        self.found.iter().any(|f| f.code == code)
    }

    fn worst(self) -> Option<FileFault> {
        let rank = |code: Code| PRECEDENCE.iter().position(|c| *c == code);
        // A code of the caller's that is not in the list (a digest that differs, say) comes first: None < Some.
        self.found.into_iter().min_by_key(|f| rank(f.code))
    }
}

/// Judges the totals; gives the reason to hold, if one of them is unproven and the rules say so.
pub(super) fn judge_totals(
    totals: &[controls::Total],
    count_name: Option<&str>,
    rules: &Rules,
    released: bool,
    faults: &mut FileFaults,
) -> Option<String> {
    let mut hold = None;
    for total in totals {
        let name = &total.name;
        if total.unreadable > 0 {
            let reason = format!("{name} cannot be proven: records with an unreadable part: {}", total.unreadable);
            match rules.unproven_total {
                Unproven::Reject => faults.note(Code::UNPROVEN, reason),
                Unproven::Hold if !released => hold = hold.or(Some(reason)),
                Unproven::Hold | Unproven::Accept => {}
            }
        } else if !total.agrees {
            let code = if count_name == Some(name.as_str()) { Code::TRAILER } else { Code::TOTAL };
            faults.note(code, format!("{name} promises {}, the records give {}", total.promised, total.found));
        }
    }
    hold
}

/// The verdict: a definite fault refuses the file, then a doubt holds it, then the policy speaks about bad records.
pub(super) fn judge(
    mut faults: FileFaults,
    hold: Option<String>,
    rejected: u64,
    policy: Policy,
) -> (Option<Verdict>, Code, String) {
    if rejected > 0 && policy == Policy::Strict {
        faults.note(Code::NOT_POSTED, format!("{rejected} bad records; the route takes whole files only"));
    }
    match (faults.worst(), hold) {
        (Some(fault), _) => (Some(Verdict::Rejected), fault.code, fault.reason),
        (None, Some(reason)) => (None, Code::UNPROVEN, reason),
        (None, None) if rejected > 0 => (Some(Verdict::Partly), Code::OK, format!("{rejected} bad records")),
        (None, None) => (Some(Verdict::Accepted), Code::OK, String::new()),
    }
}

impl Amounts {
    /// Adds the amount of a record. A sum that overflows sticks at the largest number, which no field can hold.
    pub fn add(&mut self, amount: Decimal, posted: bool) {
        let sum = if posted { &mut self.ok } else { &mut self.bad };
        *sum = sum.checked_add(amount).unwrap_or(Decimal { unscaled: i128::MAX, scale: amount.scale });
    }

    /// The same sums if nothing is posted.
    #[must_use]
    pub fn refused(self) -> Amounts {
        let mut all = Amounts { ok: Decimal { unscaled: 0, scale: self.ok.scale }, bad: self.bad };
        all.add(self.ok, false);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(codes: &[Code]) -> FileFaults {
        let mut faults = FileFaults::default();
        codes.iter().for_each(|c| faults.note(*c, "x"));
        faults
    }

    #[test]
    fn the_first_fault_in_the_order_of_judgement_names_the_file() {
        let code = |codes: &[Code], rejected| judge(file(codes), None, rejected, Policy::Strict).1;
        assert_eq!(code(&[Code::TOTAL, Code::SEQUENCE], 1), Code::SEQUENCE);
        assert_eq!(code(&[Code::TOTAL, Code::TRAILER], 0), Code::TRAILER);
        assert_eq!(code(&[Code::TRAILER, Code::HEADER], 0), Code::HEADER);
        assert_eq!(code(&[], 1), Code::NOT_POSTED);
        assert_eq!(code(&[Code::TOTAL, Code::DIGEST], 1), Code::DIGEST);
    }

    #[test]
    fn a_doubt_holds_only_what_nothing_else_refuses() {
        let hold = || Some("?".to_owned());
        assert_eq!(judge(file(&[]), hold(), 1, Policy::Partial).0, None);
        assert_eq!(judge(file(&[Code::TOTAL]), hold(), 1, Policy::Partial).0, Some(Verdict::Rejected));
        assert_eq!(judge(file(&[]), None, 1, Policy::Partial).0, Some(Verdict::Partly));
        assert_eq!(judge(file(&[]), None, 0, Policy::Strict).0, Some(Verdict::Accepted));
    }
}
