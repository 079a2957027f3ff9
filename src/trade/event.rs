//! Events: the buffers of a trade event, its lineage, and the end-of-file events (D9, D10).
//!
//! An event is CloudEvents 1.0 in JSON. Everything is written once into buffers that the caller keeps; nothing is parsed
//! back. Where events go, and in which order, is not known here.

use super::json;
use super::moment::Offset;
use crate::ledger::transfer::{Act, Identity, Total};
use fpp_codecs::Code;
use sha2::{Digest, Sha256};

/// An event in reused buffers.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// CloudEvents `id`.
    pub id: String,
    /// CloudEvents `type`.
    pub kind: String,
    /// CloudEvents `subject`.
    pub subject: String,
    /// CloudEvents `time`.
    pub time: String,
    /// Code of the instrument; empty for events that have none.
    pub instrument: String,
    /// SHA-256 of the business data as this event shows it.
    pub datahash: [u8; 32],
    /// Stands for the business data of a row that was judged.
    pub content: u64,
    /// The whole event, one JSON object without line end.
    pub json: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) values: Vec<u8>,
    pub(super) spans: Vec<(u32, u32)>,
}

impl Event {
    /// Code of the instrument, where the event has one.
    pub fn instrument(&self) -> Option<&str> {
        Some(self.instrument.as_str()).filter(|code| !code.is_empty())
    }
}

/// Where a trade comes from: always part of its event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lineage<'a> {
    /// File name.
    pub file: &'a str,
    /// SHA-256 of the file, hex.
    pub digest: &'a str,
    /// Batch of the business date.
    pub batch: Option<u32>,
    /// Run of the batch.
    pub run: Option<u32>,
    /// Physical record number, from 1.
    pub record: u64,
    /// Ordinal among the detail records, from 1.
    pub seq: u64,
    /// First byte of the record in the file, from 0.
    pub byte_offset: u64,
    /// Version of the layout.
    pub layout_version: &'a str,
    /// Editions of the code page tables used.
    pub table: &'a str,
}

/// What an end-of-file event says.
#[derive(Clone, Copy, Debug)]
pub struct FileEnd<'a> {
    /// CloudEvents `source`.
    pub source: &'a str,
    /// Route.
    pub route: &'a str,
    /// Id of the transfer.
    pub transfer: &'a str,
    /// File name.
    pub file: &'a str,
    /// SHA-256 of the file, hex; empty if it was refused before it was read.
    pub digest: &'a str,
    /// Identity, if it could be read.
    pub identity: Option<&'a Identity>,
    /// The verdict's word: `accepted`, `partly`, `rejected`.
    pub verdict: &'a str,
    /// Detail records read.
    pub records: u64,
    /// Detail records posted.
    pub accepted: u64,
    /// Control totals.
    pub totals: &'a [Total],
    /// Code of the file.
    pub code: Code,
    /// Why, in words, without field content.
    pub reason: &'a str,
    /// Time of the deciding commit, UTC milliseconds.
    pub decided_ms: i64,
    /// The route's offset.
    pub offset: &'a Offset,
}

/// `urn:fpp:<installation>:<route>`.
pub fn source(installation: &str, route: &str) -> String {
    format!("urn:fpp:{installation}:{route}")
}

impl Lineage<'_> {
    pub(super) fn push(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        json::push_text(out, "file", self.file);
        json::push_text(out, "digest", self.digest);
        push_optional(out, "batch", self.batch);
        push_optional(out, "run", self.run);
        json::push_number(out, "seq", self.seq);
        json::push_number(out, "record", self.record);
        json::push_number(out, "byteOffset", self.byte_offset);
        json::push_text(out, "layoutVersion", self.layout_version);
        json::push_text(out, "table", self.table);
        out.push(b'}');
    }
}

/// The attribute by which a correction names the event that it is about.
pub const CORRECTS: &str = "fppcorrects";

/// The type of a correction: `pm.trade.executed.v1` to `pm.trade.voided.v1`; the family of the first type stays.
pub fn correction_type(first: &str, act: Act) -> String {
    let family = first.match_indices('.').nth(1).map_or(first, |(at, _)| first.get(..at).unwrap_or(first));
    format!("{family}.{}.v1", act.word())
}

/// `dataschema` of the corrections of events with this one.
pub(super) fn correction_schema(first: &str) -> String {
    format!("{first}:correction")
}

/// What a correction says beside the data.
#[derive(Clone, Copy, Debug)]
pub struct Corrected<'a> {
    /// Taken back, or put right.
    pub act: Act,
    /// What makes its id another one than every other correction's: the transfer that publishes it.
    pub transfer: &'a str,
    /// Who.
    pub by: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When it was said, UTC milliseconds.
    pub at_ms: i64,
}

/// The constant parts of an envelope.
#[derive(Clone, Debug)]
pub(super) struct Envelope<'a> {
    pub(super) source: &'a str,
    pub(super) schema: &'a str,
    /// Names of sensitive data, separated by commas.
    pub(super) sensitive: &'a str,
    /// The id of the event that this one corrects.
    pub(super) corrects: Option<&'a str>,
}

impl Envelope<'_> {
    /// Assembles `out.json` from its parts; `lineage` goes into the data, but not into the hash.
    pub(super) fn seal(&self, out: &mut Event, lineage: Option<&Lineage<'_>>) {
        out.datahash = Sha256::digest(&out.data).into();
        let json = &mut out.json;
        json.clear();
        json.push(b'{');
        json::push_text(json, "specversion", "1.0");
        json::push_text(json, "id", &out.id);
        json::push_text(json, "source", self.source);
        json::push_text(json, "type", &out.kind);
        json::push_text(json, "subject", &out.subject);
        json::push_text(json, "time", &out.time);
        json::push_text(json, "dataschema", self.schema);
        json::push_text(json, "datacontenttype", "application/json");
        if !self.sensitive.is_empty() {
            json::push_text(json, "fppsensitive", self.sensitive);
        }
        if let Some(first) = self.corrects {
            json::push_text(json, CORRECTS, first);
        }
        json::push_key(json, "datahash");
        json.push(b'"');
        json::push_hex(json, &out.datahash);
        json.push(b'"');
        json::push_key(json, "data");
        match lineage {
            Some(lineage) => {
                json.extend_from_slice(out.data.strip_suffix(b"}").unwrap_or(&out.data));
                json::push_key(json, "lineage");
                lineage.push(json);
                json.push(b'}');
            }
            None => json.extend_from_slice(&out.data),
        }
        json.push(b'}');
    }
}

/// `pm.file.posted.v1` or `pm.file.rejected.v1`: what a transfer publishes after its last record.
pub fn end_of_file(end: &FileEnd<'_>, out: &mut Event) {
    let word = if end.verdict == "rejected" { "rejected" } else { "posted" };
    out.kind = format!("pm.file.{word}.v1");
    out.id = format!("{}:{word}", end.transfer);
    out.instrument.clear();
    out.subject = end.identity.map_or_else(|| end.file.to_owned(), name_of);
    out.time = end.offset.rfc3339(end.decided_ms);
    let data = &mut out.data;
    data.clear();
    data.push(b'{');
    json::push_text(data, "route", end.route);
    json::push_text(data, "transfer", end.transfer);
    json::push_text(data, "file", end.file);
    json::push_text(data, "digest", end.digest);
    match end.identity {
        Some(identity) => json::push_text(data, "businessDate", &identity.business_date),
        None => push_null(data, "businessDate"),
    }
    push_optional(data, "batch", end.identity.map(|i| i.batch));
    push_optional(data, "run", end.identity.map(|i| i.run));
    json::push_text(data, "verdict", end.verdict);
    json::push_number(data, "records", end.records);
    json::push_number(data, "accepted", end.accepted);
    json::push_number(data, "rejected", end.records.saturating_sub(end.accepted));
    push_totals(data, end.totals);
    json::push_text(data, "code", &end.code.to_string());
    json::push_text(data, "message", end.code.chinese());
    json::push_text(data, "reason", end.reason);
    data.push(b'}');
    Envelope {
        source: end.source,
        schema: &format!("urn:fpp:schema:pm.file.{word}.v1"),
        sensitive: "",
        corrects: None,
    }
    .seal(out, None);
}

fn name_of(identity: &Identity) -> String {
    format!("{}:{:04}:{:02}", identity.business_date, identity.batch, identity.run)
}

fn push_totals(data: &mut Vec<u8>, totals: &[Total]) {
    json::push_key(data, "totals");
    data.push(b'[');
    for (i, total) in totals.iter().enumerate() {
        data.extend_from_slice(if i == 0 { b"{" } else { b",{" });
        json::push_text(data, "name", &total.name);
        json::push_text(data, "promised", &total.promised);
        json::push_text(data, "found", &total.found);
        json::push_number(data, "unreadable", total.unreadable);
        data.push(b'}');
    }
    data.push(b']');
}

fn push_optional(out: &mut Vec<u8>, key: &str, value: Option<u32>) {
    match value {
        Some(value) => json::push_number(out, key, u64::from(value)),
        None => push_null(out, key),
    }
}

fn push_null(out: &mut Vec<u8>, key: &str) {
    json::push_key(out, key);
    out.extend_from_slice(b"null");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejected_file_says_why() {
        let identity = Identity { route: "pmtrd".into(), business_date: "2025-06-20".into(), batch: 1, run: 0 };
        let total = Total { name: "TOTAMT".into(), promised: "2.00".into(), found: "1.00".into(), unreadable: 0 };
        let offset = Offset::china();
        let end = FileEnd {
            source: &source("bank", "pmtrd"),
            route: "pmtrd",
            transfer: "01J",
            file: "A\"B.TXT",
            digest: "ab",
            identity: Some(&identity),
            verdict: "rejected",
            records: 3,
            accepted: 0,
            totals: &[total],
            code: Code::TOTAL,
            reason: "TOTAMT",
            decided_ms: 0,
            offset: &offset,
        };
        let mut event = Event::default();
        end_of_file(&end, &mut event);
        let json: serde_json::Value = serde_json::from_slice(&event.json).unwrap();
        assert_eq!(json["type"], "pm.file.rejected.v1");
        assert_eq!(json["id"], "01J:rejected");
        assert_eq!(json["subject"], "2025-06-20:0001:00");
        assert_eq!(json["time"], "1970-01-01T08:00:00.000+08:00");
        assert_eq!(json["data"]["totals"][0]["found"], "1.00");
        assert_eq!(json["data"]["code"], "FPP1006");
        assert_eq!(json["data"]["file"], "A\"B.TXT");
        let again = Sha256::digest(serde_json::to_vec(&json["data"]).unwrap());
        assert_eq!(json["datahash"].as_str().unwrap().len(), 64);
        assert_eq!(event.datahash, <[u8; 32]>::from(again), "the hash is that of the data");
    }
}
