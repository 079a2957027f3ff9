//! t
pub mod code;
pub mod fault;
pub mod layout;
pub mod record;
pub mod source;
pub mod text;
pub use code::Code;
