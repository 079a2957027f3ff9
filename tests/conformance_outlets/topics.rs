//! Topics of a real broker, each with one queue, so that there is one order.

use crate::Target;
use crate::broker::{Broker, Jars, NAMES, PUBLISHER};
use async_trait::async_trait;
use fpp::outlets::push::Engine;
use fpp::outlets::rocketmq::Topic;
use fpp_rocketmq::Settings;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A running broker.
pub(crate) struct Running {
    pub(crate) broker: Arc<Mutex<Broker>>,
    home: tempfile::TempDir,
}

impl Running {
    pub(crate) fn start(jars: &Jars) -> Running {
        let home = tempfile::tempdir().unwrap();
        Running { broker: Arc::new(Mutex::new(jars.broker(home.path()))), home }
    }

    /// One in the place of a broker that was killed; what that one stored is there again.
    pub(crate) fn again(&self, jars: &Jars) {
        *self.broker.lock().unwrap() = jars.broker(self.home.path());
    }

    /// An empty topic of this name.
    pub(crate) fn topic(&self, name: &'static str) -> Queued<'_> {
        self.obey(&format!("topic {name} 1"));
        let mut secret = tempfile::NamedTempFile::new().unwrap();
        secret.write_all(PUBLISHER.1.as_bytes()).unwrap();
        Queued { running: self, name, secret }
    }

    pub(crate) fn obey(&self, command: &str) {
        self.broker.lock().unwrap().obey(command);
    }
}

/// Messages in a topic.
pub(crate) struct Queued<'r> {
    running: &'r Running,
    name: &'static str,
    secret: tempfile::NamedTempFile,
}

#[async_trait]
impl Target for Queued<'_> {
    fn engine(&self) -> Arc<dyn Engine> {
        let settings = Settings {
            name_servers: NAMES.into(),
            group: "fpp".into(),
            topic: self.name.into(),
            user: Some((PUBLISHER.0.into(), PUBLISHER.1.into())),
            timeout: Duration::from_secs(10),
            queues: Some(1),
            max_message_bytes: 4 << 20,
        };
        Arc::new(Topic::new(settings, "account"))
    }
    async fn ids(&self) -> Vec<String> {
        self.running.broker.lock().unwrap().keys(self.name)
    }
    fn keys(&self) -> Option<String> {
        let (topic, user, secret) = (self.name, PUBLISHER.0, self.secret.path().display());
        Some(format!(
            "kind = \"rocketmq\"\nname_servers = [\"{NAMES}\"]\ntopic = \"{topic}\"\nkey = \"account\"\n\
             user = \"{user}\"\nsecret_file = \"{secret}\"\ntimeout_ms = 10000\n"
        ))
    }
    fn is_exact(&self) -> bool {
        false
    }
    fn notices(&self) -> bool {
        false
    }
    fn tells_how_far(&self) -> bool {
        true
    }
    /// It takes one more send, which is all of a small batch but the end of the file; then its disk is full.
    async fn breaks_after(&self, events: Option<usize>) {
        self.running.obey(if events.is_some() { "full after 1" } else { "room" });
    }
    /// More than the broker takes; the outlet is told that it takes more.
    fn spoiled(&self, json: &str) -> Option<String> {
        Some(json.replacen("\"data\":{", &format!("\"data\":{{\"note\":\"{}\",", "x".repeat(300_000)), 1))
    }
}
