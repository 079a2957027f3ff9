//! One delivery, from the vault to its final name.

use super::settle::{settle, step};
use super::sweep::sweep;
use super::{Deliveries, command};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::Fence;
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use crate::ledger::fold::{Entry, Under, What, delivery_subject};
use crate::ledger::standing::is_due;
use crate::vault::Vault;
use fpp_codecs::Code;
use fpp_spool::{Algorithm, Digest, ErrorKind, Folder, Publication, Published, publish};
use std::cell::RefCell;
use std::io::{self, Read};
use std::sync::Arc;
use tokio::runtime::Handle;

/// Only a delivery that was tried before can have left temporary files of other epochs.
const FIRST_EPOCH: u64 = 1;

/// Carries a delivery out, under the caller's lease.
pub async fn carry_out(cx: &Deliveries, id: &DeliveryId, fence: &Fence) -> Result<()> {
    let Some(delivery) = cx.ledger.delivery(id).await? else { return Ok(()) };
    let due = matches!(delivery.state, DeliveryState::Planned | DeliveryState::Proven);
    if !due || !is_due(delivery.next_attempt_ms, cx.clock.now_ms()) {
        return Ok(());
    }
    if delivery.purpose == Purpose::Command {
        return command::carry_out(cx, &delivery, fence).await;
    }
    match send(cx, &delivery, fence).await {
        Ok(published) => {
            tracing::info!(delivery = %id, file = delivery.name, spool = delivery.spool, bytes = delivery.size,
                fsynced = published.fsynced, resumed = published.resumed, collected = published.collected, "delivered");
            let mut changes = vec![step(id, DeliveryEvent::Deliver)];
            if published.collected {
                changes.push(step(id, DeliveryEvent::Take));
            }
            changes.extend(command::follow(cx, &delivery).await?);
            cx.ledger.apply(Some(fence), cx.clock.now_ms(), &changes).await?;
            cx.reached.note(&delivery.spool, cx.clock.now_ms());
            if fence.epoch > FIRST_EPOCH
                && let Err(error) = sweep(cx, &delivery.spool).await
            {
                tracing::warn!(delivery = %id, "what earlier attempts left is not removed yet: {error}");
            }
            Ok(())
        }
        Err(error) if error.code == Code::STALE_EPOCH => {
            tracing::warn!(delivery = %id, "work dropped: {error}");
            Ok(())
        }
        Err(error) => settle(cx, &delivery, fence, &error, None).await,
    }
}

async fn send(cx: &Deliveries, delivery: &Delivery, fence: &Fence) -> Result<Published> {
    let folder = cx.folders.get(&delivery.spool).cloned().ok_or_else(|| {
        Error::retry(Code::FOLDER, format!("this node does not reach spool `{}`", delivery.spool))
            .hint("Name the spool in this node's configuration.")
    })?;
    let (ledger, vault, clock) = (cx.ledger.clone(), cx.vault.clone(), cx.clock.clone());
    let (delivery, fence) = (delivery.clone(), fence.clone());
    let tag = format!("{}.{}", cx.node, fence.epoch);
    let proven_tag = proven_tag(cx, &delivery).await?;
    let (handle, several) = (Handle::current(), cx.several);
    blocking(move || {
        let mut proven = || {
            let changes = [step(&delivery.id, DeliveryEvent::Prove)];
            handle.block_on(ledger.apply(Some(&fence), clock.now_ms(), &changes)).map(|_| ())
        };
        let still_ours = || match handle.block_on(ledger.lease(&fence.key))? {
            Some(lease) if (lease.epoch, &lease.holder) == (fence.epoch, &fence.holder) => Ok(()),
            _ => Err(Error::halt(Code::STALE_EPOCH, format!("delivery {} was taken over", delivery.id))
                .hint("Drop this work, the new holder goes on with it.")),
        };
        let guard: Option<&dyn Fn() -> Result<()>> = if several { Some(&still_ours) } else { None };
        let attempt = Attempt { tag, proven_tag, guard };
        transmit(&*folder, &vault, &delivery, attempt, &mut proven)
    })
    .await
}

/// Whose temporary is the proven one: of the attempt that the journal names.
async fn proven_tag(cx: &Deliveries, delivery: &Delivery) -> Result<Option<String>> {
    if delivery.state != DeliveryState::Proven {
        return Ok(None);
    }
    let journal = cx.ledger.journal(&delivery_subject(&delivery.id)).await?;
    let proof = journal.iter().rev().find_map(|row| match Entry::read(&row.entry) {
        Ok(Entry { what: What::Deliver { event: DeliveryEvent::Prove, .. }, fence }) => Some(fence),
        _ => None,
    });
    let tag = |under: Under| Some(format!("{}.{}", under.holder.split('/').next()?, under.epoch));
    Ok(proof.flatten().and_then(tag))
}

/// Who sends, and what it must know of others.
struct Attempt<'a> {
    tag: String,
    proven_tag: Option<String>,
    guard: Option<&'a dyn Fn() -> Result<()>>,
}

/// The blocking part. An error of the books passes through the spool's error and comes out as itself.
fn transmit(
    folder: &dyn Folder,
    vault: &Arc<dyn Vault>,
    delivery: &Delivery,
    attempt: Attempt<'_>,
    proven: &mut dyn FnMut() -> Result<()>,
) -> Result<Published> {
    let open = || -> io::Result<Box<dyn Read + Send>> {
        let content = vault.open(&delivery.sha256).map_err(io::Error::other)?;
        Ok(Box::new(content.reader_at(0)))
    };
    let Attempt { tag: temporary_tag, proven_tag, guard } = attempt;
    let refused = RefCell::new(None);
    let refuse = |error: Error| {
        let what = error.what.clone();
        refused.replace(Some(error));
        fpp_spool::Error::new(ErrorKind::NotRecorded, what)
    };
    let still_ours = || guard.map_or(Ok(()), |guard| guard().map_err(&refuse));
    let publication = Publication {
        final_name: delivery.name.clone(),
        temporary_tag,
        size: delivery.size,
        sha256: digest(Algorithm::Sha256, &delivery.sha256)?,
        open: &open,
        checksums: checksums(delivery)?,
        marker: delivery.marker.clone(),
        proven_before: delivery.state == DeliveryState::Proven,
        proven_tag,
        guard: guard.is_some().then_some(&still_ours),
    };
    let mut on_proven = || proven().map_err(&refuse);
    publish(folder, &publication, &mut on_proven).map_err(|error| refused.take().unwrap_or_else(|| Error::from(error)))
}

fn checksums(delivery: &Delivery) -> Result<Vec<(Algorithm, Digest)>> {
    delivery
        .checksums
        .iter()
        .map(|name| match (name.as_str(), &delivery.sm3) {
            ("sm3", Some(sm3)) => Ok((Algorithm::Sm3, digest(Algorithm::Sm3, sm3)?)),
            ("sha256", _) => Ok((Algorithm::Sha256, digest(Algorithm::Sha256, &delivery.sha256)?)),
            (other, _) => Err(Error::internal(format!("delivery {} asks for checksum `{other}`", delivery.id))),
        })
        .collect()
}

fn digest(algorithm: Algorithm, hex: &str) -> Result<Digest> {
    Digest::parse(algorithm, hex).ok_or_else(|| Error::internal(format!("`{hex}` is no digest")))
}
