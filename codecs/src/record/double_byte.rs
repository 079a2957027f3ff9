//! Fields that hold one double-byte run: J (only), E (either), and the padding of G (graphic).
//!
//! J is SO, pairs, SI and fills its bytes; pairs of 4040 (ideographic blanks) are its padding, and so is anything blank
//! after SI. An E field is the same or single-byte text without shift characters.

use crate::code::Code;
use crate::text::{self, Page, TextFault};

const OPEN: u8 = 0x0E;
const CLOSE: u8 = 0x0F;
const PAD: [u8; 2] = [0x40, 0x40];

/// Without trailing pairs of ideographic blanks.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while rest.len().is_multiple_of(2) && rest.ends_with(&PAD) {
        rest = &rest[..rest.len() - 2];
    }
    rest
}

/// Reads a J or E field; with a written length (VARLEN) no blank is padding.
pub(crate) fn decode(page: Page, bytes: &[u8], only: bool, varlen: bool, out: &mut String) -> Result<(), TextFault> {
    let content = if varlen { bytes } else { text::trim(page, bytes) };
    match content.split_first() {
        None => Ok(()),
        Some((&OPEN, run)) => {
            let Some(end) = run.iter().position(|b| *b == CLOSE) else {
                return Err(TextFault { code: Code::OPEN_RUN, at: 0, detail: "the double-byte run is not closed" });
            };
            if end + 1 != run.len() {
                return Err(TextFault {
                    code: Code::STRAY_SHIFT,
                    at: end + 2,
                    detail: "characters after the one double-byte run",
                });
            }
            let pairs = &run[..end];
            let kept = if varlen { pairs } else { trim(pairs) };
            text::decode_double(page, kept, out).map_err(|f| TextFault { at: f.at + 1, ..f })
        }
        Some(_) if only => {
            Err(TextFault { code: Code::STRAY_SHIFT, at: 0, detail: "the field does not begin with a double-byte run" })
        }
        Some(_) => match content.iter().position(|b| matches!(*b, OPEN | CLOSE)) {
            Some(at) => Err(TextFault { code: Code::STRAY_SHIFT, at, detail: "a shift character in single-byte text" }),
            None => text::decode(page, content, out),
        },
    }
}

/// Appends a J or E field: single-byte text where that is allowed and possible, else one run that fills `room` bytes
/// (or, with a written length, as many as it needs).
pub(crate) fn encode(
    page: Page,
    value: &str,
    only: bool,
    room: usize,
    varlen: bool,
    out: &mut Vec<u8>,
) -> Result<(), TextFault> {
    let start = out.len();
    if !only {
        text::encode(page, value, out)?;
        if !out[start..].contains(&OPEN) {
            return Ok(());
        }
        out.truncate(start);
    }
    out.push(OPEN);
    text::encode_double(page, value, out).inspect_err(|_| out.truncate(start))?;
    while !varlen && out.len() - start + 3 <= room {
        out.extend(PAD);
    }
    out.push(CLOSE);
    Ok(())
}
