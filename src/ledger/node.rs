//! Nodes: what each says of itself, for people and for the other nodes.
//!
//! A row is written under the lease of the node's name, so an older process of the same name never overwrites a newer
//! one's. It is no journal and decides nothing: who works on what is said by leases alone (D23).

use serde::{Deserialize, Serialize};

/// The lease that a node of this name holds while it lives.
pub fn lease_of(name: &str) -> String {
    format!("node:{name}")
}

/// What a node is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeState {
    /// Takes work.
    #[default]
    Working,
    /// Was told to stop: takes no more, and finishes or hands over what it has.
    Draining,
    /// Has stopped.
    Stopped,
}

impl NodeState {
    /// For people.
    pub fn word(self) -> &'static str {
        match self {
            NodeState::Working => "working",
            NodeState::Draining => "draining",
            NodeState::Stopped => "stopped",
        }
    }
}

/// A node, as it last said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeRow {
    /// Its name.
    pub name: String,
    /// Its present run.
    pub incarnation: String,
    /// Version of the program.
    pub version: String,
    /// What it does.
    pub state: NodeState,
    /// Machine.
    pub host: String,
    /// Process.
    pub pid: u32,
    /// HTTP address.
    pub listen: String,
    /// When it started.
    pub started_ms: i64,
    /// When it said so, by its own clock.
    pub heard_ms: i64,
    /// Spools that it reaches (D24).
    pub reach: Vec<String>,
    /// Leases of the work that it does.
    pub working: Vec<String>,
}
