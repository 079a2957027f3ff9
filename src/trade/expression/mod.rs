//! Expressions over the fields of a record: CEL (cel.dev) for what a mapping cannot say with a key of its own.
//!
//! ```text
//! STAT == '02' ? ORGNO : null
//! round(QTY * PRICE, 2) - AMT
//! CHNL in ['MBK', 'CNT'] && !CPTY.startsWith('9')
//! ```
//!
//! The language is CEL's: the crate `cel` reads it. Its values are not: CEL counts in binary floats and 64 bits, and a
//! bank does not. Here a number is an exact decimal, and what cannot be computed exactly says to how many digits it is
//! rounded. Types are known when the mapping is compiled, so that no record meets a type it did not expect.
//!
//! Bounded: at most [`LONGEST`] bytes and [`NODES`] steps, no loops (CEL's `all`, `map` and the like are refused), no
//! value longer than [`TEXT_MAX`]. So one record costs at most `NODES` looks at so many bytes. An empty operand is a fault
//! of its field, never a zero; only `==`, `!=` and a choice take it.
//!
//! Deliberately absent: time, regular expressions, lists and maps as values, anything that another record decides.

mod compile;
mod eval;
mod exact;
mod model;
#[cfg(test)]
mod tests;

pub use model::{LONGEST, NODES, TEXT_MAX, Type, Value};

use super::fault::TradeFault;
use super::fields::FieldRef;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::record::Row;
use model::Compiled;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expression {
    compiled: Compiled,
}

impl Expression {
    /// Compiles a text against a record format; why not, in words.
    pub fn parse(text: &str, record: &RecordFormat) -> Result<Expression, String> {
        compile::compile(text, record).map(|compiled| Expression { compiled })
    }

    /// What it gives, beside nothing at all.
    pub fn kind(&self) -> Type {
        self.compiled.kind
    }

    /// The fields it looks at, in layout order.
    pub fn fields(&self) -> &[FieldRef] {
        &self.compiled.fields
    }

    /// Its value for a row.
    pub fn evaluate<'r>(&'r self, row: &'r Row) -> Result<Value<'r>, TradeFault> {
        // Compiling refuses an expression without a field.
        let blamed = self.compiled.fields.first().copied().unwrap_or(FieldRef { index: 0, offset: 0 });
        eval::value(&self.compiled.node, row, blamed)
    }
}
