//! Folders over SFTP.
//!
//! Sessions are pooled, because each one costs the partner jobs and each login costs round trips. The host key is
//! checked before anything about us is sent. Every call has a deadline; a session that missed one is thrown away, with
//! its socket shut first, so that a frozen partner holds nobody up. Renames are the plain ones of protocol version 3,
//! which refuse an existing target: the guard that publishing relies on.

mod faults;
mod folder;
mod hostkey;
mod login;
mod pool;
mod refusal;
mod session;
mod settings;
mod sink;
mod watchdog;

pub use folder::SftpFolder;
pub use pool::{PoolStatus, SftpPool};
pub use settings::{Auth, SftpSettings};
