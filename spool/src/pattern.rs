//! Patterns of file names, and the date, batch and run they find.
//!
//! A pattern is plain text with `*` (any characters), `?` (one character), `{date}` (8 digits), `{batch}` and `{run}`
//! (1 to 9 digits, or exactly `{batch:4}`). It matches a whole name, exactly as it is spelled unless it is folded. A hidden name is matched
//! only by a pattern that itself starts with a dot. Whether the date exists in the calendar is not judged here.

use crate::entry::{NAME_MAX_BYTES, is_unseen};
use crate::error::{Error, ErrorKind, Result};
use crate::template::{self, NameTemplate};
use std::collections::HashSet;

/// A pattern of names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamePattern {
    text: String,
    parts: Vec<Part>,
    fold: bool,
}

/// What a pattern found in a name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Captures {
    /// Business date, 8 digits.
    pub date: Option<String>,
    /// Batch number.
    pub batch: Option<u32>,
    /// Run number.
    pub run: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Part {
    Text(char),
    Any,
    One,
    Digits { what: What, min: usize, max: usize },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum What {
    Date,
    Batch,
    Run,
}

impl NamePattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<NamePattern> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if first == '{' {
                let end = rest.find('}').ok_or_else(|| bad(text, "a `{` without its `}`"))?;
                parts.push(digits(text, &rest[1..end], &parts)?);
                rest = &rest[end + 1..];
                continue;
            }
            match first {
                '}' => return Err(bad(text, "a `}` without its `{`")),
                '/' | '\\' => return Err(bad(text, "a pattern is for names, not for paths")),
                c if is_unseen(c) => return Err(bad(text, "a character that nobody sees")),
                '*' if parts.last() == Some(&Part::Any) => {}
                '*' => parts.push(Part::Any),
                '?' => parts.push(Part::One),
                c => parts.push(Part::Text(c)),
            }
            rest = &rest[first.len_utf8()..];
        }
        if parts.is_empty() {
            return Err(bad(text, "it is empty"));
        }
        Ok(NamePattern { text: text.to_owned(), parts, fold: false })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The names that a template can give, with any text in place of its fields.
    pub fn shape_of(template: &NameTemplate) -> NamePattern {
        let mut parts = Vec::new();
        for piece in template.parts() {
            match piece {
                template::Part::Text(text) => parts.extend(text.chars().map(Part::Text)),
                _ if parts.last() == Some(&Part::Any) => {}
                _ => parts.push(Part::Any),
            }
        }
        NamePattern { text: template.as_str().to_owned(), parts, fold: false }
    }

    /// The same pattern for a partner whose names mean the same in upper and lower case.
    #[must_use]
    pub fn folded(self) -> NamePattern {
        NamePattern { fold: true, ..self }
    }

    /// Matches a whole name.
    pub fn matches(&self, name: &str) -> Option<Captures> {
        if name.len() > NAME_MAX_BYTES || (name.starts_with('.') && self.parts.first() != Some(&Part::Text('.'))) {
            return None;
        }
        let mut captures = Captures::default();
        self.walk(0, name, 0, &mut captures, &mut HashSet::new()).then_some(captures)
    }

    /// Matches `name[at..]` against the parts from `part`; what failed once is not tried again, so the cost is bounded.
    fn walk(
        &self,
        part: usize,
        name: &str,
        at: usize,
        found: &mut Captures,
        failed: &mut HashSet<(usize, usize)>,
    ) -> bool {
        let rest = &name[at..];
        let Some(now) = self.parts.get(part) else { return rest.is_empty() };
        if failed.contains(&(part, at)) {
            return false;
        }
        let matched = match now {
            Part::Text(c) => rest
                .chars()
                .next()
                .filter(|have| have == c || (self.fold && folded_char(*have).eq(folded_char(*c))))
                .is_some_and(|have| self.walk(part + 1, name, at + have.len_utf8(), found, failed)),
            Part::One => {
                rest.chars().next().is_some_and(|c| self.walk(part + 1, name, at + c.len_utf8(), found, failed))
            }
            Part::Any => {
                let ends = rest.char_indices().map(|(i, _)| i).chain([rest.len()]);
                ends.into_iter().any(|i| self.walk(part + 1, name, at + i, found, failed))
            }
            Part::Digits { what, min, max } => {
                let have = rest.bytes().take(*max).take_while(u8::is_ascii_digit).count();
                (*min..=have).rev().any(|n| {
                    let matched = self.walk(part + 1, name, at + n, found, failed);
                    if matched {
                        found.keep(*what, &rest[..n]);
                    }
                    matched
                })
            }
        };
        // Only where there was a choice can the same place be reached again.
        if !matched && matches!(now, Part::Any | Part::Digits { .. }) {
            failed.insert((part, at));
        }
        matched
    }
}

/// A name as it counts where upper and lower case mean the same: "root" of IBM i keeps the case and ignores it.
pub fn folded(name: &str) -> String {
    name.chars().flat_map(folded_char).collect()
}

fn folded_char(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase()
}

impl Captures {
    fn keep(&mut self, what: What, digits: &str) {
        match what {
            What::Date => self.date = Some(digits.to_owned()),
            What::Batch => self.batch = digits.parse().ok(),
            What::Run => self.run = digits.parse().ok(),
        }
    }
}

fn digits(pattern: &str, inside: &str, before: &[Part]) -> Result<Part> {
    let (name, width) = match inside.split_once(':') {
        None => (inside, None),
        Some((name, width)) => {
            let width = width.parse().ok().filter(|w| (1..=9).contains(w));
            (name, Some(width.ok_or_else(|| bad(pattern, "a width is a number from 1 to 9"))?))
        }
    };
    let (what, min, max) = match (name, width) {
        ("date", None) => (What::Date, 8, 8),
        ("batch", w) => (What::Batch, w.unwrap_or(1), w.unwrap_or(9)),
        ("run", w) => (What::Run, w.unwrap_or(1), w.unwrap_or(9)),
        _ => return Err(bad(pattern, "only {date}, {batch}, {run}, {batch:4} and {run:2} are known")),
    };
    for part in before {
        if matches!(part, Part::Digits { what: other, .. } if *other == what) {
            return Err(bad(pattern, "the same name stands twice"));
        }
    }
    // Two runs of digits side by side, both of open length, could be cut anywhere.
    if min != max && matches!(before.last(), Some(Part::Digits { min, max, .. }) if min != max) {
        return Err(bad(pattern, "two numbers side by side need a width: {batch:4}{run:2}"));
    }
    Ok(Part::Digits { what, min, max })
}

fn bad(pattern: &str, why: &str) -> Error {
    Error::new(ErrorKind::Unsafe, format!("the name pattern {pattern:?} cannot be used: {why}"))
        .hint("correct it in the route")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(pattern: &str, name: &str) -> Option<(Option<String>, Option<u32>, Option<u32>)> {
        NamePattern::parse(pattern).unwrap().matches(name).map(|c| (c.date, c.batch, c.run))
    }

    #[test]
    fn finds_date_batch_and_run() {
        let pattern = "CORE_PMTS_PMTRD_{date}_{batch}_{run}.TXT";
        let all = Some((Some("20250620".into()), Some(1), Some(0)));
        assert_eq!(found(pattern, "CORE_PMTS_PMTRD_20250620_0001_00.TXT"), all);
        assert_eq!(found("PMTRD{date}{batch:4}{run:2}*", "PMTRD20250620000100.x"), all);
        for no in ["CORE_PMTS_PMTRD_2025062_0001_00.TXT", "CORE_PMTS_PMTRD_20250620_0001_00.TXT.OK", ""] {
            assert_eq!(found(pattern, no), None, "{no}");
        }
        assert_eq!(found("*{batch}.TXT", "A12.TXT"), Some((None, Some(12), None)));
    }

    #[test]
    fn wildcards_take_whole_characters_and_no_hidden_names() {
        assert!(found("回?.T*T", "回盘.TXT").is_some());
        assert!(found("*", ".PMACK.n.1.part").is_none());
        assert!(found(".*", ".PMACK").is_some());
        assert!(found("?", "").is_none());
    }

    #[test]
    fn a_folded_pattern_takes_any_case_and_nothing_more() {
        let pattern = NamePattern::parse("PMTRDé_{date}*.Txt").unwrap();
        assert!(pattern.matches("pmtrdÉ_20250620x.TXT").is_none());
        let captures = pattern.folded().matches("pmtrdÉ_20250620x.TXT").unwrap();
        assert_eq!(captures.date.as_deref(), Some("20250620"));
        assert!(NamePattern::parse("A").unwrap().folded().matches("B").is_none());
        assert_eq!(folded("PMTRD回.TXT"), "pmtrd回.txt");
    }

    #[test]
    fn refuses_what_is_unclear() {
        for bad in [
            "",
            "{date",
            "date}",
            "{day}",
            "{batch}{run}",
            "{batch:0}",
            "{date}{date}",
            "in/*.TXT",
            "{date:6}",
            "PM\u{200b}*",
        ] {
            assert!(NamePattern::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn many_stars_stay_cheap() {
        let pattern = NamePattern::parse(&"*a".repeat(60)).unwrap();
        assert!(pattern.matches(&"a".repeat(250)).is_some());
        assert!(pattern.matches(&format!("{}b", "a".repeat(250))).is_none());
    }

    proptest! {
        #[test]
        fn never_panics_and_literals_match_themselves(pattern in "[a-c*?{}:0-9é回]{0,12}", name in "\\PC{0,20}") {
            if let Ok(parsed) = NamePattern::parse(&pattern) {
                let _ = parsed.matches(&name);
                if !pattern.contains(['*', '?', '{']) {
                    prop_assert!(parsed.matches(&pattern).is_some());
                }
            }
        }

        #[test]
        fn what_was_written_is_found(batch in 0u32..9999, run in 0u32..99, day in 1u32..29) {
            let name = format!("PM_202506{day:02}_{batch:04}_{run:02}.TXT");
            let captures = NamePattern::parse("PM_{date}_{batch}_{run}.TXT").unwrap().matches(&name).unwrap();
            prop_assert_eq!((captures.batch, captures.run), (Some(batch), Some(run)));
            prop_assert_eq!(captures.date, Some(format!("202506{day:02}")));
        }
    }
}
