//! Code page tables: packed files expanded once into arrays that are indexed, never searched.
//!
//! `tables/generate.py` writes the packed files and describes their format. A [`Table`] is expanded at the first use
//! of its page and then shared; no lookup allocates. Every mapping goes both ways, except the few that the generator
//! names as encode-only, which stand apart. Private-use characters are in the tables: refusing them is up to the
//! codecs. A damaged packed file gives an empty table, so that everything is refused rather than misread; a test
//! checks the digests of the files.

use crate::text::page::Page;
use std::sync::OnceLock;

/// One past the last four-byte code of GB18030 that stands for a character below U+10000.
const FOUR_BYTE_CODES: u32 = 39_420;
/// Codes of the packed format from here on are four-byte codes.
const FOUR_BYTE_START: u32 = 0x1_0000;
/// Entries of the double-byte array in this range point into `beyond`; no table maps to a surrogate.
const SURROGATES: std::ops::RangeInclusive<u16> = 0xD800..=0xDFFF;
/// A single byte without a character.
const NONE: u16 = 0xFFFF;
/// Marks a byte whose character is not ASCII.
pub(super) const NOT_ASCII: u8 = 0x80;

/// A code page, expanded.
pub(super) struct Table {
    single: [u16; 256],
    ascii: [u8; 256],
    double: Vec<u16>,
    beyond: Vec<char>,
    four: Vec<u16>,
    codes: Trie,
    fours: Trie,
    encode_only: Vec<(char, u16)>,
}

/// Scalars to 16-bit values in two levels; 0 stands for nothing.
#[derive(Default)]
struct Trie {
    index: Vec<u16>,
    blocks: Vec<[u16; 256]>,
}

impl Trie {
    fn set(&mut self, scalar: u32, value: u16) {
        let high = (scalar >> 8) as usize;
        if self.blocks.is_empty() {
            self.blocks.push([0; 256]);
        }
        if self.index.len() <= high {
            self.index.resize(high + 1, 0);
        }
        if self.index[high] == 0 {
            self.index[high] = self.blocks.len() as u16;
            self.blocks.push([0; 256]);
        }
        self.blocks[usize::from(self.index[high])][(scalar & 0xFF) as usize] = value;
    }

    fn get(&self, character: char) -> u16 {
        let scalar = u32::from(character);
        let block = self.index.get((scalar >> 8) as usize).and_then(|&i| self.blocks.get(usize::from(i)));
        block.map_or(0, |values| values[(scalar & 0xFF) as usize])
    }
}

impl Table {
    /// The table of a page; UTF-8 needs none and has an empty one.
    pub(super) fn of(page: Page) -> &'static Table {
        macro_rules! packed {
            ($file:literal) => {{
                static TABLE: OnceLock<Table> = OnceLock::new();
                TABLE.get_or_init(|| Table::expand(include_bytes!(concat!("../../tables/", $file, ".bin"))))
            }};
        }
        match page {
            Page::Cp37 => packed!("37"),
            Page::Cp836 => packed!("836"),
            Page::Cp935 | Page::Cp1388 => packed!("935-1388"),
            Page::Cp935Classic => packed!("935-classic"),
            Page::Cp1388Of2001 => packed!("1388-2001"),
            Page::Gbk => packed!("gbk"),
            Page::Gbk936 => packed!("gbk-936"),
            Page::Gb18030Of2005 => packed!("gb18030-2005"),
            Page::Gb18030Of2022 => packed!("gb18030-2022"),
            Page::Utf8 => {
                static NOTHING: OnceLock<Table> = OnceLock::new();
                NOTHING.get_or_init(Table::empty)
            }
        }
    }

    fn empty() -> Table {
        Table {
            single: [NONE; 256],
            ascii: [NOT_ASCII; 256],
            double: Vec::new(),
            beyond: Vec::new(),
            four: Vec::new(),
            codes: Trie::default(),
            fours: Trie::default(),
            encode_only: Vec::new(),
        }
    }

    fn expand(packed: &[u8]) -> Table {
        Table::read(packed).unwrap_or_else(Table::empty)
    }

    fn read(packed: &[u8]) -> Option<Table> {
        let mut table = Table::empty();
        let mut packed = Packed(packed.strip_prefix(b"FPT1")?);
        packed.list(&mut |code, character| table.add(code, character))?;
        let one_way = &mut table.encode_only;
        packed.list(&mut |code, character| {
            one_way.push((character, u16::try_from(code).ok()?));
            Some(())
        })?;
        packed.0.is_empty().then_some(table)
    }

    fn add(&mut self, code: u32, character: char) -> Option<()> {
        let scalar = u32::from(character);
        if let Some(number) = code.checked_sub(FOUR_BYTE_START) {
            self.four.resize(FOUR_BYTE_CODES as usize, 0);
            *self.four.get_mut(number as usize)? = u16::try_from(scalar).ok()?;
            self.fours.set(scalar, u16::try_from(number + 1).ok()?);
            return Some(());
        }
        if code < 0x100 {
            self.single[code as usize] = u16::try_from(scalar).ok()?;
            self.ascii[code as usize] = u8::try_from(scalar).unwrap_or(NOT_ASCII).min(NOT_ASCII);
        } else {
            self.double.resize(1 << 16, 0);
            self.double[code as usize] = match u16::try_from(scalar) {
                Ok(value) => value,
                Err(_) => {
                    self.beyond.push(character);
                    SURROGATES.start() + u16::try_from(self.beyond.len() - 1).ok()?
                }
            };
        }
        self.codes.set(scalar, code as u16);
        Some(())
    }

    /// For each byte its ASCII character, or [`NOT_ASCII`].
    pub(super) fn ascii(&self) -> &[u8; 256] {
        &self.ascii
    }

    /// The character of a single byte.
    #[inline]
    pub(super) fn single(&self, byte: u8) -> Option<char> {
        let value = self.single[usize::from(byte)];
        if value == NONE { None } else { char::from_u32(value.into()) }
    }

    /// The character of two bytes.
    #[inline]
    pub(super) fn double(&self, lead: u8, trail: u8) -> Option<char> {
        let value = *self.double.get(usize::from(u16::from_be_bytes([lead, trail])))?;
        match char::from_u32(value.into()) {
            Some('\0') => None,
            None => self.beyond.get(usize::from(value - SURROGATES.start())).copied(),
            found => found,
        }
    }

    /// The character of four bytes of GB18030 whose structure has been checked: beyond U+FFFF by formula.
    pub(super) fn four(&self, number: u32) -> Option<char> {
        if let Some(scalar) = number.checked_sub(189_000) {
            return char::from_u32(scalar + 0x1_0000).filter(|_| !self.four.is_empty());
        }
        self.four.get(number as usize).and_then(|&value| char::from_u32(value.into())).filter(|&c| c != '\0')
    }

    /// The code of a character: below 0100 one byte, else two.
    ///
    /// What the table would not read back as the same character is not a code, except where it is encode-only.
    #[inline]
    pub(super) fn code(&self, character: char) -> Option<u16> {
        let code = self.codes.get(character);
        let read_back = match code.to_be_bytes() {
            [0, byte] => self.single(byte),
            [lead, trail] => self.double(lead, trail),
        };
        if read_back == Some(character) {
            return Some(code);
        }
        self.encode_only.iter().find(|(c, _)| *c == character).map(|&(_, code)| code)
    }

    /// The number of a character's four-byte code in GB18030.
    pub(super) fn four_byte_code(&self, character: char) -> Option<u32> {
        let number = match u32::from(character).checked_sub(0x1_0000) {
            Some(offset) => 189_000 + offset,
            None => u32::from(self.fours.get(character)).checked_sub(1)?,
        };
        (self.four(number) == Some(character)).then_some(number)
    }

    /// Whether the page has double-byte codes.
    pub(super) fn has_double(&self) -> bool {
        !self.double.is_empty()
    }

    /// Whether the page has four-byte codes.
    pub(super) fn has_four(&self) -> bool {
        !self.four.is_empty()
    }
}

/// A packed table that is being read.
struct Packed<'a>(&'a [u8]);

impl Packed<'_> {
    fn number(&mut self) -> Option<u32> {
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u32::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn list(&mut self, found: &mut dyn FnMut(u32, char) -> Option<()>) -> Option<()> {
        let (mut code, mut last) = (0u32, 0u32);
        for _ in 0..self.number()? {
            code = code.checked_add(self.number()?)?;
            let mut left = self.number()?;
            while left > 0 {
                let token = self.number()?;
                let repeats = if token == 0 { self.number()? } else { 0 };
                let step = if token & 1 == 0 { token >> 1 } else { (token >> 1).wrapping_add(1).wrapping_neg() };
                for _ in 0..=repeats {
                    last = last.wrapping_add(step).wrapping_add(1);
                    found(code, char::from_u32(last)?)?;
                    code += 1;
                    left = left.checked_sub(1)?;
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 41 and 4040..4042 go both ways, U+30FB is written as 4041.
    const PACKED: &[u8] = b"FPT1\x02\x41\x01\x80\x01\xfe\x7f\x03\x80\xbf\x01\x00\x01\x01\xc1\x80\x01\x01\xf4\xc3\x01";

    #[test]
    fn a_packed_table_expands() {
        let table = Table::read(PACKED).unwrap();
        assert_eq!(table.single(0x41), Some('A'));
        assert_eq!(table.single(0x42), None);
        assert_eq!(table.double(0x40, 0x40), Some('\u{3002}'));
        assert_eq!(table.double(0x40, 0x42), Some('\u{3004}'));
        assert_eq!(table.code('\u{3003}'), Some(0x4041));
        assert_eq!(table.code('\u{30FB}'), Some(0x4041));
        assert_eq!(table.code('\0'), None);
        assert!(!table.has_four());
    }

    #[test]
    fn a_damaged_table_refuses_everything() {
        for length in 0..PACKED.len() {
            assert!(Table::read(&PACKED[..length]).is_none(), "{length}");
        }
        assert_eq!(Table::expand(b"FPT1\x01").single(0x41), None);
        assert_eq!(Table::expand(b"FPT1\x01").code('A'), None);
    }

    #[test]
    fn codes_beyond_the_first_plane_and_of_four_bytes_are_found() {
        let table = Table::of(Page::Cp1388);
        assert_eq!(table.double(0xCE, 0x57), Some('\u{20087}'));
        assert_eq!(table.code('\u{20087}'), Some(0xCE57));
        let table = Table::of(Page::Gb18030Of2022);
        assert_eq!(table.four_byte_code('\u{10FFFF}'), Some(189_000 + 0xF_FFFF));
        assert_eq!(table.four(39_420), None);
        assert_eq!(table.four(189_000 + 0x10_0000), None);
        assert_eq!(table.code('\0'), Some(0));
    }
}
