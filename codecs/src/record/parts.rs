//! A record's tree as decoding takes it: segments, which are fields one behind the other, and what varies.
//!
//! Groups are gone, neighbours have become one segment, and an array of fields is one segment that is repeated; so are
//! neighbours in a flat record that are all alike. Whatever has neither DEPENDING ON nor REDEFINES in it is decoded
//! without a look at the tree.

use super::column::Column;
use super::op::Op;
use crate::layout::{Array, Choice, Depending, Node};
use std::ops::Range;

/// A part of a record.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// What does not vary.
    Segments(Segments),
    /// An array of one segment that varies.
    Varying(Varying),
    /// An array that has other parts in it.
    Repeat(Repeat),
    /// Several readings of the same bytes.
    Redefines(Redefines),
}

/// Segments one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments {
    pub(super) all: Vec<Segment>,
    /// The numbers of those that are repeated, which are read a field of all occurrences at a time,
    pub(super) columns: Vec<Column>,
    /// and the segments without them.
    pub(super) rest: Vec<Segment>,
}

/// Fields that stand at the same places behind their first one in every record, once or several times.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// The first leaf, and its place.
    pub(super) leaf: usize,
    pub(super) start: usize,
    /// Its ops.
    pub(super) ops: Range<usize>,
    pub(super) count: usize,
    /// Leaves and bytes from one occurrence to the next.
    pub(super) leaves: usize,
    pub(super) bytes: usize,
}

/// An array with as many occurrences of one segment as a counter says.
#[derive(Clone, Debug)]
pub(super) struct Varying {
    /// The segment with the occurrences there can be at most.
    pub(super) segments: Segments,
    pub(super) count: usize,
    /// Bytes of one.
    pub(super) bytes: usize,
    pub(super) depending: Depending,
}

/// An array.
#[derive(Clone, Debug)]
pub(super) struct Repeat {
    /// The first leaf.
    pub(super) first: usize,
    /// Leaves and bytes from one occurrence to the next.
    pub(super) leaves: usize,
    pub(super) bytes: usize,
    /// Occurrences, at most.
    pub(super) count: usize,
    pub(super) depending: Option<Depending>,
    /// One occurrence.
    pub(super) parts: Vec<Part>,
}

/// A part and those that redefine it.
#[derive(Clone, Debug)]
pub(super) struct Redefines {
    pub(super) alternatives: Vec<Alternative>,
    pub(super) choice: Option<Choice>,
}

/// One reading.
#[derive(Clone, Debug)]
pub(super) struct Alternative {
    /// All its leaves.
    pub(super) leaves: Range<usize>,
    /// Whether any of them but a filler is something else than text or hex.
    pub(super) typed: bool,
    pub(super) parts: Vec<Part>,
}

/// What has been arranged.
pub(super) struct Arranged {
    pub(super) parts: Vec<Part>,
    pub(super) ops: Vec<Op>,
    /// Every leaf is decoded in every record.
    pub(super) whole: bool,
}

/// An array of so few leaves is not worth a part of its own.
const FEW: usize = 8;
/// So many alike neighbours are.
const MANY: usize = 4;

/// Arranges the leaves of a record; without nodes, one behind the other. `typed` are those that are neither text nor hex.
pub(super) fn arrange(leaves: &[Op], nodes: Option<&[Node]>, typed: &dyn Fn(usize) -> bool) -> Arranged {
    let mut arranging = Arranging { leaves, typed, ops: Vec::new(), varies: false };
    let mut parts = Parts::default();
    match nodes {
        None => parts.open.extend(0..leaves.len()),
        Some(nodes) => nodes.iter().for_each(|node| arranging.node(node, &mut parts)),
    }
    arranging.close(&mut parts);
    let whole = !arranging.varies && count(&parts.done) == leaves.len();
    Arranged { parts: parts.done, ops: arranging.ops, whole }
}

struct Arranging<'a> {
    leaves: &'a [Op],
    typed: &'a dyn Fn(usize) -> bool,
    ops: Vec<Op>,
    varies: bool,
}

/// The parts of a record or of an occurrence, while they are made.
#[derive(Default)]
struct Parts {
    done: Vec<Part>,
    /// Leaves behind those, not yet in a part.
    open: Vec<usize>,
}

impl Arranging<'_> {
    fn node(&mut self, node: &Node, parts: &mut Parts) {
        match node {
            Node::Leaf { field, .. } => parts.open.push(*field),
            Node::Group { nodes, .. } => nodes.iter().for_each(|node| self.node(node, parts)),
            Node::Array(array) => self.array(array, parts),
            Node::Redefines(part) => {
                self.close(parts);
                self.varies = true;
                let alternative = |node: &Node| {
                    let (from, to) = node.span();
                    Alternative { leaves: from..to, typed: (from..to).any(self.typed), parts: self.parts(node) }
                };
                let alternatives = part.alternatives.iter().map(alternative).collect();
                parts.done.push(Part::Redefines(Redefines { alternatives, choice: part.choice.clone() }));
            }
        }
    }

    fn array(&mut self, array: &Array, parts: &mut Parts) {
        let (first, leaves, depending) = (array.item.span().0, array.leaves, array.depending.clone());
        self.varies |= depending.is_some();
        let few = depending.is_none() && array.count.saturating_mul(leaves) <= FEW;
        if few && let Some(item) = plain(&array.item) {
            let shifts = (0..array.count).map(|n| n * leaves);
            return parts.open.extend(shifts.flat_map(|shift| item.iter().map(move |leaf| leaf + shift)));
        }
        self.close(parts);
        let (bytes, count, item) = (array.bytes, array.count, self.parts(&array.item));
        if let [Part::Segments(segments)] = &item[..]
            && let [segment] = &segments.all[..]
            && segment.count == 1
        {
            let segment = Segment { count, leaves, bytes, ..segment.clone() };
            return match depending {
                None => self.push(segment, parts),
                Some(depending) => {
                    let segments = self.with(Segments::default(), segment);
                    parts.done.push(Part::Varying(Varying { segments, count, bytes, depending }));
                }
            };
        }
        parts.done.push(Part::Repeat(Repeat { first, leaves, bytes, count, depending, parts: item }));
    }

    /// The parts of a node of its own.
    fn parts(&mut self, node: &Node) -> Vec<Part> {
        let mut parts = Parts::default();
        self.node(node, &mut parts);
        self.close(&mut parts);
        parts.done
    }

    /// The open leaves become segments, those that are alike repeated ones.
    fn close(&mut self, parts: &mut Parts) {
        let open = std::mem::take(&mut parts.open);
        let mut rest = &open[..];
        while !rest.is_empty() {
            let alike = self.alike(rest);
            let (count, width) = if alike >= MANY { (alike, 1) } else { (1, self.unlike(rest)) };
            let (now, behind) = rest.split_at(count * width);
            let bytes = self.leaves[now[0]].bytes as usize;
            let segment = Segment { count, leaves: 1, bytes, ..self.segment(&now[..width]) };
            self.push(segment, parts);
            rest = behind;
        }
    }

    /// How many leaves from the first on are alike numbers and stand one behind the other.
    fn alike(&self, open: &[usize]) -> usize {
        // Text gains nothing by it.
        if !self.leaves[open[0]].value.is_number() {
            return 1;
        }
        let next = |pair: &&[usize]| {
            let (one, other) = (self.leaves[pair[0]], self.leaves[pair[1]]);
            pair[1] == pair[0] + 1
                && other == Op { leaf: other.leaf, start: one.start.saturating_add(one.bytes), ..one }
        };
        1 + open.windows(2).take_while(next).count()
    }

    /// How many leaves there are before many alike ones.
    fn unlike(&self, open: &[usize]) -> usize {
        let first = self.leaves[open[0]];
        let follows = |at: &usize| {
            let op = self.leaves[open[*at]];
            op.leaf >= first.leaf && op.start >= first.start && self.alike(&open[*at..]) < MANY
        };
        1 + (1..open.len()).take_while(follows).count()
    }

    fn segment(&mut self, leaves: &[usize]) -> Segment {
        let (from, first) = (self.ops.len(), self.leaves[leaves[0]]);
        let relative = |leaf: &usize| {
            let op = self.leaves[*leaf];
            Op { leaf: op.leaf - first.leaf, start: op.start - first.start, ..op }
        };
        self.ops.extend(leaves.iter().map(relative));
        let ops = from..self.ops.len();
        Segment { leaf: leaves[0], start: first.start as usize, ops, count: 1, leaves: 0, bytes: 0 }
    }

    /// Adds a segment to what is done.
    fn push(&mut self, segment: Segment, parts: &mut Parts) {
        let before = parts.done.pop_if(|part| matches!(part, Part::Segments(_)));
        let before = match before {
            Some(Part::Segments(before)) => before,
            _ => Segments::default(),
        };
        parts.done.push(Part::Segments(self.with(before, segment)));
    }

    /// Segments, and one behind them.
    fn with(&mut self, mut segments: Segments, segment: Segment) -> Segments {
        segments.all.push(segment.clone());
        if segment.count == 1 {
            segments.rest.push(segment);
            return segments;
        }
        let (from, ops) = (self.ops.len(), self.ops[segment.ops.clone()].to_vec());
        for op in ops {
            let (leaf, start) = (op.leaf + segment.leaf as u32, op.start + segment.start as u32);
            match Column::of(&Op { leaf, start, ..op }, segment.count, segment.leaves, segment.bytes) {
                Some(column) => segments.columns.push(column),
                None => self.ops.push(op),
            }
        }
        let ops = from..self.ops.len();
        if !ops.is_empty() {
            segments.rest.push(Segment { ops, ..segment });
        }
        segments
    }
}

/// The leaves of a node that nothing is repeated in.
fn plain(node: &Node) -> Option<Vec<usize>> {
    match node {
        Node::Leaf { field, .. } => Some(vec![*field]),
        Node::Group { nodes, .. } => nodes.iter().try_fold(Vec::new(), |all, node| Some([all, plain(node)?].concat())),
        Node::Array(_) | Node::Redefines(_) => None,
    }
}

/// Leaves of parts that do not vary.
fn count(parts: &[Part]) -> usize {
    let leaves = |part: &Part| -> usize {
        match part {
            Part::Segments(segments) => segments.all.iter().map(|segment| segment.count * segment.ops.len()).sum(),
            Part::Repeat(repeat) => repeat.count * count(&repeat.parts),
            Part::Varying(_) | Part::Redefines(_) => 0,
        }
    };
    parts.iter().map(leaves).sum()
}
