//! Encoding over a tree, the mirror of [`super::walk`].
//!
//! Of alternatives for the same bytes the first one whose fields are all given is written; that the others, where they
//! are given too, say the same is found when the record is read back ([`super::prove`]). Where they do not, another one
//! may be written instead ([`super::turns`]): a number of which text is the other reading can stand in more than one form. A counter must agree with the occurrences given.
//! Where records may be short, one that ends in alternatives ends where the written one does.

use super::occurs::Around;
use super::occurs::occurrences;
use super::plan::{Plan, Short};
use super::row::{Repair, Row};
use super::turns::{Turns, is_complete};
use crate::code::Code;
use crate::fault::{Fault, Flaw};
use crate::layout::{Array, Node, Redefines};

/// Appends the record, of its alternatives those whose turn it is.
pub(super) fn write(
    plan: &Plan,
    row: &Row,
    turns: &Turns,
    out: &mut Vec<u8>,
    repairs: &mut Vec<Repair>,
) -> Result<(), Fault> {
    let mut writer = Writer { plan, row, turns, out, repairs, filled: 0, around: Around::default() };
    plan.nodes.iter().try_for_each(|node| writer.node(node, 0))?;
    if plan.short != Short::Absent {
        writer.fill();
    }
    Ok(())
}

struct Writer<'a> {
    plan: &'a Plan,
    row: &'a Row,
    turns: &'a Turns,
    out: &'a mut Vec<u8>,
    repairs: &'a mut Vec<Repair>,
    /// To where alternatives reach that are shorter than the longest: filled when something follows.
    filled: usize,
    around: Around,
}

impl Writer<'_> {
    fn node(&mut self, node: &Node, shift: usize) -> Result<(), Fault> {
        match node {
            Node::Leaf { field, .. } => {
                self.fill();
                self.plan.write_leaf(field + shift, self.row, self.out, self.repairs)
            }
            Node::Group { nodes, .. } => nodes.iter().try_for_each(|node| self.node(node, shift)),
            Node::Array(array) => self.array(array, shift),
            Node::Redefines(part) => self.redefines(part, shift),
        }
    }

    fn array(&mut self, array: &Array, shift: usize) -> Result<(), Fault> {
        let (first, _) = array.item.span();
        let given = self.row.occurrences(array, shift, &self.around);
        match &array.depending {
            None if given < array.count => return Err(Flaw::NO_VALUE.within(first + shift + given * array.leaves, 0)),
            None => {}
            Some(depending) => {
                let counter = self.around.resolved(depending.field);
                if occurrences(self.row, counter, depending) != Some(given) || given < depending.least {
                    let flaw =
                        Flaw::new(Code::OCCURRENCES, 0, "the counter differs from the occurrences that are given");
                    return Err(flaw.within(counter, 0));
                }
            }
        }
        for n in 0..given {
            self.around.enter(first, array.leaves, n);
            let written = self.node(&array.item, shift + n * array.leaves);
            self.around.leave();
            written?;
        }
        Ok(())
    }

    fn redefines(&mut self, part: &Redefines, shift: usize) -> Result<(), Fault> {
        self.fill();
        let chosen = match self.turns.of(part, shift) {
            0 => part.alternatives.iter().find(|node| is_complete(self.row, node, shift)),
            turn => self.turns.candidates(self.plan, self.row, part, shift).get(turn).copied(),
        };
        let partly = || part.alternatives.iter().find(|node| self.row.has(node.span(), shift));
        // An array of no occurrences is not seen in a row; its counter is looked at when it is written.
        let empty = || part.alternatives.iter().find(|node| node.may_be_empty());
        let start = self.out.len();
        let longest = self.longest(part, shift);
        if let Some(node) = chosen.or_else(partly).or_else(empty) {
            self.node(node, shift)?;
        } else if let Some(node) = part.alternatives.first() {
            return Err(Flaw::NO_VALUE.within(node.span().0 + shift, 0));
        }
        self.filled = self.filled.max(start + longest);
        Ok(())
    }

    fn fill(&mut self) {
        self.out.resize(self.out.len().max(self.filled), self.plan.page.blank());
    }

    /// Bytes from the first leaf of the alternatives to the end of the one that reaches farthest.
    fn longest(&self, part: &Redefines, shift: usize) -> usize {
        let steps = |node: &Node| self.plan.steps.get(node.span().0 + shift..node.span().1 + shift);
        let ends = part.alternatives.iter().filter_map(steps).flatten().map(|step| step.start + step.bytes);
        let begins = part.alternatives.iter().filter_map(steps).flatten().map(|step| step.start);
        ends.max().unwrap_or(0) - begins.min().unwrap_or(0)
    }
}
