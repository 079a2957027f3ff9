//! From the parts of a record, as a source names them, to a layout with places and a tree.
//!
//! Sources with groups, arrays and alternatives (copybooks, TOML) describe a record as [`Part`]s; this is the one place
//! that lays them out. Arrays are written out, so that each occurrence of a field has its place; what could grow without
//! limit (occurrences in occurrences) is refused before anything is allocated.

use super::check::{DEPTH_MAX, LEAVES_MAX, TREE_MAX, Wrong};
use super::names::{Leaf, distinct, names};
use super::{Array, Choice, Depending, Field, Layout, Node, Redefines};
use crate::number::WIDEST;
use std::collections::HashMap;

/// A part of a record, before it has a place.
#[derive(Clone, Debug)]
pub enum Part {
    /// A field under its own name.
    Field(Box<Field>),
    /// Parts under a name; without a name they belong to the group around.
    Group {
        /// The group's name, perhaps empty.
        name: String,
        /// Its parts in order.
        parts: Vec<Part>,
    },
    /// A part that occurs.
    Array {
        /// The part, under whose name the array stands.
        part: Box<Part>,
        /// Most occurrences.
        count: usize,
        /// The counter, if the number varies.
        depending: Option<Counter>,
    },
    /// Readings of the same bytes.
    Redefines {
        /// The redefined part first.
        alternatives: Vec<Part>,
        /// What says which one holds.
        choice: Option<Chooser>,
    },
}

/// What an array depends on.
#[derive(Clone, Debug)]
pub struct Counter {
    /// Name of the counter, an earlier field; `GROUP.FIELD` where the name alone is not clear.
    pub field: String,
    /// Fewest occurrences.
    pub least: usize,
    /// What the counter's texts mean, if it is no number.
    pub map: Vec<(String, usize)>,
}

/// What chooses between alternatives.
#[derive(Clone, Debug)]
pub struct Chooser {
    /// Name of the field.
    pub field: String,
    /// Its values, and the name of the alternative that each means.
    pub cases: Vec<(String, String)>,
    /// The alternative for other values.
    pub otherwise: Option<String>,
}

/// Lays parts out. A lone list of fields gives a flat layout.
pub fn build(name: String, text: String, parts: Vec<Part>) -> Result<Layout, Wrong> {
    let root = Part::Group { name: String::new(), parts };
    let size = measure(&root, 0)?;
    if size.leaves == 0 {
        return Err("the record has no fields".to_owned());
    }
    if weight(&root, 0) > WORDS_MAX {
        return Err("names and descriptions are too long for how often their fields occur".to_owned());
    }
    let flat = matches!(&root, Part::Group { parts, .. } if parts.iter().all(|p| matches!(p, Part::Field(_))));
    let leaves = Vec::with_capacity(size.leaves);
    let mut builder = Builder { leaves, named: HashMap::new(), path: Vec::new() };
    let node = builder.place(&root, 0)?;
    let names = names(&builder.leaves);
    let mut fields: Vec<Field> = builder.leaves.into_iter().map(|leaf| leaf.field).collect();
    fields.iter_mut().zip(names).for_each(|(field, name)| field.name = name);
    for field in &fields {
        field.kind.check_scaled().map_err(|wrong| format!("{}: {wrong}", field.name))?;
        if let Err(fault) = field.rules.compiled_picture() {
            return Err(format!("{}: its picture, at character {}: {}", field.name, fault.at + 1, fault.detail));
        }
        let digits = field.kind.digits().map_or(0, |(digits, _)| digits);
        if field.rules.scale_up > WIDEST - digits.min(WIDEST) {
            return Err(format!(
                "{}: {digits} digits and {} implied zeros are more than {WIDEST}",
                field.name, field.rules.scale_up
            ));
        }
    }
    let nodes = match node {
        Node::Group { nodes, .. } if !flat => distinct(nodes, &fields),
        _ => Vec::new(),
    };
    Ok(Layout { name, text, length: size.bytes, least: size.least, fields, nodes, keys: Vec::new(), notes: Vec::new() })
}

/// Most bytes of all names and descriptions of a record, its arrays written out.
const WORDS_MAX: usize = 64 << 20;

/// Bytes of the names and descriptions of a part's leaves, with the names of the groups around them.
fn weight(part: &Part, around: usize) -> usize {
    match part {
        Part::Field(field) => {
            let conditions: usize = field.conditions.iter().map(|(name, values)| name.len() + values.len()).sum();
            around + field.name.len() + field.text.len() + field.heading.len() + conditions
        }
        Part::Group { name, parts } => parts.iter().map(|part| weight(part, around + name.len())).sum(),
        Part::Array { part, count, .. } => weight(part, around).saturating_mul(*count),
        Part::Redefines { alternatives, .. } => alternatives.iter().map(|part| weight(part, around)).sum(),
    }
}

/// What a part takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes at its longest.
    pub bytes: usize,
    /// Bytes at its shortest.
    pub least: usize,
    /// Leaves with arrays written out.
    pub leaves: usize,
}

impl Part {
    /// What the part takes, or why it cannot be.
    pub fn size(&self) -> Result<Size, Wrong> {
        measure(self, 0)
    }

    /// The part's own name.
    pub fn name(&self) -> &str {
        match self {
            Part::Field(field) => &field.name,
            Part::Group { name, .. } => name,
            Part::Array { part, .. } => part.name(),
            Part::Redefines { alternatives, .. } => alternatives.first().map_or("", Part::name),
        }
    }
}

fn measure(part: &Part, depth: usize) -> Result<Size, Wrong> {
    if depth > DEPTH_MAX {
        return Err(format!("groups and arrays stand deeper in each other than {DEPTH_MAX}"));
    }
    let size = match part {
        Part::Field(field) => Size { bytes: field.bytes, least: field.bytes, leaves: 1 },
        Part::Group { parts, .. } => {
            let mut sum = Size::default();
            for part in parts {
                let size = measure(part, depth + 1)?;
                sum.bytes += size.bytes;
                sum.least += size.least;
                sum.leaves += size.leaves;
                within(sum)?;
            }
            sum
        }
        Part::Array { part, count, depending } => {
            let one = measure(part, depth + 1)?;
            if *count == 0 || one.leaves == 0 {
                return Err(format!("{} occurs without a field or no time", part.name()));
            }
            let least = depending.as_ref().map_or(*count, |counter| counter.least);
            Size {
                bytes: one.bytes.saturating_mul(*count),
                least: one.least.saturating_mul(least),
                leaves: one.leaves.saturating_mul(*count),
            }
        }
        Part::Redefines { alternatives, .. } => {
            let mut most = Size::default();
            for part in alternatives {
                let size = measure(part, depth + 1)?;
                most.bytes = most.bytes.max(size.bytes);
                most.least = most.least.max(size.least);
                most.leaves += size.leaves;
                within(most)?;
            }
            most
        }
    };
    within(size)?;
    Ok(size)
}

fn within(size: Size) -> Result<(), Wrong> {
    if size.bytes > TREE_MAX {
        return Err(format!("the record is longer than {TREE_MAX} bytes"));
    }
    if size.leaves > LEAVES_MAX {
        return Err(format!("the record has more than {LEAVES_MAX} fields when its arrays are written out"));
    }
    Ok(())
}

struct Builder {
    leaves: Vec<Leaf>,
    /// Leaves by their own names.
    named: HashMap<String, Vec<usize>>,
    /// Groups (a name) and occurrences (a number) around.
    path: Vec<Step>,
}

enum Step {
    Group(String),
    Occurrence(usize),
}

impl Builder {
    fn place(&mut self, part: &Part, offset: usize) -> Result<Node, Wrong> {
        match part {
            Part::Field(field) => {
                let mut field = (**field).clone();
                let key = field.name.clone();
                field.offset = offset;
                let (mut groups, mut occurrences) = (Vec::new(), Vec::new());
                for step in &self.path {
                    match step {
                        Step::Group(name) => groups.push(name.clone()),
                        Step::Occurrence(n) => occurrences.push(*n),
                    }
                }
                self.named.entry(key.clone()).or_default().push(self.leaves.len());
                self.leaves.push(Leaf { field, groups, occurrences });
                Ok(Node::Leaf { key, field: self.leaves.len() - 1 })
            }
            Part::Group { name, parts } => {
                let named = !name.is_empty();
                if named {
                    self.path.push(Step::Group(name.clone()));
                }
                let mut nodes = Vec::with_capacity(parts.len());
                let mut at = offset;
                for part in parts {
                    nodes.push(self.place(part, at)?);
                    at += part.size()?.bytes;
                }
                if named {
                    self.path.pop();
                }
                Ok(Node::Group { key: name.clone(), nodes })
            }
            Part::Array { part, count, depending } => self.array(part, *count, depending.as_ref(), offset),
            Part::Redefines { alternatives, choice } => {
                let mut nodes = Vec::with_capacity(alternatives.len());
                let mut chosen = None;
                for part in alternatives {
                    nodes.push(self.place(part, offset)?);
                    // The field that chooses stands before the alternatives or in the first of them.
                    if let (None, Some(choice)) = (&chosen, choice) {
                        chosen = Some(self.choice(choice, alternatives)?);
                    }
                }
                Ok(Node::Redefines(Redefines { alternatives: nodes, choice: chosen }))
            }
        }
    }

    fn array(&mut self, part: &Part, count: usize, counter: Option<&Counter>, offset: usize) -> Result<Node, Wrong> {
        let size = part.size()?;
        let depending = match counter {
            // Only the first occurrence becomes a node.
            Some(_) if self.path.iter().any(|step| matches!(step, Step::Occurrence(2..))) => None,
            None => None,
            Some(counter) => {
                Some(Depending { field: self.earlier(&counter.field)?, least: counter.least, map: counter.map.clone() })
            }
        };
        let mut first = None;
        for n in 0..count {
            self.path.push(Step::Occurrence(n + 1));
            let node = self.place(part, offset + n * size.bytes)?;
            self.path.pop();
            first.get_or_insert(node);
        }
        let item = first.ok_or(format!("{} occurs no time", part.name()))?;
        Ok(Node::Array(Array {
            key: part.name().to_owned(),
            item: Box::new(without_key(item)),
            count,
            leaves: size.leaves,
            bytes: size.bytes,
            depending,
        }))
    }

    /// The latest leaf of a name, or of a path `GROUP.FIELD`. One in an array that is closed is none: of its occurrences
    /// nobody says which, for DEPENDING ON takes no subscript (Enterprise COBOL for z/OS 6.4 Language Reference, "OCCURS
    /// DEPENDING ON clause"). One in an array that is open is that of the same occurrence.
    fn earlier(&self, name: &str) -> Result<usize, Wrong> {
        let wanted: Vec<&str> = name.split('.').collect();
        let (own, groups) = wanted.split_last().ok_or("a counter without a name".to_owned())?;
        let fits = |index: &&usize| {
            let mut around = self.leaves[**index].groups.iter();
            groups.iter().all(|group| around.any(|name| name == group))
        };
        let open = self.path.iter().filter_map(|step| match step {
            Step::Group(_) => None,
            Step::Occurrence(n) => Some(*n),
        });
        let open: Vec<usize> = open.collect();
        let mut closed = false;
        for index in self.named.get(*own).into_iter().flat_map(|all| all.iter().rev()).filter(fits) {
            if open.starts_with(&self.leaves[*index].occurrences) {
                return Ok(*index);
            }
            closed = true;
        }
        Err(match closed {
            true => {
                format!("{name} occurs several times before the part that depends on it: nothing says which one counts")
            }
            false => format!("{name} is no field before the part that depends on it"),
        })
    }

    fn choice(&self, choice: &Chooser, alternatives: &[Part]) -> Result<Choice, Wrong> {
        let find = |name: &str| {
            let at = alternatives.iter().position(|part| part.name() == name);
            at.ok_or(format!("{name} is none of the alternatives"))
        };
        let cases = choice.cases.iter().map(|(value, name)| Ok((value.clone(), find(name)?)));
        Ok(Choice {
            field: self.earlier(&choice.field)?,
            cases: cases.collect::<Result<_, Wrong>>()?,
            otherwise: choice.otherwise.as_deref().map(find).transpose()?,
        })
    }
}

/// The item of an array goes by the array's name.
fn without_key(node: Node) -> Node {
    match node {
        Node::Leaf { field, .. } => Node::Leaf { key: String::new(), field },
        Node::Group { nodes, .. } => Node::Group { key: String::new(), nodes },
        other => other,
    }
}
