//! A run: three nodes, one ledger, one core, one consumer, one outlet, simulated time and faults, all decided by one seed.

use super::baton::dice;
use super::books::Books;
use super::ledger::SimLedger;
use super::node::live;
use super::outlet::{OUTLET, Target};
use super::seams::{LEASE_MS, Life, Rates, Shared};
use super::site::{Ground, STRAY};
use crate::support::checker::evidence::{Evidence, Taken};
use crate::support::checker::{at_any_moment, at_the_end};
use crate::support::core::{CoreFile, Dropped, core_file};
use fpp::ledger::change::Change;
use fpp::ledger::delivery::{Delivery, DeliveryEvent, DeliveryState, Purpose};
use fpp::ledger::transfer::FileState;
use fpp::outlets;
use fpp::outlets::filter::Filter;
use fpp::outlets::position::Position;
use fpp::outlets::stream::{BYTES_MAX, Query, read};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::thread::JoinHandle;

/// 2025-06-20, 16:10 in Shanghai.
const NOON_MS: i64 = 1_750_407_000_000;
const NODES: usize = 3;
/// Turns with faults.
const WILD_TURNS: u64 = 220;
/// Turns without, after which everything must be at its end.
const CALM_TURNS: u64 = 6_000;
const FILES_MAX: u64 = 5;
/// Trades of a file.
const TRADES: u64 = 3;

/// What a run came to.
pub(crate) struct Outcome {
    pub(crate) violations: Vec<String>,
    pub(crate) trace: Vec<String>,
    pub(crate) met: BTreeMap<&'static str, u64>,
}

/// One node, over its lives.
struct Machine {
    life: Option<Arc<Life>>,
    thread: Option<JoinHandle<()>>,
    lives: u64,
    /// Its wall clock.
    clock: Arc<AtomicI64>,
    /// By which its clock is wrong.
    skew_ms: i64,
    /// Put aside until then.
    frozen_until_ms: i64,
}

/// A run under way.
pub(crate) struct World {
    pub(crate) shared: Arc<Shared>,
    pub(crate) ground: Arc<Ground>,
    machines: Vec<Machine>,
    dropped: Vec<CoreFile>,
    /// Answers and event files that were taken.
    taken: Vec<Taken>,
    consumed: Vec<String>,
    position: Position,
    violations: Vec<String>,
    runtime: tokio::runtime::Runtime,
    reader: outlets::Books,
}

/// Runs a seed to its end.
pub(crate) fn run(seed: u64) -> Outcome {
    let mut world = World::new(seed);
    world.wild();
    world.calm();
    world.check_the_end();
    world.end()
}

impl World {
    fn new(seed: u64) -> World {
        let mut dice = dice(seed);
        // Each run has its own weather: some see only deaths, some only lost answers, some everything.
        let mut rate = |most: u64| if dice.below(3) == 0 { 0 } else { dice.below(most) };
        let rates = Rates { refused: rate(25), lost: rate(25), torn: rate(15), death: rate(12), pause: 250 };
        let target = Target::new(dice.below(2) == 0);
        let shared = Arc::new(Shared::new(NODES, dice, rates, target));
        let ground = Arc::new(Ground::new());
        // Who reads the stream meets no faults: what it sees is checked, not how it gets there.
        let reader = outlets::Books {
            ledger: Arc::new(SimLedger(Shared::calm(Books::default()))),
            vault: ground.vault.clone(),
            plans: ground.plans.clone(),
        };
        let machine = |_| Machine {
            life: None,
            thread: None,
            lives: 0,
            clock: Arc::new(AtomicI64::new(NOON_MS)),
            skew_ms: 0,
            frozen_until_ms: 0,
        };
        World {
            shared,
            ground,
            machines: (0..NODES).map(machine).collect(),
            dropped: Vec::new(),
            taken: Vec::new(),
            consumed: Vec::new(),
            position: Position::START,
            violations: Vec::new(),
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            reader,
        }
    }

    fn below(&self, n: u64) -> u64 {
        self.shared.dice.lock().unwrap().below(n)
    }

    fn now_ms(&self) -> i64 {
        self.shared.now_ms.load(SeqCst)
    }

    fn tell(&self, what: &str) {
        self.shared.trace.lock().unwrap().push(format!("{:>8} -- {what}", self.now_ms()));
    }

    fn pass(&self, ms: u64) {
        let now_ms = self.shared.now_ms.fetch_add(ms as i64, SeqCst) + ms as i64;
        for machine in &self.machines {
            machine.clock.store(NOON_MS + now_ms + machine.skew_ms, SeqCst);
        }
    }

    /// With faults.
    fn wild(&mut self) {
        for _ in 0..WILD_TURNS {
            match self.below(100) {
                0..73 => self.node_turn(),
                73 => self.defer(),
                74 => self.send_away(),
                75..82 => self.drop_a_file(),
                82..88 => self.take(),
                88..93 => self.consume(),
                93 => self.freeze(),
                94 => self.skew(),
                95 => self.kill(),
                _ => self.pass([50, 200, 700, 3_000][self.below(4) as usize]),
            }
            self.pass(self.below(40));
            self.check();
        }
    }

    /// Without: everything comes to its end.
    fn calm(&mut self) {
        let pause = self.shared.rates.lock().unwrap().pause;
        *self.shared.rates.lock().unwrap() = Rates { pause, ..Rates::default() };
        if self.dropped.is_empty() {
            self.drop_a_file();
        }
        self.machines.iter_mut().for_each(|machine| (machine.skew_ms, machine.frozen_until_ms) = (0, 0));
        self.shared.target.lock().unwrap().away_until_ms = 0;
        for turn in 0..CALM_TURNS {
            self.node_turn();
            self.pass(self.below(200));
            if turn % 20 == 19 {
                self.take();
                self.consume();
                self.check();
                if self.is_done() {
                    return;
                }
            }
        }
    }

    /// What must hold at any moment.
    fn check(&mut self) {
        if !self.shared.changed.swap(false, SeqCst) {
            return;
        }
        let books = self.snapshot();
        let look = Evidence::of(&self.ground.places, &*books.ledger, &*self.ground.vault, &self.dropped);
        let evidence = self.runtime.block_on(look).with_taken(&self.taken);
        let evidence = self.with_target(evidence);
        self.violations.extend(at_any_moment(&evidence));
    }

    /// What must hold when all is over.
    fn check_the_end(&mut self) {
        if !self.violations.is_empty() {
            return;
        }
        let whole = self.whole_stream();
        let books = self.snapshot();
        let look = Evidence::whole(&self.ground.places, &*books.ledger, &*self.ground.vault, &self.dropped);
        let mut evidence = self.runtime.block_on(look).with_taken(&self.taken);
        evidence.outlets = 1;
        evidence.ignored = self.shared.passed_over.lock().unwrap().clone();
        evidence = self.with_target(evidence);
        evidence = evidence.with_received("one who read on", self.consumed.clone());
        evidence = evidence.with_received("a new reader", whole);
        self.violations.extend(at_the_end(&evidence));
    }

    fn with_target(&self, evidence: Evidence) -> Evidence {
        evidence.with_target(OUTLET, self.shared.target.lock().unwrap().took.clone())
    }

    fn is_done(&self) -> bool {
        let books = self.shared.books.lock().unwrap();
        books.transfers.len() == self.dropped.len()
            && books.transfers.values().all(|t| t.standing().is_terminal() || t.state == FileState::Held)
            && books.deliveries.values().all(|d| d.state == DeliveryState::Taken)
            && self.names("core/out") == [STRAY]
            && ["core/in", "services"].iter().all(|folder| self.names(folder).is_empty())
    }

    /// Lets a node go on to its next seam; one that is dead is started.
    fn node_turn(&mut self) {
        let n = self.below(NODES as u64) as usize;
        if self.machines[n].frozen_until_ms > self.now_ms() {
            return;
        }
        if self.machines[n].life.as_ref().is_none_or(|life| life.dead.load(SeqCst)) {
            self.start(n);
        }
        self.shared.baton.run(n);
    }

    fn start(&mut self, n: usize) {
        let machine = &mut self.machines[n];
        if let Some(thread) = machine.thread.take() {
            thread.join().unwrap();
        }
        machine.lives += 1;
        let life = Arc::new(Life::new(n, self.shared.clone()));
        let (of, ground, clock, lives) = (life.clone(), self.ground.clone(), machine.clock.clone(), machine.lives);
        machine.thread = Some(std::thread::spawn(move || live(&of, &ground, clock, lives)));
        machine.life = Some(life);
        let lives = machine.lives;
        self.tell(&format!("n{n} starts its life {lives}"));
    }

    /// A process that is killed at whatever it does; it ends when it should run again.
    fn kill(&mut self) {
        let n = self.below(NODES as u64) as usize;
        if let Some(life) = self.machines[n].life.clone().filter(|life| !life.dead.load(SeqCst)) {
            self.tell(&format!("n{n} is killed"));
            self.shared.meet("kill");
            life.dead.store(true, SeqCst);
            self.shared.baton.run(n);
        }
    }

    fn freeze(&mut self) {
        let n = self.below(NODES as u64) as usize;
        let ms = self.below(3 * LEASE_MS.unsigned_abs()) as i64;
        self.machines[n].frozen_until_ms = self.now_ms() + ms;
        self.tell(&format!("n{n} freezes for {ms} ms"));
        self.shared.meet("freeze");
    }

    /// The outlet does not answer for a while.
    fn send_away(&mut self) {
        let until_ms = self.now_ms() + self.below(8_000) as i64;
        self.shared.target.lock().unwrap().away_until_ms = until_ms;
        self.tell(&format!("the outlet is away until {until_ms}"));
        self.shared.meet("outlet away");
    }

    /// A person lets an answer go without its outlets (D12).
    fn defer(&mut self) {
        let mut books = self.shared.books.lock().unwrap();
        let is_due = |d: &&Delivery| d.purpose == Purpose::Posting && d.gates();
        let Some(id) = books.deliveries.values().find(is_due).map(|delivery| delivery.id.clone()) else { return };
        let by = Some("an operator".to_owned());
        let defer = Change::MoveDelivery { id: id.clone(), event: DeliveryEvent::Defer, by };
        books.apply(None, NOON_MS + self.now_ms(), &[defer]).unwrap();
        drop(books);
        self.tell(&format!("{id} is deferred"));
        self.shared.meet("posting deferred");
        self.shared.changed.store(true, SeqCst);
    }

    fn skew(&mut self) {
        let n = self.below(NODES as u64) as usize;
        let jumps = [-18_000_000, -2_000, 0, 500, 5_000, 18_000_000];
        self.machines[n].skew_ms = jumps[self.below(jumps.len() as u64) as usize];
        self.tell(&format!("n{n} has its clock at {} ms", self.machines[n].skew_ms));
        self.shared.meet("clock jump");
    }

    fn drop_a_file(&mut self) {
        let n = self.dropped.len() as u64;
        if n >= FILES_MAX {
            return;
        }
        let dropped = [Dropped::Good, Dropped::Good, Dropped::Partly, Dropped::Refused][self.below(4) as usize];
        let file = core_file(u16::try_from(n).unwrap() + 1, TRADES, dropped);
        self.tell(&format!("the core drops {} ({dropped:?})", file.name));
        let out = self.ground.root.join("core/out");
        std::fs::write(out.join(&file.name), &*file.bytes).unwrap();
        std::fs::write(out.join(format!("{}.OK", file.name)), "").unwrap();
        self.dropped.push(file);
        self.shared.changed.store(true, SeqCst);
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.ground.root.join(folder)).unwrap().map(|entry| entry.unwrap());
        let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
        let mut names: Vec<_> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Core and service take what has its marker, with its checksum proven.
    fn take(&mut self) {
        for folder in ["core/in", "services"] {
            for marker in self.names(folder).into_iter().filter(|name| name.ends_with(".OK") && !name.starts_with('.'))
            {
                let name = marker.trim_end_matches(".OK").to_owned();
                let path = |end: &str| self.ground.root.join(folder).join(format!("{name}{end}"));
                let bytes = std::fs::read(path("")).unwrap_or_default();
                let line = std::fs::read_to_string(path(".sha256")).unwrap_or_default();
                for end in ["", ".sha256", ".OK"] {
                    let _ = std::fs::remove_file(path(end));
                }
                self.tell(&format!("{name} is taken"));
                self.taken.push(Taken::new(&name, bytes, &line));
                self.shared.changed.store(true, SeqCst);
            }
        }
    }

    /// The books as they stand, for a reader.
    fn snapshot(&self) -> outlets::Books {
        let books = self.shared.books.lock().unwrap().clone();
        outlets::Books { ledger: Arc::new(SimLedger(Shared::calm(books))), ..self.reader.clone() }
    }

    fn page(&self, after: Position, limit: usize) -> (Vec<String>, Position) {
        let query =
            Query { after, limit, bytes_max: BYTES_MAX, routes: None, filter: Filter::default(), masked: false };
        let books = self.snapshot();
        let page = self.runtime.block_on(async { read(&books, query).await }).unwrap();
        let lines = String::from_utf8(page.lines).unwrap().lines().map(str::to_owned).collect();
        (lines, page.position)
    }

    /// The consumer reads a little and remembers where it stands.
    fn consume(&mut self) {
        let limit = 1 + self.below(6) as usize;
        let (lines, position) = self.page(self.position, limit);
        self.consumed.extend(lines);
        self.position = position;
    }

    /// The rest of the stream, and the whole of it as a new reader sees it.
    fn whole_stream(&mut self) -> Vec<String> {
        let (rest, _) = self.page(self.position, usize::MAX);
        self.consumed.extend(rest);
        self.page(Position::START, usize::MAX).0
    }

    fn end(mut self) -> Outcome {
        for n in 0..NODES {
            if let Some(life) = self.machines[n].life.take()
                && !life.dead.swap(true, SeqCst)
            {
                self.shared.baton.run(n);
            }
            if let Some(thread) = self.machines[n].thread.take() {
                thread.join().unwrap();
            }
        }
        let met = self.shared.met.lock().unwrap().clone();
        if met.contains_key("PANIC") {
            self.violations.push("a node panicked".to_owned());
        }
        self.violations.dedup();
        let trace = std::mem::take(&mut *self.shared.trace.lock().unwrap());
        Outcome { violations: self.violations, trace, met }
    }
}
