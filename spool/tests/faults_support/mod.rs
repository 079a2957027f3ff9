//! The `Io` seam under a spool: a folder over any other folder, local or over SFTP, whose Nth call fails.
//!
//! Every call of the contract is counted, and so is every read, write and finish of an open file. What a disk or a line
//! does to its users is told apart: refused (nothing happened), torn (a part of the bytes went through), answer lost (it
//! happened), late (it happens some calls later), and a lost sync, after which the cache still shows bytes that the disk
//! does not have. Nothing here repairs anything; [`FaultyFolder::volatile`] names what a power failure would take.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // test support
#![allow(unused_imports, reason = "each test program uses a part")]

mod fault;
mod folder;
mod line;

pub(crate) use fault::{ERRNOS, Fault, How, at_every_call, kill, manners, tell};
pub(crate) use folder::FaultyFolder;
