//! The file bridge between an IBM AS/400 core and the services of a bank.
pub mod error;
pub mod ledger;
