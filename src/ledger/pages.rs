//! All transfers that a question means, page by page, newest first: who walks over all of them keeps one page in memory, and
//! nobody mistakes the newest thousand for all.

use super::Ledger;
use super::transfer::{Transfer, TransferQuery};
use crate::error::Result;

/// Transfers in one page.
const PAGE: u32 = 1_000;

/// A walk over the transfers of a question.
pub struct Pages {
    query: TransferQuery,
    over: bool,
}

impl Pages {
    /// From the newest on, or from what the question begins with; its limit does not count.
    pub fn of(query: TransferQuery) -> Pages {
        Pages { query: TransferQuery { limit: PAGE, ..query }, over: false }
    }

    /// The next page; nothing behind the last one.
    pub async fn next(&mut self, ledger: &dyn Ledger) -> Result<Option<Vec<Transfer>>> {
        if self.over {
            return Ok(None);
        }
        let page = ledger.transfers(&self.query).await?;
        self.over = page.len() < PAGE as usize;
        if let Some(last) = page.last() {
            self.query.before = Some(last.id.clone());
        }
        Ok(Some(page))
    }
}
