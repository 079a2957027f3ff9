//! A value on its way into a statement, or out of a row: a whole number, a text, or nothing. No float, no bytes.

use crate::outlets::position::Position;
use crate::trade::json::push_hex;
use std::borrow::Cow;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell<'b> {
    Null,
    Int(i64),
    Text(Cow<'b, str>),
}

impl<'b> Cell<'b> {
    pub(super) fn text(text: &'b str) -> Cell<'b> {
        Cell::Text(Cow::Borrowed(text))
    }
}

/// A record number; nothing for the end of the file.
pub(super) fn record(record: u64) -> Cell<'static> {
    match record {
        Position::END => Cell::Null,
        record => Cell::Int(i64::try_from(record).unwrap_or(i64::MAX)),
    }
}

/// A digest in hexadecimal digits.
pub(super) fn hex(digest: &[u8; 32]) -> String {
    let mut hex = Vec::with_capacity(64);
    push_hex(&mut hex, digest);
    String::from_utf8(hex).unwrap_or_default()
}
