//! Signs of a text-mode transfer.
//!
//! Conversion as text destroys packed and binary fields for good, so nothing is guessed back; the signs are named so
//! that the partner can see what to change. Only the beginning of a file is looked at.

use super::gauge::first_record;
use super::kind::Framing;
use super::prefix::hex;
use crate::format::Format;
use crate::text::{self, Page};

/// Bytes of the beginning that are looked at, at most.
pub const HEAD: usize = 64 * 1024;
/// Two replacement characters (U+FFFD) in UTF-8: one may be chance, or meant.
const REPLACED: [u8; 6] = [0xEF, 0xBF, 0xBD, 0xEF, 0xBF, 0xBD];
/// One byte in so many begins a digit that was written as UTF-8.
const DIGITS_SHARE: usize = 32;

/// Says what it saw if the file has been converted as text on its way; `size` is that of the whole file.
pub fn text_mode_damage(format: &Format, head: &[u8], size: u64) -> Option<String> {
    let head = &head[..head.len().min(HEAD)];
    let (head, size) = match &format.framing {
        Framing::Edged(edged) => (head.get(edged.header.length..).unwrap_or_default(), edged.between(size)),
        _ => (head, size),
    };
    if head.is_empty() {
        return None;
    }
    let signs = if format.page.is_ebcdic() { signs_of_ascii(format, head, size) } else { signs_of_substitutes(head) };
    if signs.is_empty() { None } else { Some(signs.join("; ")) }
}

/// The layout is EBCDIC: is the file not any more?
fn signs_of_ascii(format: &Format, head: &[u8], size: u64) -> Vec<String> {
    let count = |fits: fn(&u8) -> bool| head.iter().filter(|b| fits(b)).count();
    let ascii = count(|b| matches!(b, 0x20 | 0x30..=0x39));
    let ebcdic = count(|b| matches!(b, 0x40 | 0xF0..=0xF9));
    // Blanks and digits are most of any record; both counts are large only if neither reading holds.
    let converted = ascii > ebcdic * 4 && ascii * 5 > head.len();
    let selector = ascii_selector(format, head);
    let mut signs = signs_of_unicode(head);
    if !converted && selector.is_none() {
        return signs;
    }
    if let Some(text) = selector {
        signs.push(format!("the first record begins like ASCII: `{text}` where the layout is EBCDIC"));
    }
    if converted {
        signs.push(format!(
            "{ascii} of the first {} bytes are ASCII digits or blanks, {ebcdic} EBCDIC ones",
            head.len()
        ));
    }
    let substitutes = count(|b| matches!(b, 0x3F | 0x1A));
    if substitutes > 0 {
        signs.push(format!("{substitutes} substitutes 3F or 1A"));
    }
    if let Some(sign) = sign_of_word(format.framing.records(), head) {
        signs.push(sign);
    }
    if let Framing::Fixed { length } = *format.framing.records() {
        let rest = size % length.max(1) as u64;
        if rest != 0 {
            signs.push(format!("{size} bytes are {rest} too many for records of {length}"));
        }
        if let Some(at) = head.windows(2).position(|pair| pair == b"\r\n") {
            signs.push(format!("a line end 0D0A at byte {}", at + 1));
        }
    }
    signs
}

/// EBCDIC that a program read as a PC's text and wrote as UTF-8: no byte from 80 to FF stands alone any more.
///
/// Read as UTF-8, such bytes became replacement characters. Read as Latin-1 or Windows-1252 they became two bytes each,
/// and EBCDIC digits, F0 to F9, are C3B0 to C3B9: C and controls or rare symbols in EBCDIC.
fn signs_of_unicode(head: &[u8]) -> Vec<String> {
    let mut signs = Vec::new();
    if let Some(at) = position(head, &REPLACED) {
        signs.push(format!("replacement characters EFBFBD at byte {}", at + 1));
    }
    let digits = head.windows(2).filter(|pair| matches!(pair, [0xC3, 0xB0..=0xB9])).count();
    if digits * DIGITS_SHARE > head.len() {
        signs.push(format!("{digits} EBCDIC digits as UTF-8 (C3B0 to C3B9) in the first {} bytes", head.len()));
    }
    signs
}

fn position(head: &[u8], sign: &[u8]) -> Option<usize> {
    head.windows(sign.len()).position(|window| window == sign)
}

/// What frames the first record, if it cannot be what was written: conversion does not spare it.
fn sign_of_word(framing: &Framing, head: &[u8]) -> Option<String> {
    let (name, word) = match framing {
        Framing::Rdw(rdw) => ("RDW", head.first_chunk::<4>().filter(|word| rdw.read(**word, false).is_err())?),
        Framing::Blocks(blocks) => {
            ("BDW", head.first_chunk::<4>().filter(|word| blocks.rdw.read_block(**word).is_err())?)
        }
        _ => return None,
    };
    Some(format!("the file begins with {}, which is no {name}", hex(word)))
}

/// The text that selects the first record, if the file holds it in ASCII and not in its page.
fn ascii_selector(format: &Format, head: &[u8]) -> Option<String> {
    let first = first_record(&format.framing, head);
    if format.select(first).is_some() {
        return None;
    }
    // A descriptor word that was converted frames nothing any more, but may still have its four bytes.
    let starts = match format.framing.records() {
        Framing::Rdw(_) => vec![first, head.get(4..).unwrap_or_default()],
        Framing::Blocks(_) => vec![first, head.get(8..).unwrap_or_default()],
        _ => vec![first],
    };
    format.records.iter().filter(|r| !r.selector.bytes.is_empty()).find_map(|record| {
        let mut wanted = String::new();
        text::decode(format.page, &record.selector.bytes, &mut wanted).ok()?;
        let mut ascii = Vec::new();
        text::encode(Page::Gbk, &wanted, &mut ascii).ok()?;
        let found = starts.iter().filter_map(|start| start.get(record.selector.at..)).any(|at| at.starts_with(&ascii));
        found.then_some(wanted)
    })
}

/// The layout is text already: have characters been replaced on the way?
fn signs_of_substitutes(head: &[u8]) -> Vec<String> {
    // A run at the very end is legal (see the cutter's remarks).
    let end = head.iter().rposition(|b| *b != 0x1A).map_or(0, |at| at + 1);
    let head = &head[..end];
    let mut signs = Vec::new();
    if let Some(at) = position(head, &REPLACED) {
        signs.push(format!("replacement characters EFBFBD at byte {}", at + 1));
    }
    if let Some(at) = position(head, &[0x1A, 0x1A]) {
        signs.push(format!("substitutes 1A at byte {}", at + 1));
    }
    signs
}
