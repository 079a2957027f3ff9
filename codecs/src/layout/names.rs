//! Names for the fields of a layout with groups and arrays, and keys for the objects that its records become.
//!
//! COBOL and TOML let a name come again; a layout's fields have one name each, and no object has a key twice. A name is
//! the field's own wherever that is clear, so that adding a field elsewhere renames nothing.

use super::{Array, Field, Node, Redefines};
use std::collections::{HashMap, HashSet};

/// A field in its place, with the groups around it.
pub(super) struct Leaf {
    pub(super) field: Field,
    /// Names of the groups around, the outermost first.
    pub(super) groups: Vec<String>,
    /// Occurrences of the arrays around, the outermost first, from 1.
    pub(super) occurrences: Vec<usize>,
}

/// One name for each leaf: its own with its occurrences, with all its groups where another leaf has the same, with a
/// number where that does not help either.
pub(super) fn names(leaves: &[Leaf]) -> Vec<String> {
    let own = |leaf: &Leaf| match leaf.occurrences.is_empty() {
        true => leaf.field.name.clone(),
        false => {
            let numbers: Vec<_> = leaf.occurrences.iter().map(ToString::to_string).collect();
            format!("{}({})", leaf.field.name, numbers.join(","))
        }
    };
    // Names that stand in different groups; an array's name is one name.
    let mut seen: HashMap<&str, (&[String], bool)> = HashMap::new();
    for leaf in leaves {
        let (groups, several) = seen.entry(&leaf.field.name).or_insert((&leaf.groups, false));
        *several |= *groups != leaf.groups.as_slice();
    }
    let mut taken = HashSet::with_capacity(leaves.len());
    let mut numbers: HashMap<String, usize> = HashMap::new();
    let name = |leaf: &Leaf| {
        let short = own(leaf);
        let mut name = match seen.get(leaf.field.name.as_str()) {
            Some((_, true)) if !leaf.field.is_filler() && !leaf.groups.is_empty() => {
                [leaf.groups.join("."), short].join(".")
            }
            _ => short,
        };
        if taken.contains(&name) {
            let number = numbers.entry(name.clone()).or_insert(1);
            let stem = name.clone();
            while taken.contains(&name) {
                *number += 1;
                name = match stem.split_once('(') {
                    Some((front, back)) => format!("{front}{number}({back}"),
                    None => format!("{stem}{number}"),
                };
            }
        }
        taken.insert(name.clone());
        name
    };
    leaves.iter().map(name).collect()
}

/// No object has a key twice: fillers go by their numbered names, and a name that comes again in its group, which COBOL
/// allows as long as nobody refers to it, gets a number.
pub(super) fn distinct(nodes: Vec<Node>, fields: &[Field]) -> Vec<Node> {
    distinct_all(nodes, fields, &mut HashMap::new())
}

fn distinct_all(nodes: Vec<Node>, fields: &[Field], taken: &mut HashMap<String, usize>) -> Vec<Node> {
    nodes.into_iter().map(|node| distinct_one(node, fields, taken)).collect()
}

fn distinct_one(node: Node, fields: &[Field], taken: &mut HashMap<String, usize>) -> Node {
    match node {
        Node::Leaf { key, field } if !key.is_empty() => {
            let name = match fields[field].is_filler() {
                true => fields[field].name.split('(').next().unwrap_or_default(),
                false => &key,
            };
            Node::Leaf { key: free(name, taken), field }
        }
        // Its parts stand in the object around.
        Node::Group { key, nodes } if key.is_empty() => Node::Group { key, nodes: distinct_all(nodes, fields, taken) },
        Node::Group { key, nodes } => {
            let key = free(&key, taken);
            Node::Group { key, nodes: distinct(nodes, fields) }
        }
        Node::Array(array) => {
            let key = free(&array.key, taken);
            let item = distinct_one(*array.item, fields, &mut HashMap::new());
            Node::Array(Array { key, item: Box::new(item), ..array })
        }
        Node::Redefines(part) => {
            Node::Redefines(Redefines { alternatives: distinct_all(part.alternatives, fields, taken), ..part })
        }
        leaf => leaf,
    }
}

/// The name, or the first of `NAME-2`, `NAME-3` ... that is not taken. The last number of each name is remembered, or a
/// source that says one name 65,536 times would take its time.
fn free(name: &str, taken: &mut HashMap<String, usize>) -> String {
    let mut key = name.to_owned();
    let mut number = taken.get(name).copied().unwrap_or(0);
    while taken.contains_key(&key) {
        number += 1;
        key = format!("{name}-{}", number + 1);
    }
    taken.insert(name.to_owned(), number);
    taken.entry(key.clone()).or_insert(0);
    key
}
