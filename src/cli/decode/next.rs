//! What to do next about a fault of a record: the code's own words, or better ones where its record format says more.

use fpp_codecs::Code;
use fpp_codecs::fault::Fault;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::layout::{Kind, Node};
use std::borrow::Cow;

/// What to look at where fields stand between delimiters.
pub(super) const DELIMITED: &str = "Count the fields between the delimiters: the record has more or fewer of them than its layout \
                         (`fpp layout show`). Perhaps the field delimiter, the string delimiter or what escapes it is \
                         another one, or a string holds a line end and is not in string delimiters.";
const EDITED: &str = "Compare the bytes with the picture of the field (`fpp layout show`): digits, blanks, signs and points \
                      must stand where an edited picture has them. Damage that is known may pass by `dirty`.";

/// What to do next.
pub(super) fn next(format: &RecordFormat, fault: &Fault) -> Cow<'static, str> {
    let layout = &format.layout;
    if let Some(count) = layout.nodes.iter().find_map(|node| readings(node, fault.field)) {
        return Cow::Owned(format!(
            "None of the {count} readings of these bytes (REDEFINES) fits; the fault of the first one is told. A format can \
             say by `choice` which reading holds, or have a record of its own for each segment (docs/layouts.md)."
        ));
    }
    let is_edited = layout.fields.get(fault.field).is_some_and(|field| matches!(field.kind, Kind::Edited { .. }));
    Cow::Borrowed(match fault.code {
        Code::LENGTH if format.is_delimited() => DELIMITED,
        Code::ZONE if is_edited => EDITED,
        code => code.hint(),
    })
}

/// How many readings the bytes of a field have, where nothing says which one holds.
fn readings(node: &Node, field: usize) -> Option<usize> {
    let (from, to) = node.span();
    if !(from..to).contains(&field) {
        return None;
    }
    match node {
        Node::Leaf { .. } => None,
        Node::Group { nodes, .. } => nodes.iter().find_map(|node| readings(node, field)),
        // The tree has the first occurrence alone.
        Node::Array(array) => readings(&array.item, from + (field - from) % array.leaves.max(1)),
        Node::Redefines(part) if part.choice.is_none() => Some(part.alternatives.len()),
        Node::Redefines(part) => part.alternatives.iter().find_map(|node| readings(node, field)),
    }
}
