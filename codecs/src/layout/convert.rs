//! A layout as TOML that reads back to the same layout, whatever source it came from.
//!
//! What is written is read again before it counts: a layout that TOML would read otherwise is an error, never a file
//! that means something else. Rules that hold without a word are not written; `at` is, so that a person who changes a
//! field sees which ones slip.

use super::toml::words::{self, Word};
use super::{Array, Choice, Field, Kind, Layout, Node, Rules, SignPlace, toml};
use crate::text::Page;
use std::collections::HashMap;
use std::fmt::Write;

/// Writes a layout. The error says what TOML has no word for.
pub fn to_toml(layout: &Layout) -> Result<String, String> {
    let page = commonest(layout);
    let mut writer = Writer { layout, page, out: String::new(), paths: paths(layout) };
    writer.pair("name", &quoted(&layout.name));
    if !layout.text.is_empty() {
        writer.pair("text", &quoted(&layout.text));
    }
    writer.pair("ccsid", &quoted(page.name()));
    writer.pair("length", &layout.length.to_string());
    for (key, list) in [("keys", &layout.keys), ("notes", &layout.notes)] {
        if !list.is_empty() {
            writer.pair(key, &listed(list.iter()));
        }
    }
    match layout.is_flat() {
        true => layout.fields.iter().try_for_each(|field| writer.field(field, &field.name, "", &[], field.offset))?,
        false => writer.nodes(&layout.nodes, "")?,
    }
    let Writer { out, .. } = writer;
    let read = toml::parse("", &out, page).map_err(|faults| {
        faults.first().map_or_else(|| "it cannot be read again".to_owned(), |fault| fault.message.clone())
    })?;
    match read == *layout {
        true => Ok(out),
        false => Err(format!("TOML has no words for all of {}", different(&read, layout))),
    }
}

/// The first field that is read otherwise.
fn different(read: &Layout, layout: &Layout) -> String {
    let pairs = read.fields.iter().zip(&layout.fields);
    pairs.into_iter().find(|(a, b)| a != b).map_or_else(|| layout.name.clone(), |(_, field)| field.name.clone())
}

/// The page of most fields.
fn commonest(layout: &Layout) -> Page {
    let mut counts: HashMap<Page, usize> = HashMap::new();
    layout.fields.iter().filter_map(|field| field.page).for_each(|page| *counts.entry(page).or_default() += 1);
    let most = layout.fields.iter().filter_map(|field| field.page).max_by_key(|page| counts.get(page).copied());
    most.unwrap_or(Page::Cp37)
}

/// For each leaf the names of the groups and arrays around it, and its own, joined by points.
fn paths(layout: &Layout) -> HashMap<usize, String> {
    fn walk(node: &Node, around: &str, paths: &mut HashMap<usize, String>) {
        let within = |key: &str| match (around, key) {
            (around, "") => around.to_owned(),
            ("", key) => key.to_owned(),
            (around, key) => format!("{around}.{key}"),
        };
        match node {
            Node::Leaf { key, field } => {
                paths.insert(*field, within(key));
            }
            Node::Group { key, nodes } => {
                let around = within(key);
                nodes.iter().for_each(|node| walk(node, &around, paths));
            }
            Node::Array(array) => walk(&array.item, &within(&array.key), paths),
            Node::Redefines(part) => part.alternatives.iter().for_each(|node| walk(node, around, paths)),
        }
    }
    let mut paths = HashMap::new();
    layout.nodes.iter().for_each(|node| walk(node, "", &mut paths));
    paths
}

struct Writer<'a> {
    layout: &'a Layout,
    page: Page,
    out: String,
    paths: HashMap<usize, String>,
}

/// Keys that a node has beside those of its kind.
type Beside = (&'static str, String);

impl Writer<'_> {
    fn pair(&mut self, key: &str, value: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "{key} = {value}");
    }

    fn nodes(&mut self, nodes: &[Node], around: &str) -> Result<(), String> {
        nodes.iter().try_for_each(|node| self.node(node, node_key(node), around, &[]))
    }

    fn node(&mut self, node: &Node, name: &str, around: &str, beside: &[Beside]) -> Result<(), String> {
        let header = if around.is_empty() { "field".to_owned() } else { format!("{around}.field") };
        match node {
            Node::Leaf { field, .. } => {
                let field = self.layout.fields.get(*field).ok_or("a leaf without a field")?;
                self.field(field, name, around, beside, field.offset)
            }
            Node::Group { nodes, .. } => {
                let _ = writeln!(self.out, "\n[[{header}]]");
                if !name.is_empty() {
                    self.pair("name", &quoted(name));
                }
                self.pair("type", "\"group\"");
                beside.iter().for_each(|(key, value)| self.pair(key, value));
                self.nodes(nodes, &header)
            }
            Node::Array(array) => {
                let mut all = beside.to_vec();
                all.push(("occurs", self.occurs(array)));
                match &*array.item {
                    item @ (Node::Leaf { .. } | Node::Group { .. }) => self.node(item, &array.key, around, &all),
                    _ => Err(format!(
                        "{} is an array of arrays or of redefined parts, which TOML does not have",
                        array.key
                    )),
                }
            }
            Node::Redefines(part) => {
                let first = part.alternatives.first().map_or("", node_key);
                for (index, alternative) in part.alternatives.iter().enumerate() {
                    let mut all = beside.to_vec();
                    match (index, &part.choice) {
                        (0, Some(choice)) => all.push(("choice", self.choice(choice, &part.alternatives))),
                        (0, None) => {}
                        _ => all.push(("redefines", quoted(first))),
                    }
                    self.node(alternative, node_key(alternative), around, &all)?;
                }
                Ok(())
            }
        }
    }

    fn occurs(&self, array: &Array) -> String {
        let Some(depending) = &array.depending else { return array.count.to_string() };
        let mut keys = vec![
            format!("most = {}", array.count),
            format!("least = {}", depending.least),
            format!("depending = {}", quoted(&self.path(depending.field))),
        ];
        if !depending.map.is_empty() {
            let cases: Vec<_> = depending.map.iter().map(|(text, n)| format!("{} = {n}", quoted(text))).collect();
            keys.push(format!("map = {{ {} }}", cases.join(", ")));
        }
        format!("{{ {} }}", keys.join(", "))
    }

    fn choice(&self, choice: &Choice, alternatives: &[Node]) -> String {
        let name = |at: usize| quoted(alternatives.get(at).map_or("", node_key));
        let cases: Vec<_> =
            choice.cases.iter().map(|(value, at)| format!("{} = {}", quoted(value), name(*at))).collect();
        let mut keys = vec![
            format!("field = {}", quoted(&self.path(choice.field))),
            format!("cases = {{ {} }}", cases.join(", ")),
        ];
        keys.extend(choice.otherwise.map(|at| format!("otherwise = {}", name(at))));
        format!("{{ {} }}", keys.join(", "))
    }

    fn path(&self, field: usize) -> String {
        self.paths.get(&field).cloned().unwrap_or_default()
    }

    fn field(
        &mut self,
        field: &Field,
        name: &str,
        around: &str,
        beside: &[Beside],
        offset: usize,
    ) -> Result<(), String> {
        let header = if around.is_empty() { "field".to_owned() } else { format!("{around}.field") };
        let _ = writeln!(self.out, "\n[[{header}]]");
        self.pair("name", &quoted(name));
        self.kind(field)?;
        self.pair("at", &(offset + 1).to_string());
        beside.iter().for_each(|(key, value)| self.pair(key, value));
        if let Some(page) = field.page.filter(|page| *page != self.page) {
            self.pair("ccsid", &quoted(page.name()));
        }
        for (key, set) in [("varlen", field.varlen), ("nullable", field.nullable), ("sensitive", field.sensitive)] {
            if set {
                self.pair(key, "true");
            }
        }
        self.rules(&field.rules, field.kind);
        for (key, text) in [("text", &field.text), ("heading", &field.heading)] {
            if !text.is_empty() {
                self.pair(key, &quoted(text));
            }
        }
        if !field.conditions.is_empty() {
            let names = field.conditions.iter().map(|(name, values)| format!("{} = {}", quoted(name), quoted(values)));
            let names: Vec<_> = names.collect();
            self.pair("conditions", &format!("{{ {} }}", names.join(", ")));
        }
        Ok(())
    }

    /// `type` and what it needs.
    fn kind(&mut self, field: &Field) -> Result<(), String> {
        let content = field.bytes - if field.varlen { 2 } else { 0 };
        let word = word(field.kind);
        self.pair("type", &quoted(words::word_of(words::TYPES, &word)));
        match field.kind {
            Kind::Graphic => self.pair("length", &(content / 2).to_string()),
            kind if kind.is_text() || kind == Kind::Hex => self.pair("length", &content.to_string()),
            Kind::NumberText { decimals } => {
                self.pair("length", &content.to_string());
                self.decimals(decimals);
            }
            Kind::Float { double } => self.flag("double", double),
            Kind::DecFloat { digits } => self.pair("digits", &digits.to_string()),
            Kind::Date(form) => {
                let told = words::date_word(form).ok_or(format!("{} has a date format without a name", field.name))?;
                self.form("date_format", &told);
            }
            Kind::Time(form) => {
                let told = words::time_word(form).ok_or(format!("{} has a time format without a name", field.name))?;
                self.form("time_format", &told);
            }
            Kind::Timestamp { fraction } => self.pair("fraction", &fraction.to_string()),
            // Its picture says it all.
            Kind::Edited { .. } => {}
            kind => {
                let (digits, decimals) = kind.digits().unwrap_or_default();
                self.pair("digits", &digits.to_string());
                self.decimals(decimals.min(digits));
                if decimals > digits {
                    self.pair("scale_down", &(decimals - digits).to_string());
                }
                if matches!(kind, Kind::Binary { .. }) {
                    self.pair("length", &content.to_string());
                }
                if let Kind::Number { signed, .. } = kind {
                    self.flag("signed", signed);
                }
            }
        }
        Ok(())
    }

    fn decimals(&mut self, decimals: u8) {
        if decimals > 0 {
            self.pair("decimals", &decimals.to_string());
        }
    }

    fn form(&mut self, key: &str, (word, separator): &(String, Option<char>)) {
        self.pair(key, &quoted(word));
        if let Some(separator) = separator {
            self.pair("separator", &quoted(&separator.to_string()));
        }
    }

    fn flag(&mut self, key: &str, set: bool) {
        if set {
            self.pair(key, "true");
        }
    }

    fn rules(&mut self, rules: &Rules, kind: Kind) {
        let plain = Rules::default();
        if rules.sign != SignPlace::Trailing {
            self.pair("sign", &quoted(words::word_of(words::SIGN_PLACES, &rules.sign)));
        }
        if rules.encoding != plain.encoding {
            self.pair("encoding", &quoted(words::word_of(words::ENCODINGS, &rules.encoding)));
        }
        if rules.signs != plain.signs {
            self.pair("signs", &quoted(words::word_of(words::SIGNS, &rules.signs)));
        }
        if rules.little_endian {
            self.pair("endian", &quoted(words::word_of(words::ENDS, &true)));
        }
        if rules.rounding != plain.rounding {
            self.pair("rounding", &quoted(words::word_of(words::ROUNDINGS, &rules.rounding)));
        }
        if rules.scale_up > 0 && !matches!(kind, Kind::Edited { .. }) {
            self.pair("scale_up", &rules.scale_up.to_string());
        }
        for (key, set) in [
            ("unsigned", rules.unsigned),
            ("native", rules.native),
            ("hex_float", rules.hex_float),
            ("decimal_comma", rules.decimal_comma),
            ("blank_when_zero", rules.blank_when_zero),
            ("justified", rules.justified),
            ("trim_ideographic", rules.trim_ideographic),
            ("fixnbr", rules.fixnbr),
            ("cut", rules.cut),
        ] {
            self.flag(key, set);
        }
        if let Some(picture) = &rules.picture {
            self.pair("picture", &quoted(picture));
        }
        if let Some(currency) = rules.currency {
            self.pair("currency", &quoted(&currency.to_string()));
        }
        if let Some(moment) = &rules.moment {
            self.pair("moment", &quoted(words::word_of(words::MOMENTS, moment)));
        }
        if rules.window != plain.window {
            self.pair("window", &rules.window.base().to_string());
        }
        for (key, list) in [
            ("no_date", words::sentinels(rules.no_date.nulls())),
            ("refused_dates", words::sentinels(rules.no_date.refusals())),
        ] {
            if !list.is_empty() {
                self.pair(key, &listed(list.iter()));
            }
        }
        for (key, list) in rules.text.iter().flat_map(|text| toml::text_words(text)) {
            self.pair(key, &listed(list.iter()));
        }
        if rules.text.as_ref().is_some_and(|text| text.refuses_substitutes()) {
            self.pair("substitutes", &quoted("refuse"));
        }
        if rules.timestamp != plain.timestamp {
            self.pair("timestamp_format", &quoted(words::word_of(words::TIMESTAMPS, &rules.timestamp)));
        }
        if let Some(blank) = &rules.blank {
            self.pair("blank", &quoted(words::word_of(words::POLICIES, blank)));
        }
        if rules.dirty != plain.dirty || rules.insist {
            self.pair("dirty", &quoted(words::word_of(words::POLICIES, &rules.dirty)));
        }
    }
}

fn word(kind: Kind) -> Word {
    match kind {
        Kind::Packed { .. } => Word::Packed,
        Kind::Comp6 { .. } => Word::Comp6,
        Kind::Zoned { .. } => Word::Zoned,
        Kind::Binary { .. } => Word::Binary,
        Kind::Float { .. } => Word::Float,
        Kind::DecFloat { .. } => Word::DecFloat,
        Kind::Edited { .. } => Word::Edited,
        Kind::NumberText { .. } => Word::NumberText,
        Kind::Number { .. } => Word::Number,
        Kind::Date(_) => Word::Date,
        Kind::Time(_) => Word::Time,
        Kind::Timestamp { .. } => Word::Timestamp,
        text => Word::Plain(text),
    }
}

/// A part's own name; alternatives have names of their own, what holds them goes by the first.
fn node_key(node: &Node) -> &str {
    match node {
        Node::Leaf { key, .. } | Node::Group { key, .. } => key,
        Node::Array(array) => &array.key,
        Node::Redefines(part) => part.alternatives.first().map_or("", node_key),
    }
}

fn listed<T: AsRef<str>>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<_> = items.map(|item| quoted(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
