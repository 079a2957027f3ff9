//! Control files: what a sender states about a data file beside it: name, size, count, digest, amount.
//!
//! Two shapes are known. *Lines*: a fact a line, `KEY=value` or `KEY: value`, with keys that the route names; other keys
//! are not judged. *Columns*: a row a file, with one separator and columns in a fixed order. A control file speaks of one
//! data file; an index has a row for each file of a day. What the route names must be there and readable, once; nothing is
//! guessed. Whether count and amount are true is for those who read records: they are handed up as they are stated.

use crate::digest::{Algorithm, Digest};
use crate::error::{Error, ErrorKind, Result};
use std::collections::HashMap;

/// The most bytes of an index that are read.
pub const INDEX_MAX_BYTES: usize = 4 << 20;
/// The most digits of an amount: what a packed field of an IBM i program can hold.
const AMOUNT_DIGITS_MAX: usize = 31;

/// One thing that a control file can state.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fact {
    /// The data file's name.
    Name,
    /// Its size in bytes.
    Size,
    /// Its number of detail records.
    Count,
    /// Its digest.
    Digest,
    /// The sum of its amounts.
    Amount,
}

impl Fact {
    /// All of them, with the words that configurations use.
    pub const ALL: [(&'static str, Fact); 5] = [
        ("name", Fact::Name),
        ("size", Fact::Size),
        ("count", Fact::Count),
        ("digest", Fact::Digest),
        ("amount", Fact::Amount),
    ];

    /// Its word.
    pub fn word(self) -> &'static str {
        Fact::ALL.iter().find(|(_, fact)| *fact == self).map_or("?", |(word, _)| word)
    }
}

/// How a control file is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A fact a line: the key of each.
    Lines(Vec<(Fact, String)>),
    /// A row a file: the separator (nothing: any run of blanks), and what stands in each column.
    Columns(Option<char>, Vec<Option<Fact>>),
}

/// How control files of a route are read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Control {
    /// How they are written.
    pub shape: Shape,
    /// The algorithm of their digests.
    pub algorithm: Algorithm,
    /// Decimals of an amount that is written without a point.
    pub amount_decimals: usize,
    /// A row for each of many files, rather than one file.
    pub index: bool,
}

/// What is stated about one data file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Stated {
    /// Its name.
    pub name: Option<String>,
    /// Its size in bytes.
    pub size: Option<u64>,
    /// Its number of detail records.
    pub count: Option<u64>,
    /// Its digest; to be compared when the data is fetched.
    pub digest: Option<Digest>,
    /// The sum of its amounts: digits with a point where it has decimals, `-` in front when negative.
    pub amount: Option<String>,
}

impl Control {
    /// Checks that the shape can be read: something is named, nothing twice, an index in columns with a name.
    pub fn check(&self) -> Result<()> {
        let facts: Vec<Fact> = match &self.shape {
            Shape::Lines(keys) => keys.iter().map(|(fact, _)| *fact).collect(),
            Shape::Columns(_, columns) => columns.iter().flatten().copied().collect(),
        };
        let twice = |fact: &Fact| facts.iter().filter(|other| *other == fact).count() > 1;
        let bad = match &self.shape {
            _ if facts.is_empty() => Some("it names no fact"),
            _ if facts.iter().any(twice) => Some("it names a fact twice"),
            Shape::Lines(_) if self.index => Some("an index has columns, one row a file"),
            Shape::Columns(..) if self.index && !facts.contains(&Fact::Name) => {
                Some("an index needs a column of names")
            }
            Shape::Lines(keys) if keys.iter().any(|(_, key)| key.trim().is_empty()) => Some("a key is empty"),
            _ => None,
        };
        bad.map_or(Ok(()), |why| {
            Err(Error::new(ErrorKind::Unsafe, format!("the control file cannot be read so: {why}"))
                .hint("correct it in the route"))
        })
    }

    /// Reads a control file of one data file, or says what is wrong with it.
    pub fn read_one(&self, text: &str) -> std::result::Result<Stated, String> {
        match &self.shape {
            Shape::Lines(keys) => self.lines(keys, text),
            Shape::Columns(separator, columns) => {
                let mut rows = rows(text);
                let (_, row) = rows.next().ok_or("it is empty")?;
                if let Some((line, _)) = rows.next() {
                    return Err(format!("it has more than one row (line {line})"));
                }
                self.row(*separator, columns, row)
            }
        }
    }

    /// Reads an index: what it states about each name. A name in it twice makes it unreadable.
    pub fn read_index(&self, text: &str) -> std::result::Result<HashMap<String, Stated>, String> {
        let Shape::Columns(separator, columns) = &self.shape else { return Err("an index has columns".into()) };
        let mut files = HashMap::new();
        for (line, row) in rows(text) {
            let stated = self.row(*separator, columns, row).map_err(|why| format!("line {line}: {why}"))?;
            let name = stated.name.clone().ok_or_else(|| format!("line {line} names no file"))?;
            if files.insert(name, stated).is_some() {
                return Err(format!("line {line} names a file that it names already"));
            }
        }
        Ok(files)
    }

    fn lines(&self, keys: &[(Fact, String)], text: &str) -> std::result::Result<Stated, String> {
        let mut stated = Stated::default();
        let mut found = Vec::new();
        for (line, row) in rows(text) {
            let Some((key, value)) = row.split_once(['=', ':']) else { continue };
            let Some((fact, _)) = keys.iter().find(|(_, known)| known.trim() == key.trim()) else { continue };
            if found.contains(fact) {
                return Err(format!("line {line} states the {} again", fact.word()));
            }
            found.push(*fact);
            self.keep(&mut stated, *fact, value.trim()).map_err(|why| format!("line {line}: {why}"))?;
        }
        match keys.iter().find(|(fact, _)| !found.contains(fact)) {
            Some((fact, key)) => Err(format!("it states no {} ({key})", fact.word())),
            None => Ok(stated),
        }
    }

    fn row(&self, separator: Option<char>, columns: &[Option<Fact>], row: &str) -> std::result::Result<Stated, String> {
        let values: Vec<&str> = match separator {
            Some(separator) => row.split(separator).map(str::trim).collect(),
            None => row.split_whitespace().collect(),
        };
        if values.len() != columns.len() {
            return Err(format!("it has {} columns, not {}", values.len(), columns.len()));
        }
        let mut stated = Stated::default();
        let mut before = None;
        for (fact, value) in columns.iter().zip(values) {
            // What `md5sum` and its kin write for files that they read as bytes: `<digest> *<name>`.
            let by_sum = separator.is_none() && *fact == Some(Fact::Name) && before == Some(Fact::Digest);
            let value = if by_sum { value.strip_prefix('*').unwrap_or(value) } else { value };
            before = *fact;
            if let Some(fact) = fact {
                self.keep(&mut stated, *fact, value)?;
            }
        }
        Ok(stated)
    }

    fn keep(&self, stated: &mut Stated, fact: Fact, value: &str) -> std::result::Result<(), String> {
        let unreadable = || format!("its {} cannot be read", fact.word());
        match fact {
            Fact::Name if value.is_empty() => return Err(unreadable()),
            Fact::Name => stated.name = Some(value.to_owned()),
            Fact::Size => stated.size = Some(whole(value).ok_or_else(unreadable)?),
            Fact::Count => stated.count = Some(whole(value).ok_or_else(unreadable)?),
            Fact::Digest => stated.digest = Some(Digest::parse(self.algorithm, value).ok_or_else(unreadable)?),
            Fact::Amount => stated.amount = Some(amount(value, self.amount_decimals).ok_or_else(unreadable)?),
        }
        Ok(())
    }
}

/// Lines that are not blank, with their numbers from 1. A last `x'1A'` that some systems add is no line.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.trim_end_matches('\u{1a}');
    let lines = text.split(['\n', '\u{85}']).map(|line| line.trim_end_matches('\r'));
    lines.enumerate().map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

/// Decimal digits, perhaps with zeros in front.
fn whole(value: &str) -> Option<u64> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    if digits { value.parse().ok() } else { None }
}

/// A decimal number without separators of thousands, in the form of [`Stated::amount`].
fn amount(value: &str, decimals: usize) -> Option<String> {
    let (sign, digits) = match value.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", value.strip_prefix('+').unwrap_or(value)),
    };
    let (before, after) = match digits.split_once('.') {
        Some((before, after)) => (before.to_owned(), after.to_owned()),
        // The point is implied: `5` with two decimals is `0.05`.
        None if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            let padded = format!("{digits:0>width$}", width = decimals + 1);
            let (before, after) = padded.split_at(padded.len() - decimals);
            (before.to_owned(), after.to_owned())
        }
        None => return None,
    };
    let digit = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let pointed = digits.contains('.');
    if !digit(&before) || (pointed || !after.is_empty()) && !digit(&after) {
        return None;
    }
    if before.len() + after.len() > AMOUNT_DIGITS_MAX {
        return None;
    }
    let before = before.trim_start_matches('0');
    let before = if before.is_empty() { "0" } else { before };
    let point = if after.is_empty() { "" } else { "." };
    Some(format!("{sign}{before}{point}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn control(shape: Shape, index: bool) -> Control {
        let control = Control { shape, algorithm: Algorithm::Sha256, amount_decimals: 2, index };
        control.check().unwrap();
        control
    }

    fn lines() -> Control {
        let keys = [("FILE", Fact::Name), ("SIZE", Fact::Size), ("RECS", Fact::Count), ("HASH", Fact::Digest)];
        let keys = keys.into_iter().chain([("TOTAL", Fact::Amount)]).map(|(key, fact)| (fact, key.to_owned()));
        control(Shape::Lines(keys.collect()), false)
    }

    #[test]
    fn lines_state_each_fact_once() {
        let text = format!(
            "FILE=A.TXT\r\nSIZE : 00480\nOTHER=x\n\nRECS=12\nHASH={}\nTOTAL=-0012345\n\u{1a}",
            HEX.to_uppercase()
        );
        let stated = lines().read_one(&text).unwrap();
        assert_eq!((stated.name.as_deref(), stated.size, stated.count), (Some("A.TXT"), Some(480), Some(12)));
        assert_eq!(stated.digest, Digest::parse(Algorithm::Sha256, HEX));
        assert_eq!(stated.amount.as_deref(), Some("-123.45"));
        assert_eq!(lines().read_one(&text.replace("SIZE ", "BYTES ")).unwrap_err(), "it states no size (SIZE)");
        assert_eq!(lines().read_one(&format!("{text}\nSIZE=1")).unwrap_err(), "line 9 states the size again");
        assert_eq!(lines().read_one(&text.replace("12\n", "1 2\n")).unwrap_err(), "line 5: its count cannot be read");
        assert!(lines().read_one("").is_err());
    }

    #[test]
    fn columns_are_one_row_for_one_file_and_many_for_an_index() {
        let columns = vec![Some(Fact::Name), None, Some(Fact::Size)];
        let one = control(Shape::Columns(Some('|'), columns.clone()), false);
        let stated = one.read_one("A.TXT | x | 480\n").unwrap();
        assert_eq!((stated.name.as_deref(), stated.size), (Some("A.TXT"), Some(480)));
        assert_eq!(one.read_one("A|x|1\nB|x|2").unwrap_err(), "it has more than one row (line 2)");
        assert_eq!(one.read_one("A|1").unwrap_err(), "it has 2 columns, not 3");
        assert_eq!(one.read_one("A|1|2|3").unwrap_err(), "it has 4 columns, not 3");
        assert_eq!(one.read_one("\n\n").unwrap_err(), "it is empty");
        let index = control(Shape::Columns(None, columns), true);
        let files = index.read_index("A.TXT x 1\n\nB.TXT   x 2").unwrap();
        assert_eq!((files.len(), files["B.TXT"].size), (2, Some(2)));
        assert_eq!(index.read_index("A x 1\nA x 1").unwrap_err(), "line 2 names a file that it names already");
        assert!(index.read_index("").unwrap().is_empty());
    }

    #[test]
    fn a_file_of_md5sum_is_a_control_file() {
        let shape = Shape::Columns(None, vec![Some(Fact::Digest), Some(Fact::Name)]);
        for (algorithm, hex) in [
            (Algorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (Algorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (Algorithm::Sha256, HEX),
        ] {
            let control = Control { shape: shape.clone(), algorithm, amount_decimals: 0, index: true };
            control.check().unwrap();
            let files = control.read_index(&format!("{hex}  A.TXT\n{hex} *B.TXT\n")).unwrap();
            assert_eq!(files["A.TXT"].digest, Digest::parse(algorithm, hex));
            assert_eq!(files["B.TXT"].digest, files["A.TXT"].digest);
            assert!(control.read_index(&format!("{}  A.TXT", &hex[1..])).is_err(), "a digit is missing");
        }
    }

    #[test]
    fn shapes_that_say_nothing_are_refused() {
        let make = |shape, index| Control { shape, algorithm: Algorithm::Sm3, amount_decimals: 0, index }.check();
        assert!(make(Shape::Lines(vec![]), false).is_err());
        assert!(make(Shape::Lines(vec![(Fact::Size, " ".into())]), false).is_err());
        assert!(make(Shape::Lines(vec![(Fact::Name, "N".into())]), true).is_err());
        assert!(make(Shape::Columns(None, vec![Some(Fact::Size)]), true).is_err());
        assert!(make(Shape::Columns(None, vec![Some(Fact::Size), Some(Fact::Size)]), false).is_err());
    }

    #[test]
    fn amounts_are_exact() {
        let same = [("0", 2, "0.00"), ("5", 2, "0.05"), ("100", 2, "1.00"), ("+1.5", 2, "1.5"), ("-7", 0, "-7")];
        for (written, decimals, text) in same {
            assert_eq!(amount(written, decimals).as_deref(), Some(text), "{written}");
        }
        for bad in ["", "-", ".", "1.", ".5", "1,000.00", "1 000", "1e5", "--1", "１", "¡", "1¡", &"9".repeat(32)] {
            assert_eq!(amount(bad, 2), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[\\PC\\n\\r|,=: \u{1a}\u{85}]{0,80}", value in "\\PC{0,12}", decimals in 0usize..40) {
            let _ = lines().read_one(&text);
            let columns = vec![Some(Fact::Name), Some(Fact::Amount)];
            let _ = control(Shape::Columns(Some('|'), columns.clone()), true).read_index(&text);
            let _ = control(Shape::Columns(None, columns), true).read_index(&text);
            let _ = amount(&value, decimals);
        }
    }
}
