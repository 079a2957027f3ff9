//! Cutting files into records and framing records into files, by bytes and never by characters.
//!
//! Where a length decides, line ends are only checked, because their bytes also occur inside packed fields. One measure,
//! `Gauge`, serves cutter and indexer; the framer writes what it reads.

mod batch;
mod characters;
mod cut;
pub mod cutter;
pub mod damage;
pub mod delimited;
mod doubt;
pub(crate) mod ending;
mod fault;
mod framer;
mod gauge;
mod gauge_lengths;
mod gauge_lines;
mod hint;
mod hint_lines;
pub mod indexer;
pub(crate) mod kind;
mod look;
mod misframed;
mod opening;
mod prefix;
mod sample;
pub mod scan;
mod step;
mod window;
mod words;

pub use batch::Batch;
pub use cut::Cut;
pub use cutter::Cutter;
pub use damage::{TextMode, text_mode, text_mode_damage};
pub use delimited::{Delimited, Pairs, Piece, RecordEnd};
pub use ending::LineEnding;
pub use fault::{CutError, Found, Misframed, Wrong};
pub use framer::Framer;
pub use indexer::{Indexer, Place};
pub use kind::{
    BLOCK_DEFAULT, Blocks, ByLayout, EDGE_LIMIT, Edge, Edged, Framing, LengthField, LengthNumber, LengthOf,
    RECORD_DEFAULT_MAX, RECORD_LIMIT, Rdw, TextLines,
};
pub use misframed::{likely_framing, misframed};
pub use opening::beginning;
pub use scan::Scanner;
