//! What a delivery's journal says of its proof (D15): whose temporary was proven, in which folder, and whether its rename
//! was refused since.
//!
//! Only that which happened since the delivery last began from its beginning counts: a person who lets a held one go on has
//! decided.

use crate::error::Result;
use crate::ledger::Ledger;
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState};
use crate::ledger::fold::{Entry, Under, What, delivery_subject};
use fpp_spool::Refused;

/// Only a delivery that was tried before has a past, and temporary files of other epochs.
pub(super) const FIRST_EPOCH: u64 = 1;

/// The proof of a delivery.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Proof {
    /// The tag of its temporary.
    pub(super) tag: Option<String>,
    /// Identity of the folder that it was put in.
    pub(super) folder: Option<String>,
    epoch: u64,
}

/// What an attempt goes by.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Before {
    /// Of a delivery that is proven.
    pub(super) proof: Proof,
    /// Of one that was proven, until its rename was refused.
    pub(super) refused: Option<Refused>,
}

/// What is known from earlier attempts. One that nothing was ever tried of has no journal worth reading.
pub(super) async fn before(ledger: &dyn Ledger, delivery: &Delivery, epoch: u64) -> Result<Before> {
    let proven = delivery.state == DeliveryState::Proven;
    if !proven && epoch <= FIRST_EPOCH {
        return Ok(Before::default());
    }
    let events = events(ledger, &delivery.id).await?;
    if proven {
        return Ok(Before { proof: last_proof(&events), refused: None });
    }
    Ok(Before { proof: Proof::default(), refused: refused(&events) })
}

/// Identity of the folder that a file was put in, where the folder had one.
pub(super) async fn put_in(ledger: &dyn Ledger, id: &DeliveryId) -> Result<Option<String>> {
    Ok(last_proof(&events(ledger, id).await?).folder)
}

/// When a person last had it sent again.
pub(super) async fn resent_ms(ledger: &dyn Ledger, id: &DeliveryId) -> Result<Option<i64>> {
    let journal = ledger.journal(&delivery_subject(id)).await?;
    let is_resend = |entry: &str| match Entry::read(entry) {
        Ok(Entry { what: What::Deliver { event, .. }, .. }) => event == DeliveryEvent::Resend,
        _ => false,
    };
    Ok(journal.iter().rev().find(|row| is_resend(&row.entry)).map(|row| row.at_ms))
}

/// One move: what, where, and under which lease.
type Moved = (DeliveryEvent, Option<String>, Option<Under>);

/// From the last to the first.
async fn events(ledger: &dyn Ledger, id: &DeliveryId) -> Result<Vec<Moved>> {
    let journal = ledger.journal(&delivery_subject(id)).await?;
    let moved = |entry: &str| match Entry::read(entry) {
        Ok(Entry { what: What::Deliver { event, folder, .. }, fence }) => Some((event, folder, fence)),
        _ => None,
    };
    Ok(journal.iter().rev().filter_map(|row| moved(&row.entry)).collect())
}

fn last_proof(events: &[Moved]) -> Proof {
    let proof = events.iter().find(|(event, ..)| *event == DeliveryEvent::Prove);
    let Some((_, folder, fence)) = proof else { return Proof::default() };
    let tag = |under: &Under| Some(format!("{}.{}", under.holder.split('/').next()?, under.epoch));
    Proof {
        tag: fence.as_ref().and_then(tag),
        folder: folder.clone(),
        epoch: fence.as_ref().map_or(0, |under| under.epoch),
    }
}

/// Who tries it sooner, or lets its file go on without it, changes nothing of it.
fn refused(events: &[Moved]) -> Option<Refused> {
    use DeliveryEvent as E;
    let at = events.iter().position(|(event, ..)| !matches!(event, E::Retry | E::Defer))?;
    let (E::Fail, _, fence) = &events[at] else { return None };
    let proof = last_proof(&events[at..]);
    // The attempt that proved it asked for the first rename. When it was another one that was refused, that first one may
    // still be under way.
    let doubtful = fence.as_ref().is_none_or(|under| under.epoch != proof.epoch);
    Some(Refused { tag: proof.tag?, doubtful })
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeliveryEvent as E;

    fn journal(moves: &[(E, u64)]) -> Vec<Moved> {
        let under = |epoch| Some(Under { holder: "n1/01ABC".into(), epoch });
        moves.iter().rev().map(|(event, epoch)| (*event, Some("f".into()), under(*epoch))).collect()
    }

    #[test]
    fn a_refusal_counts_until_the_delivery_begins_anew() {
        let of = |moves: &[(E, u64)]| refused(&journal(moves));
        let said = |tag: &str, doubtful| Some(Refused { tag: tag.into(), doubtful });
        assert_eq!(of(&[(E::Prove, 3), (E::Fail, 3)]), said("n1.3", false));
        assert_eq!(of(&[(E::Prove, 3), (E::Fail, 5)]), said("n1.3", true));
        assert_eq!(of(&[(E::Prove, 3), (E::Fail, 3), (E::Retry, 0), (E::Defer, 0)]), said("n1.3", false));
        for none in [&[][..], &[(E::Prove, 3)], &[(E::Prove, 3), (E::Fail, 3), (E::Hold, 0), (E::Retry, 0)]] {
            assert_eq!(of(none), None, "{none:?}");
        }
        let proof = last_proof(&journal(&[(E::Prove, 3), (E::Fail, 3), (E::Prove, 4)]));
        assert_eq!((proof.tag.as_deref(), proof.folder.as_deref()), (Some("n1.4"), Some("f")));
    }
}
