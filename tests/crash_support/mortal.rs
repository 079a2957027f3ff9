//! A ledger that dies: from one `apply` on, before or after it is written, every call fails, as if the process were gone.

use async_trait::async_trait;
use fpp::error::Error;
use fpp::ledger::Ledger;
use fpp::ledger::change::{Applied, Change, DaysAhead, Fence, JournalRow, Notice, Reject, Seal, Told, VerifyReport};
use fpp::ledger::consumer::Consumer;
use fpp::ledger::delivery::{DeadLetter, Delivery, DeliveryEvent, DeliveryId};
use fpp::ledger::desk::{Ask, AskId, Pause};
use fpp::ledger::lease::{Lease, LeaseKey};
use fpp::ledger::node::NodeRow;
use fpp::ledger::transfer::{Identity, Transfer, TransferId, TransferQuery};
use fpp_codecs::Code;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// When a life ends, or what else it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// The nth `apply` is not written.
    Before(u64),
    /// The nth `apply` is written, and nobody hears of it.
    After(u64),
    /// The first such move of a delivery is not written.
    BeforeMove(DeliveryEvent),
    /// The first such move of a delivery is written, and nobody hears of it.
    AfterMove(DeliveryEvent),
    /// The nth `apply` is written, and its answer is lost; the life goes on.
    LostReply(u64),
    /// The nth `apply` is not written, and that is said; the life goes on.
    Refused(u64),
    Never,
}

/// One incarnation's life.
pub(crate) struct Life {
    death: Mutex<Death>,
    applies: AtomicU64,
    over: AtomicBool,
    after: Option<After>,
}

/// What a test does after each `apply`, before anybody hears that it was written.
pub(crate) type After = Box<dyn Fn(&[Change]) + Send + Sync>;

impl Life {
    pub(crate) fn new(death: Death) -> Arc<Life> {
        Arc::new(Life { death: Mutex::new(death), applies: AtomicU64::new(0), over: false.into(), after: None })
    }

    /// One that nobody ends.
    pub(crate) fn watched(after: After) -> Arc<Life> {
        let (applies, over) = (AtomicU64::new(0), AtomicBool::new(false));
        Arc::new(Life { death: Mutex::new(Death::Never), applies, over, after: Some(after) })
    }

    /// It goes on, and meets something else: from now on commits are counted anew.
    pub(crate) fn meets(&self, death: Death) {
        let mut next = self.death.lock().unwrap();
        self.applies.store(0, SeqCst);
        *next = death;
    }

    /// Whether the commit that is to be refused, or whose answer is to be lost, was asked for.
    pub(crate) fn missed_one(&self) -> bool {
        let death = *self.death.lock().unwrap();
        matches!(death, Death::LostReply(n) | Death::Refused(n) if self.applies.load(SeqCst) >= n)
    }

    /// Whether it is over.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(SeqCst)
    }

    fn next(&self) -> (Death, u64) {
        let death = self.death.lock().unwrap();
        (*death, self.applies.fetch_add(1, SeqCst) + 1)
    }

    fn check(&self) -> Result<(), Error> {
        if self.is_over() { Err(killed()) } else { Ok(()) }
    }

    fn end_if(&self, strikes: bool) -> Result<(), Error> {
        self.over.fetch_or(strikes, SeqCst);
        if strikes { Err(killed()) } else { Ok(()) }
    }
}

fn killed() -> Error {
    Error::retry(Code::LEDGER, "killed")
}

/// As a ledger on a server says it when the line breaks.
fn unheard() -> Error {
    Error::retry(Code::LEDGER, "the answer is lost").hint("It goes on by itself.")
}

/// As a ledger says it whose disk or server has a bad moment.
fn refused() -> Error {
    Error::retry(Code::LEDGER, "nothing was written").hint("It goes on by itself.")
}

fn moves(changes: &[Change], wanted: DeliveryEvent) -> bool {
    changes.iter().any(|change| match change {
        Change::MoveDelivery { event, .. } => *event == wanted,
        Change::Prove { .. } => wanted == DeliveryEvent::Prove,
        Change::Deliver { .. } => wanted == DeliveryEvent::Deliver,
        Change::Take { .. } => wanted == DeliveryEvent::Take,
        _ => false,
    })
}

/// The decorator.
pub(crate) struct Mortal {
    pub(crate) inner: Arc<dyn Ledger>,
    pub(crate) life: Arc<Life>,
}

macro_rules! delegate {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $gives:ty;)*) => {
        #[async_trait]
        impl Ledger for Mortal {
            async fn apply(&self, fence: Option<&Fence>, now_ms: i64, changes: &[Change]) -> Result<Applied, Error> {
                self.life.check()?;
                let (death, n) = self.life.next();
                self.life.end_if(
                    death == Death::Before(n) || matches!(death, Death::BeforeMove(event) if moves(changes, event)),
                )?;
                if death == Death::Refused(n) {
                    return Err(refused());
                }
                let applied = self.inner.apply(fence, now_ms, changes).await;
                if let Some(after) = &self.life.after {
                    after(changes);
                }
                self.life.end_if(
                    death == Death::After(n) || matches!(death, Death::AfterMove(event) if moves(changes, event)),
                )?;
                if death == Death::LostReply(n) { applied.and(Err(unheard())) } else { applied }
            }
            $(async fn $name(&self, $($arg: $kind),*) -> Result<$gives, Error> {
                self.life.check()?;
                self.inner.$name($($arg),*).await
            })*
        }
    };
}

delegate! {
    lease(key: &LeaseKey) -> Option<Lease>;
    take_lease(key: &LeaseKey, holder: &str, seen: Option<&Lease>) -> Option<Lease>;
    beat(lease: &Lease) -> Lease;
    release_lease(lease: &Lease) -> ();
    transfer(id: &TransferId) -> Option<Transfer>;
    transfer_by_arrival(arrival_key: &str) -> Option<Transfer>;
    transfers(query: &TransferQuery) -> Vec<Transfer>;
    due_transfers(now_ms: i64, limit: u32) -> Vec<Transfer>;
    due_transfers_besides(now_ms: i64, besides: &[String], limit: u32) -> Vec<Transfer>;
    by_batch(identity: &Identity) -> Vec<Transfer>;
    arrivals_of_day(route: &str, business_date: &str) -> u32;
    batches(route: &str, business_date: &str, span: (u32, u32)) -> Vec<u32>;
    purged_batches(route: &str, business_date: &str) -> Vec<u32>;
    posted_before(route: &str, business_date: &str, batch: u32) -> Option<u32>;
    posted_after(route: &str, business_date: &str, batch: u32) -> Option<u32>;
    rejects(id: &TransferId, after_record: u64, limit: u32) -> Vec<Reject>;
    journal(subject: &str) -> Vec<JournalRow>;
    publications(after: u64, limit: u32) -> Vec<Transfer>;
    last_publication() -> u64;
    first_publication_of(business_date: &str) -> Option<u64>;
    delivery(id: &DeliveryId) -> Option<Delivery>;
    delivery_named(spool: &str, name: &str) -> Option<Delivery>;
    deliveries(of: Option<&TransferId>, limit: u32) -> Vec<Delivery>;
    deliveries_of(of: &[TransferId]) -> Vec<Delivery>;
    due_deliveries(now_ms: i64, limit: u32) -> Vec<Delivery>;
    due_deliveries_besides(now_ms: i64, besides: &[String], limit: u32) -> Vec<Delivery>;
    next_postings(outlet: &str) -> Vec<Delivery>;
    open_postings(outlet: &str, after: Option<&DeliveryId>, limit: u32) -> Vec<Delivery>;
    posting_outlets() -> Vec<String>;
    dead_letters(outlet: Option<&str>, after: Option<(&DeliveryId, u64)>, due: bool, limit: u32) -> Vec<DeadLetter>;
    debts(limit: u32) -> Vec<Delivery>;
    consumer(name: &str) -> Option<Consumer>;
    consumers() -> Vec<Consumer>;
    untaken_deliveries(after: Option<&Delivery>, limit: u32) -> Vec<Delivery>;
    unfinished_deliveries(limit: u32) -> Vec<Delivery>;
    open_deliveries(spool: &str, after: Option<&DeliveryId>, limit: u32) -> Vec<Delivery>;
    held_deliveries(spool: &str, since_ms: i64, after: Option<&DeliveryId>, limit: u32) -> Vec<Delivery>;
    taken_deliveries(spool: &str, from_ms: i64, until_ms: i64, limit: u32) -> Vec<Delivery>;
    pauses() -> Vec<Pause>;
    ask(id: &AskId) -> Option<Ask>;
    asks(all: bool, limit: u32) -> Vec<Ask>;
    notices(all: bool, limit: u32) -> Vec<Notice>;
    open_notices(after: i64, limit: u32) -> Vec<Notice>;
    told(prefix: &str, open: bool, limit: u32) -> Vec<Told>;
    days(route: &str) -> Vec<(String, bool)>;
    counts() -> Vec<(String, String, Option<String>, u64)>;
    make_days(now_ms: i64) -> Option<DaysAhead>;
    drop_days(before: &str, now_ms: i64) -> u64;
    seal(fence: Option<&Fence>, now_ms: i64, key: &[u8]) -> u64;
    seals(after: u64, limit: u32) -> Vec<Seal>;
    verify(key: Option<&[u8]>) -> VerifyReport;
    report_node(fence: &Fence, node: &NodeRow) -> ();
    nodes() -> Vec<NodeRow>;
}
