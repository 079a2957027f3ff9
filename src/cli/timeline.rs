//! What happened to a file and to all that is delivered of it, in the order of time.

use super::output::{Align, Table};
use super::show::Times;
use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::change::JournalRow;
use crate::ledger::delivery::{Delivery, Purpose};
use crate::ledger::fold::{Entry, What, delivery_subject, transfer_subject};
use crate::ledger::transfer::TransferId;
use fpp_codecs::Code;

/// The rows of the transfer's journal, and of its deliveries'.
pub(super) async fn read(books: &dyn Ledger, id: &TransferId, deliveries: &[Delivery]) -> Result<Vec<JournalRow>> {
    let mut rows = books.journal(&transfer_subject(id)).await?;
    for delivery in deliveries {
        rows.extend(books.journal(&delivery_subject(&delivery.id)).await?);
    }
    // Of what one commit wrote, the transfer's comes first; each journal keeps its own order.
    rows.sort_by_key(|row| row.at_ms);
    Ok(rows)
}

/// The same for a person.
pub(super) fn table(journal: &[JournalRow], deliveries: &[Delivery], times: &Times) -> Table {
    let mut table = Table::new(&[(&times.head("when"), Align::Left), ("what", Align::Left), ("by", Align::Left)]);
    for row in journal {
        let (what, by) = match Entry::read(&row.entry) {
            Ok(entry) => {
                let node = entry.fence.map(|f| format!("{} (epoch {})", f.holder, f.epoch)).unwrap_or_default();
                let (what, operator) = happened(&entry.what);
                (what, operator.unwrap_or(node))
            }
            Err(error) => (error, String::new()),
        };
        let of = deliveries.iter().find(|delivery| delivery_subject(&delivery.id) == row.subject);
        let what = match of {
            Some(delivery) => format!("  {}: {what}", called(delivery)),
            None => what,
        };
        table.row(vec![times.show(row.at_ms), what, by]);
    }
    table
}

/// What a delivery is called beside others of the same file.
fn called(delivery: &Delivery) -> String {
    match delivery.purpose {
        Purpose::Posting => format!("events to {}", delivery.spool),
        Purpose::Command => format!("command at {}", delivery.spool),
        _ => delivery.name.clone(),
    }
}

/// What happened, and which operator did it.
fn happened(what: &What) -> (String, Option<String>) {
    match what {
        What::Arrive { transfer } => (format!("Arrive as {}", transfer.name), None),
        What::Move { event, by, publication, facts, .. } => {
            let mut words = format!("{event:?}");
            if let Some(publication) = publication {
                words.push_str(&format!(", publication {publication}"));
            }
            let halted = facts.halted.as_ref().map(|h| Code(h.code));
            if let Some(code) = halted.or(facts.code()).filter(|c| c.0 != 0) {
                words.push_str(&format!(", {code} {}", code.english()));
            }
            (words, by.clone())
        }
        What::Plan { .. } => ("Plan".to_owned(), None),
        What::Deliver { event, by, fsynced, .. } => {
            let durable = match fsynced {
                Some(true) => ", durable there",
                Some(false) => ", not made durable there (no fsync)",
                None => "",
            };
            (format!("{event:?}{durable}"), by.clone())
        }
        What::Bury { records } => (format!("{} dead letters", records.len()), None),
        What::Unbury { records } => (format!("{} dead letters taken after all", records.len()), None),
        What::Redrive { by } => ("dead letters pushed once more".to_owned(), Some(by.clone())),
        What::Day { business_date, open, by } => {
            (format!("{business_date} {}", if *open { "opened" } else { "closed" }), Some(by.clone()))
        }
        What::Hurry { by } => ("goes on at once".to_owned(), Some(by.clone())),
        What::Pause { switch, paused, by } => {
            (format!("{switch} {}", if *paused { "paused" } else { "resumed" }), Some(by.clone()))
        }
        What::Ask { ask } => (format!("{} {} asked for", ask.verb, ask.subject), Some(ask.person.clone())),
        What::Settle { confirmed, by } => {
            (if *confirmed { "confirmed" } else { "declined" }.to_owned(), Some(by.clone()))
        }
        What::Rows { before, by, gone, .. } => {
            let rows = gone.as_ref().map(|gone| format!("{} rows", gone.values().sum::<u64>()));
            let words = match rows {
                Some(rows) => format!("{rows} before {before} taken away"),
                None => format!("rows before {before} are to be taken away"),
            };
            (words, Some(by.clone()))
        }
        What::Purge { before, transfers, by, .. } => {
            (format!("{transfers} transfers before {before} purged"), Some(by.clone()))
        }
    }
}
