//! Lease rows, by compare-and-set (D23). No clock is asked here: whether a holder is dead is the observer's judgement,
//! and a stale holder fails on its epoch.

use super::{fault, rows};
use crate::error::{Error, Result};
use crate::ledger::change::Fence;
use crate::ledger::lease::{Lease, LeaseKey};
use fpp_codecs::Code;
use sqlx::{Row, SqliteConnection};

/// The row as it stands.
pub(super) async fn get(connection: &mut SqliteConnection, key: &LeaseKey) -> Result<Option<Lease>> {
    let row = sqlx::query("SELECT epoch, holder, beat FROM leases WHERE lease_key = ?")
        .bind(&key.0)
        .fetch_optional(connection)
        .await
        .map_err(fault::of)?;
    let Some(row) = row else { return Ok(None) };
    let number = |column: usize| -> Result<u64> {
        let value: i64 = row.try_get(column).map_err(fault::of)?;
        u64::try_from(value).map_err(|e| fault::damaged("leases", &key.0, e))
    };
    let holder = row.try_get(1).map_err(fault::of)?;
    Ok(Some(Lease { key: key.clone(), epoch: number(0)?, holder, beat: number(2)? }))
}

/// Takes the lease if its row still is `seen`.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    key: &LeaseKey,
    holder: &str,
    seen: Option<&Lease>,
) -> Result<Option<Lease>> {
    if holder.is_empty() {
        return Err(Error::internal(format!("nobody takes the lease {}", key.0)));
    }
    if get(&mut *connection, key).await?.as_ref() != seen {
        return Ok(None);
    }
    let taken =
        Lease { key: key.clone(), epoch: seen.map_or(0, |lease| lease.epoch) + 1, holder: holder.into(), beat: 0 };
    let sql = match seen {
        Some(_) => "UPDATE leases SET epoch = ?, holder = ?, beat = 0 WHERE lease_key = ?",
        None => "INSERT INTO leases (epoch, holder, lease_key, beat) VALUES (?, ?, ?, 0)",
    };
    sqlx::query(sql)
        .bind(rows::int(taken.epoch)?)
        .bind(holder)
        .bind(&key.0)
        .execute(connection)
        .await
        .map_err(fault::of)?;
    Ok(Some(taken))
}

/// Raises the beat of a lease that is still held.
pub(super) async fn beat(connection: &mut SqliteConnection, lease: &Lease) -> Result<Lease> {
    let fence = Fence { key: lease.key.clone(), epoch: lease.epoch, holder: lease.holder.clone() };
    let held = check(&mut *connection, &fence).await?;
    sqlx::query("UPDATE leases SET beat = beat + 1 WHERE lease_key = ?")
        .bind(&lease.key.0)
        .execute(connection)
        .await
        .map_err(fault::of)?;
    Ok(Lease { beat: held.beat + 1, ..held })
}

/// Gives a lease back; the row stays, so that epochs keep growing.
pub(super) async fn release(connection: &mut SqliteConnection, lease: &Lease) -> Result<()> {
    sqlx::query("UPDATE leases SET holder = '' WHERE lease_key = ? AND epoch = ? AND holder = ?")
        .bind(&lease.key.0)
        .bind(rows::int(lease.epoch)?)
        .bind(&lease.holder)
        .execute(connection)
        .await
        .map_err(fault::of)?;
    Ok(())
}

/// Refuses a fence that the lease row no longer agrees with (I5).
pub(super) async fn check(connection: &mut SqliteConnection, fence: &Fence) -> Result<Lease> {
    let row = get(connection, &fence.key).await?;
    let now = match row {
        Some(lease) if lease.epoch == fence.epoch && lease.holder == fence.holder => return Ok(lease),
        Some(lease) if lease.holder.is_empty() => format!("nobody holds it, its epoch is {}", lease.epoch),
        Some(lease) => format!("{} holds epoch {}", lease.holder, lease.epoch),
        None => "there is no such lease".to_owned(),
    };
    Err(Error::halt(
        Code::STALE_EPOCH,
        format!("{} writes under epoch {} of the lease {}, but {now}", fence.holder, fence.epoch, fence.key.0),
    )
    .hint("Another node took over. Nothing was written: drop this work, the new holder goes on with it."))
}
