//! Changes of deliveries: plan, move, park.

use super::apply::Apply;
use super::rows::{delivery_queue, int, json_of, name_of};
use super::{fault, rows};
use crate::error::{Error, Result};
use crate::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId};
use crate::ledger::fold::{self, What, delivery_subject};
use fpp_codecs::Code;
use sqlx::Row;

impl Apply<'_> {
    /// Plans a delivery once. A name that is still on its way with other content is refused; one that the partner took
    /// is free again, for partners whose short names come round.
    pub(super) async fn plan(&mut self, delivery: &Delivery) -> Result<()> {
        let same_name = sqlx::query("SELECT id, transfer, sha256, state FROM deliveries WHERE spool = ? AND name = ?")
            .bind(&delivery.spool)
            .bind(&delivery.name)
            .fetch_all(&mut *self.connection)
            .await
            .map_err(fault::of)?;
        for row in &same_name {
            let get = |column: usize| row.try_get::<String, _>(column).map_err(fault::of);
            if get(1)? == delivery.transfer.0 && get(2)? == delivery.sha256 {
                return Ok(());
            }
            if get(3)? != "Taken" {
                let what = format!(
                    "delivery {}: {} in {} is already planned as delivery {} of transfer {}",
                    delivery.id,
                    delivery.name,
                    delivery.spool,
                    get(0)?,
                    get(1)?
                );
                return Err(Error::halt(Code::TARGET_EXISTS, what)
                    .hint("The route's name template must give each answer its own name; let it end in {answer}."));
            }
        }
        let delivery = fold::planned(delivery, self.now_ms);
        self.write_new_delivery(&delivery).await?;
        let subject = delivery_subject(&delivery.id);
        self.append(&subject, What::Plan { delivery: Box::new(delivery) }).await
    }

    /// Moves a delivery; once it is delivered, its transfer has work to do.
    pub(super) async fn move_delivery(
        &mut self,
        id: &DeliveryId,
        event: DeliveryEvent,
        by: Option<&str>,
    ) -> Result<()> {
        let mut delivery = rows::delivery(self.connection, id).await?.ok_or_else(|| unknown(id))?;
        fold::move_delivery(&mut delivery, event, self.now_ms)
            .map_err(|why| Error::internal(format!("delivery {id}: {why}")))?;
        sqlx::query(
            "UPDATE deliveries SET state = ?, attempts = ?, next_attempt_ms = ?, last_error = ?, updated_ms = ?, \
             delivered_ms = ?, queue = ? WHERE id = ?",
        )
        .bind(name_of(&delivery.state)?)
        .bind(delivery.attempts)
        .bind(delivery.next_attempt_ms)
        .bind(&delivery.last_error)
        .bind(delivery.updated_ms)
        .bind(delivery.delivered_ms)
        .bind(delivery_queue(&delivery))
        .bind(&id.0)
        .execute(&mut *self.connection)
        .await
        .map_err(fault::of)?;
        if event == DeliveryEvent::Deliver {
            sqlx::query("UPDATE transfers SET next_attempt_ms = ? WHERE id = ? AND next_attempt_ms > ?")
                .bind(self.now_ms)
                .bind(&delivery.transfer.0)
                .bind(self.now_ms)
                .execute(&mut *self.connection)
                .await
                .map_err(fault::of)?;
        }
        self.append(&delivery_subject(id), What::Deliver { event, by: by.map(str::to_owned) }).await
    }

    /// Says when to try again.
    pub(super) async fn park_delivery(&mut self, id: &DeliveryId, until_ms: i64, error: &str) -> Result<()> {
        let done = sqlx::query(
            "UPDATE deliveries SET next_attempt_ms = ?, last_error = ?, attempts = attempts + 1 WHERE id = ?",
        )
        .bind(until_ms)
        .bind(error)
        .bind(&id.0)
        .execute(&mut *self.connection)
        .await
        .map_err(fault::of)?;
        if done.rows_affected() == 0 { Err(unknown(id)) } else { Ok(()) }
    }

    async fn write_new_delivery(&mut self, delivery: &Delivery) -> Result<()> {
        let (marker_name, marker_content) = delivery.marker.as_ref().map(|(name, content)| (name, content)).unzip();
        sqlx::query(
            "INSERT INTO deliveries (id, transfer, purpose, required, spool, name, size, sha256, checksums, sm3, \
             marker_name, marker_content, state, attempts, next_attempt_ms, last_error, planned_ms, updated_ms, \
             delivered_ms, queue) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&delivery.id.0)
        .bind(&delivery.transfer.0)
        .bind(name_of(&delivery.purpose)?)
        .bind(delivery.required)
        .bind(&delivery.spool)
        .bind(&delivery.name)
        .bind(int(delivery.size)?)
        .bind(&delivery.sha256)
        .bind(json_of(&delivery.checksums)?)
        .bind(&delivery.sm3)
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
        .execute(&mut *self.connection)
        .await
        .map_err(fault::of)?;
        Ok(())
    }
}

fn unknown(id: &DeliveryId) -> Error {
    Error::internal(format!("there is no delivery {id}"))
}
