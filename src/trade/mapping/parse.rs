//! Compiling a mapping from TOML against a format: names become indices, words become rules.
//!
//! All faults come at once. What a mapping cannot say is refused here, so that no record meets a surprise: an id made of
//! a field that may be empty or is sensitive, a unit without an instrument, an entry whose object is opened twice.

use super::entry::{Entry, Mask, Rule};
use super::template::Template;
use crate::trade::check::Checks;
use crate::trade::expression::{Expression, Type};
use crate::trade::fields::{self, Condition, FieldRef};
use crate::trade::json;
use crate::trade::measure::Measure;
use crate::trade::moment::DayForm;
use fpp_codecs::Code;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::source::Section;

/// Everything a mapping compiles to.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    pub(super) name: String,
    pub(super) schema: String,
    pub(super) kind: Kind,
    pub(super) measure: Option<Measure>,
    pub(super) entries: Vec<Entry>,
    pub(super) checks: Checks,
    pub(super) id: Template,
    pub(super) subject: Template,
    pub(super) time: Template,
    /// The first field, in layout order, that the id is made of.
    pub(super) key: FieldRef,
    /// By field of the layout.
    pub(super) sensitive: Vec<bool>,
    /// Names of the sensitive entries, separated by commas: every event says which of its values they are.
    pub(super) marked: String,
}

/// The event's type: of a code, or always the same.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Map(FieldRef, Vec<(String, String)>),
    Const(String),
}

/// Reads the whole source; gives nothing when a fault was noted.
pub(super) fn read(root: &Section<'_>, record: &RecordFormat) -> Option<Parts> {
    let name = root.need_text("name");
    let schema = root.need_text("dataschema");
    let kind = root.need_section("type").and_then(|s| read_kind(&s, record));
    let has_instrument = root.has("instrument");
    let measure = root.section("instrument").and_then(|s| Measure::read(&s, record));
    let tables = root.sections("data");
    let mut entries: Vec<Entry> = tables.iter().filter_map(|s| read_entry(s, record)).collect();
    if tables.is_empty() {
        root.fault("data", "no entry is listed");
    }
    if !has_instrument && entries.iter().any(|e| matches!(e.rule, Rule::Price | Rule::Weight)) {
        root.fault("data", "an entry has a unit, but no [instrument] says which");
    }
    nest(root, &mut entries);
    let checks = Checks::read(root, record);
    if checks.need_instrument() && !has_instrument {
        root.fault("check", "checks of amount and lots need an [instrument]");
    }
    let complete = entries.len() == tables.len();
    let id = template(root, "id", &entries, complete);
    let subject = template(root, "subject", &entries, complete);
    let time = template(root, "time", &entries, complete);
    root.no_more();
    let (id, subject, time) = (id?, subject?, time?);
    let key = id.entries().filter_map(|i| entries.get(i)?.field).min_by_key(|f| f.index);
    if key.is_none() {
        root.fault("id", "must be made of at least one field");
    }
    let sensitive = (0..record.layout.fields.len())
        .map(|i| {
            let masked = |e: &Entry| e.mask.is_some() && e.fields().iter().any(|f| f.index == i);
            record.layout.fields.get(i).is_some_and(|f| f.sensitive) || entries.iter().any(masked)
        })
        .collect();
    uncovered(root, &entries);
    let marked: Vec<_> = entries.iter().filter(|e| e.mask.is_some()).map(|e| e.name.as_str()).collect();
    let marked = marked.join(",");
    Some(Parts { name, schema, kind: kind?, measure, entries, checks, id, subject, time, key: key?, sensitive, marked })
}

fn read_kind(section: &Section<'_>, record: &RecordFormat) -> Option<Kind> {
    let kind = if section.has("const") {
        section.text("const").map(Kind::Const)
    } else {
        let words = section.need_section("map").map(|m| m.text_map()).unwrap_or_default();
        fields::need(section, "field", record).map(|field| Kind::Map(field, words))
    };
    section.no_more();
    kind
}

fn read_entry(section: &Section<'_>, record: &RecordFormat) -> Option<Entry> {
    let name = section.need_text("name");
    let mut field = fields::optional(section, "from", record);
    if ["from", "const", "cel"].into_iter().filter(|key| section.has(key)).count() != 1 {
        section.fault("from", "exactly one of `from`, `const` and `cel` is needed");
    }
    let rule = read_rule(section, field, record);
    let mut looked_at = field.as_slice().to_vec();
    if let Some(Rule::Cel(expression)) = &rule {
        looked_at = expression.fields().to_vec();
        field = looked_at.first().copied();
    }
    let mandatory = section.flag("mandatory").unwrap_or(false);
    let required = section.section("required_when").and_then(|s| read_required(&s, record));
    let declared = section
        .choice("sensitive", &[("last4", Some(Mask::Last4)), ("first", Some(Mask::First)), ("no", None)])
        .unwrap_or_else(|| {
            let mut layouts = looked_at.iter().filter_map(|f| record.layout.fields.get(f.index));
            layouts.any(|f| f.sensitive).then_some(Mask::Last4)
        });
    section.no_more();
    if name.is_empty() || field.is_some() == section.has("const") {
        return None;
    }
    Some(Entry { name, open: Vec::new(), close: b"", rule: rule?, field, mandatory, required, mask: declared })
}

fn read_rule(section: &Section<'_>, field: Option<FieldRef>, record: &RecordFormat) -> Option<Rule> {
    const WORDS: [&str; 7] = ["const", "cel", "map", "codes", "date", "time", "unit"];
    let given: Vec<_> = WORDS.into_iter().filter(|w| section.has(w)).collect();
    if given.len() > 1 {
        section.fault(given[1], format_args!("does not go together with `{}`", given[0]));
    }
    match given.first().copied() {
        None => Some(Rule::Plain(Vec::new())),
        Some("const") => section.text("const").map(Rule::Const),
        Some("cel") => read_expression(section, record),
        Some("map") => section.section("map").map(|m| Rule::Map(m.text_map())),
        Some("codes") => Some(Rule::Plain(section.texts("codes"))),
        Some("date") => {
            let layout = field.and_then(|f| record.layout.fields.get(f.index));
            let own = layout.map_or(DayForm::Ymd8, DayForm::of);
            let forms =
                [("yyyymmdd", DayForm::Ymd8), ("cyymmdd", DayForm::Cyymmdd), ("iso", DayForm::Iso), ("auto", own)];
            section.choice("date", &forms).map(Rule::Day)
        }
        Some("time") => section.choice("time", &[("timestamp", ())]).map(|()| Rule::Time),
        Some(_) => match section.choice("unit", &[("price", true), ("quantity", false)])? {
            true => Some(Rule::Price),
            false => Some(Rule::Weight),
        },
    }
}

fn read_expression(section: &Section<'_>, record: &RecordFormat) -> Option<Rule> {
    match Expression::parse(&section.text("cel")?, record) {
        Ok(expression) if matches!(expression.kind(), Type::Number | Type::Text) => {
            Some(Rule::Cel(Box::new(expression)))
        }
        Ok(_) => {
            section.fault("cel", "gives no value; a condition becomes one by a choice: `A == B ? 'yes' : 'no'`");
            None
        }
        Err(why) => {
            section.fault("cel", why);
            None
        }
    }
}

fn read_required(section: &Section<'_>, record: &RecordFormat) -> Option<(Condition, Code)> {
    let when = Condition::read(section, record);
    let code = fields::code(section, Code::MANDATORY);
    section.no_more();
    Some((when?, code?))
}

fn template(root: &Section<'_>, key: &str, entries: &[Entry], complete: bool) -> Option<Template> {
    let text = root.need_text(key);
    let found = Template::parse(&text, |name| entries.iter().position(|e| e.name == name));
    let template = match found {
        Ok(template) => template,
        // An entry that is missing because it is faulty itself was told already.
        Err(_) if !complete => return None,
        Err(name) => {
            root.fault(key, format_args!("`{name}` is not the name of an entry, or its brace is not closed"));
            return None;
        }
    };
    for entry in template.entries().filter_map(|i| entries.get(i)) {
        if entry.mask.is_some() {
            root.fault(key, format_args!("{} is sensitive and must not stand in the envelope", entry.name));
        }
        if entry.field.is_some() && !entry.mandatory {
            root.fault(key, format_args!("{} must be mandatory, because the envelope is made of it", entry.name));
        }
    }
    Some(template)
}

/// A value that another entry masks must not leave unmasked through an expression.
fn uncovered(root: &Section<'_>, entries: &[Entry]) {
    let hidden: Vec<_> = entries
        .iter()
        .filter(|e| e.mask.is_some() && !matches!(e.rule, Rule::Cel(_)))
        .flat_map(Entry::fields)
        .collect();
    for entry in entries.iter().filter(|e| e.mask.is_none() && matches!(e.rule, Rule::Cel(_))) {
        if entry.fields().iter().any(|field| hidden.contains(&field)) {
            root.fault(
                "data",
                format_args!("`{}` computes with a sensitive field; say `sensitive` of it too", entry.name),
            );
        }
    }
}

/// Gives each entry the JSON around its value: dotted names share an object, values with a unit get one of their own.
fn nest(root: &Section<'_>, entries: &mut [Entry]) {
    let groups: Vec<Option<String>> =
        entries.iter().map(|e| e.name.split_once('.').map(|(group, _)| group.to_owned())).collect();
    let mut seen: Vec<String> = vec!["lineage".to_owned(), "correction".to_owned()];
    for (i, entry) in entries.iter_mut().enumerate() {
        let group = groups[i].as_deref();
        let opened = i > 0 && group.is_some() && groups[i - 1].as_deref() == group;
        let last = groups.get(i + 1).and_then(|g| g.as_deref()) != group;
        let top = group.unwrap_or(&entry.name).to_owned();
        if (!opened && seen.contains(&top)) || seen.contains(&entry.name) {
            root.fault("data", format_args!("`{}` stands twice, or apart from its object", entry.name));
        }
        seen.extend([top.clone(), entry.name.clone()]);
        let has_unit = matches!(entry.rule, Rule::Price | Rule::Weight);
        if has_unit && group.is_some() {
            root.fault("data", format_args!("`{}` has a unit and is an object itself", entry.name));
        }
        let mut open = Vec::new();
        if i > 0 {
            open.push(b',');
        }
        if !opened {
            json::push_string(&mut open, &top);
            open.push(b':');
        }
        if let Some((_, inner)) = entry.name.split_once('.') {
            if !opened {
                open.push(b'{');
            }
            json::push_string(&mut open, inner);
            open.push(b':');
        }
        if has_unit {
            open.extend_from_slice(b"{\"value\":");
        }
        entry.open = open;
        entry.close = if has_unit || (group.is_some() && last) { b"}" } else { b"" };
    }
}
