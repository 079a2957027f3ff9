//! Golden cases: reading a case, walking it through a real node, comparing what came out, and making its input.

pub(crate) mod case;
pub(crate) mod compare;
#[cfg(feature = "demo")]
pub(crate) mod make;
pub(crate) mod walk;
