//! The seams of a node: its ledger, its vault, its folders and its outlet, each call of which is a place where the node may
//! be put aside, die, or meet a fault.

use super::baton::{Baton, dice};
use super::books::Books;
use super::dice_support::Dice;
use super::outlet::Target;
use fpp::ledger::lease::Lease;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// A foreign lease that stands still for this long may be taken over.
pub(crate) const LEASE_MS: i64 = 2_000;

/// How calls begin that change nothing which the checker looks at between two turns. A name that is not here counts as a
/// change.
const READS: [&str; 36] = [
    "list",
    "stat",
    "open",
    "sync",
    "read",
    "vault index",
    "vault open",
    "vault holds",
    "vault contents",
    "lease",
    "take ",
    "beat",
    "release",
    "transfer",
    "by ",
    "due ",
    "arrivals",
    "rejects",
    "journal",
    "publications",
    "last ",
    "first ",
    "delivery",
    "deliveries",
    "untaken",
    "unfinished",
    "pauses",
    "notices",
    "told",
    "days",
    "counts",
    "nodes",
    "next postings",
    "dead letters",
    "cursor",
    "look",
];

/// How often things go wrong, of a thousand calls.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    /// A call fails and nothing happened.
    pub(crate) refused: u64,
    /// A call happens, and its answer is lost.
    pub(crate) lost: u64,
    /// A write goes through in part, then fails.
    pub(crate) torn: u64,
    /// The node dies, before the call or after it.
    pub(crate) death: u64,
    /// The node is put aside at a call.
    pub(crate) pause: u64,
}

/// What all nodes of a run share.
pub(crate) struct Shared {
    pub(crate) baton: Baton,
    pub(crate) dice: Mutex<Dice>,
    pub(crate) rates: Mutex<Rates>,
    /// Simulated time that never goes back.
    pub(crate) now_ms: AtomicI64,
    pub(crate) books: Mutex<Books>,
    /// What the outlet has.
    pub(crate) target: Mutex<Target>,
    pub(crate) trace: Mutex<Vec<String>>,
    /// Something was done since the last look that may leave a trace outside or in the books.
    pub(crate) changed: AtomicBool,
    /// Names in the core's folder that the last look gave a reason for, as a status would name them.
    pub(crate) passed_over: Mutex<BTreeSet<String>>,
    /// What happened, by kind, and how often.
    pub(crate) met: Mutex<BTreeMap<&'static str, u64>>,
}

impl Shared {
    /// A run that begins, with these faults.
    pub(crate) fn new(nodes: usize, dice: Dice, rates: Rates, target: Target) -> Shared {
        Shared {
            baton: Baton::new(nodes),
            dice: Mutex::new(dice),
            rates: Mutex::new(rates),
            now_ms: AtomicI64::new(0),
            books: Mutex::new(Books::naming()),
            target: Mutex::new(target),
            trace: Mutex::default(),
            changed: AtomicBool::default(),
            passed_over: Mutex::default(),
            met: Mutex::default(),
        }
    }

    /// Some books, for whoever only reads and meets no faults.
    pub(crate) fn calm(books: Books) -> Arc<Life> {
        let calm = Shared::new(0, dice(0), Rates::default(), Target::default());
        *calm.books.lock().unwrap() = books;
        Arc::new(Life::new(9, Arc::new(calm)))
    }

    pub(crate) fn meet(&self, kind: &'static str) {
        *self.met.lock().unwrap().entry(kind).or_default() += 1;
    }
}

/// One life of a node, as its seams see it.
pub(crate) struct Life {
    pub(crate) node: usize,
    pub(crate) shared: Arc<Shared>,
    pub(crate) dead: AtomicBool,
    /// The lease of the work under way, and when it last beat.
    pub(crate) held: Mutex<Option<(Lease, i64)>>,
}

/// How a node's thread ends when the node dies.
pub(crate) struct Killed;

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Happens,
    Refused,
    /// Happens, and the answer is lost.
    Lost,
    Torn,
}

impl Life {
    pub(crate) fn new(node: usize, shared: Arc<Shared>) -> Life {
        Life { node, shared, dead: AtomicBool::new(false), held: Mutex::default() }
    }

    /// Every call of a seam begins here.
    pub(crate) fn meet(&self, call: &str) -> Fate {
        if self.dead.load(SeqCst) {
            return self.die();
        }
        let rates = *self.shared.rates.lock().unwrap();
        if self.roll(rates.pause) {
            self.shared.baton.pause(self.node);
            if self.dead.load(SeqCst) {
                return self.die();
            }
        }
        self.trace(call);
        if !READS.iter().any(|read| call.starts_with(read)) {
            self.shared.changed.store(true, SeqCst);
        }
        self.beat();
        if self.roll(rates.death) {
            self.trace("dies before it");
            self.shared.meet("death before a call");
            self.dead.store(true, SeqCst);
            return self.die();
        }
        let fates = [
            (rates.refused, Fate::Refused, "call refused"),
            (rates.lost, Fate::Lost, "answer lost"),
            (rates.torn, Fate::Torn, "write torn"),
        ];
        for (rate, fate, what) in fates {
            if self.roll(rate) {
                self.trace(what);
                self.shared.meet(what);
                return fate;
            }
        }
        Fate::Happens
    }

    /// Every call that happened ends here.
    pub(crate) fn happened(&self) {
        let rate = self.shared.rates.lock().unwrap().death;
        if self.roll(rate) {
            self.trace("dies after it");
            self.shared.meet("death after a call");
            self.dead.store(true, SeqCst);
            self.die();
        }
    }

    fn roll(&self, rate: u64) -> bool {
        rate > 0 && self.shared.dice.lock().unwrap().per_mille(rate)
    }

    fn trace(&self, what: &str) {
        let now_ms = self.shared.now_ms.load(SeqCst);
        let what = without_disk_times(what);
        self.shared.trace.lock().unwrap().push(format!("{now_ms:>8} n{} {what}", self.node));
    }

    /// A node that runs beats; one that is put aside does not.
    fn beat(&self) {
        let now_ms = self.shared.now_ms.load(SeqCst);
        let mut held = self.held.lock().unwrap();
        if let Some((lease, beaten_ms)) = &mut *held
            && now_ms - *beaten_ms >= LEASE_MS / 4
            && let Ok(newer) = self.shared.books.lock().unwrap().beat(lease)
        {
            (*lease, *beaten_ms) = (newer, now_ms);
        }
    }

    /// Nothing of a dead node does anything any more. What is dropped while it dies finds everything refused.
    fn die(&self) -> Fate {
        if !std::thread::panicking() {
            std::panic::resume_unwind(Box::new(Killed));
        }
        Fate::Refused
    }
}

/// A source that is set aside is called by its time, which the disk gave it: no run gives it again.
fn without_disk_times(what: &str) -> String {
    let word = |word: &str| match word.strip_suffix(".taken").and_then(|rest| rest.rsplit_once('.')) {
        Some((name, _)) => format!("{name}.TIME.taken"),
        None => word.to_owned(),
    };
    what.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
