//! Changes of deliveries: plan, move, park.

use super::apply::Apply;
use super::rows::{delivery_open_key, delivery_queue, int, json_of, name_of, open_key, record_int};
use super::session::sql;
use super::version;
use super::{book_date, rows};
use crate::error::{Error, Result};
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use crate::ledger::fold::{self, What, delivery_subject};
use fpp_codecs::Code;

/// What the folder said, for the journal.
#[derive(Default)]
struct Seen {
    /// Its identity, of a proof.
    folder: Option<String>,
    /// Whether it made the file durable, of what has its name.
    fsynced: Option<bool>,
}

impl Apply<'_> {
    /// Plans a delivery once. A name that is still on its way with other content is refused; one that the partner took
    /// is free again, for partners whose short names come round.
    pub(super) async fn plan(&mut self, delivery: &Delivery) -> Result<()> {
        let known = sql("SELECT state FROM transfers WHERE id = ?").bind(&delivery.transfer.0).locking();
        let Some(known) = self.session.row(known).await? else {
            let what = format!("delivery {}: there is no transfer {}", delivery.id, delivery.transfer);
            return Err(Error::internal(what));
        };
        match delivery.purpose {
            Purpose::Command => version::needs(self.session, version::COMMANDS).await?,
            Purpose::Posting => version::needs(self.session, version::POSTINGS).await?,
            _ => {}
        }
        if delivery.purpose == Purpose::Interim {
            version::needs(self.session, version::INTERIM).await?;
        } else if known.get::<String>(0)? == "Held" {
            self.not_by_a_worker("transfer", &delivery.transfer.0)?;
        }
        // Two that plan one name at once clash on its open key. The name is read, because MySQL ignores blanks at its end.
        let same_name = sql("SELECT id, transfer, sha256, state, name FROM deliveries WHERE spool = ? AND name = ?");
        for row in self.session.rows(same_name.bind(&delivery.spool).bind(&delivery.name)).await? {
            let (id, transfer, sha256): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (state, name): (String, String) = (row.get(3)?, row.get(4)?);
            if name != delivery.name {
                continue;
            }
            if transfer == delivery.transfer.0 && sha256 == delivery.sha256 {
                return Ok(());
            }
            if state != "Taken" {
                let what = format!(
                    "delivery {}: {name} in {} is already planned as delivery {id} of transfer {transfer}",
                    delivery.id, delivery.spool,
                );
                return Err(Error::halt(Code::TARGET_EXISTS, what)
                    .hint("The route's name template must give each answer its own name; let it end in {answer}."));
            }
        }
        let delivery = fold::planned(delivery, self.now_ms);
        self.write_new_delivery(&delivery).await?;
        let subject = delivery_subject(&delivery.id);
        let date = book_date::of_transfer(self.session, &delivery.transfer).await?;
        self.append(&subject, What::Plan { delivery: Box::new(delivery) }, Some(date)).await
    }

    /// Moves a delivery; once it is delivered, deferred or vouched for, its transfer has work to do.
    pub(super) async fn move_delivery(
        &mut self,
        id: &DeliveryId,
        event: DeliveryEvent,
        by: Option<&str>,
    ) -> Result<()> {
        let delivery = rows::delivery_to_write(self.session, id).await?.ok_or_else(|| unknown(id))?;
        self.moved(delivery, event, by, Seen::default()).await
    }

    /// What was proven, and where.
    pub(super) async fn prove(&mut self, id: &DeliveryId, folder: Option<&str>) -> Result<()> {
        let delivery = rows::delivery_to_write(self.session, id).await?.ok_or_else(|| unknown(id))?;
        let seen = Seen { folder: folder.map(str::to_owned), ..Seen::default() };
        self.moved(delivery, DeliveryEvent::Prove, None, seen).await
    }

    /// What has its name, and whether it is durable.
    pub(super) async fn deliver(&mut self, id: &DeliveryId, fsynced: Option<bool>) -> Result<()> {
        let delivery = rows::delivery_to_write(self.session, id).await?.ok_or_else(|| unknown(id))?;
        self.moved(delivery, DeliveryEvent::Deliver, None, Seen { fsynced, ..Seen::default() }).await
    }

    /// What was looked for may have been sent again before this is written.
    pub(super) async fn take(&mut self, id: &DeliveryId, delivered_ms: Option<i64>) -> Result<()> {
        let delivery = rows::delivery_to_write(self.session, id).await?.ok_or_else(|| unknown(id))?;
        if (delivery.state, delivery.delivered_ms) != (DeliveryState::Delivered, delivered_ms) {
            return Ok(());
        }
        self.moved(delivery, DeliveryEvent::Take, None, Seen::default()).await
    }

    async fn moved(
        &mut self,
        mut delivery: Delivery,
        event: DeliveryEvent,
        by: Option<&str>,
        seen: Seen,
    ) -> Result<()> {
        let id = delivery.id.clone();
        if by.is_none() && delivery.state == DeliveryState::Held {
            self.not_by_a_worker("delivery", &id.0)?;
        }
        match event {
            DeliveryEvent::Resend => self.name_is_free(&delivery).await?,
            DeliveryEvent::Fail => version::needs(self.session, version::COMMANDS).await?,
            DeliveryEvent::Defer => version::needs(self.session, version::POSTINGS).await?,
            // An older program knows no such move of a file.
            DeliveryEvent::Vouch if !matches!(delivery.purpose, Purpose::Command | Purpose::Posting) => {
                version::needs(self.session, version::POSTINGS).await?;
            }
            _ => {}
        }
        fold::move_delivery(&mut delivery, event, self.now_ms)
            .map_err(|why| Error::internal(format!("delivery {id}: {why}")))?;
        let write = sql("UPDATE deliveries SET state = ?, attempts = ?, next_attempt_ms = ?, last_error = ?, \
                         updated_ms = ?, delivered_ms = ?, queue = ?, open_key = ?, confirmed = ?, round = ?, \
                         deferred = ? WHERE id = ?")
        .bind(name_of(&delivery.state)?)
        .bind(delivery.attempts)
        .bind(delivery.next_attempt_ms)
        .bind(&delivery.last_error)
        .bind(delivery.updated_ms)
        .bind(delivery.delivered_ms)
        .bind(delivery_queue(&delivery))
        .bind(delivery_open_key(&delivery))
        .bind(record_int(delivery.confirmed))
        .bind(delivery.round)
        .bind(delivery.deferred)
        .bind(&id.0);
        self.session.execute(write).await?;
        if matches!(event, DeliveryEvent::Deliver | DeliveryEvent::Defer | DeliveryEvent::Vouch) {
            let wake = sql("UPDATE transfers SET next_attempt_ms = ? WHERE id = ? AND next_attempt_ms > ?");
            self.session.execute(wake.bind(self.now_ms).bind(&delivery.transfer.0).bind(self.now_ms)).await?;
        }
        let (by, Seen { folder, fsynced }) = (by.map(str::to_owned), seen);
        self.append(&delivery_subject(&id), What::Deliver { event, by, folder, fsynced }, None).await
    }

    /// A short name may have come round after the partner took this one.
    async fn name_is_free(&mut self, delivery: &Delivery) -> Result<()> {
        let select =
            sql("SELECT id FROM deliveries WHERE open_key = ?").bind(open_key(&delivery.spool, &delivery.name));
        let Some(row) = self.session.row(select.locking()).await? else { return Ok(()) };
        let other: String = row.get(0)?;
        let what = format!("{} in {} is now the name of delivery {other}", delivery.name, delivery.spool);
        Err(Error::halt(Code::TARGET_EXISTS, what)
            .hint("Wait until the partner has taken that one, then say it again."))
    }

    /// Says when to try again.
    pub(super) async fn park_delivery(
        &mut self,
        id: &DeliveryId,
        until_ms: i64,
        error: &str,
        failed: bool,
    ) -> Result<()> {
        let park =
            sql("UPDATE deliveries SET next_attempt_ms = ?, last_error = ?, attempts = attempts + ? WHERE id = ?");
        let found = self.session.execute(park.bind(until_ms).bind(error).bind(failed).bind(&id.0)).await?;
        if found == 0 { Err(unknown(id)) } else { Ok(()) }
    }

    async fn write_new_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        let (marker_name, marker_content) = delivery.marker.as_ref().map(|(name, content)| (name, content)).unzip();
        let write =
            sql("INSERT INTO deliveries (id, transfer, purpose, required, spool, name, size, sha256, checksums, \
                         sm3, marker_name, marker_content, state, attempts, next_attempt_ms, last_error, planned_ms, \
                         updated_ms, delivered_ms, queue, open_key) \
                         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(&delivery.id.0)
            .bind(&delivery.transfer.0)
            .bind(name_of(&delivery.purpose)?)
            .bind(delivery.required)
            .bind(&delivery.spool)
            .bind(&delivery.name)
            .bind(int(delivery.size)?)
            .bind(&delivery.sha256)
            .bind(json_of(&delivery.checksums)?)
            .bind(delivery.sm3.as_ref())
            .bind(marker_name)
            .bind(marker_content)
            .bind(name_of(&delivery.state)?)
            .bind(delivery.attempts)
            .bind(delivery.next_attempt_ms)
            .bind(&delivery.last_error)
            .bind(delivery.planned_ms)
            .bind(delivery.updated_ms)
            .bind(delivery.delivered_ms)
            .bind(delivery_queue(delivery))
            .bind(delivery_open_key(delivery));
        self.session.execute(write).await?;
        Ok(())
    }
}

fn unknown(id: &DeliveryId) -> Error {
    Error::internal(format!("there is no delivery {id}"))
}
