//! Bytes of IBM i and mainframe files to typed records and back.
//!
//! A [`format::Format`] describes a file: how it is cut into records, and the [`layout`] of each record. Decoding fills
//! a [`record::Row`]; encoding is its exact mirror. Control totals, JSON lines and date helpers stand beside it.
//!
//! Nothing here does I/O beyond `Read`, keeps state between files, or knows what a trade is.

pub mod code;
#[cfg(feature = "columnar")]
pub mod columnar;
pub mod condition;
pub mod controls;
pub mod csv;
pub mod date;
pub mod fault;
pub mod format;
pub mod framing;
pub mod json;
pub mod layout;
pub mod number;
mod quote;
pub mod record;
mod simd;
pub mod source;
pub mod text;

pub use code::Code;
