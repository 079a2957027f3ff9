//! Where the fields of a layout stand: the arrays and alternatives around each, so that a record goes over element by
//! element, and only where both layouts mean the same by an element.

use fpp_codecs::layout::{Choice, Depending, Layout, Node};
use std::rc::Rc;

/// Where a field stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stand {
    /// The arrays and alternatives around it, in words; empty for a field of every record.
    pub(super) shape: Rc<str>,
    /// The occurrence or alternative that it is there or absent with; empty for a field that is always there.
    pub(super) place: Rc<str>,
}

/// For each field of a layout, and the names of parts that redefine each other without anything that chooses.
pub(super) fn stands(layout: &Layout) -> (Vec<Stand>, Vec<String>) {
    let mut walk = Walk { layout, stands: vec![Stand::default(); layout.fields.len()], unchosen: Vec::new() };
    walk.all(&layout.nodes, 0, &Stand::default());
    (walk.stands, walk.unchosen)
}

/// A field's name without its occurrences: `QTY` of `QTY(2,1)`.
pub(super) fn base(name: &str) -> &str {
    name.strip_suffix(')').and_then(|name| name.rsplit_once('(')).map_or(name, |(base, _)| base)
}

struct Walk<'l> {
    layout: &'l Layout,
    stands: Vec<Stand>,
    unchosen: Vec<String>,
}

impl Walk<'_> {
    fn all(&mut self, nodes: &[Node], shift: usize, around: &Stand) {
        let mut redefined = 0;
        for node in nodes {
            self.node(node, redefined, shift, around);
            redefined += usize::from(matches!(node, Node::Redefines(_)));
        }
    }

    /// A part, and how many parts with alternatives stand before it among its neighbours.
    fn node(&mut self, node: &Node, at: usize, shift: usize, around: &Stand) {
        match node {
            Node::Leaf { field, .. } => {
                if let Some(stand) = self.stands.get_mut(field + shift) {
                    stand.clone_from(around);
                }
            }
            Node::Group { nodes, .. } => self.all(nodes, shift, around),
            Node::Array(array) => {
                let counted = array.depending.as_ref().map(|depending| self.counted(depending));
                let counted = counted.unwrap_or_default();
                let shape: Rc<str> = format!("{}{}[{}{counted}] ", around.shape, array.key, array.count).into();
                for n in 0..array.count {
                    // The occurrences of an array that does not vary are all there.
                    let place = match &array.depending {
                        Some(_) => format!("{}{}#{n} ", around.place, array.key).into(),
                        None => around.place.clone(),
                    };
                    self.node(&array.item, 0, shift + n * array.leaves, &Stand { shape: shape.clone(), place });
                }
            }
            Node::Redefines(part) => {
                let chosen = part.choice.as_ref().map(|choice| self.chosen(choice));
                let name = part.alternatives.first().map(key).unwrap_or_default();
                let chosen = chosen.unwrap_or_else(|| {
                    self.unchosen.push(name.to_owned());
                    String::new()
                });
                for (n, alternative) in part.alternatives.iter().enumerate() {
                    let shape = format!("{}alternative {n} of {name} {chosen}", around.shape).into();
                    let place = format!("{}{name}.{at}/{n} ", around.place).into();
                    self.node(alternative, 0, shift, &Stand { shape, place });
                }
            }
        }
    }

    fn name(&self, field: usize) -> &str {
        self.layout.fields.get(field).map_or("?", |field| base(&field.name))
    }

    fn counted(&self, depending: &Depending) -> String {
        let map: String = depending.map.iter().map(|(text, count)| format!(" {text}={count}")).collect();
        format!(" at most, {} at least, by {}{map}", depending.least, self.name(depending.field))
    }

    fn chosen(&self, choice: &Choice) -> String {
        let cases: String = choice.cases.iter().map(|(text, at)| format!(" {text}={at}")).collect();
        let other = choice.otherwise.map(|at| format!(" otherwise {at}")).unwrap_or_default();
        format!("by {}{cases}{other} ", self.name(choice.field))
    }
}

fn key(node: &Node) -> &str {
    match node {
        Node::Leaf { key, .. } | Node::Group { key, .. } => key,
        Node::Array(array) => &array.key,
        Node::Redefines(_) => "",
    }
}
