//! The outlet: what it knows of its target, and a batch on its way there.
//!
//! Invariant: nothing is written before the tables are known to be this program's, and their partitions to reach as far as
//! the rows. After an error both are looked at again.

use super::link::{Links, Place};
use super::tables::{TABLES, Table};
use super::write::{Into, Write};
use super::{cells, fit, partitions, schema, write};
use crate::clock::Clock;
use crate::error::Result;
use crate::outlets::push::{Batch, Broken, Engine, Outcome, Posting};
use async_trait::async_trait;
use std::sync::{Mutex, PoisonError};

/// A database that events are written into.
pub struct DatabaseOutlet {
    pub(super) place: Place,
    pub(super) clock: Clock,
    links: Links,
    tables: Vec<Into>,
    /// What is known of the target; nothing before the first look, and after an error, which may come from tables that
    /// somebody changed.
    ready: Mutex<Option<Ready>>,
    /// Keeps the tables from being made twice at once.
    making: tokio::sync::Mutex<()>,
}

/// Tables that are as they should be.
#[derive(Clone, Debug)]
pub(super) struct Ready {
    /// The day from which on there is no partition; nothing where there are none at all.
    end: Option<String>,
}

impl DatabaseOutlet {
    /// Connects when it is first needed: a target that is away keeps no node from starting.
    pub fn new(place: Place, clock: Clock) -> DatabaseOutlet {
        let tables = cells::forms().into_iter().map(Into::new).collect();
        DatabaseOutlet {
            links: Links::new(&place),
            place,
            clock,
            tables,
            ready: Mutex::default(),
            making: tokio::sync::Mutex::default(),
        }
    }

    fn known(&self) -> Option<Ready> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_known(&self, ready: Option<Ready>) {
        *self.ready.lock().unwrap_or_else(PoisonError::into_inner) = ready;
    }

    /// Makes tables and partitions where they are missing.
    pub(super) async fn ready(&self) -> Result<Ready> {
        if let Some(ready) = self.known() {
            return Ok(ready);
        }
        let _one = self.making.lock().await;
        if let Some(ready) = self.known() {
            return Ok(ready);
        }
        let mut link = self.place.connect().await?;
        schema::prepare(&mut link, &self.place, self.clock.now_ms()).await?;
        let end = match &self.place {
            Place::File { .. } => None,
            Place::Server(_) => partitions::end(&mut link).await.map_err(|e| e.at(&self.place))?,
        };
        link.close().await;
        let ready = Ready { end };
        self.set_known(Some(ready.clone()));
        Ok(ready)
    }

    /// Sees that there are partitions for the rows of a batch and for the months ahead.
    async fn make_room(&self, batch: &Batch, now_ms: i64) -> Result<Ready> {
        let ready = self.ready().await?;
        let Some(end) = &ready.end else { return Ok(ready) };
        let limit = partitions::limit(now_ms);
        let days = batch.events.iter().filter(|event| TABLES[Table::of_type(&event.kind)].is_dated);
        let last = days.map(|event| fit::day_of(&event.id)).filter(|day| *day < limit.as_str()).max();
        let last = last.unwrap_or(fit::UNDATED);
        let wanted = partitions::wanted(now_ms, last);
        if *end >= wanted {
            return Ok(ready);
        }
        let _one = self.making.lock().await;
        match partitions::make(&self.place, &wanted).await {
            Ok(end) => {
                let ready = Ready { end };
                self.set_known(Some(ready.clone()));
                Ok(ready)
            }
            // The months ahead can wait; the status tells how far there are some.
            Err(error) if last < end.as_str() => {
                tracing::warn!(outlet = %self.place, %error, "no partitions were made ahead");
                Ok(ready)
            }
            Err(error) => Err(error.at(&self.place)),
        }
    }

    async fn write(&self, posting: &Posting, batch: &Batch) -> Result<Outcome> {
        let now_ms = self.clock.now_ms();
        let ready = self.make_room(batch, now_ms).await?;
        let limit = ready.end.is_some().then(|| partitions::limit(now_ms));
        let mut open = self.links.begin().await?;
        let mut write = Write {
            link: &mut open.link,
            tables: &self.tables,
            posting,
            now_ms,
            no_place_from: limit.as_deref(),
            looks_first: false,
        };
        match write.batch(batch).await {
            Ok(outcome) => {
                open.commit().await?;
                Ok(outcome)
            }
            Err(error) => {
                open.undo().await;
                Err(error.at(&self.place))
            }
        }
    }
}

#[async_trait]
impl Engine for DatabaseOutlet {
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>> {
        self.ready().await?;
        let mut open = self.links.begin().await?;
        let cursor = write::cursor(&mut open.link, posting).await;
        open.undo().await;
        let cursor = cursor.map_err(|e| e.at(&self.place))?;
        Ok(Some(cursor.map_or(0, |(record, _)| record)))
    }

    /// One transaction: all of it stands, or nothing.
    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        let pushed = self.write(posting, batch).await;
        if pushed.is_err() {
            self.set_known(None);
        }
        Ok(pushed?)
    }

    async fn look(&self) -> Result<String> {
        let mut link = self.place.connect().await?;
        let version = schema::version(&mut link, &self.place).await?;
        let mut line = match version {
            0 => format!("{}: reached, no tables yet", self.place),
            version => format!("{}: tables of version {version}", self.place),
        };
        if version > 0 && !self.place.is_file() {
            let end = partitions::end(&mut link).await.map_err(|e| e.at(&self.place))?;
            line.push_str(&end.map_or(", no partitions".to_owned(), |end| format!(", partitions before {end}")));
        }
        link.close().await;
        Ok(line)
    }

    async fn close(&self) {
        self.links.close().await;
    }
}
