//! Copybooks in formats: what a format says about how one is read, and what must be said about what one leaves open.

use crate::layout::copybook::{Dialect, Form, Options};
use crate::layout::{Array, Layout, Node};
use crate::source::{Section, SourceFault};
use crate::text::Page;

/// Endings of copybooks, and of programs that have their data in them.
const ENDINGS: &[&str] = &["cpy", "cbl", "cob", "cobol", "copybook"];

/// Whether a source is a copybook by its ending.
pub(super) fn is_copybook(ending: &str) -> bool {
    ENDINGS.contains(&ending)
}

/// Reads `copybook` of a format or record; what it does not say is as before.
pub(super) fn options(around: &Section<'_>, before: &Options) -> Options {
    let mut options = before.clone();
    let Some(table) = around.section("copybook") else { return options };
    options.form = table.choice("form", &[("fixed", Form::Fixed), ("free", Form::Free)]).or(options.form);
    options.dialect = table.choice("dialect", Dialect::NAMES).or(options.dialect);
    options.decimal_comma = table.flag("decimal_comma").unwrap_or(options.decimal_comma);
    options.debug_lines = table.flag("debug_lines").unwrap_or(options.debug_lines);
    if let Some(pairs) = table.section("replacing") {
        options.replacing = pairs.text_map();
    }
    table.no_more();
    options
}

/// Where a copied member is looked for: beside the copybook, beside the format, in the folders of the search path.
pub(super) fn places(file: &str, member: &str, path: &[String]) -> Vec<String> {
    let own = file.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
    let folders = own.into_iter().chain([String::new()]).chain(path.iter().cloned());
    folders.map(|folder| format!("{folder}{member}")).collect()
}

/// Several records without a word on which is which: what to write. The copybook goes by its bare name, for a format is
/// read with what lies beside it, and where this one will be saved nobody knows.
pub(super) fn several(file: &str, layouts: &[Layout], page: Page) -> Vec<SourceFault> {
    let lengths: Vec<_> = layouts.iter().map(|layout| format!("{} ({} bytes)", layout.name, bytes(layout))).collect();
    let same = layouts.iter().all(|layout| layout.length == layouts[0].length && layout.least == layout.length);
    let framing = match same {
        true => format!("framing = \"fixed\"\nlength = {}", layouts[0].length),
        false => "framing = \"rdw\"  # or vb, by-layout, text-lines ...: the records differ in length".to_owned(),
    };
    let own = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let records = layouts.iter().map(|layout| {
        let (name, first) = (&layout.name, layout.fields.first().map_or("", |field| &field.name));
        format!(
            "[[record]]\nrole = \"detail\"\nlayout = \"{own}\"\nname = \"{name}\"\n\
             select = {{ at = 1, equals = \"...\" }}  # bytes that only {name} has, perhaps of {first}\n"
        )
    });
    let message = format!(
        "holds {} records, {}: nothing here says which record of a file is which. If a file has records of one of them \
         alone, name it: --type NAME (--copybook record=NAME for other verbs). Else write a format that does, and save it \
         beside {own}:\n\n\
         name = \"{}\"\nversion = \"1\"\nccsid = \"{}\"\n{framing}\n\n{}",
        layouts.len(),
        lengths.join(", "),
        stem(file),
        page.name(),
        records.collect::<Vec<_>>().join("\n")
    );
    vec![SourceFault { file: file.to_owned(), line: 1, column: 1, message }]
}

fn stem(file: &str) -> String {
    let name = file.rsplit('/').next().unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_uppercase()
}

fn bytes(layout: &Layout) -> String {
    match layout.least == layout.length {
        true => layout.length.to_string(),
        false => format!("{} to {}", layout.least, layout.length),
    }
}

/// How the warning begins that a lone copybook of varying records gets.
const VARYING: &str = "records have a length that varies";

/// Whether a warning is about a framing that a lone copybook leaves open: whoever names one need not hear it.
pub fn leaves_framing_open(warning: &SourceFault) -> bool {
    warning.message.starts_with(VARYING)
}

/// What a lone copybook of varying records is told.
pub(super) fn varying(file: &str, layout: &Layout) -> Option<SourceFault> {
    (layout.least < layout.length).then(|| SourceFault {
        file: file.to_owned(),
        line: 1,
        column: 1,
        message: format!(
            "{VARYING}, {} bytes (OCCURS DEPENDING ON); they are read as filled up to {} each. If the file says where \
             each ends, name its framing (rdw, vb, text-lines ...) in a format or on the command line; `by-layout` cuts \
             records that end where their own counters say",
            bytes(layout),
            layout.length
        ),
    })
}

/// A counter that is no number and has no meaning yet.
pub(super) struct Uncounted {
    counter: String,
    /// What to write for it.
    pub(super) message: String,
}

impl Uncounted {
    /// The fault where the source has its first DEPENDING ON; at the beginning where a copied member has it.
    pub(super) fn fault(self, file: &str, text: &str) -> SourceFault {
        let named = |line: &str| {
            let at = line.to_ascii_uppercase().find("DEPENDING")?;
            let is_word = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
            let mut words = line[at..].split(|c: char| !is_word(c));
            words.any(|word| word.eq_ignore_ascii_case(&self.counter)).then(|| line[..at].chars().count() + 1)
        };
        let lines = text.lines().zip(1..).filter(|(line, _)| line.get(6..7) != Some("*"));
        let place = lines.into_iter().find_map(|(line, n)| Some((n, named(line)?)));
        let (line, column) = place.unwrap_or((1, 1));
        SourceFault { file: file.to_owned(), line, column, message: self.message }
    }
}

/// Counters that are no numbers and have no meaning yet: what to write for each.
pub(super) fn uncounted(layout: &Layout) -> Vec<Uncounted> {
    let mut told = Vec::new();
    let mut open: Vec<&Node> = layout.nodes.iter().collect();
    while let Some(node) = open.pop() {
        match node {
            Node::Leaf { .. } => {}
            Node::Group { nodes, .. } => open.extend(nodes),
            Node::Redefines(part) => open.extend(&part.alternatives),
            Node::Array(array) => {
                told.extend(meaning(layout, array));
                open.push(&array.item);
            }
        }
    }
    told
}

fn meaning(layout: &Layout, array: &Array) -> Option<Uncounted> {
    let depending = array.depending.as_ref().filter(|depending| depending.map.is_empty())?;
    let counter = layout.fields.get(depending.field)?;
    let whole = counter.kind.digits().is_some_and(|(_, decimals)| decimals == 0);
    let name = counter.name.split('(').next().unwrap_or_default();
    (!whole).then(|| Uncounted {
        counter: name.to_owned(),
        message: format!(
            "{} depends on {}, which is no whole number: say in a format what its values count, like \
             [record.fields.{}] map = {{ A = 1, B = 2 }}",
            array.key, counter.name, array.key
        ),
    })
}
