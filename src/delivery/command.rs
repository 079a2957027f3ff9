//! The command that follows a delivery: on IBM i, the submission of the core's load job.
//!
//! A command is one of a partner's allow list in the configuration, run by the partner over SSH after data, checksums and
//! marker stand there. It is a delivery of its own in the books, of purpose `Command`, planned by the transaction that
//! records the file's delivery: own state, journal, attempts and verbs. Its name is `<command>/<file>`, which no file can
//! have; size and digest are the file's. Nothing waits for it: not the transfer, not the source.
//!
//! It runs at least once, and again only by this rule: that it is asked for is in the books before it is asked. Where the
//! end is not known (line lost, time over, node died, taken over by another), it is done if it said what it must say, or if
//! the partner has taken the file meanwhile; else a person is asked (FPP4011), or it is asked for again, as the allow list
//! says. A command that failed (refused, or an exit code other than 0) is asked for again with growing pauses.
//!
//! An exit code of 0 is no proof: see `fpp_spool`'s module `exec`. On IBM i `system` writes the message of the command to
//! one of its two streams, with its id unless it is told `-n` (IBM: PASE for i system utility), so `CPC1221` proves that
//! SBMJOB submitted the job.

use super::Deliveries;
use super::allowed::{Allowed, Repeat, line};
use super::settle::{settle, step};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use fpp_codecs::Code;
use fpp_spool::{ErrorKind, Ran};
use std::sync::Arc;
use tokio::runtime::Handle;

/// The ledger's names have so many bytes.
const NAME_MAX_BYTES: usize = 255;

/// What belongs into the transaction that records a file's delivery: the command that follows it.
pub(super) async fn follow(cx: &Deliveries, delivery: &Delivery) -> Result<Option<Change>> {
    if cx.commands.follows.is_empty() || delivery.purpose == Purpose::Command {
        return Ok(None);
    }
    let Some(transfer) = cx.ledger.transfer(&delivery.transfer).await? else { return Ok(None) };
    // An interim answer is loaded as any answer is.
    let purpose = if delivery.purpose == Purpose::Interim { Purpose::Answer } else { delivery.purpose };
    let wanted = |(route, of, spool, _): &&(String, Purpose, String, String)| {
        (route, *of, spool) == (&transfer.route, purpose, &delivery.spool)
    };
    let Some((.., command)) = cx.commands.follows.iter().find(wanted) else { return Ok(None) };
    let mut name = format!("{command}/{}", delivery.name);
    if let Some(before) = cx.ledger.delivery_named(&delivery.spool, &name).await? {
        let same = before.transfer == delivery.transfer && before.sha256 == delivery.sha256;
        match before.state {
            // The file is sent again, so it is loaded again.
            DeliveryState::Taken if same => {
                return Ok(Some(Change::MoveDelivery { id: before.id, event: DeliveryEvent::Resend, by: None }));
            }
            _ if same => return Ok(None),
            DeliveryState::Taken => {}
            // A short name came round, and the command for the former file waits for a person.
            _ => name = format!("{name}/{}", delivery.id),
        }
    }
    if name.len() > NAME_MAX_BYTES {
        return Ok(Some(Change::Raise(NewNotice {
            severity: "error".into(),
            topic: "command".into(),
            subject: delivery.id.to_string(),
            code: Code::COMMAND.0,
            text: format!("{} has a name too long for the command `{command}`, which is not run", delivery.name),
        })));
    }
    Ok(Some(Change::Plan(Box::new(Delivery {
        id: DeliveryId(ulid::Ulid::generate().to_string()),
        purpose: Purpose::Command,
        required: false,
        name,
        checksums: Vec::new(),
        sm3: None,
        marker: None,
        next_attempt_ms: 0,
        ..delivery.clone()
    }))))
}

/// Has a command run, under the caller's lease.
pub(super) async fn carry_out(cx: &Deliveries, delivery: &Delivery, fence: &Fence) -> Result<()> {
    match ask(cx, delivery, fence).await {
        Ok(said) => {
            tracing::info!(delivery = %delivery.id, command = delivery.name, spool = delivery.spool, said, "run");
            let done = [DeliveryEvent::Deliver, DeliveryEvent::Take].map(|event| step(&delivery.id, event));
            cx.ledger.apply(Some(fence), cx.clock.now_ms(), &done).await.map(drop)
        }
        Err(error) if error.code == Code::STALE_EPOCH => {
            tracing::warn!(delivery = %delivery.id, "work dropped: {error}");
            Ok(())
        }
        Err(error) => {
            // What is known to have failed is as if it had not been asked for.
            let now = cx.ledger.delivery(&delivery.id).await?;
            let failed = error.code == Code::COMMAND && now.is_some_and(|d| d.state == DeliveryState::Proven);
            let first = failed.then(|| step(&delivery.id, DeliveryEvent::Fail));
            settle(cx, delivery, fence, &error, first).await
        }
    }
}

/// Asks for it; what it said when it is done.
async fn ask(cx: &Deliveries, delivery: &Delivery, fence: &Fence) -> Result<String> {
    let (command, file) = parts(&delivery.name);
    let known = cx.commands.partners.get(&delivery.spool);
    let known = known.and_then(|(shell, allowed)| Some((shell, allowed.iter().find(|c| c.name == command)?)));
    let Some((shell, allowed)) = known else {
        let what = format!("`{command}` is no command of spool `{}` in this node's configuration", delivery.spool);
        return Err(Error::halt(Code::COMMAND, what).hint("Put it back, restart, then `fpp retry ID`."));
    };
    if delivery.state == DeliveryState::Proven {
        if was_taken(&*cx.ledger, delivery, file).await? {
            return Ok("its end is not known, and the partner has taken the file".to_owned());
        }
        if allowed.repeat == Repeat::Hold {
            return Err(unsure(command, file, "an earlier attempt asked for it and did not hear of its end"));
        }
    }
    let line = line(allowed, file)?;
    let (shell, limit) = (shell.clone(), allowed.timeout);
    let (ledger, clock, id) = (cx.ledger.clone(), cx.clock.clone(), delivery.id.clone());
    let (handle, fence) = (Handle::current(), fence.clone());
    let refused = Arc::new(std::sync::Mutex::new(None));
    let told = refused.clone();
    let ran = blocking(move || {
        let mut before = || {
            let asked = [step(&id, DeliveryEvent::Prove)];
            let written = handle.block_on(ledger.apply(Some(&fence), clock.now_ms(), &asked));
            written.map(drop).map_err(|error| {
                let what = error.what.clone();
                if let Ok(mut told) = told.lock() {
                    *told = Some(error);
                }
                fpp_spool::Error::new(ErrorKind::NotRecorded, what)
            })
        };
        shell.run(&line, limit, &mut before).map_err(Error::from)
    })
    .await;
    let ran = ran.map_err(|error| refused.lock().ok().and_then(|mut told| told.take()).unwrap_or(error))?;
    judge(allowed, file, ran)
}

fn parts(name: &str) -> (&str, &str) {
    let mut parts = name.split('/');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// Whether the partner took the file: it did not need to be told of it, or it was.
async fn was_taken(ledger: &dyn Ledger, delivery: &Delivery, file: &str) -> Result<bool> {
    let of_transfer = ledger.deliveries(Some(&delivery.transfer), u32::MAX).await?;
    let data =
        of_transfer.iter().find(|d| d.purpose != Purpose::Command && d.spool == delivery.spool && d.name == file);
    Ok(data.is_some_and(|d| d.state == DeliveryState::Taken))
}

/// What the end of a command means.
fn judge(allowed: &Allowed, file: &str, ran: Ran) -> Result<String> {
    let failed = |what: String| Err(Error::retry(Code::COMMAND, format!("{} for {file}: {what}", allowed.name)));
    match ran {
        Ran::Refused(why) => failed(format!("the partner runs no commands for this user: {why}")),
        Ran::Ended { code: 0, said } | Ran::Unsure { said, .. } if said.contains(&allowed.expect) => Ok(said),
        Ran::Ended { code: 0, said } => {
            let what = format!("it ended without saying `{}`; it said: {said}", allowed.expect);
            Err(unsure(&allowed.name, file, &what))
        }
        Ran::Ended { code, said } => failed(format!("exit code {code}; it said: {said}")),
        Ran::Unsure { why, said } => {
            let error = unsure(&allowed.name, file, &format!("{why}; it said: {said}"));
            // The next attempt decides, when it has looked whether the file was taken.
            Err(Error { class: crate::error::Class::Retry, ..error })
        }
    }
}

fn unsure(command: &str, file: &str, why: &str) -> Error {
    let what = format!("nobody knows whether {command} ran for {file}: {why}");
    Error::halt(Code::COMMAND_UNSURE, what)
        .hint("Ask the partner. If it ran: `fpp release ID`. If not: `fpp retry ID` asks for it again.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;

    #[test]
    fn only_its_own_words_prove_that_a_command_ran() {
        let (name, expect, timeout) = ("load".into(), "CPC1221".into(), std::time::Duration::from_secs(1));
        let load = Allowed { name, run: "x".into(), expect, timeout, repeat: Repeat::Hold };
        let told = |ran| judge(&load, "A.TXT", ran).map_err(|e| (e.code, e.class));
        let ended = |code, said: &str| Ran::Ended { code, said: said.into() };
        let unsure = |said: &str| Ran::Unsure { why: "cut".into(), said: said.into() };
        assert_eq!(told(ended(0, "CPC1221: Job 1/U/L submitted")).unwrap(), "CPC1221: Job 1/U/L submitted");
        assert_eq!(told(unsure("CPC1221: Job")).unwrap(), "CPC1221: Job", "it had said so before the line broke");
        assert_eq!(told(ended(0, "")).unwrap_err(), (Code::COMMAND_UNSURE, Class::Halt));
        assert_eq!(told(ended(1, "CPC1221")).unwrap_err(), (Code::COMMAND, Class::Retry));
        assert_eq!(told(unsure("CPC")).unwrap_err(), (Code::COMMAND_UNSURE, Class::Retry));
        assert_eq!(told(Ran::Refused("no".into())).unwrap_err(), (Code::COMMAND, Class::Retry));
    }
}
