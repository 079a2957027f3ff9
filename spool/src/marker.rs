//! Marker files: the partner puts one beside a file when the file is complete.
//!
//! A marker may be empty, or name the size, or size and digest. It is read up to 4 KiB. Its words are separated by
//! blanks, line ends or any of `, ; | = :`. The first word of decimal digits is the size, the first of 64 hexadecimal
//! digits is the digest; it is SHA-256 unless the word `sm3` stands somewhere. Other words are not judged. A marker with
//! a stricter form is a control file or an index: see [`crate::control`].

use crate::control::{Control, INDEX_MAX_BYTES, Stated};
use crate::digest::{Algorithm, Digest};
use crate::entry::Entry;
use crate::error::{Error, ErrorKind, Result};
use crate::pattern::{Captures, NamePattern};
use crate::template::{Fields, NameTemplate, Part};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The most bytes of a marker that are read.
pub const MARKER_MAX_BYTES: usize = 4096;

/// Turns a marker's bytes into text, for markers that are not ASCII.
pub type Decode = Arc<dyn Fn(&[u8]) -> Option<String> + Send + Sync>;

/// What a marker says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarkerContent {
    /// Its presence counts; its content is not read.
    Empty,
    /// It names the size of the data in bytes.
    Size,
    /// It names size and digest.
    SizeAndDigest,
}

/// How the marker of a data file is named, and what it says.
#[derive(Clone)]
pub struct MarkerRule {
    /// The marker's name: `{name}.OK`, `{stem}.OK`, `PMTRD_{date}_{batch}_{run}.FLG`...
    pub pattern: NameTemplate,
    /// What it says.
    pub content: MarkerContent,
    /// How its bytes become text; ASCII when not given.
    pub decode: Option<Decode>,
    /// The digest that it states.
    pub algorithm: Algorithm,
    /// Its form, where it is a control file or an index; `content` does not count then.
    pub control: Option<Arc<Control>>,
    shape: NamePattern,
}

/// What one marker says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Says {
    /// Of its data file.
    One(Stated),
    /// Of many files, by name.
    Many(Arc<HashMap<String, Stated>>),
}

/// What a marker said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkerFacts {
    /// The marker's name.
    pub name: String,
    /// The size it names.
    pub size: Option<u64>,
    /// The digest it names; to be compared when the data is fetched.
    pub digest: Option<Digest>,
    /// The number of detail records it states.
    pub count: Option<u64>,
    /// The sum of amounts it states, in the form of [`Stated::amount`].
    pub amount: Option<String>,
    /// It speaks of other files besides: an index.
    pub shared: bool,
    /// The marker itself as it was listed, to move or remove it later.
    pub entry: Entry,
}

impl MarkerRule {
    /// Reads the name's template, which needs a field of the data's name and some text of its own.
    pub fn new(pattern: &str, content: MarkerContent) -> Result<MarkerRule> {
        let template = NameTemplate::parse(pattern)?;
        let texts = template.parts().iter().filter(|p| matches!(p, Part::Text(_))).count();
        if texts == 0 || texts == template.parts().len() {
            return Err(Error::new(
                ErrorKind::Unsafe,
                format!("the marker name {pattern:?} does not tell data from marker"),
            )
            .hint("for example {name}.OK or {stem}.OK"));
        }
        let shape = NamePattern::shape_of(&template);
        Ok(MarkerRule { pattern: template, content, decode: None, algorithm: Algorithm::Sha256, control: None, shape })
    }

    /// A control file beside each data file, or an index, whose name may be the same every day.
    pub fn controlled(pattern: &str, control: Control) -> Result<MarkerRule> {
        control.check()?;
        let template = NameTemplate::parse(pattern)?;
        let plain = template.parts().iter().all(|p| matches!(p, Part::Text(_)));
        let mut rule = if control.index && plain {
            let shape = NamePattern::shape_of(&template);
            MarkerRule {
                pattern: template,
                content: MarkerContent::Empty,
                decode: None,
                algorithm: Algorithm::Sha256,
                control: None,
                shape,
            }
        } else {
            MarkerRule::new(pattern, MarkerContent::Empty)?
        };
        rule.control = Some(Arc::new(control));
        Ok(rule)
    }

    /// Takes names in any case.
    #[must_use]
    pub fn folded(self) -> MarkerRule {
        MarkerRule { shape: self.shape.folded(), ..self }
    }

    /// It is one file for many data files.
    pub fn is_index(&self) -> bool {
        self.control.as_ref().is_some_and(|control| control.index)
    }

    /// Its content counts.
    pub fn has_words(&self) -> bool {
        self.control.is_some() || self.content != MarkerContent::Empty
    }

    /// The most bytes of it that are read.
    pub fn max_bytes(&self) -> usize {
        if self.is_index() { INDEX_MAX_BYTES } else { MARKER_MAX_BYTES }
    }

    /// States digests of this kind; a word in the marker may still say `sm3`.
    #[must_use]
    pub fn stating(self, algorithm: Algorithm) -> MarkerRule {
        MarkerRule { algorithm, ..self }
    }

    /// Decodes the marker's bytes with the route's code page.
    pub fn decoded_by(self, decode: Decode) -> MarkerRule {
        MarkerRule { decode: Some(decode), ..self }
    }

    /// The marker's name for one data file.
    pub fn name_for(&self, data: &str, captures: &Captures, route: &str) -> Result<String> {
        let fields = Fields {
            date: captures.date.clone(),
            batch: captures.batch,
            run: captures.run,
            route: route.to_owned(),
            ..Fields::of_name(data)
        };
        self.pattern.try_fill(&fields)
    }

    /// True when a name looks like a marker of this rule.
    pub fn looks_like(&self, name: &str) -> bool {
        self.shape.matches(name).is_some()
    }

    /// Reads what a marker says, as far as the rule wants it; or what is wrong with it.
    pub fn read(&self, bytes: &[u8]) -> std::result::Result<Says, String> {
        if !self.has_words() {
            return Ok(Says::One(Stated::default()));
        }
        let text = match &self.decode {
            Some(decode) => decode(bytes),
            None => std::str::from_utf8(bytes).ok().filter(|t| t.is_ascii()).map(str::to_owned),
        };
        let text = text.ok_or("the marker cannot be decoded as text")?;
        match &self.control {
            Some(control) if control.index => control.read_index(&text).map(|files| Says::Many(Arc::new(files))),
            Some(control) => control.read_one(&text).map(Says::One),
            None => self.words(&text).map(Says::One),
        }
    }

    fn words(&self, text: &str) -> std::result::Result<Stated, String> {
        let words = || text.split(|c: char| c.is_whitespace() || c.is_control() || ",;|=:".contains(c));
        let size = words().find_map(size_of).ok_or("the marker names no size")?;
        let stated = Stated { size: Some(size), ..Stated::default() };
        if self.content == MarkerContent::Size {
            return Ok(stated);
        }
        let sm3 = words().any(|word| Algorithm::parse(word) == Some(Algorithm::Sm3));
        let algorithm = if sm3 { Algorithm::Sm3 } else { self.algorithm };
        let digest = words().find_map(|word| Digest::parse(algorithm, word)).ok_or("the marker names no digest")?;
        Ok(Stated { digest: Some(digest), ..stated })
    }
}

/// A size: decimal digits, perhaps with leading zeros, but not so many that it could be a digest.
fn size_of(word: &str) -> Option<u64> {
    let digits = !word.is_empty() && word.len() <= 31 && word.bytes().all(|b| b.is_ascii_digit());
    if digits { word.parse().ok() } else { None }
}

impl fmt::Debug for MarkerRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "marker {:?} {:?}", self.pattern.as_str(), self.content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn said(rule: &MarkerRule, bytes: &[u8]) -> (Option<u64>, Option<Digest>) {
        let Says::One(stated) = rule.read(bytes).unwrap() else { panic!("no index") };
        (stated.size, stated.digest)
    }

    #[test]
    fn only_an_index_may_have_a_name_without_fields() {
        let columns = crate::control::Shape::Columns(None, vec![Some(crate::control::Fact::Name)]);
        let control =
            |index| Control { shape: columns.clone(), algorithm: Algorithm::Sha256, amount_decimals: 0, index };
        assert!(MarkerRule::controlled("INDEX.LST", control(true)).unwrap().is_index());
        assert!(MarkerRule::controlled("INDEX.LST", control(false)).is_err());
        assert!(MarkerRule::controlled("{stem}.CTL", control(false)).unwrap().has_words());
    }

    #[test]
    fn names_follow_the_data() {
        let rule = MarkerRule::new("{stem}.OK", MarkerContent::Empty).unwrap();
        assert_eq!(rule.name_for("PMTRD.TXT", &Captures::default(), "r").unwrap(), "PMTRD.OK");
        assert!(rule.looks_like("PMTRD.OK") && !rule.looks_like("PMTRD.TXT"));
        for bad in ["{stem}", "{name}{date}", "READY", ""] {
            assert!(MarkerRule::new(bad, MarkerContent::Empty).is_err(), "{bad}");
        }
        let rule = MarkerRule::new("F{batch}.FLG", MarkerContent::Empty).unwrap();
        assert!(rule.name_for("PMTRD.TXT", &Captures::default(), "r").is_err());
    }

    #[test]
    fn reads_size_and_digest_in_several_spellings() {
        let rule = MarkerRule::new("{name}.OK", MarkerContent::SizeAndDigest).unwrap();
        let digest = Digest::parse(Algorithm::Sha256, HEX);
        for text in [format!("480 {HEX}"), format!("SIZE=000480\r\nSHA256={HEX}\r\n"), format!("PMTRD.TXT|480|{HEX}")] {
            assert_eq!(said(&rule, text.as_bytes()), (Some(480), digest), "{text}");
        }
        let sm3 = said(&rule, format!("480 sm3:{HEX}").as_bytes()).1.unwrap();
        assert_eq!(sm3.algorithm, Algorithm::Sm3);
        let md5 = "900150983cd24fb0d6963f7d28e17f72";
        assert!(rule.read(format!("480 {md5}").as_bytes()).unwrap_err().contains("no digest"), "shorter than agreed");
        let rule = rule.stating(Algorithm::Md5);
        let text = format!("PMTRD.TXT 480 MD5:{md5}");
        assert_eq!(said(&rule, text.as_bytes()), (Some(480), Digest::parse(Algorithm::Md5, md5)));
        assert!(rule.read(b"480").unwrap_err().contains("no digest"));
        assert!(rule.read(b"").unwrap_err().contains("no size"));
        assert!(rule.read(b"\xf4\xf8\xf0").unwrap_err().contains("decoded"));
    }

    #[test]
    fn decodes_with_the_callers_page() {
        let ebcdic = |bytes: &[u8]| Some(bytes.iter().map(|b| char::from(b.wrapping_sub(0xc0))).collect());
        let rule = MarkerRule::new("{name}.OK", MarkerContent::Size).unwrap().decoded_by(Arc::new(ebcdic));
        assert_eq!(said(&rule, b"\xf4\xf8\xf0"), (Some(480), None));
    }
}
