//! `fpp demo`: a stand-in core inside the process, and the files that it drops.
//!
//! [`server`] plays the AS/400's side of the wire: an SFTP server over one folder. It is for demonstrations and tests;
//! nothing of the daemon depends on it, and a build without the feature `demo` leaves it out.

mod answer;
mod folder;
pub mod generate;
pub mod run;
pub mod server;
mod story;
