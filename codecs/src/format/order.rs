//! The order of records: one header, details, one trailer.
//!
//! Feed the roles as they come; the first violation is told, once, with the code of the part that is wrong.

use super::{Format, Role};
use crate::code::Code;

/// What is out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderFault {
    /// `HEADER` or `TRAILER`.
    pub code: Code,
    /// In words.
    pub detail: &'static str,
}

/// Checks the order of one file.
#[derive(Clone, Debug)]
pub struct Order {
    header: bool,
    trailer: bool,
    seen_header: bool,
    seen_trailer: bool,
    first: bool,
}

impl Order {
    /// A header or trailer is due if the format has one.
    pub fn new(format: &Format) -> Order {
        Order {
            header: format.record(Role::Header).is_some(),
            trailer: format.record(Role::Trailer).is_some(),
            seen_header: false,
            seen_trailer: false,
            first: true,
        }
    }

    /// Takes the next record.
    pub fn feed(&mut self, role: Role) -> Result<(), OrderFault> {
        let first = std::mem::replace(&mut self.first, false);
        if self.seen_trailer {
            return Err(OrderFault { code: Code::TRAILER, detail: "a record follows the trailer" });
        }
        match role {
            Role::Header if self.seen_header => return header("a second header"),
            Role::Header if !first => return header("the header is not the first record"),
            Role::Header => self.seen_header = true,
            _ if first && self.header => return header("the first record is not the header"),
            Role::Trailer => self.seen_trailer = true,
            Role::Detail => {}
        }
        Ok(())
    }

    /// At the end of the file.
    pub fn finish(&self) -> Result<(), OrderFault> {
        if self.header && !self.seen_header {
            return header("no header");
        }
        if self.trailer && !self.seen_trailer {
            return Err(OrderFault { code: Code::TRAILER, detail: "no trailer" });
        }
        Ok(())
    }
}

fn header(detail: &'static str) -> Result<(), OrderFault> {
    Err(OrderFault { code: Code::HEADER, detail })
}
