//! Folders used as queues, local and over SFTP: see what has arrived, fetch it, publish files, tidy up.
//!
//! Knows files, not records. Everything blocks, so callers use threads that may block. One protocol serves local and
//! remote folders: whatever has its final name is complete, and nothing that exists is overwritten. Nothing here keeps
//! books: what was proven or delivered is the caller's fact, passed in and called back.

pub mod aside;
pub mod control;
pub mod digest;
pub mod entry;
pub mod error;
pub mod filesystem;
pub mod folder;
pub mod local;
pub mod marker;
pub mod patient;
pub mod pattern;
pub mod publish;
pub mod scan;
pub mod sftp;
pub mod source;
pub mod sweep;
pub mod template;
pub mod watch;

pub use aside::Asides;
pub use control::{Control, Fact, Shape, Stated};
pub use digest::{Algorithm, Digest, Hasher};
pub use entry::{Entry, EntryKind};
pub use error::{Error, ErrorKind, Result};
pub use filesystem::is_network_fs;
pub use folder::{Finished, Folder, LISTING_LIMIT, Look, Sink};
pub use local::LocalFolder;
pub use marker::{MarkerContent, MarkerFacts, MarkerRule, Says};
pub use patient::PatientReader;
pub use pattern::{Captures, NamePattern};
pub use publish::{Publication, Published, Refused, publish};
pub use scan::{Arrival, Orphan, Part, Readiness, Reason, Scan, ScanRules, Scanner, Waiting};
pub use sftp::{Address, Auth, Negotiated, PoolStatus, Ran, SftpFolder, SftpPool, SftpSettings};
pub use source::{SourceAction, finish_companion, move_companion, move_source, restore_companion};
pub use sweep::{Temporary, sweep_temporaries, sweep_temporaries_where};
pub use template::{Fields, NameTemplate};
pub use watch::{Place, Watch};
