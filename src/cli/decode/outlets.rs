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
    /// The first bad record, in words.
    pub(super) first: Option<String>,
    told: usize,
    #[cfg(feature = "columnar")]
    files: Vec<fpp_codecs::columnar::ColumnFile>,
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
        let mut outlets = Outlets {
            job,
            targets,
            rejects,
            allowed,
            progress,
            count,
            first: None,
            told: 0,
            #[cfg(feature = "columnar")]
            files: Vec::new(),
            stopped: None,
        };
        outlets.begin()?;
        Ok(outlets)
    }

    fn begin(&mut self) -> Result<(), Failure> {
        #[cfg(feature = "columnar")]
        for (target, table) in self.targets.iter().zip(&self.job.tables) {
            use fpp_codecs::columnar::{ColumnFile, ColumnForm};
            let form = match (self.job.form, target) {
                (Form::Parquet, _) => ColumnForm::Parquet,
                (_, Target::Stdout(_)) => ColumnForm::ArrowStream,
                _ => ColumnForm::ArrowFile,
            };
            self.files.push(ColumnFile::new(table, form).map_err(Failure::internal)?);
        }
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
    #[cfg_attr(not(feature = "columnar"), allow(unused_mut))] // only these forms have something left to write
    pub(super) fn finish(mut self, whole: bool) -> Result<(), Failure> {
        if whole {
            #[cfg(feature = "columnar")]
            for (target, file) in self.targets.iter_mut().zip(std::mem::take(&mut self.files)) {
                let mut rest = Vec::new();
                file.finish(&mut rest).map_err(Failure::internal)?;
                target.write(&rest)?;
            }
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
        self.first = self.first.take().or_else(|| portion.first.take());
        self.stopped = portion.stopped;
        if let Some(what) = portion.broken.take() {
            return Err(Failure::internal(what));
        }
        #[cfg(feature = "columnar")]
        for (outlet, chunk) in portion.chunks.drain(..) {
            if let (Some(file), Some(target)) = (self.files.get_mut(outlet), self.targets.get_mut(outlet)) {
                let mut ready = Vec::new();
                file.write(&chunk, &mut ready).map_err(Failure::internal)?;
                target.write(&ready)?;
            }
        }
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
