//! The compiled form of a layout: what decoding walks over.
//!
//! Steps hold only what the hot path needs, so that they stay in cache; names and texts stay in the [`Layout`]. In
//! null mode `flag` the plan also moves the fields apart to make room for the flag bytes.

use super::quick::Quick;
use super::step::Insisted;
pub(crate) use super::step::Step;
pub use super::step::{Nulls, Short};
use crate::layout::{Field, Layout, Node, Rules};
use crate::number::picture::Picture;
use crate::text::{self, Page};
use std::borrow::Cow;
use std::sync::Arc;

/// All steps of a record.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    /// The tree over the steps; empty for a flat record.
    pub(crate) nodes: Vec<Node>,
    /// Leaves among alternatives, which share their bytes with others; empty if there are none.
    pub(super) shared: Vec<bool>,
    /// Which of them must be read, although others can be; empty if there are none.
    pub(super) insisted: Vec<Insisted>,
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
        let shared = if nodes.iter().any(Node::has_alternatives) {
            {
                let mut shared = vec![false; steps.len()];
                nodes.iter().for_each(|node| node.sharing(0, &mut shared));
                shared
            }
        } else {
            Vec::new()
        };
        let insist = |field: &Field| if field.rules.insist { Insisted::Always } else { Insisted::No };
        let insisted = match !shared.is_empty() && layout.fields.iter().any(|field| field.rules.insist) {
            true => layout.fields.iter().map(insist).collect(),
            false => Vec::new(),
        };
        let short = Short::default();
        Plan { steps, nodes, shared, insisted, nulls, short, filled: None, map_at, length, page, quick }
    }

    /// Among readings of the same bytes, those with these fields are asked for: that one is lost is a fault.
    pub(crate) fn insist(&mut self, fields: impl IntoIterator<Item = usize>) {
        if self.shared.is_empty() {
            return;
        }
        self.insisted.resize(self.steps.len(), Insisted::No);
        for field in fields {
            if let Some(insisted @ Insisted::No) = self.insisted.get_mut(field) {
                *insisted = Insisted::WhenLost;
            }
        }
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

/// The rules of a field, those of the field before where they are equal: arrays have thousands of equal ones.
fn shared(field: &Field, before: Option<&Step>) -> Option<Arc<Rules>> {
    // The plan knows apart who insists: a field is not slower for it.
    let mut own = Cow::Borrowed(&field.rules);
    if own.insist {
        own.to_mut().insist = false;
    }
    if own.is_plain() {
        return None;
    }
    match before.and_then(|step| step.rules.as_ref()) {
        Some(before) if **before == *own => Some(before.clone()),
        _ => Some(Arc::new(own.into_owned())),
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
