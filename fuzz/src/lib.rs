//! What each fuzz target does with its bytes: the entrances that files and sources from outside come through.
//!
//! A target fails by a panic: one of the code's own, or of a property stated here. Bounds on memory and time are
//! libFuzzer's (`-rss_limit_mb`, `-timeout`). Regressions are tests of the crate that was wrong, not files here.

mod bytes;
mod cli;
mod conditions;
mod fields;
mod framings;
mod layouts;
mod lines;
mod numbers;
mod records;
mod sources;
mod tables;
mod text;

pub use cli::unpack;
pub use conditions::conditions;
pub use fields::fields;
pub use framings::framing;
pub use lines::jsonl;
pub use numbers::numbers;
pub use records::records;
pub use sources::{copybook, dds, dspffd, format};
pub use tables::tables;
pub use text::text;
