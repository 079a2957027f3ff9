//! Layouts as verbs take them, and how their fields are named for people.

use super::exit::Failure;
use super::output::note;
use crate::settings::{self, FormatFile, LayoutFile};
use clap::Args;
use fpp_codecs::format::{Format, RecordFormat, Role, leaves_framing_open};
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::text::Page;
use std::path::PathBuf;

/// The layout a verb works with.
#[derive(Debug, Args)]
pub(super) struct LayoutArg {
    /// File format or layout in TOML, DDS source (.dds, .pf, .lf), outfile of DSPFFD (.csv), or copybook (.cpy)
    #[arg(value_name = "LAYOUT")]
    pub(super) layout: PathBuf,
    #[command(flatten)]
    pub(super) page: PageArg,
    /// How the file is cut, instead of the layout's own: rdw, rdw,little, vb, lines,crlf, fixed,length=80 ...
    #[arg(long, value_name = "WORDS")]
    pub(super) framing: Option<String>,
}

/// A code page instead of the layout's own.
#[derive(Debug, Args)]
pub(super) struct PageArg {
    /// Code page instead of the layout's own: 1388, 935, gbk, gb18030-2022, 37, utf-8 ...
    #[arg(long, value_name = "CCSID")]
    pub(super) ccsid: Option<String>,
    /// One more folder for the files that DDS refers to (REF, PFILE ...); they are looked for beside the layout first
    #[arg(long, value_name = "FOLDER")]
    pub(super) refs: Vec<PathBuf>,
}

impl LayoutArg {
    /// Reads and compiles it; warnings go to stderr.
    pub(super) fn open(&self) -> Result<Format, Failure> {
        self.page.open(&self.layout, self.framing.as_deref())
    }
}

impl PageArg {
    /// Reads and compiles a layout with this page, and cut otherwise than it says if `framing` does; warnings go to stderr.
    pub(super) fn open(&self, layout: &std::path::Path, framing: Option<&str>) -> Result<Format, Failure> {
        let page = self.page()?;
        let file = FormatFile::read(layout, page, &self.refs).map_err(|faults| Failure::faults(&faults))?;
        for warning in file.warnings.iter().filter(|warning| framing.is_none() || !leaves_framing_open(warning)) {
            note(format_args!("warning: {warning}"));
        }
        let mut format = file.format;
        if let Some(words) = framing {
            format.reframe(words).map_err(|what| Failure::usage(format!("--framing: {what}")))?;
        }
        Ok(format)
    }

    /// Reads every layout of a source with this page; warnings go to stderr.
    pub(super) fn open_all(&self, layout: &std::path::Path) -> Result<LayoutFile, Failure> {
        let file = LayoutFile::read(layout, self.page()?, &self.refs).map_err(|faults| Failure::faults(&faults))?;
        for warning in &file.warnings {
            note(format_args!("warning: {warning}"));
        }
        Ok(file)
    }

    /// The page, if one is said.
    pub(super) fn page(&self) -> Result<Option<Page>, Failure> {
        let named = self.ccsid.as_deref().map(settings::page).transpose();
        named.map_err(|message| Failure::usage(format!("--ccsid: {message}")))
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

/// Upper-case hex.
pub(super) fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(between)
}
