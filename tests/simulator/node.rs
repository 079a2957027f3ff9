//! A node of the simulation: the real steps, chosen by the dice, one after the other.
//!
//! The lease protocol is the real one on simulated time; how a daemon waits and wakes is not simulated, any order of the
//! work being legal.

use super::disks::{SimFolder, SimVault};
use super::ledger::SimLedger;
use super::outlet::{OUTLET, SimOutlet};
use super::seams::{Killed, LEASE_MS, Life};
use super::site::Ground;
use fpp::bell::Bell;
use fpp::clock::Clock;
use fpp::delivery::outlet::{Outlet, Postings, Use, lane};
use fpp::delivery::posting::{carry_on, route_of};
use fpp::delivery::{Deliveries, publish, sweep, taken};
use fpp::error::Result;
use fpp::inbound::route::Route;
use fpp::inbound::work::Inbound;
use fpp::inbound::{arrival, pipeline};
use fpp::ledger::Ledger;
use fpp::ledger::change::Fence;
use fpp::ledger::lease::{Lease, LeaseKey, Observer};
use fpp::ledger::standing::is_due;
use fpp::outlets::Books;
use fpp::outlets::events::View;
use fpp::outlets::filter::Filter;
use fpp::vault::Vault;
use fpp_spool::{Folder, LocalFolder, MarkerContent, MarkerRule, Readiness, ScanRules, Scanner};
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Names of the spools and their folders.
const SPOOLS: [(&str, &str); 3] = [("core-out", "core/out"), ("core-in", "core/in"), ("services", "services")];

struct Node {
    life: Arc<Life>,
    inbound: Inbound,
    deliveries: Deliveries,
    postings: Postings,
    observer: Observer,
    scanner: Scanner,
    holder: String,
    began: Instant,
    stopped: watch::Receiver<bool>,
}

/// Lives until it is killed. Runs on a thread of its own, whenever it has the baton.
pub(crate) fn live(life: &Arc<Life>, ground: &Ground, clock: Arc<AtomicI64>, incarnation: u64) {
    life.shared.baton.wait(life.node);
    let lived = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (_stop, stopped) = watch::channel(false);
            let mut node = Node::new(life, ground, clock, incarnation, stopped);
            loop {
                let acted = node.act().await;
                if let Err(error) = acted {
                    life.shared.trace.lock().unwrap().push(format!("         n{} {error}", life.node));
                }
                life.rest();
            }
        })
    }));
    if let Err(why) = lived
        && !why.is::<Killed>()
    {
        life.shared.trace.lock().unwrap().push(format!("PANIC in n{}", life.node));
        life.shared.meet("PANIC");
    }
    life.dead.store(true, SeqCst);
    life.shared.baton.end();
}

impl Life {
    /// Between two acts the turn goes to the scheduler.
    fn rest(&self) {
        let end_if_dead = || {
            if self.dead.load(SeqCst) {
                std::panic::resume_unwind(Box::new(Killed));
            }
        };
        end_if_dead();
        self.shared.baton.pause(self.node);
        end_if_dead();
    }
}

impl Node {
    fn new(
        life: &Arc<Life>,
        ground: &Ground,
        clock: Arc<AtomicI64>,
        incarnation: u64,
        stopped: watch::Receiver<bool>,
    ) -> Node {
        let name = format!("n{}", life.node);
        let ledger: Arc<dyn Ledger> = Arc::new(SimLedger(life.clone()));
        let vault: Arc<dyn Vault> = Arc::new(SimVault { inner: ground.vault.clone(), life: life.clone() });
        let folders: BTreeMap<String, Arc<dyn Folder>> = SPOOLS
            .iter()
            .map(|(spool, path)| {
                let inner = LocalFolder::open(ground.root.join(path)).unwrap();
                let folder: Arc<dyn Folder> = Arc::new(SimFolder { name: spool, inner, life: life.clone() });
                ((*spool).to_owned(), folder)
            })
            .collect();
        let route = Route { folder: folders.get("core-out").cloned(), ..(*ground.route).clone() };
        let scratch = ground.root.join(format!("scratch/{name}-{incarnation}"));
        std::fs::create_dir_all(&scratch).unwrap();
        let inbound = Inbound {
            ledger: ledger.clone(),
            vault: vault.clone(),
            routes: [(route.name.clone(), Arc::new(route))].into(),
            plans: ground.plans.clone(),
            frozen: Arc::default(),
            clock: Clock::Fixed(clock.clone()),
            bell: Bell::default(),
            scratch,
            keep_free_bytes: 0,
            intake: Default::default(),
            prove_threads: 2,
        };
        let postings = Postings {
            books: Books { ledger: ledger.clone(), vault: vault.clone(), plans: ground.plans.clone() },
            installation: "sim".into(),
            clock: Clock::Fixed(clock.clone()),
            outlets: [(OUTLET.to_owned(), Arc::new(outlet(life, &ground.route.name)))].into(),
        };
        let deliveries = Deliveries {
            ledger,
            vault,
            folders,
            commands: Default::default(),
            receipts: Default::default(),
            clock: Clock::Fixed(clock),
            replaceable: true,
            node: name.clone(),
            reached: Default::default(),
        };
        let marker = MarkerRule::new("{name}.OK", MarkerContent::Empty).unwrap();
        let rules = ScanRules {
            patterns: vec![(ground.route.name.clone(), ground.route.pattern.clone(), Readiness::Marker(marker))],
            max_bytes: u64::MAX,
            listing_limit: 1_000,
            fold: false,
        };
        Node {
            life: life.clone(),
            inbound,
            deliveries,
            postings,
            observer: Observer::default(),
            scanner: Scanner::new(rules),
            holder: format!("{name}/{incarnation}"),
            began: Instant::now(),
            stopped,
        }
    }

    fn dice(&self, below: usize) -> usize {
        usize::try_from(self.life.shared.dice.lock().unwrap().below(below as u64)).unwrap()
    }

    /// Does one thing that a node does.
    async fn act(&mut self) -> Result<()> {
        match self.dice(12) {
            0 | 1 => self.scan().await,
            2..=5 => self.walk().await,
            6 | 7 => self.deliver().await,
            8 | 9 => self.push().await,
            10 => {
                // One spool after the other: the daemon looks into all at once, which no seed could decide.
                let mut watch = taken::Watch::default();
                for (spool, untaken) in watch.untaken(&self.deliveries).await? {
                    watch.observe(&self.deliveries, [(spool, untaken)].into(), &BTreeMap::new()).await?;
                }
                Ok(())
            }
            _ => {
                let spool = ["core-in", "services"][self.dice(2)];
                sweep::sweep(&self.deliveries, spool).await.map(|_| ())
            }
        }
    }

    fn now(&self) -> Instant {
        let ms = self.life.shared.now_ms.load(SeqCst);
        self.began + Duration::from_millis(ms.unsigned_abs())
    }

    async fn scan(&mut self) -> Result<()> {
        let folder = self.deliveries.folders["core-out"].clone();
        let now = self.now();
        let Some(scan) = self.scanner.look(&*folder, &|| now, &|| true)? else { return Ok(()) };
        let passed_over = scan.ignored.values().flat_map(|(_, examples)| examples.iter().cloned());
        *self.life.shared.passed_over.lock().unwrap() = passed_over.collect();
        if scan.arrivals.is_empty() {
            return Ok(());
        }
        let Some((lease, fence)) = self.claim("watch:core-out").await? else { return Ok(()) };
        let mut booked = Ok(());
        for ready in &scan.arrivals {
            booked = booked.and(arrival::book(&self.inbound, "core-out", &[ready], Some(&fence)).await.map(drop));
        }
        self.release(lease).await?;
        booked
    }

    async fn walk(&mut self) -> Result<()> {
        let due = self.inbound.ledger.due_transfers(self.inbound.clock.now_ms(), 8).await?;
        if due.is_empty() {
            return Ok(());
        }
        let transfer = due[self.dice(due.len())].clone();
        let Some((lease, fence)) = self.claim(&format!("transfer:{}", transfer.id)).await? else { return Ok(()) };
        let walked = pipeline::walk(&self.inbound, &transfer.id, &fence, &self.stopped).await;
        self.release(lease).await?;
        walked
    }

    async fn deliver(&mut self) -> Result<()> {
        let due = self.inbound.ledger.due_deliveries(self.inbound.clock.now_ms(), 8).await?;
        if due.is_empty() {
            return Ok(());
        }
        let delivery = due[self.dice(due.len())].clone();
        let Some((lease, fence)) = self.claim(&format!("delivery:{}", delivery.id)).await? else { return Ok(()) };
        let carried = publish::carry_out(&self.deliveries, &delivery.id, &fence).await;
        self.release(lease).await?;
        carried
    }

    /// As the outlet's dispatcher does it, and asks whether an outlet that did not answer does again.
    async fn push(&mut self) -> Result<()> {
        let outlet = self.postings.outlets[OUTLET].clone();
        if outlet.breaker.down().is_some() {
            outlet.engine.look().await?;
            outlet.breaker.close();
        }
        let (next, now_ms) = (self.inbound.ledger.next_postings(OUTLET).await?, self.inbound.clock.now_ms());
        let hurry = outlet.breaker.take_hurry();
        let due = next.iter().find(|delivery| hurry || is_due(delivery.next_attempt_ms, now_ms));
        let Some(route) = due.map(|delivery| route_of(delivery).to_owned()) else { return Ok(()) };
        let Some((lease, fence)) = self.claim(&lane(OUTLET, &route)).await? else { return Ok(()) };
        let pushed = carry_on(&self.postings, &outlet, &route, &fence, hurry, &self.stopped).await;
        self.release(lease).await?;
        pushed
    }

    /// As the daemon's claimer does it.
    async fn claim(&mut self, key: &str) -> Result<Option<(Lease, Fence)>> {
        let key = LeaseKey(key.to_owned());
        let seen = self.inbound.ledger.lease(&key).await?;
        let now = self.now();
        if seen.as_ref().is_some_and(|lease| !self.observer.is_free(lease, LEASE_MS.unsigned_abs(), now)) {
            return Ok(None);
        }
        let Some(lease) = self.inbound.ledger.take_lease(&key, &self.holder, seen.as_ref()).await? else {
            return Ok(None);
        };
        if seen.is_some_and(|lease| !lease.holder.is_empty()) {
            self.life.shared.meet("takeover");
        }
        self.observer.forget(&key);
        let fence = Fence { key, epoch: lease.epoch, holder: self.holder.clone() };
        *self.life.held.lock().unwrap() = Some((lease.clone(), self.life.shared.now_ms.load(SeqCst)));
        Ok(Some((lease, fence)))
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        *self.life.held.lock().unwrap() = None;
        self.inbound.ledger.release_lease(&lease).await
    }
}

/// The outlet as a node has it: a file's events go there in several batches.
fn outlet(life: &Arc<Life>, route: &str) -> Outlet {
    let all = Use { view: View::Clear, filter: Filter::default() };
    Outlet {
        name: OUTLET.into(),
        kind: "append",
        engine: Arc::new(SimOutlet(life.clone())),
        uses: [(route.to_owned(), all)].into(),
        batch_events: 2,
        batch_bytes: usize::MAX,
        routes_at_once: 1,
        probe: Duration::from_secs(1),
        retry_max_ms: 5_000,
        breaker: Default::default(),
        redrives: Default::default(),
    }
}
