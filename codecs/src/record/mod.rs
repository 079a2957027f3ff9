//! Records: the row of typed cells, and the plan that decodes bytes into it and encodes it back.

mod behind;
mod chars;
mod column;
mod content;
mod decimal;
mod decode;
mod delimited;
mod encode;
mod encode_tree;
pub(crate) mod float;
pub(crate) mod measure;
mod moment;
mod nulls;
pub(crate) mod number;
mod occurs;
mod op;
mod parts;
mod place;
pub(crate) mod plain_text;
pub(crate) mod plan;
mod prove;
mod quick;
mod readings;
mod row;
mod segment;
mod short;
mod single;
mod special;
mod step;
mod turns;
mod walk;
pub(crate) mod way;

pub(crate) use occurs::Around;

pub use decimal::{Decimal, Unscaled};
pub use measure::{BadCounter, Measure};
pub use plan::Nulls;
pub use plan::Short;
pub use row::{Cell, Repair, Row};
pub use single::Scratch;
