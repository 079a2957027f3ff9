//! What a file format adds to a layout that came from another source: DDS and copybooks cannot say which values are
//! sensitive, what becomes of a bad one, or which reading of redefined bytes holds.
//!
//! A name means a field with all its occurrences, or a group with all its fields; `GROUP.FIELD` where the name alone is
//! not clear. Nothing here moves a byte.

use super::rules::Chosen;
use super::scope::{Scope, page as page_of};
use super::tree;
use crate::layout::build::Chooser;
use crate::layout::{Array, Choice, Field, Kind, Layout, Node, Redefines};
use crate::source::Section;

/// Sets the rules that hold for every field they mean something for.
pub(crate) fn default_rules(layout: &mut Layout, chosen: &Chosen) {
    for field in &mut layout.fields {
        chosen.apply(field, &mut |_, _| {});
        days_first(field);
    }
}

/// A database takes no date but a day: of a date field's stand-ins a day that exists is written before any other.
fn days_first(field: &mut Field) {
    if matches!(field.kind, Kind::Date(_) | Kind::Timestamp { .. }) {
        field.rules.no_date = field.rules.no_date.days_first();
    }
}

/// Whether a field goes by a name, its occurrences not counted.
pub(crate) fn is_named(field: &Field, name: &str) -> bool {
    bare(&field.name).eq_ignore_ascii_case(name)
}

/// The name without occurrences: `QTY(2,1)` is `QTY`.
fn bare(name: &str) -> &str {
    name.split('(').next().unwrap_or(name)
}

/// Applies the tables under a record's `fields`.
pub(crate) fn adjust(layout: &mut Layout, tables: &Section<'_>, scope: &Scope) {
    for key in tables.written_keys() {
        let Some(table) = tables.section(&key) else { continue };
        let name = key.to_uppercase();
        match leaves(layout, &name) {
            Err(wrong) => tables.fault(&key, wrong),
            Ok((range, whole)) => fields(&mut layout.fields[range], &name, (whole, scope), &table),
        }
        if let Some(chooser) = tree::choice(&table) {
            choose(layout, &name, &chooser).unwrap_or_else(|wrong| table.fault("choice", wrong));
        }
        if table.has("map") {
            let map = tree::counts(&table);
            count(layout, &name, map).unwrap_or_else(|wrong| table.fault("map", wrong));
        }
        table.no_more();
    }
}

/// The leaves that a name means, and whether it is the name of a group.
fn leaves(layout: &Layout, name: &str) -> Result<(std::ops::Range<usize>, bool), String> {
    let fits = |field: &Field| is_named(field, name);
    if let (Some(first), Some(last)) = (layout.fields.iter().position(fits), layout.fields.iter().rposition(fits)) {
        return Ok((first..last + 1, false));
    }
    let mut found = Vec::new();
    find(&layout.nodes, name, &mut Vec::new(), &mut |node| found.push(node.span()));
    match found[..] {
        [(from, to)] => Ok((from..to, true)),
        [] => Err(format!("{} has no field or group of this name", layout.name)),
        _ => Err("is there more than once; say GROUP.FIELD".to_owned()),
    }
}

fn fields(fields: &mut [Field], name: &str, (whole, scope): (bool, &Scope), table: &Section<'_>) {
    let chosen = Chosen::of_field(table);
    let page = page_of(table, "ccsid");
    let (sensitive, nullable) = (table.flag("sensitive"), table.flag("nullable"));
    let (text, heading) = (table.text("text"), table.text("heading"));
    let mut told = false;
    for field in fields.iter_mut().filter(|field| whole || is_named(field, name)) {
        if chosen.moves(&field.rules) {
            if !std::mem::replace(&mut told, true) {
                table.fault("sign", "would change how many bytes the field has");
            }
            continue;
        }
        let mut misfits = Vec::new();
        chosen.date(field, &scope.defaults);
        chosen.apply(field, &mut |key, what| misfits.push((key, what)));
        days_first(field);
        // Of a group only those fields are meant for which the rule means something.
        if !whole && !misfits.is_empty() && !std::mem::replace(&mut told, true) {
            misfits.into_iter().for_each(|(key, what)| table.fault(key, what));
        }
        field.page = if field.page.is_some() { page.or(field.page) } else { None };
        field.sensitive = sensitive.unwrap_or(field.sensitive);
        field.nullable = nullable.unwrap_or(field.nullable);
        if !whole {
            scope.warn(&chosen, field, table);
        }
        field.text = text.clone().unwrap_or(std::mem::take(&mut field.text));
        field.heading = heading.clone().unwrap_or(std::mem::take(&mut field.heading));
    }
}

/// Calls for every node of a name; a name with points must have these groups around it, in this order.
fn find<'n>(nodes: &'n [Node], name: &str, around: &mut Vec<&'n str>, found: &mut dyn FnMut(&'n Node)) {
    for node in nodes {
        let key = key(node);
        let mut wanted = name.rsplit('.');
        if !key.is_empty() && wanted.next() == Some(key) {
            let mut groups = around.iter().rev();
            if wanted.all(|group| groups.any(|name| *name == group)) {
                found(node);
            }
        }
        around.push(key);
        match node {
            Node::Leaf { .. } => {}
            Node::Group { nodes, .. } => find(nodes, name, around, found),
            Node::Array(array) => find(std::slice::from_ref(&*array.item), name, around, found),
            Node::Redefines(part) => find(&part.alternatives, name, around, found),
        }
        around.pop();
    }
}

/// A node's own name; alternatives have names of their own, what holds them has none.
fn key(node: &Node) -> &str {
    match node {
        Node::Leaf { key, .. } | Node::Group { key, .. } => key,
        Node::Array(array) => &array.key,
        Node::Redefines(_) => "",
    }
}

/// The nodes that fit, but none within another one.
fn all<'n>(nodes: &'n mut [Node], fits: &dyn Fn(&Node) -> bool) -> Vec<&'n mut Node> {
    let mut found = Vec::new();
    for node in nodes {
        if fits(node) {
            found.push(node);
            continue;
        }
        match node {
            Node::Leaf { .. } => {}
            Node::Group { nodes, .. } => found.extend(all(nodes, fits)),
            Node::Array(array) => found.extend(all(std::slice::from_mut(&mut *array.item), fits)),
            Node::Redefines(part) => found.extend(all(&mut part.alternatives, fits)),
        }
    }
    found
}

/// Says which reading of a part holds.
fn choose(layout: &mut Layout, name: &str, chooser: &Chooser) -> Result<(), String> {
    let fits = |node: &Node| match node {
        Node::Redefines(part) => part.alternatives.first().is_some_and(|first| key(first) == name),
        _ => false,
    };
    let mut found = all(&mut layout.nodes, &fits);
    let part: &mut Redefines = match &mut found[..] {
        [Node::Redefines(part)] => part,
        [] => return Err(format!("nothing redefines {name}")),
        _ => return Err(format!("{name} is redefined more than once")),
    };
    let alternative = |wanted: &str| {
        let at = part.alternatives.iter().position(|node| key(node) == wanted);
        at.ok_or(format!("{wanted} is none of the readings of {name}"))
    };
    let cases = chooser.cases.iter().map(|(value, wanted)| Ok((value.clone(), alternative(wanted)?)));
    let cases = cases.collect::<Result<Vec<_>, String>>()?;
    let otherwise = chooser.otherwise.as_deref().map(alternative).transpose()?;
    let end = part.alternatives.first().map_or(0, |first| first.span().1);
    let field = earlier(&layout.fields[..end], &chooser.field)?;
    part.choice = Some(Choice { field, cases, otherwise });
    Ok(())
}

/// The latest field of a name.
fn earlier(fields: &[Field], name: &str) -> Result<usize, String> {
    let own = |field: &Field| bare(&field.name).rsplit('.').next() == Some(name) || is_named(field, name);
    let index = fields.iter().rposition(own).ok_or(format!("{name} is no field before the part it chooses"))?;
    let occurrences = fields[index].name.split_once('(').map_or("", |(_, numbers)| numbers);
    if occurrences.trim_end_matches(')').split(',').any(|n| !matches!(n, "" | "1")) {
        return Err(format!("{name} occurs several times before the part it chooses"));
    }
    Ok(index)
}

/// Says what the texts of an array's counter mean.
fn count(layout: &mut Layout, name: &str, map: Vec<(String, usize)>) -> Result<(), String> {
    let fits = |node: &Node| matches!(node, Node::Array(array) if array.key == name);
    let mut found = all(&mut layout.nodes, &fits);
    let array: &mut Array = match &mut found[..] {
        [Node::Array(array)] => array,
        [] => return Err(format!("{name} is no array")),
        _ => return Err(format!("there are several arrays {name}")),
    };
    let most = array.count;
    let Some(depending) = &mut array.depending else { return Err(format!("{name} depends on no counter")) };
    if let Some((text, _)) = map.iter().find(|(_, n)| !(depending.least..=most).contains(n)) {
        return Err(format!("{text} stands for a number that is not within {} to {most}", depending.least));
    }
    depending.map = map;
    Ok(())
}
