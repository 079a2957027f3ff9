//! Makes the engines of the node's outlets: the only place that names them. Nothing is connected here, so a target that is
//! away keeps no node from starting.

use super::books::server;
use super::secret;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::outlets::append::Append;
use crate::outlets::database::{DatabaseOutlet, Place};
use crate::outlets::push::Engine;
use crate::outlets::webhook::{Endpoint, Secret, Webhook};
use crate::settings::database::Database;
use crate::settings::{OutletPlace, Target, TopicPlace, WebhookPlace};
use fpp_codecs::Code;
use std::sync::Arc;
use std::time::Duration;

/// The engine of one outlet; secrets are read here.
pub(super) fn engine(place: &OutletPlace) -> Result<Arc<dyn Engine>> {
    Ok(match &place.target {
        Target::Append(append) => Arc::new(Append::new(&append.folder, append.mode)),
        Target::Database(place) => Arc::new(DatabaseOutlet::new(database(place)?, Clock::System)),
        Target::RocketMq(place) => topic(place)?,
        Target::Webhook(place) => Arc::new(webhook(place)?),
    })
}

/// Where the tables of an outlet are; its password is read here.
pub(crate) fn database(place: &Database) -> Result<Place> {
    Ok(match place {
        Database::File { path, mode } => Place::File { path: path.clone(), mode: *mode },
        Database::Server(place) => Place::Server(server(place, "the password of the outlet's database", Code::OUTLET)?),
    })
}

fn webhook(place: &WebhookPlace) -> Result<Webhook> {
    let mut secrets = Vec::new();
    for from in std::iter::once(&place.secret).chain(&place.next_secret) {
        let text = secret::read(from, "the webhook's secret", Code::OUTLET)?;
        secrets.push(Secret::parse(&text).map_err(|fault| Error::halt(Code::OUTLET, fault))?);
    }
    let endpoint = Endpoint {
        url: place.url.clone(),
        secrets,
        timeout: Duration::from_millis(place.timeout_ms),
        events_max: place.call_events,
        bytes_max: place.call_bytes,
        calls_per_second: place.calls_per_second,
        ca_file: place.ca_file.clone(),
    };
    // What another party compares with its own clock is always this machine's time.
    Webhook::new(endpoint, Clock::System)
}

#[cfg(feature = "rocketmq")]
fn topic(place: &TopicPlace) -> Result<Arc<dyn Engine>> {
    let user = place.user.as_ref().map(|(user, from)| {
        Ok::<_, Error>((user.clone(), secret::read(from, "the secret of the broker's user", Code::OUTLET)?))
    });
    let settings = fpp_rocketmq::Settings {
        name_servers: place.name_servers.join(";"),
        group: place.group.clone(),
        topic: place.topic.clone(),
        user: user.transpose()?,
        timeout: Duration::from_millis(place.timeout_ms),
        queues: place.queues,
        max_message_bytes: place.message_bytes,
    };
    Ok(Arc::new(crate::outlets::rocketmq::Topic::new(settings, &place.key)))
}

/// `fpp check` and every start refuse such settings before; this is for whoever makes settings in another way.
#[cfg(not(feature = "rocketmq"))]
fn topic(_: &TopicPlace) -> Result<Arc<dyn Engine>> {
    Err(Error::internal("this fpp was built without RocketMQ"))
}
