//! Reads one route file.

use super::answer::{Answer, Outlet};
use super::compile::{self, FormatFile};
use super::names::{self, DIGESTS};
use super::reading::Reader;
use super::route::{Binding, DayControl, Empty, IdentityRule, Policy, Route, SourceAction, Text, Texts, UnprovenTotal};
use super::words::DigestKind;
use fpp_codecs::format::{Format, Role};
use fpp_codecs::source::{Section, Source, SourceFault};
use std::path::{Path, PathBuf};

/// A route and what reading it found.
pub(super) struct Read {
    pub(super) route: Option<Route>,
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

fn route(path: &Path, root: &Section<'_>, reader: &mut Reader, known: &[String]) -> Option<Route> {
    let name = root.need_text("name");
    reader.check_name(root, "name", &name);
    let files = names::pattern(root, "files");
    let ready = names::ready(root);
    let spool = spool(root, known);
    let mut texts = Texts::default();
    let ccsid = root.text("ccsid");
    let (format_file, format) = format(root, ccsid.as_deref(), reader, &mut texts.format, &mut texts.layouts);
    let mapping_file = named_file(root, "mapping", reader, &mut texts.mapping);
    let instruments_file = named_file(root, "instruments", reader, &mut texts.instruments);
    let identity = identity(root, &files, format.as_ref());
    let answer = root.section("answer").map(|s| answer(&s, reader, known, &mut texts));
    let outlets = outlets(root, known);
    let days = [("none", DayControl::None), ("ledger", DayControl::Ledger)];
    let (policy, source) = (policy(root), source_action(root));
    let digest = root.choice("digest", &DIGESTS).unwrap_or(DigestKind::Sha256);
    let day = root.choice("day_control", &days).unwrap_or(DayControl::None);
    let file = path.to_owned();
    Some(Route {
        name,
        file,
        spool,
        page: format?.page,
        files,
        ready,
        format_file,
        ccsid,
        mapping_file,
        instruments_file,
        texts,
        identity,
        policy,
        source,
        digest,
        day,
        outlets,
        answer,
    })
}

/// `[[outlet]]`; without one, the stream alone.
fn outlets(root: &Section<'_>, spools: &[String]) -> Vec<Outlet> {
    let outlets: Vec<_> = root.sections("outlet").iter().filter_map(|s| outlet(s, spools)).collect();
    if root.has("outlet") { outlets } else { vec![Outlet::Stream] }
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

/// The file format that a section names, compiled.
fn format(
    section: &Section<'_>,
    ccsid: Option<&str>,
    reader: &mut Reader,
    text: &mut Text,
    layouts: &mut Vec<Text>,
) -> (PathBuf, Option<Format>) {
    let path = named_file(section, "format", reader, text);
    let page = ccsid.map(compile::page).transpose();
    if let Err(message) = &page {
        section.fault("ccsid", message);
    }
    if text.name.is_empty() {
        return (path, None);
    }
    match FormatFile::compile(&path, text.content.clone(), page.ok().flatten()) {
        Ok(mut file) => {
            reader.warnings.append(&mut file.warnings);
            *layouts = file.layouts;
            (path, Some(file.format))
        }
        Err(faults) => {
            reader.faults.extend(faults);
            (path, None)
        }
    }
}

fn identity(root: &Section<'_>, files: &str, format: Option<&Format>) -> IdentityRule {
    let Some(section) = root.section("identity") else {
        return IdentityRule::default();
    };
    let rule = IdentityRule {
        business_date: binding(&section, "business_date", "date", files, format),
        batch: binding(&section, "batch", "batch", files, format),
        run: binding(&section, "run", "run", files, format),
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

/// `"name"`, `"none"` or `"header:FIELD"`; what is named must be able to give it.
fn binding(section: &Section<'_>, key: &str, part: &str, files: &str, format: Option<&Format>) -> Option<Binding> {
    let text = section.text(key)?;
    match text.split_once(':') {
        Some(("header", field)) if !field.is_empty() => {
            let header = format.map(|f| f.record(Role::Header));
            match header {
                Some(None) => section.fault(key, "the format has no header record"),
                Some(Some(header)) if header.field(field).is_none() => {
                    section.fault(key, format_args!("the header {} has no field `{field}`", header.layout.name));
                }
                _ => {}
            }
            Some(Binding::Header(field.to_owned()))
        }
        None if text == "name" => {
            if !names::has(files, part) {
                section
                    .fault(key, format_args!("the names `{files}` cannot give it: write {{{part}}} where it stands"));
            }
            Some(Binding::Name)
        }
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

fn outlet(section: &Section<'_>, spools: &[String]) -> Option<Outlet> {
    let kind = section.choice("kind", &[("stream", false), ("file", true)]);
    if !section.has("kind") {
        section.fault("kind", "is missing; stream or file is needed");
    }
    let outlet = match kind? {
        false => Outlet::Stream,
        true => {
            let (name, spool) = (names::template(section, "name"), spool(section, spools));
            let required = section.flag("required").unwrap_or(true);
            let masked = section.choice("sensitive", &[("clear", false), ("masked", true)]).unwrap_or(true);
            let (checksums, marker) = (names::checksums(section), names::marker(section));
            section.no_more();
            Outlet::File { spool, name, required, masked, checksums, marker }
        }
    };
    section.no_more();
    Some(outlet)
}

fn answer(section: &Section<'_>, reader: &mut Reader, spools: &[String], texts: &mut Texts) -> Answer {
    let (mut format_text, mut mapping_text) = (Text::default(), Text::default());
    let ccsid = section.text("ccsid");
    let (format_file, _) = format(section, ccsid.as_deref(), reader, &mut format_text, &mut texts.answer_layouts);
    let mapping_file = named_file(section, "mapping", reader, &mut mapping_text);
    texts.answer_format = Some(format_text);
    texts.answer_mapping = Some(mapping_text);
    let name = names::template(section, "name");
    if !name.is_empty() && !names::has(&name, "answer") {
        section.fault("name", "needs {answer}, so that a second answer gets another name");
    }
    let spool = spool(section, spools);
    let (checksums, marker) = (names::checksums(section), names::marker(section));
    let orgdig = section.choice("orgdig", &DIGESTS).unwrap_or(DigestKind::Sha256);
    section.no_more();
    Answer { spool, name, format_file, ccsid, mapping_file, checksums, marker, orgdig }
}
