//! The rules of a route that decide a file's outcome; frozen with the plan (D6).
//!
//! Where files come from, who is told and when nodes try again are no rules: they may change without changing a verdict.

use fpp_codecs::source::SourceFault;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What decides beside formats and mappings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// Route.
    pub route: String,
    /// Installation: part of every event's source.
    pub installation: String,
    /// CloudEvents source, if it is not `urn:fpp:<installation>:<route>` (D9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What a bad record does to its file.
    #[serde(default)]
    pub policy: Policy,
    /// What a total does that cannot be proven (D5).
    #[serde(default)]
    pub unproven_total: Unproven,
    /// More bad records than this reject the file (FPP1014).
    #[serde(default = "reject_max")]
    pub reject_max: u64,
    /// What 0 bytes mean (D2).
    #[serde(default)]
    pub empty: Empty,
    /// Where the business date, batch and run stand (D1).
    #[serde(default)]
    pub identity: IdentityFrom,
    /// Fields of the header that must hold these values: file id, record length, code page. Numbers compare by value.
    #[serde(default)]
    pub header: BTreeMap<String, String>,
    /// Offset of local times: `+08:00`, or `Asia/Shanghai` (D26).
    #[serde(default = "timezone")]
    pub timezone: String,
    /// Digest of the source file in answers (D14).
    #[serde(default)]
    pub answer_digest: AnswerDigest,
}

/// What a bad record does to its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// The whole file is rejected.
    #[default]
    Strict,
    /// Only the record is refused.
    Partial,
}

/// What a total does that cannot be proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unproven {
    /// Rejects the file.
    #[default]
    Reject,
    /// Holds it for a person.
    Hold,
    /// Nothing; the count stays exact and the shortfall is stored.
    Accept,
}

/// What an empty file means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Empty {
    /// FPP1003.
    #[default]
    Reject,
    /// A file without records.
    Accept,
}

/// Where a file's identity stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum IdentityFrom {
    /// In fields of the header. Without a batch field the batch is 1, without a run field the run is 0.
    Header {
        /// Business date.
        date: String,
        /// Batch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        batch: Option<String>,
        /// Run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        run: Option<String>,
    },
    /// In the file name.
    Name,
    /// Nowhere: date of arrival and a count, which the caller gives.
    #[default]
    None,
}

/// Digest of the source file in answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerDigest {
    /// SHA-256.
    #[default]
    Sha256,
    /// SM3 (国密).
    Sm3,
}

fn reject_max() -> u64 {
    10_000
}

fn timezone() -> String {
    "Asia/Shanghai".to_owned()
}

impl Rules {
    /// The defaults for a route.
    pub fn new(route: &str, installation: &str) -> Rules {
        Rules {
            route: route.to_owned(),
            installation: installation.to_owned(),
            source: None,
            policy: Policy::default(),
            unproven_total: Unproven::default(),
            reject_max: reject_max(),
            empty: Empty::default(),
            identity: IdentityFrom::default(),
            header: BTreeMap::new(),
            timezone: timezone(),
            answer_digest: AnswerDigest::default(),
        }
    }

    /// CloudEvents source of the route's events.
    pub fn source(&self) -> String {
        let own = || crate::trade::event::source(&self.installation, &self.route);
        self.source.clone().unwrap_or_else(own)
    }
}

/// A fault of the rules, which have no source text of their own here.
pub(in crate::trade) fn rules_fault(message: String) -> SourceFault {
    SourceFault { file: "route".to_owned(), line: 1, column: 1, message }
}
