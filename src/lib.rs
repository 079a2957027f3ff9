//! The file bridge between an IBM AS/400 core and the services of a bank.
//!
//! The rooms, floor by floor; ARCHITECTURE.md says what each may know, and `tests/layers.rs` holds them to it.

// Helpers that tests in `tests/` share with those in here call the crate by its name.
#[cfg(test)]
extern crate self as fpp;

pub mod cli;
#[cfg(feature = "demo")]
pub mod demo;

pub mod node;

pub mod api;
pub mod settings;
pub mod telemetry;

pub mod delivery;
pub mod inbound;
pub mod outlets;

pub mod ledger;
pub mod vault;

pub mod trade;

pub mod backoff;
pub mod bell;
pub mod blocking;
pub mod clock;
pub mod error;
pub mod scratch;
pub mod trust;
