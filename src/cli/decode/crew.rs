//! Threads: each cuts a batch and decodes it, the caller writes; everything in file order.
//!
//! Reading and cutting is one thread's business at a time, and a turn is drawn with every batch; the caller writes by
//! turns. A batch stays with the thread that cut it, and so in one core's cache, from its first byte to its lines. Trays,
//! a batch and what becomes of it, go back to the thread they came from, which fills the last one first: memory is
//! bounded by their number, whatever the file's size. The threads are not waited for when the caller gives up, because
//! the one that reads may be waiting for input that never comes.

use super::job::Job;
use super::worker::{Portion, Worker};
use fpp_codecs::framing::{Batch, CutError, Cutter};
use std::collections::BTreeMap;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Trays of each decoder: one in hand, and others that wait for one that is late.
const TRAYS: usize = 3;

/// What is done with each batch and its portion, in file order; `false` to stop.
pub(super) trait Taker<E> {
    /// Takes the next one.
    fn take(&mut self, batch: &Batch, portion: &mut Portion) -> Result<bool, E>;
}

/// How the work ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// Legal oddities that the cutter saw.
    pub(super) remarks: Vec<String>,
    /// The error it stopped at.
    pub(super) error: Option<CutError>,
    /// Number and byte of the record that comes next, or was not cut.
    pub(super) place: (u64, u64),
    /// A thread ended before its time: what was taken is not all there is.
    pub(super) broken: bool,
}

impl Ended {
    fn by<R: Read>(cutter: &Cutter<R>, error: Option<CutError>) -> Ended {
        Ended { remarks: cutter.remarks(), error, place: cutter.place(), broken: false }
    }

    fn broken() -> Ended {
        Ended { broken: true, ..Ended::default() }
    }
}

/// All on the caller's own thread.
pub(super) fn alone<R: Read, E>(job: &Arc<Job>, mut cutter: Cutter<R>, taker: &mut impl Taker<E>) -> Result<Ended, E> {
    let (mut worker, mut batch, mut portion) = (Worker::new(job), Batch::default(), Portion::default());
    let last = job.ranges.last();
    let error = loop {
        match cutter.next_batch(&mut batch) {
            Ok(false) => break None,
            Ok(true) => {}
            Err(error) => break Some(error),
        }
        worker.work(&batch, u64::MAX, &mut portion);
        if !taker.take(&batch, &mut portion)? {
            return Ok(Ended::by(&cutter, None));
        }
        if is_past(&batch, last) {
            break None;
        }
    };
    if worker.finish(&mut portion) {
        taker.take(&batch, &mut portion)?;
    }
    Ok(Ended::by(&cutter, error))
}

/// With several decoders. The caller is one of them if reading never waits for somebody else; if it may, he only writes,
/// so that what is done is not held back.
pub(super) fn together<R: Read + Send + 'static, E>(
    job: &Arc<Job>,
    cutter: Cutter<R>,
    decoders: usize,
    never_waits: bool,
    taker: &mut impl Taker<E>,
) -> Result<Ended, E> {
    let source = Arc::new(Mutex::new(Source { cutter, last: job.ranges.last(), turn: 0, ended: None }));
    let racks = Racks(std::iter::repeat_with(Rack::new).take(decoders).collect());
    let (done, trays) = channel();
    for rack in &racks.0[usize::from(never_waits)..] {
        let (mut decoder, rack, done) = (Decoder::new(job, &source), Arc::clone(rack), done.clone());
        thread::spawn(move || {
            let all = || {
                while let Some(tray) = rack.take().and_then(|tray| decoder.next(tray, &rack)) {
                    if done.send(Some(tray)).is_err() {
                        return;
                    }
                }
            };
            // A turn that never comes would be waited for.
            if catch_unwind(AssertUnwindSafe(all)).is_err() {
                let _ = done.send(None);
            }
        });
    }
    drop(done);
    let mut own = never_waits.then(|| (Decoder::new(job, &source), Arc::clone(&racks.0[0])));
    let mut waiting = BTreeMap::new();
    let mut turn = 0;
    loop {
        let arrived = match &mut own {
            Some((decoder, rack)) => trays.try_recv().ok().or_else(|| {
                let tray = rack.try_take()?;
                decoder.next(tray, rack).map(Some)
            }),
            None => None,
        };
        // Nothing more to cut, or no tray: others are at work on what comes first.
        let Some(message) = arrived.or_else(|| trays.recv().ok()) else { break };
        let Some(tray) = message else { return Ok(Ended::broken()) };
        waiting.insert(tray.turn, tray);
        while let Some(Done { mut tray, rack, .. }) = waiting.remove(&turn) {
            turn += 1;
            if !taker.take(&tray.batch, &mut tray.portion)? {
                return Ok(Ended::default());
            }
            rack.put(tray);
        }
    }
    let mut source = locked(&source);
    Ok(match source.ended.take() {
        Some(ended) if source.turn == turn => ended,
        _ => Ended::broken(),
    })
}

/// One who cuts and decodes.
struct Decoder<R> {
    worker: Worker,
    source: Arc<Mutex<Source<R>>>,
}

impl<R: Read> Decoder<R> {
    fn new(job: &Arc<Job>, source: &Arc<Mutex<Source<R>>>) -> Decoder<R> {
        Decoder { worker: Worker::new(job), source: Arc::clone(source) }
    }

    /// The next batch of the file, done; nothing at its end.
    fn next(&mut self, mut tray: Tray, rack: &Arc<Rack>) -> Option<Done> {
        // After a panic nobody knows where the cutter stands.
        let turn = self.source.lock().ok()?.next(&mut tray.batch)?;
        self.worker.work(&tray.batch, u64::MAX, &mut tray.portion);
        Some(Done { turn, tray, rack: Arc::clone(rack) })
    }
}

/// The file, cut by whoever comes next.
struct Source<R> {
    cutter: Cutter<R>,
    /// The last record that is asked for.
    last: u64,
    /// Batches that were cut.
    turn: u64,
    ended: Option<Ended>,
}

impl<R: Read> Source<R> {
    /// Cuts a batch and gives its turn; nothing at the end.
    fn next(&mut self, batch: &mut Batch) -> Option<u64> {
        if self.ended.is_some() {
            return None;
        }
        let found = self.cutter.next_batch(batch);
        let is_cut = matches!(found, Ok(true));
        if !is_cut || is_past(batch, self.last) {
            self.ended = Some(Ended::by(&self.cutter, found.err()));
        }
        if !is_cut {
            return None;
        }
        self.turn += 1;
        Some(self.turn - 1)
    }
}

/// A batch, and what becomes of it.
#[derive(Default)]
struct Tray {
    batch: Batch,
    portion: Portion,
}

/// A tray that is done.
struct Done {
    turn: u64,
    tray: Tray,
    /// Where it goes back to.
    rack: Arc<Rack>,
}

/// The free trays of one decoder.
struct Rack {
    /// Nothing when no more are given out.
    free: Mutex<Option<Vec<Tray>>>,
    freed: Condvar,
}

impl Rack {
    fn new() -> Arc<Rack> {
        let trays = std::iter::repeat_with(Tray::default).take(TRAYS).collect();
        Arc::new(Rack { free: Mutex::new(Some(trays)), freed: Condvar::new() })
    }

    /// The tray that was put last; waits for one.
    fn take(&self) -> Option<Tray> {
        let mut free = locked(&self.free);
        loop {
            match free.as_mut()?.pop() {
                Some(tray) => return Some(tray),
                None => free = self.freed.wait(free).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// The same; nothing if there is none.
    fn try_take(&self) -> Option<Tray> {
        locked(&self.free).as_mut()?.pop()
    }

    fn put(&self, tray: Tray) {
        if let Some(trays) = locked(&self.free).as_mut() {
            trays.push(tray);
        }
        self.freed.notify_one();
    }
}

/// All of them: nobody waits for a tray once the caller has gone.
struct Racks(Vec<Arc<Rack>>);

impl Drop for Racks {
    fn drop(&mut self) {
        for rack in &self.0 {
            *locked(&rack.free) = None;
            rack.freed.notify_all();
        }
    }
}

/// Even if a thread panicked: what is kept here is whole after every step.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether nothing after a batch is asked for.
fn is_past(batch: &Batch, last: u64) -> bool {
    batch.first_n() + batch.len() as u64 > last
}

#[cfg(test)]
mod tests {
    use super::super::Decode;
    use super::*;
    use clap::Parser;
    use fpp_codecs::format::Format;
    use std::io;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        decode: Decode,
    }

    const RECORDS: usize = 50_000;

    fn job() -> Arc<Job> {
        let text = "name = \"R\"\nccsid = \"37\"\n[[field]]\nname = \"F\"\ntype = \"char\"\nlength = 40\n";
        let format = Format::parse("r.toml", text, &mut |name| Err(name.to_owned()), None).unwrap().0;
        Arc::new(Line::parse_from(["decode", "r.toml", "-"]).decode.plan(format).unwrap().0)
    }

    /// Records of an EBCDIC digit each, and what comes after them.
    struct File<F>(usize, F);

    impl<F: FnMut() -> io::Result<usize>> Read for File<F> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = buffer.len().min(RECORDS * 40 - self.0);
            if count == 0 {
                return self.1();
            }
            buffer[..count]
                .iter_mut()
                .enumerate()
                .for_each(|(at, byte)| *byte = 0xF0 + ((self.0 + at) / 40 % 10) as u8);
            self.0 += count;
            Ok(count)
        }
    }

    fn file<F: FnMut() -> io::Result<usize>>(job: &Job, then: F) -> Cutter<File<F>> {
        Cutter::new(job.whole.framing.clone(), File(0, then))
    }

    /// Lines, and after how many records it stops.
    struct Lines(Vec<u8>, u64);

    impl Taker<()> for Lines {
        fn take(&mut self, _: &Batch, portion: &mut Portion) -> Result<bool, ()> {
            self.0.extend_from_slice(&portion.outs[0]);
            self.1 = self.1.saturating_sub(portion.count.records);
            Ok(self.1 > 0)
        }
    }

    #[test]
    fn lines_come_in_file_order_and_before_the_error() {
        let job = job();
        let mut one = Lines(Vec::new(), u64::MAX);
        alone(&job, file(&job, || Ok(0)), &mut one).unwrap();
        assert_eq!(one.0.iter().filter(|byte| **byte == b'\n').count(), RECORDS);
        for (decoders, never_waits) in [(1, true), (1, false), (2, true), (2, false), (7, true)] {
            let mut all = Lines(Vec::new(), u64::MAX);
            let failing = file(&job, || Err(io::Error::other("torn")));
            let ended = together(&job, failing, decoders, never_waits, &mut all).unwrap();
            assert!(matches!(ended.error, Some(CutError::Io(_))) && !ended.broken);
            assert!(all.0 == one.0, "{decoders} decoders, {never_waits}");
        }
    }

    #[test]
    fn a_thread_that_ends_before_its_time_is_told() {
        let job = job();
        let torn = file(&job, || std::panic::resume_unwind(Box::new("on purpose")));
        assert!(together(&job, torn, 3, false, &mut Lines(Vec::new(), u64::MAX)).unwrap().broken);
    }

    #[test]
    fn who_has_enough_does_not_wait_for_input_that_never_comes() {
        let job = job();
        let (_kept, never) = channel::<()>();
        let stuck = file(&job, move || never.recv().map_or(Ok(0), |()| Ok(0)));
        let ended = together(&job, stuck, 2, false, &mut Lines(Vec::new(), 20_000)).unwrap();
        assert!(ended.error.is_none() && !ended.broken);
    }
}
