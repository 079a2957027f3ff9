//! Threads: one cuts, several decode, the caller writes; everything in file order.
//!
//! Batches go to the decoders in turn and come back in turn, so that order needs no sorting. Batches and portions are
//! handed back to be filled again: memory is bounded by their number, whatever the file's size. The threads are not waited
//! for when the caller gives up, because the one that reads may be waiting for input that never comes.

use super::job::Job;
use super::worker::{Portion, Worker};
use fpp_codecs::framing::{Batch, CutError, Cutter};
use std::io::Read;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread;

/// Batches that wait for one decoder, and portions that wait to be written.
const WAITING: usize = 1;

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
    /// A thread ended before its time: what was taken is not all there is.
    pub(super) broken: bool,
}

impl Ended {
    fn by<R: Read>(cutter: &Cutter<R>, error: Option<CutError>) -> Ended {
        Ended { remarks: cutter.remarks(), error, broken: false }
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

/// With several decoders.
pub(super) fn together<R: Read + Send + 'static, E>(
    job: &Arc<Job>,
    cutter: Cutter<R>,
    decoders: usize,
    taker: &mut impl Taker<E>,
) -> Result<Ended, E> {
    let (spare_batches, batches) = channel::<Batch>();
    let mut inputs = Vec::new();
    let mut desks = Vec::new();
    for _ in 0..decoders {
        let (to_decoder, input) = sync_channel::<Batch>(WAITING);
        let (output, done) = sync_channel::<(Batch, Portion)>(WAITING);
        let (spare_portions, portions) = channel::<Portion>();
        let job = Arc::clone(job);
        thread::spawn(move || decoder(&job, &input, &portions, &output));
        inputs.push(to_decoder);
        for _ in 0..WAITING + 2 {
            // The other side lives as long as this one.
            let _ = (spare_portions.send(Portion::default()), spare_batches.send(Batch::default()));
        }
        desks.push((done, spare_portions));
    }
    let last = job.ranges.last();
    let reader = thread::spawn(move || reader(cutter, last, &batches, &inputs));
    let mut taken = 0;
    for (done, spare_portions) in desks.iter().cycle() {
        let Ok((batch, mut portion)) = done.recv() else { break };
        taken += 1;
        if !taker.take(&batch, &mut portion)? {
            return Ok(Ended::default());
        }
        let _ = (spare_batches.send(batch), spare_portions.send(portion));
    }
    Ok(match reader.join() {
        Ok((ended, sent)) => Ended { broken: sent != taken, ..ended },
        Err(_) => Ended { broken: true, ..Ended::default() },
    })
}

/// Cuts and hands out; gives how it ended, and how many batches it handed out.
fn reader<R: Read>(
    mut cutter: Cutter<R>,
    last: u64,
    batches: &Receiver<Batch>,
    inputs: &[SyncSender<Batch>],
) -> (Ended, u64) {
    let mut sent = 0;
    for input in inputs.iter().cycle() {
        let Ok(mut batch) = batches.recv() else { break };
        match cutter.next_batch(&mut batch) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => return (Ended::by(&cutter, Some(error)), sent),
        }
        let past = is_past(&batch, last);
        if input.send(batch).is_err() {
            break;
        }
        sent += 1;
        if past {
            break;
        }
    }
    (Ended::by(&cutter, None), sent)
}

fn decoder(
    job: &Arc<Job>,
    input: &Receiver<Batch>,
    portions: &Receiver<Portion>,
    output: &SyncSender<(Batch, Portion)>,
) {
    let mut worker = Worker::new(job);
    while let Ok(batch) = input.recv() {
        let Ok(mut portion) = portions.recv() else { return };
        worker.work(&batch, u64::MAX, &mut portion);
        if output.send((batch, portion)).is_err() {
            return;
        }
    }
}

/// Whether nothing after a batch is asked for.
fn is_past(batch: &Batch, last: u64) -> bool {
    batch.first_n() + batch.len() as u64 > last
}
