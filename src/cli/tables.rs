//! What `decode` writes and `encode` reads: the form, and how CSV differs.

use super::exit::Failure;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use fpp_codecs::csv::{Dialect, Encoding, LongDigits};
use std::path::Path;

/// A form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// JSON lines
    Jsonl,
    /// CSV (RFC 4180)
    Csv,
    /// Apache Parquet, in builds with the feature columnar
    Parquet,
    /// Arrow IPC, a file; a stream on stdout; in builds with the feature columnar
    Arrow,
}

impl Form {
    /// Takes the forms that `encode` reads, and no others.
    pub(super) fn readable() -> impl TypedValueParser<Value = Form> {
        let forms = [Form::Jsonl, Form::Csv];
        let names: Vec<_> = forms.iter().filter_map(Form::to_possible_value).collect();
        PossibleValuesParser::new(names).try_map(|word| Form::from_str(&word, true))
    }

    /// What a file's name says; JSON lines if it says nothing.
    pub(super) fn of(asked: Option<Form>, path: Option<&Path>) -> Form {
        let ending = path.and_then(Path::extension).map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match (asked, ending.as_deref()) {
            (Some(form), _) => form,
            (None, Some("csv")) => Form::Csv,
            (None, Some("parquet")) => Form::Parquet,
            (None, Some("arrow" | "arrows" | "feather")) => Form::Arrow,
            (None, _) => Form::Jsonl,
        }
    }
}

/// How CSV is written and read.
#[derive(Debug, Default, Args)]
pub(super) struct CsvArg {
    /// How CSV differs: excel (bom and formula-digits), bom, gb18030, semicolon, tab, pipe, no-guard, formula-digits, tab-digits
    ///
    /// Text that a spreadsheet would take for a formula gets an apostrophe in front unless no-guard is said.
    /// formula-digits writes long digit strings as ="0012", tab-digits with a tab in front: a spreadsheet would round them.
    #[arg(long, value_name = "WORD,...", value_delimiter = ',')]
    csv: Vec<String>,
}

impl CsvArg {
    /// The dialect that the words describe; words for a form that is no CSV would do nothing.
    pub(super) fn dialect(&self, form: Form) -> Result<Dialect, Failure> {
        if form != Form::Csv && !self.csv.is_empty() {
            return Err(Failure::usage("--csv is for CSV: let the file's name end in .csv, or say --format csv"));
        }
        let mut dialect = Dialect::default();
        for words in [&["bom", "gb18030"][..], &["semicolon", "tab", "pipe"], &["formula-digits", "tab-digits"]] {
            let said: Vec<&str> =
                words.iter().copied().filter(|w| self.csv.iter().any(|one| one.trim() == *w)).collect();
            if let [one, other, ..] = said[..] {
                return Err(Failure::usage(format!("--csv: {one} and {other} contradict each other: say one of them")));
            }
        }
        // What `excel` says may be said otherwise beside it, before or behind.
        let is_excel = |word: &&String| word.trim() == "excel";
        for word in self.csv.iter().filter(is_excel).chain(self.csv.iter().filter(|word| !is_excel(word))) {
            match word.trim() {
                "excel" => (dialect.encoding, dialect.long_digits) = (Encoding::Utf8Bom, LongDigits::Formula),
                "formula-digits" => dialect.long_digits = LongDigits::Formula,
                "tab-digits" => dialect.long_digits = LongDigits::Tab,
                word if dialect.take(word) => {}
                word => {
                    let words = Dialect::WORDS.join(", ");
                    return Err(Failure::usage(format!(
                        "--csv: there is no word `{word}`; excel, {words}, formula-digits, tab-digits are"
                    )));
                }
            }
        }
        match dialect.is_possible() {
            true => Ok(dialect),
            false => Err(Failure::usage(format!("--csv: {}", Dialect::IMPOSSIBLE))),
        }
    }
}
