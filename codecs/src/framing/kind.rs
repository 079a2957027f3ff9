//! How a file is cut, and what ends its lines: the words of framing, without the work.
//!
//! Kept apart from the cutting itself, so that a file format may name its framing without knowing how it is done. A
//! framing is small and cheap to clone; what is larger than a few words stands behind one counted pointer.
//!
//! Sources of the rules: z/OS DFSMS Using Data Sets (SC23-6855), "Variable-length record formats": RDW, BDW, segment
//! control codes; IBM i CPYTOIMPF/CPYFRMIMPF command help: delimiters; z/OS Communications Server FTP, `RDW`.

use super::delimited::Delimited;
use super::ending::LineEnding;
use crate::record::measure::Measure;
use std::sync::Arc;

/// Most bytes of a record when the format does not say.
pub const RECORD_DEFAULT_MAX: usize = 1 << 20;
/// Most bytes of a record that a format may ask for: a record must fit into memory.
pub const RECORD_LIMIT: usize = 16 << 20;
/// Most bytes of a file header or trailer.
pub const EDGE_LIMIT: usize = 64 << 10;
/// Bytes of a block that is written when the format does not say: half a track of a 3390.
pub const BLOCK_DEFAULT: usize = 27_998;

/// How a file is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Records of one length, nothing between them.
    Fixed {
        /// Bytes of a record.
        length: usize,
    },
    /// Lines of one length, cut by it: the bytes of a line end may occur within a line.
    Lines {
        /// Bytes of a line without its ending.
        length: usize,
        /// The ending that is written, and expected.
        ending: LineEnding,
    },
    /// Lines of text, cut at their line ends.
    Text(TextLines),
    /// A record descriptor word before each record (RECFM=V).
    Rdw(Rdw),
    /// Blocks with a descriptor word each, records within (RECFM=VB), perhaps in segments (RECFM=VBS).
    Blocks(Blocks),
    /// A field of the record says how long the record is.
    LengthField(LengthField),
    /// Fields between delimiters, as CPYTOIMPF writes them.
    Delimited(Delimited),
    /// A record's own bytes select its layout, whose length counts; where that varies, as its counters say.
    ByLayout(Arc<ByLayout>),
    /// Another framing between fixed bytes at the file's beginning and end.
    Edged(Arc<Edged>),
}

/// Lines of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLines {
    /// Bytes that every line must have; without it lines may vary.
    pub length: Option<usize>,
    /// The blank that fills short lines up to `length`; without it they are refused.
    pub pad: Option<u8>,
    /// The ending that is written; all of its family end a line.
    pub ending: LineEnding,
    /// Most bytes of a line.
    pub max: usize,
}

/// A record descriptor word: two bytes of length, two of zero.
///
/// Little-endian files hold the word with its bytes exchanged in pairs or as a whole; the zeros tell which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rdw {
    /// The low byte comes first.
    pub little: bool,
    /// The length counts the word's own four bytes, as IBM says.
    pub counts_itself: bool,
    /// Most bytes of a record.
    pub max: usize,
}

/// Blocks of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    /// Order and count of both descriptor words, and the most bytes of a record put together.
    pub rdw: Rdw,
    /// A record may be cut into segments, which the third byte of their words tells apart.
    pub spanned: bool,
    /// Most bytes of a block that is written, its word included.
    pub block_bytes: usize,
}

/// How a length field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthNumber {
    /// Binary, high byte first.
    Big,
    /// Binary, low byte first.
    Little,
    /// Digits, EBCDIC or ASCII; zoned with a plus sign is the same but for the last zone.
    Digits {
        /// EBCDIC digits are written.
        ebcdic: bool,
    },
}

/// A length field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthField {
    /// Its first byte within the record, from 0.
    pub at: usize,
    /// Its bytes, 1 to 8.
    pub bytes: usize,
    /// How it is written.
    pub number: LengthNumber,
    /// Added to what it says; then it counts the whole record from its first byte, the field included.
    pub adjust: i64,
    /// The field belongs to the record's layout; else it stands before the record and is taken away.
    pub kept: bool,
    /// Most bytes of a record.
    pub max: usize,
}

/// Record lengths by what a record begins with, and by its counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByLayout {
    /// In the order in which they are tried.
    pub lengths: Vec<LengthOf>,
    /// What follows each record, if anything.
    pub ending: Option<LineEnding>,
}

/// The length of the records that carry some bytes at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LengthOf {
    /// First byte of the place, from 0.
    pub at: usize,
    /// The bytes; none fit every record.
    pub bytes: Vec<u8>,
    /// Bytes of the record, of the longest one where they vary.
    pub length: usize,
    /// How its own counters say the length, where it varies.
    pub counters: Option<Arc<Measure>>,
}

impl LengthOf {
    /// Records of one length.
    pub fn new(at: usize, bytes: Vec<u8>, length: usize) -> LengthOf {
        LengthOf { at, bytes, length, counters: None }
    }
}

/// Fixed bytes around the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edged {
    /// Before the first record.
    pub header: Edge,
    /// After the last record.
    pub trailer: Edge,
    /// How the records between are cut; not again `Edged`.
    pub records: Framing,
}

/// Fixed bytes at one end of a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Edge {
    /// How many.
    pub length: usize,
    /// What they begin with; nothing is checked beyond that.
    pub begins: Vec<u8>,
}

impl Edged {
    /// Bytes between header and trailer of a file of so many.
    pub(super) fn between(&self, size: u64) -> u64 {
        size.saturating_sub((self.header.length + self.trailer.length) as u64)
    }
}

impl Framing {
    /// A short name of small letters, digits and `-`: what an index of record offsets is kept under.
    pub fn name(&self) -> String {
        let yes = |flag: bool, word: &str| if flag { format!("-{word}") } else { String::new() };
        let rdw = |r: &Rdw| format!("{}{}-{}", yes(r.little, "little"), yes(!r.counts_itself, "bare"), r.max);
        match self {
            Framing::Fixed { length } => format!("fixed-{length}"),
            Framing::Lines { length, ending: LineEnding::Nel } => format!("lines-{length}-nel"),
            Framing::Lines { length, ending } => format!("lines-{length}-{}", ending.bytes().len()),
            Framing::Text(t) => {
                let family = if t.ending.is_ascii() { "ascii" } else { "ebcdic" };
                let (length, padded) = (t.length.unwrap_or(0), yes(t.pad.is_some(), "padded"));
                format!("text-{family}-{length}{padded}-{}", t.max)
            }
            Framing::Rdw(r) => format!("rdw{}", rdw(r)),
            Framing::Blocks(b) => format!("blocks{}{}", yes(b.spanned, "spanned"), rdw(&b.rdw)),
            Framing::LengthField(f) => {
                let number = match f.number {
                    LengthNumber::Big => "big",
                    LengthNumber::Little => "little",
                    LengthNumber::Digits { .. } => "digits",
                };
                let adjust =
                    if f.adjust < 0 { format!("less{}", f.adjust.unsigned_abs()) } else { f.adjust.to_string() };
                format!("length-{}-{}-{number}-{adjust}{}-{}", f.at, f.bytes, yes(f.kept, "kept"), f.max)
            }
            Framing::Delimited(d) => d.name(),
            Framing::ByLayout(b) => {
                let mut name = format!("layouts{}", yes(b.ending.is_some(), "lines"));
                for one in &b.lengths {
                    let bytes: String = one.bytes.iter().map(|b| format!("{b:02x}")).collect();
                    name.push_str(&format!("-{}x{bytes}x{}", one.at, one.length));
                    name.extend(one.counters.iter().map(|counters| format!("v{:016x}", counters.identity())));
                }
                name.chars().take(200).collect()
            }
            Framing::Edged(e) => format!("edged-{}-{}-{}", e.header.length, e.trailer.length, e.records.name()),
        }
    }

    /// Bytes of a record without its line ending, one at least; where records vary, the most there may be.
    pub fn length(&self) -> usize {
        match self {
            Framing::Fixed { length } | Framing::Lines { length, .. } => (*length).max(1),
            Framing::Text(lines) => lines.length.unwrap_or(lines.max).max(1),
            Framing::Rdw(Rdw { max, .. })
            | Framing::Blocks(Blocks { rdw: Rdw { max, .. }, .. })
            | Framing::LengthField(LengthField { max, .. })
            | Framing::Delimited(Delimited { max, .. }) => (*max).max(1),
            Framing::ByLayout(by) => by.lengths.iter().map(|one| one.length).max().unwrap_or(1).max(1),
            Framing::Edged(edged) => edged.records.length(),
        }
    }

    /// Bytes of every record, where the framing says that all are alike.
    pub fn one_length(&self) -> Option<usize> {
        match self {
            Framing::Fixed { length } | Framing::Lines { length, .. } => Some((*length).max(1)),
            Framing::Text(lines) => lines.length,
            Framing::Edged(edged) => edged.records.one_length(),
            _ => None,
        }
    }

    /// What stands after each record, where that is all there is between records.
    pub fn ending(&self) -> &'static [u8] {
        match self {
            Framing::Lines { ending, .. } | Framing::Text(TextLines { ending, .. }) => ending.bytes(),
            Framing::ByLayout(by) => by.ending.map_or(b"", LineEnding::bytes),
            Framing::Edged(edged) => edged.records.ending(),
            _ => b"",
        }
    }

    /// The framing of the records themselves.
    pub(crate) fn records(&self) -> &Framing {
        match self {
            Framing::Edged(edged) => &edged.records,
            other => other,
        }
    }

    /// How fields are delimited, if they are.
    pub fn delimited(&self) -> Option<Delimited> {
        match self.records() {
            Framing::Delimited(delimited) => Some(*delimited),
            _ => None,
        }
    }

    /// The same records between a file header and a file trailer; nothing around them already.
    #[must_use]
    pub fn within(self, header: Edge, trailer: Edge) -> Framing {
        if header == Edge::default() && trailer == Edge::default() {
            return self;
        }
        let records = self.records().clone();
        Framing::Edged(Arc::new(Edged { header, trailer, records }))
    }
}
