//! A framing in words, for people.

use super::delimited::{Delimited, RecordEnd};
use super::kind::{Edge, Framing, LengthNumber, Rdw};
use super::prefix::hex;
use std::fmt;

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Framing::Fixed { length } => write!(f, "records of {length} bytes"),
            Framing::Lines { length, ending } => {
                write!(f, "lines of {length} bytes, ending {}", spaced(ending.bytes()))
            }
            Framing::Text(lines) => {
                match lines.length {
                    Some(length) => write!(f, "text lines of {length} bytes")?,
                    None => write!(f, "text lines of up to {} bytes", lines.max)?,
                }
                write!(f, ", ending {}", spaced(lines.ending.bytes()))?;
                if lines.pad.is_some() { f.write_str(", short ones filled") } else { Ok(()) }
            }
            Framing::Rdw(rdw) => write!(f, "records with an RDW, {}", Word(rdw)),
            Framing::Blocks(blocks) => {
                let what = if blocks.spanned { "spanned records (VBS)" } else { "records (VB)" };
                write!(f, "blocks of {what}, {}", Word(&blocks.rdw))
            }
            Framing::LengthField(field) => {
                let number = match field.number {
                    LengthNumber::Big => "binary",
                    LengthNumber::Little => "little-endian",
                    LengthNumber::Digits { .. } => "digits",
                };
                write!(f, "length in {} bytes from {}, {number}", field.bytes, field.at + 1)?;
                if field.adjust == 0 { Ok(()) } else { write!(f, ", {:+}", field.adjust) }
            }
            Framing::Delimited(how) => delimited(how, f),
            Framing::ByLayout(by) => {
                f.write_str("records as long as their layouts")?;
                if by.lengths.iter().any(|one| one.counters.is_some()) {
                    f.write_str(" and counters say")?;
                }
                by.ending.map_or(Ok(()), |ending| write!(f, ", ending {}", spaced(ending.bytes())))
            }
            Framing::Edged(edged) => {
                edged.records.fmt(f)?;
                edge("header", &edged.header, f)?;
                edge("trailer", &edged.trailer, f)
            }
        }
    }
}

/// `big-endian, counting itself`.
struct Word<'a>(&'a Rdw);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.little { "little-endian" } else { "big-endian" })?;
        f.write_str(if self.0.counts_itself { ", counting itself" } else { ", not counting itself" })
    }
}

fn delimited(how: &Delimited, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "fields between {:02X}", how.field)?;
    if let Some(quote) = how.quote {
        write!(f, ", strings in {quote:02X}")?;
    }
    let end = match &how.end {
        RecordEnd::Line(ending) => ending.bytes(),
        RecordEnd::Byte(byte) => std::slice::from_ref(byte),
    };
    write!(f, ", ending {}", spaced(end))
}

fn edge(name: &str, edge: &Edge, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match edge.length {
        0 => Ok(()),
        length => write!(f, ", a file {name} of {length} bytes"),
    }
}

fn spaced(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| hex(&[*byte])).collect::<Vec<_>>().join(" ")
}
