//! Cutting files into records, by bytes and never by characters.
//!
//! The length of a record decides; line ends are only checked, because their bytes also occur inside packed fields.

pub mod cutter;
pub mod damage;
pub mod indexer;
pub(crate) mod kind;

pub use cutter::{Cut, CutError, Cutter};
pub use damage::text_mode_damage;
pub use indexer::Indexer;
pub use kind::{Framing, LineEnding};
