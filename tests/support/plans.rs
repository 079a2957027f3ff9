//! Plans of the stand-in core's files, without an answer.

#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

use fpp::demo::generate::Series;
use fpp::trade::plan::rules::{IdentityFrom, Policy, Rules};
use fpp::trade::plan::{Bundle, FormatText, Plan, Text};
use std::collections::BTreeMap;

macro_rules! config {
    ($name:literal) => {
        Text { file: $name.to_owned(), text: include_str!(concat!("../../config/", $name)).to_owned() }
    };
}

/// The plan of a series.
pub(crate) fn plan(series: Series) -> Plan {
    let layouts = [
        ("pmtrdh.dds", config!("layouts/pmtrdh.dds")),
        ("pmtrdd.dds", config!("layouts/pmtrdd.dds")),
        ("pmtrdt.dds", config!("layouts/pmtrdt.dds")),
    ];
    let (format, length) = match series {
        Series::Ebcdic => (config!("layouts/pmtrd.toml"), "480"),
        Series::Gbk => (config!("layouts/pmtrd-gbk.toml"), "400"),
    };
    let header = [("FILEID", series.file_id()), ("RECLEN", length)];
    let rules = Rules {
        policy: Policy::Partial,
        identity: IdentityFrom::Header {
            date: "BIZDAT".into(),
            batch: Some("BATNO".into()),
            run: Some("RUNNO".into()),
        },
        header: header.into_iter().map(|(field, value)| (field.to_owned(), value.to_owned())).collect(),
        ..Rules::new("pmtrd", "test")
    };
    let layouts = layouts.into_iter().map(|(name, layout)| (name.to_owned(), layout.text)).collect();
    let bundle = Bundle {
        decoder: 0,
        format: FormatText { format, layouts, page: None },
        mapping: config!("events/pmtrd.toml"),
        instruments: config!("instruments.toml"),
        answer: None,
        rules,
        files: BTreeMap::new(),
        editions: BTreeMap::new(),
    };
    bundle.freeze().unwrap().1
}
