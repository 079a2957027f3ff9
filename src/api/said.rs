//! What the desk says to an operator.

use serde_json::{Value, json};

/// What an operator is told.
#[derive(Debug)]
pub(super) struct Said {
    /// What was done, in one line.
    pub(super) message: String,
    /// Of what, one a line, where it was more than one thing.
    pub(super) lines: Vec<String>,
}

impl Said {
    /// As it goes over the wire.
    pub(super) fn json(&self) -> Value {
        let mut body = json!({ "message": self.message });
        if !self.lines.is_empty() {
            body["lines"] = self.lines.clone().into();
        }
        body
    }
}

impl From<String> for Said {
    fn from(message: String) -> Said {
        Said { message, lines: Vec::new() }
    }
}
