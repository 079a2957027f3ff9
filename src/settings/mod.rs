//! The configuration of a node: one file and the route files it names, checked as a whole before anything starts.
//!
//! [`Settings::load`] reports every fault of every file at once, each with file, line and column; layouts, mappings and
//! code lists are compiled here, so a route that loads can be worked with. What was read is kept in [`Texts`], so that
//! the plan frozen for a transfer (D6) holds exactly the bytes that were checked. Secrets are never written here: only
//! the names of the files that hold them.
//!
//! It opens nothing: no ledger, no partner, no socket.

mod answer;
mod bundle;
mod checks;
mod command;
mod compile;
mod control;
mod file_form;
mod ledger;
mod load;
mod names;
mod node;
mod notify;
mod outlet;
mod pushed;
mod reading;
mod route;
mod route_file;
mod rules;
mod series;
mod source;
mod source_text;
mod spool;
#[cfg(test)]
mod tests;
mod vault;
mod words;

pub use answer::{Answer, MarkerOut, Outlet};
pub use compile::{FormatFile, LayoutFile, page};
pub use ledger::{LedgerPlace, LedgerServer, Secret};
pub use node::{Http, Seal, Settings, Work};
pub use notify::Notify;
pub use outlet::rocketmq::TopicPlace;
pub use outlet::webhook::WebhookPlace;
pub use outlet::{OutletPlace, Target, append, database};
pub use route::{DayControl, Ready, Route, SourceAction, Text, Texts};
pub use spool::{DayFlag, Sftp, SftpAuth, Spool, SpoolKind, Standby};
pub use vault::{Keeping, VaultBucket, VaultPlace};
pub use words::{DigestKind, MarkerContent};
