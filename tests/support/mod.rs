//! What tests of the whole walk share: a place for a node with the sample's own configuration, and everything that a
//! core, a service or an operator could see of it afterwards, in a form that is the same in every run.
#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod answers;
pub(crate) mod checker;
pub(crate) mod core;
pub(crate) mod differ;
pub(crate) mod folders;
pub(crate) mod names;
pub(crate) mod settled;
pub(crate) mod site;
pub(crate) mod tokens;
pub(crate) mod told;
