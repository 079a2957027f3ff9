//! Lines that a file looks like, and the words that would cut them: all of one length, or text of any length.
//!
//! What is advised must work. A line end has another name in an EBCDIC file than in an ASCII one, and lines whose blanks
//! were cut off are shorter than any record of the layout: both decide the words.

use super::ending::LineEnding;
use super::kind::Framing;
use super::prefix::hex;
use super::sample::SEEN_MIN;
use crate::format::Format;
use crate::text::Page;

/// Bytes below are controls, in ASCII and in EBCDIC.
const BLANK: u8 = 0x20;
const BLANK_EBCDIC: u8 = 0x40;
const TAB: u8 = b'\t';
const SHIFTS: [u8; 2] = [0x0E, 0x0F];

/// What is known of a file's records besides their framing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    page: Page,
    /// Bytes of the shortest record that is whole.
    least: usize,
    /// Bytes of the longest.
    most: usize,
    /// Bytes of each record format, where they are the same.
    one: Option<usize>,
}

impl Known {
    pub(super) fn of(format: &Format) -> Known {
        let layouts = || format.records.iter().map(|record| &record.layout);
        let most = layouts().map(|layout| layout.length).max().unwrap_or_default();
        let one = layouts().all(|layout| layout.length == most).then_some(most);
        Known { page: format.page, least: layouts().map(|layout| layout.least).min().unwrap_or_default(), most, one }
    }
}

/// Lines of one length.
pub(super) struct EqualLines {
    /// Bytes of a line without its end.
    pub(super) length: usize,
    ending: LineEnding,
    word: &'static str,
    known: Option<Known>,
}

impl EqualLines {
    /// What was seen, and what to say instead.
    pub(super) fn told(&self) -> String {
        let (length, word, bytes) = (self.length, self.word, hex(self.ending.bytes()));
        let seen = format!("every {length} bytes a line end {bytes} stands");
        let exact = format!(
            "framing = \"lines\", length = {length}, line_end = \"{word}\" (--framing lines,{word},length={length})"
        );
        match self.known {
            Some(known) if length > known.most => {
                format!("{seen}, and the layout has only {} bytes: with one of {length} bytes {exact}", known.most)
            }
            Some(known) if known.one != Some(length) => {
                format!("{seen}, and the layout has {}: {}", known.bytes(), text(word, length < known.least))
            }
            _ => format!("{seen}: {exact}"),
        }
    }

    /// Whether each of at least so many lines has no other line end within.
    pub(super) fn are_many(&self, head: &[u8], least: usize) -> bool {
        let end = self.ending.bytes();
        let mut lines = head.chunks_exact(self.length + end.len());
        lines.len() >= least && lines.all(|line| !line[..self.length].windows(end.len()).any(|place| place == end))
    }
}

impl Known {
    /// `50 bytes`, `20 to 50 bytes`.
    fn bytes(&self) -> String {
        match self.least == self.most {
            true => format!("{} bytes", self.most),
            false => format!("{} to {} bytes", self.least, self.most),
        }
    }
}

/// The words of text lines; `short` says that blanks at their ends were cut off.
fn text(word: &str, short: bool) -> String {
    let (key, pad) = if short { (", short_records = \"pad\"", ",pad") } else { ("", "") };
    format!("framing = \"text-lines\", line_end = \"{word}\"{key} (--framing text-lines,{word}{pad})")
}

/// Lines that the beginning of a file consists of, in words.
pub(super) fn likely(framing: &Framing, known: Option<&Known>, head: &[u8], whole: bool) -> Option<String> {
    let equal = equal_lines(framing, known, head).map(|lines| lines.told());
    equal.or_else(|| varying_lines(framing, known?, head, whole))
}

/// The length that lines with such an end must have.
fn length_of(framing: &Framing, end: LineEnding) -> Option<usize> {
    match framing.records() {
        Framing::Lines { length, ending } if ending.is_ascii() == end.is_ascii() => Some(*length),
        _ => None,
    }
}

/// A line end at the same distance again and again.
pub(super) fn equal_lines(framing: &Framing, known: Option<&Known>, head: &[u8]) -> Option<EqualLines> {
    // A record may end in 0D, as packed fields do: where the layout's own length fits, it decides.
    let one = known.and_then(|known| known.one);
    let mut found: Vec<EqualLines> = endings(framing, known)
        .filter_map(|(ending, word)| {
            let end = ending.bytes();
            let length = head.windows(end.len()).position(|place| place == end).filter(|at| *at > 0)?;
            let mut lines = head.chunks_exact(length + end.len());
            let all = lines.len() >= SEEN_MIN && lines.all(|line| line.ends_with(end));
            all.then(|| EqualLines { length, ending, word, known: known.copied() })
        })
        .collect();
    // Lines that are cut already: a return before their ends would make lines of one byte more of them.
    if found.iter().any(|lines| Some(lines.length) == length_of(framing, lines.ending)) {
        return None;
    }
    let at = found.iter().position(|lines| Some(lines.length) == one).unwrap_or_default();
    (at < found.len()).then(|| found.swap_remove(at))
}

/// Lines of text, none of them longer than a record.
fn varying_lines(framing: &Framing, known: &Known, head: &[u8], whole: bool) -> Option<String> {
    let is_ebcdic = known.page.is_ebcdic();
    let is_text = |byte: &u8| match is_ebcdic {
        true => *byte >= BLANK_EBCDIC || SHIFTS.contains(byte),
        false => *byte >= BLANK || *byte == TAB,
    };
    endings(framing, Some(known)).find_map(|(ending, word)| {
        let (feed, before) = ending.bytes().split_last()?;
        let mut lines: Vec<&[u8]> = head.split(|byte| byte == feed).collect();
        // Nothing stands behind the last line end; or a line that lacks its end, or is cut where the beginning is.
        let last = lines.pop().filter(|last| whole && last.iter().all(is_text));
        let mut lines: Vec<&[u8]> = lines.into_iter().map(|line| line.strip_suffix(before)).collect::<Option<_>>()?;
        lines.extend(last.filter(|last| !last.is_empty()));
        let (shortest, longest) =
            (lines.iter().map(|line| line.len()).min()?, lines.iter().map(|line| line.len()).max()?);
        // Where lines are as long as they should be, a short one is damage, and no advice shall fill it up.
        let good = lines.iter().filter(|line| Some(line.len()) == length_of(framing, ending)).count();
        let fits = lines.len() >= SEEN_MIN && (1..=known.most).contains(&longest) && good * 2 < lines.len();
        (fits && lines.iter().all(|line| line.iter().all(is_text))).then(|| {
            let (end, words) = (hex(ending.bytes()), text(word, shortest < known.least));
            format!("lines of {shortest} to {longest} bytes end in {end}: {words}")
        })
    })
}

/// The line ends that may stand where a framing finds none, with their names in the file's page.
fn endings(framing: &Framing, known: Option<&Known>) -> impl Iterator<Item = (LineEnding, &'static str)> {
    let all = [
        (LineEnding::CrLf, "crlf", "0D0A"),
        (LineEnding::Lf, "lf", "0A"),
        (LineEnding::EbcdicCrLf, "crlf", "crlf"),
        (LineEnding::EbcdicLf, "lf", "lf"),
        (LineEnding::Nel, "nel", "nel"),
    ];
    let own = match framing.records() {
        Framing::Text(lines) => Some(lines.ending.is_ascii()),
        _ => None,
    };
    let any = match framing.records() {
        Framing::Delimited(_) | Framing::ByLayout(_) | Framing::Edged(_) => false,
        _ => known.is_none_or(|known| !known.page.is_wide()),
    };
    let is_ebcdic = known.map(|known| known.page.is_ebcdic());
    let named = move |(ending, ascii, ebcdic): (LineEnding, &'static str, &'static str)| match is_ebcdic {
        Some(true) => Some((ending, ebcdic)),
        // These ends have no name in an ASCII file, where 25 is a percent sign.
        Some(false) if !ending.is_ascii() => None,
        _ => Some((ending, ascii)),
    };
    all.into_iter().filter(move |(ending, ..)| any && own != Some(ending.is_ascii())).filter_map(named)
}
