//! Files that an index of a spool lists, and whether the books have them. Names alone are no proof: they may come every day.

use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::transfer::{Transfer, TransferQuery};
use fpp_spool::Stated;
use fpp_spool::pattern::folded;
use std::borrow::Cow;
use std::collections::HashMap;

/// Transfers of the books that are looked through at once.
const PAGE: u32 = 10_000;

/// A file as an index lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The index.
    pub index: String,
    /// The file.
    pub name: String,
    /// What the index says of it.
    pub stated: Stated,
}

impl Listed {
    fn is(&self, transfer: &Transfer, fold: bool) -> bool {
        let Some(promised) = &transfer.facts.promised else { return false };
        key(&promised.marker.name, fold) == key(&self.index, fold)
            && promised.size == self.stated.size
            && promised.digest == self.stated.digest.map(|digest| digest.to_string())
    }
}

/// Those that the books do not have. They are looked through from the newest transfer to the oldest, until all are found:
/// a listed file may stand behind any number of others.
pub async fn unbooked(ledger: &dyn Ledger, spool: &str, fold: bool, listed: Vec<Listed>) -> Result<Vec<Listed>> {
    let mut left: HashMap<String, Vec<Listed>> = HashMap::new();
    for file in listed {
        left.entry(key(&file.name, fold).into_owned()).or_default().push(file);
    }
    let mut query = TransferQuery { limit: PAGE, ..TransferQuery::default() };
    while !left.is_empty() {
        let page = ledger.transfers(&query).await?;
        for transfer in page.iter().filter(|t| t.spool == spool) {
            let name = key(&transfer.name, fold);
            if let Some(files) = left.get_mut(name.as_ref()) {
                files.retain(|file| !file.is(transfer, fold));
                if files.is_empty() {
                    left.remove(name.as_ref());
                }
            }
        }
        match page.last() {
            Some(last) if page.len() >= PAGE as usize => query.before = Some(last.id.clone()),
            _ => break,
        }
    }
    Ok(left.into_values().flatten().collect())
}

fn key(name: &str, fold: bool) -> Cow<'_, str> {
    if fold { Cow::Owned(folded(name)) } else { Cow::Borrowed(name) }
}
