//! An outlet of kind `rocketmq`: a topic, ordered by a name of the events' data.

use super::super::ledger::{self, Secret};
use super::super::reading::Reader;
use fpp_codecs::source::Section;

/// A topic and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicPlace {
    /// `host:port` of each name server.
    pub name_servers: Vec<String>,
    /// Its name.
    pub topic: String,
    /// Group of producers.
    pub group: String,
    /// Name in the events' data that they are kept in order by.
    pub key: String,
    /// User of the broker's access control, and its secret.
    pub user: Option<(String, Secret)>,
    /// Time for one send.
    pub timeout_ms: u64,
    /// Queues that the topic has; without it the most that the node saw count.
    pub queues: Option<usize>,
    /// Bytes of one message, at most.
    pub message_bytes: usize,
}

/// Reads its keys.
pub(super) fn read(section: &Section<'_>, reader: &mut Reader) -> Option<TopicPlace> {
    if !cfg!(feature = "rocketmq") {
        section.fault("kind", "this fpp was built without RocketMQ: cargo build --release --features rocketmq");
    }
    let name_servers = section.texts("name_servers");
    if name_servers.is_empty() {
        section.fault("name_servers", "is missing: [\"HOST:PORT\", ...]");
    }
    for server in &name_servers {
        let port = server.rsplit_once(':').map(|(host, port)| (host.is_empty(), port.parse::<u16>()));
        if !matches!(port, Some((false, Ok(1..)))) || server.contains(';') {
            section.fault("name_servers", format_args!("`{server}` is not HOST:PORT"));
        }
    }
    let topic = named(section, "topic", section.need_text("topic"));
    let group = named(section, "group", section.text("group").unwrap_or_else(|| "fpp".to_owned()));
    let key = section.need_text("key");
    let user = section.text("user");
    let secret = ledger::secret(section, reader, "secret");
    let user = match (user, secret) {
        (Some(user), Some(secret)) => Some((user, secret)),
        (None, None) => None,
        (Some(_), None) => {
            section.fault("user", "needs a secret: secret_file or secret_env");
            None
        }
        (None, Some(_)) => {
            section.fault("user", "is missing: whose secret it is");
            None
        }
    };
    let timeout_ms = section.number_in("timeout_ms", 100..=60_000).map_or(3_000, i64::unsigned_abs);
    let whole = |key: &str, range| section.number_in(key, range).and_then(|n| usize::try_from(n).ok());
    let queues = whole("queues", 1..=1_024);
    if !section.has("queues") {
        let what = "is missing: say how many the topic has, or a node that starts while a broker is away moves keys to other \
                    queues, out of their order";
        reader.warn(section, "queues", what.to_owned());
    }
    let message_bytes = whole("message_bytes", 1_024..=128 << 20).unwrap_or(4 << 20);
    let is_whole = !name_servers.is_empty() && !topic.is_empty() && !key.is_empty();
    is_whole.then_some(TopicPlace { name_servers, topic, group, key, user, timeout_ms, queues, message_bytes })
}

/// What RocketMQ takes as a name of a topic or group.
fn named(section: &Section<'_>, key: &str, name: String) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "%|-_".contains(c);
    if name.len() > 127 || !name.chars().all(is_allowed) {
        section.fault(key, "has up to 127 letters, digits, and % | - _ of ASCII");
    }
    name
}
