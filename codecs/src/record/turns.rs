//! Which of several given readings of the same bytes (REDEFINES) is written.
//!
//! All that are given must read back. The first one writes its field in the one form that is written: a number with
//! the preferred sign. Where the bytes had another form the others say so, text mostly, and the record does not read
//! back. Then the next one has its turn, text and hex before others, because they say each byte. Only when none gives a
//! record that reads back as it was given do the readings contradict each other, and the first one's fault is told.
//!
//! Each turn tried moves every part that failed, so that an array of such parts takes no more turns than one of them.

use super::plan::Plan;
use super::row::{Cell, Repair, Row};
use crate::fault::Fault;
use crate::layout::{Node, Redefines};
use std::collections::{BTreeMap, BTreeSet};

/// Records that are tried; no more readings than this are within each other.
const TRIED_MAX: usize = 64;

/// For alternatives, by their first leaf and the one after their last: the number of the one whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turns(BTreeMap<(usize, usize), usize>);

impl Plan {
    /// Writes the record by other readings than the first ones, of which `first` is the fault; `out` ends with the record.
    #[cold]
    pub(super) fn write_by_others(
        &self,
        row: &Row,
        start: usize,
        first: Fault,
        out: &mut Vec<u8>,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), Fault> {
        if self.shared.get(first.field) != Some(&true) {
            return Err(first);
        }
        let mut turns = Turns::default();
        for _ in 0..TRIED_MAX {
            out.truncate(start);
            repairs.clear();
            match self.attempt(row, start, &turns, out, repairs) {
                Ok(()) => return Ok(()),
                Err(failed) if turns.advance(self, row, &failed) => {}
                Err(_) => break,
            }
        }
        Err(first)
    }

    /// One try; gives the fields at which it failed.
    fn attempt(
        &self,
        row: &Row,
        start: usize,
        turns: &Turns,
        out: &mut Vec<u8>,
        repairs: &mut Vec<Repair>,
    ) -> Result<(), Vec<usize>> {
        self.write(row, turns, out, repairs).map_err(|fault| vec![fault.field])?;
        self.fill(start, out);
        let record = out.get(start..).unwrap_or_default();
        self.prove(row, record).map_err(|fault| self.contradicted(row, record, fault.field))
    }
}

impl Turns {
    /// Whose turn it is.
    pub(super) fn of(&self, part: &Redefines, shift: usize) -> usize {
        // Nearly every record is written without a second turn.
        if self.0.is_empty() { 0 } else { self.0.get(&key(part, shift)).copied().unwrap_or(0) }
    }

    /// Alternatives that are given as a whole, in the order of their turns.
    pub(super) fn candidates<'n>(&self, plan: &Plan, row: &Row, part: &'n Redefines, shift: usize) -> Vec<&'n Node> {
        let mut given = part.alternatives.iter().filter(|node| is_complete(row, node, shift));
        let mut candidates: Vec<&Node> = given.next().into_iter().collect();
        let typed = |node: &Node| {
            let steps = plan.steps.get(node.span().0 + shift..node.span().1 + shift).unwrap_or_default();
            steps.iter().any(|step| step.is_typed() && !step.filler)
        };
        let (others, texts): (Vec<&Node>, Vec<&Node>) = given.partition(|node| typed(node));
        candidates.extend(texts);
        candidates.extend(others);
        candidates
    }

    /// Forgets the turns of what stands in a part, and its own.
    fn forget_within(&mut self, (from, to): (usize, usize)) {
        let own = self.0.range((from, 0)..(to, 0)).filter(|((_, end), _)| *end <= to);
        let own: Vec<_> = own.map(|(key, _)| *key).collect();
        for key in own {
            self.0.remove(&key);
        }
    }

    /// The next turn of what is around each of these leaves, the innermost first; false if none has another one.
    fn advance(&mut self, plan: &Plan, row: &Row, leaves: &[usize]) -> bool {
        // Several leaves of a part may have failed, and thousands of parts.
        let (mut moved, mut spent) = (BTreeSet::new(), BTreeSet::new());
        for leaf in leaves {
            let mut around = Vec::new();
            around_leaf(&plan.nodes, 0, *leaf, &mut around);
            while let Some((part, shift)) = around.pop() {
                let key = key(part, shift);
                let turn = self.of(part, shift);
                if moved.contains(&key) {
                    break;
                }
                if spent.contains(&key) {
                    continue;
                }
                if turn + 1 < self.candidates(plan, row, part, shift).len() {
                    self.forget_within(key);
                    self.0.insert(key, turn + 1);
                    moved.insert(key);
                    break;
                }
                spent.insert(key);
            }
        }
        !moved.is_empty()
    }
}

fn key(part: &Redefines, shift: usize) -> (usize, usize) {
    let (first, last) = (part.alternatives.first(), part.alternatives.last());
    (first.map_or(0, |node| node.span().0) + shift, last.map_or(0, |node| node.span().1) + shift)
}

/// The alternatives around a leaf, the outermost first, each with the leaves it is behind its first occurrence. Neighbours
/// stand in the order of their leaves.
fn around_leaf<'n>(nodes: &'n [Node], shift: usize, leaf: usize, around: &mut Vec<(&'n Redefines, usize)>) {
    let at = nodes.partition_point(|node| node.span().1 + shift <= leaf);
    match nodes.get(at) {
        None | Some(Node::Leaf { .. }) => {}
        Some(Node::Group { nodes, .. }) => around_leaf(nodes, shift, leaf, around),
        Some(Node::Array(array)) => {
            let first = array.item.span().0 + shift;
            let n = leaf.saturating_sub(first) / array.leaves.max(1);
            around_leaf(std::slice::from_ref(&*array.item), shift + n * array.leaves, leaf, around);
        }
        Some(Node::Redefines(part)) => {
            around.push((part, shift));
            around_leaf(&part.alternatives, shift, leaf, around);
        }
    }
}

/// Whether a part is given with every leaf that must be; varying arrays and alternatives within are their own matter.
pub(super) fn is_complete(row: &Row, node: &Node, shift: usize) -> bool {
    row.has(node.span(), shift) && has_all(row, node, shift)
}

fn has_all(row: &Row, node: &Node, shift: usize) -> bool {
    match node {
        Node::Leaf { field, .. } => row.cells.get(field + shift).is_some_and(|cell| *cell != Cell::Absent),
        Node::Group { nodes, .. } => nodes.iter().all(|node| has_all(row, node, shift)),
        Node::Array(_) | Node::Redefines(_) => true,
    }
}
