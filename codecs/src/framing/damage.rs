//! Signs of a text-mode transfer.

use crate::format::Format;

/// Says what it saw if the file has been converted as text on its way.
pub fn text_mode_damage(_format: &Format, _head: &[u8], _size: u64) -> Option<String> {
    None
}
