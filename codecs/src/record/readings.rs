//! Readings of the same bytes (REDEFINES) of which no field chooses one: those that decode are shown, and if none does the
//! first one's faults are told.
//!
//! Text reads nearly any bytes, and hex all of them. So a reading with numbers or dates that cannot be read is *lost* where
//! nothing but text or hex is shown in its stead: the damage would be seen by nobody. That is told as a repair, because the
//! text may be all that was meant; where the layout or a reader insists on a field of it ([`Insisted`]) it is a fault. The
//! other way round, what is a good number need not be good text: substitute characters in it are told of no text then.

use super::op::Shift;
use super::parts::{Alternative, Redefines};
use super::row::{Cell, Repair};
use super::step::Insisted;
use super::walk::Walk;
use crate::code::Code;
use crate::fault::{Fault, Flaw};
use crate::text::substitute;

/// What is told of a reading that is lost.
const LOST: &str = "a number or date that cannot be read: only another reading of its bytes is shown, as text or hex";

const NEIGHBOUR: Flaw = Flaw::new(
    Code::RANGE,
    0,
    "another field of the same reading (REDEFINES) cannot be read, and so this one is not shown",
);

/// What became of the alternatives.
#[derive(Default)]
struct Found<'p> {
    /// Whether any decodes; one that has numbers or dates; such a one without a repair.
    shown: bool,
    typed: bool,
    well: bool,
    failed: Vec<(&'p Alternative, Vec<Fault>)>,
}

impl Walk<'_> {
    /// All alternatives that can be read.
    pub(super) fn every(&mut self, part: &Redefines, shift: Shift) {
        if self.astray {
            return part.alternatives.iter().for_each(|alternative| self.fill(alternative, shift, Cell::Bad));
        }
        let (before, faults, repairs) = (self.lost, self.row.faults.len(), self.row.repairs.len());
        let mut found = Found::default();
        for alternative in &part.alternatives {
            self.lost = before;
            let repairs = self.row.repairs.len();
            match self.reading(alternative, shift) {
                None => {
                    found.shown = true;
                    found.typed |= alternative.typed;
                    found.well |= alternative.typed && self.row.repairs.len() == repairs;
                }
                Some(told) => found.failed.push((alternative, told)),
            }
        }
        self.lost = before;
        if found.well && self.row.repairs.len() > repairs {
            self.no_substitutes(part, shift, repairs);
        }
        if !found.failed.is_empty() {
            self.failed(found, shift);
            // In layout order, as everything is told.
            self.row.faults.get_mut(faults..).unwrap_or_default().sort_by_key(|fault| fault.field);
            self.row.repairs.get_mut(repairs..).unwrap_or_default().sort_by_key(|repair| repair.field);
        }
    }

    /// Tries one; gives its faults, with everything else as it was before.
    fn reading(&mut self, alternative: &Alternative, shift: Shift) -> Option<Vec<Fault>> {
        let (faults, repairs, filled) = (self.row.faults.len(), self.row.repairs.len(), self.row.filled);
        let lost = self.row.lost.len();
        self.parts(&alternative.parts, shift);
        if self.row.faults.len() == faults {
            return None;
        }
        let told = self.row.faults.split_off(faults);
        self.astray = false;
        self.row.repairs.truncate(repairs);
        self.row.filled = filled;
        self.row.lost.truncate(lost);
        self.fill(alternative, shift, Cell::Absent);
        Some(told)
    }

    /// Forgets that texts have substitute characters: their bytes are a good number.
    #[cold]
    fn no_substitutes(&mut self, part: &Redefines, shift: Shift, from: usize) {
        // Thousands of readings may each have a substitute character: they stand in the order of their leaves.
        let is_text = |field: usize| {
            let at = part.alternatives.partition_point(|one| one.leaves.end + shift.leaves <= field);
            part.alternatives.get(at).is_some_and(|one| !one.typed && one.has(field, shift.leaves))
        };
        let told = self.row.repairs.split_off(from);
        let kept = told.into_iter().filter(|repair| repair.what != substitute::TOLD || !is_text(repair.field));
        self.row.repairs.extend(kept);
    }

    /// Tells of those that cannot be read what must be told.
    #[cold]
    fn failed(&mut self, mut found: Found<'_>, shift: Shift) {
        if !found.shown {
            let asked = found.failed.iter().position(|(alternative, _)| self.asked(alternative, shift).is_some());
            let (alternative, told) = found.failed.swap_remove(asked.unwrap_or(0));
            return self.refuse(alternative, shift, told);
        }
        let mut repaired = false;
        for (alternative, told) in found.failed {
            let lost = alternative.typed && !found.typed;
            let always = told.iter().any(|fault| self.insisted(fault.field) == Insisted::Always);
            if always || (lost && self.asked(alternative, shift).is_some()) {
                self.refuse(alternative, shift, told);
            } else if let (true, Some(fault)) = (lost, told.first()) {
                self.row.lost.push(alternative.leaves.start + shift.leaves..alternative.leaves.end + shift.leaves);
                if !std::mem::replace(&mut repaired, true) {
                    self.row.repairs.push(Repair { field: fault.field, offset: fault.offset, what: LOST });
                }
            }
        }
    }

    /// Its faults stand; one of them is of a field that was asked for.
    fn refuse(&mut self, alternative: &Alternative, shift: Shift, told: Vec<Fault>) {
        let seen = told.iter().any(|fault| self.insisted(fault.field) != Insisted::No);
        if let (false, Some(leaf)) = (seen, self.asked(alternative, shift)) {
            let start = self.plan.steps.get(leaf).map_or(0, |step| step.start.saturating_sub(self.lost));
            self.row.faults.push(NEIGHBOUR.within(leaf, start));
        }
        self.row.faults.extend(told);
        self.fill(alternative, shift, Cell::Bad);
    }

    /// The first field of an alternative that someone insists on.
    fn asked(&self, alternative: &Alternative, shift: Shift) -> Option<usize> {
        let leaves = alternative.leaves.start + shift.leaves..alternative.leaves.end + shift.leaves;
        leaves.into_iter().find(|leaf| self.insisted(*leaf) != Insisted::No)
    }

    fn insisted(&self, leaf: usize) -> Insisted {
        self.plan.insisted.get(leaf).copied().unwrap_or_default()
    }
}
