//! What holds for the fields of a source that do not say otherwise.

use super::rules::Chosen;
use crate::source::Section;
use crate::text::Page;

/// What holds for every field of a source that does not say otherwise.
pub(crate) struct Scope {
    /// Page of character fields.
    pub(crate) page: Page,
    /// Rules.
    pub(crate) defaults: Chosen,
    /// Fields stand at their places in every record: none stands between delimiters, and none is missing at the end.
    pub(crate) placed: bool,
}

impl Scope {
    /// A page and no rules, for records of any sort.
    pub(crate) fn plain(page: Page) -> Scope {
        Scope { page, defaults: Chosen::default(), placed: false }
    }
}

/// The page a key names (D18).
pub(crate) fn page(section: &Section<'_>, key: &str) -> Option<Page> {
    let name = section.text(key)?;
    let page = Page::parse(&name);
    if page.is_none() {
        section.fault(key, format_args!("{}", Page::unknown(&name)));
    }
    page
}
