//! A file's place in its series: identity, duplicates, runs of a batch, open business dates (D1, D4, D8).

use super::route::Route;
use super::work::Inbound;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::pages::Pages;
use crate::ledger::transfer::{Identity, Transfer, TransferQuery, Verdict};
use crate::trade::calendar::business_date;
use crate::trade::plan::Plan;
use crate::trade::plan::rules::IdentityFrom;
use crate::trade::proof::header::{Found, NameIdentity};
use crate::trade::proof::repeat::MemorySpill;
use crate::trade::proof::{Context, Ending, Proof};
use crate::trade::series::DayControl;
use crate::vault::Vault;
use fpp_codecs::Code;
use fpp_codecs::framing::Cutter;

/// What the books say about a file of this identity.
#[derive(Debug)]
pub enum Place {
    /// Nothing stands against it.
    Next,
    /// Same identity and bytes as this accepted file.
    Duplicate(Box<Transfer>),
    /// Another file of this identity.
    OtherBytes(Box<Transfer>),
    /// An earlier run of its batch is there, perhaps posted.
    Resend(Box<Transfer>),
    /// A later run was accepted: this one can never fit.
    Never(String),
    /// Its business date is not open.
    DayClosed,
}

/// What the file name says.
pub fn name_identity(route: &Route, transfer: &Transfer) -> NameIdentity {
    let captures = route.pattern.matches(&transfer.name).unwrap_or_default();
    NameIdentity { date: captures.date, batch: captures.batch, run: captures.run }
}

/// The identity, if header or name give it; a series without one takes the day of arrival and counts (D1).
pub async fn identity(
    cx: &Inbound,
    route: &Route,
    plan: &std::sync::Arc<Plan>,
    transfer: &Transfer,
    context: &Context,
) -> Result<Option<Identity>> {
    if let Some(known) = &transfer.facts.identity {
        return Ok(Some(known.clone()));
    }
    let found = match plan.rules.identity {
        IdentityFrom::None => Some(counted(cx, route, transfer).await?),
        IdentityFrom::Name | IdentityFrom::Header { .. } => {
            let (vault, of, plan, context) = (cx.vault.clone(), transfer.clone(), plan.clone(), context.clone());
            blocking(move || peek(&*vault, &plan, &of, context)).await?
        }
    };
    Ok(found.map(|found| Identity {
        route: route.name.clone(),
        business_date: found.date,
        batch: found.batch,
        run: found.run,
    }))
}

/// Reads no more than the first record. Whatever is wrong with it is found again, and judged, by the whole proof.
fn peek(vault: &dyn Vault, plan: &Plan, transfer: &Transfer, context: Context) -> Result<Option<Found>> {
    let content = vault.open(transfer.facts.sha256.as_deref().unwrap_or_default())?;
    let mut proof = Proof::new(plan, context, Box::new(MemorySpill::default()));
    let mut cutter = Cutter::of(&plan.format, content.reader_at(0));
    if let Ok(Some(cut)) = cutter.next() {
        proof.record(cut.n, cut.offset, cut.bytes).map_err(crate::vault::error_of)?;
    }
    Ok(proof.finish(Ending::Complete).map_err(crate::vault::error_of)?.identity)
}

async fn counted(cx: &Inbound, route: &Route, transfer: &Transfer) -> Result<Found> {
    let date = arrival_date(route, transfer)?;
    let batch = match same_bytes(cx, route, &date, transfer).await? {
        Some(identity) => identity.batch,
        None => cx.ledger.arrivals_of_day(&route.name, &date).await? + 1,
    };
    Ok(Found { date, batch, run: 0 })
}

/// Equal bytes within one business date are the same batch again, however many files the day has.
async fn same_bytes(cx: &Inbound, route: &Route, date: &str, transfer: &Transfer) -> Result<Option<Identity>> {
    let Some(sha256) = transfer.facts.sha256.clone() else { return Ok(None) };
    let (of, date) = (Some(route.name.clone()), Some(date.to_owned()));
    let query = TransferQuery { route: of, business_date: date, sha256: Some(sha256), ..TransferQuery::default() };
    let mut pages = Pages::of(query);
    while let Some(page) = pages.next(&*cx.ledger).await? {
        if let Some(same) = page.into_iter().find(|t| t.id != transfer.id && accepted(t)) {
            return Ok(same.facts.identity);
        }
    }
    Ok(None)
}

/// The business date of arrival; a night belongs to the next business day where the route's calendar says so.
fn arrival_date(route: &Route, transfer: &Transfer) -> Result<String> {
    let calendar = route.series.calendar.as_deref();
    business_date(calendar, transfer.arrived_ms, &route.timezone).map(|date| date.to_string()).ok_or_else(|| {
        let name = calendar.map_or("", |calendar| calendar.name.as_str());
        Error::halt(
            Code::BUSINESS_DATE,
            format!("calendar `{name}` does not know the day on which {} came", transfer.name),
        )
        .hint("Write the missing year into the file of calendars, restart the node, then `fpp retry`.")
    })
}

fn accepted(transfer: &Transfer) -> bool {
    matches!(transfer.verdict, Some(Verdict::Accepted | Verdict::Partly))
}

/// Looks the identity up in the books.
pub async fn place(cx: &Inbound, route: &Route, transfer: &Transfer, identity: &Identity) -> Result<Place> {
    let released = |code: Code| transfer.facts.released.iter().flatten().any(|c| *c == code.0);
    let mut kept = cx.ledger.by_batch(identity).await?;
    kept.retain(|other| other.id != transfer.id && accepted(other) && !other.closed);
    let run_of = |other: &Transfer| other.facts.identity.as_ref().map_or(0, |i| i.run);
    // Bytes that were accepted once are a duplicate, whatever was accepted after them.
    let same = |t: &&Transfer| run_of(t) == identity.run && t.facts.sha256 == transfer.facts.sha256;
    if let Some(first) = kept.iter().find(same) {
        return Ok(Place::Duplicate(Box::new(first.clone())));
    }
    if let Some(later) = kept.iter().find(|t| run_of(t) > identity.run) {
        return Ok(Place::Never(format!(
            "run {:02} of batch {:04} comes after run {:02}, which is accepted (transfer {})",
            identity.run,
            identity.batch,
            run_of(later),
            later.id
        )));
    }
    let newest = kept.into_iter().max_by_key(|t| (run_of(t), t.id.clone()));
    let other = newest.filter(|_| !released(Code::OTHER_BYTES));
    if let Some(other) = other.as_ref().filter(|other| run_of(other) == identity.run) {
        return Ok(Place::OtherBytes(Box::new(other.clone())));
    }
    if !released(Code::DAY_CLOSED) && !is_open(cx, route, &identity.business_date).await? {
        return Ok(Place::DayClosed);
    }
    Ok(other.map_or(Place::Next, |other| Place::Resend(Box::new(other))))
}

/// Whether a business date is open (D4): the core's word, else the calendar's: a business day that has begun.
pub async fn is_open(cx: &Inbound, route: &Route, date: &str) -> Result<bool> {
    if route.day == DayControl::None {
        return Ok(true);
    }
    let told = cx.ledger.days(&route.name).await?;
    if let Some((_, open)) = told.iter().find(|(of, _)| of == date) {
        return Ok(*open);
    }
    let Some(days) = route.series.calendar.as_deref().filter(|_| route.day == DayControl::Calendar) else {
        return Ok(false);
    };
    let Ok(date) = date.parse() else { return Ok(false) };
    let now = business_date(Some(days), cx.clock.now_ms(), &route.timezone);
    Ok(days.is_day(date) == Some(true) && now.is_some_and(|now| date <= now))
}

/// The error that holds a file of a closed day.
pub fn day_closed(route: &Route, transfer: &Transfer, identity: &Identity) -> Error {
    let date = &identity.business_date;
    Error::halt(
        Code::DAY_CLOSED,
        format!("{}: business date {date} is not open for route `{}`", transfer.name, route.name),
    )
    .hint(match route.day {
        DayControl::Calendar => format!(
            "It goes on by itself when the date begins by its calendar, unless somebody closed it, or with `fpp day open {} {date}`; \
             or `fpp release` this file alone.",
            route.name
        ),
        _ => format!(
            "Open it with `fpp day open {} {date}`: it then goes on by itself; or `fpp release` this file alone.",
            route.name
        ),
    })
}
