//! One standing client: its own runtime, its producer, and the topic's queues as they were when it was made.
//!
//! The client refuses to connect for half a minute once five attempts have failed. A line that met a fault is therefore
//! never used again: the next one begins with nothing held against the broker, and costs some milliseconds.

use crate::fault::{Fault, Kind};
use crate::lots::Message;
use crate::settings::Settings;
use rocketmq_client_rust::{
    AclClientRPCHook, ClientRuntime, ClientRuntimeConfig, DefaultMQProducer, SessionCredentials,
};
use rocketmq_model::common::message::message_queue::MessageQueue;
use rocketmq_model::common::message::message_single;
use rocketmq_model::result::SendStatus;
use rocketmq_observability::TelemetryRuntimeGuard;
use rocketmq_runtime::{RuntimeConfig, RuntimeOwner};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an orderly end may take; after that the line is cut.
const FAREWELL: Duration = Duration::from_secs(2);

/// A client that stands.
pub(crate) struct Line {
    owner: Option<RuntimeOwner>,
    runtime: Arc<ClientRuntime>,
    producer: DefaultMQProducer,
    /// In the order of broker and number.
    pub(crate) queues: Vec<MessageQueue>,
}

impl Line {
    /// Starts a client and asks where the topic is.
    pub(crate) async fn open(settings: &Settings) -> Result<Line, Fault> {
        let config = RuntimeConfig::for_parallelism("fpp-rocketmq", 1);
        let within = |what: &dyn std::fmt::Display| Fault::new(Kind::Other, format!("no client starts: {what}"));
        let owner = RuntimeOwner::plan(config).map_err(|e| within(&e))?.build().map_err(|e| within(&e))?;
        let context = owner.root_context().component("client");
        let telemetry = TelemetryRuntimeGuard::noop().handle();
        let runtime = match ClientRuntime::try_new(context, ClientRuntimeConfig::default(), telemetry) {
            Ok(runtime) => runtime,
            Err(error) => {
                owner.shutdown_background();
                return Err(within(&error));
            }
        };
        let mut line = Line { owner: Some(owner), producer: producer(&runtime, settings), runtime, queues: Vec::new() };
        let patience = settings.timeout.saturating_mul(2);
        let begun = timeout(patience, line.begin(&settings.topic)).await;
        match begun {
            Ok(Ok(())) => Ok(line),
            Ok(Err(error)) => Err(line.astray(settings, &error.to_string()).await),
            Err(_) => Err(line.astray(settings, &format!("nothing within {patience:?}")).await),
        }
    }

    async fn begin(&mut self, topic: &str) -> Result<(), rocketmq_client_rust::ClientError> {
        self.producer.start().await?;
        let mut queues = self.producer.fetch_publish_message_queues(topic).await?;
        queues.sort_by(|a, b| (a.broker_name().as_str(), a.queue_id()).cmp(&(b.broker_name().as_str(), b.queue_id())));
        self.queues = queues;
        Ok(())
    }

    /// Why there is no way to the topic: a name server that takes a connection knows the topic or does not.
    async fn astray(self, settings: &Settings, why: &str) -> Fault {
        self.close().await;
        for server in settings.name_servers.split(';').filter(|server| !server.is_empty()) {
            if let Ok(Ok(_)) = timeout(settings.timeout, TcpStream::connect(server)).await {
                let what = format!("name server {server} knows no way to topic {} ({why})", settings.topic);
                return Fault::new(Kind::NoTopic, what);
            }
        }
        Fault::new(Kind::Unreachable, format!("no name server answers at {} ({why})", settings.name_servers))
    }

    /// Sends messages to one queue; returns once the broker has confirmed all of them.
    pub(crate) async fn send(&self, settings: &Settings, queue: usize, messages: &[&Message]) -> Result<(), Fault> {
        let Some(to) = self.queues.get(queue) else {
            return Err(Fault::new(Kind::Queues, format!("topic {} has no queue {queue}", settings.topic)));
        };
        let doing = || format!("topic {}, {} queue {}", settings.topic, to.broker_name(), to.queue_id());
        let made: Result<Vec<_>, Fault> = messages.iter().map(|message| made(settings, message)).collect();
        let millis = u64::try_from(settings.timeout.as_millis()).unwrap_or(u64::MAX);
        let mut made = made?;
        let work = async {
            match (made.len(), made.pop()) {
                (1, Some(one)) => self.producer.send_to_queue_with_timeout(one, to.clone(), millis).await,
                (_, None) => Ok(None),
                (_, Some(last)) => {
                    made.push(last);
                    self.producer.send_batch_to_queue_with_timeout(made, to.clone(), millis).await.map(Some)
                }
            }
        };
        // The client keeps its own time; this one holds where it does not.
        let sent = timeout(settings.timeout.saturating_mul(2), work)
            .await
            .map_err(|_| Fault::new(Kind::Unreachable, format!("{}: nothing was confirmed in time", doing())))?
            .map_err(|error| Fault::of(&error, &doing()))?;
        match sent.map(|result| result.send_status) {
            Some(SendStatus::SendOk) => Ok(()),
            Some(status) => Err(Fault::new(Kind::Unsafe, format!("{}: answered {status:?}", doing()))),
            None => Err(Fault::new(Kind::Unreachable, format!("{}: nothing was confirmed", doing()))),
        }
    }

    /// Says goodbye as far as anybody listens, then ends.
    pub(crate) async fn close(mut self) {
        let farewell = async {
            self.producer.shutdown().await;
            self.runtime.shutdown().await;
            if let Some(owner) = &self.owner {
                owner.shutdown_tasks().await;
            }
        };
        // What is cut off here ends with its runtime.
        let _ = timeout(FAREWELL, farewell).await;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(owner) = self.owner.take() {
            owner.shutdown_background();
        }
    }
}

fn producer(runtime: &Arc<ClientRuntime>, settings: &Settings) -> DefaultMQProducer {
    let mut builder = DefaultMQProducer::builder(runtime.clone())
        .producer_group(settings.group.as_str())
        .name_server_addr(settings.name_servers.as_str())
        .send_msg_timeout(u32::try_from(settings.timeout.as_millis()).unwrap_or(u32::MAX))
        // Whoever calls sends again, in order; a second attempt here could overtake.
        .retry_times_when_send_failed(0)
        .max_message_size(u32::try_from(settings.max_message_bytes).unwrap_or(u32::MAX))
        // A body stays as it is.
        .compress_msg_body_over_howmuch(i32::MAX.unsigned_abs());
    if let Some((user, secret)) = &settings.user {
        let credentials = SessionCredentials::with_keys(user.as_str(), secret.as_str());
        builder = builder.rpc_hook(Arc::new(AclClientRPCHook::new(credentials)));
    }
    builder.build()
}

fn made(settings: &Settings, message: &Message) -> Result<message_single::Message, Fault> {
    let illegal = |what: &dyn std::fmt::Display| Fault::new(Kind::Illegal, what.to_string());
    let mut builder = message_single::Message::builder()
        .topic(settings.topic.as_str())
        .tags(message.tag.as_str())
        .key(message.id.as_str())
        .sharding_key(message.key.as_str())
        .body(message.body.clone());
    for (name, value) in &message.properties {
        builder = builder.raw_property(name.as_str(), value.as_str()).map_err(|e| illegal(&e))?;
    }
    builder.build().map_err(|e| illegal(&e))
}
