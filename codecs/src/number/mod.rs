//! Numbers in fields: packed, zoned, binary, float, and plain text.
//!
//! Parsers take what they need from the front of their input and give the value and the rest, or a [`Flaw`] with the
//! first bad byte. They are strict: no digit, zone or sign is repaired but by [`fixnbr`], which says so. Up to
//! 38 digits travel as `i128`; wider numbers as [`Digits`]. `narrow` and `whole` are the fast ways for a good field:
//! they give nothing for a bad one, whose flaw the parser of the same form then finds.
//!
//! [`Flaw`]: crate::fault::Flaw

mod big;
pub mod binary;
pub mod decfloat;
pub mod digits;
pub mod dirty;
pub mod display;
pub(crate) mod exact;
pub mod explicit;
pub mod fixnbr;
pub mod float;
pub mod hexfloat;
pub mod order;
pub(crate) mod outcome;
pub mod packed;
pub mod picture;
mod scientific;
pub mod signs;
pub(crate) mod swar;
pub mod zoned;

pub use digits::{Digits, NARROW, WIDEST};
pub use outcome::{Parsed, flaw};
pub use signs::Signs;
