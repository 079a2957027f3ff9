//! The two series of trade files: packed EBCDIC as the core keeps it, and its twin in GBK text (D20).
//!
//! Their formats come from `config/layouts`, built into the program so that it needs no file of the checkout.

use fpp_codecs::format::Format;
use std::io;

/// Which form the file has. Each series has its own batches and trade numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Series {
    /// PMTRD: fixed records of 480 bytes, CCSID 1388, packed numbers.
    Ebcdic,
    /// PMTRDGBK: lines of 400 bytes, GBK, numbers as digits.
    Gbk,
}

/// Formats and layouts by the names that refer to them.
const SOURCES: &[(&str, &str)] = &[
    ("pmtrd.toml", include_str!("../../../config/layouts/pmtrd.toml")),
    ("pmtrdh.dds", include_str!("../../../config/layouts/pmtrdh.dds")),
    ("pmtrdd.dds", include_str!("../../../config/layouts/pmtrdd.dds")),
    ("pmtrdt.dds", include_str!("../../../config/layouts/pmtrdt.dds")),
    ("pmtrd-gbk.toml", include_str!("../../../config/layouts/pmtrd-gbk.toml")),
];

impl Series {
    /// FILEID, which is also a part of the file's name.
    pub fn file_id(self) -> &'static str {
        match self {
            Series::Ebcdic => "PMTRD",
            Series::Gbk => "PMTRDGBK",
        }
    }

    /// First letter of the series' trade numbers.
    pub(super) fn letter(self) -> char {
        match self {
            Series::Ebcdic => 'A',
            Series::Gbk => 'G',
        }
    }

    /// The file format.
    pub fn format(self) -> io::Result<Format> {
        let name = match self {
            Series::Ebcdic => "pmtrd.toml",
            Series::Gbk => "pmtrd-gbk.toml",
        };
        let text = source(name).map_err(io::Error::other)?;
        let parsed = Format::parse(name, &text, &mut source, None);
        let told = |faults: Vec<_>| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        parsed.map(|(format, _warnings)| format).map_err(|faults| io::Error::other(told(faults)))
    }
}

fn source(name: &str) -> Result<String, String> {
    let found = SOURCES.iter().find(|(file, _)| *file == name);
    found.map(|(_, text)| (*text).to_owned()).ok_or_else(|| format!("{name} is not built in"))
}
