//! Killing a node at every commit, and the process at every state.

pub(crate) mod bench;
pub(crate) mod invariants;
pub(crate) mod mortal;
pub(crate) mod process;
