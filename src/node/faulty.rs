//! An outlet that cannot be made as it is configured: its secret is too short, its authorities are no certificates. It is
//! down like one that does not answer, and keeps neither the node nor another outlet from working. It is tried to be made
//! at each look, so that a mended file is found without a restart. `fpp check` tells of it before.

use super::engines::engine;
use crate::error::{Class, Error, Result};
use crate::outlets::push::{Batch, Broken, Engine, Outcome, Posting};
use crate::settings::OutletPlace;
use async_trait::async_trait;
use std::sync::{Arc, OnceLock};

/// Stands for the engine until it can be made.
pub(super) struct Faulty {
    place: OutletPlace,
    made: OnceLock<Arc<dyn Engine>>,
}

impl Faulty {
    pub(super) fn new(place: &OutletPlace) -> Faulty {
        Faulty { place: place.clone(), made: OnceLock::new() }
    }

    /// The engine, made now if it can be; what is wrong may be mended, so it is no error that holds a file.
    fn engine(&self) -> Result<&Arc<dyn Engine>> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let made = engine(&self.place)
            .map_err(|e| Error { class: Class::Retry, ..e.at(format!("outlet `{}`", self.place.name)) })?;
        Ok(self.made.get_or_init(|| made))
    }
}

#[async_trait]
impl Engine for Faulty {
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>> {
        self.engine()?.cursor(posting).await
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        self.engine()?.push(posting, batch).await
    }

    async fn look(&self) -> Result<String> {
        self.engine()?.look().await
    }

    async fn close(&self) {
        if let Some(made) = self.made.get() {
            made.close().await;
        }
    }
}
