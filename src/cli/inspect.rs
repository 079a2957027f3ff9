//! `fpp inspect`: one record, byte by byte: hex, characters and values side by side, faults marked.

use super::dump::{Mask, Shown};
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::kept::Kept;
use super::layouts::{PageArg, role};
use super::output::{Align, Output, Table, note};
use super::streams::Input;
use clap::Args;
use fpp_codecs::format::{Format, RecordFormat};
use fpp_codecs::framing::{CutError, Cutter, Misframed, Place, beginning};
use fpp_codecs::record::{Cell, Row};
use fpp_codecs::text::Page;
use serde_json::json;
use std::io::Read;
use std::path::PathBuf;

/// Bytes that are shown where no record can be cut.
const UNCUT_BYTES: u64 = 128;

/// Look at one record: hex, characters and fields side by side, faults marked.
///
/// Sensitive fields are masked unless --clear is given. Where the layout marks no field as sensitive, as DDS source never
/// does, all text is masked, and so is a record that no layout fits. Bytes count from 1, as IBM i counts.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp inspect config/layouts/pmtrd.toml PMTRD.TXT --record 17\n  \
                        fpp inspect --transfer 01JY3V8Q5TZ6QX2M4N7P9RSTVW --record 17 --clear")]
pub(super) struct Inspect {
    /// File format or layout in TOML, DDS source (.dds, .pf, .lf), outfile of DSPFFD (.csv), or copybook (.cpy)
    #[arg(value_name = "LAYOUT", required_unless_present = "transfer", conflicts_with = "transfer")]
    layout: Option<PathBuf>,
    /// File, or - for stdin
    #[arg(value_name = "FILE", required_unless_present = "transfer")]
    file: Option<PathBuf>,
    /// A transfer's file in the vault, with the layout it was judged by
    #[arg(long, value_name = "ID")]
    transfer: Option<String>,
    /// Record number, from 1
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    record: u64,
    /// Show everything, sensitive fields too
    #[arg(long)]
    clear: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    page: PageArg,
    /// How the file is cut, instead of the layout's own, as for decode: rdw, vb, lines,crlf, by-layout, fixed,length=80 ...
    #[arg(long, value_name = "WORDS", conflicts_with = "transfer")]
    framing: Option<String>,
}

impl Inspect {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        if let Some(id) = &self.transfer {
            let settings = global.settings()?;
            let kept = wait(Kept::open(&settings, id))?;
            let start = kept.plan.format.framing.place(&[], 1, self.record);
            let start = start.behind_mark(&kept.plan.format, || beginning(kept.content.reader_at(0)));
            let start = start.map_err(|e| Failure::file("read", &kept.name, &e))?;
            let at = |offset| Some(Box::new(kept.content.reader_at(offset)) as Box<dyn Read>);
            return self.show(&kept.plan.format, kept.content.reader_at(start.offset), start, &kept.name, &at, out);
        }
        let (Some(layout), Some(path)) = (&self.layout, &self.file) else {
            return Err(Failure::usage("LAYOUT and FILE are needed, or --transfer ID"));
        };
        let format = self.page.open(layout, self.framing.as_deref(), None)?;
        let mut input = Input::open(path)?;
        let start = input.seek(&format, self.record)?;
        let at = |offset| Input::open(path).ok()?.from(offset);
        self.show(&format, input.reader, start, &input.name, &at, out)
    }

    /// Shows the record from a stream that stands at `start`; `at` gives the bytes from another place on, if it can.
    fn show(
        &self,
        format: &Format,
        input: impl Read,
        start: Place,
        name: &str,
        at: &dyn Fn(u64) -> Option<Box<dyn Read>>,
        out: &mut Output,
    ) -> Result<Exit, Failure> {
        let mut cutter = Cutter::of(format, input).starting(start);
        let mut last = start.n.saturating_sub(1);
        loop {
            let cut = match cutter.next() {
                Ok(cut) => cut,
                Err(error) => {
                    match &error {
                        CutError::Frame(frame) => self.uncut(format, frame, name, at(frame.offset), out)?,
                        CutError::Io(error) => return Err(Failure::file("read", name, error)),
                    }
                    return Err(Failure { exit: Exit::FileRefused, message: format!("{name}: {error}") });
                }
            };
            let Some(cut) = cut else {
                return Err(Failure::usage(if start.offset > 0 {
                    format!("{name} has no record {}", self.record)
                } else {
                    format!("{name} has no record {}; the last is {last}", self.record)
                }));
            };
            if cut.n == self.record {
                return self.print(format, cut.offset, cut.bytes, name, out);
            }
            last = cut.n;
        }
    }

    /// Shows the bytes at which no record can be cut.
    fn uncut(
        &self,
        format: &Format,
        frame: &Misframed,
        name: &str,
        bytes: Option<Box<dyn Read>>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        let mut found = Vec::new();
        let read = bytes.is_some_and(|bytes| bytes.take(UNCUT_BYTES).read_to_end(&mut found).is_ok());
        if read {
            out.line(format_args!("{name}: record {} cannot be cut; from byte {} on:", frame.n, frame.offset + 1))?;
            for (at, hex, characters) in Shown::whole(&found, format.page, self.clear).lines() {
                out.line(format_args!("{at:>5}  {hex:<47}  {characters}"))?;
            }
            if !self.clear {
                note("nobody can tell what is sensitive in it: masked; --clear shows it, with what frames the record");
            }
        }
        Ok(())
    }

    fn print(&self, format: &Format, offset: u64, bytes: &[u8], name: &str, out: &mut Output) -> Result<Exit, Failure> {
        let Some(index) = format.select(bytes) else {
            out.line(format_args!("{name}: record {}: no layout fits (FPP1017)", self.record))?;
            let shown = Shown::whole(bytes, format.page, self.clear);
            for (at, hex, characters) in shown.lines() {
                out.line(format_args!("{at:>5}  {hex:<47}  {characters}"))?;
            }
            if !self.clear {
                note("nobody can tell what is sensitive in it: masked; --clear shows it");
            }
            return Ok(Exit::RecordsRefused);
        };
        let record = &format.records[index];
        let mut row = Row::default();
        record.decode(bytes, &mut row);
        let mask = Mask::of(format, self.clear);
        let fields = fields(record, bytes, &row, format.page, mask);
        if mask == Mask::Text {
            note("the layout marks no field as sensitive: all text is masked; --clear shows it");
        }
        if self.json {
            let fields: Vec<_> = fields.iter().map(Shown::as_json).collect();
            out.json(&json!({"n": self.record, "offset": offset, "type": record.layout.name, "fields": fields}))?;
        } else {
            let layout = &record.layout;
            out.line(format_args!(
                "{name}: record {}, bytes {} to {}",
                self.record,
                offset + 1,
                offset + bytes.len() as u64
            ))?;
            out.line(format_args!("{}  {}  {} bytes  {}", layout.name, role(record.role), layout.length, layout.text))?;
            out.line("")?;
            out.line(table(&fields))?;
            for fault in &row.faults {
                let name = layout.fields.get(fault.field).map_or("record", |field| field.name.as_str());
                let at = fault.offset + 1;
                let (code, words) = (fault.code, fault.code.english());
                out.line(format_args!("{code} {name} at byte {at}: {words} ({})", fault.detail))?;
            }
        }
        Ok(if row.faults.is_empty() { Exit::Good } else { Exit::RecordsRefused })
    }
}

/// The fields that this record has, where they lie in it.
fn fields(record: &RecordFormat, bytes: &[u8], row: &Row, page: Page, mask: Mask) -> Vec<Shown> {
    let hidden = mask.hidden(&record.layout);
    let places = record.places(bytes, row);
    let fields = record.layout.fields.iter().enumerate().zip(places).zip(hidden);
    fields
        .filter(|(((index, _), _), _)| row.cells.get(*index) != Some(&Cell::Absent))
        .map(|((field, place), hidden)| {
            let there = bytes.get(place.clone()).unwrap_or_default();
            Shown::field(field, (place.start, there), row, page, hidden)
        })
        .collect()
}

fn table(fields: &[Shown]) -> Table {
    let columns = [
        ("field", Align::Left),
        ("type", Align::Left),
        ("from", Align::Right),
        ("bytes", Align::Right),
        ("hex", Align::Left),
        ("characters", Align::Left),
        ("value", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for field in fields {
        for (i, (at, hex, characters)) in field.lines().into_iter().enumerate() {
            let (name, kind, bytes, value) = match i {
                0 => (field.name.clone(), field.kind.clone(), field.bytes.len().to_string(), field.value_shown()),
                _ => Default::default(),
            };
            table.row(vec![name, kind, at.to_string(), bytes, hex, characters, value]);
        }
    }
    table
}
