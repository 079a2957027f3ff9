//! Where messages go, and as whom. The secret is in no `Debug`.

use std::fmt;
use std::time::Duration;

/// Where messages go.
#[derive(Clone)]
pub struct Settings {
    /// `host:port`, several separated by `;`.
    pub name_servers: String,
    /// Group of producers.
    pub group: String,
    /// Topic. It must exist.
    pub topic: String,
    /// User and secret of the broker's access control.
    pub user: Option<(String, String)>,
    /// How long one send may take.
    pub timeout: Duration,
    /// Queues that the topic has; another number stops sending, because keys would change their queue. Without it fewer
    /// than were seen before do.
    pub queues: Option<usize>,
    /// What the broker takes as one message, with its properties.
    pub max_message_bytes: usize,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.user.as_ref().map(|(user, _)| user);
        f.debug_struct("Settings")
            .field("name_servers", &self.name_servers)
            .field("topic", &self.topic)
            .field("user", &user)
            .finish_non_exhaustive()
    }
}
