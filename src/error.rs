//! Errors of the flows: what, where, the code, the class, and what the operator should do next.
//!
//! The pipeline decides by [`Class`] alone. This module knows no room; the caller who understands a cause classes it.
//! The one exception is the spool crate, whose errors have the same meaning wherever they come up.

use fpp_codecs::Code;
use fpp_spool::ErrorKind;
use std::fmt;

/// What the pipeline does about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Try again later, with backoff.
    Retry,
    /// The file (or record) is refused and answered.
    Reject,
    /// Stop touching it: a person must decide.
    Halt,
}

/// An error with its place.
#[derive(Debug)]
pub struct Error {
    /// FPPnnnn.
    pub code: Code,
    /// What the pipeline does.
    pub class: Class,
    /// What happened, with file, record, field, offset as far as known; never a sensitive value.
    pub what: String,
    /// What to do next; may be empty when the code's text says it.
    pub hint: String,
    /// What differs, for a file that is held.
    pub difference: Option<Box<serde_json::Value>>,
    /// The cause below.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// Another attempt is useless before, and due then: the partner is left alone for so long.
    pub retry_after_ms: Option<i64>,
}

/// Result of the flows.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A new error.
    pub fn new(class: Class, code: Code, what: impl Into<String>) -> Error {
        Error {
            code,
            class,
            what: what.into(),
            hint: String::new(),
            difference: None,
            source: None,
            retry_after_ms: None,
        }
    }

    /// To be tried again.
    pub fn retry(code: Code, what: impl Into<String>) -> Error {
        Error::new(Class::Retry, code, what)
    }

    /// To be refused.
    pub fn reject(code: Code, what: impl Into<String>) -> Error {
        Error::new(Class::Reject, code, what)
    }

    /// For a person.
    pub fn halt(code: Code, what: impl Into<String>) -> Error {
        Error::new(Class::Halt, code, what)
    }

    /// A broken assumption inside fpp.
    pub fn internal(what: impl Into<String>) -> Error {
        Error::halt(Code::INTERNAL, what).hint("This is a fault of fpp: keep the log and report it.")
    }

    /// Whether the partner is not the one that is pinned, or does not let us in: no attempt mends that, a person does.
    pub fn is_refusal(&self) -> bool {
        matches!(self.code, Code::HOST_KEY | Code::LOGIN) && self.class == Class::Retry
    }

    /// Whether the partner as a whole is the trouble, and everything for it meets the same.
    pub fn is_of_partner(&self) -> bool {
        self.is_refusal() || (self.code == Code::UNREACHABLE && self.retry_after_ms.is_some())
    }

    /// Says what to do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = hint.into();
        self
    }

    /// Keeps the cause.
    pub fn caused_by(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.source = Some(Box::new(cause));
        self
    }

    /// Keeps what differs, for `transfers show`.
    pub fn with_difference(mut self, difference: serde_json::Value) -> Error {
        self.difference = Some(Box::new(difference));
        self
    }

    /// Puts a place in front of what happened.
    pub fn at(mut self, place: impl fmt::Display) -> Error {
        self.what = format!("{place}: {}", self.what);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.what)?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        if !self.hint.is_empty() {
            write!(f, " | {}", self.hint)?;
        }
        Ok(())
    }
}

/// What another attempt can mend is tried again; what needs a person halts. A host key or a login that is refused needs a
/// person, too, but is no matter of one file: everything for that partner waits, and goes on when it is mended.
impl From<fpp_spool::Error> for Error {
    fn from(error: fpp_spool::Error) -> Error {
        let class = match error.kind {
            ErrorKind::TargetExists | ErrorKind::Unsafe | ErrorKind::Unsure => Class::Halt,
            _ => Class::Retry,
        };
        let retry_after_ms = error.retry_after.map(|pause| i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        let built = Error::new(class, Code(error.kind.code()), error.what.clone()).hint(error.hint.clone());
        Error { retry_after_ms, ..built }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn std::error::Error + 'static))
    }
}
