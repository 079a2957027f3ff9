//! The simulator's books in memory, held to the same contract as far as they go: they know no purge, no seals and no
//! operators.

use crate::seams::{Life, Rates, Shared, SimLedger};
use crate::{Books, Held, baton, books};
use async_trait::async_trait;
use fpp::ledger::Ledger;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::{Arc, Mutex};

pub(crate) struct MemoryBooks(Arc<Shared>);

impl MemoryBooks {
    pub(crate) fn new() -> MemoryBooks {
        MemoryBooks(Arc::new(Shared {
            baton: baton::Baton::new(0),
            dice: Mutex::new(baton::Dice::new(0)),
            rates: Mutex::new(Rates::default()),
            now_ms: AtomicI64::new(0),
            books: Mutex::new(books::Books::default()),
            trace: Mutex::default(),
            changed: AtomicBool::default(),
            met: Mutex::default(),
        }))
    }
}

#[async_trait]
impl Books for MemoryBooks {
    async fn open(&self) -> Box<dyn Ledger> {
        let life = Life { node: 0, shared: self.0.clone(), dead: AtomicBool::new(false), held: Mutex::default() };
        Box::new(SimLedger(Arc::new(life)))
    }
    async fn open_read_only(&self) -> Box<dyn Ledger> {
        self.open().await
    }
    fn fresh(&self) -> Box<dyn Books> {
        Box::new(MemoryBooks::new())
    }
    async fn tamper(&self, _: &[&str]) {
        panic!("they know no SQL")
    }
    async fn hold(&self, _: &'static str) -> Box<dyn Held> {
        panic!("they know no SQL")
    }
    async fn place(&self) -> String {
        panic!("they are in this process alone")
    }
}
