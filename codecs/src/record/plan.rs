//! The compiled form of a layout: what decoding walks over.
//!
//! Steps hold only what the hot path needs, so that they stay in cache; names and texts stay in the [`Layout`]. In
//! null mode `flag` the plan also moves the fields apart to make room for the flag bytes.

use super::quick::Quick;
pub(crate) use super::step::Step;
pub use super::step::{Nulls, Short};
use crate::layout::{Field, Layout, Node, Rules};
use crate::number::picture::Picture;
use crate::text::{self, Page};
use std::sync::Arc;

/// All steps of a record.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// The tree over the steps; empty for a flat record.
    pub(crate) nodes: Vec<Node>,
    /// Leaves among alternatives, which share their bytes with others; empty if there are none.
    pub(super) shared: Vec<bool>,
    pub(crate) nulls: Nulls,
    pub(crate) short: Short,
    /// Bytes that every record has in its file, although its layout varies: what is behind the last field is filling.
    pub(crate) filled: Option<usize>,
    /// First byte of the null map, the length of the record without it.
    pub(crate) map_at: usize,
    /// Bytes of a whole record at its longest.
    pub(crate) length: usize,
    /// Null flags and map are written in this page.
    pub(crate) page: Page,
    /// The shortest ways of the steps.
    pub(super) quick: Quick,
}

impl Plan {
    /// Compiles a layout; `layout` is moved apart for null flags or made longer for the null map.
    ///
    /// A layout with a tree has neither: IBM i, which writes them, has no such records.
    pub(crate) fn compile(layout: &mut Layout, nulls: Nulls, page: Page) -> Plan {
        let mut shift = 0;
        let mut steps: Vec<Step> = Vec::with_capacity(layout.fields.len());
        for field in &mut layout.fields {
            field.offset += shift;
            let rules = shared(field, steps.last());
            let page_of = field.page.unwrap_or(page);
            let picture = picture(field, page_of, rules.as_ref(), steps.last());
            steps.push(Step {
                kind: field.kind,
                start: field.offset,
                bytes: field.bytes,
                page: page_of,
                varlen: field.varlen,
                nullable: field.nullable,
                filler: field.is_filler(),
                rules,
                picture,
            });
            shift += usize::from(nulls == Nulls::Flag && field.nullable);
        }
        let map_at = layout.length + shift;
        let added = shift + if nulls == Nulls::Map { steps.len() } else { 0 };
        layout.length += added;
        layout.least += added;
        let (nodes, length) = (layout.nodes.clone(), layout.length);
        let quick = Quick::of(&steps, (!nodes.is_empty()).then_some(&nodes), nulls);
        let shared = if nodes.iter().any(Node::has_alternatives) { sharing(&nodes, steps.len()) } else { Vec::new() };
        Plan { steps, nodes, shared, nulls, short: Short::default(), filled: None, map_at, length, page, quick }
    }

    /// Takes out the steps of a flat record that are not kept, and their short ways with them.
    pub(crate) fn keep(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.steps.retain(|_| keep.next() == Some(&true));
        self.quick = Quick::of(&self.steps, None, self.nulls);
    }

    /// Decodes the leaves of these nodes only.
    pub(crate) fn keep_nodes(&mut self, nodes: Vec<Node>) {
        self.quick = Quick::of(&self.steps, Some(&nodes), self.nulls);
        self.nodes = nodes;
    }

    /// The character `1`, which marks a null.
    pub(crate) fn null_mark(&self) -> u8 {
        if self.page.is_ebcdic() { 0xF1 } else { b'1' }
    }
}

/// Which leaves stand in alternatives.
fn sharing(nodes: &[Node], leaves: usize) -> Vec<bool> {
    let mut shared = vec![false; leaves];
    nodes.iter().for_each(|node| share(node, 0, &mut shared));
    shared
}

fn share(node: &Node, shift: usize, shared: &mut [bool]) {
    match node {
        Node::Leaf { .. } => {}
        Node::Group { nodes, .. } => nodes.iter().for_each(|node| share(node, shift, shared)),
        Node::Array(array) if array.item.has_alternatives() => {
            (0..array.count).for_each(|n| share(&array.item, shift + n * array.leaves, shared));
        }
        Node::Array(_) => {}
        Node::Redefines(_) => {
            let (from, to) = node.span();
            shared.get_mut(from + shift..to + shift).into_iter().for_each(|leaves| leaves.fill(true));
        }
    }
}

/// The rules of a field, those of the field before where they are equal: arrays have thousands of equal ones.
fn shared(field: &Field, before: Option<&Step>) -> Option<Arc<Rules>> {
    if field.rules.is_plain() {
        return None;
    }
    match before.and_then(|step| step.rules.as_ref()) {
        Some(rules) if **rules == field.rules => Some(rules.clone()),
        _ => Some(Arc::new(field.rules.clone())),
    }
}

/// The picture of an edited number; shared as the rules are.
fn picture(field: &Field, page: Page, rules: Option<&Arc<Rules>>, before: Option<&Step>) -> Option<Arc<(Picture, u8)>> {
    let rules = rules?;
    if let Some(step) = before.filter(|step| step.page == page)
        && step.rules.as_ref().is_some_and(|shared| Arc::ptr_eq(shared, rules))
    {
        return step.picture.clone();
    }
    let picture = field.rules.compiled_picture().ok()??;
    let mut sign = Vec::new();
    let currency = rules.currency.unwrap_or('$').to_string();
    // A sign that the page lacks is never met in its bytes.
    let byte = text::encode(page, &currency, &mut sign).ok().and_then(|()| sign.first().copied()).unwrap_or(0);
    Some(Arc::new((picture, byte)))
}
