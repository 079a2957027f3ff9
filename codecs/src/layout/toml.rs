//! Layouts in TOML: one `[[field]]` table a field, in record order.
//!
//! The same tables stand inside a file format's `[[record]]`. A field may say `at` (from 1), which is then checked: no
//! gap, no overlap. Types are words, because a file that IBM i never saw has no column 35.

use super::check::{self, SOURCE_MAX};
use super::{DateForm, Field, Kind, Layout, Rules, TimeForm};
use crate::source::{Section, Source, SourceFault};
use crate::text::Page;

/// A type word, before its other keys are read.
#[derive(Clone, Copy)]
enum Word {
    Text(Kind),
    Packed,
    Zoned,
    Binary,
    Number,
    Float,
    Date,
    Time,
    Timestamp,
}

const WORDS: &[(&str, Word)] = &[
    ("char", Word::Text(Kind::Char)),
    ("open", Word::Text(Kind::Open)),
    ("only", Word::Text(Kind::Only)),
    ("either", Word::Text(Kind::Either)),
    ("graphic", Word::Text(Kind::Graphic)),
    ("hex", Word::Text(Kind::Hex)),
    ("packed", Word::Packed),
    ("zoned", Word::Zoned),
    ("binary", Word::Binary),
    ("number", Word::Number),
    ("float", Word::Float),
    ("date", Word::Date),
    ("time", Word::Time),
    ("timestamp", Word::Timestamp),
];

const DATES: &[(&str, DateForm)] = &[
    ("iso", DateForm::ISO),
    ("usa", DateForm::USA),
    ("eur", DateForm::EUR),
    ("jis", DateForm::JIS),
    ("mdy", DateForm::MDY),
    ("dmy", DateForm::DMY),
    ("ymd", DateForm::YMD),
    ("jul", DateForm::JUL),
];

const TIMES: &[(&str, TimeForm)] = &[
    ("iso", TimeForm::ISO),
    ("usa", TimeForm::USA),
    ("eur", TimeForm::EUR),
    ("jis", TimeForm::JIS),
    ("hms", TimeForm::HMS),
];

/// Reads a single layout: `name`, `text`, `ccsid`, `length` (checked) and its `[[field]]` tables.
pub fn parse(file: &str, text: &str, default: Page) -> Result<Layout, Vec<SourceFault>> {
    if text.len() > SOURCE_MAX {
        let message = format!("the source has more than {SOURCE_MAX} bytes");
        return Err(vec![SourceFault { file: file.to_owned(), line: 1, column: 1, message }]);
    }
    let source = Source::new(file, text);
    let root = source.root();
    let page = page(&root, "ccsid").unwrap_or(default);
    let name = root.need_text("name");
    let layout = layout(&root, name, page);
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

fn finish(source: Source, layout: Option<Layout>) -> Result<Layout, Vec<SourceFault>> {
    let faults = source.finish();
    match layout {
        Some(layout) if faults.is_empty() => Ok(layout),
        _ => Err(faults),
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

/// The layout made of a section's `[[field]]` tables; nothing, and faults in the source, if it cannot be.
pub(crate) fn layout(section: &Section<'_>, name: String, page: Page) -> Option<Layout> {
    let mut places = Vec::new();
    let mut fields = Vec::new();
    for table in section.sections("field").into_iter().take(check::FIELDS_MAX + 1) {
        let at = table.number("at");
        let read = field(&table, page);
        if read.is_some() {
            table.no_more();
        }
        fields.push(read);
        places.push((table, at));
    }
    let text = section.text("text").unwrap_or_default();
    let keys = section.texts("keys");
    let fields = fields.into_iter().collect::<Option<Vec<_>>>()?;
    match check::assemble(name, text, fields, keys) {
        Ok(layout) => {
            for (field, (table, at)) in layout.fields.iter().zip(&places) {
                if at.is_some_and(|at| usize::try_from(at) != Ok(field.offset + 1)) {
                    table.fault("at", format_args!("the fields before this one end at byte {}", field.offset));
                }
            }
            Some(layout)
        }
        Err((index, wrong)) => {
            match places.get(index) {
                Some((table, _)) => table.fault("name", wrong),
                None => section.fault("field", wrong),
            }
            None
        }
    }
}

fn field(table: &Section<'_>, default: Page) -> Option<Field> {
    let name = table.need_text("name").to_uppercase();
    if !table.has("type") {
        table.need_text("type");
    }
    let word = table.choice("type", WORDS);
    let own = page(table, "ccsid");
    let length = table.number_in("length", 1..=check::RECORD_MAX as i64);
    let varlen = table.flag("varlen").unwrap_or(false);
    let kind = kind(table, word?)?;
    let bytes = match (kind.own_bytes(), length) {
        (Some(bytes), Some(length)) if usize::try_from(length) != Ok(bytes) => {
            table.fault("length", format_args!("this type has {bytes} bytes"));
            return None;
        }
        (Some(_), _) if varlen => {
            table.fault("varlen", "is for text and hex fields");
            return None;
        }
        (Some(bytes), _) => bytes,
        (None, Some(length)) => {
            let sized = check::sized(kind, usize::try_from(length).ok()?, varlen);
            sized.map_err(|wrong| table.fault("length", wrong)).ok()?
        }
        (None, None) => {
            table.fault("length", "is missing; text and hex fields need one");
            return None;
        }
    };
    kind.check().map_err(|wrong| table.fault("type", wrong)).ok()?;
    Some(Field {
        name,
        kind,
        offset: 0,
        bytes,
        page: kind.has_page().then_some(own.unwrap_or(default)),
        varlen,
        nullable: table.flag("nullable").unwrap_or(false),
        sensitive: table.flag("sensitive").unwrap_or(false),
        text: table.text("text").unwrap_or_default(),
        heading: table.text("heading").unwrap_or_default(),
        rules: Rules::default(),
        conditions: Vec::new(),
    })
}

fn kind(table: &Section<'_>, word: Word) -> Option<Kind> {
    let digits = |most| {
        if !table.has("digits") {
            table.fault("digits", "is missing; a number needs it");
        }
        table.number_in("digits", 1..=most).map(|n| n as u8)
    };
    let decimals = || match table.has("decimals") {
        true => table.number_in("decimals", 0..=63).map(|n| n as u8),
        false => Some(0),
    };
    Some(match word {
        Word::Text(kind) => kind,
        Word::Packed => Kind::Packed { digits: digits(63)?, decimals: decimals()? },
        Word::Zoned => Kind::Zoned { digits: digits(63)?, decimals: decimals()? },
        Word::Binary => Kind::Binary { digits: digits(18)?, decimals: decimals()? },
        Word::Number => {
            let signed = table.flag("signed").unwrap_or(false);
            Kind::Number { digits: digits(63)?, decimals: decimals()?, signed }
        }
        Word::Float => Kind::Float { double: table.flag("double").unwrap_or(false) },
        Word::Date => Kind::Date(format(table, "date_format", DATES, DateForm::ISO)?),
        Word::Time => Kind::Time(format(table, "time_format", TIMES, TimeForm::ISO)?),
        Word::Timestamp => match table.has("fraction") {
            true => Kind::Timestamp { fraction: table.number_in("fraction", 0..=12)? as u8 },
            false => Kind::Timestamp { fraction: 6 },
        },
    })
}

fn format<T: Copy>(table: &Section<'_>, key: &str, words: &[(&str, T)], default: T) -> Option<T> {
    if table.has(key) { table.choice(key, words) } else { Some(default) }
}
