//! Reads one route file.

use super::answer::{Answer, MarkerOut, Outlet};
use super::reading::Reader;
use super::route::{
    Binding, DayControl, DigestKind, Empty, IdentityRule, MarkerContent, Policy, Ready, Retry, Route, SourceAction,
    Text, Texts, UnprovenTotal,
};
use fpp_codecs::source::{Section, Source, SourceFault};
use std::path::{Path, PathBuf};

const DIGESTS: [(&str, DigestKind); 2] = [("sha256", DigestKind::Sha256), ("sm3", DigestKind::Sm3)];
const CONTENTS: [(&str, MarkerContent); 3] =
    [("empty", MarkerContent::Empty), ("size", MarkerContent::Size), ("size-digest", MarkerContent::SizeAndDigest)];

/// A route and what reading it found.
pub(super) struct Read {
    pub(super) route: Route,
    pub(super) faults: Vec<SourceFault>,
    pub(super) warnings: Vec<SourceFault>,
}

/// Reads a route file; `spools` are the names that may be used.
pub(super) fn read(path: &Path, text: &str, spools: &[String]) -> Read {
    let source = Source::new(path.display().to_string(), text);
    let mut reader = Reader::new(path, text);
    let root = source.root();
    let route = route(path, &root, &mut reader, spools);
    root.no_more();
    drop(root);
    let mut faults = source.finish();
    faults.append(&mut reader.faults);
    Read { route, faults, warnings: reader.warnings }
}

fn route(path: &Path, root: &Section<'_>, reader: &mut Reader, spools: &[String]) -> Route {
    let name = root.need_text("name");
    reader.check_name(root, "name", &name);
    let mut texts = Texts::default();
    let format_file = named_file(root, "format", reader, &mut texts.format);
    let mapping_file = named_file(root, "mapping", reader, &mut texts.mapping);
    let instruments_file = named_file(root, "instruments", reader, &mut texts.instruments);
    let answer = root.section("answer").map(|s| answer(&s, reader, spools, &mut texts));
    let mut outlets: Vec<_> = root.sections("outlet").iter().filter_map(|s| outlet(s, spools)).collect();
    if !root.has("outlet") {
        outlets.push(Outlet::Stream);
    }
    Route {
        name,
        file: path.to_owned(),
        spool: spool(root, spools),
        files: root.need_text("files"),
        ready: ready(root),
        format_file,
        ccsid: root.text("ccsid"),
        mapping_file,
        instruments_file,
        texts,
        identity: identity(root),
        policy: policy(root),
        source: source_action(root),
        digest: root.choice("digest", &DIGESTS).unwrap_or(DigestKind::Sha256),
        retry: retry(root),
        day: root
            .choice("day_control", &[("none", DayControl::None), ("ledger", DayControl::Ledger)])
            .unwrap_or(DayControl::None),
        taken_within_s: root.number_in("taken_within_s", 1..=31_536_000).map(i64::unsigned_abs),
        two_persons: root.flag("two_persons").unwrap_or(false),
        outlets,
        answer,
    }
}

/// A spool named by the section's key `spool`.
fn spool(section: &Section<'_>, spools: &[String]) -> String {
    let name = section.need_text("spool");
    if !name.is_empty() && !spools.contains(&name) {
        let known = if spools.is_empty() { "none".to_owned() } else { spools.join(", ") };
        section.fault("spool", format_args!("there is no spool `{name}`; known: {known}"));
    }
    name
}

fn named_file(section: &Section<'_>, key: &str, reader: &Reader, text: &mut Text) -> PathBuf {
    let written = section.need_text(key);
    if written.is_empty() {
        return PathBuf::new();
    }
    let path = reader.path(&written);
    if let Some((_, content)) = reader.read_named(section, key) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        *text = Text { name, content };
    }
    path
}

fn ready(root: &Section<'_>) -> Ready {
    let quiet = Ready::Quiet { quiet_ms: 10_000 };
    let Some(section) = root.need_section("ready") else {
        return quiet;
    };
    let pattern = section.text("marker");
    let content = section.choice("content", &CONTENTS);
    let quiet_ms = section.number_in("quiet_ms", 100..=86_400_000).map(i64::unsigned_abs);
    section.no_more();
    match (pattern, quiet_ms) {
        (Some(pattern), None) => Ready::Marker { pattern, content: content.unwrap_or(MarkerContent::Empty) },
        (None, Some(quiet_ms)) => Ready::Quiet { quiet_ms },
        _ => {
            root.fault("ready", "needs either marker = \"{name}.OK\" or quiet_ms = 10000");
            quiet
        }
    }
}

fn identity(root: &Section<'_>) -> IdentityRule {
    let Some(section) = root.section("identity") else {
        return IdentityRule::default();
    };
    let rule = IdentityRule {
        business_date: binding(&section, "business_date"),
        batch: binding(&section, "batch"),
        run: binding(&section, "run"),
    };
    if rule.business_date.is_none() && (rule.batch.is_some() || rule.run.is_some()) {
        section.fault("business_date", "batch and run count within a business date: say where it is found");
    }
    if rule.run.is_some() && rule.batch.is_none() {
        section.fault("batch", "run counts within a batch: say where the batch is found");
    }
    section.no_more();
    rule
}

/// `"name"`, `"none"` or `"header:FIELD"`.
fn binding(section: &Section<'_>, key: &str) -> Option<Binding> {
    let text = section.text(key)?;
    match text.split_once(':') {
        Some(("header", field)) if !field.is_empty() => Some(Binding::Header(field.to_owned())),
        None if text == "name" => Some(Binding::Name),
        None if text == "none" => None,
        _ => {
            section.fault(key, format_args!("`{text}` is not one of: header:FIELD, name, none"));
            None
        }
    }
}

fn policy(root: &Section<'_>) -> Policy {
    let mut policy =
        Policy { partial: false, unproven_total: UnprovenTotal::Reject, empty: Empty::Reject, reject_max: 10_000 };
    let Some(section) = root.section("policy") else {
        return policy;
    };
    policy.partial = section.choice("records", &[("strict", false), ("partial", true)]).unwrap_or(false);
    let unproven =
        [("reject", UnprovenTotal::Reject), ("hold", UnprovenTotal::Hold), ("accept", UnprovenTotal::Accept)];
    policy.unproven_total = section.choice("unproven_total", &unproven).unwrap_or(policy.unproven_total);
    policy.empty =
        section.choice("empty", &[("reject", Empty::Reject), ("accept", Empty::Accept)]).unwrap_or(policy.empty);
    if let Some(max) = section.number_in("reject_max", 0..=1_000_000) {
        policy.reject_max = max.unsigned_abs();
    }
    section.no_more();
    policy
}

fn source_action(root: &Section<'_>) -> SourceAction {
    let words = [("leave", 0), ("delete", 1), ("move", 2)];
    let chosen = root.choice("source", &words);
    let folder = root.text("move_to");
    match (chosen, folder) {
        (Some(2), Some(subfolder)) => {
            if subfolder.is_empty() || subfolder.starts_with('.') || subfolder.contains('/') {
                root.fault("move_to", "must be the plain name of a folder below the spool, not hidden");
            }
            SourceAction::Move { subfolder }
        }
        (Some(2), None) => {
            root.fault("source", "move needs move_to = \"FOLDER\"");
            SourceAction::Leave
        }
        (other, folder) => {
            if folder.is_some() {
                root.fault("move_to", "belongs to source = \"move\"");
            }
            if other == Some(1) { SourceAction::Delete } else { SourceAction::Leave }
        }
    }
}

fn retry(root: &Section<'_>) -> Retry {
    let mut retry = Retry { first_ms: 1_000, longest_ms: 300_000 };
    if let Some(section) = root.section("retry") {
        if let Some(first) = section.number_in("first_ms", 10..=3_600_000) {
            retry.first_ms = first.unsigned_abs();
        }
        if let Some(longest) = section.number_in("longest_ms", 10..=86_400_000) {
            retry.longest_ms = longest.unsigned_abs();
        }
        if retry.longest_ms < retry.first_ms {
            section.fault("longest_ms", "is shorter than first_ms");
        }
        section.no_more();
    }
    retry
}

fn outlet(section: &Section<'_>, spools: &[String]) -> Option<Outlet> {
    let kind = section.choice("kind", &[("stream", false), ("file", true)]);
    if !section.has("kind") {
        section.fault("kind", "is missing; stream or file is needed");
    }
    let outlet = match kind? {
        false => Outlet::Stream,
        true => Outlet::File {
            spool: spool(section, spools),
            name: section.need_text("name"),
            required: section.flag("required").unwrap_or(true),
            masked: section.choice("sensitive", &[("clear", false), ("masked", true)]).unwrap_or(true),
            checksums: checksums(section),
            marker: marker(section),
        },
    };
    section.no_more();
    Some(outlet)
}

fn answer(section: &Section<'_>, reader: &Reader, spools: &[String], texts: &mut Texts) -> Answer {
    let mut format = Text::default();
    let mut mapping = Text::default();
    let name = section.need_text("name");
    if !name.is_empty() && !name.contains("{answer}") {
        section.fault("name", "needs {answer}, so that a second answer gets another name");
    }
    let answer = Answer {
        spool: spool(section, spools),
        name,
        format_file: named_file(section, "format", reader, &mut format),
        ccsid: section.text("ccsid"),
        mapping_file: named_file(section, "mapping", reader, &mut mapping),
        checksums: checksums(section),
        marker: marker(section),
        orgdig: section.choice("orgdig", &DIGESTS).unwrap_or(DigestKind::Sha256),
    };
    texts.answer_format = Some(format);
    texts.answer_mapping = Some(mapping);
    section.no_more();
    answer
}

fn checksums(section: &Section<'_>) -> Vec<DigestKind> {
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

fn marker(section: &Section<'_>) -> Option<MarkerOut> {
    let pattern = section.text("marker");
    let content = section.choice("marker_content", &CONTENTS);
    let Some(pattern) = pattern else {
        if content.is_some() {
            section.fault("marker_content", "belongs to a marker, and there is none");
        }
        return None;
    };
    if !pattern.contains("{name}") && !pattern.contains("{stem}") {
        section.fault("marker", "needs {name} or {stem}, so that it belongs to one file");
    }
    Some(MarkerOut { pattern, content: content.unwrap_or(MarkerContent::Empty) })
}
