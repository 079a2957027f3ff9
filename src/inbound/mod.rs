//! The walk of a file: arrival, claim, stage, prove, post, acknowledge, archive; one file a step.
//!
//! Steps do not call each other. Each reads a state, does its work, and writes the next state in one fenced `apply`, so
//! starting after a crash and starting work are the same code ([`pipeline`]). The order never changes: events durable,
//! then the ledger, then the answer, then the source.
//!
//! Deliberately absent: this room knows no engine and no configuration file. The node hands it [`route::Route`]s.

pub mod acknowledge;
pub mod again;
pub mod answer;
pub mod archive;
pub mod arrival;
pub mod claim;
pub mod compare;
pub mod correction;
mod crew;
pub mod day;
pub mod decide;
pub mod examine;
pub mod flag;
pub mod intake;
pub mod interim;
pub mod listed;
pub mod names;
pub mod order;
pub mod pipeline;
pub mod post;
pub mod prove;
pub mod remap;
pub mod replay;
pub mod resend;
pub mod retention;
pub mod route;
pub mod series;
pub mod spill;
pub mod stage;
pub mod verbs;
pub mod whole;
pub mod work;
