//! One word about everything of one partner (D25): what is meant is walked some at a time, each with its own changes and its
//! own row of the journal, as if the word had been said of it alone.
//!
//! Invariant: what cannot be moved any more, because it moved meanwhile, or because another file has its name, is left as it
//! is, and the others go on.

use super::said::Said;
use super::{Doors, under_way};
use crate::delivery::whole::{Again, Held, Lost, Meant, Open};
use crate::error::{Error, Result};
use crate::inbound::route::Route;
use crate::inbound::whole::{HeldFiles, OpenFiles};
use crate::ledger::change::Change;
use crate::ledger::verbs::{PartnerRow, Planned, Verb, of_partner};
use fpp_codecs::Code;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Lines that are told; all have their rows in the journal.
const LINES_MAX: usize = 10_000;

/// What would be done; refused where the word is not said of partners.
pub(super) fn plan(
    routes: &BTreeMap<String, Arc<Route>>,
    verb: Verb,
    lost: bool,
    spool: &str,
    since_ms: Option<i64>,
) -> Result<Planned> {
    let refused = |what: String, hint: &str| Err(Error::halt(Code::REFUSED, what).hint(hint));
    let Some(row) = of_partner(verb, lost) else {
        let word = if lost { "--lost" } else { "--partner" };
        return refused(
            format!("{} is not said of everything of a partner with {word}", verb.word()),
            "Of a whole partner say hold, retry, resend or release; of lost files resend --lost.",
        );
    };
    if row.dated && since_ms.is_none() {
        return refused(format!("{} of {spool} needs a time", verb.word()), "Say since when, with --since.");
    }
    let said = format!("{spool}: {}: {}", row.meant, row.said);
    Ok(Planned { effect: row.said, routes: using(routes, spool), changes: Vec::new(), said })
}

/// The spools that a route's files come from and go into.
pub(super) fn spools(route: &Route) -> impl Iterator<Item = &String> {
    let outlets = route.files.iter().map(|outlet| &outlet.spool);
    outlets.chain(route.answer.iter().map(|answer| &answer.spool)).chain([&route.spool])
}

/// The routes that use a spool: what is said of a whole partner is said of files of each of them.
pub(super) fn using(routes: &BTreeMap<String, Arc<Route>>, spool: &str) -> Vec<String> {
    routes.values().filter(|route| spools(route).any(|of| of == spool)).map(|route| route.name.clone()).collect()
}

/// Does it, and closes the request that it was asked with.
pub(super) async fn carry_out(doors: &Doors, row: &PartnerRow, meant: Meant, settle: Option<Change>) -> Result<Said> {
    let spool = meant.spool.clone();
    let mut done = Done { doors, lines: Vec::new(), count: 0, settle };
    let passed = match done.walk(row, meant).await {
        Ok(passed) => passed,
        Err(error) if done.count > 0 => return Err(error.at(format_args!("after {} of them were done", done.count))),
        Err(error) => return Err(error),
    };
    if let Some(settle) = done.settle.take() {
        done.write(vec![settle]).await?;
    }
    let count = done.count;
    let passed = match passed {
        0 => String::new(),
        n => format!("; {n} passed over: {}", row.passed),
    };
    let more = count.saturating_sub(done.lines.len());
    if more > 0 {
        done.lines.push(format!("and {more} more"));
    }
    Ok(Said { message: format!("{count} of {spool}: {}{passed}", row.said), lines: done.lines })
}

struct Done<'a> {
    doors: &'a Doors,
    lines: Vec<String>,
    count: usize,
    settle: Option<Change>,
}

impl Done<'_> {
    /// Returns how many were passed over.
    async fn walk(&mut self, row: &PartnerRow, meant: Meant) -> Result<u64> {
        let (doors, ledger) = (self.doors, &*self.doors.inbound.ledger);
        let by = meant.by.clone();
        let (who, why) = by.split_once(": ").unwrap_or((&by, ""));
        if row.verb == Verb::Hold {
            // The files first: theirs that are on their way are held with them.
            let mut files = OpenFiles::begin(&doors.inbound, &meant.spool, meant.since_ms);
            while let Some(some) = files.batch(&doors.inbound, who, why).await? {
                self.apply(some).await?;
            }
            let mut open = Open::begin(meant, doors.inbound.clock.now_ms());
            while let Some(some) = open.batch(ledger).await? {
                self.apply(some).await?;
            }
            return Ok(open.passed);
        }
        if row.verb == Verb::Retry {
            let mut held = Held::begin(meant.clone());
            while let Some(some) = held.batch(ledger).await? {
                self.apply(some).await?;
            }
            let mut files = HeldFiles::begin(&meant.spool, meant.since_ms);
            while let Some(some) = files.batch(&doors.inbound, who, why).await? {
                self.apply(some).await?;
            }
            return Ok(held.passed + files.passed);
        }
        if row.verb == Verb::Resend && !row.lost {
            let mut again = Again::begin(meant, doors.inbound.clock.now_ms());
            loop {
                let some = again.batch(ledger).await?;
                if some.is_empty() {
                    return Ok(again.passed.len() as u64);
                }
                for left in self.apply(some).await? {
                    again.pass(&left);
                }
            }
        }
        let mut lost = Lost::begin(&doors.deliveries, meant, row.verb)?;
        while let Some(some) = lost.batch(&doors.deliveries).await? {
            self.apply(some).await?;
        }
        Ok(0)
    }

    /// All at once, or, when one of them cannot be moved, each alone; returns those that are left as they are.
    async fn apply(&mut self, some: Vec<Planned>) -> Result<Vec<Planned>> {
        under_way::go_on(&self.doors.stopped)?;
        if some.is_empty() {
            return Ok(some);
        }
        let settle = self.settle.clone();
        let all = some.iter().flat_map(|one| one.changes.iter().cloned()).chain(settle.clone()).collect();
        match self.write(all).await {
            Ok(()) => self.settle = None,
            Err(error) if is_of_one(&error) => return self.apply_each(some).await,
            Err(error) => return Err(error),
        }
        some.into_iter().for_each(|one| self.told(one));
        Ok(Vec::new())
    }

    async fn apply_each(&mut self, some: Vec<Planned>) -> Result<Vec<Planned>> {
        if let Some(settle) = self.settle.take() {
            self.write(vec![settle]).await?;
        }
        let mut left = Vec::new();
        for one in some {
            match self.write(one.changes.clone()).await {
                Ok(()) => self.told(one),
                Err(error) if is_of_one(&error) => {
                    tracing::info!(said = one.said, "it is left as it is: {error}");
                    left.push(one);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(left)
    }

    async fn write(&self, changes: Vec<Change>) -> Result<()> {
        self.doors.inbound.ledger.apply(None, self.doors.inbound.clock.now_ms(), &changes).await?;
        self.doors.bell.ring();
        Ok(())
    }

    fn told(&mut self, one: Planned) {
        self.count += 1;
        if self.lines.len() < LINES_MAX {
            self.lines.push(one.said);
        }
    }
}

/// Whether one of several cannot be moved: it moved meanwhile, or another file has its name.
fn is_of_one(error: &Error) -> bool {
    matches!(error.code, Code::INTERNAL | Code::TARGET_EXISTS)
}
