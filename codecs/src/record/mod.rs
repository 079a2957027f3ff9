//! Records: the row of typed cells, and the plan that decodes bytes into it and encodes it back.

mod decimal;
mod decode;
mod double_byte;
mod encode;
mod padding;
pub(crate) mod plan;
mod row;

pub use decimal::Decimal;
pub use plan::Nulls;
pub use row::{Cell, Row};
