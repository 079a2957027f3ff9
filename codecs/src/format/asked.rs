//! What is said of a source from outside, by whoever reads it: its code page, and how its copybooks are read.
//!
//! A format says both itself; this stands for what it leaves open, and for another page than its own.

use crate::layout::copybook::{Dialect, Form, Options};
use crate::text::Page;

/// What whoever reads a source says of it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The page instead of the source's own. A format has its own: fields that name the same one follow, others keep
    /// theirs. A lone source has none: all its characters follow, whatever CCSID they name, but Unicode and PC pages.
    pub page: Option<Page>,
    /// What the table `copybook` of a format would say, where the source does not.
    form: Option<Form>,
    dialect: Option<Dialect>,
    decimal_comma: bool,
    debug_lines: bool,
    /// The record of a copybook that has several.
    record: Option<String>,
}

impl From<Option<Page>> for Asked {
    fn from(page: Option<Page>) -> Asked {
        Asked { page, ..Asked::default() }
    }
}

impl Asked {
    /// The same with words on how copybooks are read, `ibm-i,free`; or what is wrong with them.
    pub fn with_copybook(mut self, words: &str) -> Result<Asked, String> {
        for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let dialect = Dialect::NAMES.iter().find(|(name, _)| *name == word);
            if let Some(name) = word.strip_prefix("record=") {
                self.record = Some(name.to_owned());
                continue;
            }
            match (word, dialect) {
                (_, Some((_, dialect))) => self.dialect = Some(*dialect),
                ("fixed", _) => self.form = Some(Form::Fixed),
                ("free", _) => self.form = Some(Form::Free),
                ("decimal-comma", _) => self.decimal_comma = true,
                ("debug-lines", _) => self.debug_lines = true,
                _ => {
                    let names: Vec<_> = Dialect::NAMES.iter().map(|(name, _)| *name).collect();
                    let names = names.join(", ");
                    return Err(format!(
                        "`{word}` is none of fixed, free, {names}, decimal-comma, debug-lines, record=NAME"
                    ));
                }
            }
        }
        Ok(self)
    }

    /// The same with the one record that is meant where a copybook has several and nothing says which is which.
    #[must_use]
    pub fn with_record(mut self, name: Option<&str>) -> Asked {
        self.record = name.map(str::to_owned).or(self.record);
        self
    }

    /// How copybooks are read if nothing else is said.
    pub(super) fn options(&self, page: Page) -> Options {
        let Asked { form, dialect, decimal_comma, debug_lines, .. } = *self;
        Options { form, dialect, decimal_comma, debug_lines, ..Options::new(self.page.unwrap_or(page)) }
    }

    /// How a lone copybook is read, whose records are those of a file.
    pub(super) fn lone(&self, page: Page) -> Options {
        Options { record: self.record.clone(), files_only: true, ..self.options(page) }
    }
}
