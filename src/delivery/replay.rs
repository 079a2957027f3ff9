//! A replay: the events of a route's files, from a business date on, are pushed into an outlet again, in the order in which
//! the files were posted. A file that never went there is planned now, and gates nothing.
//!
//! The target sees the same ids and bytes as before, unless the configuration names other types by now.

use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::change::Change;
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryState, Purpose};
use crate::ledger::transfer::Transfer;
use crate::outlets::planned::planned;

/// Publications looked through for one batch of changes.
const ROUND: u32 = 200;

/// A replay under way.
pub struct Replay {
    /// The outlet.
    pub outlet: String,
    /// The route.
    pub route: String,
    /// Business dates from this one on, `yyyy-mm-dd`.
    pub from: String,
    /// Who and why.
    pub by: String,
    /// Publications that were looked through.
    after: u64,
    /// What is posted later is no part of it.
    until: u64,
    /// Files that are on their way there anyway.
    pub passed: u64,
}

impl Replay {
    /// Begins with the first file of that date.
    pub async fn begin(ledger: &dyn Ledger, outlet: &str, route: &str, from: &str, by: &str) -> Result<Replay> {
        let until = ledger.last_publication().await?;
        let first = ledger.first_publication_of(from).await?;
        let after = first.map_or(until, |first| first.saturating_sub(1));
        let (outlet, route, from, by) = (outlet.to_owned(), route.to_owned(), from.to_owned(), by.to_owned());
        Ok(Replay { outlet, route, from, by, after, until, passed: 0 })
    }

    /// The next changes; nothing when all files were looked through.
    pub async fn batch(&mut self, ledger: &dyn Ledger, now_ms: i64) -> Result<Option<Vec<Change>>> {
        if self.after >= self.until {
            return Ok(None);
        }
        let page = ledger.publications(self.after, ROUND).await?;
        let Some(last) = page.last().and_then(|transfer| transfer.publication) else { return Ok(None) };
        let until = self.until;
        let page: Vec<Transfer> =
            page.into_iter().filter(|t| t.publication <= Some(until) && self.is_meant(t)).collect();
        let ids: Vec<_> = page.iter().map(|transfer| transfer.id.clone()).collect();
        let sent = ledger.deliveries_of(&ids).await?;
        let mut changes = Vec::new();
        for transfer in &page {
            let is_its =
                |d: &&Delivery| d.purpose == Purpose::Posting && d.spool == self.outlet && d.transfer == transfer.id;
            match sent.iter().find(is_its) {
                None => changes.push(Change::Plan(Box::new(planned(transfer, &self.outlet, false, now_ms)))),
                Some(posting) if posting.state == DeliveryState::Taken => {
                    let (id, by) = (posting.id.clone(), Some(self.by.clone()));
                    changes.push(Change::MoveDelivery { id, event: DeliveryEvent::Resend, by });
                }
                Some(_) => self.passed += 1,
            }
        }
        self.after = last;
        Ok(Some(changes))
    }

    fn is_meant(&self, transfer: &Transfer) -> bool {
        let date = transfer.facts.of_file().map(|identity| identity.business_date.as_str());
        transfer.route == self.route && date.is_some_and(|date| date >= self.from.as_str())
    }
}
