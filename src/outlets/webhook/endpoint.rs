//! An endpoint, as it is configured.

use super::sign::Secret;
use hyper::Uri;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

/// Where events are posted.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `https://host[:port]/path`, or `http` to this machine.
    pub url: Uri,
    /// What calls are signed with: the one in use, and the next or last one while they change.
    pub secrets: Vec<Secret>,
    /// How long one call may take, from the connection to the last byte of the answer.
    pub timeout: Duration,
    /// Events of one call, at most; 1 posts each by itself in structured mode.
    pub events_max: usize,
    /// Bytes of one call, at most, unless one event alone has more.
    pub bytes_max: usize,
    /// Calls in a second, at most.
    pub calls_per_second: Option<NonZeroU32>,
    /// Authorities that vouch for the endpoint; the system's without it.
    pub ca_file: Option<PathBuf>,
}
