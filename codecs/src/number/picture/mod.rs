//! Numeric-edited pictures (`ZZ,ZZ9.99-`, `$$$,$$9.99CR`, `***9.99DB`): numbers as a report shows them.
//!
//! [`Picture::parse`] turns a COBOL picture into a list of positions, [`Picture::write`] edits a number by it, and
//! [`Picture::read`] takes a number out of its characters. Reading is strict: what was read is edited again and must give
//! the same characters, so a misplaced sign, a missing zero or a comma on the wrong side is a flaw at its byte.
//! Nothing is rounded or cut; COBOL would cut high digits, here they are a fault.
//!
//! Rules: Enterprise COBOL Language Reference, "PICTURE clause editing" (simple, special, fixed and floating insertion,
//! zero suppression), checked against GnuCOBOL (`tests/data/edited.tsv`). A currency sign is one character; sign words
//! of `CURRENCY SIGN ... WITH PICTURE SYMBOL` with several are refused where the layout is read. Alphanumeric-edited
//! pictures and external floating point (`+9.99E+99`) are no business of this file.

mod edit;
mod parse;
mod shape;

pub use edit::Look;
pub use shape::{LONGEST, Options, Picture, PictureFault};
