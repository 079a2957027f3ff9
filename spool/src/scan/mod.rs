//! What has arrived in a folder, what waits, and what is ignored and why.
//!
//! A scan follows from what the folder shows, the scanner's memory of earlier looks and our own monotonic clock; only
//! markers are read from the folder. A file's age is never judged by its modification time. No name is skipped in
//! silence: it is an arrival, the marker of one, done, waiting with a reason, or ignored with a reason. Whether an arrival was
//! handled before is the caller's book: it is shown in every scan for as long as it lies there, until the caller says that it
//! is done. A folder of whatever size is seen whole, in parts if need be: see the module `part`.

mod done;
mod elsewhere;
mod found;
mod here;
mod part;
mod ready;
mod rules;
mod sayings;
mod scanner;
mod seen;

pub use found::{Arrival, EXAMPLES_MAX, Orphan, Part, Reason, Scan, Waiting, arrival_key};
pub use rules::{Readiness, ScanRules};
pub use scanner::Scanner;
