//! Lease rows, by compare-and-set (D23). No clock is asked here: whether a holder is dead is the observer's judgement,
//! and a stale holder fails on its epoch.
//!
//! Invariant: whoever decides on a lease has locked its row, so a fence that was found good stays good until the commit.

use super::rows;
use super::session::{Session, Statement, sql};
use crate::error::{Error, Result};
use crate::ledger::change::Fence;
use crate::ledger::lease::{Lease, LeaseKey};
use fpp_codecs::Code;

fn select(key: &LeaseKey) -> Statement {
    sql("SELECT epoch, holder, beat FROM leases WHERE lease_key = ?").bind(&key.0)
}

async fn read(session: &mut dyn Session, key: &LeaseKey, select: Statement) -> Result<Option<Lease>> {
    let Some(row) = session.row(select).await? else { return Ok(None) };
    Ok(Some(Lease { key: key.clone(), epoch: row.get(0)?, holder: row.get(1)?, beat: row.get(2)? }))
}

/// The row as it stands.
pub(super) async fn get(session: &mut dyn Session, key: &LeaseKey) -> Result<Option<Lease>> {
    read(session, key, select(key)).await
}

/// The row, kept as it stands until the transaction ends.
async fn lock(session: &mut dyn Session, key: &LeaseKey) -> Result<Option<Lease>> {
    read(session, key, select(key).locking()).await
}

/// Takes the lease if its row still is `seen`.
pub(super) async fn take(
    session: &mut dyn Session,
    key: &LeaseKey,
    holder: &str,
    seen: Option<&Lease>,
) -> Result<Option<Lease>> {
    if holder.is_empty() {
        return Err(Error::internal(format!("nobody takes the lease {}", key.0)));
    }
    if lock(&mut *session, key).await?.as_ref() != seen {
        return Ok(None);
    }
    let taken =
        Lease { key: key.clone(), epoch: seen.map_or(0, |lease| lease.epoch) + 1, holder: holder.into(), beat: 0 };
    let write = sql(match seen {
        Some(_) => "UPDATE leases SET epoch = ?, holder = ?, beat = 0 WHERE lease_key = ?",
        None => "INSERT INTO leases (epoch, holder, lease_key, beat) VALUES (?, ?, ?, 0)",
    });
    session.execute(write.bind(rows::int(taken.epoch)?).bind(holder).bind(&key.0)).await?;
    Ok(Some(taken))
}

/// Raises the beat of a lease that is still held.
pub(super) async fn beat(session: &mut dyn Session, lease: &Lease) -> Result<Lease> {
    let fence = Fence { key: lease.key.clone(), epoch: lease.epoch, holder: lease.holder.clone() };
    let held = check(&mut *session, &fence).await?;
    session.execute(sql("UPDATE leases SET beat = beat + 1 WHERE lease_key = ?").bind(&lease.key.0)).await?;
    Ok(Lease { beat: held.beat + 1, ..held })
}

/// Gives a lease back; the row stays, so that epochs keep growing.
pub(super) async fn release(session: &mut dyn Session, lease: &Lease) -> Result<()> {
    let give = sql("UPDATE leases SET holder = '' WHERE lease_key = ? AND epoch = ? AND holder = ?");
    session.execute(give.bind(&lease.key.0).bind(rows::int(lease.epoch)?).bind(&lease.holder)).await?;
    Ok(())
}

/// Refuses a fence that the lease row no longer agrees with (I5).
pub(super) async fn check(session: &mut dyn Session, fence: &Fence) -> Result<Lease> {
    let now = match lock(session, &fence.key).await? {
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
