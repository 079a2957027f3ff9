//! Names of files and digests, as routes write them.

use super::compile;
use fpp_codecs::source::Section;
use fpp_codecs::text;
use fpp_spool::{Algorithm, MarkerContent, MarkerRule, NamePattern, NameTemplate, Readiness};
use std::sync::Arc;

/// Digests by their words.
pub(super) const DIGESTS: [(&str, Algorithm); 2] = [("sha256", Algorithm::Sha256), ("sm3", Algorithm::Sm3)];

const CONTENTS: [(&str, MarkerContent); 3] =
    [("empty", MarkerContent::Empty), ("size", MarkerContent::Size), ("size-digest", MarkerContent::SizeAndDigest)];

/// A pattern of names that must be there.
pub(super) fn pattern(section: &Section<'_>, key: &str) -> Option<NamePattern> {
    let text = section.need_text(key);
    if text.is_empty() {
        return None;
    }
    NamePattern::parse(&text).map_err(|error| section.fault(key, error)).ok()
}

/// A template of names, if it is there.
pub(super) fn template(section: &Section<'_>, key: &str) -> Option<NameTemplate> {
    let text = section.text(key)?;
    NameTemplate::parse(&text).map_err(|error| section.fault(key, error)).ok()
}

/// A template of names that must be there.
pub(super) fn need_template(section: &Section<'_>, key: &str) -> Option<NameTemplate> {
    section.need_text(key);
    template(section, key).filter(|t| !t.as_str().is_empty())
}

/// The template of a marker that fpp writes: it must name the file it stands beside.
pub(super) fn marker(section: &Section<'_>) -> Option<NameTemplate> {
    let template = template(section, "marker")?;
    if !has(template.as_str(), "name") && !has(template.as_str(), "stem") {
        section.fault("marker", "needs {name} or {stem}, so that it belongs to one file");
    }
    Some(template)
}

/// Whether a pattern or template has `{part}` or `{part:4}`.
pub(super) fn has(text: &str, part: &str) -> bool {
    text.contains(&format!("{{{part}}}")) || text.contains(&format!("{{{part}:"))
}

/// `[ready]`: when a file is complete.
pub(super) fn ready(root: &Section<'_>) -> Option<Readiness> {
    let section = root.need_section("ready")?;
    let name = section.text("marker");
    let content = section.choice("content", &CONTENTS);
    let decode = section.text("ccsid").map(|n| compile::page(&n)).transpose();
    let quiet_ms = section.number_in("quiet_ms", 100..=86_400_000).map(i64::unsigned_abs);
    section.no_more();
    match (name, quiet_ms) {
        (Some(name), None) => {
            let rule = MarkerRule::new(&name, content.unwrap_or(MarkerContent::Empty));
            let rule = rule.map_err(|error| section.fault("marker", error)).ok()?;
            match decode {
                Ok(Some(page)) => Some(Readiness::Marker(rule.decoded_by(Arc::new(move |bytes| {
                    let mut words = String::new();
                    text::decode(page, bytes, &mut words).ok().map(|()| words)
                })))),
                Ok(None) => Some(Readiness::Marker(rule)),
                Err(message) => {
                    section.fault("ccsid", message);
                    None
                }
            }
        }
        (None, Some(quiet_ms)) => {
            for key in ["content", "ccsid"] {
                if section.has(key) {
                    section.fault(key, "belongs to a marker, and there is none");
                }
            }
            Some(Readiness::Quiet { quiet_ms })
        }
        _ => {
            root.fault("ready", "needs either marker = \"{name}.OK\" or quiet_ms = 10000");
            None
        }
    }
}

/// `checksums = ["sha256", "sm3"]`.
pub(super) fn checksums(section: &Section<'_>) -> Vec<Algorithm> {
    let mut kinds = Vec::new();
    for word in section.texts("checksums") {
        match DIGESTS.iter().find(|(name, _)| *name == word) {
            Some((_, kind)) if !kinds.contains(kind) => kinds.push(*kind),
            Some(_) => section.fault("checksums", format_args!("`{word}` stands there twice")),
            None => section.fault("checksums", format_args!("`{word}` is not one of: sha256, sm3")),
        }
    }
    kinds
}
