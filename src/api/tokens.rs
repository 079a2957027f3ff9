//! Tokens of stream readers: each has its routes and sees sensitive fields clear or masked (D27).
//!
//! The file holds SHA-256 digests, never tokens, so that whoever may read configuration cannot read the stream:
//! ```toml
//! [token.risk-service]
//! sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
//! routes = ["pmtrd"]        # or ["*"]
//! view = "masked"           # or "clear"
//! verbs = ["hold", "retry"] # what its holder may say as an operator; nothing without it
//! person = "wang"           # who that is; the token's name without it
//! ```

use crate::error::{Error, Result};
use crate::ledger::verbs::Verb;
use fpp_codecs::Code;
use fpp_codecs::source::{Section, Source, SourceFault};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::Path;

/// Known tokens.
#[derive(Clone, Debug)]
pub struct Tokens {
    tokens: Vec<([u8; 32], Reader)>,
}

/// What a reader may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Name, for logs.
    pub name: String,
    /// Routes; nothing for all.
    pub routes: Option<Vec<String>>,
    /// Sensitive fields are masked.
    pub masked: bool,
    /// The verbs that its holder may say, and `day`.
    pub verbs: BTreeSet<String>,
    /// Who its holder is: one person, whatever the token.
    pub person: String,
}

/// The right to open and close business dates, beside the verbs.
pub const DAY: &str = "day";

impl Reader {
    /// A reader on this machine where no tokens are set.
    pub fn local() -> Reader {
        Reader { name: "local".into(), routes: None, masked: false, verbs: BTreeSet::new(), person: String::new() }
    }

    /// Whether it may see a route.
    pub fn sees(&self, route: &str) -> bool {
        self.routes.as_ref().is_none_or(|routes| routes.iter().any(|r| r == route))
    }
}

impl Tokens {
    /// Reads a token file; all faults at once.
    pub fn read(path: &Path) -> Result<Tokens> {
        let wrong =
            |what: String| Error::halt(Code::LOGIN, what).hint("Mend the token file; `fpp check` reads it too.");
        let text = std::fs::read_to_string(path)
            .map_err(|e| wrong(format!("the token file {} cannot be read", path.display())).caused_by(e))?;
        Tokens::parse(&path.display().to_string(), &text)
            .map_err(|faults| wrong(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))
    }

    /// Parses a token file.
    pub fn parse(file: &str, text: &str) -> std::result::Result<Tokens, Vec<SourceFault>> {
        let source = Source::new(file, text);
        let root = source.root();
        let sections = root.need_section("token").map(|s| s.children()).unwrap_or_default();
        let tokens: Vec<_> = sections.iter().filter_map(|(name, section)| token(name, section)).collect();
        root.no_more();
        drop(sections);
        drop(root);
        let faults = source.finish();
        if faults.is_empty() { Ok(Tokens { tokens }) } else { Err(faults) }
    }

    /// Who presents this token. Digests are compared, so the time taken says nothing about the token.
    pub fn reader(&self, token: &str) -> Option<&Reader> {
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        self.tokens.iter().find(|(known, _)| *known == digest).map(|(_, reader)| reader)
    }
}

fn token(name: &str, section: &Section<'_>) -> Option<([u8; 32], Reader)> {
    let hex = section.need_text("sha256");
    let routes = section.texts("routes");
    let masked = section.choice("view", &[("masked", true), ("clear", false)]);
    if routes.is_empty() {
        section.fault("routes", "must name at least one route, or \"*\"");
    }
    let (verbs, person) = (verbs(section), section.text("person"));
    let person = person.unwrap_or_else(|| name.to_owned());
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !verbs.is_empty() && (person.is_empty() || !person.chars().all(plain)) {
        section.fault(
            "verbs",
            "needs a token or person called by letters, digits, `-`, `_` and `.`: it goes into the books",
        );
    }
    section.no_more();
    let Some(digest) = fpp_spool::Digest::parse(fpp_spool::Algorithm::Sha256, &hex) else {
        if !hex.is_empty() {
            section.fault("sha256", "must be 64 hex digits: printf %s TOKEN | sha256sum");
        }
        return None;
    };
    let all = routes.iter().any(|r| r == "*");
    let reader = Reader {
        name: name.to_owned(),
        routes: (!all).then_some(routes),
        masked: masked.unwrap_or(true),
        verbs,
        person,
    };
    Some((digest.bytes, reader))
}

fn verbs(section: &Section<'_>) -> BTreeSet<String> {
    let known: Vec<&str> = Verb::ALL.map(Verb::word).into_iter().chain([DAY]).collect();
    let words = section.texts("verbs");
    for word in words.iter().filter(|word| !known.contains(&word.as_str())) {
        section.fault("verbs", format_args!("`{word}` is not one of: {}", known.join(", ")));
    }
    words.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::Tokens;

    const FILE: &str = "[token.risk]\nsha256 = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"\nroutes = [\"pmtrd\"]\n";

    #[test]
    fn a_token_opens_its_routes_and_sees_masked_fields_unless_told_otherwise() {
        let tokens = Tokens::parse("t.toml", FILE).unwrap();
        let reader = tokens.reader("test").unwrap();
        assert!(reader.masked && reader.sees("pmtrd") && !reader.sees("other"));
        assert!(tokens.reader("Test").is_none());
        assert!(reader.verbs.is_empty(), "a reader of the stream is no operator unless it says so");
        let operator =
            Tokens::parse("t.toml", &format!("{FILE}verbs = [\"hold\", \"day\"]\nperson = \"wang\"\n")).unwrap();
        let operator = operator.reader("test").unwrap();
        assert_eq!((operator.verbs.len(), operator.person.as_str()), (2, "wang"));
        for bad in ["verbs = [\"purge\"]", "verbs = [\"hold\"]\nperson = \"wang: root\""] {
            assert!(Tokens::parse("t.toml", &format!("{FILE}{bad}\n")).is_err(), "{bad}");
        }
    }

    #[test]
    fn all_faults_of_the_file_are_told() {
        let faults = Tokens::parse("t.toml", "[token.a]\nsha256 = \"x\"\nvew = \"clear\"\n").unwrap_err();
        assert_eq!(faults.len(), 3, "{faults:?}");
    }
}
