//! Names of files, markers and digests, as routes write them. They are kept as text; that they are good is checked here,
//! by the room that will use them.

use super::answer::MarkerOut;
use super::control;
use super::route::Ready;
use super::words::{DigestKind, MarkerContent};
use fpp_codecs::source::Section;
use fpp_spool::{Algorithm, Control, Fields, MarkerRule, NamePattern, NameTemplate};

/// Digests by their words.
pub(super) const DIGESTS: [(&str, DigestKind); 2] = [("sha256", DigestKind::Sha256), ("sm3", DigestKind::Sm3)];

/// Digests that a sender can state, by their words.
pub(super) const STATED: [(&str, Algorithm); 4] =
    [("sha256", Algorithm::Sha256), ("sm3", Algorithm::Sm3), ("sha1", Algorithm::Sha1), ("md5", Algorithm::Md5)];

/// What the marker of a file that comes can hold.
#[derive(Clone, Copy)]
enum Holds {
    Words(MarkerContent),
    Control,
    Index,
}

const HOLDS: [(&str, Holds); 5] = [
    ("empty", Holds::Words(MarkerContent::Empty)),
    ("size", Holds::Words(MarkerContent::Size)),
    ("size-digest", Holds::Words(MarkerContent::SizeAndDigest)),
    ("control", Holds::Control),
    ("index", Holds::Index),
];

const CONTENTS: [(&str, MarkerContent); 3] =
    [("empty", MarkerContent::Empty), ("size", MarkerContent::Size), ("size-digest", MarkerContent::SizeAndDigest)];

/// A pattern of names that must be there.
pub(super) fn pattern(section: &Section<'_>, key: &str) -> String {
    let text = section.need_text(key);
    if let Err(error) = NamePattern::parse(&text)
        && !text.is_empty()
    {
        section.fault(key, error);
    }
    text
}

/// A template of names that must be there.
pub(super) fn template(section: &Section<'_>, key: &str) -> String {
    let text = section.need_text(key);
    if let Err(error) = NameTemplate::parse(&text)
        && !text.is_empty()
    {
        section.fault(key, error);
    }
    text
}

/// Whether a pattern or template has `{part}` or `{part:4}`.
pub(super) fn has(text: &str, part: &str) -> bool {
    text.contains(&format!("{{{part}}}")) || text.contains(&format!("{{{part}:"))
}

/// Before a person hears of a file or marker that waits, unless the route says otherwise.
const WARN_AFTER_MS: u64 = 900_000;

/// `[ready]`: when a file is complete, and after how long a person hears of one that is not.
pub(super) fn ready(root: &Section<'_>, digest: Algorithm) -> (Ready, u64) {
    let Some(section) = root.need_section("ready") else {
        return (Ready::Quiet { quiet_ms: 0 }, WARN_AFTER_MS);
    };
    let ready = readiness(root, &section, digest);
    let warn_after_ms = section.number_in("warn_after_ms", 1_000..=604_800_000).map(i64::unsigned_abs);
    section.no_more();
    (ready, warn_after_ms.unwrap_or(WARN_AFTER_MS))
}

fn readiness(root: &Section<'_>, section: &Section<'_>, digest: Algorithm) -> Ready {
    let holds = section.choice("content", &HOLDS).unwrap_or(Holds::Words(MarkerContent::Empty));
    let (content, control) = match holds {
        Holds::Words(content) => (content, None),
        Holds::Control => (MarkerContent::Empty, control::read(section, digest, false)),
        Holds::Index => (MarkerContent::Empty, control::read(section, digest, true)),
    };
    if matches!(holds, Holds::Words(_)) && control::is_written(section) {
        section.fault("content", "must be control or index for lines, columns, separator or amount_decimals");
    }
    let pattern = match &control {
        // The name of an index need not tell data from marker, so it has rules of its own.
        Some(control) => controlled_name(section, control),
        None => marker_name(section, "marker"),
    };
    let quiet_ms = section.number_in("quiet_ms", 100..=86_400_000).map(i64::unsigned_abs);
    match (pattern, quiet_ms) {
        (Some(pattern), None) => Ready::Marker { pattern, content, control },
        (None, Some(quiet_ms)) => {
            if section.has("content") {
                section.fault("content", "belongs to a marker, and there is none");
            }
            Ready::Quiet { quiet_ms }
        }
        _ => {
            if section.has("marker") == section.has("quiet_ms") {
                root.fault("ready", "needs either marker = \"{name}.OK\" or quiet_ms = 10000");
            }
            Ready::Quiet { quiet_ms: 0 }
        }
    }
}

fn controlled_name(section: &Section<'_>, control: &Control) -> Option<String> {
    let text = section.text("marker")?;
    match MarkerRule::controlled(&text, control.clone()) {
        Ok(_) => Some(text),
        Err(error) => {
            section.fault("marker", error);
            None
        }
    }
}

/// `marker = "{name}.OK"` and `marker_content` of a file that fpp writes.
pub(super) fn marker(section: &Section<'_>) -> Option<MarkerOut> {
    let content = section.choice("marker_content", &CONTENTS);
    let Some(pattern) = marker_name(section, "marker") else {
        if content.is_some() && !section.has("marker") {
            section.fault("marker_content", "belongs to a marker, and there is none");
        }
        return None;
    };
    Some(MarkerOut { pattern, content: content.unwrap_or(MarkerContent::Empty) })
}

/// `receipt = "{name}.RCV"` of a file that fpp writes: no other file beside it may have that name.
pub(super) fn receipt(
    section: &Section<'_>,
    name: &str,
    checksums: &[DigestKind],
    marker: Option<&MarkerOut>,
) -> Option<String> {
    let receipt = marker_name(section, "receipt")?;
    let example = shortest(name)?;
    let found = filled(&receipt, &example)?;
    let own = checksums.iter().map(|kind| format!("{example}.{}", kind.name()));
    let own = own.chain([example.clone()]).chain(marker.and_then(|marker| filled(&marker.pattern, &example)));
    if let Some(same) = own.into_iter().find(|own| *own == found) {
        section.fault("receipt", format_args!("{same} is written by fpp itself; a receipt needs a name of its own"));
    }
    Some(receipt)
}

fn marker_name(section: &Section<'_>, key: &str) -> Option<String> {
    let text = section.text(key)?;
    match MarkerRule::new(&text, MarkerContent::Empty.into()) {
        Ok(_) => Some(text),
        Err(error) => {
            section.fault(key, error);
            None
        }
    }
}

/// `checksums = ["sha256", "sm3"]`.
pub(super) fn checksums(section: &Section<'_>) -> Vec<DigestKind> {
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

/// The shortest name that a template gives.
pub(super) fn shortest(template: &str) -> Option<String> {
    let known = Fields {
        date: Some("20250620".into()),
        batch: Some(1),
        run: Some(0),
        answer: Some(1),
        seq: Some(1),
        ..Fields::of_name("A")
    };
    NameTemplate::parse(template).ok()?.try_fill(&Fields { route: "r".into(), ..known }).ok()
}

/// The name of a marker or receipt of a file.
pub(super) fn filled(pattern: &str, name: &str) -> Option<String> {
    NameTemplate::parse(pattern).ok()?.try_fill(&Fields::of_name(name)).ok()
}

/// Whether a pattern takes a name, in any case where that does not count.
pub(super) fn takes(pattern: &str, name: &str, fold: bool) -> bool {
    NamePattern::parse(pattern)
        .is_ok_and(|pattern| if fold { pattern.folded() } else { pattern }.matches(name).is_some())
}

/// Whether a name is that of a marker, control file or index.
pub(super) fn marks(ready: &Ready, name: &str, fold: bool) -> bool {
    let Ready::Marker { pattern, control, .. } = ready else { return false };
    let rule = match control {
        Some(control) => MarkerRule::controlled(pattern, control.clone()),
        None => MarkerRule::new(pattern, MarkerContent::Empty.into()),
    };
    rule.is_ok_and(|rule| if fold { rule.folded() } else { rule }.looks_like(name))
}

/// A name that both patterns take, if filling one of them in gives such a name: enough to find `*.TXT` beside
/// `PMTRD_*.TXT`, not a proof that there is none.
pub(super) fn taken_by_both(one: &str, other: &str) -> Option<String> {
    let example = |pattern: &str| {
        let fields = Fields { date: Some("20250620".into()), batch: Some(1), run: Some(0), ..Fields::of_name("A.TXT") };
        NameTemplate::parse(&pattern.replace(['*', '?'], "X")).ok()?.try_fill(&fields).ok()
    };
    [one, other]
        .iter()
        .filter_map(|pattern| example(pattern))
        .find(|name| takes(one, name, false) && takes(other, name, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_patterns_are_found_by_a_name_that_both_take() {
        let narrow = "CORE_{date}_{batch:4}_{run:2}.TXT";
        assert_eq!(taken_by_both(narrow, "*.TXT").as_deref(), Some("CORE_20250620_0001_00.TXT"));
        assert_eq!(taken_by_both("*.TXT", narrow).as_deref(), Some("CORE_20250620_0001_00.TXT"));
        assert_eq!(taken_by_both(narrow, "COREG_{date}_{batch:4}_{run:2}.TXT"), None);
    }

    #[test]
    fn parts_are_found_with_and_without_their_width() {
        assert!(has("A_{batch:4}", "batch") && has("A_{batch}", "batch") && !has("A_{batches}", "batch"));
    }
}
