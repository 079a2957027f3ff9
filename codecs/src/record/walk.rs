//! Decoding over a tree: groups, OCCURS, OCCURS DEPENDING ON, REDEFINES.
//!
//! Every leaf has the place it would have if every array before it were full; `lost` is by how many bytes the record
//! is behind that. IBM's COBOL lets a part that follows a varying array move, and so does this; what follows
//! alternatives does not move, because their bytes are the longest one's (Language Reference, REDEFINES). When a counter cannot be
//! read nobody knows where the rest stands: it is left bad, with the one fault of the counter.

use super::decimal::Decimal;
use super::plan::Plan;
use super::row::{Cell, Row};
use crate::code::Code;
use crate::fault::Flaw;
use crate::layout::{Array, Depending, Node, Redefines};

/// Decodes the whole record; gives the bytes that varying arrays leave out, nothing if the way was lost.
pub(super) fn decode(plan: &Plan, record: &[u8], row: &mut Row) -> Option<usize> {
    row.cells.resize(plan.steps.len(), Cell::Absent);
    let mut walk = Walk { plan, record, row, lost: 0, astray: false, around: Vec::new() };
    walk.nodes(&plan.nodes, 0);
    (!walk.astray).then_some(walk.lost)
}

struct Walk<'a> {
    plan: &'a Plan,
    record: &'a [u8],
    row: &'a mut Row,
    lost: usize,
    astray: bool,
    /// Arrays around: first leaf, leaves of an item, and by how many leaves the occurrence is shifted.
    around: Vec<(usize, usize, usize)>,
}

impl Walk<'_> {
    fn nodes(&mut self, nodes: &[Node], shift: usize) {
        nodes.iter().for_each(|node| self.node(node, shift));
    }

    fn node(&mut self, node: &Node, shift: usize) {
        match node {
            Node::Leaf { field, .. } => self.leaf(field + shift),
            Node::Group { nodes, .. } => self.nodes(nodes, shift),
            Node::Array(array) => self.array(array, shift),
            Node::Redefines(part) => self.redefines(part, shift),
        }
    }

    fn leaf(&mut self, index: usize) {
        let cell = match (self.astray, self.plan.steps.get(index)) {
            (false, Some(step)) => self.plan.leaf(index, step.start - self.lost, self.record, self.row),
            _ => Cell::Bad,
        };
        if let Some(slot) = self.row.cells.get_mut(index) {
            *slot = cell;
        }
    }

    fn array(&mut self, array: &Array, shift: usize) {
        let count = match &array.depending {
            None => array.count,
            Some(_) if self.astray => array.count,
            Some(depending) => self.counted(array, depending),
        };
        let (first, _) = array.item.span();
        for n in 0..count {
            self.around.push((first, array.leaves, n * array.leaves));
            self.node(&array.item, shift + n * array.leaves);
            self.around.pop();
        }
        self.lost += (array.count - count) * array.bytes;
    }

    /// How many occurrences there are.
    fn counted(&mut self, array: &Array, depending: &Depending) -> usize {
        let counter = self.resolved(depending.field);
        match occurrences(self.row, counter, depending) {
            Some(count) if (depending.least..=array.count).contains(&count) => return count,
            None if self.row.cells.get(counter) == Some(&Cell::Bad) => {}
            _ => {
                let flaw = Flaw::new(Code::OCCURRENCES, 0, "the counter is not within what the array may have");
                let start = self.plan.steps.get(counter).map_or(0, |step| step.start);
                self.row.faults.push(flaw.within(counter, start));
            }
        }
        self.astray = true;
        array.count
    }

    /// The leaf of the occurrence that is being decoded.
    fn resolved(&self, leaf: usize) -> usize {
        let within = |(first, leaves, _): &&(usize, usize, usize)| (*first..first + leaves).contains(&leaf);
        leaf + self.around.iter().filter(within).map(|(_, _, shift)| shift).sum::<usize>()
    }

    fn redefines(&mut self, part: &Redefines, shift: usize) {
        let before = self.lost;
        let Some(choice) = &part.choice else { return self.every(part, shift) };
        let field = self.resolved(choice.field);
        // The field may stand in the first alternative itself.
        if self.row.cells.get(field) == Some(&Cell::Absent) && !self.astray {
            self.leaf(field);
            self.row.repairs.retain(|repair| repair.field != field);
            self.row.faults.retain(|fault| fault.field != field);
        }
        let value = text_of(self.row, field);
        let case = value.and_then(|value| choice.cases.iter().find(|(wanted, _)| same(wanted, &value)));
        let chosen = case.map(|(_, at)| *at).or(choice.otherwise);
        if let Some(cell) = self.row.cells.get_mut(field)
            && part.alternatives.iter().any(|node| (node.span().0 + shift..node.span().1 + shift).contains(&field))
        {
            *cell = Cell::Absent;
        }
        if let Some(node) = chosen.and_then(|at| part.alternatives.get(at)) {
            self.node(node, shift);
            self.lost = before;
        }
    }

    /// Nothing says which alternative holds: those that decode are shown, the first one's faults are told if none does.
    fn every(&mut self, part: &Redefines, shift: usize) {
        if self.astray {
            return part.alternatives.iter().for_each(|node| self.bad(node, shift));
        }
        let (before, faults, repairs) = (self.lost, self.row.faults.len(), self.row.repairs.len());
        let mut first = None;
        let mut shown = false;
        for node in &part.alternatives {
            let (faults, repairs, filled) = (self.row.faults.len(), self.row.repairs.len(), self.row.filled);
            self.lost = before;
            self.node(node, shift);
            if self.row.faults.len() == faults {
                shown = true;
                continue;
            }
            let told = self.row.faults.split_off(faults);
            first.get_or_insert(told);
            self.astray = false;
            self.row.repairs.truncate(repairs);
            self.row.filled = filled;
            self.absent(node, shift);
        }
        self.lost = before;
        if let (false, Some(told)) = (shown, first) {
            self.row.faults.truncate(faults);
            self.row.repairs.truncate(repairs);
            self.row.faults.extend(told);
            if let Some(node) = part.alternatives.first() {
                self.bad(node, shift);
            }
        }
    }

    fn absent(&mut self, node: &Node, shift: usize) {
        self.fill(node, shift, Cell::Absent);
    }

    fn bad(&mut self, node: &Node, shift: usize) {
        self.fill(node, shift, Cell::Bad);
    }

    fn fill(&mut self, node: &Node, shift: usize, with: Cell) {
        let (from, to) = node.span();
        if let Some(cells) = self.row.cells.get_mut(from + shift..to + shift) {
            cells.fill(with);
        }
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
fn text_of(row: &Row, field: usize) -> Option<String> {
    match (row.str(field), row.decimal(field)) {
        (Some(text), _) => Some(text.to_owned()),
        (None, Some(number)) => Some(number.to_string()),
        (None, None) => None,
    }
}

/// Equal as text, or as numbers: `1` is `01.0`.
fn same(wanted: &str, found: &str) -> bool {
    let number = || Some(Decimal::parse(wanted)?.same_value(Decimal::parse(found)?));
    wanted.trim_end() == found.trim_end() || number().unwrap_or(false)
}
