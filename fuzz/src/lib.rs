//! What each fuzz target does with its bytes: the entrances that files and sources from outside come through.
//!
//! A target fails by a panic: one of the code's own, or of a property stated here. Bounds on memory and time are
//! libFuzzer's (`-rss_limit_mb`, `-timeout`). Regressions are tests of the crate that was wrong, not files here.

mod bytes;
mod framings;
mod layouts;
mod numbers;
mod records;
mod sources;
mod text;

pub use framings::framing;
pub use numbers::numbers;
pub use records::records;
pub use sources::{copybook, dds, dspffd, format};
pub use text::text;
