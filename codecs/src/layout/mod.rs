//! The byte-exact description of one record, from DDS source or TOML.

pub mod check;
pub mod dds;
pub mod toml;

use crate::text::Page;

/// One record format.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Record format name, e.g. `PMTRDD`.
    pub name: String,
    /// Description.
    pub text: String,
    /// Bytes of a record.
    pub length: usize,
    /// Fields in record order; they cover the record without gap or overlap.
    pub fields: Vec<Field>,
    /// Key fields, as the source names them.
    pub keys: Vec<String>,
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name, upper case.
    pub name: String,
    /// What the bytes mean.
    pub kind: Kind,
    /// First byte within the record, from 0.
    pub offset: usize,
    /// Bytes in the record, the two length bytes of VARLEN included.
    pub bytes: usize,
    /// Code page of character data; nothing for packed, binary, float, hex.
    pub page: Option<Page>,
    /// Two big-endian length bytes stand in front.
    pub varlen: bool,
    /// May be null (ALWNULL); how a null is written is a matter of the file format.
    pub nullable: bool,
    /// Never shown in clear in logs, rejects and masked views.
    pub sensitive: bool,
    /// Description (TEXT).
    pub text: String,
    /// Column heading (COLHDG), lines joined by a blank.
    pub heading: String,
}

/// What the bytes of a field mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A: single-byte or mixed text.
    Char,
    /// O: text that may hold double-byte runs.
    Open,
    /// J: one double-byte run.
    Only,
    /// E: all single-byte or one double-byte run.
    Either,
    /// G: double bytes without shift characters.
    Graphic,
    /// H: hex, never converted.
    Hex,
    /// P.
    Packed {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
    },
    /// S: EBCDIC zoned, sign in the last zone.
    Zoned {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
    },
    /// B: big-endian, signed.
    Binary {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
    },
    /// F.
    Float {
        /// Eight bytes instead of four.
        double: bool,
    },
    /// L.
    Date(DateFormat),
    /// T.
    Time(TimeFormat),
    /// Z.
    Timestamp {
        /// Fraction digits, 0 to 12.
        fraction: u8,
    },
    /// A number written as characters of the field's page: TOML layouts of text files only.
    Number {
        /// All digits.
        digits: u8,
        /// Digits after the implied point.
        decimals: u8,
        /// A `+` or `-` stands in front.
        signed: bool,
    },
}

/// DATFMT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFormat {
    /// `yyyy-mm-dd`
    Iso,
    /// `mm/dd/yyyy`
    Usa,
    /// `dd.mm.yyyy`
    Eur,
    /// `yyyy-mm-dd`
    Jis,
    /// `mm/dd/yy`
    Mdy,
    /// `dd/mm/yy`
    Dmy,
    /// `yy/mm/dd`
    Ymd,
    /// `yy/ddd`
    Jul,
}

/// TIMFMT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    /// `hh.mm.ss`
    Iso,
    /// `hh:mm AM`
    Usa,
    /// `hh.mm.ss`
    Eur,
    /// `hh:mm:ss`
    Jis,
    /// `hh:mm:ss`
    Hms,
}

impl Field {
    /// Reserved bytes: the name is FILLER, alone or with a number. Blank fillers stay out of JSON and may be missing.
    pub fn is_filler(&self) -> bool {
        self.name.strip_prefix("FILLER").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
    }
}
