//! The core reads its answers: checksum first, then every row.

use crate::error::{Error, Result};
use fpp_codecs::Code;
use fpp_codecs::format::{Format, Role};
use fpp_codecs::framing::Cutter;
use fpp_codecs::record::Row;
use fpp_spool::{Algorithm, Digest};
use std::collections::BTreeMap;
use std::path::Path;

/// What an answer says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// FILSTS.
    pub(super) status: String,
    /// FILRC.
    pub(super) code: String,
    /// TOTCNT, OKCNT, NGCNT.
    pub(super) counts: (u64, u64, u64),
    /// Rows by RECSTS.
    pub(super) rows: BTreeMap<String, u64>,
    /// RTNCD by SEQNO of refused records.
    pub(super) refused: BTreeMap<u64, String>,
}

/// Formats of answers, built in as everything of the demo.
const SOURCES: &[(&str, &str)] = &[
    ("pmack.toml", include_str!("../../config/layouts/pmack.toml")),
    ("pmack-gbk.toml", include_str!("../../config/layouts/pmack-gbk.toml")),
    ("pmackh.dds", include_str!("../../config/layouts/pmackh.dds")),
    ("pmackd.dds", include_str!("../../config/layouts/pmackd.dds")),
];

/// Reads an answer file; its checksum file must agree with it.
pub(super) fn read(path: &Path, gbk: bool) -> Result<Answer> {
    let wrong = |what: String| Error::halt(Code::READ_BACK, format!("{}: {what}", path.display()));
    let cannot = |e: std::io::Error| wrong("cannot be read".into()).caused_by(e);
    let bytes = std::fs::read(path).map_err(cannot)?;
    let line = std::fs::read_to_string(path.with_file_name(format!("{}.sha256", name(path)))).map_err(cannot)?;
    let found = Digest::of(Algorithm::Sha256, &bytes).to_string();
    if line.split_whitespace().next() != Some(found.as_str()) {
        return Err(wrong(format!("has digest {found}, its checksum file says {}", line.trim())));
    }
    rows(&format(gbk)?, &bytes).map_err(wrong)
}

/// The file name of a path.
pub(super) fn name(path: &Path) -> String {
    path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn format(gbk: bool) -> Result<Format> {
    let mut source = |name: &str| {
        let found = SOURCES.iter().find(|(file, _)| *file == name);
        found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("{name} is not built in"))
    };
    let file = if gbk { "pmack-gbk.toml" } else { "pmack.toml" };
    let text = source(file).map_err(Error::internal)?;
    let parsed = Format::parse(file, &text, &mut source, None);
    parsed.map(|(format, _)| format).map_err(|faults| Error::internal(format!("{faults:?}")))
}

fn rows(format: &Format, bytes: &[u8]) -> std::result::Result<Answer, String> {
    let mut answer = Answer::default();
    let mut cutter = Cutter::of(format, bytes);
    let mut row = Row::default();
    while let Some(cut) = cutter.next().map_err(|e| e.to_string())? {
        let record = format.select(cut.bytes).and_then(|i| format.records.get(i));
        let record = record.ok_or_else(|| format!("record {} has no layout", cut.n))?;
        record.decode(cut.bytes, &mut row);
        if let Some(fault) = row.faults.first() {
            return Err(format!("record {}: {fault}", cut.n));
        }
        let text = |name: &str| record.field(name).and_then(|f| row.str(f)).unwrap_or_default().trim().to_owned();
        let number = |name: &str| {
            let value = record.field(name).and_then(|f| row.decimal(f)).map(|d| d.unscaled);
            value.and_then(|v| u64::try_from(v).ok()).unwrap_or_default()
        };
        if record.role == Role::Header {
            answer.status = text("FILSTS");
            answer.code = text("FILRC");
            answer.counts = (number("TOTCNT"), number("OKCNT"), number("NGCNT"));
        } else {
            let status = text("RECSTS");
            if status == "F" {
                answer.refused.insert(number("SEQNO"), text("RTNCD"));
            }
            *answer.rows.entry(status).or_default() += 1;
        }
    }
    Ok(answer)
}
