//! Watches delivered files until the partner has taken them (D15): until it drops a receipt beside a file ([`receipts`]), or
//! removes the file. A receipt says so wherever it stands; what follows is about files without one.
//!
//! A file that is gone counts as taken where that follows: in the folder that it was put in. A folder that is another one,
//! because a mount is gone or somebody made it anew, says nothing: its files stay Delivered, and a person is told. Where
//! folders have no identity (SFTP), many files that stood for a while and vanish in one look may be the partner's job, or
//! another folder; they count as taken only when they are still gone after [`WAIT_MS`], and meanwhile a notice says so.

use super::receipts::{self, Found, Receipts};
use super::{Deliveries, proof};
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::Ledger;
use crate::ledger::change::{Change, Fence, NewNotice};
use crate::ledger::delivery::{Delivery, DeliveryId, DeliveryState};
use crate::ledger::desk::{SwitchKind, is_paused};
use fpp_codecs::Code;
use fpp_spool::Folder;
use std::collections::{BTreeMap, BTreeSet};
use tokio::task::JoinSet;

/// Deliveries looked at in one round.
const ROUND_MAX: u32 = 1_000;
/// So many that vanish in one look, each of which stood for [`STOOD_MS`], are not believed at once.
const MANY: usize = 20;
const STOOD_MS: i64 = 60_000;
/// For so long they must be gone.
const WAIT_MS: i64 = 600_000;
/// Standing files by which a folder whose identity is another one than before is known to be the same.
const WITNESSES: usize = 8;

/// Begins the key of what was told of files that were put into another folder: `elsewhere/<delivery>/<time>/<spool>`.
const ELSEWHERE: &str = "elsewhere/";
const TOLD_MAX: u32 = 1_000;

/// The watch of one node, with what it remembers from look to look.
#[derive(Default)]
pub struct Watch {
    /// The last delivery of the round before.
    last: Option<Delivery>,
    /// What each spool's folder is, and under which identities files were put into it.
    folders: BTreeMap<String, (String, BTreeSet<String>)>,
    /// Spools out of which many vanished: since when, and one of them.
    vanished: BTreeMap<String, (i64, DeliveryId)>,
}

/// What one look into a folder has shown.
struct Look {
    identity: Option<String>,
    gone: Vec<Delivery>,
    standing: Vec<Delivery>,
    /// Files, there or gone, beside which there may be a receipt of theirs.
    receipted: Vec<(Delivery, Vec<Found>)>,
}

/// Files that are gone: out of the folder that they were put in, out of one that says nothing, and with another one.
#[derive(Default)]
struct Gone {
    taken: Vec<Delivery>,
    unknown: Vec<Delivery>,
    elsewhere: Vec<Delivery>,
}

/// Whether a file is held because nobody knows whether its partner has it.
pub(super) fn is_unsure(delivery: &Delivery) -> bool {
    delivery.last_error.starts_with(&Code::UNSURE.to_string())
}

impl Watch {
    /// Deliveries that nobody has taken yet, by spool, of the spools that this node reaches: so many behind the last one of
    /// the round before, so that a partner who takes nothing hides nobody else's.
    pub async fn untaken(&mut self, cx: &Deliveries) -> Result<BTreeMap<String, Vec<Delivery>>> {
        let mut by_spool: BTreeMap<String, Vec<Delivery>> = BTreeMap::new();
        let pauses = cx.ledger.pauses().await?;
        let round = cx.ledger.untaken_deliveries(self.last.as_ref(), ROUND_MAX).await?;
        // After the last of all comes the first again.
        self.last = round.last().filter(|_| round.len() >= ROUND_MAX as usize).cloned();
        for delivery in round {
            let paused = is_paused(&pauses, SwitchKind::Partner, &delivery.spool);
            if cx.folders.contains_key(&delivery.spool) && !paused {
                by_spool.entry(delivery.spool.clone()).or_default().push(delivery);
            }
        }
        Ok(by_spool)
    }

    /// Marks every delivery that was taken out of its spool as taken; returns how many. What is written of a spool is
    /// written under its lease, where there is one.
    pub async fn observe(
        &mut self,
        cx: &Deliveries,
        by_spool: BTreeMap<String, Vec<Delivery>>,
        fences: &BTreeMap<String, Fence>,
    ) -> Result<usize> {
        // All partners at once: one that does not answer keeps none of the others waiting.
        let mut looks = JoinSet::new();
        for (spool, deliveries) in by_spool {
            let Some(folder) = cx.folders.get(&spool).cloned() else { continue };
            let receipts = cx.receipts.in_spool(&spool);
            looks.spawn(async move { (spool, blocking(move || look(&*folder, deliveries, &receipts)).await) });
        }
        let mut taken = 0;
        while let Some(look) = looks.join_next().await {
            let Ok((spool, look)) = look else { continue };
            match look {
                Ok(look) => taken += self.judge(cx, &spool, look, fences.get(&spool)).await?,
                Err(error) => tracing::debug!(spool, "nothing is known about what was taken: {error}"),
            }
        }
        Ok(taken)
    }

    async fn judge(&mut self, cx: &Deliveries, spool: &str, look: Look, fence: Option<&Fence>) -> Result<usize> {
        let Look { identity, mut gone, standing, receipted } = look;
        let mut has_receipt = Vec::new();
        for (delivery, found) in receipted {
            if let Some(receipt) = receipts::own(&*cx.ledger, &delivery, found).await? {
                tracing::info!(delivery = %delivery.id, file = delivery.name, receipt, spool, "there is its receipt");
                gone.retain(|gone| gone.id != delivery.id);
                has_receipt.push(delivery);
            }
        }
        let Gone { mut taken, unknown, elsewhere } = self.told_apart(cx, spool, identity, gone, &standing).await?;
        say_elsewhere(cx, (spool, fence), &elsewhere, &standing).await?;
        if !self.holds_back(cx, (spool, fence), &unknown, &standing).await? {
            taken.extend(unknown);
        }
        taken.extend(has_receipt);
        for delivery in &taken {
            let change = Change::Take { id: delivery.id.clone(), delivered_ms: delivery.delivered_ms };
            cx.ledger.apply(fence, cx.clock.now_ms(), &[change]).await?;
            tracing::info!(delivery = %delivery.id, file = delivery.name, spool, "taken by the partner");
        }
        Ok(taken.len())
    }

    /// Where the files were put that are gone.
    async fn told_apart(
        &mut self,
        cx: &Deliveries,
        spool: &str,
        identity: Option<String>,
        gone: Vec<Delivery>,
        standing: &[Delivery],
    ) -> Result<Gone> {
        let mut apart = Gone::default();
        if let Some(identity) = &identity {
            self.know(cx, spool, identity, standing).await?;
        }
        for delivery in gone {
            let put_in = match &identity {
                Some(_) => proof::put_in(&*cx.ledger, &delivery.id).await?,
                None => None,
            };
            match put_in {
                None => apart.unknown.push(delivery),
                Some(folder) if self.folders.get(spool).is_some_and(|(_, same)| same.contains(&folder)) => {
                    apart.taken.push(delivery);
                }
                Some(_) => apart.elsewhere.push(delivery),
            }
        }
        Ok(apart)
    }

    /// Which of these delivered files of a spool stood in another folder than the one that is there now. Nothing is
    /// written, and nothing said.
    pub(super) async fn elsewhere(
        &mut self,
        cx: &Deliveries,
        spool: &str,
        deliveries: Vec<Delivery>,
    ) -> Result<Vec<Delivery>> {
        let Some(folder) = cx.folders.get(spool).cloned() else { return Ok(Vec::new()) };
        let none = Receipts::default();
        let Look { identity, gone, standing, .. } = blocking(move || look(&*folder, deliveries, &none)).await?;
        Ok(self.told_apart(cx, spool, identity, gone, &standing).await?.elsewhere)
    }

    /// A folder that has another identity since it was moved to another disk, and in which files stand that were put into
    /// it before, is the same.
    async fn know(&mut self, cx: &Deliveries, spool: &str, identity: &str, standing: &[Delivery]) -> Result<()> {
        if self.folders.get(spool).is_some_and(|(known, _)| known == identity) {
            return Ok(());
        }
        let mut same = BTreeSet::from([identity.to_owned()]);
        for delivery in standing.iter().take(WITNESSES) {
            same.extend(proof::put_in(&*cx.ledger, &delivery.id).await?);
        }
        self.folders.insert(spool.to_owned(), (identity.to_owned(), same));
        Ok(())
    }

    /// Whether files that are gone are not believed to be taken yet.
    async fn holds_back(
        &mut self,
        cx: &Deliveries,
        (spool, fence): (&str, Option<&Fence>),
        gone: &[Delivery],
        standing: &[Delivery],
    ) -> Result<bool> {
        let now_ms = cx.clock.now_ms();
        let stood = |d: &&Delivery| d.delivered_ms.is_some_and(|at| at.saturating_add(STOOD_MS) <= now_ms);
        let many = gone.iter().filter(stood).count() >= MANY;
        if let Some((since_ms, witness)) = self.vanished.get(spool) {
            let is_back = standing.iter().any(|delivery| delivery.id == *witness);
            let waits = now_ms.saturating_sub(*since_ms) < WAIT_MS;
            // Behind this round others of them may come.
            if !is_back && (waits || many && self.last.is_some()) {
                return Ok(waits);
            }
            self.vanished.remove(spool);
            tracing::info!(spool, is_back, "the files that vanished at once are settled");
            let (topic, subject, by) = ("vanished".into(), spool.to_owned(), "fpp: it is over".into());
            cx.ledger.apply(fence, now_ms, &[Change::CloseNotice { topic, subject, by }]).await?;
            if !is_back {
                return Ok(false);
            }
        }
        let Some(first) = gone.iter().find(stood).filter(|_| many) else { return Ok(false) };
        cx.ledger.apply(fence, now_ms, &[Change::Raise(vanished(spool, gone.len(), first))]).await?;
        tracing::warn!(spool, files = gone.len(), "vanished at once; not counted as taken yet");
        self.vanished.insert(spool.to_owned(), (now_ms, first.id.clone()));
        Ok(true)
    }
}

fn vanished(spool: &str, files: usize, first: &Delivery) -> NewNotice {
    let minutes = WAIT_MS / 60_000;
    NewNotice {
        severity: "warn".into(),
        topic: "vanished".into(),
        subject: spool.into(),
        code: Code::UNSURE.0,
        text: format!(
            "{files} files ({}, ...) vanished out of spool {spool} at once: the partner's job took them, or its folder is \
             another one now. They count as taken when they are still gone in {minutes} minutes. If they are lost, `fpp \
             resend --partner {spool} --since TIME` sends them again after that.",
            first.name
        ),
    }
}

/// Tells once of files that were put into another folder than the one that is there now, until they are found or a person
/// has said what became of them.
async fn say_elsewhere(
    cx: &Deliveries,
    (spool, fence): (&str, Option<&Fence>),
    elsewhere: &[Delivery],
    standing: &[Delivery],
) -> Result<()> {
    let now_ms = cx.clock.now_ms();
    let key = |delivery: &Delivery| format!("{ELSEWHERE}{}/{now_ms}/{spool}", delivery.id);
    let told = told_of(&*cx.ledger, spool).await?;
    let changes = match (told.into_iter().next(), elsewhere.first()) {
        (None, None) => return Ok(()),
        (None, Some(first)) => {
            tracing::error!(spool, files = elsewhere.len(), "gone, with the folder that they were put in");
            vec![Change::Tell { key: key(first), notice: Some(exchanged(cx, spool, elsewhere.len(), first)) }]
        }
        (Some((told, id)), first) => {
            let is_back = standing.iter().any(|delivery| delivery.id == id);
            let state = cx.ledger.delivery(&id).await?.map(|delivery| delivery.state);
            match first {
                _ if !is_back && state == Some(DeliveryState::Delivered) => return Ok(()),
                // Another one is still missing: what was said stands.
                Some(first) => {
                    vec![Change::Over { key: told, notice: None }, Change::Tell { key: key(first), notice: None }]
                }
                None => {
                    let (topic, subject, by) = ("exchanged".into(), spool.to_owned(), "fpp: it is over".into());
                    let notice = is_back.then(|| found_again(spool));
                    vec![Change::Over { key: told, notice }, Change::CloseNotice { topic, subject, by }]
                }
            }
        }
    };
    cx.ledger.apply(fence, now_ms, &changes).await.map(|_| ())
}

/// Keys of what is told of a spool and not over, with the delivery that each names.
async fn told_of(ledger: &dyn Ledger, spool: &str) -> Result<Vec<(String, DeliveryId)>> {
    let told = ledger.told(ELSEWHERE, true, TOLD_MAX).await?;
    let of_spool = told.into_iter().filter_map(|told| {
        let (id, rest) = told.key.strip_prefix(ELSEWHERE)?.split_once('/')?;
        let id = DeliveryId(id.to_owned());
        (rest.split_once('/')?.1 == spool).then_some((told.key, id))
    });
    Ok(of_spool.collect())
}

/// The keys of what was told of files that were put into another folder, where nothing of their spool stands there as
/// delivered any more: a person said of all of them what became of them, and no watch looks there any longer.
pub async fn lost_is_settled(ledger: &dyn Ledger, spool: &str) -> Result<Option<Vec<String>>> {
    let told = told_of(ledger, spool).await?;
    for (_, id) in &told {
        let delivery = ledger.delivery(id).await?;
        if delivery.is_some_and(|delivery| delivery.state == DeliveryState::Delivered) {
            return Ok(None);
        }
    }
    let mut last: Option<Delivery> = None;
    loop {
        let page = ledger.untaken_deliveries(last.as_ref(), ROUND_MAX).await?;
        if page.iter().any(|delivery| delivery.spool == spool) {
            return Ok(None);
        }
        last = page.into_iter().nth(ROUND_MAX as usize - 1);
        if last.is_none() {
            return Ok(Some(told.into_iter().map(|(key, _)| key).collect()));
        }
    }
}

fn exchanged(cx: &Deliveries, spool: &str, files: usize, first: &Delivery) -> NewNotice {
    let place = cx.folders.get(spool).map(|folder| folder.describe()).unwrap_or_default();
    NewNotice {
        severity: "error".into(),
        topic: "exchanged".into(),
        subject: spool.into(),
        code: Code::UNSURE.0,
        text: format!(
            "{files} delivered files ({}, ...) are not in spool {spool}, and {place} is another folder than the one that they \
             were put in. They do not count as taken. Look whether a mount is missing: when the folder is back, they go on by \
             themselves. Else ask the partner, and say of all of them `fpp release --partner {spool}` (it has them) or `fpp \
             resend --partner {spool} --lost` (it has them not), or `fpp release ID` and `fpp resend ID` of each.",
            first.name
        ),
    }
}

fn found_again(spool: &str) -> NewNotice {
    NewNotice {
        severity: "info".into(),
        topic: "recovered".into(),
        subject: spool.into(),
        code: Code::OK.0,
        text: format!("The folder of spool {spool} is the one that its files were put in."),
    }
}

/// Which files are not there, and beside which there is a receipt. A partner who does not answer, or whose folder is gone with everything in it, says nothing
/// about what was taken, and is not asked for the rest either.
fn look(folder: &dyn Folder, deliveries: Vec<Delivery>, receipts: &Receipts) -> Result<Look> {
    let identity = folder.identity()?;
    let (mut gone, mut standing, mut receipted) = (Vec::new(), Vec::new(), Vec::new());
    for delivery in deliveries {
        let found = receipts.there(folder, &delivery)?;
        if !found.is_empty() {
            receipted.push((delivery.clone(), found));
        }
        match folder.stat(&delivery.name)? {
            None => gone.push(delivery),
            Some(_) => standing.push(delivery),
        }
    }
    if !gone.is_empty() {
        folder.list(1)?;
    }
    if folder.identity()? != identity {
        return Err(Error::retry(Code::FOLDER, format!("{} became another folder", folder.describe())));
    }
    Ok(Look { identity, gone, standing, receipted })
}
