//! A row to bytes.

use super::plan::Plan;
use super::row::Row;
use crate::fault::Fault;

impl Plan {
    pub(crate) fn encode(&self, _row: &Row, _out: &mut Vec<u8>) -> Result<(), Fault> {
        Ok(())
    }
}
