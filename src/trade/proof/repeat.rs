//! Event ids that come twice in one file (FPP3004), found with bounded memory.
//!
//! Each id becomes 128 bits of its SHA-256. A batch of them is kept in memory; when it is full it is sorted and spilled
//! as a run through [`Spill`], and the runs are merged at the end. Which batch an id fell into changes nothing: the
//! earliest record keeps its event, every later one is refused.

use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, BufReader, BufWriter, Read, Write};

/// Ids kept in memory: 8 MiB.
const BATCH: usize = 1 << 17;
const ENTRY_BYTES: usize = 56;

/// Room for sorted runs, e.g. temporary files.
pub trait Spill {
    /// A new run, to be written once from its beginning.
    fn create(&mut self) -> io::Result<Box<dyn Write + '_>>;
    /// All runs from their beginnings, in the order they were created.
    fn open(&mut self) -> io::Result<Vec<Box<dyn Read + '_>>>;
}

/// Runs in memory: for small files and tests.
#[derive(Clone, Debug, Default)]
pub struct MemorySpill {
    runs: Vec<Vec<u8>>,
}

impl Spill for MemorySpill {
    fn create(&mut self) -> io::Result<Box<dyn Write + '_>> {
        self.runs.push(Vec::new());
        match self.runs.last_mut() {
            Some(run) => Ok(Box::new(run)),
            None => Ok(Box::new(io::sink())),
        }
    }

    fn open(&mut self) -> io::Result<Vec<Box<dyn Read + '_>>> {
        Ok(self.runs.iter().map(|run| Box::new(run.as_slice()) as Box<dyn Read + '_>).collect())
    }
}

/// A record that would give an event. The order of the fields is the order of sorting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Of the id.
    pub(super) hash: u128,
    /// Ordinal among the details.
    pub(super) ordinal: u64,
    /// First byte in the file.
    pub(super) offset: u64,
    /// The record's amount without its point.
    pub(super) amount: i128,
    /// Stands for the business data.
    pub(super) content: u64,
}

/// What stands for an id.
pub(super) fn hash_of(id: &str) -> u128 {
    let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    digest[..16].iter().fold(0, |hash, byte| hash << 8 | u128::from(*byte))
}

impl Entry {
    fn to_bytes(self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        out[..16].copy_from_slice(&self.hash.to_be_bytes());
        out[16..24].copy_from_slice(&self.ordinal.to_be_bytes());
        out[24..32].copy_from_slice(&self.offset.to_be_bytes());
        out[32..48].copy_from_slice(&self.amount.to_be_bytes());
        out[48..].copy_from_slice(&self.content.to_be_bytes());
        out
    }

    fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Entry {
        let part = |from: usize, to: usize| bytes[from..to].iter().fold(0u128, |n, b| n << 8 | u128::from(*b));
        Entry {
            hash: part(0, 16),
            ordinal: part(16, 24) as u64,
            offset: part(24, 32) as u64,
            amount: part(32, 48) as i128,
            content: part(48, 56) as u64,
        }
    }
}

/// All ids of a file so far.
pub(super) struct Repeats {
    entries: Vec<Entry>,
    batch: usize,
    spilled: bool,
}

impl Repeats {
    pub(super) fn new() -> Repeats {
        Repeats::with_batch(BATCH)
    }

    pub(super) fn with_batch(batch: usize) -> Repeats {
        Repeats { entries: Vec::new(), batch, spilled: false }
    }

    /// Takes the next record in file order.
    pub(super) fn add(&mut self, entry: Entry, spill: &mut dyn Spill) -> io::Result<()> {
        if self.entries.len() >= self.batch {
            self.entries.sort_unstable();
            let mut run = BufWriter::new(spill.create()?);
            for entry in self.entries.drain(..) {
                run.write_all(&entry.to_bytes())?;
            }
            run.flush()?;
            self.spilled = true;
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Tells every later record of a repeated id, with the ordinal of the first one; keeps each first one, in the order of
    /// the hashes.
    pub(super) fn finish(
        mut self,
        spill: &mut dyn Spill,
        tell: &mut dyn FnMut(Entry, u64),
        keep: &mut dyn FnMut(Entry) -> io::Result<()>,
    ) -> io::Result<()> {
        self.entries.sort_unstable();
        let mut first: Option<Entry> = None;
        let mut visit = |entry: Entry| match first {
            Some(kept) if kept.hash == entry.hash => {
                tell(entry, kept.ordinal);
                Ok(())
            }
            _ => {
                first = Some(entry);
                keep(entry)
            }
        };
        if !self.spilled {
            return self.entries.into_iter().try_for_each(visit);
        }
        let mut runs: Vec<_> = spill.open()?.into_iter().map(BufReader::new).collect();
        let mut last = self.entries.into_iter();
        let memory = runs.len();
        let mut heap = BinaryHeap::new();
        for (index, run) in runs.iter_mut().enumerate() {
            heap.extend(next(run)?.map(|entry| Reverse((entry, index))));
        }
        heap.extend(last.next().map(|entry| Reverse((entry, memory))));
        while let Some(Reverse((entry, index))) = heap.pop() {
            visit(entry)?;
            let following = match runs.get_mut(index) {
                Some(run) => next(run)?,
                None => last.next(),
            };
            heap.extend(following.map(|entry| Reverse((entry, index))));
        }
        Ok(())
    }
}

/// The next entry of a run; a run that ends within an entry is damaged.
fn next(run: &mut dyn Read) -> io::Result<Option<Entry>> {
    let mut bytes = [0; ENTRY_BYTES];
    let mut filled = 0;
    while filled < ENTRY_BYTES {
        match run.read(&mut bytes[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(Some(Entry::from_bytes(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn found(ids: &[u8], batch: usize) -> Vec<(u64, u64)> {
        let mut spill = MemorySpill::default();
        let mut repeats = Repeats::with_batch(batch);
        for (at, id) in ids.iter().enumerate() {
            let (ordinal, offset) = (at as u64 + 1, at as u64 * 480);
            let entry =
                Entry { hash: hash_of(&id.to_string()), ordinal, offset, amount: -i128::from(*id), content: ordinal };
            repeats.add(entry, &mut spill).unwrap();
        }
        let (mut told, mut kept) = (Vec::new(), Vec::new());
        let mut tell = |entry: Entry, first| {
            assert_eq!((entry.offset, entry.content), ((entry.ordinal - 1) * 480, entry.ordinal));
            assert_eq!(entry.amount, -i128::from(ids[entry.ordinal as usize - 1]));
            told.push((entry.ordinal, first));
        };
        let mut keep = |entry: Entry| {
            kept.push(entry);
            Ok(())
        };
        repeats.finish(&mut spill, &mut tell, &mut keep).unwrap();
        told.sort_unstable();
        assert!(kept.is_sorted_by_key(|entry| entry.hash) && kept.len() + told.len() == ids.len());
        assert!(kept.iter().all(|entry| !told.iter().any(|(later, _)| *later == entry.ordinal)));
        told
    }

    proptest! {
        #[test]
        fn spilling_changes_nothing(ids in proptest::collection::vec(0u8..40, 0..120), batch in 1usize..20) {
            let mut first = HashMap::new();
            let mut expected = Vec::new();
            for (at, id) in ids.iter().enumerate() {
                let ordinal = at as u64 + 1;
                match first.get(id) {
                    Some(kept) => expected.push((ordinal, *kept)),
                    None => { first.insert(*id, ordinal); }
                }
            }
            prop_assert_eq!(found(&ids, batch), expected);
        }
    }
}
