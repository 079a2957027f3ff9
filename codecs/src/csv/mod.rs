//! CSV as RFC 4180 has it: a header line, then one record a line; written so that nothing is lost in a spreadsheet, and
//! read back to the same rows.
//!
//! Lines end in CRLF; a cell with a delimiter, a quote or a line end is quoted. A null is an empty cell and an empty text
//! is `""`, so that they stay apart. Arrays are written out, a column for each occurrence. Several record formats share
//! one table with a `type` column, or have a table each. Our own writer and reader and not the `csv` crate's, because
//! that reader does not tell a quoted empty cell from an empty one, and neither knows GB18030 or spreadsheets.
//!
//! A text cell that a spreadsheet would take for a formula (`= + - @`, tab, CR at its beginning) gets an apostrophe in
//! front; one that already has apostrophes there gets one more, so that reading takes back exactly what writing gave.
//! Numbers are never touched. Long digit strings, which a spreadsheet would round, are protected on demand.

mod columns;
mod converted;
mod dialect;
mod fill;
mod read;
mod write;

pub use columns::Columns;
pub use dialect::{Dialect, Encoding, LongDigits};
pub use fill::{CsvFault, Header};
pub use read::{CsvCell, Lines, ReadError};
pub use write::{Plain, Writer, plain_line};
