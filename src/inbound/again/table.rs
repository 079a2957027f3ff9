//! One table of ids on this node's disk: entries in the order of their keys, before them small filters that say where a
//! key would stand and, nearly always, that it does not.
//!
//! Keys are spread evenly, so the block of a key follows from the key alone: sorted questions go through the filters from
//! their beginning to their end, a few dozen bits an entry, and touch an entry only where there is one. Memory is a window
//! of filters, whatever the table's size. There are no digests: what is found is looked at in the files themselves.

use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

const ENTRY_BYTES: u64 = 32;
/// Number of the block's first entry, then its filter.
const BLOCK_BYTES: u64 = 64;
const START_BYTES: usize = 8;
const FILTER_BITS: u64 = (BLOCK_BYTES - START_BYTES as u64) * 8;
/// With so many entries a block and six bits for each, one of a hundred keys that are not there looks as if it were.
const BLOCK_ENTRIES: u64 = 44;
const BITS: u32 = 6;
/// Blocks read at once where the questions are dense.
const WINDOW: u64 = 1_024;

/// An event that went out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Stands for the id.
    pub(super) key: u64,
    /// Stands for the business data.
    pub(super) content: u64,
    /// Publication number of its transfer.
    pub(super) publication: u64,
    /// Its record.
    pub(super) record: u64,
}

/// A table, as the list of tables names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Card {
    /// Its file's number.
    pub(super) number: u64,
    /// Stands for the source of its events.
    pub(super) source: u64,
    /// Entries.
    pub(super) entries: u64,
    /// Blocks.
    pub(super) blocks: u64,
    /// When the newest of its files was posted.
    pub(super) newest_ms: i64,
}

impl Card {
    /// Its file.
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        path(folder, self.number)
    }

    /// Bytes that its file has.
    pub(super) fn bytes(&self) -> u64 {
        self.blocks.saturating_mul(BLOCK_BYTES).saturating_add(self.entries.saturating_mul(ENTRY_BYTES))
    }
}

/// The file of a table.
pub(super) fn path(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number}.table"))
}

fn block_of(key: u64, blocks: u64) -> u64 {
    ((u128::from(key) * u128::from(blocks)) >> 64) as u64
}

/// The bits that stand for a key in its block's filter.
fn bits_of(key: u64) -> impl Iterator<Item = (usize, u8)> {
    let mixed = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..BITS).map(move |n| {
        let bit = (((mixed >> (9 * n)) & 511) * FILTER_BITS) >> 9;
        (START_BYTES + (bit / 8) as usize, 1 << (bit % 8))
    })
}

impl Entry {
    fn read(input: &mut impl Read) -> io::Result<Entry> {
        let mut bytes = [0; ENTRY_BYTES as usize];
        input.read_exact(&mut bytes)?;
        let mut numbers = bytes.as_chunks::<8>().0.iter().map(|number| u64::from_be_bytes(*number));
        let mut next = || numbers.next().unwrap_or_default();
        Ok(Entry { key: next(), content: next(), publication: next(), record: next() })
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        [self.key, self.content, self.publication, self.record]
            .iter()
            .try_for_each(|number| out.write_all(&number.to_be_bytes()))
    }
}

/// Writes a table; what is not ended is no table, and its file is removed.
pub(super) struct Writer {
    path: PathBuf,
    filters: BufWriter<File>,
    entries: BufWriter<File>,
    blocks: u64,
    /// The block that is being filled.
    block: [u8; BLOCK_BYTES as usize],
    at: u64,
    count: u64,
    ended: bool,
}

impl Writer {
    /// Begins one of at most so many entries.
    pub(super) fn begin(path: &Path, at_most: u64) -> io::Result<Writer> {
        let blocks = at_most / BLOCK_ENTRIES + 1;
        let filters = File::create(path)?;
        let mut entries = File::options().write(true).open(path)?;
        entries.seek(SeekFrom::Start(blocks * BLOCK_BYTES))?;
        Ok(Writer {
            path: path.to_owned(),
            filters: BufWriter::new(filters),
            entries: BufWriter::with_capacity(64 << 10, entries),
            blocks,
            block: [0; BLOCK_BYTES as usize],
            at: 0,
            count: 0,
            ended: false,
        })
    }

    /// The next entry, in the order of the keys.
    pub(super) fn push(&mut self, entry: Entry) -> io::Result<()> {
        let block = block_of(entry.key, self.blocks);
        while self.at < block {
            self.close()?;
        }
        for (byte, bit) in bits_of(entry.key) {
            if let Some(byte) = self.block.get_mut(byte) {
                *byte |= bit;
            }
        }
        entry.write(&mut self.entries)?;
        self.count += 1;
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        self.filters.write_all(&self.block)?;
        self.block = [0; BLOCK_BYTES as usize];
        self.block[..START_BYTES].copy_from_slice(&self.count.to_be_bytes());
        self.at += 1;
        Ok(())
    }

    /// Makes it durable; gives its entries and blocks.
    pub(super) fn end(mut self) -> io::Result<(u64, u64)> {
        while self.at < self.blocks {
            self.close()?;
        }
        self.filters.flush()?;
        self.entries.flush()?;
        self.entries.get_ref().sync_all()?;
        self.ended = true;
        Ok((self.count, self.blocks))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.ended
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::debug!(file = %self.path.display(), "a table that was not ended stays until the next start: {error}");
        }
    }
}

/// Goes through a table's entries.
pub(super) struct Entries {
    input: BufReader<File>,
    left: u64,
}

impl Entries {
    /// From the first one on.
    pub(super) fn open(folder: &Path, card: &Card) -> io::Result<Entries> {
        let mut file = File::open(card.path(folder))?;
        file.seek(SeekFrom::Start(card.blocks * BLOCK_BYTES))?;
        Ok(Entries { input: BufReader::with_capacity(64 << 10, file), left: card.entries })
    }

    /// The next one.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        Entry::read(&mut self.input).map(Some)
    }
}

/// Answers questions that come in the order of their keys.
pub(super) struct Search {
    file: File,
    card: Card,
    window: Vec<u8>,
    /// First block of the window.
    first: u64,
    ahead: u64,
}

impl Search {
    /// For so many questions.
    pub(super) fn open(folder: &Path, card: &Card, questions: u64) -> io::Result<Search> {
        let dense = card.blocks / questions.max(1) < WINDOW / 8;
        let ahead = if dense { WINDOW } else { 2 };
        Ok(Search { file: File::open(card.path(folder))?, card: card.clone(), window: Vec::new(), first: 0, ahead })
    }

    /// The entry of a key.
    pub(super) fn find(&mut self, key: u64) -> io::Result<Option<Entry>> {
        let number = block_of(key, self.card.blocks);
        self.load(number)?;
        let at = ((number - self.first) * BLOCK_BYTES) as usize;
        let (blocks, _) = self.window.get(at..).unwrap_or_default().as_chunks::<{ BLOCK_BYTES as usize }>();
        let Some(block) = blocks.first() else { return Ok(None) };
        if !bits_of(key).all(|(byte, bit)| block.get(byte).is_some_and(|byte| byte & bit != 0)) {
            return Ok(None);
        }
        let from = start(block);
        let until = blocks.get(1).map_or(self.card.entries, start).min(self.card.entries);
        // A block of many entries is read a piece at a time: in a damaged table there may be any number.
        for from in (from..until).step_by(BLOCK_ENTRIES as usize * 2) {
            let mut bytes = [0; (ENTRY_BYTES * BLOCK_ENTRIES * 2) as usize];
            let length = ((until - from) * ENTRY_BYTES).min(bytes.len() as u64) as usize;
            let piece = bytes.get_mut(..length).unwrap_or_default();
            self.file.read_exact_at(piece, self.card.blocks * BLOCK_BYTES + from * ENTRY_BYTES)?;
            let mut rest: &[u8] = piece;
            while !rest.is_empty() {
                let entry = Entry::read(&mut rest)?;
                if entry.key >= key {
                    return Ok((entry.key == key).then_some(entry));
                }
            }
        }
        Ok(None)
    }

    /// Has the block in the window, and the one behind it, if there is one.
    fn load(&mut self, number: u64) -> io::Result<()> {
        let has = self.window.len() as u64 / BLOCK_BYTES;
        let until = (number + 2).min(self.card.blocks);
        if number >= self.first && until <= self.first + has {
            return Ok(());
        }
        let blocks = self.ahead.min(self.card.blocks.saturating_sub(number));
        self.window.resize((blocks * BLOCK_BYTES) as usize, 0);
        self.first = number;
        self.file.read_exact_at(&mut self.window, number * BLOCK_BYTES)
    }
}

fn start(block: &[u8; BLOCK_BYTES as usize]) -> u64 {
    block.iter().take(START_BYTES).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::proof::ids::source_key;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// A table of these keys, and its card.
    fn table(folder: &Path, keys: &BTreeMap<u64, u64>) -> Card {
        let mut writer = Writer::begin(&path(folder, 1), keys.len() as u64 + 3).unwrap();
        for (key, content) in keys {
            writer.push(Entry { key: *key, content: *content, publication: 7, record: key % 1_000 }).unwrap();
        }
        let (entries, blocks) = writer.end().unwrap();
        Card { number: 1, source: 0, entries, blocks, newest_ms: 0 }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]
        #[test]
        fn what_is_there_is_found_and_nothing_else(
            keys in proptest::collection::btree_map(any::<u64>(), any::<u64>(), 0..3_000),
            crowd in 0u64..200,
            others in proptest::collection::btree_set(any::<u64>(), 0..200),
            questions in 1u64..10_000,
        ) {
            let folder = tempfile::tempdir().unwrap();
            // Keys need not be spread evenly.
            let keys: BTreeMap<u64, u64> = keys.into_iter().chain((0..crowd).map(|n| (n, n))).collect();
            let card = table(folder.path(), &keys);
            prop_assert_eq!(std::fs::metadata(card.path(folder.path())).unwrap().len(), card.bytes());
            let mut search = Search::open(folder.path(), &card, questions).unwrap();
            let asked: std::collections::BTreeSet<u64> = keys.keys().copied().chain(others).collect();
            for key in asked {
                let found = search.find(key).unwrap().map(|entry| entry.content);
                prop_assert_eq!(found, keys.get(&key).copied());
            }
            let mut all = Entries::open(folder.path(), &card).unwrap();
            for key in keys.keys() {
                prop_assert_eq!(all.next().unwrap().map(|entry| entry.key), Some(*key));
            }
            prop_assert_eq!(all.next().unwrap(), None);
        }
    }

    #[test]
    fn a_key_that_is_not_there_rarely_costs_a_look_at_entries() {
        let folder = tempfile::tempdir().unwrap();
        let spread = |n: u64| source_key(&n.to_string());
        let keys: BTreeMap<u64, u64> = (0..20_000).map(|n| (spread(n), n)).collect();
        let card = table(folder.path(), &keys);
        let filters = std::fs::read(card.path(folder.path())).unwrap();
        let looks_there = |key: u64| {
            let block = &filters[(block_of(key, card.blocks) * BLOCK_BYTES) as usize..][..BLOCK_BYTES as usize];
            bits_of(key).all(|(byte, bit)| block[byte] & bit != 0)
        };
        let mistaken = (20_000..40_000).filter(|n| looks_there(spread(*n))).count();
        assert!(mistaken < 600, "{mistaken} of 20,000");
    }
}
