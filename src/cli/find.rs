//! `fpp find`: where a record is, by its key, in every file of a business date that the vault keeps.
//!
//! Every file is cut and decoded again with the plan that judged it, one record at a time, so memory does not grow with
//! files or records. Nothing of a record is shown but where it is and what became of it.

use super::books;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::kept::Kept;
use super::output::{Align, Output, Table, note};
use super::show::grouped;
use crate::ledger::Ledger;
use crate::ledger::change::Reject;
use crate::ledger::transfer::{FileState, Transfer, TransferQuery, Verdict};
use crate::settings::Settings;
use crate::trade::event::Event;
use crate::trade::fields::FieldRef;
use clap::Args;
use fpp_codecs::Code;
use fpp_codecs::format::Role;
use fpp_codecs::framing::Cutter;
use fpp_codecs::record::Row;
use serde::Serialize;
use std::sync::Arc;

/// Transfers read at once.
const PAGE: u32 = 100;
/// Records shown in a table.
const SHOWN_MAX: usize = 1_000;

/// Find a record by its key in the files of a business date.
///
/// Tells file, record, byte and event id, and what became of the record. The key is the field that event ids are made of
/// (a trade's number); --field names another one. Every file of the date that is in the vault is read.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp find 2025062000000007 --date 2025-06-20\n  \
                  fpp find 6222020000000017 --date 2025-06-20 --route pmtrd --field ACCTNO --json")]
pub(super) struct Find {
    /// What the field holds, without blanks at its end
    key: String,
    /// Business date, yyyy-mm-dd
    #[arg(long, value_parser = super::day::date)]
    date: String,
    /// Only files of this route
    #[arg(long)]
    route: Option<String>,
    /// Field to look at, instead of the key
    #[arg(long, value_name = "NAME")]
    field: Option<String>,
    /// Print JSON, one record a line
    #[arg(long)]
    json: bool,
}

/// A record that was found.
#[derive(Debug, Serialize)]
struct Found {
    transfer: String,
    route: String,
    file: String,
    record: u64,
    byte_offset: u64,
    /// What became of it.
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bad_field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
}

/// What was looked through.
#[derive(Debug, Default)]
struct Looked {
    found: u64,
    files: u64,
    records: u64,
    unread: u64,
}

impl Find {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        if let Some(route) = self.route.as_ref().filter(|name| settings.route(name).is_none()) {
            return Err(Failure::usage(format!("there is no route `{route}`")));
        }
        let mut found = Vec::new();
        let looked = wait(self.look(&settings, out, &mut found))?;
        if !self.json && !found.is_empty() {
            out.line(table(&found))?;
        }
        let what = format!("{} records of {} files of {}", grouped(looked.records), looked.files, self.date);
        note(format_args!("{} found in {what}", grouped(looked.found)));
        if !self.json && looked.found > found.len() as u64 {
            note(format_args!("the first {SHOWN_MAX} are shown; --json gives all"));
        }
        if looked.unread > 0 {
            note(format_args!("{} files could not be read to their end", looked.unread));
            return Ok(Exit::Internal);
        }
        Ok(Exit::Good)
    }

    async fn look(&self, settings: &Settings, out: &mut Output, found: &mut Vec<Found>) -> Result<Looked, Failure> {
        let books = books::open(settings).await?;
        let mut looked = Looked::default();
        let mut query = TransferQuery {
            route: self.route.clone(),
            business_date: Some(self.date.clone()),
            limit: PAGE,
            ..TransferQuery::default()
        };
        loop {
            let page = books.transfers(&query).await?;
            for transfer in &page {
                if transfer.facts.sha256.is_none() {
                    continue;
                }
                looked.files += 1;
                if let Err(error) = self.search(settings, &books, transfer, &mut looked, out, found).await {
                    // Who read the output went away.
                    if error.message.is_empty() {
                        return Err(error);
                    }
                    looked.unread += 1;
                    note(format_args!("{} ({}): {}", transfer.name, transfer.id, error.message));
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => query.before = Some(last.id.clone()),
                _ => return Ok(looked),
            }
        }
    }

    async fn search(
        &self,
        settings: &Settings,
        books: &Arc<dyn Ledger>,
        transfer: &Transfer,
        looked: &mut Looked,
        out: &mut Output,
        found: &mut Vec<Found>,
    ) -> Result<(), Failure> {
        let Kept { content, plan, .. } = Kept::of(settings, transfer)?;
        let mut cutter = Cutter::of(&plan.format, content.reader_at(0));
        let (mut row, mut event) = (Row::default(), Event::default());
        let unreadable = |e: fpp_codecs::framing::CutError| Failure::internal(format!("it cannot be read on: {e}"));
        while let Some(cut) = cutter.next().map_err(unreadable)? {
            looked.records += 1;
            let Some(format) = plan.format.select(cut.bytes).and_then(|i| plan.format.records.get(i)) else { continue };
            let field = match &self.field {
                Some(name) => format.field(name),
                None if format.role == Role::Detail => Some(plan.mapping.key_field()),
                None => None,
            };
            let Some(index) = field else { continue };
            let field = FieldRef { index, offset: 0 };
            format.decode(cut.bytes, &mut row);
            if field.is_bad(&row) || field.plain(&row) != self.key.trim_end_matches(' ') {
                continue;
            }
            let reject = books.rejects(&transfer.id, cut.n.saturating_sub(1), 1).await?;
            let reject = reject.into_iter().find(|reject| reject.record == cut.n);
            let is_event = format.role == Role::Detail && reject.is_none();
            let event_id = (is_event && plan.mapping.identify(&row, &plan.instruments, &mut event).is_ok())
                .then(|| event.id.clone());
            let record = told(transfer, cut.n, cut.offset, reject, event_id);
            looked.found += 1;
            if self.json {
                out.json(&record)?;
            } else if found.len() < SHOWN_MAX {
                found.push(record);
            }
        }
        Ok(())
    }
}

/// What became of a record.
fn told(transfer: &Transfer, record: u64, byte_offset: u64, reject: Option<Reject>, event_id: Option<String>) -> Found {
    let published = matches!(transfer.state, FileState::Posted | FileState::Acknowledged | FileState::Archived);
    let of_file = transfer.facts.code().filter(|code| *code != Code::OK);
    let (verdict, code) = match (transfer.verdict, &reject) {
        (_, Some(reject)) => ("refused", Some(reject.code())),
        (Some(Verdict::Rejected), None) => ("not processed: its file is rejected", of_file),
        (Some(Verdict::Duplicate), None) => ("in a duplicate of an accepted file", of_file),
        (Some(Verdict::Accepted | Verdict::Partly), None) if published => ("accepted", None),
        (Some(Verdict::Accepted | Verdict::Partly), None) => ("accepted, not posted yet", None),
        (None, None) if transfer.closed => ("in a file that was closed", of_file),
        (None, None) if transfer.state == FileState::Held => ("in a held file", of_file),
        (None, None) => ("not judged yet", None),
    };
    Found {
        transfer: transfer.id.to_string(),
        route: transfer.route.clone(),
        file: transfer.name.clone(),
        record,
        byte_offset,
        verdict,
        code: code.map(|code| code.to_string()),
        bad_field: reject.map(|reject| reject.field),
        event_id,
    }
}

fn table(found: &[Found]) -> Table {
    let columns = [
        ("transfer", Align::Left),
        ("file", Align::Left),
        ("record", Align::Right),
        ("byte", Align::Right),
        ("is", Align::Left),
        ("code", Align::Left),
        ("field", Align::Left),
        ("event", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for one in found {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        table.row(vec![
            one.transfer.clone(),
            one.file.clone(),
            one.record.to_string(),
            one.byte_offset.to_string(),
            one.verdict.to_owned(),
            text(&one.code),
            text(&one.bad_field),
            text(&one.event_id),
        ]);
    }
    table
}
