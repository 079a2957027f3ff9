//! One line of DDS, by columns.
//!
//! Short lines are blank to the end. The line has been moved to its columns by [`super::columns`].

use nom::bytes::complete::take;
use nom::{IResult, Parser};

/// Last column of the keyword area.
const LAST: usize = 80;
/// First column of the keyword area.
pub(crate) const KEYWORDS: usize = 45;

/// First column of a place on a screen or page.
pub(crate) const LOCATION: usize = 39;

/// An A spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spec {
    /// Line, from 1.
    pub(crate) line: usize,
    /// Column 17.
    pub(crate) role: char,
    /// Columns 19-28.
    pub(crate) name: String,
    /// Column 29 holds `R`.
    pub(crate) refers: bool,
    /// Column 29 holds something else, which is no part of a name.
    pub(crate) beside: Option<char>,
    /// Columns 30-34.
    pub(crate) length: String,
    /// Column 35, blank or upper case.
    pub(crate) kind: char,
    /// Columns 36-37.
    pub(crate) decimals: String,
    /// Column 38.
    pub(crate) usage: char,
    /// Columns 45-80, trailing blanks dropped.
    pub(crate) keywords: String,
    /// Something stands beyond column 80.
    pub(crate) overlong: bool,
    /// Columns 8-16 or 39-44 hold something that database files have no use for.
    pub(crate) stray: Option<usize>,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Nothing, or a comment.
    Empty,
    /// An A spec.
    Spec(Spec),
    /// Column 6 holds neither A nor a blank.
    Foreign(char),
}

impl Spec {
    /// The place of a column in this line.
    pub(crate) fn at(&self, column: usize) -> (usize, usize) {
        (self.line, column)
    }

    /// Only the keyword area is used: it goes on with the entry before.
    pub(crate) fn continues(&self) -> bool {
        self.role == ' ' && self.name.is_empty() && !self.refers && self.length.is_empty() && self.kind == ' '
    }
}

/// Reads a line.
pub(crate) fn read(number: usize, text: &str) -> Line {
    let mut padded: String = text.chars().map(|c| if c == '\t' { ' ' } else { c }).take(LAST).collect();
    padded.extend(std::iter::repeat_n(' ', LAST.saturating_sub(text.chars().count())));
    let overlong = text.chars().skip(LAST).any(|c| !c.is_whitespace());
    match spec(&padded) {
        Ok((_, (_, '*', _))) => Line::Empty,
        Ok(_) if padded.trim().is_empty() => Line::Empty,
        Ok((_, ('A' | ' ', _, read))) => Line::Spec(Spec { line: number, overlong, ..read }),
        Ok((_, (form, _, _))) => Line::Foreign(form),
        Err(_) => Line::Empty,
    }
}

/// Column 6, column 7, and the rest of a padded line.
fn spec(line: &str) -> IResult<&str, (char, char, Spec)> {
    let (rest, (_, form, comment, conditions, role, _)) =
        (take(5usize), one, one, take(9usize), one, one).parse(line)?;
    let (rest, (name, refers, length, kind, decimals)) =
        (take(10usize), one, take(5usize), one, take(2usize)).parse(rest)?;
    let (rest, (usage, place, keywords)) = (one, take(6usize), take(36usize)).parse(rest)?;
    let strays = [(8, conditions), (LOCATION, place)];
    let stray = strays.iter().find(|(_, text)| !text.trim().is_empty()).map(|(column, _)| *column);
    let spec = Spec {
        line: 0,
        role: role.to_ascii_uppercase(),
        name: name.trim().to_uppercase(),
        refers: refers.eq_ignore_ascii_case(&'R'),
        beside: Some(refers).filter(|c| !matches!(c, ' ' | 'R' | 'r')),
        length: length.trim().to_owned(),
        kind: kind.to_ascii_uppercase(),
        decimals: decimals.trim().to_owned(),
        usage: usage.to_ascii_uppercase(),
        keywords: keywords.trim_end().to_owned(),
        overlong: false,
        stray,
    };
    Ok((rest, (form.to_ascii_uppercase(), comment, spec)))
}

fn one(input: &str) -> IResult<&str, char> {
    nom::character::complete::anychar(input)
}
