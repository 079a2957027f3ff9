//! Where decoded records go: one file or stdout, or a file for each record format; and the rejects beside them.

use super::crew::Taker;
use super::job::{Count, Job};
use super::worker::{Portion, TOLD_MAX, Worker};
use crate::cli::exit::Failure;
use crate::cli::output::note;
use crate::cli::streams::{Progress, Target};
use crate::cli::tables::Form;
use fpp_codecs::csv;
use fpp_codecs::framing::Batch;
use std::sync::Arc;

/// All outlets of one file.
pub(super) struct Outlets<'a> {
    job: Arc<Job>,
    targets: Vec<Target<'a>>,
    rejects: Option<Target<'a>>,
    /// Bad records that may be.
    allowed: u64,
    progress: &'a Progress,
    /// What was counted so far.
    pub(super) count: Count,
    told: usize,
    /// The record at which there were too many bad ones.
    pub(super) stopped: Option<u64>,
}

impl<'a> Outlets<'a> {
    /// Begins them; tables get their header lines.
    pub(super) fn new(
        job: &Arc<Job>,
        targets: Vec<Target<'a>>,
        rejects: Option<Target<'a>>,
        allowed: u64,
        progress: &'a Progress,
    ) -> Result<Outlets<'a>, Failure> {
        let (count, job) = (Count::default(), Arc::clone(job));
        let mut outlets = Outlets { job, targets, rejects, allowed, progress, count, told: 0, stopped: None };
        outlets.begin()?;
        Ok(outlets)
    }

    fn begin(&mut self) -> Result<(), Failure> {
        if self.job.form != Form::Csv {
            return Ok(());
        }
        for (target, columns) in self.targets.iter_mut().zip(&self.job.columns) {
            let mut line = Vec::new();
            csv::Writer::new(columns.clone(), self.job.dialect)
                .header(&mut line)
                .map_err(|what| Failure::usage(format!("a field's name cannot be written: {what}")))?;
            target.write(&line)?;
        }
        Ok(())
    }

    /// Writes a line of rejects that concerns no record.
    pub(super) fn reject(&mut self, line: &[u8]) -> Result<(), Failure> {
        self.rejects.as_mut().map_or(Ok(()), |rejects| rejects.write(line))
    }

    /// Lets everything appear, or the rejects only: they say why there is nothing else.
    pub(super) fn finish(self, whole: bool) -> Result<(), Failure> {
        if whole {
            self.targets.into_iter().try_for_each(Target::finish)?;
        }
        self.rejects.map_or(Ok(()), Target::finish)
    }
}

impl Taker<Failure> for Outlets<'_> {
    fn take(&mut self, batch: &Batch, portion: &mut Portion) -> Result<bool, Failure> {
        if self.count.refused + portion.count.refused > self.allowed {
            // Once more, and not beyond the record that is one too many.
            let family = portion.family.take();
            Worker::new(&self.job).knowing(family).work(batch, self.allowed - self.count.refused, portion);
        }
        self.count.add(&portion.count);
        self.stopped = portion.stopped;
        for (target, out) in self.targets.iter_mut().zip(&portion.outs) {
            target.write(out)?;
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.write(&portion.rejects)?;
        }
        for told in portion.told.drain(..).take(TOLD_MAX.saturating_sub(self.told)) {
            self.told += 1;
            note(told);
        }
        self.progress.at(self.count.bytes);
        Ok(self.stopped.is_none())
    }
}
