//! Answer files (回盘): what the core is told about its file, record by record (D14).
//!
//! An answer is a pure function of the file's bytes, the plan, the verdict, the rejects and the times of the deciding
//! commits, so it can be made again byte for byte. Which fact stands in which field is a mapping; delivery is no matter
//! of this room.

pub mod facts;
mod fit;
pub mod mapping;
mod target;
pub mod writer;

#[cfg(test)]
mod tests;
