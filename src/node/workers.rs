//! Workers: take what is due from the books, under a lease each, so many at once as the settings say. A partner that
//! hangs holds its own places and no others; what another node works on is left alone for a while, so that several nodes
//! share the work instead of asking for the same.

use super::leased::{self, UnderWay};
use super::places::Places;
use super::rooms::Rooms;
use crate::bell::Pace;
use crate::delivery::{publish, taken};
use crate::error::Result;
use crate::inbound::pipeline;
use crate::ledger::change::{Change, NewNotice};
use crate::ledger::lease::LeaseKey;
use crate::ledger::transfer::Transfer;
use crate::settings::Sftp;
use fpp_codecs::Code;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Deliveries carried out at once, at each partner and into each local folder; at a partner not more than it has
/// sessions, for the others would only wait for one.
const DELIVERIES_AT_ONCE: usize = 8;
/// Rows asked for in one round.
const ROUND: u32 = 64;
/// How often what is elsewhere is asked for, when all of the first rows are a partner's whose places are taken.
const BESIDES_EVERY: Duration = Duration::from_secs(1);

/// For so long, what was read and had no place yet is gone through before the books are asked again: with thousands of files
/// due and one done every few milliseconds, asking each time would cost more than the work.
const FRESH: Duration = Duration::from_millis(100);

/// What was due when the books were last asked, and has no place yet: ids and the spools they are at.
#[derive(Default)]
struct Listed {
    rows: Vec<(String, String)>,
    read: Option<Instant>,
    /// There may have been more.
    full: bool,
    rounds: usize,
    pace: Pace,
    /// The books would have been asked, and were asked a moment ago.
    owed: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Transfer,
    Delivery,
}

/// Starts the workers and the watch over taken files.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    let workers = rooms.settings.work.workers;
    let transfers = Places::new(&rooms.settings, workers, |_| workers);
    let of_partner = |sftp: &Sftp| DELIVERIES_AT_ONCE.min(sftp.sessions_max);
    let deliveries = Places::new(&rooms.settings, DELIVERIES_AT_ONCE, of_partner);
    services.spawn(dispatch(rooms.clone(), stopped.clone(), Kind::Transfer, transfers));
    services.spawn(dispatch(rooms.clone(), stopped.clone(), Kind::Delivery, deliveries));
    services.spawn(watch_partners(rooms.clone(), stopped.clone()));
}

async fn dispatch(rooms: Arc<Rooms>, stopped: signal::Receiver<bool>, kind: Kind, places: Places) -> Result<()> {
    let under_way = UnderWay::default();
    let mut listed = Listed::default();
    let mut asked = Instant::now();
    let mut listener = rooms.bell.listen();
    let mut jobs = JoinSet::new();
    let poll = Duration::from_millis(rooms.settings.work.poll_ms.max(10));
    while !*stopped.borrow() {
        let dispatcher = Dispatcher { rooms: &rooms, kind, stopped: &stopped, places: &places, under_way: &under_way };
        let mut begun = dispatcher.begin(&[], &mut listed, &mut jobs).await;
        let taken = places.taken();
        let hidden = matches!(begun, Ok(Begun { full: true, count: 0 })) && !taken.is_empty();
        if hidden && asked.elapsed() >= BESIDES_EVERY {
            asked = Instant::now();
            begun = dispatcher.begin(&taken, &mut listed, &mut jobs).await;
        }
        match begun {
            Ok(_) => back(&rooms).await,
            Err(error) if rooms.outage.tells("due work", &error) => {}
            Err(error) => tracing::error!("due work cannot be read: {error}"),
        }
        while jobs.try_join_next().is_some() {}
        let mut stopping = stopped.clone();
        tokio::select! {
            () = listener.wait(listed.patience(poll)) => {}
            _ = stopping.wait_for(|s| *s) => {}
        }
    }
    while jobs.join_next().await.is_some() {}
    Ok(())
}

/// The ledger answers. When it did not for long, a person hears of it now: then, nothing could be written.
async fn back(rooms: &Rooms) {
    let Some(over) = rooms.outage.answered(Instant::now()) else { return };
    let (seconds, calls) = (over.lasted.as_secs(), over.calls);
    tracing::info!(seconds, calls, "the ledger answers again");
    if !over.is_told() {
        return;
    }
    let node = &rooms.settings.node;
    // What it tells of is over already; the next outage is told anew.
    let by = "fpp: told anew".to_owned();
    let former = Change::CloseNotice { topic: "ledger".into(), subject: node.clone(), by };
    let notice = Change::Raise(NewNotice {
        severity: "warn".into(),
        topic: "ledger".into(),
        subject: node.clone(),
        code: Code::LEDGER.0,
        text: format!(
            "Node {node} did not reach the ledger for {seconds} s ({calls} calls failed). It does again, and goes on from \
             the books. Look at the server and at the network between them."
        ),
    });
    if let Err(error) = rooms.apply(&[former, notice]).await
        && !rooms.outage.tells("a notice", &error)
    {
        tracing::error!("no notice of the outage can be raised: {error}");
    }
}

/// What a round began.
struct Begun {
    /// There may be more due than was looked at.
    full: bool,
    count: usize,
}

struct Dispatcher<'d> {
    rooms: &'d Arc<Rooms>,
    kind: Kind,
    stopped: &'d signal::Receiver<bool>,
    places: &'d Places,
    under_way: &'d UnderWay,
}

impl Dispatcher<'_> {
    /// Begins what is due and has a place, without what is in some spools.
    async fn begin(&self, besides: &[String], listed: &mut Listed, jobs: &mut JoinSet<()>) -> Result<Begun> {
        let fresh = listed.read.is_some_and(|read| read.elapsed() < FRESH);
        let asks = listed.rows.is_empty() || !fresh;
        listed.owed = asks && !listed.pace.left().is_zero() && besides.is_empty();
        if (asks && !listed.owed) || !besides.is_empty() {
            self.list(besides, listed).await?;
        }
        let mut begun = Begun { full: listed.full, count: 0 };
        self.under_way.look_again();
        for (id, spool) in std::mem::take(&mut listed.rows) {
            if self.under_way.has(&id) {
                continue;
            }
            // The next one may be another partner's.
            let Some(place) = self.places.take(&spool) else {
                listed.rows.push((id, spool));
                continue;
            };
            self.under_way.begins(&id);
            begun.count += 1;
            let (rooms, under_way, kind) = (self.rooms.clone(), self.under_way.clone(), self.kind);
            let stopped = self.stopped.clone();
            jobs.spawn(async move {
                let ours = work(&rooms, kind, &id, &stopped).await;
                under_way.ended(&id, ours, rooms.claimer.look_again());
                drop(place);
                rooms.bell.ring();
            });
        }
        Ok(begun)
    }

    /// Asks the books what is due. Several nodes begin at different places of what they see, or all would ask for the same
    /// leases and most of them in vain; the place moves, so that nothing is last for ever.
    async fn list(&self, besides: &[String], listed: &mut Listed) -> Result<()> {
        let began = Instant::now();
        let due = self.due(besides).await;
        listed.pace.answered(began);
        (listed.rows, listed.full) = due?;
        listed.read = Some(Instant::now());
        listed.rounds = listed.rounds.wrapping_add(1);
        if self.rooms.settings.several() && !listed.rows.is_empty() {
            let node = self.rooms.settings.node.bytes().fold(0usize, |sum, byte| sum * 31 % 65_521 + usize::from(byte));
            let begin = (node + listed.rounds * 13) % listed.rows.len();
            listed.rows.rotate_left(begin);
        }
        Ok(())
    }

    /// Ids and the spools they are at, of what this node can work on, and whether there may be more.
    async fn due(&self, besides: &[String]) -> Result<(Vec<(String, String)>, bool)> {
        let (rooms, now_ms) = (self.rooms, self.rooms.clock.now_ms());
        let full = |count: usize| count >= ROUND as usize;
        Ok(match self.kind {
            Kind::Transfer => {
                let due = rooms.ledger.due_transfers_besides(now_ms, besides, ROUND).await?;
                let (more, no_space) = (full(due.len()), rooms.no_space.load(Ordering::Relaxed));
                let fits =
                    |t: &Transfer| pipeline::can_go_on(&rooms.inbound, t) && !(no_space && pipeline::is_intake(t));
                (due.into_iter().filter(fits).map(|t| (t.id.0, t.spool)).collect(), more)
            }
            Kind::Delivery => {
                let due = rooms.ledger.due_deliveries_besides(now_ms, besides, ROUND).await?;
                let more = full(due.len());
                let ours = due.into_iter().filter(|d| rooms.settings.reaches(&d.spool));
                (ours.map(|d| (d.id.0, d.spool)).collect(), more)
            }
        })
    }
}

impl Listed {
    /// How long to wait for a ring.
    fn patience(&self, poll: Duration) -> Duration {
        if self.owed { self.pace.left().min(poll) } else { poll }
    }
}

/// Works on what is due; false where another node does.
async fn work(rooms: &Rooms, kind: Kind, id: &str, stopped: &signal::Receiver<bool>) -> bool {
    let key = match kind {
        Kind::Transfer => LeaseKey(format!("transfer:{id}")),
        Kind::Delivery => LeaseKey(format!("delivery:{id}")),
    };
    let Some(held) = leased::take(rooms, &key).await else { return false };
    let worked = match kind {
        Kind::Transfer => {
            let id = crate::ledger::transfer::TransferId(id.to_owned());
            pipeline::walk(&rooms.inbound, &id, &held.fence, stopped).await
        }
        Kind::Delivery => {
            let id = crate::ledger::delivery::DeliveryId(id.to_owned());
            publish::carry_out(&rooms.deliveries, &id, &held.fence).await
        }
    };
    leased::give_back(rooms, &key, held, worked).await;
    true
}

/// Looks after partners: how they are, and what they have taken.
async fn watch_partners(rooms: Arc<Rooms>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    let every = Duration::from_millis(rooms.settings.work.rescan_ms.max(100));
    let mut watch = taken::Watch::default();
    loop {
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
        for (spool, pool) in &rooms.partners {
            rooms.status.partner(spool, pool.status());
        }
        match observe_taken(&rooms, &mut watch).await {
            Ok(0) => {}
            Ok(_) => rooms.bell.ring(),
            Err(error) if rooms.outage.tells("taken files", &error) => {}
            Err(error) => tracing::warn!("taken files cannot be watched: {error}"),
        }
    }
}

/// Of several nodes one looks into a spool at a time.
async fn observe_taken(rooms: &Rooms, watch: &mut taken::Watch) -> Result<usize> {
    let mut untaken = watch.untaken(&rooms.deliveries).await?;
    let (mut held, mut fences) = (Vec::new(), BTreeMap::new());
    if rooms.settings.may_be_replaced() {
        for spool in untaken.keys().cloned().collect::<Vec<_>>() {
            match rooms.claimer.claim(&LeaseKey(format!("taken:{spool}"))).await? {
                Some(lease) => {
                    fences.insert(spool, lease.fence.clone());
                    held.push(lease);
                }
                None => drop(untaken.remove(&spool)),
            }
        }
    }
    let taken = watch.observe(&rooms.deliveries, untaken, &fences).await;
    for lease in held {
        lease.release().await;
    }
    taken
}
