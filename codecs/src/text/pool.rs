//! The table files, cut into their sections while the program is compiled.
//!
//! `tables/pack.py` writes the files and describes their form; they are used where they lie, so that no page costs
//! memory or time before its first use. A file that does not fit its description does not compile.

#![allow(clippy::panic, reason = "it stops the compiler, never the program")]

use crate::text::page::Page;
use crate::text::structure::Pool;
use crate::text::table::{Table, Trie, Word};

static SINGLE: [Table; count(include_bytes!("../../tables/single.bin"))] =
    tables(include_bytes!("../../tables/single.bin"));
static EBCDIC: [Table; count(include_bytes!("../../tables/ebcdic.bin"))] =
    tables(include_bytes!("../../tables/ebcdic.bin"));
static ASCII: [Table; count(include_bytes!("../../tables/ascii.bin"))] =
    tables(include_bytes!("../../tables/ascii.bin"));

static NOTHING: Table = Table::EMPTY;

/// The table of a page; pages made by rule need none and have an empty one.
#[inline]
pub(super) fn table(page: Page) -> &'static Table {
    let (pool, place) = page.place();
    let tables: &'static [Table] = match pool {
        Pool::Single => &SINGLE,
        Pool::Ebcdic => &EBCDIC,
        Pool::Ascii => &ASCII,
        Pool::Nothing => &[],
    };
    tables.get(place).unwrap_or(&NOTHING)
}

const fn number(bytes: &[u8], index: usize) -> usize {
    let at = 4 * index;
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]) as usize
}

const fn count(file: &[u8]) -> usize {
    number(file, 1)
}

/// The next section: elements of `SIZE` bytes, and what follows them.
const fn section<const SIZE: usize>(rest: &'static [u8], elements: usize) -> (&'static [[u8; SIZE]], &'static [u8]) {
    let (front, rest) = rest.split_at(elements * SIZE);
    (front.as_chunks::<SIZE>().0, rest)
}

/// Elements in groups.
const fn grouped<const SIZE: usize>(words: &'static [Word]) -> &'static [[Word; SIZE]] {
    words.as_chunks::<SIZE>().0
}

const fn part<T>(all: &'static [T], first: usize, elements: usize) -> &'static [T] {
    all.split_at(first).1.split_at(elements).0
}

const fn tables<const PAGES: usize>(file: &'static [u8]) -> [Table; PAGES] {
    if !matches!(file, [b'F', b'P', b'T', b'2', ..]) {
        panic!("not a file of code pages");
    }
    let [pages, singles, leads, rows, beyond, seconds, index, blocks, sequences, fours] = {
        let mut counts = [0; 10];
        let mut at = 0;
        while at < counts.len() {
            counts[at] = number(file, at + 1);
            at += 1;
        }
        counts
    };
    let rest = file.split_at(44).1;
    let (directory, rest) = rest.split_at(pages * 32);
    let (singles, rest) = section::<2>(rest, singles * 256);
    let (ascii, rest) = section::<256>(rest, singles.len() / 256);
    let (leads, rest) = section::<2>(rest, leads * 256);
    let (row_words, rest) = section::<2>(rest, rows * 192);
    let (bases, rest) = section::<2>(rest, rows);
    let (beyond, rest) = section::<4>(rest, beyond);
    let (seconds, rest) = section::<2>(rest, seconds);
    let (index, rest) = section::<2>(rest, index);
    let (blocks, rest) = section::<2>(rest, blocks * 64);
    let (sequences, rest) = section::<8>(rest, sequences);
    let (fours, rest) = section::<6>(rest, fours);
    if !rest.is_empty() || pages != PAGES {
        panic!("the file of code pages does not fit its description");
    }
    let mut tables = [Table::EMPTY; PAGES];
    let mut page = 0;
    while page < PAGES {
        let entry = 8 * page;
        let single = number(directory, entry);
        let stretches = number(directory, entry + 7);
        let first = number(directory, entry + 6);
        tables[page] = Table {
            single: &grouped::<256>(singles)[single],
            ascii: &ascii[single],
            leads: &grouped::<256>(leads)[number(directory, entry + 1)],
            rows: grouped::<192>(row_words),
            bases,
            beyond,
            seconds,
            codes: Trie {
                index: part(index, number(directory, entry + 2), number(directory, entry + 3)),
                blocks: grouped::<64>(blocks),
            },
            sequences: part(sequences, number(directory, entry + 4), number(directory, entry + 5)),
            by_number: part(fours, first, stretches),
            by_character: part(fours, first + stretches, stretches),
        };
        page += 1;
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::table::Found;

    fn one(first: char) -> Option<Found> {
        Some(Found { first, second: None })
    }

    #[test]
    fn codes_beyond_the_first_plane_and_of_four_bytes_are_found() {
        let page = table(Page::Cp1388);
        assert_eq!(page.double(0xCE, 0x57), one('\u{20087}'));
        assert_eq!(page.plain(0xCE, 0x57), None);
        assert_eq!(page.code('\u{20087}'), Some(0xCE57));
        let page = table(Page::Gb18030Of2022);
        assert_eq!(page.four_byte_code('\u{10FFFF}'), Some(189_000 + 0xF_FFFF));
        assert_eq!(page.four(39_420), None);
        assert_eq!(page.four(189_000 + 0x10_0000), None);
        assert_eq!(page.code('\0'), Some(0));
    }

    #[test]
    fn two_characters_of_one_code_are_found() {
        let page = table(Page::Cp1399);
        assert_eq!(page.double(0xEC, 0xB5), Some(Found { first: 'か', second: Some('\u{309A}') }));
        assert_eq!(page.sequence('か', '\u{309A}'), Some(0xECB5));
        assert_eq!(page.sequence('あ', '\u{309A}'), None);
        assert_eq!(table(Page::Cp1388).sequence('か', '\u{309A}'), None);
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        for (page, trail) in [(table(Page::Cp1388), 0x3F), (table(Page::Cp37), 0x41), (&Table::EMPTY, 0x41)] {
            assert_eq!(page.double(0x41, trail), None);
            assert_eq!(page.plain(0x41, trail), None);
        }
        assert_eq!(Table::EMPTY.code('\0'), None);
        assert_eq!(Table::EMPTY.single(0), None);
        assert_eq!(table(Page::Cp1388).code('\u{10FFFF}'), None);
        assert_eq!(table(Page::Gbk).four_byte_code('\u{20000}'), None);
    }
}
