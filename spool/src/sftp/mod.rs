//! Folders over SFTP.
//!
//! Sessions are pooled, because each one costs the partner jobs and each login costs round trips. The host key is
//! checked before anything about us is sent. Every call has a deadline; a session that missed one is thrown away, with
//! its socket shut first, so that a frozen partner holds nobody up; and after three such failures in a row everybody gets
//! the error at once, until one caller has found the partner well again. Renames are the plain ones of protocol version 3,
//! which refuse an existing target: the guard that publishing relies on.

mod breaker;
mod cipher;
mod exec;
mod faults;
mod folder;
mod hostkey;
mod lease;
mod login;
mod pool;
mod session;
mod settings;
mod shared;
mod sink;
mod watchdog;

pub use exec::{Ran, SAID_MAX_BYTES};
pub use folder::SftpFolder;
pub use pool::{PoolStatus, SftpPool};
pub use session::Negotiated;
pub use settings::{Address, Auth, SftpSettings};
