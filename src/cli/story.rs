//! One file's whole story, as `transfers show` tells it.

use super::books;
use super::deliveries;
use super::exit::Failure;
use super::notices;
use super::output::{Align, Output, Table};
use super::show::{Times, count, grouped, state, verdict};
use super::timeline;
use crate::inbound::{order, verbs};
use crate::ledger::Ledger;
use crate::ledger::change::{JournalRow, Notice, Reject};
use crate::ledger::delivery::{Delivery, DeliveryState, Purpose};
use crate::ledger::transfer::{FileState, Total, Transfer, Verdict};
use crate::ledger::verbs::{Effect, Verb};
use crate::outlets::trace::trace_id;
use fpp_codecs::Code;
use serde::Serialize;
use std::io;

/// Deliveries shown; a transfer has one for each outlet and answer.
const DELIVERIES_MAX: u32 = 100;
/// Notices among which those about the file are looked for.
const NOTICES_MAX: u32 = 1_000;

/// Everything the books say about a transfer.
#[derive(Debug, Serialize)]
pub(super) struct Story {
    transfer: Transfer,
    /// What its calls and messages carry as their trace.
    trace_id: String,
    deliveries: Vec<Delivery>,
    rejects: Vec<Reject>,
    /// Its own, and those of its deliveries, by time.
    journal: Vec<JournalRow>,
    /// What a person was told about it, newest first.
    notices: Vec<Notice>,
    /// Commands that its state allows, with what each does.
    commands: Vec<(String, &'static str)>,
}

impl Story {
    /// Reads it.
    pub(super) async fn read(books: &dyn Ledger, id: &str, rejects: u32) -> Result<Story, Failure> {
        let transfer = books::transfer(books, id).await?;
        let deliveries = books.deliveries(Some(&transfer.id), DELIVERIES_MAX).await?;
        let rejects = books.rejects(&transfer.id, 0, rejects).await?;
        let journal = timeline::read(books, &transfer.id, &deliveries).await?;
        let commands = commands(&transfer, &deliveries);
        let trace_id = trace_id(&transfer.id.0);
        let mut notices = books.notices(true, NOTICES_MAX).await?;
        notices.retain(|notice| notice.notice.subject == transfer.id.0);
        Ok(Story { transfer, trace_id, deliveries, rejects, journal, notices, commands })
    }
}

/// What an operator can do now: asked of the same table that the node goes by.
fn commands(transfer: &Transfer, deliveries: &[Delivery]) -> Vec<(String, &'static str)> {
    let of_outlet = |d: &Delivery| matches!(d.purpose, Purpose::Events | Purpose::Posting);
    let gates = |d: &Delivery| d.gates() && of_outlet(d) && !d.last_error.is_empty();
    let waits = transfer.waits_for_outlets() && deliveries.iter().any(gates);
    let held = deliveries.iter().any(|delivery| delivery.state == DeliveryState::Held);
    if !verbs::needs_hand(transfer) && !held && !waits {
        return Vec::new();
    }
    let id = &transfer.id;
    let digest = transfer.facts.sha256.as_deref().and_then(|d| d.get(..16));
    let digest = digest.map_or_else(|| " --digest DIGEST".to_owned(), |d| format!(" --digest {d}"));
    let mut commands = Vec::new();
    for verb in [Verb::Release, Verb::Reject, Verb::Retry, Verb::Defer] {
        let row = verbs::row_of(verb, transfer);
        let skip = order::waits_for(transfer).map(|batches| format!("{digest} --skip {batches}"));
        let options = match (verb, row.effect) {
            (_, Effect::Refused) => continue,
            (Verb::Defer, _) if !waits => continue,
            (_, Effect::Skip) => match &skip {
                None => continue,
                Some(skip) => skip.as_str(),
            },
            (Verb::Release, _) => digest.as_str(),
            (_, Effect::Anew) => " --core-agreed",
            _ => "",
        };
        let words = match verb {
            Verb::Defer => format!("outlets defer --transfer {id}"),
            _ => format!("{} {id}", verb.word()),
        };
        commands.push((format!("fpp {words}{options} --reason \"...\""), meaning(row.effect)));
    }
    commands
}

fn meaning(effect: Effect) -> &'static str {
    match effect {
        Effect::GoOn => "it goes on; the check that held it is not made again",
        Effect::Skip => "it is posted without the batches before it; say so only when they never come",
        Effect::CheckAgain => "it goes on where it was held; its checks are made again",
        Effect::Refuse => "nothing of it is posted; the core gets a rejecting answer",
        Effect::RefuseUnread => "the core gets the header of a rejecting answer; its records were never read",
        Effect::Close => "it ends here; the core gets no answer from fpp",
        Effect::Hurry => "the next attempt is made now, also of its deliveries",
        Effect::Anew => "its bytes are judged again and answered again; the core must know",
        Effect::Stop => "nothing of it goes on or out until a person says so",
        Effect::SendAgain => "what its partners took is sent again, the same bytes under the same names",
        Effect::MapAnew => "its events are published again, as its route maps them now",
        Effect::Defer => "its answer goes out without the outlets that it waits for; they get its events later",
        Effect::Refused => "nothing",
    }
}

/// Tells it to a person.
pub(super) fn tell(story: &Story, times: &Times, out: &mut Output) -> io::Result<()> {
    head(&story.transfer, times, out)?;
    if let Some(totals) = &story.transfer.facts.totals {
        section(out, "Totals", &totals_table(totals))?;
    }
    if !story.rejects.is_empty() {
        // Of a rejected file every record counts as refused, but only those with a fault of their own are listed.
        let all = story.transfer.facts.rejected.filter(|_| story.transfer.verdict != Some(Verdict::Rejected));
        let shown = story.rejects.len();
        let title = all.map_or(format!("Rejects ({shown} shown)"), |n| format!("Rejects ({shown} of {})", grouped(n)));
        section(out, &title, &rejects_table(&story.rejects))?;
    }
    if !story.deliveries.is_empty() {
        section(out, "Deliveries", &deliveries::table(&story.deliveries, times))?;
    }
    section(out, "Timeline", &timeline::table(&story.journal, &story.deliveries, times))?;
    if !story.notices.is_empty() {
        out.line("\nNotices")?;
        story.notices.iter().try_for_each(|notice| notices::tell(notice, times, out))?;
    }
    if story.transfer.state == FileState::Held
        && let Some(difference) = &story.transfer.facts.difference
    {
        out.line("\nWhat differs")?;
        out.line(serde_json::to_string_pretty(difference).unwrap_or_default())?;
    }
    if !story.commands.is_empty() {
        out.line("\nWhat you can do")?;
        for (command, meaning) in &story.commands {
            out.line(format_args!("  {command}\n      {meaning}"))?;
        }
    }
    Ok(())
}

fn section(out: &mut Output, title: &str, table: &Table) -> io::Result<()> {
    out.line(format_args!("\n{title}\n{table}"))
}

fn head(transfer: &Transfer, times: &Times, out: &mut Output) -> io::Result<()> {
    let facts = &transfer.facts;
    let mut table = Table::new(&[("transfer", Align::Left), (transfer.id.0.as_str(), Align::Left)]);
    let mut line = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
    line("file", format!("{} in {}", transfer.name, transfer.spool));
    line("route", transfer.route.clone());
    line("trace", trace_id(&transfer.id.0));
    line("state", format!("{}, verdict {}", state(transfer), verdict(transfer)));
    line("arrived", times.with_zone(transfer.arrived_ms));
    line("moved", times.with_zone(transfer.updated_ms));
    if let Some(identity) = &facts.identity {
        line("identity", format!("{} batch {} run {}", identity.business_date, identity.batch, identity.run));
    }
    // A correction has no bytes of its own: those are the file's that it is about.
    if let Some(size) = facts.size.filter(|_| facts.correction.is_none()) {
        line("bytes", grouped(size));
    }
    if let Some(sha256) = &facts.sha256 {
        line("sha256", sha256.clone());
    }
    if let Some(sm3) = &facts.sm3 {
        line("sm3", sm3.clone());
    }
    if facts.records.is_some() {
        let (records, accepted, rejected) = (count(facts.records), count(facts.accepted), count(facts.rejected));
        line("records", format!("{records} read, {accepted} accepted, {rejected} refused"));
    }
    let reason = facts.reason.as_deref().unwrap_or_default();
    let told = (facts.code, reason, facts.hint.as_deref().unwrap_or_default());
    let (code, reason, hint) = if transfer.state == FileState::Held { facts.hold(transfer.verdict) } else { told };
    if let Some(code) = code.map(Code).filter(|c| c.0 != 0) {
        line("why", format!("{code} {} {}", code.english(), code.chinese()));
        line("", reason.to_owned());
    }
    if !hint.is_empty() {
        line("next", hint.to_owned());
    }
    if !transfer.waiting_for.is_empty() {
        let again = match transfer.next_attempt_ms {
            i64::MAX => "when its deliveries are done".to_owned(),
            ms => times.with_zone(ms),
        };
        line("waits", format!("{} (attempt {}, again {again})", transfer.waiting_for, transfer.attempts));
    }
    if let Some(first) = &facts.duplicate_of {
        line("repeats", first.to_string());
    }
    if let Some(correction) = &facts.correction {
        line(correction.act.word(), correction.event.clone());
        line("of", format!("transfer {}, record {}", correction.of, correction.record));
        if !correction.fields.is_empty() {
            line("fields", correction.fields.join(", "));
        }
        line("by", format!("{}: {}", correction.by, correction.reason));
    }
    if let Some(plan) = &facts.plan {
        line("plan", plan.clone());
    }
    if let Some(publication) = transfer.publication {
        line("publication", publication.to_string());
    }
    for remark in facts.remarks.iter().flatten() {
        line("remark", remark.clone());
    }
    out.line(table)
}

/// Control totals in a table.
pub(super) fn totals_table(totals: &[Total]) -> Table {
    let columns = [
        ("name", Align::Left),
        ("promised", Align::Right),
        ("found", Align::Right),
        ("unreadable", Align::Right),
        ("", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for total in totals {
        let agrees = match (total.promised == total.found, total.unreadable) {
            (true, 0) => "agrees",
            (false, 0) => "DIFFERS",
            _ => "UNPROVEN",
        };
        table.row(vec![
            total.name.clone(),
            total.promised.clone(),
            total.found.clone(),
            total.unreadable.to_string(),
            agrees.to_owned(),
        ]);
    }
    table
}

/// Refused records in a table.
pub(super) fn rejects_table(rejects: &[Reject]) -> Table {
    let columns = [
        ("record", Align::Right),
        ("field", Align::Left),
        ("at", Align::Right),
        ("code", Align::Left),
        ("what", Align::Left),
        ("hex", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for reject in rejects {
        table.row(vec![
            reject.record.to_string(),
            reject.field.clone(),
            reject.at.to_string(),
            reject.code().to_string(),
            reject.detail.clone(),
            reject.hex.clone(),
        ]);
    }
    table
}
