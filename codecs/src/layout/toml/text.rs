//! Text rules of fields by their keys: named repairs, private use by ranges, and mappings that go one way.
//!
//! `repairs` lists names; `private_use` lists characters and ranges; `read_as` and `write_as` list pairs, the place of
//! arrival on the right: `"7641 = 73FA"` reads code 7641 as U+73FA, `"2014 = 444A"` writes U+2014 as code 444A. All
//! numbers are hexadecimal, as the code page books print them. `substitutes` is a word.

use crate::source::Section;
use crate::text::{Repair, Rules};
use std::ops::RangeInclusive;
use std::sync::Arc;

const SUBSTITUTES: &str = "substitutes";

/// What becomes of substitute characters: whether they are refused.
const WHAT: &[(&str, bool)] = &[("tell", false), ("refuse", true)];

/// Text rules that a table has named; each key replaces that of the file around.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TextRules {
    repairs: Option<Vec<Repair>>,
    private_use: Option<Vec<RangeInclusive<char>>>,
    read_as: Option<Vec<(u16, char)>>,
    write_as: Option<Vec<(char, u16)>>,
    refuse_substitutes: Option<bool>,
}

impl TextRules {
    pub(crate) fn read(table: &Section<'_>) -> TextRules {
        let known = Repair::ALL.map(Repair::name).join(", ");
        TextRules {
            repairs: list(table, "repairs", Repair::parse, &format!("is not one of: {known}")),
            private_use: list(table, "private_use", range, "is no private-use character or range such as E000-E0FF"),
            read_as: list(
                table,
                "read_as",
                |text| pair(text, code, character),
                "is not like 7641 = 73FA: code = character",
            ),
            write_as: list(
                table,
                "write_as",
                |text| pair(text, character, code),
                "is not like 2014 = 444A: character = code",
            ),
            refuse_substitutes: table.choice(SUBSTITUTES, WHAT),
        }
    }

    pub(crate) fn or(self, around: &TextRules) -> TextRules {
        TextRules {
            repairs: self.repairs.or_else(|| around.repairs.clone()),
            private_use: self.private_use.or_else(|| around.private_use.clone()),
            read_as: self.read_as.or_else(|| around.read_as.clone()),
            write_as: self.write_as.or_else(|| around.write_as.clone()),
            refuse_substitutes: self.refuse_substitutes.or(around.refuse_substitutes),
        }
    }

    /// The first key that says something.
    pub(crate) fn key(&self) -> Option<&'static str> {
        let keys = [
            ("repairs", self.repairs.is_some()),
            ("private_use", self.private_use.is_some()),
            ("read_as", self.read_as.is_some()),
            ("write_as", self.write_as.is_some()),
            (SUBSTITUTES, self.refuse_substitutes.is_some()),
        ];
        keys.into_iter().find(|(_, said)| *said).map(|(key, _)| key)
    }

    /// The rules; nothing when they are strict.
    pub(crate) fn rules(&self) -> Option<Arc<Rules>> {
        let rules = self.repairs.iter().flatten().fold(Rules::default(), |rules, repair| rules.repair(*repair));
        let rules = self.private_use.iter().flatten().fold(rules, |rules, range| rules.private_use(range.clone()));
        let rules = self.read_as.iter().flatten().fold(rules, |rules, (code, c)| rules.read_as(*code, *c));
        let rules = self.write_as.iter().flatten().fold(rules, |rules, (c, code)| rules.write_as(*c, *code));
        let rules = if self.refuse_substitutes == Some(true) { rules.refuse_substitutes() } else { rules };
        (!rules.is_strict()).then(|| Arc::new(rules))
    }
}

/// The keys that say these rules, with their lists.
pub fn words(rules: &Rules) -> Vec<(&'static str, Vec<String>)> {
    let (private, reads, writes) = rules.lists();
    let repairs = Repair::ALL.into_iter().filter(|repair| rules.allows(*repair)).map(|repair| repair.name().to_owned());
    let hex = |c: char| format!("{:04X}", u32::from(c));
    let lists = [
        ("repairs", repairs.collect::<Vec<_>>()),
        ("private_use", private.iter().map(|range| format!("{}-{}", hex(*range.start()), hex(*range.end()))).collect()),
        ("read_as", reads.iter().map(|(code, c)| format!("{code:04X} = {}", hex(*c))).collect()),
        ("write_as", writes.iter().map(|(c, code)| format!("{} = {code:04X}", hex(*c))).collect()),
    ];
    lists.into_iter().filter(|(_, list)| !list.is_empty()).collect()
}

/// A list of texts, each read or told as a fault.
fn list<T>(table: &Section<'_>, key: &str, read: impl Fn(&str) -> Option<T>, wrong: &str) -> Option<Vec<T>> {
    if !table.has(key) {
        return None;
    }
    let mut found = Vec::new();
    for text in table.texts(key) {
        match read(&text) {
            Some(one) => found.push(one),
            None => table.fault(key, format_args!("`{text}` {wrong}")),
        }
    }
    Some(found)
}

fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    let hex = !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if hex { u32::from_str_radix(text, 16).ok() } else { None }
}

fn character(text: &str) -> Option<char> {
    char::from_u32(number(text)?)
}

/// A code of one or two bytes, without shifts.
fn code(text: &str) -> Option<u16> {
    u16::try_from(number(text)?).ok()
}

fn pair<A, B>(text: &str, left: impl Fn(&str) -> Option<A>, right: impl Fn(&str) -> Option<B>) -> Option<(A, B)> {
    let (a, b) = text.split_once('=')?;
    Some((left(a)?, right(b)?))
}

fn range(text: &str) -> Option<RangeInclusive<char>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (character(first)?, character(last)?);
    let areas = ['\u{E000}'..='\u{F8FF}', '\u{F0000}'..='\u{FFFFD}', '\u{100000}'..='\u{10FFFD}'];
    let within = areas.iter().any(|area| area.contains(&first) && area.contains(&last));
    (within && first <= last).then_some(first..=last)
}
