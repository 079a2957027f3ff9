//! Reads one route file.

use super::answer::{Answer, Outlet};
use super::compile::{self, FormatFile};
use super::names::{self, DIGESTS};
use super::reading::Reader;
use super::route::{DayControl, FileTexts, Route, Text, Texts};
use super::words::{DigestKind, second_person};
use super::{file_form, outlet, pushed, rules, series, source};
use crate::inbound::route::FileForm;
use crate::trade::calendar::Calendar;
use fpp_codecs::format::Format;
use fpp_codecs::source::{Section, Source, SourceFault};
use fpp_spool::Algorithm;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A route and what reading it found.
pub(super) struct Read {
    pub(super) route: Option<Route>,
    pub(super) faults: Vec<SourceFault>,
    pub(super) warnings: Vec<SourceFault>,
}

/// Reads a route file; `spools` are the names that may be used.
pub(super) fn read(path: &Path, text: &str, spools: &[String], calendars: &[Arc<Calendar>]) -> Read {
    let source = Source::new(path.display().to_string(), text);
    let mut reader = Reader::new(path, text);
    let root = source.root();
    let route = route(path, &root, &mut reader, spools, calendars);
    root.no_more();
    drop(root);
    let mut faults = source.finish();
    faults.append(&mut reader.faults);
    Read { route, faults, warnings: reader.warnings }
}

fn route(
    path: &Path,
    root: &Section<'_>,
    reader: &mut Reader,
    known: &[String],
    calendars: &[Arc<Calendar>],
) -> Option<Route> {
    let name = root.need_text("name");
    reader.check_name(root, "name", &name);
    let files = names::pattern(root, "files");
    let digest = root.choice("digest", &names::STATED).unwrap_or(Algorithm::Sha256);
    let (ready, warn_after_ms) = names::ready(root, digest);
    let spool = spool(root, known);
    let mut texts = Texts::default();
    let ccsid = root.text("ccsid");
    let (format_file, format) = format(root, ccsid.as_deref(), reader, &mut texts.format, &mut texts.layouts);
    let mapping_file = named_file(root, "mapping", reader, &mut texts.mapping);
    let instruments_file = named_file(root, "instruments", reader, &mut texts.instruments);
    let mut rules = rules::read(root, &name, &files, format.as_ref());
    let answer = root.section("answer").map(|s| answer(&s, reader, known, &mut texts));
    if let Some(answer) = &answer {
        rules.answer_digest = rules::answer_digest(answer.orgdig);
    }
    let outlets = outlets(root, reader, known, &mut texts);
    file_form::whole_files_only(root, &rules);
    let days = [("none", DayControl::None), ("ledger", DayControl::Ledger), ("calendar", DayControl::Calendar)];
    let source = source::action(root);
    let day = root.choice("day_control", &days).unwrap_or(DayControl::None);
    let series = series::read(root, calendars, day, &rules.identity);
    let file = path.to_owned();
    let second_person = second_person(root);
    Some(Route {
        name,
        file,
        spool,
        page: format?.page,
        files,
        ready,
        warn_after_ms,
        format_file,
        ccsid,
        mapping_file,
        instruments_file,
        texts,
        rules,
        source,
        digest,
        day,
        second_person,
        series,
        outlets,
        answer,
    })
}

/// `[[outlet]]`; without one, the stream alone.
fn outlets(root: &Section<'_>, reader: &mut Reader, spools: &[String], texts: &mut Texts) -> Vec<Outlet> {
    let sections = root.sections("outlet");
    let outlets: Vec<_> = sections.iter().filter_map(|s| outlet_of(s, reader, spools, texts)).collect();
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
        let name = portable_name(&path);
        *text = Text { name, content };
    }
    path
}

/// File name with its last folder: the same on every machine, and still telling `layouts/` from `events/`.
fn portable_name(path: &Path) -> String {
    let part = |p: Option<&std::ffi::OsStr>| p.map(|n| n.to_string_lossy().into_owned());
    match (part(path.parent().and_then(Path::file_name)), part(path.file_name())) {
        (Some(folder), Some(name)) => format!("{folder}/{name}"),
        (_, name) => name.unwrap_or_default(),
    }
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

/// Kinds of outlets.
#[derive(Clone, Copy)]
enum Kind {
    Stream,
    File,
    /// One of the node's.
    Pushed(&'static str),
}

fn outlet_of(section: &Section<'_>, reader: &mut Reader, spools: &[String], texts: &mut Texts) -> Option<Outlet> {
    let own = [("stream", Kind::Stream), ("file", Kind::File)];
    let words: Vec<_> = own.into_iter().chain(outlet::kinds().map(|word| (word, Kind::Pushed(word)))).collect();
    let kind = section.choice("kind", &words);
    if !section.has("kind") {
        section.fault("kind", "is missing; stream, file, or the kind of one of the node's outlets is needed");
    }
    let outlet = match kind? {
        Kind::Stream => Outlet::Stream,
        Kind::Pushed(word) => pushed::of_route(section, word),
        Kind::File => {
            let (name, spool) = (names::template(section, "name"), spool(section, spools));
            let required = section.flag("required").unwrap_or(true);
            let masked = section.choice("sensitive", &[("clear", false), ("masked", true)]).unwrap_or(true);
            let (checksums, marker) = (names::checksums(section), names::marker(section));
            let receipt = names::receipt(section, &name, &checksums, marker.as_ref());
            let run_after = section.text("run_after");
            let form = file_form::read(section, masked);
            if form == FileForm::Records {
                texts.files.push(file_texts(section, reader, &spool));
            }
            section.no_more();
            Outlet::File { spool, form, name, required, masked, checksums, marker, receipt, run_after }
        }
    };
    section.no_more();
    Some(outlet)
}

/// The layout that a file goes on in.
fn file_texts(section: &Section<'_>, reader: &mut Reader, spool: &str) -> FileTexts {
    let mut texts = FileTexts { spool: spool.to_owned(), ccsid: section.text("ccsid"), ..FileTexts::default() };
    (texts.path, _) = format(section, texts.ccsid.as_deref(), reader, &mut texts.format, &mut texts.layouts);
    texts.rules = file_form::rules(section);
    texts
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
    let receipt = names::receipt(section, &name, &checksums, marker.as_ref());
    let orgdig = section.choice("orgdig", &DIGESTS).unwrap_or(DigestKind::Sha256);
    let run_after = section.text("run_after");
    let held_after_ms = section.number_in("held_after_ms", 1_000..=604_800_000);
    section.no_more();
    Answer {
        spool,
        name,
        format_file,
        ccsid,
        mapping_file,
        checksums,
        marker,
        receipt,
        orgdig,
        run_after,
        held_after_ms,
    }
}
