//! Where a route's events go, and the answer (回盘) it sends back.

use fpp_spool::{Algorithm, NameTemplate};
use std::path::PathBuf;

/// Where events go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outlet {
    /// The built-in stream, read over HTTP.
    Stream,
    /// A file of JSON lines in a spool.
    File {
        /// Name of the outlet.
        name: String,
        /// Spool.
        spool: String,
        /// Name of the file.
        template: NameTemplate,
        /// Gates the answer (D12).
        required: bool,
        /// Sensitive fields are masked.
        masked: bool,
        /// Checksum files beside it.
        checksums: Vec<Algorithm>,
        /// Name of an empty marker beside it.
        marker: Option<NameTemplate>,
    },
}

/// The answer file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Spool it goes to.
    pub spool: String,
    /// Its name; ends in the answer number, so that a second answer never collides (D14).
    pub template: NameTemplate,
    /// Its layouts and framing.
    pub format_file: PathBuf,
    /// Code page instead of the one its format names.
    pub ccsid: Option<String>,
    /// What its fields hold.
    pub mapping_file: PathBuf,
    /// Checksum files beside it.
    pub checksums: Vec<Algorithm>,
    /// Name of an empty marker beside it.
    pub marker: Option<NameTemplate>,
    /// Digest in ORGDIG.
    pub orgdig: Algorithm,
}
