//! Files of other forms than events, for a `file` outlet: the file as it came (relay, 转发), its records in another layout
//! and code page (transcode, 转码), its good records as a table.
//!
//! Made of the vault and the frozen plan, like events, so a second making gives the same bytes. Relay and transcode are for
//! routes that take whole files only, so that what goes on is what was proven. Memory does not grow with the file.

use super::Books;
use super::place::unreadable;
use crate::error::{Error, Result};
use crate::ledger::change::Reject;
use crate::ledger::transfer::Transfer;
use crate::trade::plan::Plan;
use crate::vault::Stored;
use crate::vault::made::Made;
use fpp_codecs::Code;
use fpp_codecs::csv::{Columns, Dialect, Writer};
use fpp_codecs::format::Role;
use fpp_codecs::framing::{Cutter, Framer};
use fpp_codecs::record::Row;
use std::io::Read;

fn plan(books: &Books, transfer: &Transfer) -> Result<std::sync::Arc<Plan>> {
    let digest = transfer.facts.plan.as_deref();
    let digest = digest.ok_or_else(|| Error::internal(format!("transfer {} has no plan", transfer.id)))?;
    books.plans.frozen(&*books.vault, digest)
}

fn open(books: &Books, transfer: &Transfer, plan: &Plan) -> Result<Cutter<Box<dyn Read + Send>>> {
    let content = books.vault.open(transfer.facts.sha256.as_deref().unwrap_or_default())?;
    Ok(Cutter::of(&plan.format, Box::new(content.reader_at(0)) as Box<dyn Read + Send>))
}

/// The file as it came: the vault has it already.
pub fn unchanged(transfer: &Transfer) -> Stored {
    let facts = &transfer.facts;
    Stored { sha256: facts.sha256.clone().unwrap_or_default(), size: facts.size.unwrap_or_default() }
}

/// Its records in the layout that the plan has for this spool.
pub fn transcoded(books: &Books, transfer: &Transfer, spool: &str) -> Result<Stored> {
    let plan = plan(books, transfer)?;
    let Some(transcoder) = plan.files.get(spool) else {
        let what = format!("{} was proven before its route had a layout for spool `{spool}`", transfer.name);
        return Err(Error::halt(Code::PLAN, what).hint("Put the outlet back as it was, or have the file sent again."));
    };
    let mut cutter = open(books, transfer, &plan)?;
    let mut framer = Framer::new(transcoder.format().framing.clone());
    let (mut row, mut scratch, mut record, mut done) = (Row::default(), Row::default(), Vec::new(), false);
    let mut made = Made::new(|piece| {
        if done {
            return Ok(false);
        }
        let Some(cut) = cutter.next().map_err(|error| unreadable(transfer, error))? else {
            framer.finish(piece);
            done = true;
            return Ok(false);
        };
        let misfit = |code: Code, field: &str, detail: &str| {
            let what = format!(
                "record {} of {} does not fit the layout of spool `{spool}`: {field}: {detail}",
                cut.n, transfer.name
            );
            Error::halt(code, what).hint("It was proven to fit: keep the log, and report it with the layouts.")
        };
        let index = plan.format.select(cut.bytes).and_then(|i| plan.format.records.get(i).map(|format| (i, format)));
        let (index, format) = index.ok_or_else(|| misfit(Code::NO_LAYOUT, "", "no layout for it"))?;
        format.decode(cut.bytes, &mut row);
        record.clear();
        transcoder
            .write(index, &row, &mut scratch, &mut record)
            .map_err(|fault| misfit(fault.code, &fault.field, &fault.detail))?;
        framer.put(&record, piece).map_err(|fault| misfit(fault.code, "", &fault.to_string()))?;
        Ok(true)
    });
    books.vault.put(&mut made, &mut |_| {}, u64::MAX)
}

/// Its good detail records as a table, a column for each field but FILLER.
pub fn table(
    books: &Books,
    transfer: &Transfer,
    rejects: Vec<Reject>,
    masked: bool,
    dialect: Dialect,
) -> Result<Stored> {
    let plan = plan(books, transfer)?;
    let format = &plan.format;
    let details: Vec<usize> = (0..format.records.len())
        .filter(|index| format.records.get(*index).is_some_and(|record| record.role == Role::Detail))
        .collect();
    let hidden: Vec<Vec<bool>> = format
        .records
        .iter()
        .map(|record| (0..record.layout.fields.len()).map(|field| masked && plan.mapping.is_sensitive(field)).collect())
        .collect();
    let mut writer = Writer::new(Columns::new(format, &details, false, &[]), dialect);
    let mut cutter = open(books, transfer, &plan)?;
    let mut rejects = rejects.into_iter().peekable();
    let (mut row, mut begun, mut seq) = (Row::default(), false, 0);
    let mut made = Made::new(|piece| {
        if !begun {
            begun = true;
            writer.header(piece).map_err(|why| Error::halt(Code::UNMAPPED, format!("the names of columns: {why}")))?;
        }
        let Some(cut) = cutter.next().map_err(|error| unreadable(transfer, error))? else { return Ok(false) };
        let Some(index) = format.select(cut.bytes).filter(|index| details.contains(index)) else { return Ok(true) };
        seq += 1;
        let refused = rejects.next_if(|reject| reject.record == cut.n).is_some();
        if refused || transfer.facts.resend.as_ref().is_some_and(|resend| resend.has_posted(seq)) {
            return Ok(true);
        }
        let Some(record) = format.records.get(index) else { return Ok(true) };
        record.decode(cut.bytes, &mut row);
        let masks = hidden.get(index).map_or(&[][..], Vec::as_slice);
        writer.row(format, index, &row, masks, piece).map_err(|fault| {
            let field = record.layout.fields.get(fault.field).map_or("", |field| field.name.as_str());
            let what =
                format!("record {} of {} cannot be a line of a table: {field}: {}", cut.n, transfer.name, fault.detail);
            Error::halt(fault.code, what).hint("Let the outlet write UTF-8, restart the node, then release the file.")
        })?;
        Ok(true)
    });
    books.vault.put(&mut made, &mut |_| {}, u64::MAX)
}
