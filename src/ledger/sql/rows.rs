//! Rows as they stand in the tables, to and from the types of the contract.
//!
//! Enumerations are written under the names that JSON uses, so the tables, the journal and the API speak alike.

use super::fault;
use super::session::{Cell, Row, Session, Statement, sql};
use crate::error::{Error, Result};
use crate::ledger::change::Reject;
use crate::ledger::delivery::{Delivery, DeliveryId, DeliveryState, Purpose};
use crate::ledger::node::NodeRow;
use crate::ledger::transfer::{FileState, Transfer, TransferId};
use serde::de::DeserializeOwned;
use serde::de::value::{Error as ValueError, StrDeserializer};
use serde::{Deserialize, Serialize};

/// The columns that [`read_transfer`] reads.
macro_rules! transfer_columns {
    () => {
        "id, route, spool, name, arrival_key, state, verdict, held_from, closed, facts, attempts, next_attempt_ms, \
         waiting_for, arrived_ms, updated_ms, publication"
    };
}
pub(super) use transfer_columns;

/// The columns that [`read_delivery`] reads.
macro_rules! delivery_columns {
    () => {
        "id, transfer, purpose, required, spool, name, size, sha256, checksums, sm3, marker_name, marker_content, \
         state, attempts, next_attempt_ms, last_error, planned_ms, updated_ms, delivered_ms, confirmed, round, deferred"
    };
}
pub(super) use delivery_columns;

/// A number for a column; SQLite and BIGINT hold no more than `i64`.
pub(super) fn int(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(|_| Error::internal(format!("{number} is too large for the ledger")))
}

/// The name of a variant without content.
pub(super) fn name_of(variant: &impl Serialize) -> Result<String> {
    match serde_json::to_value(variant) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(Error::internal("a name for the ledger cannot be written")),
    }
}

/// JSON for a column.
pub(super) fn json_of(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::internal("a column of the ledger cannot be written").caused_by(e))
}

/// What has work to do.
pub(super) fn transfer_queue(transfer: &Transfer) -> i64 {
    i64::from(!transfer.standing().is_terminal() && transfer.state != FileState::Held)
}

/// What has work to do: files and commands are 1, postings 2, and postings that are held 3, so that the queue of an outlet
/// is found whatever its length.
pub(super) fn delivery_queue(delivery: &Delivery) -> i64 {
    use DeliveryState as S;
    match (delivery.purpose, delivery.state) {
        (Purpose::Posting, S::Planned | S::Proven) => 2,
        (Purpose::Posting, S::Held) => 3,
        (_, S::Planned | S::Proven) => 1,
        _ => 0,
    }
}

/// A record's number in a column: the end of a file is greater than every number that a column has, and stands as the
/// greatest of them.
pub(super) fn record_int(record: u64) -> i64 {
    i64::try_from(record).unwrap_or(i64::MAX)
}

/// The record of such a number.
pub(super) fn record_of(number: u64) -> u64 {
    if number == i64::MAX.unsigned_abs() { u64::MAX } else { number }
}

/// The unique key of what may stand open only once; NULL in the table once it is closed. It ends in a dot, because MySQL
/// compares without the blanks at the end.
pub(super) fn open_key(place: &str, name: &str) -> String {
    format!("{place}/{name}.")
}

/// What keeps others from a delivery's name, until the partner took it.
pub(super) fn delivery_open_key(delivery: &Delivery) -> Option<String> {
    (delivery.state != DeliveryState::Taken).then(|| open_key(&delivery.spool, &delivery.name))
}

/// One row while it is read: every failure names the table and the row.
struct Reader<'r> {
    table: &'static str,
    row: &'r Row,
    id: String,
}

impl Reader<'_> {
    fn new<'r>(table: &'static str, row: &'r Row) -> Result<Reader<'r>> {
        Ok(Reader { table, row, id: row.get(0)? })
    }

    fn get<T: Cell>(&self, column: &'static str) -> Result<T> {
        self.row.cell(column).map_err(|what| fault::damaged(self.table, &self.id, what))
    }

    fn variant<T: for<'d> Deserialize<'d>>(&self, column: &'static str) -> Result<T> {
        self.variant_of(column, &self.get::<String>(column)?)
    }

    fn variant_of<T: for<'d> Deserialize<'d>>(&self, column: &'static str, name: &str) -> Result<T> {
        T::deserialize(StrDeserializer::<ValueError>::new(name))
            .map_err(|e| fault::damaged(self.table, &self.id, format!("{column}: {e}")))
    }

    fn variant_or_none<T: for<'d> Deserialize<'d>>(&self, column: &'static str) -> Result<Option<T>> {
        self.get::<Option<String>>(column)?.map(|name| self.variant_of(column, &name)).transpose()
    }

    fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T> {
        serde_json::from_str(&self.get::<String>(column)?)
            .map_err(|e| fault::damaged(self.table, &self.id, format!("{column}: {e}")))
    }
}

/// Reads a row of `nodes`.
pub(super) fn read_node(row: &Row) -> Result<NodeRow> {
    Reader::new("nodes", row)?.json("about")
}

/// Reads [`transfer_columns`].
pub(super) fn read_transfer(row: &Row) -> Result<Transfer> {
    let read = Reader::new("transfers", row)?;
    Ok(Transfer {
        id: TransferId(read.id.clone()),
        route: read.get("route")?,
        spool: read.get("spool")?,
        name: read.get("name")?,
        arrival_key: read.get("arrival_key")?,
        state: read.variant("state")?,
        verdict: read.variant_or_none("verdict")?,
        held_from: read.variant_or_none("held_from")?,
        closed: read.get("closed")?,
        facts: read.json("facts")?,
        attempts: read.get("attempts")?,
        next_attempt_ms: read.get("next_attempt_ms")?,
        waiting_for: read.get("waiting_for")?,
        arrived_ms: read.get("arrived_ms")?,
        updated_ms: read.get("updated_ms")?,
        publication: read.get("publication")?,
    })
}

/// Reads [`delivery_columns`].
pub(super) fn read_delivery(row: &Row) -> Result<Delivery> {
    let read = Reader::new("deliveries", row)?;
    let marker_name: Option<String> = read.get("marker_name")?;
    let marker_content: Option<Vec<u8>> = read.get("marker_content")?;
    Ok(Delivery {
        id: DeliveryId(read.id.clone()),
        transfer: TransferId(read.get("transfer")?),
        purpose: read.variant("purpose")?,
        required: read.get("required")?,
        spool: read.get("spool")?,
        name: read.get("name")?,
        size: read.get("size")?,
        sha256: read.get("sha256")?,
        checksums: read.json("checksums")?,
        sm3: read.get("sm3")?,
        marker: marker_name.map(|name| (name, marker_content.unwrap_or_default())),
        state: read.variant("state")?,
        attempts: read.get("attempts")?,
        next_attempt_ms: read.get("next_attempt_ms")?,
        last_error: read.get("last_error")?,
        planned_ms: read.get("planned_ms")?,
        updated_ms: read.get("updated_ms")?,
        delivered_ms: read.get("delivered_ms")?,
        confirmed: record_of(read.get("confirmed")?),
        round: read.get("round")?,
        deferred: read.get("deferred")?,
    })
}

fn select_transfer(id: &TransferId) -> Statement {
    sql(concat!("SELECT ", transfer_columns!(), " FROM transfers WHERE id = ?")).bind(&id.0)
}

fn select_delivery(id: &DeliveryId) -> Statement {
    sql(concat!("SELECT ", delivery_columns!(), " FROM deliveries WHERE id = ?")).bind(&id.0)
}

/// One transfer.
pub(super) async fn transfer(session: &mut dyn Session, id: &TransferId) -> Result<Option<Transfer>> {
    session.row(select_transfer(id)).await?.map(|row| read_transfer(&row)).transpose()
}

/// One transfer that is going to be changed.
pub(super) async fn transfer_to_write(session: &mut dyn Session, id: &TransferId) -> Result<Option<Transfer>> {
    session.row(select_transfer(id).locking()).await?.map(|row| read_transfer(&row)).transpose()
}

/// One delivery.
pub(super) async fn delivery(session: &mut dyn Session, id: &DeliveryId) -> Result<Option<Delivery>> {
    session.row(select_delivery(id)).await?.map(|row| read_delivery(&row)).transpose()
}

/// One delivery that is going to be changed.
pub(super) async fn delivery_to_write(session: &mut dyn Session, id: &DeliveryId) -> Result<Option<Delivery>> {
    session.row(select_delivery(id).locking()).await?.map(|row| read_delivery(&row)).transpose()
}

/// Rejects of a transfer in record order.
pub(super) async fn rejects(
    session: &mut dyn Session,
    id: &TransferId,
    after_record: u64,
    limit: u32,
) -> Result<Vec<Reject>> {
    let select = sql("SELECT transfer, record, ordinal, byte_offset, field, field_at, code, detail, hex FROM rejects \
                      WHERE transfer = ? AND record > ? ORDER BY record LIMIT ?");
    let rows = session.rows(select.bind(&id.0).bind(int(after_record)?).bind(limit)).await?;
    rows.iter()
        .map(|row| {
            let read = Reader::new("rejects", row)?;
            Ok(Reject {
                record: read.get("record")?,
                ordinal: read.get("ordinal")?,
                offset: read.get("byte_offset")?,
                field: read.get("field")?,
                at: read.get("field_at")?,
                code: read.get("code")?,
                detail: read.get("detail")?,
                hex: read.get("hex")?,
            })
        })
        .collect()
}
