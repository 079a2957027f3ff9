//! Numbers and dates whose bytes are text by another reading (REDEFINES): what must be said where nothing chooses.

use super::RecordFormat;
use crate::layout::{Field, Kind, Layout, Node, Redefines};
use crate::record::{Cell, Row};
use crate::source::SourceFault;

/// What the warning says of a layout that leaves the reading open.
const OPEN: &str = "nothing says which reading holds";

/// Whether a warning is about readings that a layout leaves open: a lone copybook has no words for it.
pub fn leaves_reading_open(warning: &SourceFault) -> bool {
    warning.message.contains(OPEN)
}

/// Readings of the same bytes of which nothing chooses one, in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readings {
    /// How many there are.
    pub count: usize,
    /// Whether one of them is shown.
    pub shown: bool,
}

impl RecordFormat {
    /// The readings of a field's bytes, if there are several and nothing chooses one, and what became of them in a row.
    /// What a projection does not show is among them.
    pub fn readings(&self, field: usize, row: &Row) -> Option<Readings> {
        let nodes = &self.plan().nodes;
        let (part, shift) = nodes.iter().find_map(|node| around(node, 0, field))?;
        let leaves = |node: &Node| row.cells.get(node.span().0 + shift..node.span().1 + shift).unwrap_or_default();
        let is_shown = |cell: &Cell| !matches!(cell, Cell::Absent | Cell::Bad);
        let shown = part.alternatives.iter().any(|node| leaves(node).iter().any(is_shown));
        Some(Readings { count: part.alternatives.len(), shown })
    }
}

/// The outermost part around a leaf of which nothing chooses a reading, and by how many leaves it is behind its first
/// occurrence.
fn around(node: &Node, shift: usize, leaf: usize) -> Option<(&Redefines, usize)> {
    let (from, to) = node.span();
    if !(from + shift..to + shift).contains(&leaf) {
        return None;
    }
    match node {
        Node::Leaf { .. } => None,
        Node::Group { nodes, .. } => nodes.iter().find_map(|node| around(node, shift, leaf)),
        Node::Array(array) => {
            let n = (leaf - from - shift) / array.leaves.max(1);
            around(&array.item, shift + n * array.leaves, leaf)
        }
        Node::Redefines(part) if part.choice.is_none() => Some((part, shift)),
        Node::Redefines(part) => part.alternatives.iter().find_map(|node| around(node, shift, leaf)),
    }
}

/// A warning for a record in which a bad number would be shown as text alone; nothing where the layout chooses, or
/// insists on the number.
pub(super) fn unchosen(file: &str, layout: &Layout) -> Option<SourceFault> {
    let mut found = Vec::new();
    layout.nodes.iter().for_each(|node| look(node, layout, &mut found));
    let (part, text) = *found.first()?;
    let more = match found.len() {
        1 => String::new(),
        2 => ", and so are those of another part".to_owned(),
        count => format!(", and so are those of {} other parts", count - 1),
    };
    let redefined = match part {
        "" => "a part",
        name => name,
    };
    Some(SourceFault {
        file: file.to_owned(),
        line: 1,
        column: 1,
        message: format!(
            "{}: the bytes of {redefined} are text, too ({text}){more}, and {OPEN}: where the \
             number or date is bad, the text alone is shown, which is counted as a repair. Where a field decides, say \
             `choice`; where the number must be good, say dirty = \"reject\" of it (in a format: [record.fields.NAME])",
            layout.name
        ),
    })
}

/// Parts without a choice that have a reading with numbers or dates and another one without; each with the name of that.
fn look<'l>(node: &'l Node, layout: &'l Layout, found: &mut Vec<(&'l str, &'l str)>) {
    match node {
        Node::Leaf { .. } => {}
        Node::Group { nodes, .. } => nodes.iter().for_each(|node| look(node, layout, found)),
        Node::Array(array) => look(&array.item, layout, found),
        Node::Redefines(part) => {
            found.extend(open(part, layout));
            part.alternatives.iter().for_each(|node| look(node, layout, found));
        }
    }
}

fn open<'l>(part: &'l Redefines, layout: &'l Layout) -> Option<(&'l str, &'l str)> {
    let fields = |node: &Node| layout.fields.get(node.span().0..node.span().1).unwrap_or_default();
    let typed = |node: &Node| fields(node).iter().any(is_typed);
    let text = part.alternatives.iter().find(|node| !typed(node))?;
    let number = part.alternatives.iter().find(|node| typed(node))?;
    let insisted = part.alternatives.iter().flat_map(fields).any(|field| field.rules.insist);
    (part.choice.is_none() && !insisted).then(|| (name(number), name(text)))
}

fn is_typed(field: &Field) -> bool {
    !field.kind.is_text() && field.kind != Kind::Hex && !field.is_filler()
}

fn name(node: &Node) -> &str {
    match node {
        Node::Leaf { key, .. } | Node::Group { key, .. } => key,
        Node::Array(array) => &array.key,
        Node::Redefines(_) => "",
    }
}
