//! `fpp mapping check`: a mapping tried on a file: one event, how many of each type, every kind of fault with its field.
//!
//! Each record is judged alone, as the proof judges it; what a file promises, repeated ids and what only the books know are
//! `fpp prove`'s. Memory does not grow with the file.

use super::exit::{Exit, Failure};
use super::global::Global;
use super::mapping_target::{Target, TargetArg};
use super::output::{Align, Output, Table, note};
use super::show::grouped;
use super::streams::Input;
use crate::trade::event::{Event, Lineage};
use clap::Args;
use fpp_codecs::Code;
use fpp_codecs::format::Role;
use fpp_codecs::framing::Cutter;
use fpp_codecs::record::Row;
use fpp_spool::Hasher;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;

/// Try a mapping on a file: one event, counts by type, faults with field, place and what to do
///
/// Sensitive values are masked unless --clear is given. Every record is judged alone: totals, order and repeated trades
/// are judged by `fpp prove`. Exit code 3 when records are refused, 4 when the file cannot be cut.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp mapping check pmtrd CORE_PMTS_PMTRD_20250620_0001_00.TXT --record 17\n  \
                        fpp mapping check my.toml PMPRD.TXT --layout config/layouts/pmprd.toml\n  \
                        fpp mapping check pmtrd PMTRD.TXT --json | jq .faults")]
pub(super) struct Check {
    #[command(flatten)]
    target: TargetArg,
    /// File, or - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The record whose event is shown, from 1 [default: the first that gives one]
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    record: Option<u64>,
    /// Show sensitive values, too
    #[arg(long)]
    clear: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What the records of a file come to.
#[derive(Default)]
struct Trial {
    records: u64,
    details: u64,
    events: BTreeMap<String, u64>,
    faults: BTreeMap<(Code, usize), Faults>,
    unknown: Option<Faults>,
    shown: Option<Shown>,
}

/// Faults of one field and one code.
struct Faults {
    count: u64,
    first: u64,
    at: usize,
    detail: String,
}

/// The record whose event is shown.
struct Shown {
    n: u64,
    seq: u64,
    offset: u64,
    bytes: Vec<u8>,
}

/// Reads and digests on the way.
struct Digested<'a> {
    inner: Box<dyn Read + Send>,
    hasher: &'a RefCell<Hasher>,
}

impl Read for Digested<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hasher.borrow_mut().update(buffer.get(..n).unwrap_or_default());
        Ok(n)
    }
}

impl Check {
    pub(super) fn run(&self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let target = self.target.open(global)?;
        let input = Input::open(&self.file)?;
        let name = input.name.clone();
        let hasher = RefCell::new(Hasher::new());
        let mut cutter = Cutter::of(&target.format, Digested { inner: input.reader, hasher: &hasher });
        let mut trial = Trial::default();
        let mut broken = None;
        let (mut row, mut event) = (Row::default(), Event::default());
        loop {
            match cutter.next() {
                Ok(Some(cut)) => {
                    trial.record(&target, cut.n, cut.offset, cut.bytes, self.record, (&mut row, &mut event));
                }
                Ok(None) => break,
                Err(error) => {
                    broken = Some(format!("{name}: {error}"));
                    break;
                }
            }
        }
        drop(cutter);
        let digest = hasher.into_inner().finish().0.map(|digest| digest.to_string()).unwrap_or_default();
        let file = self.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let shown = trial.shown.as_ref().map(|shown| self.event(&target, shown, &file, &digest));
        if self.json {
            out.json(&trial.as_json(&target, shown.as_ref(), broken.as_deref()))?;
        } else {
            trial.tell(&target, shown.as_ref(), self.record, out)?;
        }
        if let Some(message) = broken {
            return Err(Failure { exit: Exit::FileRefused, message });
        }
        if trial.details == 0 {
            note(format_args!("note: {name} has no detail record"));
        }
        Ok(if trial.refused() == 0 { Exit::Good } else { Exit::RecordsRefused })
    }

    /// The event of the record that is shown, or why it gives none.
    fn event(&self, target: &Target, shown: &Shown, file: &str, digest: &str) -> Result<Value, String> {
        let (mut row, mut event) = (Row::default(), Event::default());
        let record = target.format.record(Role::Detail).ok_or_else(|| "no detail record".to_owned())?;
        record.decode(&shown.bytes, &mut row);
        let lineage = Lineage {
            file,
            digest,
            batch: None,
            run: None,
            record: shown.n,
            seq: shown.seq,
            byte_offset: shown.offset,
            layout_version: &target.format.version,
            table: &target.table,
        };
        let (mapping, instruments) = (&target.mapping, &target.instruments);
        let made = match self.clear {
            true => mapping.event(&row, &lineage, instruments, &mut event),
            false => mapping.event_masked(&row, &lineage, instruments, &mut event),
        };
        made.map_err(|fault| fault.to_string())?;
        serde_json::from_slice(&event.json).map_err(|error| error.to_string())
    }
}

impl Trial {
    fn record(
        &mut self,
        target: &Target,
        n: u64,
        offset: u64,
        bytes: &[u8],
        wanted: Option<u64>,
        (row, event): (&mut Row, &mut Event),
    ) {
        self.records += 1;
        let Some(record) = target.format.select(bytes).and_then(|index| target.format.records.get(index)) else {
            let detail = "no layout fits the record".to_owned();
            let unknown = self.unknown.get_or_insert(Faults { count: 0, first: n, at: 0, detail });
            unknown.count += 1;
            return;
        };
        if record.role != Role::Detail {
            return;
        }
        self.details += 1;
        record.decode(bytes, row);
        let judged = target.mapping.judge(row, &target.instruments, event);
        let show = wanted.map_or(judged.is_ok() && self.shown.is_none(), |wanted| wanted == n);
        if show {
            self.shown = Some(Shown { n, seq: self.details, offset, bytes: bytes.to_vec() });
        }
        match judged {
            Ok(()) => match self.events.get_mut(&event.kind) {
                Some(count) => *count += 1,
                None => {
                    self.events.insert(event.kind.clone(), 1);
                }
            },
            Err(fault) => {
                let first = || Faults { count: 0, first: n, at: fault.at, detail: fault.detail.to_string() };
                self.faults.entry((fault.code, fault.field)).or_insert_with(first).count += 1;
            }
        }
    }

    fn refused(&self) -> u64 {
        let known: u64 = self.faults.values().map(|faults| faults.count).sum();
        known + self.unknown.as_ref().map_or(0, |faults| faults.count)
    }

    /// Code, field, and what there is of it, in the order of the codes.
    fn told<'a>(&'a self, target: &'a Target) -> Vec<(Code, &'a str, &'a Faults)> {
        let fields = target.format.record(Role::Detail).map_or(&[][..], |record| &record.layout.fields);
        let name = |field: usize| fields.get(field).map_or("", |field| field.name.as_str());
        let known = self.faults.iter().map(|((code, field), faults)| (*code, name(*field), faults));
        let unknown = self.unknown.iter().map(|faults| (Code::NO_LAYOUT, "", faults));
        unknown.chain(known).collect()
    }

    fn tell(
        &self,
        target: &Target,
        shown: Option<&Result<Value, String>>,
        wanted: Option<u64>,
        out: &mut Output,
    ) -> Result<(), Failure> {
        out.line(format_args!("mapping {}  {}", target.mapping.name(), target.mapping.dataschema()))?;
        let events: u64 = self.events.values().sum();
        out.line(format_args!(
            "{} records, {} details: {} events, {} refused",
            grouped(self.records),
            grouped(self.details),
            grouped(events),
            grouped(self.refused())
        ))?;
        let mut types = Table::new(&[("type", Align::Left), ("events", Align::Right)]);
        self.events.iter().for_each(|(kind, count)| types.row(vec![kind.clone(), grouped(*count)]));
        if !self.events.is_empty() {
            out.line(types)?;
        }
        let faults = self.told(target);
        if !faults.is_empty() {
            let columns = [
                ("code", Align::Left),
                ("field", Align::Left),
                ("at byte", Align::Right),
                ("records", Align::Right),
                ("first", Align::Right),
                ("why", Align::Left),
            ];
            let mut table = Table::new(&columns);
            for (code, field, faults) in &faults {
                let (at, count, first) = ((faults.at + 1).to_string(), grouped(faults.count), faults.first.to_string());
                table.row(vec![code.to_string(), (*field).to_owned(), at, count, first, faults.detail.clone()]);
            }
            out.line(table)?;
            let mut codes: Vec<Code> = faults.iter().map(|(code, ..)| *code).collect();
            codes.dedup();
            for code in codes {
                out.line(format_args!("next: {code} {}", code.hint()))?;
            }
        }
        match (shown, &self.shown, wanted) {
            (Some(Ok(event)), Some(shown), _) => {
                let text = serde_json::to_string_pretty(event).map_err(|e| Failure::internal(e.to_string()))?;
                out.line(format_args!("record {}:\n{text}", shown.n))?;
            }
            (Some(Err(why)), Some(shown), _) => out.line(format_args!("record {} gives no event: {why}", shown.n))?,
            (_, _, Some(wanted)) => out.line(format_args!("record {wanted} is no detail record of this file"))?,
            _ => {}
        }
        Ok(())
    }

    fn as_json(&self, target: &Target, shown: Option<&Result<Value, String>>, broken: Option<&str>) -> Value {
        let faults = self.told(target).into_iter().map(|(code, field, faults)| {
            json!({
                "code": code.to_string(), "field": field, "at": faults.at + 1, "records": faults.count,
                "first": faults.first, "detail": faults.detail, "next": code.hint(),
            })
        });
        let mut told = json!({
            "mapping": target.mapping.name(),
            "dataschema": target.mapping.dataschema(),
            "records": self.records,
            "details": self.details,
            "events": self.events,
            "refused": self.refused(),
            "faults": faults.collect::<Vec<_>>(),
            "record": self.shown.as_ref().map(|shown| shown.n),
        });
        match shown {
            Some(Ok(event)) => told["event"] = event.clone(),
            Some(Err(why)) => told["no_event"] = why.as_str().into(),
            None => {}
        }
        if let Some(broken) = broken {
            told["broken"] = broken.into();
        }
        told
    }
}
