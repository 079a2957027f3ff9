//! A place in the stream: publication number and record number (D11). Opaque to readers.
//!
//! The posting commit takes the next publication number from one locked row, so a lower number never becomes visible
//! later, and a reader who goes on after a position never misses anything.

use std::fmt;

/// After this record of this publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Publication number, from 1; 0 is before everything.
    pub publication: u64,
    /// Physical record number; [`Position::END`] is after the end-of-file event.
    pub record: u64,
}

impl Position {
    /// The record number after the last event of a publication.
    pub const END: u64 = u64::MAX;
    /// Before everything.
    pub const START: Position = Position { publication: 0, record: Position::END };

    /// After all of a publication.
    pub fn after(publication: u64) -> Position {
        Position { publication, record: Position::END }
    }

    /// Reads what [`fmt::Display`] wrote.
    pub fn parse(text: &str) -> Option<Position> {
        let (publication, record) = text.split_once('-')?;
        let record =
            if record == "end" { Position::END } else { record.parse().ok().filter(|r| *r != Position::END)? };
        Some(Position { publication: publication.parse().ok()?, record })
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Position::END => write!(f, "{}-end", self.publication),
            record => write!(f, "{}-{record}", self.publication),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn positions_read_back_and_sort_in_stream_order() {
        let order = [
            Position::START,
            Position { publication: 1, record: 0 },
            Position { publication: 1, record: 2 },
            Position::after(1),
            Position { publication: 2, record: 1 },
        ];
        assert!(order.windows(2).all(|w| w[0] < w[1]));
        for position in order {
            assert_eq!(Position::parse(&position.to_string()), Some(position));
        }
        for bad in ["", "1", "1-", "-1", "x-1", "1-2-3", "18446744073709551615"] {
            assert_eq!(Position::parse(bad), None, "{bad}");
        }
    }
}
