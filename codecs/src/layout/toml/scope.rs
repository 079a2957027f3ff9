//! What holds for the fields of a source that do not say otherwise.

use super::rules::Chosen;
use crate::layout::Field;
use crate::source::Section;
use crate::text::Page;

/// What is told of a field's own `blank` where blanks are a number.
const BLANKS_COUNT: &str = "acts only on what is no number here, such as FF in a float: blanks in this field are one (two \
                            bytes 4040 are 16448). Where they mean null, write nulls = \"blank\" for the file and \
                            nullable = true for the field";

/// What holds for every field of a source that does not say otherwise.
pub(crate) struct Scope {
    /// Page of character fields.
    pub(crate) page: Page,
    /// Rules.
    pub(crate) defaults: Chosen,
    /// What blanks are.
    pub(crate) blanks: Blanks,
}

/// What a field of blanks is in the records of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Blanks {
    /// Bytes like any others.
    #[default]
    Bytes,
    /// Null, where the field may be that.
    Null,
    /// No value: a field may be missing at the end, or is text between delimiters.
    None,
}

impl Scope {
    /// A page and no rules, for records of any sort.
    pub(crate) fn plain(page: Page) -> Scope {
        Scope { page, defaults: Chosen::default(), blanks: Blanks::Bytes }
    }

    /// Warns of a `blank` that is said of a field whose blanks are a number: no reading refuses them.
    pub(super) fn warn(&self, chosen: &Chosen, field: &Field, table: &Section<'_>) {
        if chosen.says_blank() && self.reads_blanks(field) {
            table.warn("blank", BLANKS_COUNT);
        }
    }

    /// Whether blanks in a field are read as a number.
    fn reads_blanks(&self, field: &Field) -> bool {
        let number = field.kind.counts_blanks() && field.rules.moment.is_none();
        number
            && match self.blanks {
                Blanks::Bytes => true,
                Blanks::Null => !field.nullable,
                Blanks::None => false,
            }
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
