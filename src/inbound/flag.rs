//! The core's flag file: a file whose name says that a business date is open, or closed (日切, D4).
//!
//! A flag acts once, however often it is seen and by however many nodes: that it acted is told in the transaction of the
//! act. A flag that is written anew is a new one. What it says is believed only where it can be meant: a real date, near the
//! present business date, a business day where the route has a calendar, and none that was closed before; of everything else
//! a person hears. When it has acted, it stays, or is moved or removed, a step that is repeated until it is done.

use super::day;
use super::work::Inbound;
use crate::blocking::blocking;
use crate::error::Result;
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::trade::calendar::business_date;
use fpp_codecs::Code;
use fpp_spool::{Algorithm, Arrival, Digest, Folder, NamePattern, SourceAction, move_source};
use jiff::Span;
use jiff::civil::Date;
use std::sync::Arc;

/// How far from the present business date a flag's date may be.
const DAYS_APART: i64 = 7;

/// What opens or closes business dates in a spool.
#[derive(Clone, Debug)]
pub struct DayFlag {
    /// Its names, with the date.
    pub pattern: NamePattern,
    /// It opens; else it closes.
    pub open: bool,
    /// The routes that it speaks of.
    pub routes: Vec<String>,
    /// What becomes of it.
    pub source: SourceAction,
}

/// Does what a flag says, once, under the lease of the spool's watch where there is one; then what becomes of it.
pub async fn act(
    cx: &Inbound,
    (spool, folder): (&str, Arc<dyn Folder>),
    flag: &DayFlag,
    seen: &Arrival,
    fence: Option<&Fence>,
) -> Result<()> {
    let key = Digest::of(Algorithm::Sha256, format!("{spool}|{}", seen.key).as_bytes());
    let key = format!("flag/{key}");
    if cx.ledger.told(&key, false, 1).await?.is_empty() {
        decide(cx, spool, flag, seen, (key, fence)).await?;
    }
    let (entry, action) = (seen.entry.clone(), flag.source.clone());
    blocking(move || move_source(&*folder, &entry, &action).map_err(Into::into)).await.map(drop)
}

async fn decide(
    cx: &Inbound,
    spool: &str,
    flag: &DayFlag,
    seen: &Arrival,
    (key, fence): (String, Option<&Fence>),
) -> Result<()> {
    let (name, word) = (&seen.entry.name, if flag.open { "opens" } else { "closes" });
    let by = format!("core: {name} in {spool}");
    let written = seen.captures.date.clone().unwrap_or_default();
    let mut changes = vec![Change::Tell { key, notice: None }];
    let mut acts = Vec::new();
    let date = date_of(&written);
    for route in &flag.routes {
        let refusal = match date {
            None => Err((Code::BUSINESS_DATE, format!("`{written}` is no date"))),
            Some(date) => doubt(cx, route, date, flag.open).await?,
        };
        match (refusal, date) {
            (Ok(true), Some(date)) => {
                let act = day::plan(cx, route, &date.to_string(), flag.open, &by).await?;
                changes.extend(act.changes.iter().cloned());
                acts.push(act);
            }
            (Ok(_), _) => tracing::info!(spool, file = name, route, "a flag says again what is so"),
            (Err((code, why)), _) => changes.push(Change::Raise(NewNotice {
                severity: "error".into(),
                topic: "day".into(),
                subject: format!("{route}/{name}"),
                code: code.0,
                text: format!(
                    "{name} in spool {spool} {word} a business date of {route}, and nothing was done: {why}. Ask the core; \
                     if it is meant: `fpp day {} {route} DATE --reason \"…\"`.",
                    if flag.open { "open" } else { "close" }
                ),
            })),
        }
    }
    cx.ledger.apply(fence, cx.clock.now_ms(), &changes).await?;
    for act in acts {
        tracing::info!(spool, file = name, "{}", act.said);
        act.done(cx).await?;
    }
    Ok(())
}

/// `yyyymmdd`.
fn date_of(text: &str) -> Option<Date> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let (month, day) = (i8::try_from(part(4, 6)?).ok()?, i8::try_from(part(6, 8)?).ok()?);
    Date::new(part(0, 4)?, month, day).ok().filter(|_| text.len() == 8)
}

type Doubt = std::result::Result<bool, (Code, String)>;

/// Whether there is anything to do, or why it cannot be meant.
async fn doubt(cx: &Inbound, route: &str, date: Date, open: bool) -> Result<Doubt> {
    let Some(rules) = cx.routes.get(route) else { return Ok(Ok(false)) };
    let told = cx.ledger.days(route).await?.into_iter().find(|(of, _)| *of == date.to_string());
    match told {
        Some((_, is_open)) if is_open == open => return Ok(Ok(false)),
        Some((_, false)) => return Ok(Err((Code::DAY_CLOSED, format!("{date} was closed before")))),
        _ => {}
    }
    let calendar = rules.series.calendar.as_deref();
    if calendar.is_some_and(|calendar| calendar.is_day(date) != Some(true)) {
        return Ok(Err((Code::DAY_CLOSED, format!("{date} is no business day of its calendar"))));
    }
    let now = business_date(calendar, cx.clock.now_ms(), &rules.timezone);
    let near = |now: Date| {
        let span = Span::new().days(DAYS_APART);
        Some(now.checked_sub(span).ok()? <= date && date <= now.checked_add(span).ok()?)
    };
    match now.and_then(|now| Some((now, near(now)?))) {
        Some((_, true)) => Ok(Ok(true)),
        Some((now, false)) => {
            let what = format!("{date} is more than {DAYS_APART} days from the present business date {now}");
            Ok(Err((Code::DAY_CLOSED, what)))
        }
        None => Ok(Err((Code::DAY_CLOSED, "its calendar does not know the present day".to_owned()))),
    }
}

#[cfg(test)]
mod tests {
    use super::date_of;

    #[test]
    fn a_date_is_eight_digits_of_a_day_that_exists() {
        assert_eq!(date_of("20250620").unwrap().to_string(), "2025-06-20");
        for bad in ["", "20250631", "2025062", "202506200", "2025-6-2", "00000000", "２０２５０６２０"] {
            assert_eq!(date_of(bad), None, "{bad}");
        }
    }
}
