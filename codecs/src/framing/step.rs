//! What a gauge finds at the front of some bytes, and what it remarks.

use super::fault::Wrong;
use crate::code::Code;

/// The next step of cutting.
#[derive(Debug)]
pub(super) enum Step {
    /// At least so many bytes are needed.
    More(usize),
    /// So many bytes belong to no record.
    Skip(usize),
    /// A record, whole or its last segment.
    Record(Frame),
    /// A segment that others follow.
    Segment(Frame),
    /// Nothing but what may follow the last record.
    End,
    /// It cannot go on.
    Fault(Box<Trouble>),
}

/// Where a record lies at the front of some bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frame {
    /// Bytes before it.
    pub(super) front: usize,
    /// Its own.
    pub(super) length: usize,
    /// Bytes behind it.
    pub(super) back: usize,
    /// Blanks that it lacks.
    pub(super) pad: usize,
}

/// What is wrong at the front of some bytes.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) code: Code,
    pub(super) wrong: Wrong,
    pub(super) hint: Option<String>,
}

impl Trouble {
    pub(super) fn other(wrong: Wrong) -> Trouble {
        Trouble { code: Code::LENGTH, wrong, hint: None }
    }
}

impl Step {
    pub(super) fn record(front: usize, length: usize, back: usize) -> Step {
        Step::Record(Frame { front, length, back, pad: 0 })
    }

    pub(super) fn fault(wrong: Wrong) -> Step {
        Step::Fault(Box::new(Trouble::other(wrong)))
    }

    pub(super) fn short(have: usize, want: usize) -> Step {
        Step::fault(Wrong::Short { have, want })
    }

    pub(super) fn other(words: impl Into<String>, hint: Option<&str>) -> Step {
        let (wrong, hint) = (Wrong::Other(words.into()), hint.map(str::to_owned));
        Step::Fault(Box::new(Trouble { code: Code::LENGTH, wrong, hint }))
    }
}

/// Legal oddities of a file.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Oddities {
    /// What is to be said of it.
    pub(super) bom: Option<&'static str>,
    /// Records of nothing but 00 before the end.
    pub(super) nulls: u64,
    pub(super) tail: u64,
    pub(super) tail_byte: u8,
    pub(super) no_last_ending: bool,
    pub(super) other_endings: u64,
    pub(super) padded: u64,
    pub(super) blocked: bool,
}

impl Oddities {
    /// For people.
    pub(super) fn remarks(&self) -> Vec<String> {
        let Oddities { bom, nulls, tail, tail_byte, no_last_ending, other_endings, padded, blocked } = *self;
        let mut remarks = Vec::new();
        remarks.extend(bom.map(str::to_owned));
        if other_endings > 0 {
            remarks.push(format!("{other_endings} lines end in another line end than the format's"));
        }
        if padded > 0 {
            remarks.push(format!("{padded} lines were short and were filled with blanks"));
        }
        if no_last_ending {
            remarks.push("the last line has no line end".to_owned());
        }
        if blocked {
            remarks
                .push("the first record is a chain of records with an RDW each: perhaps framing = \"vb\"".to_owned());
        }
        if nulls > 0 {
            let last = if nulls == 1 { "last record is".to_owned() } else { format!("last {nulls} records are") };
            remarks.push(format!("the {last} nothing but 00: perhaps what fills a block, and no record"));
        }
        if tail > 0 {
            remarks.push(format!("{tail} bytes {tail_byte:02X} follow the last record"));
        }
        remarks
    }
}

/// EFBBBF, the BOM of UTF-8.
pub(super) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];
/// What is said of one before lines.
pub(super) const BEFORE_LINE: &str = "a BOM (EFBBBF) stands before the first line";

/// Most bytes 1A or 00 that may follow the last record where a record's own beginning looks like them.
const TAIL_MAX: usize = 64 << 10;

/// The byte that a legal tail consists of.
pub(super) fn tail_byte(rest: &[u8]) -> Option<u8> {
    let first = *rest.first()?;
    (matches!(first, 0x1A | 0x00) && rest.iter().all(|b| *b == first)).then_some(first)
}

/// What the bytes up to the end of the file are.
pub(super) enum Tail {
    /// Not a legal tail.
    No,
    /// It takes so many bytes to say.
    Unknown(usize),
    /// A run of one byte, and then the file ends.
    Run,
}

/// Whether nothing but 1A or 00 follows up to the end of the file.
pub(super) fn tail(rest: &[u8], at_end: bool) -> Tail {
    match tail_byte(rest) {
        Some(_) if at_end => Tail::Run,
        Some(_) if rest.len() < TAIL_MAX => Tail::Unknown(TAIL_MAX),
        _ => Tail::No,
    }
}
