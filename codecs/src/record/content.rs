//! What stands in text and hex fields: without padding and length bytes when read, with them when written.

use super::row::Cell;
use super::step::Step;
use crate::code::Code;
use crate::fault::Flaw;
use crate::layout::Kind;
use crate::text;
use crate::text::substitute;

/// What is told of a character that is written one way only.
const ONE_WAY: &str = "a character that reads back as another: its code is that one's";
const WRONG_CELL: Flaw = Flaw::new(Code::RANGE, 0, "the value is not of the field's kind");
const TOO_LONG: Flaw = Flaw::new(Code::TOO_LONG, 0, "the value is too long for its field");

/// Bytes in hex.
pub(super) fn hex_cell(step: &Step, bytes: &[u8], out: &mut String) -> Result<Cell, Flaw> {
    let start = out.len() as u32;
    hex(counted(step, bytes, 1)?, out);
    Ok(Cell::Hex(start, out.len() as u32))
}

/// Characters of a text field, without its padding.
pub(super) fn characters(
    step: &Step,
    bytes: &[u8],
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<(), Flaw> {
    let unit = if step.kind == Kind::Graphic { 2 } else { 1 };
    let content = counted(step, bytes, unit)?;
    let prefix = if step.varlen { 2 } else { 0 };
    let start = out.len();
    let read = step.text().read(content, out, &mut |at, repair| repaired(prefix + at, repair.told()));
    read.map_err(|fault| Flaw::new(fault.code, prefix + fault.at, fault.detail))?;
    tell_substitutes(step, content, &out[start..], &mut |at, what| repaired(prefix + at, what));
    Ok(())
}

/// Tells the substitute characters of a text that was read from these bytes.
#[inline]
pub(super) fn tell_substitutes(step: &Step, bytes: &[u8], text: &str, told: &mut dyn FnMut(usize, &'static str)) {
    if substitute::is_in(text) {
        substitute::places(step.page, bytes, text).into_iter().for_each(|at| told(at, substitute::TOLD));
    }
}

/// Tells what of a written text is not what its writer meant: substitutes, and characters that read back as others.
#[inline]
pub(super) fn tell_written(field: &text::Field<'_>, value: &str, told: &mut dyn FnMut(usize, &'static str)) {
    substitute::characters(value).for_each(|at| told(at, substitute::TOLD));
    field.one_way(value).for_each(|at| told(at, ONE_WAY));
}

/// What VARLEN counts, in units of bytes or of pairs; everything without it.
fn counted<'a>(step: &Step, bytes: &'a [u8], unit: usize) -> Result<&'a [u8], Flaw> {
    if !step.varlen {
        return Ok(bytes);
    }
    let (length, content) = bytes.split_at_checked(2).unwrap_or((&[0, 0], &[]));
    let length = usize::from(u16::from_be_bytes([length[0], length[1]])) * unit;
    content.get(..length).ok_or(Flaw::new(Code::TOO_LONG, 0, "VARLEN says more than the field can hold"))
}

/// Two upper-case digits a byte.
pub(super) fn hex(bytes: &[u8], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in bytes {
        out.push(char::from(HEX[usize::from(byte >> 4)]));
        out.push(char::from(HEX[usize::from(byte & 15)]));
    }
}

/// Bytes from upper-case hex.
pub(super) fn write_hex(step: &Step, text: &str, out: &mut Vec<u8>) -> Result<(), Flaw> {
    let digits = text.as_bytes();
    let nibble = |c: u8| char::from(c).to_digit(16).filter(|_| !c.is_ascii_lowercase()).map(|d| d as u8);
    let prefix = if step.varlen { 2 } else { 0 };
    let room = step.bytes - prefix;
    if !digits.len().is_multiple_of(2) || (!step.varlen && digits.len() != room * 2) {
        return Err(Flaw::new(Code::RANGE, 0, "not two upper-case hex digits for each byte"));
    }
    if digits.len() > room * 2 {
        return Err(TOO_LONG);
    }
    if step.varlen {
        out.extend(((digits.len() / 2) as u16).to_be_bytes());
    }
    for pair in digits.chunks_exact(2) {
        let (high, low) = nibble(pair[0]).zip(nibble(pair[1])).ok_or(WRONG_CELL)?;
        out.push(high << 4 | low);
    }
    out.resize(out.len() + room - digits.len() / 2, 0);
    Ok(())
}

/// Text, padded to its field. What is told, and a fault, has its place in characters of the value.
pub(super) fn write_text(
    step: &Step,
    value: &str,
    out: &mut Vec<u8>,
    told: &mut dyn FnMut(usize, &'static str),
) -> Result<(), Flaw> {
    let start = out.len();
    let prefix = if step.varlen { 2 } else { 0 };
    out.resize(start + prefix, 0);
    // Trailing blanks are padding and not the value's own, unless a length is written.
    let value = if step.varlen { value } else { value.trim_end_matches(' ') };
    let room = step.bytes - prefix;
    let written = step.text().write(value, room, out);
    written.map_err(|fault| Flaw::new(fault.code, fault.at, fault.detail))?;
    let used = out.len() - start - prefix;
    if used > room {
        return Err(TOO_LONG);
    }
    if step.varlen {
        let unit = if step.kind == Kind::Graphic { 2 } else { 1 };
        out[start..start + 2].copy_from_slice(&((used / unit) as u16).to_be_bytes());
    }
    text::pad(step.page, start + step.bytes, out);
    tell_written(&step.text(), value, told);
    Ok(())
}
