//! A code page table: arrays that are indexed where the table file has them, nothing searched, nothing allocated.
//!
//! Reading a byte is one load, reading two bytes two, writing a character two. Every mapping goes both ways, except
//! the few that the generator names as encode-only. Private-use characters are in the tables: refusing them is up to
//! the codecs.

use std::cmp::Ordering;

/// Numbers as they stand in the files.
pub(super) type Word = [u8; 2];
/// The characters of the codes with one lead byte.
pub(super) type Row = [Word; 192];
/// The codes of 64 characters.
pub(super) type Block = [Word; 64];

/// First number of the four-byte codes of GB18030 that stand for the characters beyond U+FFFF, in order.
const FOURS_BEYOND: u32 = 189_000;
/// A row's values in this range are places in `beyond`; no table maps to a surrogate.
const SURROGATES: std::ops::RangeInclusive<u16> = 0xD800..=0xDFFF;
/// The last value that is not simply the character: a place in `beyond`, or private use.
const LAST_SPECIAL: u16 = 0xF8FF;
/// A single byte without a character.
const NONE: u16 = 0xFFFF;
/// Marks a byte whose character is not ASCII.
pub(super) const NOT_ASCII: u8 = 0x80;
/// Trail bytes begin here.
const FIRST_TRAIL: u8 = 0x40;

/// A code page, as parts of a table file.
#[derive(Clone, Copy)]
pub(super) struct Table {
    pub(super) single: &'static [Word; 256],
    pub(super) ascii: &'static [u8; 256],
    pub(super) leads: &'static [Word; 256],
    pub(super) rows: &'static [Row],
    pub(super) bases: &'static [Word],
    pub(super) beyond: &'static [[u8; 4]],
    pub(super) seconds: &'static [Word],
    pub(super) codes: Trie,
    pub(super) sequences: &'static [[u8; 8]],
    pub(super) by_number: &'static [[u8; 6]],
    pub(super) by_character: &'static [[u8; 6]],
}

/// Scalars to codes in two levels; 0 stands for nothing.
#[derive(Clone, Copy)]
pub(super) struct Trie {
    pub(super) index: &'static [Word],
    pub(super) blocks: &'static [Block],
}

/// Consecutive four-byte codes that stand for consecutive characters below U+10000.
struct Stretch {
    number: u32,
    scalar: u32,
    length: u32,
}

impl Stretch {
    fn read(entry: &[u8; 6]) -> Stretch {
        let [number, scalar, length] = [0, 2, 4].map(|at| u16::from_le_bytes([entry[at], entry[at + 1]]).into());
        Stretch { number, scalar, length }
    }
}

/// What a two-byte code stands for: a character, and for a few codes of JIS X 0213 and CNS 11643 one that combines
/// with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) first: char,
    pub(super) second: Option<char>,
}

impl Trie {
    #[inline]
    fn get(&self, character: char) -> u16 {
        let scalar = u32::from(character) as usize;
        let Some(&block) = self.index.get(scalar >> 6) else { return 0 };
        let Some(block) = self.blocks.get(usize::from(u16::from_le_bytes(block))) else { return 0 };
        u16::from_le_bytes(block[scalar & 63])
    }
}

impl Table {
    /// A table in which nothing is.
    pub(super) const EMPTY: Table = Table {
        single: &[[0xFF; 2]; 256],
        ascii: &[NOT_ASCII; 256],
        leads: &[[0; 2]; 256],
        rows: &[],
        bases: &[],
        beyond: &[],
        seconds: &[],
        codes: Trie { index: &[], blocks: &[] },
        sequences: &[],
        by_number: &[],
        by_character: &[],
    };

    /// For each byte its ASCII character, or [`NOT_ASCII`].
    pub(super) fn ascii(&self) -> &'static [u8; 256] {
        self.ascii
    }

    /// The character of a single byte.
    #[inline]
    pub(super) fn single(&self, byte: u8) -> Option<char> {
        match u16::from_le_bytes(self.single[usize::from(byte)]) {
            NONE => None,
            value => char::from_u32(value.into()),
        }
    }

    /// The UTF-16 unit of two bytes; 0, a surrogate or private use where there is more to say.
    #[inline(always)]
    pub(super) fn value(&self, lead: u8, trail: u8) -> u16 {
        let row = usize::from(u16::from_le_bytes(self.leads[usize::from(lead)]));
        let entry = self.rows.get(row).and_then(|row| row.get(usize::from(trail.wrapping_sub(FIRST_TRAIL))));
        entry.map_or(0, |entry| u16::from_le_bytes(*entry))
    }

    /// The character of two bytes, when it is below U+10000, alone, and not of private use: the quick way to nearly all.
    #[inline]
    pub(super) fn plain(&self, lead: u8, trail: u8) -> Option<char> {
        match self.value(lead, trail) {
            0 | 0xD800..=LAST_SPECIAL => None,
            value => char::from_u32(value.into()),
        }
    }

    /// What two bytes stand for.
    pub(super) fn double(&self, lead: u8, trail: u8) -> Option<Found> {
        let value = self.value(lead, trail);
        if value == 0 {
            return None;
        }
        if !SURROGATES.contains(&value) {
            return char::from_u32(value.into()).map(|first| Found { first, second: None });
        }
        let row = usize::from(u16::from_le_bytes(self.leads[usize::from(lead)]));
        let base = usize::from(u16::from_le_bytes(*self.bases.get(row)?));
        self.found(u32::from_le_bytes(*self.beyond.get(base + usize::from(value - SURROGATES.start()))?))
    }

    /// One or two characters that the file has as one number.
    fn found(&self, pair: u32) -> Option<Found> {
        let first = char::from_u32(pair & 0xFF_FFFF)?;
        let second = match pair >> 24 {
            0 => None,
            place => char::from_u32(u16::from_le_bytes(*self.seconds.get(place as usize)?).into()),
        };
        Some(Found { first, second })
    }

    /// The character of four bytes of GB18030 whose structure has been checked: beyond U+FFFF by formula.
    pub(super) fn four(&self, number: u32) -> Option<char> {
        if let Some(scalar) = number.checked_sub(FOURS_BEYOND) {
            return char::from_u32(scalar + 0x1_0000).filter(|_| self.has_four());
        }
        let found = search(self.by_number, |stretch| (stretch.number, stretch.length), number)?;
        char::from_u32(found.scalar + (number - found.number))
    }

    /// The code of a character: below 0100 one byte, else two.
    #[inline]
    pub(super) fn code(&self, character: char) -> Option<u16> {
        match self.codes.get(character) {
            0 if character != '\0' || self.codes.index.is_empty() => None,
            code => Some(code),
        }
    }

    /// The code of two characters that the page has as one.
    #[cold]
    pub(super) fn sequence(&self, first: char, second: char) -> Option<u16> {
        let place = self.seconds.iter().position(|s| u32::from(u16::from_le_bytes(*s)) == u32::from(second))?;
        let pair = u32::from(first) | u32::try_from(place).ok()? << 24;
        let entry = |entry: &[u8; 8]| u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]);
        let found = self.sequences.binary_search_by_key(&pair, entry).ok()?;
        let entry = self.sequences.get(found)?;
        Some(u16::from_le_bytes([entry[4], entry[5]]))
    }

    /// The number of a character's four-byte code in GB18030.
    pub(super) fn four_byte_code(&self, character: char) -> Option<u32> {
        let scalar = u32::from(character);
        if let Some(offset) = scalar.checked_sub(0x1_0000) {
            return self.has_four().then_some(FOURS_BEYOND + offset);
        }
        let found = search(self.by_character, |stretch| (stretch.scalar, stretch.length), scalar)?;
        Some(found.number + (scalar - found.scalar))
    }

    /// Whether the page has four-byte codes.
    pub(super) fn has_four(&self) -> bool {
        !self.by_number.is_empty()
    }

    /// Whether the page has codes that stand for two characters.
    pub(super) fn has_sequences(&self) -> bool {
        !self.sequences.is_empty()
    }
}

/// The stretch that holds a value, among stretches sorted by it.
fn search(entries: &'static [[u8; 6]], start: impl Fn(&Stretch) -> (u32, u32), wanted: u32) -> Option<Stretch> {
    let found = entries.binary_search_by(|entry| {
        let (first, length) = start(&Stretch::read(entry));
        match wanted {
            wanted if wanted < first => Ordering::Greater,
            wanted if wanted < first + length => Ordering::Equal,
            _ => Ordering::Less,
        }
    });
    found.ok().and_then(|place| entries.get(place)).map(Stretch::read)
}
