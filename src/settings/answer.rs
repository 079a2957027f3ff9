//! Where a route's events go, and the answer (回盘) it sends back.

use super::words::{DigestKind, MarkerContent};
use crate::inbound::route::FileForm;
use crate::outlets::filter::Filter;
use std::path::PathBuf;

/// Where events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlet {
    /// The built-in stream, read over HTTP.
    Stream,
    /// An outlet of the node, to which events are pushed.
    Pushed {
        /// Its name.
        outlet: String,
        /// The word of its kind.
        kind: &'static str,
        /// Gates the answer (D12).
        required: bool,
        /// Sensitive fields are masked.
        masked: bool,
        /// Which events.
        filter: Filter,
    },
    /// A file in a spool.
    File {
        /// Spool.
        spool: String,
        /// What the file holds.
        form: FileForm,
        /// Template of the file's name.
        name: String,
        /// Gates the answer (D12).
        required: bool,
        /// Sensitive fields are masked.
        masked: bool,
        /// Checksum files beside it.
        checksums: Vec<DigestKind>,
        /// Marker beside it.
        marker: Option<MarkerOut>,
        /// What the partner drops beside it when it has it.
        receipt: Option<String>,
        /// The partner's command that follows it.
        run_after: Option<String>,
    },
}

/// A marker that fpp writes beside a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkerOut {
    /// Its name: `{name}.OK`, `{stem}.FLG`.
    pub pattern: String,
    /// What it holds.
    pub content: MarkerContent,
}

/// The answer file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Spool it goes to.
    pub spool: String,
    /// Template of its name; holds `{answer}`, so that a second answer never collides (D14).
    pub name: String,
    /// Its layouts and framing.
    pub format_file: PathBuf,
    /// Code page instead of the one its format names.
    pub ccsid: Option<String>,
    /// What its fields hold.
    pub mapping_file: PathBuf,
    /// Checksum files beside it.
    pub checksums: Vec<DigestKind>,
    /// Marker beside it.
    pub marker: Option<MarkerOut>,
    /// What the partner drops beside it when it has it.
    pub receipt: Option<String>,
    /// Digest in ORGDIG.
    pub orgdig: DigestKind,
    /// The partner's command that follows it.
    pub run_after: Option<String>,
    /// A file that is held for longer gets an interim answer: its header alone, FILSTS H.
    pub held_after_ms: Option<i64>,
}
