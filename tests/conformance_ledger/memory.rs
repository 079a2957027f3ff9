//! The simulator's books in memory, held to the same contract as far as they go: they know no purge, no seals and no
//! operators.

use crate::ledger::SimLedger;
use crate::seams::{Life, Shared};
use crate::{Books, Held, books};
use async_trait::async_trait;
use fpp::ledger::Ledger;
use std::sync::Arc;

pub(crate) struct MemoryBooks(Arc<Life>);

impl MemoryBooks {
    pub(crate) fn new() -> MemoryBooks {
        MemoryBooks(Shared::calm(books::Books::default()))
    }
}

#[async_trait]
impl Books for MemoryBooks {
    async fn open(&self) -> Box<dyn Ledger> {
        Box::new(SimLedger(self.0.clone()))
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
