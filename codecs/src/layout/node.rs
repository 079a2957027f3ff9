//! The tree over a record's fields: groups, arrays, and alternatives for the same bytes.
//!
//! Fields are leaves in walk order. An array's leaves stand there once for each occurrence, so that every leaf has a
//! place and a name of its own; the tree keeps one item and the step from one occurrence to the next. A flat record, as
//! DDS has it, has no tree.

/// A part of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// One field.
    Leaf {
        /// Its name within its group; empty for the item of an array of fields.
        key: String,
        /// Index in [`super::Layout::fields`], of the first occurrence within arrays.
        field: usize,
    },
    /// Fields under one name.
    Group {
        /// Its name; empty for the item of an array of groups, and for a group without a name, whose parts stand in the
        /// group around.
        key: String,
        /// Its parts.
        nodes: Vec<Node>,
    },
    /// OCCURS.
    Array(Array),
    /// A part and those that redefine it.
    Redefines(Redefines),
}

/// OCCURS, with or without DEPENDING ON.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Name of the whole.
    pub key: String,
    /// The first occurrence; a leaf or a group with an empty key.
    pub item: Box<Node>,
    /// Occurrences for which there are leaves.
    pub count: usize,
    /// Leaves of one occurrence.
    pub leaves: usize,
    /// Bytes of one occurrence at its longest.
    pub bytes: usize,
    /// What says how many there are in a record.
    pub depending: Option<Depending>,
}

/// OCCURS min TO max DEPENDING ON.
#[derive(Clone, Debug, PartialEq)]
pub struct Depending {
    /// Index of the counter, a leaf before the array; of the first occurrence if it stands in an array around.
    pub field: usize,
    /// Fewest occurrences.
    pub least: usize,
    /// What the counter's texts mean, if it is no number.
    pub map: Vec<(String, usize)>,
}

/// REDEFINES: several readings of the same bytes, the redefined part first.
#[derive(Clone, Debug, PartialEq)]
pub struct Redefines {
    /// The readings.
    pub alternatives: Vec<Node>,
    /// What says which one holds; without it, those that decode.
    pub choice: Option<Choice>,
}

/// A field whose value says which alternative holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// Index of the field, a leaf before the alternatives or within the first of them.
    pub field: usize,
    /// Its values, and the alternative of each.
    pub cases: Vec<(String, usize)>,
    /// The alternative for other values; without it they are a fault.
    pub otherwise: Option<usize>,
}

impl Node {
    /// Calls for every leaf of the tree, one item of each array.
    pub fn leaves(&self, found: &mut dyn FnMut(&str, usize)) {
        match self {
            Node::Leaf { key, field } => found(key, *field),
            Node::Group { nodes, .. } => nodes.iter().for_each(|node| node.leaves(found)),
            Node::Array(array) => array.item.leaves(found),
            Node::Redefines(part) => part.alternatives.iter().for_each(|node| node.leaves(found)),
        }
    }

    /// Whether the part can be in a record without any leaf: arrays that vary down to none, and what consists of such.
    pub(crate) fn may_be_empty(&self) -> bool {
        match self {
            Node::Leaf { .. } => false,
            Node::Group { nodes, .. } => nodes.iter().all(Node::may_be_empty),
            Node::Array(array) => {
                array.depending.as_ref().is_some_and(|depending| depending.least == 0) || array.item.may_be_empty()
            }
            Node::Redefines(part) => part.alternatives.iter().any(Node::may_be_empty),
        }
    }

    /// Whether parts of it redefine each other.
    pub(crate) fn has_alternatives(&self) -> bool {
        match self {
            Node::Leaf { .. } => false,
            Node::Group { nodes, .. } => nodes.iter().any(Node::has_alternatives),
            Node::Array(array) => array.item.has_alternatives(),
            Node::Redefines(_) => true,
        }
    }

    /// Notes which leaves stand in alternatives; a part of an occurrence is that many leaves behind the first one.
    pub(crate) fn sharing(&self, shift: usize, shared: &mut [bool]) {
        match self {
            Node::Leaf { .. } => {}
            Node::Group { nodes, .. } => nodes.iter().for_each(|node| node.sharing(shift, shared)),
            Node::Array(array) if array.item.has_alternatives() => {
                (0..array.count).for_each(|n| array.item.sharing(shift + n * array.leaves, shared));
            }
            Node::Array(_) => {}
            Node::Redefines(_) => {
                let (from, to) = self.span();
                shared.get_mut(from + shift..to + shift).into_iter().for_each(|leaves| leaves.fill(true));
            }
        }
    }

    /// Fills in the path of every leaf.
    pub(super) fn paths<'a>(&'a self, shift: usize, around: &mut Vec<&'a str>, paths: &mut [Vec<&'a str>]) {
        let key = match self {
            Node::Leaf { key, .. } | Node::Group { key, .. } => key.as_str(),
            Node::Array(array) => &array.key,
            Node::Redefines(_) => "",
        };
        let depth = around.len();
        around.extend((!key.is_empty()).then_some(key));
        match self {
            Node::Leaf { field, .. } => {
                if let Some(path) = paths.get_mut(field + shift) {
                    path.clone_from(around);
                }
            }
            Node::Group { nodes, .. } => nodes.iter().for_each(|node| node.paths(shift, around, paths)),
            Node::Array(array) => {
                (0..array.count).for_each(|n| array.item.paths(shift + n * array.leaves, around, paths));
            }
            Node::Redefines(part) => part.alternatives.iter().for_each(|node| node.paths(shift, around, paths)),
        }
        around.truncate(depth);
    }

    /// The first leaf and the one after the last, all occurrences of arrays counted.
    pub fn span(&self) -> (usize, usize) {
        match self {
            Node::Leaf { field, .. } => (*field, field + 1),
            _ => (self.first(), self.end()),
        }
    }

    /// The first leaf; parts stand in the order of their leaves.
    fn first(&self) -> usize {
        match self {
            Node::Leaf { field, .. } => *field,
            Node::Group { nodes, .. } => nodes.first().map_or(0, Node::first),
            Node::Array(array) => array.item.first(),
            Node::Redefines(part) => part.alternatives.first().map_or(0, Node::first),
        }
    }

    /// The leaf after the last.
    fn end(&self) -> usize {
        match self {
            Node::Leaf { field, .. } => field + 1,
            Node::Group { nodes, .. } => nodes.last().map_or(0, Node::end),
            Node::Array(array) => array.item.first() + array.count * array.leaves,
            Node::Redefines(part) => part.alternatives.last().map_or(0, Node::end),
        }
    }
}
