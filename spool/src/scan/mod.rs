//! What has arrived in a folder, what waits, and what is ignored and why.
//!
//! A scan is a pure function of a listing, the scanner's memory of earlier listings and our own monotonic clock; only
//! markers are read from the folder. A file's age is never judged by its modification time. No name is skipped in
//! silence: it is an arrival, the marker of one, waiting with a reason, or ignored with a reason. Whether an arrival was
//! handled before is the caller's book: it is shown in every scan for as long as it lies there.

mod found;
mod here;
mod sayings;
mod scanner;

pub use found::{Arrival, EXAMPLES_MAX, Orphan, Reason, Scan, Waiting, arrival_key};
pub use scanner::{Readiness, ScanRules, Scanner};
