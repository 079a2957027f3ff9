//! Signs of a text-mode transfer.
//!
//! Conversion as text destroys packed and binary fields for good, so nothing is guessed back; the signs are named so
//! that the partner can see what to change; what a good file may show too is no damage but a doubt ([`super::doubt`]). Only the beginning of a file is looked at, and of its records only what the
//! layout says are characters: a packed or binary field may hold any byte, and a good one is no damage.

use super::doubt;
use super::gauge::first_record;
use super::kind::Framing;
use super::look::Look;
use super::prefix::hex;
use crate::format::Format;
use crate::text::{self, Page};

/// Bytes of the beginning that are looked at, at most.
pub const HEAD: usize = 64 * 1024;
/// Two replacement characters (U+FFFD) in UTF-8: one may be chance, or meant.
const REPLACED: [u8; 6] = [0xEF, 0xBF, 0xBD, 0xEF, 0xBF, 0xBD];
/// One byte in so many begins a digit that was written as UTF-8.
const DIGITS_SHARE: usize = 32;

/// What the beginning of a file shows of a conversion on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextMode {
    /// It was converted: nobody writes such a file.
    Damaged(String),
    /// It looks so, and what is told may be meant: a remark.
    Doubtful(String),
    /// Nothing.
    Untouched,
}

/// Looks at the beginning of a file; `size` is that of the whole file.
pub fn text_mode(format: &Format, head: &[u8], size: u64) -> TextMode {
    let head = &head[..head.len().min(HEAD)];
    let (head, size) = match &format.framing {
        Framing::Edged(edged) => (head.get(edged.header.length..).unwrap_or_default(), edged.between(size)),
        _ => (head, size),
    };
    if head.is_empty() {
        return TextMode::Untouched;
    }
    let look = Look::at(format, head, head.len() as u64 >= size);
    let signs = match format.page.is_ebcdic() {
        true => signs_of_ascii(format, head, &look, size),
        false => signs_of_substitutes(head, &look),
    };
    if !signs.is_empty() {
        return TextMode::Damaged(signs.join("; "));
    }
    match doubt::signs(format, head, &look) {
        doubts if doubts.is_empty() => TextMode::Untouched,
        doubts => TextMode::Doubtful(doubts.join("; ")),
    }
}

/// Says what it saw if the file has been converted as text on its way.
pub fn text_mode_damage(format: &Format, head: &[u8], size: u64) -> Option<String> {
    match text_mode(format, head, size) {
        TextMode::Damaged(signs) => Some(signs),
        TextMode::Doubtful(_) | TextMode::Untouched => None,
    }
}

/// The layout is EBCDIC: is the file not any more?
fn signs_of_ascii(format: &Format, head: &[u8], look: &Look, size: u64) -> Vec<String> {
    let characters = look.characters();
    let ascii = look.count(head, |b| matches!(b, 0x20 | 0x30..=0x39));
    let ebcdic = look.count(head, |b| matches!(b, 0x40 | 0xF0..=0xF9));
    // Blanks and digits are most of any record; both counts are large only if neither reading holds.
    let converted = ascii > ebcdic * 4 && ascii * 5 > characters;
    let selector = ascii_selector(format, head);
    let mut signs = signs_of_unicode(head, look, characters);
    if !converted && selector.is_none() {
        return signs;
    }
    if let Some(text) = selector {
        signs.push(format!("the first record begins like ASCII: `{text}` where the layout is EBCDIC"));
    }
    if converted {
        signs.push(format!(
            "of the first {characters} characters {ascii} are ASCII digits or blanks, {ebcdic} EBCDIC ones"
        ));
    }
    let substitutes = look.count(head, |b| matches!(b, 0x3F | 0x1A));
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
fn signs_of_unicode(head: &[u8], look: &Look, characters: usize) -> Vec<String> {
    let mut signs = Vec::new();
    if let Some(at) = look.position(head, &REPLACED) {
        signs.push(format!("replacement characters EFBFBD at byte {}", at + 1));
    }
    let pairs = head.windows(2).zip(&look.shown);
    let digits = pairs.filter(|(pair, shown)| **shown && matches!(pair, [0xC3, 0xB0..=0xB9])).count();
    if digits * DIGITS_SHARE > characters {
        signs.push(format!("{digits} EBCDIC digits as UTF-8 (C3B0 to C3B9) in the first {characters} characters"));
    }
    signs
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
    let first = first_record(format, head);
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
fn signs_of_substitutes(head: &[u8], look: &Look) -> Vec<String> {
    // A run at the very end is legal (see the cutter's remarks).
    let end = head.iter().rposition(|b| *b != 0x1A).map_or(0, |at| at + 1);
    let head = &head[..end];
    let mut signs = Vec::new();
    if let Some(at) = look.position(head, &REPLACED) {
        signs.push(format!("replacement characters EFBFBD at byte {}", at + 1));
    }
    if let Some(at) = look.position(head, &[0x1A, 0x1A]) {
        signs.push(format!("substitutes 1A at byte {}", at + 1));
    }
    signs
}
