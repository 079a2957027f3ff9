//! Mending damaged text, where the field's rules allow it: bytes in, bytes that strict reading understands out.
//!
//! Mending never makes up a character; it adds a missing shift or leaves bytes out, tells each time what and where, and
//! remembers where every byte came from, so that a fault that remains is told at its true place. What the rules do not
//! allow stays as it is. One pass over the field, at most two bytes more than it has.
//!
//! Damage as it comes: RPG's MOVEL and %SUBST and SQL's CAST cut runs at both ends; FTP's TRIM takes the end of a field;
//! programs that know no shifts write over them (IBM i Globalization, "Processing double-byte data").

use crate::text::page::Page;
use crate::text::rules::{Repair, Rules};

const SHIFT_OUT: u8 = 0x0E;
const SHIFT_IN: u8 = 0x0F;
/// Double-byte codes are made of bytes from here on.
const FIRST_GRAPHIC: u8 = 0x40;

/// Bytes that were mended.
pub(super) struct Mended {
    pub(super) bytes: Vec<u8>,
    /// For each byte its place in the field; for those added, that of the byte before.
    origin: Vec<usize>,
    /// What was done, and where in the field.
    pub(super) done: Vec<(usize, Repair)>,
}

impl Mended {
    fn new(length: usize) -> Mended {
        Mended { bytes: Vec::with_capacity(length + 2), origin: Vec::with_capacity(length + 2), done: Vec::new() }
    }

    fn keep(&mut self, at: usize, byte: u8) {
        self.bytes.push(byte);
        self.origin.push(at);
    }

    fn note(&mut self, at: usize, repair: Repair) {
        self.done.push((at, repair));
    }

    /// The place in the field of a byte of the mended text.
    pub(super) fn place(&self, at: usize) -> usize {
        self.origin.get(at).or(self.origin.last()).copied().unwrap_or(0)
    }
}

/// Mends text with double-byte runs; in a field of `one` run only, a run that was parted is joined again.
pub(super) fn runs(rules: &Rules, bytes: &[u8], one: bool) -> Mended {
    let mut mended = Mended::new(bytes.len());
    let mut at = 0;
    if rules.allows(Repair::OpenRun) && begins_within_a_run(bytes, one) {
        mended.keep(0, SHIFT_OUT);
        mended.note(0, Repair::OpenRun);
        // The run ends with a whole character: an odd byte too many is the end of one that was cut.
        let run = bytes.iter().position(|b| *b == SHIFT_IN).unwrap_or(bytes.len());
        if !run.is_multiple_of(2) && rules.allows(Repair::DropHalf) {
            mended.note(0, Repair::DropHalf);
            at = 1;
        }
        at = run_from(rules, bytes, at, one, &mut mended);
    }
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        match byte {
            SHIFT_OUT if next == Some(&SHIFT_IN) && !one && rules.allows(Repair::DropEmptyRun) => {
                mended.note(at, Repair::DropEmptyRun);
                at += 2;
            }
            SHIFT_OUT => {
                mended.keep(at, byte);
                at = run_from(rules, bytes, at + 1, one, &mut mended);
            }
            SHIFT_IN if rules.allows(Repair::DropShift) => {
                mended.note(at, Repair::DropShift);
                at += 1;
            }
            _ => {
                mended.keep(at, byte);
                at += 1;
            }
        }
    }
    mended
}

/// Whether the first shift is SI (or, in a field that must begin with a run, is none) and double-byte codes stand
/// before it.
fn begins_within_a_run(bytes: &[u8], one: bool) -> bool {
    let shift = bytes.iter().position(|b| matches!(*b, SHIFT_OUT | SHIFT_IN));
    match shift {
        Some(at) => bytes[at] == SHIFT_IN && at > 0 && bytes[..at].iter().all(|b| *b >= FIRST_GRAPHIC),
        None => one && !bytes.is_empty() && bytes.iter().all(|b| *b >= FIRST_GRAPHIC),
    }
}

/// Whether the bytes are one run that begins with the neighbour and ends here, and may be opened.
pub(super) fn ends_a_run(rules: &Rules, bytes: &[u8]) -> bool {
    let whole = bytes.len() % 2 == 1 || rules.allows(Repair::DropHalf);
    rules.allows(Repair::OpenRun) && bytes.ends_with(&[SHIFT_IN]) && whole && begins_within_a_run(bytes, false)
}

/// Mends the run whose codes begin at `at`; gives the place after its SI.
fn run_from(rules: &Rules, bytes: &[u8], start: usize, one: bool, mended: &mut Mended) -> usize {
    let opened = start.saturating_sub(1);
    let mut at = start;
    loop {
        match bytes.get(at..).unwrap_or_default() {
            [] => {
                if rules.allows(Repair::CloseRun) {
                    mended.keep(opened, SHIFT_IN);
                    mended.note(opened, Repair::CloseRun);
                }
                return at;
            }
            [SHIFT_IN, SHIFT_OUT, ..] if one && rules.allows(Repair::DropShift) => {
                mended.note(at, Repair::DropShift);
                mended.note(at + 1, Repair::DropShift);
                at += 2;
            }
            [SHIFT_IN, ..] => {
                mended.keep(at, SHIFT_IN);
                return at + 1;
            }
            [SHIFT_OUT, ..] if rules.allows(Repair::DropShift) => {
                mended.note(at, Repair::DropShift);
                at += 1;
            }
            [control @ ..FIRST_GRAPHIC, ..] if *control != SHIFT_OUT && rules.allows(Repair::DropControl) => {
                mended.note(at, Repair::DropControl);
                at += 1;
            }
            [FIRST_GRAPHIC..=0xFF] | [FIRST_GRAPHIC..=0xFF, ..FIRST_GRAPHIC, ..] if rules.allows(Repair::DropHalf) => {
                mended.note(at, Repair::DropHalf);
                at += 1;
            }
            [lead, trail, ..] => {
                mended.keep(at, *lead);
                mended.keep(at + 1, *trail);
                at += 2;
            }
            [lead] => {
                mended.keep(at, *lead);
                at += 1;
            }
        }
    }
}

/// Mends a graphic field: two-byte codes that need no shifts.
pub(super) fn pairs(rules: &Rules, bytes: &[u8]) -> Mended {
    let mut mended = Mended::new(bytes.len());
    let mut at = 0;
    while let Some(&lead) = bytes.get(at) {
        let repair = match bytes.get(at + 1) {
            _ if matches!(lead, SHIFT_OUT | SHIFT_IN) => Some(Repair::DropShift),
            _ if lead < FIRST_GRAPHIC => Some(Repair::DropControl),
            None | Some(..FIRST_GRAPHIC) => Some(Repair::DropHalf),
            Some(_) => None,
        };
        match repair {
            Some(repair) if rules.allows(repair) => {
                mended.note(at, repair);
                at += 1;
            }
            _ => {
                let end = bytes.len().min(at + 2);
                (at..end).for_each(|place| mended.keep(place, bytes[place]));
                at = end;
            }
        }
    }
    mended
}

/// Mends text without runs: shifts in it, and half a character at its end, from `half` on.
pub(super) fn plain(rules: &Rules, page: Page, bytes: &[u8], half: Option<usize>) -> Mended {
    let mut mended = Mended::new(bytes.len());
    let drop_shifts = page.is_ebcdic() && rules.allows(Repair::DropShift);
    let end = half.filter(|_| rules.allows(Repair::DropHalf));
    for (at, &byte) in bytes.iter().enumerate().take(end.unwrap_or(bytes.len())) {
        match byte {
            SHIFT_OUT | SHIFT_IN if drop_shifts => mended.note(at, Repair::DropShift),
            _ => mended.keep(at, byte),
        }
    }
    if let Some(end) = end {
        mended.note(end, Repair::DropHalf);
    }
    mended
}
