//! JSON lines: one record a line, `{"n","offset","type","fields"}`, and back.
//!
//! Values are those of D17: decimals are strings with their scale, whole binaries and finite floats are numbers, hex is
//! upper case, null is null. `n` counts from 1, `offset` from 0, also within a fault. Bad fields are left out and listed
//! under `faults`; blank fillers are left out in silence, because reading gives them back. Groups are objects and OCCURS
//! are arrays; what is absent (an occurrence beyond its counter, an alternative that does not hold) is not written. What
//! a policy let pass stands under `repairs`. A [`Style`] writes numbers as JSON numbers, masks values, or adds the bytes.
//!
//! Lines know nothing of each other: whose child a record is (`parent`, `children`) is told by whoever reads the file,
//! around what is written here; reading passes over it.

mod cell;
mod digits;
mod line;
mod longest;
mod parts;
mod prepare;
mod read;
mod schema;
pub(crate) mod script;
mod style;
mod tree;
mod value;
mod write;

pub use line::line;
pub use longest::longest;
pub use read::read;
pub use schema::schema;
pub use style::Style;
pub use value::JsonFault;
pub use write::{write, write_styled};
