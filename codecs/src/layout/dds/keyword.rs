//! The keyword area: `NAME` or `NAME(parameters)`, across lines.
//!
//! A line that ends in `-` goes on in column 45 of the next line, one that ends in `+` at the next line's first
//! character. Every character keeps its line and column, so that a warning points where an editor would.

use super::line::{KEYWORDS, Spec};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, multispace0, satisfy};
use nom::combinator::{opt, recognize};
use nom::multi::{many0, many1_count};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

/// A keyword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keyword {
    /// Name, upper case.
    pub(crate) name: String,
    /// Parameters; literals without their quotes.
    pub(crate) parameters: Vec<String>,
    /// What stands between the parentheses.
    pub(crate) raw: String,
    /// Line and column, from 1.
    pub(crate) place: (usize, usize),
}

/// Keywords of an entry, and places where something stood that is no keyword.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keywords {
    pub(crate) list: Vec<Keyword>,
    pub(crate) unreadable: Vec<Unreadable>,
}

/// Something in the keyword area that is no keyword.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Its first word, upper case.
    pub(crate) word: String,
    /// Line and column, from 1.
    pub(crate) place: (usize, usize),
}

impl Keywords {
    /// The parameters of a keyword, the last one if it comes twice.
    pub(crate) fn get(&self, name: &str) -> Option<&Keyword> {
        self.list.iter().rev().find(|k| k.name == name)
    }

    /// Text of all parameters, joined by blanks, without shift characters that a transfer may have left in it.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let plain = |text: String| text.chars().filter(|c| !c.is_control()).collect();
        self.get(name).map(|k| plain(k.parameters.join(" ")))
    }
}

impl Keyword {
    /// A parameter, upper case.
    pub(crate) fn word(&self, index: usize) -> String {
        self.parameters.get(index).map(|p| p.to_uppercase()).unwrap_or_default()
    }
}

/// Places without a keyword after which an entry's other keywords are not looked for.
const UNREADABLE_MAX: usize = 20;

/// Reads the keyword areas of an entry's lines.
pub(crate) fn read(lines: &[Spec]) -> Keywords {
    let (text, places) = join(lines);
    let mut keywords = Keywords::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() && keywords.unreadable.len() < UNREADABLE_MAX {
        let place = places.get(text.len() - rest.len()).copied().unwrap_or_default();
        rest = match keyword(rest) {
            Ok((after, (name, parameters))) => {
                let raw = rest[name.len()..rest.len() - after.len()].trim();
                let raw = raw.strip_prefix('(').and_then(|raw| raw.strip_suffix(')')).unwrap_or_default();
                let raw = raw.split_whitespace().collect::<Vec<_>>().join(" ");
                keywords.list.push(Keyword { name: name.to_uppercase(), parameters, raw, place });
                after
            }
            Err(_) => {
                let word: String = rest.chars().take_while(|c| is_name(*c)).collect();
                keywords.unreadable.push(Unreadable { word: word.to_uppercase(), place });
                rest.trim_start_matches(|c: char| !c.is_whitespace())
            }
        }
        .trim_start();
    }
    keywords
}

/// The areas as one text, with the place of every byte.
fn join(lines: &[Spec]) -> (String, Vec<(usize, usize)>) {
    let mut text = String::new();
    let mut places = Vec::new();
    let mut skip_blanks = true;
    for line in lines {
        let (area, mark) = match line.keywords.strip_suffix(['+', '-']) {
            Some(area) => (area, line.keywords.chars().last()),
            None => (line.keywords.as_str(), None),
        };
        for (index, c) in area.chars().enumerate() {
            skip_blanks &= c.is_whitespace();
            if !skip_blanks {
                text.push(c);
                places.extend(std::iter::repeat_n((line.line, KEYWORDS + index), c.len_utf8()));
            }
        }
        skip_blanks = mark == Some('+');
        if mark.is_none() {
            text.push(' ');
            places.push((line.line, KEYWORDS + area.chars().count()));
        }
    }
    (text, places)
}

fn keyword(input: &str) -> IResult<&str, (&str, Vec<String>)> {
    let (rest, name) = recognize((letter, take_while(is_name))).parse(input)?;
    let (rest, parameters) = opt(delimited(char('('), many0(parameter), (multispace0, char(')')))).parse(rest)?;
    if parameters.is_none() && rest.starts_with('(') {
        return Err(nom::Err::Error(nom::error::Error::new(rest, nom::error::ErrorKind::Char)));
    }
    Ok((rest, (name, parameters.unwrap_or_default())))
}

fn parameter(input: &str) -> IResult<&str, String> {
    preceded(multispace0, alt((literal, nested, word))).parse(input)
}

/// `'text'`, with `''` for a quote; also `X'00'` and `G'..'`, which keep their letter.
fn literal(input: &str) -> IResult<&str, String> {
    let (rest, letter) = opt(satisfy(|c| matches!(c, 'X' | 'x' | 'G' | 'g'))).parse(input)?;
    let (rest, parts) =
        delimited(char('\''), many0(alt((take_while1(|c| c != '\''), tag("''")))), char('\'')).parse(rest)?;
    let text = parts.iter().map(|part| if *part == "''" { "'" } else { *part });
    Ok((rest, letter.map(String::from).into_iter().chain(text.map(str::to_owned)).collect()))
}

/// One level of parentheses inside another, as it stands.
fn nested(input: &str) -> IResult<&str, String> {
    let (rest, text) = recognize(delimited(char('('), take_while(|c| c != '(' && c != ')'), char(')'))).parse(input)?;
    Ok((rest, text.to_owned()))
}

fn word(input: &str) -> IResult<&str, String> {
    let plain = take_while1(|c: char| !c.is_whitespace() && !matches!(c, '(' | ')' | '\''));
    let (rest, text) = recognize(many1_count(plain)).parse(input)?;
    Ok((rest, text.to_owned()))
}

fn letter(input: &str) -> IResult<&str, char> {
    satisfy(|c| c.is_ascii_alphabetic() || matches!(c, '@' | '#' | '$')).parse(input)
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '#' | '$' | '_')
}
