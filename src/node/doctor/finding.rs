//! One line of the doctor's report.

use serde::Serialize;

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// It will be trouble, or is where it is needed.
    Warning,
    /// The node cannot do its work so.
    Fault,
}

/// One line of the report.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// How it is.
    pub level: Level,
    /// What was looked at: `disk`, `ledger`, `partner core-in`.
    pub subject: String,
    /// Which of its sides: `free`, `login`, `rename`.
    pub aspect: &'static str,
    /// What was found.
    pub found: String,
    /// What to do next; empty where nothing is to be done.
    pub next: String,
}

impl Finding {
    pub(super) fn new(level: Level, subject: &str, aspect: &'static str, found: impl Into<String>) -> Finding {
        Finding { level, subject: subject.to_owned(), aspect, found: found.into(), next: String::new() }
    }

    pub(super) fn next(self, next: impl Into<String>) -> Finding {
        Finding { next: next.into(), ..self }
    }
}
