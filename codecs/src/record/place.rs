//! Where the fields of one decoded record stand.
//!
//! The places of a layout are those of a record whose arrays are all full; how many occurrences a record has is seen in
//! its cells. A record whose counter could not be read has no places behind it that anybody knows: the layout's are given.

use super::occurs::Around;
use super::plan::Plan;
use super::row::Row;
use crate::layout::{Array, Node};

impl Plan {
    /// First byte of each field, from 0.
    pub(crate) fn places(&self, row: &Row) -> Vec<usize> {
        let mut places: Vec<usize> = self.steps.iter().map(|step| step.start).collect();
        let mut placing = Placing { row, lost: 0, around: Around::default(), places: &mut places };
        self.nodes.iter().for_each(|node| placing.node(node, 0));
        places
    }
}

struct Placing<'a> {
    row: &'a Row,
    /// Bytes that varying arrays have left out so far.
    lost: usize,
    around: Around,
    places: &'a mut [usize],
}

impl Placing<'_> {
    fn node(&mut self, node: &Node, shift: usize) {
        match node {
            Node::Leaf { field, .. } => {
                if let Some(place) = self.places.get_mut(field + shift) {
                    *place = place.saturating_sub(self.lost);
                }
            }
            Node::Group { nodes, .. } => nodes.iter().for_each(|node| self.node(node, shift)),
            Node::Array(array) => self.array(array, shift),
            Node::Redefines(part) => {
                let (before, mut after) = (self.lost, self.lost);
                for node in &part.alternatives {
                    self.lost = before;
                    self.node(node, shift);
                    if self.row.has(node.span(), shift) {
                        after = self.lost;
                    }
                }
                self.lost = after;
            }
        }
    }

    fn array(&mut self, array: &Array, shift: usize) {
        let count = self.row.occurrences(array, shift, &self.around);
        let (first, _) = array.item.span();
        for n in 0..count {
            self.around.enter(first, array.leaves, n);
            self.node(&array.item, shift + n * array.leaves);
            self.around.leave();
        }
        // Only a varying array lets move what follows it.
        if array.depending.is_some() {
            self.lost += (array.count - count) * array.bytes;
        }
    }
}
