//! Templates of file names: an answer, a marker, a moved source.
//!
//! A template is plain text with `{name}`, `{stem}`, `{route}`, `{date}`, its short forms `{mmdd}` and `{ddd}` (the day of
//! the year) for partners whose names have ten characters, and the numbers `{batch}` (4 digits),
//! `{run}` (2), `{answer}` (2) and `{seq}` (6), or another width as in `{batch:6}`. A number that needs more digits
//! gets them, so two numbers never give the same name.

use crate::entry::check_name;
use crate::error::{Error, ErrorKind, Result};

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

impl Fields {
    /// The fields of a name: `name` and `stem`, the others unknown.
    pub fn of_name(name: &str) -> Fields {
        Fields { name: name.to_owned(), stem: stem_of(name).to_owned(), ..Fields::default() }
    }
}

/// The name without its last extension; a leading dot does not count as one.
pub fn stem_of(name: &str) -> &str {
    match name.rfind('.') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}

/// A template of names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NameTemplate {
    text: String,
    parts: Vec<Part>,
}

/// One piece of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    Text(String),
    Field(Field),
    Number(Field, usize),
}

/// What a piece of a template stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Field {
    Name,
    Stem,
    Route,
    Date,
    MonthDay,
    YearDay,
    Batch,
    Run,
    Answer,
    Seq,
}

const FIELDS: [(&str, Field, usize); 10] = [
    ("name", Field::Name, 0),
    ("stem", Field::Stem, 0),
    ("route", Field::Route, 0),
    ("date", Field::Date, 8),
    ("mmdd", Field::MonthDay, 4),
    ("ddd", Field::YearDay, 3),
    ("batch", Field::Batch, 4),
    ("run", Field::Run, 2),
    ("answer", Field::Answer, 2),
    ("seq", Field::Seq, 6),
];

impl NameTemplate {
    /// Reads a template.
    pub fn parse(text: &str) -> Result<NameTemplate> {
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let plain = rest.find(['{', '}']).unwrap_or(rest.len());
            if plain > 0 {
                parts.push(Part::Text(rest[..plain].to_owned()));
                rest = &rest[plain..];
                continue;
            }
            let inside = rest.strip_prefix('{').and_then(|r| r.split_once('}'));
            let (inside, after) = inside.ok_or_else(|| bad(text, "a `{` or `}` without the other"))?;
            parts.push(part(text, inside)?);
            rest = after;
        }
        let plain: String = parts.iter().map(|p| if let Part::Text(t) = p { t.as_str() } else { "x" }).collect();
        check_name(&plain).map_err(|e| bad(text, &e.what))?;
        Ok(NameTemplate { text: text.to_owned(), parts })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Fills it in. A number or date that is not known becomes zeros, and nothing is checked: where the fields are not
    /// known to be there, use [`NameTemplate::try_fill`].
    pub fn fill(&self, fields: &Fields) -> String {
        self.parts.iter().map(|part| part.value(fields).unwrap_or_else(|| "0".repeat(part.width()))).collect()
    }

    /// Fills it in, refusing a field that is not known and a name that is not safe.
    pub fn try_fill(&self, fields: &Fields) -> Result<String> {
        if let Some(part) = self.parts.iter().find(|part| part.value(fields).is_none()) {
            return Err(Error::new(
                ErrorKind::Unsafe,
                format!(
                    "the name template {:?} cannot be filled for {:?}: no {}",
                    self.text,
                    fields.name,
                    part.label()
                ),
            )
            .hint("the name pattern of the route must capture it"));
        }
        let name = self.fill(fields);
        check_name(&name)?;
        Ok(name)
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }
}

impl Part {
    fn width(&self) -> usize {
        match self {
            Part::Number(_, width) => *width,
            Part::Text(_) | Part::Field(_) => 0,
        }
    }

    fn label(&self) -> &'static str {
        match self {
            Part::Text(_) => "text",
            Part::Field(field) | Part::Number(field, _) => {
                FIELDS.iter().find(|(_, f, _)| f == field).map_or("field", |(name, _, _)| name)
            }
        }
    }

    fn value(&self, fields: &Fields) -> Option<String> {
        let padded = |number: Option<u64>| number.map(|n| format!("{n:0width$}", width = self.width()));
        let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        match self {
            Part::Text(text) => Some(text.clone()),
            Part::Field(field) | Part::Number(field, _) => match field {
                Field::Name => known(&fields.name),
                Field::Stem => known(&fields.stem),
                Field::Route => known(&fields.route),
                Field::Date => fields.date.clone(),
                Field::MonthDay => fields.date.as_ref()?.get(4..8).map(str::to_owned),
                Field::YearDay => day_of_year(fields.date.as_ref()?).map(|day| format!("{day:03}")),
                Field::Batch => padded(fields.batch.map(u64::from)),
                Field::Run => padded(fields.run.map(u64::from)),
                Field::Answer => padded(fields.answer.map(u64::from)),
                Field::Seq => padded(fields.seq),
            },
        }
    }
}

/// The day of the year of a date of 8 digits, from 1.
fn day_of_year(date: &str) -> Option<u32> {
    let number = |range: std::ops::Range<usize>| date.get(range)?.parse::<u32>().ok();
    let (year, month, day) = (number(0..4)?, number(4..6)?, number(6..8)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = before.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    Some(before + day + u32::from(leap && month > 2))
}

fn part(template: &str, inside: &str) -> Result<Part> {
    let (name, width) = inside.split_once(':').map_or((inside, None), |(name, width)| (name, Some(width)));
    let known = FIELDS.iter().find(|(known, _, _)| *known == name);
    let (_, field, usual) = known.ok_or_else(|| bad(template, &format!("{{{name}}} is not known")))?;
    match (field, width) {
        (Field::Name | Field::Stem | Field::Route, None) => Ok(Part::Field(*field)),
        (_, None) => Ok(Part::Number(*field, *usual)),
        (Field::Batch | Field::Run | Field::Answer | Field::Seq, Some(width)) => {
            let width = width.parse().ok().filter(|w| (1..=18).contains(w));
            Ok(Part::Number(*field, width.ok_or_else(|| bad(template, "a width is a number from 1 to 18"))?))
        }
        (_, Some(_)) => Err(bad(template, &format!("{{{name}}} has no width"))),
    }
}

fn bad(template: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unsafe, format!("the name template {template:?} cannot be used: {why}"))
        .hint("correct it in the route")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::NamePattern;
    use proptest::prelude::*;

    fn fields() -> Fields {
        Fields {
            date: Some("20250620".into()),
            batch: Some(1),
            run: Some(0),
            answer: Some(2),
            seq: Some(12_345_678),
            route: "trades".into(),
            ..Fields::of_name("PMTRD.A.TXT")
        }
    }

    fn filled(template: &str) -> String {
        NameTemplate::parse(template).unwrap().try_fill(&fields()).unwrap()
    }

    #[test]
    fn fills_with_the_usual_widths() {
        assert_eq!(filled("PMACK_{date}_{batch}_{run}_{answer}.TXT"), "PMACK_20250620_0001_00_02.TXT");
        assert_eq!(filled("{stem}.OK"), "PMTRD.A.OK");
        assert_eq!(filled("{name}.{batch:6}"), "PMTRD.A.TXT.000001");
        assert_eq!(filled("{route}{seq}"), "trades12345678");
        assert_eq!(filled("A{mmdd}{batch:2}{run:1}{answer:2}"), "A062001002", "ten characters");
        assert_eq!(
            (filled("{ddd}"), day_of_year("20241231"), day_of_year("20250228")),
            ("171".into(), Some(366), Some(59))
        );
    }

    #[test]
    fn refuses_the_unknown_and_the_unsafe() {
        for bad in ["", "{day}", "{name", "a/{name}", "{name:3}", "{date:6}", "..", "{batch:0}", "}"] {
            assert!(NameTemplate::parse(bad).is_err(), "{bad}");
        }
        let template = NameTemplate::parse("A{date}{batch}").unwrap();
        assert!(template.try_fill(&Fields::of_name("x")).unwrap_err().what.contains("no date"));
        assert_eq!(template.fill(&Fields::of_name("x")), "A000000000000");
        let hostile = Fields { route: "a\nb".into(), ..Fields::default() };
        assert!(NameTemplate::parse("{route}").unwrap().try_fill(&hostile).is_err());
    }

    #[test]
    fn a_stem_is_never_empty() {
        assert_eq!((stem_of(".hidden"), stem_of("a.b.c"), stem_of("a")), (".hidden", "a.b", "a"));
    }

    proptest! {
        #[test]
        fn a_pattern_of_the_same_words_reads_it_back(batch in 0u32..99_999, run in 0u32..999, answer in 0u32..999) {
            let fields = Fields { batch: Some(batch), run: Some(run), answer: Some(answer), ..fields() };
            let name = NameTemplate::parse("PM_{date}_{batch}_{run}.T{answer}").unwrap().try_fill(&fields).unwrap();
            let captures = NamePattern::parse("PM_{date}_{batch}_{run}.T*").unwrap().matches(&name).unwrap();
            prop_assert_eq!((captures.batch, captures.run), (Some(batch), Some(run)));
        }

        #[test]
        fn never_panics(text in "\\PC{0,20}") {
            if let Ok(template) = NameTemplate::parse(&text) {
                let _ = template.fill(&fields());
            }
        }
    }
}
