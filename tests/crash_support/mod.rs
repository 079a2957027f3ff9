//! Killing a node at every commit, and the process at every state.
#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod bench;
pub(crate) mod invariants;
pub(crate) mod mortal;
pub(crate) mod process;
