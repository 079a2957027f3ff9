//! The core's act (日切): a business date of a route is opened or closed (D4).
//!
//! A day that is closed with something missing stays closed: it is the core's act. But a person hears of it, and what
//! still waits for a batch that will not come is held at once. Once a day is open, what was held because it was not goes
//! on by itself, whether somebody opened it or it began by its calendar.

use super::order;
use super::series;
use super::work::Inbound;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::transfer::{FileState, Transfer};
use crate::trade::series::{OfDay, Stands, day, listed};
use fpp_codecs::Code;
use std::collections::{BTreeMap, HashSet};

/// An act that is not written yet.
pub struct Act {
    /// Written all or none.
    pub changes: Vec<Change>,
    /// What is said of it.
    pub said: String,
    opened: bool,
    of_day: OfDay,
}

/// Opens or closes a date; what is said to the operator.
pub async fn decide(cx: &Inbound, route: &str, date: &str, open: bool, by: &str) -> Result<String> {
    let act = plan(cx, route, date, open, by).await?;
    cx.ledger.apply(None, cx.clock.now_ms(), &act.changes).await?;
    act.done(cx).await?;
    Ok(act.said)
}

impl Act {
    /// After it is written: what waited looks again.
    pub async fn done(&self, cx: &Inbound) -> Result<()> {
        order::look_again(cx, &self.of_day).await?;
        for transfer in self.of_day.files.iter().filter(|t| self.opened && is_held_for_day(t)) {
            go_on(cx, transfer).await?;
        }
        cx.bell.ring();
        Ok(())
    }
}

/// Held because its business date was not open.
pub fn is_held_for_day(transfer: &Transfer) -> bool {
    transfer.state == FileState::Held
        && !transfer.closed
        && transfer.facts.hold(transfer.verdict).0 == Some(Code::DAY_CLOSED.0)
}

async fn go_on(cx: &Inbound, transfer: &Transfer) -> Result<()> {
    order::go_on(cx, transfer, &order::released(transfer, "fpp: its business date is open")).await
}

/// Which business dates are open, asked once each: one look at all that is held.
#[derive(Default)]
pub struct OpenDays(BTreeMap<(String, String), bool>);

impl OpenDays {
    /// Lets a file go on that was held for its day, where that is open by now: a day that begins by its calendar is nobody's act.
    pub async fn let_go(&mut self, cx: &Inbound, transfer: &Transfer) -> Result<()> {
        let (Some(identity), Some(route)) = (&transfer.facts.identity, cx.routes.get(&transfer.route)) else {
            return Ok(());
        };
        let key = (route.name.clone(), identity.business_date.clone());
        let is_open = match self.0.get(&key) {
            Some(known) => *known,
            None => {
                let is_open = series::is_open(cx, route, &identity.business_date).await?;
                self.0.insert(key, is_open);
                is_open
            }
        };
        if is_open {
            go_on(cx, transfer).await?;
            cx.bell.ring();
        }
        Ok(())
    }
}

/// What opening or closing a date changes.
pub async fn plan(cx: &Inbound, route: &str, date: &str, open: bool, by: &str) -> Result<Act> {
    let unknown = || Error::halt(Code::UNKNOWN, format!("there is no route `{route}`"));
    let rules = cx.routes.get(route).ok_or_else(unknown)?;
    let Ok(business_date) = date.parse::<jiff::civil::Date>() else {
        return Err(Error::halt(Code::REQUEST, format!("`{date}` is no date; write yyyy-mm-dd")));
    };
    let now_ms = cx.clock.now_ms();
    let (route, date) = (route.to_owned(), business_date.to_string());
    let mut changes = vec![Change::Day { route: route.clone(), business_date: date.clone(), open, by: by.to_owned() }];
    let mut said = format!("{date} is {} for {route}", if open { "open" } else { "closed" });
    let of_day = order::of_day(&*cx.ledger, &route, &date).await?;
    if !open {
        let batches = day(&rules.series, business_date, &rules.timezone, &of_day, &HashSet::new(), now_ms);
        let those = |wanted: &[Stands]| -> Vec<u32> {
            batches.iter().filter(|batch| wanted.contains(&batch.stands)).map(|batch| batch.batch).collect()
        };
        let missing = those(&[Stands::Missing, Stands::Rejected]);
        let unfinished = those(&[Stands::Working, Stands::Waiting, Stands::Held]);
        let mut left = Vec::new();
        if !missing.is_empty() {
            left.push(format!("MISSING: {}", listed(&missing)));
        }
        if !unfinished.is_empty() {
            left.push(format!("not posted: {}", listed(&unfinished)));
        }
        if !left.is_empty() {
            let left = left.join("; ");
            said = format!("{said}; {left}");
            changes.push(Change::Raise(NewNotice {
                severity: if missing.is_empty() { "warn".into() } else { "error".into() },
                topic: "day".into(),
                subject: format!("{route}/{date}"),
                code: Code::LATE.0,
                text: format!(
                    "{date} was closed for {route} by {by}; {left}. A file that comes now is held (FPP1012). Ask the \
                     sender; `fpp day show {route} {date}` tells the rest."
                ),
            }));
        }
    }
    Ok(Act { changes, said, opened: open, of_day })
}
