//! Acknowledge: the answer file (回盘) is made, delivered, and the transfer moves on once it stands (I3).
//!
//! The answer is a pure function of vault bytes, plan, verdict, rejects and the deciding time (D14). It goes into the
//! vault before its delivery is planned, so what is delivered later is what was decided then.

use super::answer;
use super::names::{self, ANSWERS_MAX};
use super::post::{parked, published};
use super::route::{AnswerTarget, Route};
use super::work::{Inbound, Next};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::ledger::delivery::{Delivery, Purpose};
use crate::ledger::transfer::{Facts, FileEvent, Transfer, Verdict};
use fpp_codecs::Code;

/// Moves a posted, rejected or duplicate file to `Acknowledged`.
pub async fn acknowledge(cx: &Inbound, transfer: &Transfer, fence: &Fence) -> Result<Next> {
    // A rejected file tells its rejection to the outlets before it tells the core (D10).
    if transfer.verdict == Some(Verdict::Rejected) && published(cx, transfer, fence).await? == Next::Parked {
        return Ok(Next::Parked);
    }
    let route = cx.route(transfer)?;
    let Some(target) = &route.answer else {
        return cx.advance(fence, transfer, FileEvent::Acknowledge, Facts::default()).await;
    };
    let planned = cx.ledger.deliveries(Some(&transfer.id), u32::MAX).await?;
    // The core reads its answers in their order: the final one comes after the interim ones.
    let interim = planned.iter().find(|d| d.purpose == Purpose::Interim && !d.is_there());
    match planned.iter().find(|d| d.purpose == Purpose::Answer).or(interim) {
        Some(delivery) if delivery.is_there() => {
            cx.advance(fence, transfer, FileEvent::Acknowledge, Facts::default()).await
        }
        Some(delivery) => {
            cx.apply(fence, vec![parked(transfer, std::slice::from_ref(&delivery.name))]).await?;
            Ok(Next::Parked)
        }
        None => {
            let (delivery, notice) = plan(cx, &route, target, transfer).await?;
            let park = parked(transfer, std::slice::from_ref(&delivery.name));
            let changes = [Some(Change::Plan(Box::new(delivery))), Some(park), notice];
            match cx.apply(fence, changes.into_iter().flatten().collect()).await {
                // Another answer took this number between the look and the commit: look again.
                Err(error) if error.code == Code::TARGET_EXISTS => Ok(Next::Moved),
                Err(error) => Err(error),
                Ok(_) => Ok(Next::Parked),
            }
        }
    }
}

/// The answer's delivery, and a notice where the answer's layout cut or otherwise repaired a value.
async fn plan(
    cx: &Inbound,
    route: &Route,
    target: &AnswerTarget,
    transfer: &Transfer,
) -> Result<(Delivery, Option<Change>)> {
    let name = free_name(cx, route, target, transfer).await?;
    let of = answer::gather(cx, transfer).await?;
    let books = cx.books();
    let (stored, repairs) = blocking(move || answer::render(&books, &of)).await?;
    let notice = (!repairs.is_empty()).then(|| repaired(transfer, &name, &repairs));
    let delivery =
        names::delivery(cx, transfer, Purpose::Answer, true, &target.spool, name, &stored, &target.publish).await?;
    Ok((delivery, notice))
}

/// Says what the answer does not tell in full.
fn repaired(transfer: &Transfer, name: &str, repairs: &[String]) -> Change {
    let told = repairs.join("; ");
    Change::Raise(NewNotice {
        severity: "warn".to_owned(),
        topic: "answer-repaired".to_owned(),
        subject: transfer.id.to_string(),
        code: Code::TOO_LONG.0,
        text: format!(
            "The answer {name} to {}: {told}. The answer's layout allows it; make its field wider.",
            transfer.name
        ),
    })
}

/// The first answer number whose name was never used: a second answer never collides (D14).
pub async fn free_name(cx: &Inbound, route: &Route, target: &AnswerTarget, transfer: &Transfer) -> Result<String> {
    let mut fields = names::fields(route, transfer);
    for number in 1..=ANSWERS_MAX {
        fields.answer = Some(number);
        let name = target
            .template
            .try_fill(&fields)
            .map_err(|e| Error::halt(Code::FOLDER, format!("the answer of route `{}`: {e}", route.name)))?;
        if cx.ledger.delivery_named(&target.spool, &name).await?.is_none() {
            return Ok(name);
        }
    }
    Err(Error::halt(Code::TARGET_EXISTS, format!("{} has {ANSWERS_MAX} answers already", transfer.name))
        .hint("Find out with the core why it is sent again and again."))
}
