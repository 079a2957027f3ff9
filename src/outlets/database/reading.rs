//! A batch's events, read into rows some at a time: while the target writes some, the next are read.
//!
//! Rows of one table come together, whatever stands between them in the file; what does not fit is set aside. Of a required
//! posting nothing is read behind it: it comes again with what is behind it, and the row of a file is not there before all
//! of its events are.

use super::cell::Cell;
use super::cells::{Form, Origin};
use super::tables::Table;
use crate::outlets::push::{Batch, Posting, Pushed, Refused};

/// Rows of one table.
#[derive(Default)]
pub(super) struct Read<'b> {
    pub(super) cells: Vec<Cell<'b>>,
    pub(super) events: Vec<&'b Pushed>,
}

/// How far a batch is read.
pub(super) struct Reading<'b, 't> {
    forms: Vec<&'t Form>,
    posting: &'b Posting,
    /// The first day that has no partition, where there are any.
    no_place_from: Option<&'t str>,
    batch: &'b Batch,
    left: std::slice::Iter<'b, Pushed>,
    /// Rows that are read and not given yet, by table.
    waiting: Vec<Read<'b>>,
    /// What did not fit.
    pub(super) refused: Vec<Refused>,
    /// What the events said of their file.
    pub(super) origin: Origin<'b>,
}

impl<'b, 't> Reading<'b, 't> {
    pub(super) fn new(
        forms: Vec<&'t Form>,
        posting: &'b Posting,
        no_place_from: Option<&'t str>,
        batch: &'b Batch,
    ) -> Reading<'b, 't> {
        let waiting = forms.iter().map(|_| Read::default()).collect();
        let left = batch.events.iter();
        let (refused, origin) = (Vec::new(), Origin::default());
        Reading { forms, posting, no_place_from, batch, left, waiting, refused, origin }
    }

    /// So many rows of one table, or what is left of one; which table. Nothing when all were given.
    pub(super) fn next(&mut self, rows: usize) -> Option<(usize, Read<'b>)> {
        while let Some(event) = self.left.next() {
            let at = Table::of_type(&event.kind);
            if let Err(why) = self.read(at, event) {
                self.refused.push(refused(event, why));
                if self.posting.required {
                    self.left = [].iter();
                }
            }
            if let Some(full) = self.waiting.get_mut(at).filter(|read| read.events.len() >= rows) {
                return Some((at, std::mem::take(full)));
            }
        }
        let at = self.waiting.iter().position(|read| !read.events.is_empty())?;
        Some((at, std::mem::take(&mut self.waiting[at])))
    }

    fn read(&mut self, at: usize, event: &'b Pushed) -> Result<(), String> {
        let (Some(form), Some(read)) = (self.forms.get(at), self.waiting.get_mut(at)) else {
            return Err("no table takes its type".to_owned());
        };
        if let Some(end) = self.no_place_from.filter(|end| form.table.is_dated && form.row_date(event) >= *end) {
            return Err(format!("its id begins with a day too far ahead: partitions are made up to {end} at most"));
        }
        form.read(self.posting, event, self.batch.json_of(event), &mut read.cells, &mut self.origin)?;
        read.events.push(event);
        Ok(())
    }
}

/// An event that was not taken.
pub(super) fn refused(event: &Pushed, why: String) -> Refused {
    Refused { record: event.record, id: event.id.clone(), why }
}
