//! Where the fields of one decoded record stand.
//!
//! The places of a layout are those of a record whose arrays are all full; how many occurrences a record has is seen in
//! its cells. A record whose counter could not be read has no places behind it that anybody knows: the layout's are given.

use super::plan::Plan;
use super::row::{Cell, Row};
use crate::layout::{Array, Node};

impl Plan {
    /// First byte of each field, from 0.
    pub(crate) fn places(&self, row: &Row) -> Vec<usize> {
        let mut places: Vec<usize> = self.steps.iter().map(|step| step.start).collect();
        let mut lost = 0;
        self.nodes.iter().for_each(|node| place(node, 0, row, &mut lost, &mut places));
        places
    }
}

fn place(node: &Node, shift: usize, row: &Row, lost: &mut usize, places: &mut [usize]) {
    match node {
        Node::Leaf { field, .. } => {
            if let Some(place) = places.get_mut(field + shift) {
                *place = place.saturating_sub(*lost);
            }
        }
        Node::Group { nodes, .. } => nodes.iter().for_each(|node| place(node, shift, row, lost, places)),
        Node::Array(array) => {
            let count = (0..array.count).take_while(|n| given(array, shift + n * array.leaves, row)).count();
            for n in 0..count {
                place(&array.item, shift + n * array.leaves, row, lost, places);
            }
            // Only a varying array lets move what follows it.
            if array.depending.is_some() {
                *lost += (array.count - count) * array.bytes;
            }
        }
        Node::Redefines(part) => {
            let (before, mut after) = (*lost, *lost);
            for node in &part.alternatives {
                *lost = before;
                place(node, shift, row, lost, places);
                let (from, to) = node.span();
                let cells = row.cells.get(from + shift..to + shift).unwrap_or_default();
                if cells.iter().any(|cell| *cell != Cell::Absent) {
                    after = *lost;
                }
            }
            *lost = after;
        }
    }
}

/// Whether the record has an occurrence.
fn given(array: &Array, shift: usize, row: &Row) -> bool {
    let (from, to) = array.item.span();
    row.cells.get(from + shift..to + shift).is_some_and(|cells| cells.iter().any(|cell| *cell != Cell::Absent))
}
