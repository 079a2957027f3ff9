//! Text fields with rules of their own: justified, ideographic padding, cutting what is too long (D19).

use super::content::{characters, hex_cell, write_text};
use super::plan::Step;
use super::row::Cell;
use crate::fault::Flaw;
use crate::layout::{Kind, Rules};
use crate::text::Page;

/// What is told of a text that was cut.
const CUT: &str = "a text that is too long: cut at a character";

/// Reads a text field.
pub(super) fn read(
    step: &Step,
    rules: &Rules,
    bytes: &[u8],
    out: &mut String,
    repaired: &mut dyn FnMut(usize, &'static str),
) -> Result<Cell, Flaw> {
    if step.kind == Kind::Hex {
        return hex_cell(step, bytes, out);
    }
    let start = out.len();
    let lead = if rules.justified && !step.varlen { leading_blanks(step, bytes) } else { 0 };
    let content = bytes.get(lead..).unwrap_or_default();
    let read = characters(step, content, out, &mut |at, what| repaired(lead + at, what));
    read.map_err(|flaw| Flaw { at: flaw.at + lead, ..flaw })?;
    if rules.trim_ideographic {
        let kept = out[start..].trim_end_matches([' ', '\u{3000}']).len();
        out.truncate(start + kept);
    }
    Ok(Cell::Text(start as u32, out.len() as u32))
}

fn leading_blanks(step: &Step, bytes: &[u8]) -> usize {
    match step.kind {
        Kind::Char | Kind::Open => {
            let (blank, width) = blank(step.page);
            bytes.chunks(width).take_while(|character| *character == &blank[..width]).count() * width
        }
        _ => 0,
    }
}

/// The blank of a page and its bytes.
fn blank(page: Page) -> ([u8; 2], usize) {
    if page.is_wide() { ([0, b' '], 2) } else { ([page.blank(), 0], 1) }
}

/// Appends a text field.
pub(super) fn write(
    step: &Step,
    rules: &Rules,
    value: &str,
    out: &mut Vec<u8>,
    told: &mut dyn FnMut(usize, &'static str),
) -> Result<(), Flaw> {
    let value = match rules.trim_ideographic {
        true => value.trim_end_matches([' ', '\u{3000}']),
        false => value,
    };
    let room = step.bytes - if step.varlen { 2 } else { 0 };
    let value = if rules.cut { cut(step, value, room, told) } else { value };
    let start = out.len();
    write_text(step, value, out, told)?;
    if rules.justified && !step.varlen && matches!(step.kind, Kind::Char | Kind::Open) {
        let (blank, width) = blank(step.page);
        let characters = out[start..].rchunks(width);
        let trailing = characters.take_while(|character| *character == &blank[..width]).count() * width;
        out[start..].rotate_right(trailing);
    }
    Ok(())
}

/// The start of a text that its field has room for; a cut is told with its place in characters. Blanks that are padding
/// in any case are not missed.
pub(super) fn cut<'t>(step: &Step, value: &'t str, room: usize, told: &mut dyn FnMut(usize, &'static str)) -> &'t str {
    let value = if step.varlen { value } else { value.trim_end_matches(' ') };
    let kept = step.text().fit(value, room);
    if kept.len() < value.len() {
        told(kept.chars().count(), CUT);
    }
    kept
}
