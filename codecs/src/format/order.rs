//! The order of records: one header, details, one trailer; or what the format's grammar says, and children after their
//! parents.
//!
//! Feed the records as they come. Without a grammar every record out of order is told; with one the first is, because
//! nobody knows what the file is at after it. The code is that of the part that is wrong.

use super::grammar::{Grammar, State};
use super::parents::Parents;
use super::{Format, Role};
use crate::code::Code;
use std::borrow::Cow;
use std::sync::Arc;

/// What is out of order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFault {
    /// `HEADER`, `TRAILER` or `ORDER`.
    pub code: Code,
    /// In words: what came, and what was due.
    pub detail: Cow<'static, str>,
}

/// Checks the order of one file.
#[derive(Clone, Debug)]
pub struct Order {
    /// Role and name of each record format.
    records: Vec<(Role, String)>,
    rule: Rule,
    parents: Option<Parents>,
    /// Records that have come.
    count: u64,
}

#[derive(Clone, Debug)]
enum Rule {
    Roles(Roles),
    Grammar(Arc<Grammar>, Option<State>),
}

/// One header, details, one trailer.
#[derive(Clone, Debug)]
struct Roles {
    header: bool,
    trailer: bool,
    seen_header: bool,
    seen_trailer: bool,
    first: bool,
}

impl Order {
    /// By the format's grammar; without one a header or trailer is due if the format has one.
    pub fn new(format: &Format) -> Order {
        let rule = match &format.order {
            Some(grammar) => Rule::Grammar(grammar.clone(), Some(State::Start)),
            None => Rule::Roles(Roles {
                header: format.record(Role::Header).is_some(),
                trailer: format.record(Role::Trailer).is_some(),
                seen_header: false,
                seen_trailer: false,
                first: true,
            }),
        };
        let records = format.records.iter().map(|record| (record.role, record.layout.name.clone())).collect();
        let parents = Some(Parents::new(format)).filter(Parents::any);
        Order { records, rule, parents, count: 0 }
    }

    /// Takes the next record, by the index of its format.
    pub fn feed(&mut self, record: usize) -> Result<(), OrderFault> {
        self.count += 1;
        let role = self.records.get(record).map_or(Role::Detail, |(role, _)| *role);
        let orphan = self.parents.as_mut().and_then(|parents| parents.feed(record, self.count).err());
        match &mut self.rule {
            Rule::Roles(roles) => roles.feed(role)?,
            Rule::Grammar(_, None) => return Ok(()),
            Rule::Grammar(grammar, Some(state)) => match grammar.step(state, record) {
                Some(next) => *state = next,
                None => {
                    let fault = out_of_order(&self.records, grammar, state, Some(record));
                    self.rule = Rule::Grammar(grammar.clone(), None);
                    return Err(fault);
                }
            },
        }
        match orphan {
            Some(orphan) => Err(OrderFault { code: Code::ORDER, detail: orphan.to_string().into() }),
            None => Ok(()),
        }
    }

    /// At the end of the file.
    pub fn finish(&self) -> Result<(), OrderFault> {
        match &self.rule {
            Rule::Roles(roles) => roles.finish(),
            Rule::Grammar(grammar, Some(state)) if !grammar.may_end(state) => {
                Err(out_of_order(&self.records, grammar, state, None))
            }
            Rule::Grammar(..) => Ok(()),
        }
    }
}

/// What came, and what was due. A header or trailer that came or was due decides the code.
fn out_of_order(records: &[(Role, String)], grammar: &Grammar, state: &State, came: Option<usize>) -> OrderFault {
    let expected: Vec<_> = grammar.expected(state).into_iter().filter_map(|index| records.get(index)).collect();
    let came = came.and_then(|index| records.get(index));
    let only = |role: Role| !expected.is_empty() && expected.iter().all(|(found, _)| *found == role);
    let code = match came {
        Some((Role::Header, _)) => Code::HEADER,
        _ if only(Role::Header) => Code::HEADER,
        Some((Role::Trailer, _)) => Code::TRAILER,
        _ if only(Role::Trailer) => Code::TRAILER,
        // The file ends where it could go on to its trailer, or after the trailer something comes.
        None if expected.iter().any(|(role, _)| *role == Role::Trailer) => Code::TRAILER,
        Some(_) if expected.is_empty() && records.iter().any(|(role, _)| *role == Role::Trailer) => Code::TRAILER,
        _ => Code::ORDER,
    };
    let mut due: Vec<_> = expected.iter().map(|(_, name)| name.as_str()).collect();
    if grammar.may_end(state) {
        due.push("the end of the file");
    }
    let came = came.map_or("the end of the file", |(_, name)| name);
    OrderFault { code, detail: format!("{came} came where {} was due", due.join(" or ")).into() }
}

impl Roles {
    fn feed(&mut self, role: Role) -> Result<(), OrderFault> {
        let first = std::mem::replace(&mut self.first, false);
        if self.seen_trailer {
            return fault(Code::TRAILER, "a record follows the trailer");
        }
        match role {
            Role::Header if self.seen_header => return fault(Code::HEADER, "a second header"),
            Role::Header if !first => return fault(Code::HEADER, "the header is not the first record"),
            Role::Header => self.seen_header = true,
            _ if first && self.header => return fault(Code::HEADER, "the first record is not the header"),
            Role::Trailer => self.seen_trailer = true,
            Role::Detail => {}
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), OrderFault> {
        if self.header && !self.seen_header {
            return fault(Code::HEADER, "no header");
        }
        if self.trailer && !self.seen_trailer {
            return fault(Code::TRAILER, "no trailer");
        }
        Ok(())
    }
}

fn fault(code: Code, detail: &'static str) -> Result<(), OrderFault> {
    Err(OrderFault { code, detail: detail.into() })
}
