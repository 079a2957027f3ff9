//! Operators' verbs on everything of one partner (D25): what is meant, some at a time, each as the verb is said of it alone.
//!
//! Whatever asks for a word of its own is passed over and counted: what a person held, and what may be at the partner
//! already. Of a lost folder ([`Lost`]) it is just that which is meant.

use super::Deliveries;
use super::taken::{self, Watch};
use super::verbs::{self, step};
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::Change;
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use crate::ledger::verbs::{Planned, Verb};
use fpp_codecs::Code;
use std::collections::HashSet;

/// Deliveries that one transaction moves.
pub const BATCH: u32 = 100;
/// Delivered files that are looked for at once.
const LOOK: u32 = 1_000;

/// What is meant.
#[derive(Clone, Debug)]
pub struct Meant {
    /// Spool.
    pub spool: String,
    /// Delivered, or held, since then.
    pub since_ms: i64,
    /// Who and why.
    pub by: String,
}

fn planned(verb: Verb, delivery: &Delivery, changes: Vec<Change>, said: &str) -> Planned {
    let said = format!("{} {}: {said}", delivery.id, delivery.name);
    Planned { effect: verb.word(), routes: Vec::new(), changes, said }
}

/// What a partner took since a time, to be sent again.
pub struct Again {
    of: Meant,
    until_ms: i64,
    /// Names that another file has, and interim answers; they are left alone.
    pub passed: HashSet<DeliveryId>,
}

impl Again {
    /// From a time until before another one: what is sent again now is not sent a second time.
    pub fn begin(of: Meant, until_ms: i64) -> Again {
        Again { of, until_ms, passed: HashSet::new() }
    }

    /// One of them could not be sent again: another file has its name by now, or it moved meanwhile.
    pub fn pass(&mut self, one: &Planned) {
        let ids = one.changes.iter().filter_map(|change| match change {
            Change::MoveDelivery { id, .. } => Some(id.clone()),
            _ => None,
        });
        self.passed.extend(ids);
    }

    /// The next; none when all were sent again. Interim answers are history and stay so.
    pub async fn batch(&mut self, ledger: &dyn Ledger) -> Result<Vec<Planned>> {
        let Meant { spool, since_ms, by } = &self.of;
        loop {
            let limit = BATCH.saturating_add(u32::try_from(self.passed.len()).unwrap_or(u32::MAX));
            let mut taken = ledger.taken_deliveries(spool, *since_ms, self.until_ms, limit).await?;
            let whole = taken.len() < limit as usize;
            taken.retain(|delivery| !self.passed.contains(&delivery.id));
            let mut again = Vec::new();
            for delivery in &taken {
                let newest = ledger.delivery_named(&delivery.spool, &delivery.name).await?;
                let is_newest = newest.is_none_or(|newest| newest.id == delivery.id);
                if is_newest && !matches!(delivery.purpose, Purpose::Interim | Purpose::Command | Purpose::Posting) {
                    let change = step(delivery, DeliveryEvent::Resend, by);
                    again.push(planned(Verb::Resend, delivery, vec![change], "sent again"));
                } else {
                    self.passed.insert(delivery.id.clone());
                }
            }
            if whole || !again.is_empty() {
                return Ok(again);
            }
        }
    }
}

/// What is on its way to a partner, to be held.
pub struct Open {
    of: Meant,
    now_ms: i64,
    after: Option<DeliveryId>,
    /// Those that are left alone.
    pub passed: u64,
}

impl Open {
    /// From the beginning.
    pub fn begin(of: Meant, now_ms: i64) -> Open {
        Open { of, now_ms, after: None, passed: 0 }
    }

    /// The next, which may be none of a batch; nothing behind the last.
    pub async fn batch(&mut self, ledger: &dyn Ledger) -> Result<Option<Vec<Planned>>> {
        let Meant { spool, since_ms, by } = &self.of;
        let page = ledger.open_deliveries(spool, self.after.as_ref(), BATCH).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some(last.id.clone());
        let meant = page.iter().filter(|delivery| delivery.planned_ms >= *since_ms);
        let is_asked = |d: &&Delivery| d.purpose == Purpose::Command && d.state == DeliveryState::Proven;
        let (asked, open): (Vec<_>, Vec<_>) = meant.partition(is_asked);
        self.passed += asked.len() as u64;
        let held = |delivery: &Delivery| {
            planned(Verb::Hold, delivery, verbs::hold(delivery, by, self.now_ms), "held; nothing more is sent")
        };
        Ok(Some(open.into_iter().map(held).collect()))
    }
}

/// Deliveries to a partner that are held, to be tried again.
pub struct Held {
    of: Meant,
    after: Option<DeliveryId>,
    /// Those that are left alone.
    pub passed: u64,
}

impl Held {
    /// From the beginning.
    pub fn begin(of: Meant) -> Held {
        Held { of, after: None, passed: 0 }
    }

    /// The next, which may be none of a batch; nothing behind the last.
    pub async fn batch(&mut self, ledger: &dyn Ledger) -> Result<Option<Vec<Planned>>> {
        let Meant { spool, since_ms, by } = &self.of;
        let page = ledger.held_deliveries(spool, *since_ms, self.after.as_ref(), BATCH).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some(last.id.clone());
        let (meant, passed): (Vec<_>, Vec<_>) = page.iter().partition(|delivery| !delivery.asks_for_its_own_word());
        self.passed += passed.len() as u64;
        let again = |delivery: &Delivery| {
            let change = step(delivery, DeliveryEvent::Retry, by);
            planned(Verb::Retry, delivery, vec![change], "delivered from the beginning; nothing is overwritten")
        };
        Ok(Some(meant.into_iter().map(again).collect()))
    }
}

/// Files that stood in a folder that is another one now, and those that are held because nobody knows whether the partner
/// has them (FPP4008): all of them count as taken, or are sent again.
pub struct Lost {
    of: Meant,
    /// [`Verb::Release`]: the partner has them. [`Verb::Resend`]: it has them not.
    verb: Verb,
    watch: Watch,
    held: Option<DeliveryId>,
    delivered: Option<Delivery>,
    all_held: bool,
    all_delivered: bool,
}

impl Lost {
    /// From the beginning; the verb is release or resend. Refused where this node does not reach the spool, before anything
    /// is changed: what stood in a folder that is another one now can only be told where the folder is.
    pub fn begin(cx: &Deliveries, of: Meant, verb: Verb) -> Result<Lost> {
        let spool = &of.spool;
        if !cx.folders.contains_key(spool) {
            let what = format!("this node does not reach spool {spool}, and cannot tell which of its files are lost");
            return Err(Error::halt(Code::REFUSED, what).hint("Say it at a node that reaches it: `fpp nodes`."));
        }
        let (all_held, all_delivered) = (false, false);
        Ok(Lost { of, verb, watch: Watch::default(), held: None, delivered: None, all_held, all_delivered })
    }

    /// The next, which may be none of a batch; nothing behind the last.
    pub async fn batch(&mut self, cx: &Deliveries) -> Result<Option<Vec<Planned>>> {
        let lost = if !self.all_held {
            self.held(cx).await?
        } else if !self.all_delivered {
            self.delivered(cx).await?
        } else {
            return Ok(None);
        };
        Ok(Some(lost.iter().map(|delivery| self.planned(delivery)).collect()))
    }

    async fn held(&mut self, cx: &Deliveries) -> Result<Vec<Delivery>> {
        let Meant { spool, since_ms, .. } = &self.of;
        let mut page = cx.ledger.held_deliveries(spool, *since_ms, self.held.as_ref(), BATCH).await?;
        self.held = page.last().map(|delivery| delivery.id.clone());
        self.all_held = page.is_empty();
        page.retain(taken::is_unsure);
        Ok(page)
    }

    async fn delivered(&mut self, cx: &Deliveries) -> Result<Vec<Delivery>> {
        let Meant { spool, since_ms, .. } = &self.of;
        let mut page = cx.ledger.untaken_deliveries(self.delivered.as_ref(), LOOK).await?;
        self.delivered = page.last().cloned();
        self.all_delivered = page.len() < LOOK as usize;
        page.retain(|delivery| delivery.spool == *spool && delivery.delivered_ms.is_some_and(|at| at >= *since_ms));
        if page.is_empty() {
            return Ok(page);
        }
        self.watch.elsewhere(cx, spool, page).await
    }

    fn planned(&self, delivery: &Delivery) -> Planned {
        let step = |event| step(delivery, event, &self.of.by);
        let (changes, said) = match (self.verb, delivery.state) {
            (Verb::Release, _) => (vec![step(DeliveryEvent::Vouch)], "counts as taken"),
            (_, DeliveryState::Held) => (vec![step(DeliveryEvent::Retry)], "sent again"),
            _ => (vec![step(DeliveryEvent::Vouch), step(DeliveryEvent::Resend)], "sent again"),
        };
        planned(self.verb, delivery, changes, said)
    }
}
