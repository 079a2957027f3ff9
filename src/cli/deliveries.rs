//! `fpp deliveries`: files that go to partners.

use super::books;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use super::show::{Times, grouped, short};
use crate::ledger::delivery::{Delivery, DeliveryState, Purpose};
use crate::ledger::transfer::TransferId;
use clap::Args;

/// List deliveries: answers and event files on their way to partners, newest first.
///
/// Delivered: it stands in the partner's spool. Taken: the partner removed it. Held: a person must clear
/// the cause; then `fpp retry ID`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp deliveries\n  fpp deliveries --transfer 01JY3V8Q5TZ6QX2M4N7P9RSTVW --json")]
pub(super) struct Deliveries {
    /// Only those of one transfer
    #[arg(long, value_name = "ID")]
    transfer: Option<String>,
    /// How many
    #[arg(long, default_value_t = 20)]
    limit: u32,
    /// Print JSON, one delivery a line
    #[arg(long)]
    json: bool,
}

impl Deliveries {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let of = self.transfer.map(TransferId);
        let deliveries = wait(async {
            let books = books::open(&settings).await?;
            Ok(books.deliveries(of.as_ref(), self.limit).await?)
        })?;
        if self.json {
            for delivery in &deliveries {
                out.json(delivery)?;
            }
            return Ok(Exit::Good);
        }
        if deliveries.is_empty() {
            note("no deliveries");
        } else {
            out.line(table(&deliveries, &Times::of(&settings.timezone)))?;
        }
        Ok(Exit::Good)
    }
}

/// Deliveries in a table.
pub(super) fn table(deliveries: &[Delivery], times: &Times) -> Table {
    let planned = times.head("planned");
    let columns = [
        ("id", Align::Left),
        (&planned, Align::Left),
        ("what", Align::Left),
        ("state", Align::Left),
        ("to", Align::Left),
        ("name", Align::Left),
        ("bytes", Align::Right),
        ("sha256", Align::Left),
        ("tries", Align::Right),
        ("last fault", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for delivery in deliveries {
        // What is pushed are events, and no bytes that a digest is of.
        let is_file = delivery.purpose != Purpose::Posting;
        let settled = matches!(delivery.state, DeliveryState::Delivered | DeliveryState::Taken);
        table.row(vec![
            delivery.id.to_string(),
            times.show(delivery.planned_ms),
            format!("{:?}", delivery.purpose).to_lowercase(),
            format!("{:?}", delivery.state),
            delivery.spool.clone(),
            delivery.name.clone(),
            if is_file { grouped(delivery.size) } else { String::new() },
            if is_file { short(Some(&delivery.sha256)) } else { String::new() },
            delivery.attempts.to_string(),
            if settled { String::new() } else { delivery.last_error.clone() },
        ]);
    }
    table
}
