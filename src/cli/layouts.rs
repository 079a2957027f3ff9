//! Layouts as verbs take them, and how their fields are named for people.

use super::exit::Failure;
use super::output::note;
use crate::settings::{self, FormatFile, LayoutFile};
use clap::Args;
use fpp_codecs::format::{Asked, Format, RecordFormat, Role, leaves_framing_open};
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::text::Page;
use std::path::{Path, PathBuf};

/// The layout by which a verb reads or writes a file.
#[derive(Debug, Args)]
pub(super) struct LayoutArg {
    /// File format or layout in TOML, DDS source (.dds, .pf, .lf), outfile of DSPFFD (.csv), or copybook (.cpy)
    #[arg(value_name = "LAYOUT")]
    pub(super) layout: PathBuf,
    #[command(flatten)]
    pub(super) page: PageArg,
    /// How the file is cut, instead of the layout's own: rdw, rdw,little, vb, lines,crlf, by-layout, fixed,length=80 ...;
    /// docs/layouts.md has every word
    #[arg(long, value_name = "WORDS")]
    pub(super) framing: Option<String>,
}

/// How a layout is read: what it leaves open, or another code page than its own.
#[derive(Debug, Args)]
pub(super) struct PageArg {
    /// Code page instead of the layout's own: 1388, 935, gbk, gb18030-2022, 37, utf-8 ...
    #[arg(long, value_name = "CCSID")]
    pub(super) ccsid: Option<String>,
    /// One more folder for what a layout refers to (REF, PFILE, COPY ...); it is looked for beside the layout first
    #[arg(long, value_name = "FOLDER")]
    pub(super) refs: Vec<PathBuf>,
    /// How a copybook is read, where nothing else says it: free or fixed; z-os, ibm-i, gnucobol or micro-focus, whose
    /// rules decide the bytes of COMP; decimal-comma; debug-lines; record=NAME, where it has several and the file's are all of that one
    #[arg(long, value_name = "WORDS")]
    pub(super) copybook: Option<String>,
}

impl LayoutArg {
    /// Reads and compiles it, of a copybook with several records the one that is named; warnings go to stderr.
    pub(super) fn open(&self, name: Option<&str>) -> Result<Format, Failure> {
        self.page.open(&self.layout, self.framing.as_deref(), name)
    }
}

impl PageArg {
    /// Reads and compiles a layout with this page, and cut otherwise than it says if `framing` does; warnings go to stderr.
    pub(super) fn open(&self, layout: &Path, framing: Option<&str>, name: Option<&str>) -> Result<Format, Failure> {
        let asked = self.asked()?.with_record(name);
        let page = asked.page;
        let file = FormatFile::read(layout, asked, &self.refs).map_err(|faults| Failure::faults(&faults))?;
        for warning in file.warnings.iter().filter(|warning| framing.is_none() || !leaves_framing_open(warning)) {
            note(format_args!("warning: {warning}"));
        }
        if page.is_none() && leaves_page_open(layout, &file) {
            let own = file.format.page.name();
            note(format_args!("note: no code page is named; text is read in CCSID {own}; --ccsid names another"));
        }
        let mut format = file.format;
        for (page, fields) in page.map_or_else(Vec::new, |page| kept(&format, page)) {
            note(format_args!("note: {fields} code page {}, whatever --ccsid says", page.name()));
        }
        if let Some((page, fields)) = page.and_then(|page| Some((page, single(&format)?))) {
            note(format_args!(
                "note: {fields} of a type for double-byte text, of which code page {} has none; without --ccsid a field \
                 is read in the page that its layout names",
                page.name()
            ));
        }
        if let Some(words) = framing {
            format.reframe(words).map_err(|what| Failure::usage(format!("--framing: {what}")))?;
        }
        Ok(format)
    }

    /// Reads every layout of a source with this page; warnings go to stderr.
    pub(super) fn open_all(&self, layout: &Path) -> Result<LayoutFile, Failure> {
        let file = LayoutFile::read(layout, self.asked()?, &self.refs).map_err(|faults| Failure::faults(&faults))?;
        for warning in &file.warnings {
            note(format_args!("warning: {warning}"));
        }
        Ok(file)
    }

    /// Whether a layout is a copybook by its name.
    pub(super) fn is_copybook(&self, layout: &Path) -> bool {
        Format::is_copybook(&layout.to_string_lossy())
    }

    /// What is said, checked.
    pub(super) fn asked(&self) -> Result<Asked, Failure> {
        if let Some(folder) = self.refs.iter().find(|folder| !folder.is_dir()) {
            return Err(Failure::usage(format!("--refs: {} is not a folder", folder.display())));
        }
        let page = self.ccsid.as_deref().map(settings::page).transpose();
        let page = page.map_err(|message| Failure::usage(format!("--ccsid: {message}")))?;
        let asked = Asked::from(page);
        let words = self.copybook.as_deref().unwrap_or_default();
        asked.with_copybook(words).map_err(|what| Failure::usage(format!("--copybook: {what}")))
    }
}

/// Whether a layout has text, and says as little of its code page as COBOL does, or DDS without CCSID.
fn leaves_page_open(layout: &Path, file: &FormatFile) -> bool {
    let ending = layout.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let named = match ending.as_deref() {
        None | Some("toml" | "csv") => true,
        _ => file.text.to_ascii_uppercase().contains("CCSID"),
    };
    let fields = file.format.records.iter().flat_map(|record| &record.layout.fields);
    !named && fields.into_iter().any(|f| f.kind.is_text() && f.page.is_none_or(|page| page == file.format.page))
}

/// Fields that are in another page than the one asked for, in words, by page.
fn kept(format: &Format, asked: Page) -> Vec<(Page, String)> {
    let mut kept: Vec<(Page, Vec<&str>)> = Vec::new();
    for field in format.records.iter().flat_map(|record| &record.layout.fields) {
        let Some(page) = field.page.filter(|page| *page != asked) else { continue };
        match kept.iter_mut().find(|(known, _)| *known == page) {
            Some((_, names)) => names.push(&field.name),
            None => kept.push((page, vec![&field.name])),
        }
    }
    kept.into_iter().map(|(page, names)| (page, together(&names, "keeps", "keep"))).collect()
}

/// Fields for double-byte text whose page has single bytes only, in words.
fn single(format: &Format) -> Option<String> {
    let kinds = |field: &&Field| matches!(field.kind, Kind::Open | Kind::Only | Kind::Either | Kind::Graphic);
    let fields = format.records.iter().flat_map(|record| &record.layout.fields);
    let lost = |field: &&Field| field.page.unwrap_or(format.page).is_single();
    let names: Vec<&str> = fields.filter(kinds).filter(lost).map(|field| field.name.as_str()).collect();
    (!names.is_empty()).then(|| together(&names, "is", "are"))
}

fn together(names: &[&str], one: &str, many: &str) -> String {
    match names {
        [name] => format!("{name} {one}"),
        [name, other] => format!("{name} and {other} {many}"),
        _ => format!("{}, {} and {} other fields {many}", names[0], names[1], names.len() - 2),
    }
}

/// `A`, `O`, `P` ...: the letter DDS uses, `N` for numbers written as text.
pub(super) fn letter(kind: Kind) -> &'static str {
    match kind {
        Kind::Char => "A",
        Kind::Open => "O",
        Kind::Only => "J",
        Kind::Either => "E",
        Kind::Graphic => "G",
        Kind::Hex => "H",
        Kind::Packed { .. } => "P",
        Kind::Zoned { .. } => "S",
        Kind::Binary { .. } => "B",
        Kind::Float { .. } => "F",
        Kind::Date(_) => "L",
        Kind::Time(_) => "T",
        Kind::Timestamp { .. } => "Z",
        Kind::Number { .. } => "N",
        Kind::Comp6 { .. } => "COMP-6",
        Kind::DecFloat { .. } => "DECFLOAT",
        Kind::Edited { .. } => "edited",
        Kind::NumberText { .. } => "text number",
    }
}

/// Text, else heading.
pub(super) fn description(field: &Field) -> &str {
    if field.text.is_empty() { &field.heading } else { &field.text }
}

/// `header`, `detail`, `trailer`.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Header => "header",
        Role::Detail => "detail",
        Role::Trailer => "trailer",
    }
}

/// `byte 1 = C4`, a condition as it is written, or `any record`.
pub(super) fn selector(format: &RecordFormat) -> String {
    if let Some(condition) = &format.selector.condition {
        return condition.text().to_owned();
    }
    if format.selector.bytes.is_empty() {
        return "any record".to_owned();
    }
    format!("byte {} = {}", format.selector.at + 1, hex(&format.selector.bytes, " "))
}

/// A word of a command as a shell takes it: one that is not plain stands in quotes.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./,=:+@%^".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Upper-case hex.
pub(super) fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(between)
}
