//! Opening the books read-only, while a node may be running.

use super::exit::Failure;
use crate::ledger::Ledger;
use crate::ledger::transfer::{Transfer, TransferId};
use crate::node;
use crate::outlets::trace::transfer_of;
use crate::settings::Settings;
use std::sync::Arc;

/// The books of a node, to read.
pub(super) async fn open(settings: &Settings) -> Result<Arc<dyn Ledger>, Failure> {
    if !node::books::may_exist(settings) {
        return Err(Failure::usage(format!(
            "there are no books yet at {}: start the node with `fpp run --config {}`",
            node::books::place(settings),
            settings.file.display()
        )));
    }
    Ok(node::books::open_read_only(settings).await?)
}

/// A transfer that must be there, by its id, or by the trace that its messages carry.
pub(super) async fn transfer(books: &dyn Ledger, id: &str) -> Result<Transfer, Failure> {
    let found = books.transfer(&TransferId(transfer_of(id).unwrap_or_else(|| id.to_owned()))).await?;
    found.ok_or_else(|| Failure::usage(format!("there is no transfer {id}; `fpp transfers` lists them")))
}
