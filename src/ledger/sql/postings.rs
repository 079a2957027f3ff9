//! Postings: how far an outlet confirmed one, which events it did not take, and the queue of an outlet.
//!
//! Invariant: the records of the dead letters of a posting are those that its journal has (`walk.rs` compares them). How far
//! a posting was confirmed is no part of its journal: it only says where to go on, and going on earlier repeats events.

use super::apply::Apply;
use super::rows::{delivery_columns, read_delivery, record_int, record_of};
use super::session::{Row, Session, Statement, Value, sql};
use crate::error::{Error, Result};
use crate::ledger::delivery::{DeadLetter, Delivery, DeliveryId};
use crate::ledger::fold::{What, delivery_subject};
use crate::ledger::transfer::TransferId;
use std::collections::BTreeSet;

/// Rows in one statement.
const ROWS: usize = 200;

/// Where a posting stands in the queue of its route: first what an answer waits for, then what is pushed for the first time
/// or was deferred, then what is pushed again, so that a replay of a month holds up no answer; among these in the order of the publications,
/// whatever the clocks of the nodes that planned them. What is not published yet comes behind what is, by its id.
macro_rules! turn {
    ($delivery:literal, $transfer:literal) => {
        concat!(
            "((CASE WHEN ",
            $delivery,
            ".round > 0 THEN 2 WHEN ",
            $delivery,
            ".required = 1 AND ",
            $delivery,
            ".deferred = 0 THEN 0 ELSE 1 END) * 2305843009213693952 + COALESCE(",
            $transfer,
            ".publication, 1152921504606846976))"
        )
    };
}

/// A posting's name begins with its route and a stroke. Held ones are passed over: they are in another queue.
pub(crate) const NEXT: &str = concat!(
    "SELECT ",
    delivery_columns!(),
    " FROM deliveries d WHERE id IN (SELECT MIN(e.id) FROM deliveries e JOIN transfers u ON u.id = e.transfer JOIN \
       (SELECT SUBSTR(f.name, 1, INSTR(f.name, '/')) AS lane, MIN(",
    turn!("f", "v"),
    ") AS turn FROM deliveries f JOIN transfers v ON v.id = f.transfer WHERE f.queue = 2 AND f.spool = ? \
        GROUP BY SUBSTR(f.name, 1, INSTR(f.name, '/'))) AS h \
       ON h.lane = SUBSTR(e.name, 1, INSTR(e.name, '/')) AND h.turn = ",
    turn!("e", "u"),
    " WHERE e.queue = 2 AND e.spool = ? GROUP BY h.lane) AND NOT EXISTS (SELECT 1 FROM pauses p WHERE \
     (p.kind = 'outlet' AND p.name = d.spool) OR EXISTS (SELECT 1 FROM transfers t WHERE t.id = d.transfer AND \
       ((p.kind = 'route' AND p.name = t.route) OR (p.kind = 'outlet' AND p.name = t.route || '/' || d.spool)))) \
     ORDER BY id"
);

impl Apply<'_> {
    /// Writes how far an outlet confirmed a posting.
    pub(super) async fn confirm(&mut self, id: &DeliveryId, record: u64) -> Result<()> {
        let write = sql("UPDATE deliveries SET confirmed = ?, attempts = 0, last_error = '' WHERE id = ?");
        let found = self.session.execute(write.bind(record_int(record)).bind(&id.0)).await?;
        if found == 0 { Err(Error::internal(format!("there is no delivery {id}"))) } else { Ok(()) }
    }

    /// Writes dead letters down; one that is known is written anew.
    pub(super) async fn bury(&mut self, id: &DeliveryId, letters: &[DeadLetter]) -> Result<()> {
        let records: Vec<u64> = letters.iter().map(|letter| letter.record).collect();
        self.remove(id, &records).await?;
        for some in letters.chunks(ROWS) {
            let mut text =
                "INSERT INTO dead_letters (delivery, record, outlet, transfer, route, event_id, conflict, why, \
                            at_ms, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                    .to_owned();
            text.push_str(&", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)".repeat(some.len() - 1));
            let mut insert = Statement::built(text);
            for letter in some {
                insert.values.extend([
                    Value::from(&id.0),
                    record_int(letter.record).into(),
                    Value::from(&letter.outlet),
                    Value::from(&letter.transfer.0),
                    Value::from(&letter.route),
                    Value::from(&letter.id),
                    letter.conflict.into(),
                    Value::from(&letter.why),
                    self.now_ms.into(),
                    Value::Int(0),
                ]);
            }
            self.session.execute(insert).await?;
        }
        if records.is_empty() {
            return Ok(());
        }
        self.append(&delivery_subject(id), What::Bury { records }, None).await
    }

    /// Takes dead letters away that were taken after all.
    pub(super) async fn unbury(&mut self, id: &DeliveryId, records: &[u64]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        self.remove(id, records).await?;
        self.append(&delivery_subject(id), What::Unbury { records: records.to_vec() }, None).await
    }

    async fn remove(&mut self, id: &DeliveryId, records: &[u64]) -> Result<()> {
        for some in records.chunks(ROWS) {
            let places = vec!["?"; some.len()].join(", ");
            let mut delete =
                Statement::built(format!("DELETE FROM dead_letters WHERE delivery = ? AND record IN ({places})"));
            delete.values.push(Value::from(&id.0));
            delete.values.extend(some.iter().map(|record| Value::Int(record_int(*record))));
            self.session.execute(delete).await?;
        }
        Ok(())
    }

    /// Has the dead letters of a posting pushed once more.
    pub(super) async fn redrive(&mut self, id: &DeliveryId, by: &str) -> Result<()> {
        let due = sql("UPDATE dead_letters SET due = 1 WHERE delivery = ? AND due = 0").bind(&id.0);
        if self.session.execute(due).await? == 0 {
            return Ok(());
        }
        self.append(&delivery_subject(id), What::Redrive { by: by.to_owned() }, None).await
    }
}

fn deliveries_of(rows: &[Row]) -> Result<Vec<Delivery>> {
    rows.iter().map(read_delivery).collect()
}

/// The first unfinished posting of each route.
pub(super) async fn next(session: &mut dyn Session, outlet: &str) -> Result<Vec<Delivery>> {
    deliveries_of(&session.rows(sql(NEXT).bind(outlet).bind(outlet)).await?)
}

/// Postings that are not there.
pub(super) async fn open(
    session: &mut dyn Session,
    outlet: &str,
    after: Option<&DeliveryId>,
    limit: u32,
) -> Result<Vec<Delivery>> {
    let select = sql(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries WHERE queue IN (2, 3) AND spool = ? AND id > ? ORDER BY id LIMIT ?"
    ));
    let after = after.map_or("", |id| id.0.as_str());
    deliveries_of(&session.rows(select.bind(outlet).bind(after).bind(limit)).await?)
}

/// Outlets of which something is open.
pub(super) async fn outlets(session: &mut dyn Session) -> Result<Vec<String>> {
    let select =
        sql("SELECT spool FROM deliveries WHERE queue IN (2, 3) UNION SELECT outlet FROM dead_letters ORDER BY 1");
    session.rows(select).await?.iter().map(|row| row.get(0)).collect()
}

/// Deliveries that were deferred and are still due.
pub(super) async fn debts(session: &mut dyn Session, limit: u32) -> Result<Vec<Delivery>> {
    let select = sql(concat!(
        "SELECT ",
        delivery_columns!(),
        " FROM deliveries WHERE deferred = 1 AND state NOT IN ('Delivered', 'Taken') ORDER BY id LIMIT ?"
    ));
    deliveries_of(&session.rows(select.bind(limit)).await?)
}

/// Dead letters in the order of their postings and records.
pub(super) async fn dead_letters(
    session: &mut dyn Session,
    outlet: Option<&str>,
    after: Option<(&DeliveryId, u64)>,
    due: bool,
    limit: u32,
) -> Result<Vec<DeadLetter>> {
    let mut text =
        "SELECT delivery, outlet, transfer, route, record, event_id, conflict, why, at_ms, due FROM dead_letters l \
                    WHERE (delivery > ? OR (delivery = ? AND record > ?))"
            .to_owned();
    let (id, record) = after.map_or(("", -1), |(id, record)| (id.0.as_str(), record_int(record)));
    let mut values = vec![Value::from(id), Value::from(id), Value::Int(record)];
    if let Some(outlet) = outlet {
        text.push_str(" AND outlet = ?");
        values.push(outlet.into());
    }
    if due {
        text.push_str(
            " AND due = 1 AND NOT EXISTS (SELECT 1 FROM pauses p WHERE (p.kind = 'route' AND p.name = l.route) OR \
             (p.kind = 'outlet' AND (p.name = l.outlet OR p.name = l.route || '/' || l.outlet)))",
        );
    }
    text.push_str(" ORDER BY delivery, record LIMIT ?");
    let select = Statement { values, ..Statement::built(text) }.bind(limit);
    session.rows(select).await?.iter().map(read).collect()
}

/// The records of a posting's dead letters.
pub(super) async fn dead_records(session: &mut dyn Session, id: &DeliveryId) -> Result<BTreeSet<u64>> {
    let rows = session.rows(sql("SELECT record FROM dead_letters WHERE delivery = ?").bind(&id.0)).await?;
    rows.iter().map(|row| Ok(record_of(row.get(0)?))).collect()
}

fn read(row: &Row) -> Result<DeadLetter> {
    Ok(DeadLetter {
        delivery: DeliveryId(row.get(0)?),
        outlet: row.get(1)?,
        transfer: TransferId(row.get(2)?),
        route: row.get(3)?,
        record: record_of(row.get(4)?),
        id: row.get(5)?,
        conflict: row.get(6)?,
        why: row.get(7)?,
        at_ms: row.get(8)?,
        due: row.get(9)?,
    })
}
