//! What persons decide beside single files: what is paused, and what one person asks and another one confirms.
//!
//! Pure types. Both stand in the books, so they survive a restart and every node sees them; each change is a row of a
//! hash chain (`pauses`, `ask:<id>`).

use serde::{Deserialize, Serialize};
use std::fmt;

/// What can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SwitchKind {
    /// A route: no step of its files begins, and none of their deliveries.
    Route,
    /// A spool: nothing is listed, fetched, moved or removed there, and nothing is delivered.
    Partner,
    /// An outlet of a route, `ROUTE/SPOOL` or `ROUTE/OUTLET`: its event files are not delivered, its events not pushed. Or
    /// one of the node's outlets for all routes, `OUTLET`.
    Outlet,
}

impl SwitchKind {
    /// All of them.
    pub const ALL: [SwitchKind; 3] = [SwitchKind::Route, SwitchKind::Partner, SwitchKind::Outlet];

    /// As commands and tables write it.
    pub fn name(self) -> &'static str {
        match self {
            SwitchKind::Route => "route",
            SwitchKind::Partner => "partner",
            SwitchKind::Outlet => "outlet",
        }
    }
}

/// One thing that can be paused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Switch {
    /// What it is.
    pub kind: SwitchKind,
    /// Its name.
    pub name: String,
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.name)
    }
}

/// Something that is paused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// What.
    #[serde(flatten)]
    pub switch: Switch,
    /// Since when.
    pub since_ms: i64,
    /// Who and why.
    pub by: String,
}

/// Whether a spool is paused.
pub fn is_paused(pauses: &[Pause], kind: SwitchKind, name: &str) -> bool {
    pauses.iter().any(|pause| pause.switch.kind == kind && pause.switch.name == name)
}

/// An ask's id, a ULID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AskId(pub String);

impl fmt::Display for AskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a request of one person stands that another one must confirm (双人复核).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AskState {
    /// Nobody else has said anything.
    Open,
    /// Another person confirmed it, and it was carried out in the same transaction.
    Confirmed,
    /// It was declined or withdrawn.
    Declined,
}

/// One person's request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Id.
    pub id: AskId,
    /// Verb.
    pub verb: String,
    /// What it is about: a transfer, a delivery, `route pmtrd`.
    pub subject: String,
    /// The whole request, as JSON.
    pub body: String,
    /// What would have happened when it was asked; a confirmation of something else is refused.
    pub effect: String,
    /// Who asks: one person, whatever account is used.
    pub person: String,
    /// Why.
    pub reason: String,
    /// When.
    pub asked_ms: i64,
    /// How it stands.
    pub state: AskState,
    /// Who closed it, and why.
    pub closed_by: Option<String>,
    /// When it was closed.
    pub closed_ms: Option<i64>,
}

impl Ask {
    /// What of an event it puts right, field by field; empty for every other verb.
    pub fn shown(&self) -> Vec<String> {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap_or_default();
        let shown = body["shown"].as_array().into_iter().flatten();
        shown.filter_map(|line| line.as_str().map(str::to_owned)).collect()
    }
}
