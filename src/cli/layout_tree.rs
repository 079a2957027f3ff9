//! The tree of a layout as lines, one a group or field, an array's occurrences once; and rules in the words of TOML.

use fpp_codecs::layout::toml::{text_words, words};
use fpp_codecs::layout::{Dirty, Field, Kind, Layout, Node, Rules};

/// One line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// Groups around.
    pub(super) depth: usize,
    /// Its name within its group.
    pub(super) name: String,
    /// The field; nothing for a group.
    pub(super) field: Option<&'a Field>,
    /// First byte, from 0, of the first occurrence.
    pub(super) offset: usize,
    /// Bytes of one occurrence.
    pub(super) bytes: usize,
    /// `occurs 0 to 20 by COUNT`, `redefines BODY if KIND is 2`.
    pub(super) part: String,
}

/// All lines in the order of the record.
pub(super) fn lines(layout: &Layout) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    if layout.is_flat() {
        lines.extend(layout.fields.iter().map(|field| Line {
            depth: 0,
            name: field.name.clone(),
            field: Some(field),
            offset: field.offset,
            bytes: field.bytes,
            part: String::new(),
        }));
        return lines;
    }
    layout.nodes.iter().for_each(|node| walk(layout, node, None, 0, String::new(), &mut lines));
    lines
}

fn walk<'a>(
    layout: &'a Layout,
    node: &'a Node,
    name: Option<&str>,
    depth: usize,
    part: String,
    lines: &mut Vec<Line<'a>>,
) {
    match node {
        Node::Leaf { key, field } => {
            let Some(field) = layout.fields.get(*field) else { return };
            let name = name.unwrap_or(key).to_owned();
            lines.push(Line { depth, name, field: Some(field), offset: field.offset, bytes: field.bytes, part });
        }
        Node::Group { key, nodes } => {
            let name = name.unwrap_or(key);
            let inner = if name.is_empty() { depth } else { depth + 1 };
            if !name.is_empty() {
                let (offset, bytes) = extent(layout, node);
                lines.push(Line { depth, name: name.to_owned(), field: None, offset, bytes, part });
            }
            nodes.iter().for_each(|node| walk(layout, node, None, inner, String::new(), lines));
        }
        Node::Array(array) => {
            let occurs = match &array.depending {
                None => format!("occurs {}", array.count),
                Some(depending) => {
                    let counter = layout.fields.get(depending.field).map_or("", |field| &field.name);
                    format!("occurs {} to {} by {counter}", depending.least, array.count)
                }
            };
            let part = [part, occurs].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            walk(layout, &array.item, Some(&array.key), depth, part, lines);
        }
        Node::Redefines(redefined) => {
            let first = redefined.alternatives.first().map_or("", key);
            for (index, alternative) in redefined.alternatives.iter().enumerate() {
                let mut part = if index == 0 { String::new() } else { format!("redefines {first}") };
                if let Some(choice) = &redefined.choice {
                    let field = layout.fields.get(choice.field).map_or("", |field| &field.name);
                    let cases = choice.cases.iter().filter(|(_, at)| *at == index).map(|(value, _)| value.as_str());
                    let otherwise = (choice.otherwise == Some(index)).then_some("anything else");
                    let values: Vec<_> = cases.chain(otherwise).collect();
                    part += &match (choice.cases.is_empty(), values.is_empty()) {
                        (true, false) => ", always".to_owned(),
                        (_, true) => ", never".to_owned(),
                        _ => format!(" if {field} is {}", values.join(" or ")),
                    };
                }
                walk(layout, alternative, None, depth, part.trim_start_matches([',', ' ']).to_owned(), lines);
            }
        }
    }
}

fn key(node: &Node) -> &str {
    match node {
        Node::Leaf { key, .. } | Node::Group { key, .. } => key,
        Node::Array(array) => &array.key,
        Node::Redefines(part) => part.alternatives.first().map_or("", key),
    }
}

/// First byte and bytes of a part.
fn extent(layout: &Layout, node: &Node) -> (usize, usize) {
    let (from, to) = node.span();
    let fields = layout.fields.get(from..to).unwrap_or_default();
    let start = fields.iter().map(|field| field.offset).min().unwrap_or(0);
    let end = fields.iter().map(|field| field.offset + field.bytes).max().unwrap_or(start);
    (start, end - start)
}

/// The rules of a field that are not those of every field.
pub(super) fn rules(field: &Field) -> Vec<String> {
    let (rules, plain) = (&field.rules, Rules::default());
    let mut told = Vec::new();
    let mut one = |set: bool, what: &str| told.extend(set.then(|| what.to_owned()));
    one(rules.unsigned, "unsigned");
    one(rules.little_endian, "little endian");
    one(rules.native, "native");
    one(rules.hex_float, "hex float");
    one(rules.decimal_comma, "decimal comma");
    one(rules.blank_when_zero, "blank when zero");
    one(rules.justified, "justified");
    one(rules.trim_ideographic, "trim ideographic");
    one(rules.fixnbr, "FIXNBR");
    one(rules.cut, "cut");
    one(rules.sign != plain.sign, &format!("sign {}", words::word_of(words::SIGN_PLACES, &rules.sign)));
    one(rules.signs != plain.signs, &format!("signs {}", words::word_of(words::SIGNS, &rules.signs)));
    one(rules.encoding != plain.encoding, words::word_of(words::ENCODINGS, &rules.encoding));
    one(rules.scale_up > 0, &format!("{} zeros implied", rules.scale_up));
    told.extend(rules.picture.as_ref().map(|picture| format!("picture {picture}")));
    told.extend(rules.moment.as_ref().map(|moment| words::word_of(words::MOMENTS, moment).to_owned()));
    told.extend(form(field.kind));
    if rules.window != plain.window {
        told.push(format!("window {}", rules.window.base()));
    }
    let none = words::sentinels(rules.no_date.nulls());
    if !none.is_empty() {
        told.push(format!("no date: {}", none.join(" ")));
    }
    for (key, list) in rules.text.iter().flat_map(|text| text_words(text)) {
        told.push(format!("{key}: {}", list.join(" ")));
    }
    if rules.text.as_ref().is_some_and(|text| text.refuses_substitutes()) {
        told.push("substitutes: refuse".to_owned());
    }
    for (key, policy) in [("blank", rules.blank.unwrap_or_default()), ("dirty", rules.dirty)] {
        if policy != Dirty::Reject {
            told.push(format!("{key}: {}", words::word_of(words::POLICIES, &policy)));
        }
    }
    told
}

/// The form of a date or time that is not ISO's.
fn form(kind: Kind) -> Option<String> {
    let (word, separator) = match kind {
        Kind::Date(form) => words::date_word(form)?,
        Kind::Time(form) => words::time_word(form)?,
        _ => return None,
    };
    let separator = separator.map_or_else(String::new, |mark| format!(" with {mark}"));
    (word != "iso").then(|| format!("{word}{separator}"))
}
