//! Batches of messages, in order, into RocketMQ: one topic, one name for the order.
//!
//! Messages of one key go into one queue of the topic, in the order they are given, so that a consumer which reads a
//! queue in order reads a key in order. Only a send that the broker confirmed as stored counts; what was not confirmed is
//! for the caller to send again, so a consumer may see a message twice, never out of its order once it has dropped what
//! it has seen.
//!
//! Deliberately absent: transactions, delays, consumers, and any memory of what was sent. Without the feature `client`
//! only the arithmetic of queues and lots is here.

// The client's types go deeper than the compiler looks by itself.
#![recursion_limit = "256"]

#[cfg(feature = "client")]
mod fault;
#[cfg(feature = "client")]
mod line;
mod lots;
#[cfg(feature = "client")]
mod queue;
#[cfg(feature = "client")]
mod sender;
#[cfg(feature = "client")]
mod settings;

#[cfg(feature = "client")]
pub use fault::{Fault, Kind};
pub use lots::{Lot, Message, lots, queue_of};
#[cfg(feature = "client")]
pub use queue::{Refused, Unsent};
#[cfg(feature = "client")]
pub use sender::Sender;
#[cfg(feature = "client")]
pub use settings::Settings;
