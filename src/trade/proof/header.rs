//! The file header and the file's identity (D1, D4).
//!
//! What the header says must agree with the file name where the name says it too, and with the constants that the route
//! expects: they are canaries for a wrong code page or record length. Whether the business date is open is not asked
//! here, because that is the core's act.

use crate::trade::fields::{self, FieldRef};
use crate::trade::moment::{Day, DayForm};
use crate::trade::plan::rules::{IdentityFrom, Rules, rules_fault};
use fpp_codecs::Code;
use fpp_codecs::date::Date;
use fpp_codecs::format::{Format, RecordFormat, Role};
use fpp_codecs::record::{Decimal, Row};
use fpp_codecs::source::SourceFault;

/// Business date, batch and run of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// `yyyy-mm-dd`.
    pub date: String,
    /// Batch.
    pub batch: u32,
    /// Run.
    pub run: u32,
}

/// What the file name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameIdentity {
    /// Eight digits.
    pub date: Option<String>,
    /// Batch.
    pub batch: Option<u32>,
    /// Run.
    pub run: Option<u32>,
}

/// Why the whole file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// Code.
    pub code: Code,
    /// In words, with the place; no field content.
    pub reason: String,
}

/// What is read from the header, compiled.
#[derive(Clone, Debug, Default)]
pub struct HeaderPlan {
    source: IdentityFrom,
    date: Option<(FieldRef, DayForm)>,
    batch: Option<FieldRef>,
    run: Option<FieldRef>,
    expected: Vec<(String, FieldRef, String)>,
}

impl HeaderPlan {
    /// Compiles the rules against the format's header.
    pub fn compile(rules: &Rules, format: &Format) -> Result<HeaderPlan, Vec<SourceFault>> {
        let mut faults = Vec::new();
        let header = format.record(Role::Header);
        let mut find = |key: &str, name: &str| {
            let found = header.and_then(|h| fields::find(h, name));
            if found.is_none() {
                faults.push(rules_fault(format!("{key}: `{name}` is no field of the header of {}", format.name)));
            }
            found
        };
        let mut plan = HeaderPlan { source: rules.identity.clone(), ..HeaderPlan::default() };
        if let IdentityFrom::Header { date, batch, run } = &rules.identity {
            let form = |f: FieldRef| header.and_then(|h| h.layout.fields.get(f.index)).map(|l| (f, DayForm::of(l)));
            plan.date = find("identity.date", date).and_then(form);
            plan.batch = batch.as_deref().and_then(|name| find("identity.batch", name));
            plan.run = run.as_deref().and_then(|name| find("identity.run", name));
        }
        for (name, value) in &rules.header {
            plan.expected.extend(find("header", name).map(|f| (name.clone(), f, value.clone())));
        }
        if faults.is_empty() { Ok(plan) } else { Err(faults) }
    }

    /// Reads a header row.
    pub fn read(&self, record: &RecordFormat, row: &Row, name: &NameIdentity) -> Result<Option<Found>, FileFault> {
        if let Some(fault) = row.faults.first() {
            let field = record.layout.fields.get(fault.field).map_or("?", |f| f.name.as_str());
            return refuse(Code::HEADER, format!("header field {field} is unreadable: {fault}"));
        }
        for (field, at, value) in &self.expected {
            if !agrees(row, *at, value) {
                return refuse(Code::HEADER, format!("header field {field} is not {value}"));
            }
        }
        let Some((field, form)) = self.date else {
            return self.without_header(name);
        };
        let Day::On(date) = form.read(row, field) else {
            return refuse(Code::BUSINESS_DATE, "the header has no such business date");
        };
        let batch = number(row, self.batch, 1).ok_or_else(|| unreadable("batch"))?;
        let run = number(row, self.run, 0).ok_or_else(|| unreadable("run"))?;
        let digits = format!("{:08}", date.to_ymd8());
        let named = [
            ("business date", name.date.as_ref().is_some_and(|d| *d != digits)),
            ("batch", name.batch.is_some_and(|b| self.batch.is_some() && b != batch)),
            ("run", name.run.is_some_and(|r| self.run.is_some() && r != run)),
        ];
        if let Some((what, _)) = named.iter().find(|(_, differs)| *differs) {
            return refuse(Code::HEADER, format!("the {what} of the header is not that of the file name"));
        }
        // What the header does not say, the name may.
        let batch = self.batch.map_or(name.batch.unwrap_or(batch), |_| batch);
        let run = self.run.map_or(name.run.unwrap_or(run), |_| run);
        Ok(Some(Found { date: date.to_string(), batch, run }))
    }

    /// The identity of a file whose header does not say it.
    pub fn without_header(&self, name: &NameIdentity) -> Result<Option<Found>, FileFault> {
        if self.source != IdentityFrom::Name {
            return Ok(None);
        }
        let Some(digits) = &name.date else {
            return refuse(Code::HEADER, "the file name has no business date");
        };
        match digits.parse().ok().and_then(Date::from_ymd8) {
            Some(date) => {
                Ok(Some(Found { date: date.to_string(), batch: name.batch.unwrap_or(1), run: name.run.unwrap_or(0) }))
            }
            None => refuse(Code::BUSINESS_DATE, "the file name has no such business date"),
        }
    }
}

fn refuse<T>(code: Code, reason: impl Into<String>) -> Result<T, FileFault> {
    Err(FileFault { code, reason: reason.into() })
}

fn unreadable(what: &str) -> FileFault {
    FileFault { code: Code::HEADER, reason: format!("the {what} of the header is not a number") }
}

fn number(row: &Row, field: Option<FieldRef>, default: u32) -> Option<u32> {
    match field {
        None => Some(default),
        Some(field) => field.plain(row).trim().parse().ok(),
    }
}

/// Numbers agree by value, all else by text.
fn agrees(row: &Row, field: FieldRef, value: &str) -> bool {
    match (row.decimal(field.index), Decimal::parse(value)) {
        (Some(found), Some(wanted)) => found.same_value(wanted),
        _ => field.plain(row) == value,
    }
}
