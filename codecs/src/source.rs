//! Reading TOML written by people: all faults at once, each with file, line and column.
//!
//! A [`Section`] hands out typed values and notes what is missing, of the wrong type, out of range or unknown. Nothing
//! stops at the first fault; [`Source::finish`] gives them all, in the order of the file. Used for layouts here and for
//! every configuration file of the node.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One fault of a source text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceFault {
    /// File, as the reader named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for SourceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl SourceFault {
    /// Whether the text is no TOML at all.
    pub(crate) fn is_no_toml(&self) -> bool {
        self.message.starts_with(NO_TOML)
    }
}

/// How the fault of a text begins that is no TOML.
const NO_TOML: &str = "not TOML: ";

/// How many faults of a text are told: enough for a person, and not so many that finding their lines takes long.
const FAULTS_MAX: usize = 500;

/// A parsed text and the faults found in it so far.
#[derive(Debug)]
pub struct Source {
    file: String,
    text: String,
    faults: RefCell<Vec<SourceFault>>,
    warnings: RefCell<Vec<SourceFault>>,
}

/// One table of a source.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    source: &'a Source,
    table: Rc<DeTable<'a>>,
    span: Range<usize>,
    used: Rc<RefCell<BTreeSet<String>>>,
}

impl Source {
    /// Keeps a text; nothing is parsed yet.
    pub fn new(file: impl Into<String>, text: impl Into<String>) -> Source {
        Source { file: file.into(), text: text.into(), faults: RefCell::default(), warnings: RefCell::default() }
    }

    /// The top table. A text that is no TOML gives what could be read of it and a fault.
    pub fn root(&self) -> Section<'_> {
        let (table, errors) = DeTable::parse_recoverable(&self.text);
        for error in errors.into_iter().take(FAULTS_MAX + 1) {
            self.note(error.span().unwrap_or(0..0), format!("{NO_TOML}{}", error.message()));
        }
        let span = table.span();
        Section { source: self, table: Rc::new(table.into_inner()), span, used: Rc::default() }
    }

    /// Notes a fault at a byte range of the text; beyond the first five hundred only that there are more.
    pub fn note(&self, span: Range<usize>, message: impl Into<String>) {
        let told = self.faults.borrow().len();
        if told > FAULTS_MAX {
            return;
        }
        let message =
            if told == FAULTS_MAX { "there are more faults than are told here".to_owned() } else { message.into() };
        let fault = self.at(&span, message);
        self.faults.borrow_mut().push(fault);
    }

    fn at(&self, span: &Range<usize>, message: String) -> SourceFault {
        let before = self.text.get(..span.start).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        SourceFault {
            file: self.file.clone(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message,
        }
    }

    /// What is legal and odd, in the order of the file; of very much only the first five hundred.
    pub fn warnings(&self) -> Vec<SourceFault> {
        let mut warnings = self.warnings.take();
        warnings.sort();
        warnings
    }

    /// All faults, in the order of the file. Of a text that is no TOML only that is told: what seems to be missing may
    /// stand where nothing could be read.
    pub fn finish(self) -> Vec<SourceFault> {
        let mut faults = self.faults.into_inner();
        if faults.iter().any(|fault| fault.message.starts_with(NO_TOML)) {
            faults.retain(|fault| fault.message.starts_with(NO_TOML));
        }
        faults.sort();
        faults
    }
}

impl<'a> Section<'a> {
    fn value(&self, key: &str) -> Option<&Spanned<DeValue<'a>>> {
        self.used.borrow_mut().insert(key.to_owned());
        self.table.get(key)
    }

    /// Byte range of a key's value, or of the section itself.
    pub fn span(&self, key: &str) -> Range<usize> {
        self.table.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    /// Notes a fault at a key (or at the section, if it has no such key).
    pub fn fault(&self, key: &str, message: impl fmt::Display) {
        self.source.note(self.span(key), format!("{key}: {message}"));
    }

    /// Notes at a key what is legal and probably not meant.
    pub fn warn(&self, key: &str, message: impl fmt::Display) {
        if self.source.warnings.borrow().len() < FAULTS_MAX {
            let warning = self.source.at(&self.span(key), format!("{key}: {message}"));
            self.source.warnings.borrow_mut().push(warning);
        }
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Keys in alphabetical order.
    pub fn keys(&self) -> Vec<String> {
        self.table.keys().map(|k| k.get_ref().to_string()).collect()
    }

    /// A string.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.value(key)?.get_ref() {
            DeValue::String(s) => Some(s.to_string()),
            _ => self.wrong(key, "a string"),
        }
    }

    /// A string that must be there and not be empty.
    pub fn need_text(&self, key: &str) -> String {
        let text = self.text(key).unwrap_or_default();
        if text.is_empty() {
            self.missing(key, "a string");
        }
        text
    }

    /// A whole number.
    pub fn number(&self, key: &str) -> Option<i64> {
        match self.value(key)?.get_ref() {
            DeValue::Integer(i) => {
                let digits = i.as_str().replace('_', "");
                i64::from_str_radix(&digits, i.radix()).ok().or_else(|| self.wrong(key, "a whole number"))
            }
            _ => self.wrong(key, "a whole number"),
        }
    }

    /// A whole number within a range.
    pub fn number_in(&self, key: &str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let number = self.number(key)?;
        if range.contains(&number) {
            return Some(number);
        }
        self.fault(key, format_args!("{number} is not within {} to {}", range.start(), range.end()));
        None
    }

    /// `true` or `false`.
    pub fn flag(&self, key: &str) -> Option<bool> {
        match self.value(key)?.get_ref() {
            DeValue::Boolean(b) => Some(*b),
            _ => self.wrong(key, "true or false"),
        }
    }

    /// One of a closed set of words.
    pub fn choice<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            self.fault(key, format_args!("`{text}` is not one of: {}", known.join(", ")));
        }
        found
    }

    /// A list of strings; empty when the key is not there.
    pub fn texts(&self, key: &str) -> Vec<String> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            return self.wrong::<()>(key, "a list of strings").map_or_else(Vec::new, |()| Vec::new());
        };
        let texts: Vec<_> = items.iter().filter_map(|i| i.get_ref().as_str().map(str::to_owned)).collect();
        if texts.len() != items.len() {
            self.fault(key, "must be a list of strings");
        }
        texts
    }

    /// Whether a key holds a table.
    pub fn is_table(&self, key: &str) -> bool {
        self.table.get(key).is_some_and(|value| matches!(value.get_ref(), DeValue::Table(_)))
    }

    /// Keys in the order in which they are written.
    pub fn written_keys(&self) -> Vec<String> {
        let mut keys: Vec<_> = self.table.keys().collect();
        keys.sort_by_key(|key| key.span().start);
        keys.into_iter().map(|key| key.get_ref().to_string()).collect()
    }

    /// A table under this one.
    pub fn section(&self, key: &str) -> Option<Section<'a>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(self.child(table.clone(), value.span())),
            _ => self.wrong(key, "a table"),
        }
    }

    /// A table that must be there.
    pub fn need_section(&self, key: &str) -> Option<Section<'a>> {
        if !self.has(key) {
            self.missing(key, "a table");
        }
        self.section(key)
    }

    /// An array of tables; empty when the key is not there.
    pub fn sections(&self, key: &str) -> Vec<Section<'a>> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.get_ref() else {
            self.fault(key, "must be a list of tables");
            return Vec::new();
        };
        let mut sections = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(table) => sections.push(self.child(table.clone(), item.span())),
                _ => self.source.note(item.span(), format!("{key}: must be a list of tables")),
            }
        }
        sections
    }

    /// All tables directly under this one, with their keys.
    pub fn children(&self) -> Vec<(String, Section<'a>)> {
        self.keys().into_iter().filter_map(|key| self.section(&key).map(|s| (key, s))).collect()
    }

    /// Strings under all keys of this table.
    pub fn text_map(&self) -> Vec<(String, String)> {
        self.keys().into_iter().filter_map(|key| self.text(&key).map(|t| (key, t))).collect()
    }

    /// Notes every key that was never asked for. Call it last.
    pub fn no_more(&self) {
        let used = self.used.borrow();
        for key in self.table.keys().filter(|k| !used.contains(k.get_ref().as_ref())).take(FAULTS_MAX) {
            let known: Vec<_> = used.iter().map(String::as_str).collect();
            self.source.note(key.span(), format!("unknown key `{}`; known here: {}", key.get_ref(), known.join(", ")));
        }
    }

    fn child(&self, table: DeTable<'a>, span: Range<usize>) -> Section<'a> {
        Section { source: self.source, table: Rc::new(table), span, used: Rc::default() }
    }

    fn wrong<T>(&self, key: &str, expected: &str) -> Option<T> {
        self.fault(key, format_args!("must be {expected}"));
        None
    }

    fn missing(&self, key: &str, expected: &str) {
        self.fault(key, format_args!("is missing; {expected} is needed"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_faults_come_at_once_with_their_lines() {
        let source = Source::new("a.toml", "name = 3\nsize = 700\nmode = \"x\"\nextra = 1\n[sub]\n");
        let root = source.root();
        assert_eq!(root.need_text("name"), "");
        assert_eq!(root.number_in("size", 1..=480), None);
        assert_eq!(root.choice("mode", &[("strict", 1), ("partial", 2)]), None);
        assert!(root.section("sub").is_some());
        root.no_more();
        drop(root);
        let faults: Vec<_> = source.finish().iter().map(ToString::to_string).collect();
        let lines: Vec<_> = faults.iter().map(|f| f.split(':').nth(1).unwrap()).collect();
        assert_eq!(lines, ["1", "1", "2", "3", "4"], "{faults:#?}");
        assert!(faults[4].contains("unknown key `extra`"), "{faults:#?}");
    }

    #[test]
    fn a_text_that_is_no_toml_is_a_fault_with_its_line() {
        let source = Source::new("b.toml", "a = 1\nb = = 2\n");
        source.root().need_text("c");
        let faults = source.finish();
        assert!(faults.iter().all(|f| f.line == 2 && f.message.starts_with("not TOML")), "{faults:?}");
    }
}
