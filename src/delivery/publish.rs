//! One delivery, from the vault to its final name.

use super::proof::FIRST_EPOCH;
use super::settle::{settle, step};
use super::sweep::sweep;
use super::{Deliveries, command, proof, receipts};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, Fence};
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use crate::ledger::standing::is_due;
use crate::vault::{Vault, error_of};
use fpp_codecs::Code;
use fpp_spool::{Algorithm, Digest, ErrorKind, Folder, Publication, Published, publish};
use std::cell::RefCell;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

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
            let mut changes = vec![Change::Deliver { id: id.clone(), fsynced: published.fsynced }];
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
        Err(Failed { error, .. }) if error.code == Code::STALE_EPOCH => {
            tracing::warn!(delivery = %id, "work dropped: {error}");
            Ok(())
        }
        Err(Failed { error, refused }) => {
            let unproven = refused.then(|| step(id, DeliveryEvent::Fail));
            settle(cx, &delivery, fence, &error, unproven).await
        }
    }
}

/// An attempt that failed.
struct Failed {
    error: Error,
    /// The file was proven, and its rename was refused for sure: it is not proven any more. While that is not in the books,
    /// the temporary stays, or the file would be taken for collected.
    refused: bool,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed { error, refused: false }
    }
}

impl From<fpp_spool::Error> for Failed {
    fn from(error: fpp_spool::Error) -> Failed {
        Failed { refused: error.refused, error: Error::from(error) }
    }
}

async fn send(cx: &Deliveries, delivery: &Delivery, fence: &Fence) -> Result<Published, Failed> {
    let folder = cx.folders.get(&delivery.spool).cloned().ok_or_else(|| {
        Error::retry(Code::FOLDER, format!("this node does not reach spool `{}`", delivery.spool))
            .hint("Name the spool in this node's configuration.")
    })?;
    no_old_receipt(cx, delivery).await?;
    let (ledger, vault, clock) = (cx.ledger.clone(), cx.vault.clone(), cx.clock.clone());
    let (delivery, fence) = (delivery.clone(), fence.clone());
    let tag = format!("{}.{}", cx.node, fence.epoch);
    let before = proof::before(&*cx.ledger, &delivery, fence.epoch).await?;
    let (handle, replaceable) = (Handle::current(), cx.replaceable);
    blocking(move || {
        let here = folder.identity()?;
        let mut proven = || {
            let changes = [Change::Prove { id: delivery.id.clone(), folder: here.clone() }];
            handle.block_on(ledger.apply(Some(&fence), clock.now_ms(), &changes)).map(|_| ())
        };
        let still_ours = || match handle.block_on(ledger.lease(&fence.key))? {
            Some(lease) if (lease.epoch, &lease.holder) == (fence.epoch, &fence.holder) => Ok(()),
            _ => Err(Error::halt(Code::STALE_EPOCH, format!("delivery {} was taken over", delivery.id))
                .hint("Drop this work, the new holder goes on with it.")),
        };
        let guard: Option<&dyn Fn() -> Result<()>> = if replaceable { Some(&still_ours) } else { None };
        let attempt = Attempt { tag, before, guard };
        Ok(transmit(&*folder, &vault, &delivery, attempt, &mut proven))
    })
    .await?
}

/// Refuses to send a file whose receipt stands there already, from an earlier one of its name: it would count as taken at once.
async fn no_old_receipt(cx: &Deliveries, delivery: &Delivery) -> Result<()> {
    let receipts = cx.receipts.in_spool(&delivery.spool);
    let Some(folder) = cx.folders.get(&delivery.spool).cloned() else { return Ok(()) };
    // What is proven may have its name already, and its receipt with it.
    if receipts.is_empty() || delivery.state != DeliveryState::Planned {
        return Ok(());
    }
    let of = delivery.clone();
    let found = blocking(move || receipts.there(&*folder, &of)).await?;
    let Some(name) = receipts::own(&*cx.ledger, delivery, found).await? else { return Ok(()) };
    let what = format!("{name} stands in spool `{}` before {} is sent", delivery.spool, delivery.name);
    Err(Error::halt(Code::TARGET_EXISTS, what)
        .hint("It is the receipt of an earlier file of that name. Have the partner put it away, then `fpp retry ID`."))
}

/// Who sends, and what it must know of others.
struct Attempt<'a> {
    tag: String,
    before: proof::Before,
    guard: Option<&'a dyn Fn() -> Result<()>>,
}

/// The blocking part. An error of the books passes through the spool's error and comes out as itself.
fn transmit(
    folder: &dyn Folder,
    vault: &Arc<dyn Vault>,
    delivery: &Delivery,
    attempt: Attempt<'_>,
    proven: &mut dyn FnMut() -> Result<()>,
) -> Result<Published, Failed> {
    let unread = Unread::default();
    let open = || -> io::Result<Box<dyn Read + Send>> {
        let content = vault.open(&delivery.sha256).map_err(|error| unread.keep(error))?;
        Ok(Box::new(Reading { inner: content.reader_at(0), unread: unread.clone() }))
    };
    let Attempt { tag: temporary_tag, before, guard } = attempt;
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
        proven_tag: before.proof.tag,
        proven_in: before.proof.folder,
        refused: before.refused,
        guard: guard.is_some().then_some(&still_ours),
    };
    let mut on_proven = || proven().map_err(&refuse);
    publish(folder, &publication, &mut on_proven).map_err(|error| {
        // What was read back wrong is the folder's matter, whatever was looked at in the vault after it.
        let of_vault = unread.take().filter(|_| error.kind != ErrorKind::ReadBack);
        refused.take().or(of_vault).map_or_else(|| Failed::from(error), Failed::from)
    })
}

/// Why the vault could not be read. It is not the folder's fault, and has its own class: the spool only carries it.
#[derive(Clone, Default)]
struct Unread(Arc<Mutex<Option<Error>>>);

impl Unread {
    /// Keeps the error, and gives one that stops the spool.
    fn keep(&self, error: Error) -> io::Error {
        let stop = io::Error::other(error.to_string());
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        stop
    }

    fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Content on its way out of the vault.
struct Reading<R> {
    inner: R,
    unread: Unread,
}

impl<R: Read> Read for Reading<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => self.unread.keep(error_of(error)),
        })
    }
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
