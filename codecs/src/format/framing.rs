//! Reading how a file is framed from the keys of a file format.
//!
//! What is not said has one meaning: IBM's (big-endian words that count themselves, doubled string delimiters). Lengths
//! are held against the layouts elsewhere ([`Frames::check`]), and so are the words of a command line turned into keys.

use super::frames::Frames;
use crate::framing::delimited::{Delimited, Pairs, RecordEnd};
use crate::framing::ending::LineEnding;
use crate::framing::kind::{
    BLOCK_DEFAULT, Blocks, ByLayout, EDGE_LIMIT, Edge, Framing, LengthField, LengthNumber, RECORD_DEFAULT_MAX,
    RECORD_LIMIT, Rdw, TextLines,
};
use crate::record::Short;
use crate::source::Section;
use crate::text::{self, Page};
use std::sync::Arc;

#[derive(Clone, Copy)]
enum Word {
    Fixed,
    Lines,
    TextLines,
    Rdw,
    Blocks { spanned: bool },
    LengthField,
    Delimited,
    ByLayout,
}

const WORDS: &[(&str, Word)] = &[
    ("fixed", Word::Fixed),
    ("lines", Word::Lines),
    ("text-lines", Word::TextLines),
    ("rdw", Word::Rdw),
    ("vb", Word::Blocks { spanned: false }),
    ("vbs", Word::Blocks { spanned: true }),
    ("length-field", Word::LengthField),
    ("delimited", Word::Delimited),
    ("by-layout", Word::ByLayout),
];

/// Characters that are awkward to write, by name.
const CHARACTERS: &[(&str, &str)] =
    &[("comma", ","), ("semicolon", ";"), ("tab", "\t"), ("pipe", "|"), ("quote", "\""), ("apostrophe", "'")];

/// Reads the keys; faults are noted in the source. A framing by layout has no lengths yet: [`Frames::check`] gives them.
pub(super) fn read(root: &Section<'_>, page: Page) -> Option<Frames> {
    if !root.has("framing") {
        root.need_text("framing");
    }
    let word = root.choice("framing", WORDS);
    let edges = (edge(root, "header_bytes", "header_hex"), edge(root, "trailer_bytes", "trailer_hex"));
    let keys = Keys { root, page };
    let varies = matches!(word?, Word::Rdw | Word::Blocks { .. } | Word::LengthField);
    let short = match varies || (matches!(word?, Word::TextLines) && !root.has("length")) {
        true => {
            let words = [("refuse", Short::Refuse), ("absent", Short::Absent), ("pad", Short::Pad)];
            keys.choice_or("short_records", &words)?
        }
        false => Short::Refuse,
    };
    let framing = match word? {
        Word::Fixed => Framing::Fixed { length: keys.length()? },
        Word::Lines => {
            let (length, ending) = (keys.length(), keys.line_end());
            Framing::Lines { length: length?, ending: ending? }
        }
        Word::TextLines => keys.text_lines()?,
        Word::Rdw => Framing::Rdw(keys.rdw()?),
        Word::Blocks { spanned } => {
            let (rdw, block_bytes) = (keys.rdw(), keys.number("block_bytes", 16, 32_760, BLOCK_DEFAULT));
            Framing::Blocks(Blocks { rdw: rdw?, spanned, block_bytes: block_bytes? })
        }
        Word::LengthField => keys.length_field()?,
        Word::Delimited => keys.delimited()?,
        Word::ByLayout => {
            let ending = match root.text("line_end") {
                Some(_) => Some(keys.line_end()?),
                None => None,
            };
            Framing::ByLayout(Arc::new(ByLayout { lengths: Vec::new(), ending }))
        }
    };
    Some(Frames { framing: framing.within(edges.0?, edges.1?), short })
}

struct Keys<'s, 'a> {
    root: &'s Section<'a>,
    page: Page,
}

impl Keys<'_, '_> {
    fn choice_or<T: Copy>(&self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let found = self.root.choice(key, words);
        if self.root.has(key) { found } else { words.first().map(|(_, value)| *value) }
    }

    fn flag_or(&self, key: &str, default: bool) -> Option<bool> {
        let found = self.root.flag(key);
        if self.root.has(key) { found } else { Some(default) }
    }

    fn number(&self, key: &str, least: usize, most: usize, default: usize) -> Option<usize> {
        let found = self.root.number_in(key, least as i64..=most as i64);
        if self.root.has(key) { found.and_then(|n| usize::try_from(n).ok()) } else { Some(default) }
    }

    /// `length`, which must be there.
    fn length(&self) -> Option<usize> {
        if !self.root.has("length") {
            self.root.fault("length", "is missing; bytes of a record without its line end are needed");
        }
        usize::try_from(self.root.number_in("length", 1..=RECORD_LIMIT as i64)?).ok()
    }

    fn max(&self) -> Option<usize> {
        self.number("record_max_bytes", 1, RECORD_LIMIT, RECORD_DEFAULT_MAX)
    }

    fn line_end(&self) -> Option<LineEnding> {
        if !self.root.has("line_end") {
            self.root.need_text("line_end");
        }
        if self.page.is_wide() {
            let name = self.page.name();
            self.root
                .fault("line_end", format_args!("{name} has two bytes a character: its files are cut by length only"));
            return None;
        }
        match self.page.is_ebcdic() {
            true => {
                let words = [
                    ("lf", LineEnding::EbcdicLf),
                    ("crlf", LineEnding::EbcdicCrLf),
                    ("nel", LineEnding::Nel),
                    ("0A", LineEnding::ForeignLf),
                    ("0D0A", LineEnding::CrLf),
                ];
                self.root.choice("line_end", &words)
            }
            false => self.root.choice("line_end", &[("lf", LineEnding::Lf), ("crlf", LineEnding::CrLf)]),
        }
    }

    fn text_lines(&self) -> Option<Framing> {
        let ending = self.line_end();
        let length = match self.root.number("length") {
            Some(_) => Some(self.length()?),
            None => None,
        };
        let pad = match length {
            Some(_) => self.choice_or("short_lines", &[("refuse", None), ("pad", Some(self.page.blank()))])?,
            None => None,
        };
        let max = if length.is_some() { length } else { self.max() };
        Some(Framing::Text(TextLines { length, pad, ending: ending?, max: max? }))
    }

    fn little(&self) -> Option<bool> {
        self.choice_or("endian", &[("big", false), ("little", true)])
    }

    fn rdw(&self) -> Option<Rdw> {
        let (little, counts_itself, max) = (self.little(), self.flag_or("counts_itself", true), self.max());
        Some(Rdw { little: little?, counts_itself: counts_itself?, max: max? })
    }

    fn length_field(&self) -> Option<Framing> {
        for key in ["length_at", "length_bytes"] {
            if !self.root.has(key) {
                self.root.fault(key, "is missing; where the length stands, from 1, and its bytes are needed");
            }
        }
        let at = self.number("length_at", 1, 65_536, 1);
        let bytes = self.number("length_bytes", 1, 8, 4);
        let digits = self.choice_or("length_type", &[("binary", false), ("digits", true)]);
        let (little, max) = (self.little(), self.max());
        let adjust = self.root.number_in("adjust_bytes", -65_536..=65_536);
        let adjust = if self.root.has("adjust_bytes") { adjust } else { Some(0) };
        let kept = self.flag_or("keeps_length", true);
        let number = match (digits?, little?) {
            (true, _) => LengthNumber::Digits { ebcdic: self.page.is_ebcdic() },
            (false, true) => LengthNumber::Little,
            (false, false) => LengthNumber::Big,
        };
        let (at, kept) = (at? - 1, kept?);
        if !kept && at > 0 {
            self.root.fault("keeps_length", "only a length that stands first can be taken away: length_at = 1");
        }
        Some(Framing::LengthField(LengthField { at, bytes: bytes?, number, adjust: adjust?, kept, max: max? }))
    }

    fn delimited(&self) -> Option<Framing> {
        let field = self.character("field_delimiter", ",");
        let quote = self.character("quote", "\"");
        let escape = self.character("escape", "");
        let point = self.choice_or("decimal_point", &[(".", b'.'), (",", b',')]);
        let end = match self.root.text("record_delimiter") {
            Some(_) => self.character("record_delimiter", "")?.map(RecordEnd::Byte),
            None => Some(RecordEnd::Line(self.line_end()?)),
        };
        let max = self.max();
        let pairs = match self.page {
            page if page.is_mixed() => Pairs::Shifted,
            page if has_low_trails(page) => Pairs::Lead,
            _ => Pairs::None,
        };
        let (field, quote, end, blank) = (field?, quote?, end, self.page.blank());
        let Some((field, end)) = field.zip(end) else {
            self.root.fault("field_delimiter", "the delimiters of fields and of records must be one character each");
            return None;
        };
        // An escape that is the string delimiter itself is the rule without one.
        let escape = escape?.filter(|escape| quote.is_some_and(|quote| quote != *escape));
        let same = |byte: u8| quote == Some(byte) || escape == Some(byte);
        if same(field) || matches!(end, RecordEnd::Byte(byte) if same(byte) || byte == field) {
            self.root.fault("field_delimiter", "two of the delimiters are the same character");
            return None;
        }
        Some(Framing::Delimited(Delimited { field, quote, escape, end, pairs, point: point?, blank, max: max? }))
    }

    /// A key's one character in the file's page; nothing if it is empty.
    #[allow(clippy::option_option)] // a fault, no character, a character
    fn character(&self, key: &str, default: &str) -> Option<Option<u8>> {
        let given = self.root.text(key);
        let given = if self.root.has(key) { given? } else { default.to_owned() };
        if given.is_empty() {
            return Some(None);
        }
        let named = CHARACTERS.iter().find(|(name, _)| *name == given).map_or(given.as_str(), |(_, text)| text);
        let mut bytes = Vec::new();
        match (text::encode(self.page, named, &mut bytes), bytes.as_slice()) {
            (Ok(()), [byte]) => Some(Some(*byte)),
            _ => {
                let names: Vec<_> = CHARACTERS.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                self.root
                    .fault(key, format_args!("`{given}` is not one byte in the file's code page; by name: {names}"));
                None
            }
        }
    }
}

/// Whether the second byte of a character may be that of an ASCII letter or sign: GBK, GB 18030, Big5.
fn has_low_trails(page: Page) -> bool {
    !page.is_ebcdic() && !page.is_wide() && page != Page::Utf8
}

fn edge(root: &Section<'_>, bytes: &str, hex: &str) -> Option<Edge> {
    let length = root.number_in(bytes, 0..=EDGE_LIMIT as i64);
    let length = if root.has(bytes) { usize::try_from(length?).ok()? } else { 0 };
    let Some(text) = root.text(hex) else { return Some(Edge { length, begins: Vec::new() }) };
    let digits: String = text.split_whitespace().collect();
    let pairs = digits.as_bytes().chunks(2);
    let begins: Option<Vec<u8>> = pairs
        .map(|pair| {
            std::str::from_utf8(pair).ok().filter(|p| p.len() == 2).and_then(|p| u8::from_str_radix(p, 16).ok())
        })
        .collect();
    match begins {
        Some(begins) if begins.len() <= length => Some(Edge { length, begins }),
        Some(_) => {
            root.fault(hex, format_args!("has more bytes than {bytes} = {length}"));
            None
        }
        None => {
            root.fault(hex, "is not two hex digits a byte");
            None
        }
    }
}
