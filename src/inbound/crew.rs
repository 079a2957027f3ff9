//! The threads of one node on one file: each cuts a batch of records and reads them, the caller books the readings in
//! file order (`trade/proof/reading.rs`).
//!
//! Invariants: the proof sees every record once, in order, and cutting stops at the same error as on one thread, so the
//! outcome is the same. Memory is bounded by the number of trays, a batch and its readings each: a thread takes a tray
//! before it cuts, so what comes next in the file is always in somebody's hands and nobody waits in a circle. A thread
//! that dies ends the proof with an error. It knows every framing that a cutter knows, because cutting is one thread's
//! business at a time.

use crate::trade::event::Event;
use crate::trade::plan::Plan;
use crate::trade::proof::Proof;
use crate::trade::proof::reading::Reading;
use fpp_codecs::framing::{Batch, CutError, Cutter};
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Trays for each thread: one in hand, and others that wait for one that is late.
const TRAYS: usize = 3;
/// Records of a batch that are read ahead; those of a batch of very short records are read when they are booked, so that a
/// tray stays small.
const READINGS_MAX: usize = 2_048;

/// A batch, and what its records say.
#[derive(Default)]
struct Tray {
    batch: Batch,
    readings: Vec<Reading>,
}

/// The file, cut by whoever comes next.
struct Source<R> {
    cutter: Cutter<R>,
    /// Batches that were cut.
    turn: u64,
    over: bool,
    error: Option<CutError>,
}

/// Where trays wait.
struct Hall {
    free: Vec<Tray>,
    /// Read, by their turn in the file.
    done: BTreeMap<u64, Tray>,
    /// How many batches the file has, once that is known.
    turns: Option<u64>,
    /// Nothing more is wanted.
    closed: bool,
    /// A thread ended before its time.
    broken: bool,
}

struct Crew<'a, R> {
    plan: &'a Plan,
    source: Mutex<Source<R>>,
    hall: Mutex<Hall>,
    moved: Condvar,
}

/// Cuts and proves with so many threads, the caller's with them; the error at which cutting stopped.
pub(super) fn together<R: Read + Send>(
    proof: &mut Proof<'_>,
    plan: &Plan,
    cutter: Cutter<R>,
    threads: usize,
) -> io::Result<(Cutter<R>, Option<CutError>)> {
    let free = std::iter::repeat_with(Tray::default).take(threads.max(1) * TRAYS).collect();
    let hall = Hall { free, done: BTreeMap::new(), turns: None, closed: false, broken: false };
    let source = Source { cutter, turn: 0, over: false, error: None };
    let crew = Crew { plan, source: Mutex::new(source), hall: Mutex::new(hall), moved: Condvar::new() };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| crew.help());
        }
        // However the caller ends, by a panic too, the others are sent home.
        let _closing = Closing(&crew);
        crew.book(proof)
    })?;
    let source = crew.source.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((source.cutter, source.error))
}

impl<R: Read> Crew<'_, R> {
    fn hall(&self) -> MutexGuard<'_, Hall> {
        self.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Cuts and reads until there is nothing more to cut, or nobody wants it.
    fn help(&self) {
        let _leaving = Leaving(self);
        let mut event = Event::default();
        loop {
            let mut hall = self.hall();
            let tray = loop {
                if hall.closed || hall.turns.is_some() {
                    return;
                }
                match hall.free.pop() {
                    Some(tray) => break tray,
                    None => hall = self.moved.wait(hall).unwrap_or_else(PoisonError::into_inner),
                }
            };
            drop(hall);
            self.fill(tray, &mut event);
        }
    }

    /// Has the next batch of the file cut and read.
    fn fill(&self, mut tray: Tray, event: &mut Event) {
        let turn = {
            // After a panic nobody knows where the cutter stands; the one who panicked says so.
            let Ok(mut source) = self.source.lock() else { return };
            source.next(&mut tray.batch)
        };
        let Ok(turn) = turn else {
            let mut hall = self.hall();
            hall.turns = turn.err();
            hall.free.push(tray);
            self.moved.notify_all();
            return;
        };
        let ahead = tray.batch.len().min(READINGS_MAX);
        if tray.readings.len() < ahead {
            tray.readings.resize_with(ahead, Reading::default);
        }
        for (cut, reading) in tray.batch.iter().zip(&mut tray.readings) {
            reading.read(self.plan, cut.bytes, event);
        }
        self.hall().done.insert(turn, tray);
        self.moved.notify_all();
    }

    /// Books what is read, in file order; reads a batch itself where nothing waits.
    fn book(&self, proof: &mut Proof<'_>) -> io::Result<()> {
        let mut event = Event::default();
        let mut turn = 0;
        loop {
            let mut hall = self.hall();
            if hall.broken {
                return Err(io::Error::other("a thread of the proof ended before its time"));
            }
            if let Some(mut tray) = hall.done.remove(&turn) {
                drop(hall);
                for (at, cut) in tray.batch.iter().enumerate() {
                    match tray.readings.get_mut(at) {
                        Some(reading) => proof.book(cut.n, cut.offset, cut.bytes, reading)?,
                        None => proof.record(cut.n, cut.offset, cut.bytes)?,
                    }
                }
                turn += 1;
                self.hall().free.push(tray);
                self.moved.notify_all();
                continue;
            }
            if hall.turns.is_some_and(|turns| turn >= turns) {
                return Ok(());
            }
            match if hall.turns.is_none() { hall.free.pop() } else { None } {
                Some(tray) => {
                    drop(hall);
                    self.fill(tray, &mut event);
                }
                // Others are at work on what comes first.
                None => drop(self.moved.wait(hall).unwrap_or_else(PoisonError::into_inner)),
            }
        }
    }
}

impl<R: Read> Source<R> {
    /// Cuts a batch and gives its turn; at the end of the file, or at an error, how many there were.
    fn next(&mut self, batch: &mut Batch) -> Result<u64, u64> {
        if self.over {
            return Err(self.turn);
        }
        match self.cutter.next_batch(batch) {
            Ok(true) => {
                self.turn += 1;
                Ok(self.turn - 1)
            }
            ended => {
                (self.over, self.error) = (true, ended.err());
                Err(self.turn)
            }
        }
    }
}

/// Tells the others when the caller is done.
struct Closing<'c, 'a, R: Read>(&'c Crew<'a, R>);

impl<R: Read> Drop for Closing<'_, '_, R> {
    fn drop(&mut self) {
        self.0.hall().closed = true;
        self.0.moved.notify_all();
    }
}

/// Tells the caller when a thread dies.
struct Leaving<'c, 'a, R: Read>(&'c Crew<'a, R>);

impl<R: Read> Drop for Leaving<'_, '_, R> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.hall().broken = true;
            self.0.moved.notify_all();
        }
    }
}
