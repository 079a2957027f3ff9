//! Offsets of every so-many-th record, noted while a file goes by in pieces of any size.
//!
//! For good files the offsets are those a [`super::cutter::Cutter`] gives. Where a line has no line end the index ends: nobody
//! reads a broken file from its middle.

use super::cutter::{BOM, has_bom};
use super::kind::Framing;

/// Watches a file go by and notes where records begin.
#[derive(Clone, Debug)]
pub struct Indexer {
    framing: Framing,
    every: u64,
    /// Bytes seen.
    seen: u64,
    /// Records begun and complete.
    records: u64,
    state: State,
    offsets: Vec<u64>,
}

#[derive(Clone, Debug)]
enum State {
    /// The first bytes, until a BOM can be told from a line.
    Start(Vec<u8>),
    /// Within a record that began at a byte.
    Within { began: u64, missing: usize },
    /// After a line that ended in a byte, and perhaps a carriage return.
    Ending { last: u8, carriage_return: bool },
    /// After a line without line end.
    Broken,
}

impl Indexer {
    /// Notes record 1, 1 + `every`, 1 + 2 `every`, ...
    pub fn new(framing: &Framing, every: u32) -> Indexer {
        let state = match framing {
            Framing::Fixed { length } => State::Within { began: 0, missing: *length },
            Framing::Lines { .. } => State::Start(Vec::new()),
        };
        let every = u64::from(every.max(1));
        Indexer { framing: *framing, every, seen: 0, records: 0, state, offsets: Vec::new() }
    }

    /// The next bytes of the file.
    pub fn feed(&mut self, bytes: &[u8]) {
        let length = self.framing.length();
        let mut rest = bytes;
        if let State::Start(first) = &mut self.state {
            let wanted = (length + 5).saturating_sub(first.len());
            let (taken, left) = rest.split_at(wanted.min(rest.len()));
            first.extend_from_slice(taken);
            if first.len() < length + 5 {
                return;
            }
            rest = left;
            self.start();
        }
        self.walk(rest);
    }

    /// The offsets.
    pub fn finish(mut self) -> Vec<u64> {
        if matches!(self.state, State::Start(_)) {
            self.start();
        }
        self.offsets
    }

    fn start(&mut self) {
        let length = self.framing.length();
        let State::Start(first) = std::mem::replace(&mut self.state, State::Broken) else { return };
        let bom = match self.framing {
            Framing::Lines { ending, .. } if has_bom(&first, length, ending) => BOM.len(),
            _ => 0,
        };
        self.seen = bom as u64;
        self.state = State::Within { began: self.seen, missing: length };
        self.walk(&first[bom..]);
    }

    fn walk(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = match &mut self.state {
                State::Within { missing, .. } => {
                    let taken = (*missing).min(rest.len());
                    *missing -= taken;
                    taken
                }
                State::Ending { .. } => 1,
                State::Start(_) | State::Broken => return,
            };
            let (done, left) = rest.split_at(taken);
            self.seen += taken as u64;
            self.step(done);
            rest = left;
        }
    }

    fn step(&mut self, done: &[u8]) {
        let length = self.framing.length();
        let begin = State::Within { began: self.seen, missing: length };
        self.state = match (&self.state, self.framing) {
            (State::Within { began, missing: 0 }, framing) => {
                if self.records.is_multiple_of(self.every) {
                    self.offsets.push(*began);
                }
                self.records += 1;
                match framing {
                    Framing::Fixed { .. } => begin,
                    Framing::Lines { .. } => {
                        State::Ending { last: done.last().copied().unwrap_or_default(), carriage_return: false }
                    }
                }
            }
            (State::Ending { last, carriage_return }, Framing::Lines { ending, .. }) => match done {
                [byte] if *carriage_return && ending.after(0, &[*byte]).is_some() => begin,
                [byte] if !carriage_return && ending.after(*last, &[*byte]).is_some() => begin,
                [0x0D] if !carriage_return => State::Ending { last: *last, carriage_return: true },
                _ => State::Broken,
            },
            (state, _) => state.clone(),
        };
    }
}
