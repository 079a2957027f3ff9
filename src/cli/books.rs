//! Opening the books read-only, while a node may be running.

use super::exit::Failure;
use crate::ledger::Ledger;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::transfer::{Transfer, TransferId};
use crate::settings::Settings;

/// The books of a node, to read.
pub(super) async fn open(settings: &Settings) -> Result<SqliteLedger, Failure> {
    let file = settings.ledger_file();
    if !file.exists() {
        return Err(Failure::usage(format!(
            "there are no books yet at {}: start the node with `fpp run --config {}`",
            file.display(),
            settings.file.display()
        )));
    }
    Ok(SqliteLedger::open_read_only(&file).await?)
}

/// A transfer that must be there.
pub(super) async fn transfer(books: &dyn Ledger, id: &str) -> Result<Transfer, Failure> {
    let found = books.transfer(&TransferId(id.to_owned())).await?;
    found.ok_or_else(|| Failure::usage(format!("there is no transfer {id}; `fpp transfers` lists them")))
}
