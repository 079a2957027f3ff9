//! Layouts in TOML: one `[[field]]` table a field, in record order; a group has its own `[[field.field]]` within.
//!
//! The same tables stand inside a file format's `[[record]]`. A field may say `at` (from 1), which is then checked: no
//! gap, no overlap. Types are words, because a file that IBM i never saw has no column 35. Everything that a layout can
//! be has its key, so that any layout can be written as TOML and read again.

mod adjust;
mod field;
mod rules;
mod scope;
mod text;
mod tree;
pub mod words;

pub(crate) use adjust::{adjust, default_rules, is_named};
pub(crate) use rules::Chosen;
pub(crate) use scope::{Blanks, Scope, page};
pub use text::words as text_words;

use super::Layout;
use super::build::{self, Part};
use super::check::{self, SOURCE_MAX};
use crate::source::{Section, Source, SourceFault};
use crate::text::Page;

/// Reads a single layout: `name`, `text`, `ccsid`, `length` (checked), `defaults` and its `[[field]]` tables.
pub fn parse(file: &str, text: &str, default: Page) -> Result<Layout, Vec<SourceFault>> {
    parse_within(file, text, &Scope::plain(default)).map(|(layout, _)| layout)
}

/// A layout, and warnings beside it.
type Warned = (Layout, Vec<SourceFault>);

/// The same for a layout that a file format names: what the format says of all fields holds unless the layout says it.
pub(crate) fn parse_within(file: &str, text: &str, around: &Scope) -> Result<Warned, Vec<SourceFault>> {
    if text.len() > SOURCE_MAX {
        let message = format!("the source has more than {SOURCE_MAX} bytes");
        return Err(vec![SourceFault { file: file.to_owned(), line: 1, column: 1, message }]);
    }
    let source = Source::new(file, text);
    let root = source.root();
    let page = page(&root, "ccsid").unwrap_or(around.page);
    let name = root.need_text("name");
    let scope = Scope { page, defaults: defaults(&root).or(&around.defaults), blanks: around.blanks };
    let layout = layout(&root, name, &scope);
    if let (Some(length), Some(layout)) = (root.number("length"), &layout)
        && usize::try_from(length) != Ok(layout.length)
    {
        root.fault("length", format_args!("is {length}, but the fields have {} bytes", layout.length));
    }
    root.text("version");
    root.no_more();
    drop(root);
    finish(source, layout)
}

fn finish(source: Source, layout: Option<Layout>) -> Result<Warned, Vec<SourceFault>> {
    let warnings = source.warnings();
    let faults = source.finish();
    match layout {
        Some(layout) if faults.is_empty() => Ok((layout, warnings)),
        _ => Err(faults),
    }
}

/// The `[defaults]` of a file.
pub(crate) fn defaults(root: &Section<'_>) -> Chosen {
    let Some(table) = root.section("defaults") else { return Chosen::default() };
    let chosen = Chosen::defaults(&table);
    table.no_more();
    chosen
}

/// The layout made of a section's `[[field]]` tables; nothing, and faults in the source, if it cannot be.
pub(crate) fn layout(section: &Section<'_>, name: String, scope: &Scope) -> Option<Layout> {
    let text = section.text("text").unwrap_or_default();
    let (keys, notes) = (section.texts("keys"), section.texts("notes"));
    let parts = tree::parts(section, scope, 0, 0)?;
    if parts.len() > check::FIELDS_MAX && parts.iter().all(|part| matches!(part, Part::Field(_))) {
        section.fault("field", format_args!("the record has more than {} fields", check::FIELDS_MAX));
        return None;
    }
    let built = build::build(name, text, parts).map_err(|wrong| section.fault("field", wrong));
    let layout = Layout { keys, notes, ..built.ok()? };
    for key in &layout.keys {
        if !layout.fields.iter().any(|field| field.name == *key) {
            section.fault("keys", format_args!("{key} is not a field of the record"));
        }
    }
    Some(layout)
}
