//! Trades: from decoded rows to events, verdicts and answers.
//!
//! Everything here is pure: bytes, rows and frozen plans come in, events, outcomes and answer bytes go out. No I/O, no
//! async, no clock, so that a file gives the same events and the same answer on every node, at any time (D6). Field names
//! stand in the mappings under `config/`, never in this code.

pub mod answer;
pub mod calendar;
pub mod check;
pub mod event;
pub mod expression;
pub mod fault;
pub mod fields;
pub mod instrument;
pub mod json;
pub mod mapping;
pub mod measure;
pub mod moment;
pub mod plan;
pub mod proof;
mod repairs;
#[cfg(test)]
pub(crate) mod sample;
pub mod schema;
pub mod series;
pub mod transcode;
