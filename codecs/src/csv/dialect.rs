//! What may differ from one CSV file to another, and what a spreadsheet makes of a cell.

use super::converted::is_converted;

/// The byte-order mark of UTF-8.
pub(super) const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];
/// Before bytes in hex that are no value of their field, but were kept.
pub(super) const RAW: &str = "raw:";
/// Digits that a spreadsheet keeps.
const SPREADSHEET_DIGITS: usize = 15;

/// How CSV is written and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Between cells: `,`, `;`, tab or `|`.
    pub delimiter: u8,
    /// How characters become bytes.
    pub encoding: Encoding,
    /// Text that looks like a formula gets an apostrophe in front.
    pub guard: bool,
    /// What becomes of digit strings that a spreadsheet would round.
    pub long_digits: LongDigits,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect { delimiter: b',', encoding: Encoding::Utf8, guard: true, long_digits: LongDigits::Plain }
    }
}

/// Characters to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-8 with a byte-order mark, by which Excel recognises it.
    Utf8Bom,
    /// GB 18030-2022.
    Gb18030,
}

/// Digit strings with leading zeros or more than 15 digits, and text that a spreadsheet takes for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LongDigits {
    /// Written as they are.
    #[default]
    Plain,
    /// `="0012"`, which Excel takes for text.
    Formula,
    /// A tab in front.
    Tab,
}

impl Dialect {
    /// The words that say how a file differs; what a spreadsheet alone needs is not among them.
    pub const WORDS: [&str; 6] = ["bom", "gb18030", "semicolon", "tab", "pipe", "no-guard"];
    /// Why a dialect is not possible.
    pub const IMPOSSIBLE: &str = "pipe and gb18030 do not go together: a pipe is half a character there";

    /// Takes one of the words; `false` where it is none.
    pub fn take(&mut self, word: &str) -> bool {
        match word {
            "bom" => self.encoding = Encoding::Utf8Bom,
            "gb18030" => self.encoding = Encoding::Gb18030,
            "semicolon" => self.delimiter = b';',
            "tab" => self.delimiter = b'\t',
            "pipe" => self.delimiter = b'|',
            "no-guard" => self.guard = false,
            _ => return false,
        }
        true
    }

    /// Whether the delimiter can be one: none that is half a character of the encoding, or part of a value.
    pub fn is_possible(&self) -> bool {
        match self.delimiter {
            b',' | b';' | b'\t' => true,
            b'|' => self.encoding != Encoding::Gb18030,
            _ => false,
        }
    }

    /// A text as it is written, before quotes.
    pub(super) fn dress(&self, text: &str, out: &mut String) {
        self.protect(self.is_long(text) || self.is_changed(text), text, out);
    }

    /// A date or time as it is written: a spreadsheet shall make its own of it.
    pub(super) fn dress_moment(&self, text: &str, out: &mut String) {
        self.protect(self.is_long(text), text, out);
    }

    fn protect(&self, protected: bool, text: &str, out: &mut String) {
        if protected {
            match self.long_digits {
                LongDigits::Formula => out.extend(["=\"", text, "\""]),
                LongDigits::Tab => out.extend(["\t", text]),
                LongDigits::Plain => out.push_str(text),
            }
            return;
        }
        if self.is_guarded(text) {
            out.push('\'');
        }
        out.push_str(text);
    }

    /// Whether a text gets an apostrophe: one that a spreadsheet would run, and without the guard one that would be taken
    /// for a protected digit string when it is read.
    fn is_guarded(&self, text: &str) -> bool {
        match self.guard {
            true => is_formula(text),
            false => self.protected(text.trim_start_matches('\'')).is_some(),
        }
    }

    /// The digits, or the text, within what protects them from a spreadsheet.
    fn protected<'a>(&self, text: &'a str) -> Option<&'a str> {
        let number = |text: &&str| {
            let digits = text.bytes().any(|b| b.is_ascii_digit());
            let only = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'E'));
            (digits && only) || is_converted(text)
        };
        let wrapped = match self.long_digits {
            LongDigits::Formula => text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')),
            LongDigits::Tab => text.strip_prefix('\t'),
            LongDigits::Plain => None,
        };
        wrapped.filter(number)
    }

    /// Whether a text is a digit string that another dialect protects.
    pub(super) fn is_of_another(&self, text: &str) -> bool {
        let formula = Dialect { long_digits: LongDigits::Formula, ..*self };
        self.guard && self.long_digits != LongDigits::Formula && formula.protected(text).is_some()
    }

    /// A number as it is written: a spreadsheet would round a long one.
    pub(super) fn dress_number(&self, text: &str, out: &mut String) {
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        match self.long_digits {
            LongDigits::Formula if digits > SPREADSHEET_DIGITS => out.extend(["=\"", text, "\""]),
            LongDigits::Tab if digits > SPREADSHEET_DIGITS => out.extend(["\t", text]),
            _ => out.push_str(text),
        }
    }

    /// What was there before it was dressed.
    pub(super) fn undress<'a>(&self, text: &'a str) -> &'a str {
        // Text of its own that looks like this has an apostrophe in front.
        match (self.protected(text), text.strip_prefix('\'')) {
            (Some(inner), _) => inner,
            (None, Some(inner)) if self.is_guarded(inner) => inner,
            _ => text,
        }
    }

    fn is_long(&self, text: &str) -> bool {
        self.long_digits != LongDigits::Plain
            && text.bytes().all(|b| b.is_ascii_digit())
            && (text.len() > SPREADSHEET_DIGITS || (text.len() > 1 && text.starts_with('0')))
    }

    fn is_changed(&self, text: &str) -> bool {
        self.long_digits != LongDigits::Plain && is_converted(text)
    }
}

/// Whether a spreadsheet would run it: `=`, `+`, `-`, `@`, tab or CR, behind any apostrophes.
fn is_formula(text: &str) -> bool {
    matches!(text.trim_start_matches('\'').bytes().next(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_undressed_with_their_exponents() {
        for long_digits in [LongDigits::Formula, LongDigits::Tab] {
            let dialect = Dialect { long_digits, ..Dialect::default() };
            for number in ["-1.000000000000001E+100", "1234567890123456E-3", "1234567890123456.7"] {
                let mut out = String::new();
                dialect.dress_number(number, &mut out);
                assert!(out.len() > number.len());
                assert_eq!(dialect.undress(&out), number);
            }
        }
    }

    #[test]
    fn what_is_dressed_is_undressed_to_the_same() {
        let texts = [
            "",
            "a",
            "=1+1",
            "+1",
            "-1",
            "@x",
            "\tx",
            "\rx",
            "'=1",
            "''=1",
            "'a",
            "'",
            "0012",
            "1234567890123456",
            "12",
            "=\"0012\"",
            "=\"12\"",
            "''=\"12\"",
            "\t12",
            "\t0012",
            "'\t0012",
            "0",
            "00",
            "金=1",
            "3-4",
            "1/2",
            "12E3",
            "TRUE",
            "=\"3-4\"",
            "'=\"TRUE\"",
            "\t1/2",
            "3月4日",
        ];
        for guard in [true, false] {
            for long_digits in [LongDigits::Plain, LongDigits::Formula, LongDigits::Tab] {
                let dialect = Dialect { guard, long_digits, ..Dialect::default() };
                for text in texts.iter() {
                    let mut out = String::new();
                    dialect.dress(text, &mut out);
                    assert_eq!(dialect.undress(&out), *text, "{guard} {long_digits:?} {out:?}");
                    assert!(!guard || out.starts_with(['\'', '\t']) || out.starts_with("=\"") || !is_formula(&out));
                }
            }
        }
    }
}
