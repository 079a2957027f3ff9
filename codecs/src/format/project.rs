//! Projection: a format of some fields only.
//!
//! A field that nobody wants is not decoded, and its faults are not seen. What decides about other fields is decoded all
//! the same and hidden: counters, the fields that choose between alternatives, and whatever the caller needs for itself.
//! Alternatives that nothing chooses between are decoded whole, because which of them decode is what chooses; with a null
//! map or between delimiters all fields are; a reading that is asked for and is lost is a fault. Control totals do not hold over a part, so that a projection has none.

use super::{Format, RecordFormat};
use crate::layout::Node;
use crate::record::Nulls;
use std::sync::Arc;

/// A format of some fields, and what of it is not to be shown.
#[derive(Clone, Debug)]
pub struct Projection {
    /// The format.
    pub format: Format,
    /// For each record format: which of its fields are decoded for other reasons than to be shown.
    pub hidden: Vec<Vec<bool>>,
    /// For each record format: whether any field of it is wanted.
    pub wanted: Vec<bool>,
}

impl Format {
    /// Only the fields that are called by these names, and hidden those that are `needed`.
    ///
    /// A name is a field's, with all its occurrences, or that of a group or an array, for all that is in it; qualified
    /// with a point (`SHIP.CITY`). A name that no record format has is an error: the name.
    pub fn project(&self, shown: &[String], needed: &[String]) -> Result<Projection, String> {
        self.part(shown, needed, false)
    }

    /// The same with every other field decoded and hidden, so that every fault of a record is seen.
    pub fn showing(&self, shown: &[String]) -> Result<Projection, String> {
        self.part(shown, &[], true)
    }

    fn part(&self, shown: &[String], needed: &[String], all: bool) -> Result<Projection, String> {
        let mut found = vec![false; shown.len()];
        let mut projection = Projection { format: self.clone(), hidden: Vec::new(), wanted: Vec::new() };
        projection.format.controls = None;
        let nulls = self.nulls;
        for record in &mut projection.format.records {
            let (show, mut need) = wanted(record, shown, needed, &mut found);
            need.iter_mut().for_each(|need| *need |= all);
            projection.wanted.push(show.contains(&true));
            projection.hidden.push(narrow(record, &show, &need, nulls));
        }
        match found.iter().position(|found| !found) {
            Some(at) => Err(shown[at].clone()),
            None => Ok(projection),
        }
    }
}

/// Which fields are shown, and which are needed.
fn wanted(record: &RecordFormat, shown: &[String], needed: &[String], found: &mut [bool]) -> (Vec<bool>, Vec<bool>) {
    let paths = record.layout.paths();
    let fields = record.layout.fields.iter().zip(&paths);
    let (mut show, mut need) = (Vec::new(), Vec::new());
    for (field, path) in fields {
        let mut any = false;
        for (name, found) in shown.iter().zip(&mut *found) {
            if is_called(name, &field.name, path) {
                (any, *found) = (true, true);
            }
        }
        show.push(any);
        need.push(any || needed.iter().any(|name| is_called(name, &field.name, path)));
    }
    record.layout.nodes.iter().for_each(|node| deciding(node, &mut need));
    (show, need)
}

fn is_called(name: &str, field: &str, path: &[&str]) -> bool {
    let name = name.trim();
    let name = name.split_once('(').map_or(name, |(bare, _)| bare);
    let same = |one: &str| one.eq_ignore_ascii_case(name);
    let parts: Vec<&str> = name.split('.').collect();
    same(field)
        || field.split_once('(').is_some_and(|(bare, _)| same(bare))
        || path.windows(parts.len()).any(|some| some.iter().zip(&parts).all(|(a, b)| a.eq_ignore_ascii_case(b)))
}

/// Counters and choosing fields; of those in arrays, all occurrences.
fn deciding(node: &Node, need: &mut Vec<bool>) {
    match node {
        Node::Leaf { .. } => {}
        Node::Group { nodes, .. } => nodes.iter().for_each(|node| deciding(node, need)),
        Node::Array(array) => {
            if let Some(depending) = &array.depending {
                set(need, depending.field);
            }
            let (first, last) = (array.item.span().0, array.item.span().1);
            deciding(&array.item, need);
            for field in first..last {
                if need.get(field) == Some(&true) {
                    (1..array.count).for_each(|n| set(need, field + n * array.leaves));
                }
            }
        }
        Node::Redefines(part) => {
            if let Some(choice) = &part.choice {
                set(need, choice.field);
            }
            part.alternatives.iter().for_each(|node| deciding(node, need));
        }
    }
}

fn set(flags: &mut [bool], at: usize) {
    if let Some(flag) = flags.get_mut(at) {
        *flag = true;
    }
}

/// Shown readings of bytes of which others are not shown: whoever names one of them asks for that one.
fn insisted(node: &Node, shift: usize, show: &[bool], asked: &mut [bool]) {
    match node {
        Node::Leaf { .. } => {}
        Node::Group { nodes, .. } => nodes.iter().for_each(|node| insisted(node, shift, show, asked)),
        Node::Array(array) if array.item.has_alternatives() => {
            (0..array.count).for_each(|n| insisted(&array.item, shift + n * array.leaves, show, asked));
        }
        Node::Array(_) => {}
        Node::Redefines(part) => {
            let span = |node: &Node| node.span().0 + shift..node.span().1 + shift;
            let shown = |node: &Node| show.get(span(node)).is_some_and(|some| some.contains(&true));
            if part.choice.is_none() && !part.alternatives.iter().all(shown) {
                let (all, show) = (span(node), show.get(span(node)).unwrap_or_default());
                let asked = asked.get_mut(all).unwrap_or_default();
                asked.iter_mut().zip(show).for_each(|(asked, shown)| *asked |= shown);
            }
            part.alternatives.iter().for_each(|node| insisted(node, shift, show, asked));
        }
    }
}

/// Takes out of a record format what is not needed; gives what is left and not shown.
fn narrow(record: &mut RecordFormat, show: &[bool], need: &[bool], nulls: Nulls) -> Vec<bool> {
    let mut layout = record.layout.clone();
    let mut plan = record.plan.clone();
    let mut ignored = Vec::new();
    let hidden = if !layout.is_flat() {
        ignored = need.iter().map(|need| !need).collect();
        let mut asked = vec![false; show.len()];
        layout.nodes.iter().for_each(|node| insisted(node, 0, show, &mut asked));
        plan.insist(asked.iter().enumerate().filter(|(_, asked)| **asked).map(|(leaf, _)| leaf));
        plan.keep_nodes(layout.nodes.iter().filter_map(|node| prune(node, need, true)).collect());
        layout.nodes = layout.nodes.iter().filter_map(|node| prune(node, show, false)).collect();
        show.iter().map(|show| !show).collect()
    } else if nulls == Nulls::Map || record.delimited.is_some() {
        ignored = need.iter().map(|need| !need).collect();
        show.iter().map(|show| !show).collect()
    } else {
        let mut keep = need.iter();
        layout.fields.retain(|_| keep.next() == Some(&true));
        plan.keep(need);
        show.iter().zip(need).filter(|(_, need)| **need).map(|(show, _)| !show).collect()
    };
    let delimited = record.delimited.clone();
    // A condition reads fields by their places in the whole record.
    let conditional = record.selector.condition.is_some() && record.sight.is_none();
    let sight = if conditional { Some(Arc::new(record.plan.clone())) } else { record.sight.clone() };
    let parent = record.parent;
    // The short way does not look at counters that are not shown.
    let varying = plan.nodes.iter().any(varies);
    let whole = RecordFormat::assemble(layout, record.role, record.selector.clone(), plan);
    let script = whole.script.clone().filter(|_| !varying);
    *record = RecordFormat { ignored, delimited, script, sight, parent, ..whole };
    hidden
}

/// A part without what is not kept. To be decoded, what varies is kept whole: it moves what follows it.
fn prune(node: &Node, keep: &[bool], decoded: bool) -> Option<Node> {
    match node {
        Node::Leaf { field, .. } => keep.get(*field).copied().unwrap_or_default().then(|| node.clone()),
        Node::Group { key, nodes } => {
            let nodes: Vec<Node> = nodes.iter().filter_map(|node| prune(node, keep, decoded)).collect();
            (!nodes.is_empty()).then(|| Node::Group { key: key.clone(), nodes })
        }
        Node::Array(array) if decoded && varies(node) => Some(Node::Array(array.clone())),
        Node::Array(array) => {
            let item = prune(&array.item, keep, decoded)?;
            Some(Node::Array(crate::layout::Array { item: Box::new(item), ..array.clone() }))
        }
        Node::Redefines(part) if decoded => {
            let (from, to) = node.span();
            let any = keep.get(from..to).is_some_and(|some| some.contains(&true));
            (any || varies(node)).then(|| Node::Redefines(part.clone()))
        }
        Node::Redefines(part) => {
            let alternatives: Vec<Node> =
                part.alternatives.iter().filter_map(|node| prune(node, keep, decoded)).collect();
            let choice = part.choice.clone();
            (!alternatives.is_empty()).then_some(Node::Redefines(crate::layout::Redefines { alternatives, choice }))
        }
    }
}

/// Whether the number of bytes varies.
fn varies(node: &Node) -> bool {
    match node {
        Node::Leaf { .. } => false,
        Node::Group { nodes, .. } => nodes.iter().any(varies),
        Node::Array(array) => array.depending.is_some() || varies(&array.item),
        Node::Redefines(part) => part.alternatives.iter().any(varies),
    }
}
