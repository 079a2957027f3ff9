//! `[policy]`, `[identity]`, `[header]`: the rules of a route that decide about a file.

use super::names;
use crate::trade::plan::rules::{AnswerDigest, Empty, IdentityFrom, Policy, Rules, Unproven};
use fpp_codecs::format::{Format, Role};
use fpp_codecs::source::Section;

/// Reads the rules. Installation and time zone are set when the plan is made.
pub(super) fn read(root: &Section<'_>, route: &str, files: &str, format: Option<&Format>) -> Rules {
    let mut rules = Rules::new(route, "");
    rules.source = root.text("event_source");
    if let Some(section) = root.section("policy") {
        policy(&section, &mut rules);
    }
    if let Some(section) = root.section("identity") {
        rules.identity = identity(&section, files, format);
    }
    if let Some(section) = root.section("header") {
        rules.header = section.text_map().into_iter().collect();
        for name in rules.header.keys() {
            header_field(&section, name, name, format);
        }
    }
    rules
}

/// The digest in answers.
pub(super) fn answer_digest(kind: super::words::DigestKind) -> AnswerDigest {
    match kind {
        super::words::DigestKind::Sha256 => AnswerDigest::Sha256,
        super::words::DigestKind::Sm3 => AnswerDigest::Sm3,
    }
}

fn policy(section: &Section<'_>, rules: &mut Rules) {
    let records = [("strict", Policy::Strict), ("partial", Policy::Partial)];
    let totals = [("reject", Unproven::Reject), ("hold", Unproven::Hold), ("accept", Unproven::Accept)];
    let empty = [("reject", Empty::Reject), ("accept", Empty::Accept)];
    rules.policy = section.choice("records", &records).unwrap_or(rules.policy);
    rules.unproven_total = section.choice("unproven_total", &totals).unwrap_or(rules.unproven_total);
    rules.empty = section.choice("empty", &empty).unwrap_or(rules.empty);
    if let Some(max) = section.number_in("reject_max", 0..=1_000_000) {
        rules.reject_max = max.unsigned_abs();
    }
    section.no_more();
}

#[derive(Clone, Copy)]
enum From {
    Header,
    Name,
    Nowhere,
}

fn identity(section: &Section<'_>, files: &str, format: Option<&Format>) -> IdentityFrom {
    let words = [("header", From::Header), ("name", From::Name), ("none", From::Nowhere)];
    let from = section.choice("from", &words);
    if !section.has("from") {
        section.fault("from", "is missing; header, name or none is needed");
    }
    let field = |key: &str| {
        let name = section.text(key)?;
        header_field(section, key, &name, format);
        Some(name)
    };
    let fields = (field("date"), field("batch"), field("run"));
    section.no_more();
    match (from, fields) {
        (Some(From::Header), (Some(date), batch, run)) => IdentityFrom::Header { date, batch, run },
        (Some(From::Header), _) => {
            section.fault("date", "is missing; the header field of the business date is needed");
            IdentityFrom::None
        }
        (from, fields) => {
            if fields.0.or(fields.1).or(fields.2).is_some() {
                section.fault("from", "date, batch and run name header fields: from = \"header\" is needed");
            }
            if !matches!(from, Some(From::Name)) {
                return IdentityFrom::None;
            }
            if !names::has(files, "date") {
                section.fault("from", format_args!("the names `{files}` cannot give a date: write {{date}} in files"));
            }
            IdentityFrom::Name
        }
    }
}

/// Notes a header field that the format does not have.
fn header_field(section: &Section<'_>, key: &str, name: &str, format: Option<&Format>) {
    let Some(format) = format else { return };
    match format.record(Role::Header) {
        None => section.fault(key, format_args!("the format {} has no header record", format.name)),
        Some(header) if header.field(name).is_none() => {
            section.fault(key, format_args!("the header {} has no field `{name}`", header.layout.name));
        }
        Some(_) => {}
    }
}
