//! Records from a stream, one after the other or in batches, whatever the framing.
//!
//! Memory is one block and one record, whatever the file's size; the input is read once and front to back. A record that
//! lies in the block in one piece is lent, not copied. What the bytes are is said by [`Gauge`]; here they are fetched.

use super::batch::{self, Batch};
use super::cut::Cut;
use super::fault::{CutError, Found, Misframed, Wrong};
use super::gauge::Gauge;
use super::hint;
use super::hint_lines::Known;
use super::indexer::Place;
use super::kind::{Edge, Framing};
use super::step::{Frame, Step, Trouble};
use super::window::Window;
use crate::format::Format;
use std::io::Read;

/// Cuts a stream into records.
///
/// Line ends are checked where a length decides. A BOM at the beginning and a run of 1A or 00 after the last record
/// are legal and remarked.
#[derive(Debug)]
pub struct Cutter<R> {
    framing: Framing,
    /// What is known of the records, for hints.
    known: Option<Known>,
    window: Window<R>,
    gauge: Gauge,
    /// The number of the next record.
    n: u64,
    begun: bool,
    over: bool,
    /// A record that does not lie in the window in one piece.
    scratch: Vec<u8>,
    /// Where its first segment began, while more of them are to come.
    segments: Option<u64>,
    /// Nothing is read on, because records that were taken lie in the window.
    held: bool,
    /// An error that a batch of good records comes before.
    pending: Option<CutError>,
}

/// A record that was measured and taken.
pub(super) struct Taken {
    n: u64,
    offset: u64,
    length: usize,
    /// Bytes between its end and the window's front; nothing if it is in the scratch buffer.
    back: Option<usize>,
}

impl<R: Read> Cutter<R> {
    /// From the start of a file of this format: hints then say only what its layouts can have.
    pub fn of(format: &Format, input: R) -> Cutter<R> {
        let (gauge, known) = (Gauge::of(format), Some(Known::of(format)));
        Cutter { gauge, known, ..Cutter::new(format.framing.clone(), input) }
    }

    /// From the start of a file of which the framing alone is known: of a BOM only that before lines is taken off.
    pub fn new(framing: Framing, input: R) -> Cutter<R> {
        let hidden = match &framing {
            Framing::Edged(edged) => edged.trailer.length,
            _ => 0,
        };
        Cutter {
            window: Window::new(input, hidden),
            gauge: Gauge::new(&framing),
            framing,
            known: None,
            n: 1,
            begun: false,
            over: false,
            scratch: Vec::new(),
            segments: None,
            held: false,
            pending: None,
        }
    }

    /// From the middle: `input` stands at a place that an index knows.
    #[must_use]
    pub fn starting(mut self, place: Place) -> Cutter<R> {
        self.n = place.n;
        self.window.offset = place.offset;
        if place.offset > 0 {
            self.begun = true;
            self.gauge.resume(place.left);
        }
        self
    }

    /// The next record; nothing at the end of the file. After an error there is nothing more.
    #[allow(clippy::should_implement_trait)] // lends from its buffer, which an iterator cannot
    #[inline]
    pub fn next(&mut self) -> Result<Option<Cut<'_>>, CutError> {
        let Some(taken) = self.advance()? else { return Ok(None) };
        Ok(Some(Cut { n: taken.n, offset: taken.offset, bytes: self.bytes_of(&taken) }))
    }

    /// Fills a batch with whole records, about [`Batch::TARGET`] bytes of them; `false` at the end of the file, and then
    /// the batch is empty. An error comes after the batch of the good records before it.
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<bool, CutError> {
        batch.clear(self.n, batch::stride(&self.framing));
        // Read into the batch's own block, so that its bytes need not move again, and stay on the core that asks.
        self.window.change(&mut batch.block);
        let filled = self.fill_batch(batch);
        self.held = false;
        self.window.change(&mut batch.block);
        filled.map(|()| !batch.is_empty())
    }

    /// Cuts what one filling of the window has. A record larger than that comes alone.
    fn fill_batch(&mut self, batch: &mut Batch) -> Result<(), CutError> {
        let unread = if self.over { None } else { self.window.fill(Batch::TARGET).err() };
        while !batch.is_full() {
            self.held = !batch.is_empty() || unread.is_some();
            match self.advance() {
                Ok(Some(taken)) => match taken.back {
                    Some(back) => {
                        batch.push(taken.offset, self.window.taken_at(taken.length, back), taken.length);
                    }
                    None => batch.push_pieced(taken.offset, &self.scratch),
                },
                Ok(None) => break,
                Err(error) if batch.is_empty() => return Err(error),
                Err(error) => {
                    self.pending = Some(error);
                    break;
                }
            }
        }
        let Some(error) = unread.filter(|_| !self.over) else { return Ok(()) };
        self.over = true;
        match batch.is_empty() {
            true => return Err(CutError::Io(error)),
            false => self.pending = Some(CutError::Io(error)),
        }
        Ok(())
    }

    /// Legal oddities seen so far, for people.
    pub fn remarks(&self) -> Vec<String> {
        self.gauge.oddities.remarks()
    }

    /// Number and first byte of the next record, with what frames it; after an error, of the record that was not cut.
    pub fn place(&self) -> (u64, u64) {
        (self.n, self.window.offset)
    }

    fn bytes_of(&self, taken: &Taken) -> &[u8] {
        match taken.back {
            Some(back) => self.window.taken(taken.length, back),
            None => &self.scratch,
        }
    }

    fn advance(&mut self) -> Result<Option<Taken>, CutError> {
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        if !self.begun {
            self.begun = true;
            self.header()?;
        }
        while !self.over {
            match self.gauge.step(self.window.rest(), self.window.at_end()) {
                Step::More(_) if self.held => break,
                Step::More(need) => self.fill(need)?,
                Step::Skip(count) => self.window.take(count),
                Step::Segment(frame) => {
                    if self.segments.is_none() {
                        self.scratch.clear();
                        self.segments = Some(self.window.offset + frame.front as u64);
                    }
                    self.scratch.extend_from_slice(self.window.slice(frame.front, frame.length));
                    self.window.take(frame.front + frame.length + frame.back);
                }
                Step::Record(frame) => return Ok(Some(self.record(frame))),
                Step::End => self.end()?,
                Step::Fault(trouble) => return Err(self.fault(*trouble)),
            }
        }
        Ok(None)
    }

    #[inline]
    fn record(&mut self, frame: Frame) -> Taken {
        let first_segment = self.segments.take();
        let Frame { front, length, back, pad } = frame;
        let offset = self.window.offset + front as u64;
        let n = self.n;
        self.n += 1;
        let mut taken = Taken { n, offset, length, back: Some(back) };
        if first_segment.is_some() || pad > 0 {
            if first_segment.is_none() {
                self.scratch.clear();
            }
            self.scratch.extend_from_slice(self.window.slice(front, length));
            let blank = match self.framing.records() {
                Framing::Text(lines) => lines.pad.unwrap_or(b' '),
                _ => b' ',
            };
            self.scratch.resize(self.scratch.len() + pad, blank);
            taken = Taken { n, offset: first_segment.unwrap_or(offset), length: self.scratch.len(), back: None };
        }
        self.window.take(front + length + back);
        taken
    }

    fn fill(&mut self, need: usize) -> Result<(), CutError> {
        if self.window.at_end() {
            // A gauge never asks beyond the end; if one did, the file would be the shorter one.
            let have = self.window.rest().len();
            return Err(self.fault(Trouble::other(Wrong::Short { have, want: need })));
        }
        self.window.fill(need).map_err(|e| {
            self.over = true;
            CutError::Io(e)
        })
    }

    /// The file header, if the framing has one.
    fn header(&mut self) -> Result<(), CutError> {
        let Framing::Edged(edged) = &self.framing else { return Ok(()) };
        let (edge, trailer) = (edged.header.clone(), edged.trailer.length);
        if !self.window.at_end() {
            self.fill(edge.length)?;
        }
        let rest = self.window.rest();
        let Some(header) = rest.get(..edge.length) else {
            let (have, want) = (rest.len() + self.window.trailer().len(), edge.length + trailer);
            let words = format!("is not there: the file has {have} bytes, its header and trailer have {want}");
            return Err(self.edge(Wrong::Other(words)));
        };
        check("file header", &edge, header).map_err(|wrong| self.edge(wrong))?;
        self.window.take(edge.length);
        Ok(())
    }

    /// After the last record: the file trailer, if the framing has one.
    fn end(&mut self) -> Result<(), CutError> {
        let checked = match &self.framing {
            Framing::Edged(edged) if self.window.trailer().len() < edged.trailer.length => {
                let (have, want) = (self.window.trailer().len(), edged.trailer.length);
                Err(Wrong::Other(format!(
                    "stands where the file trailer is due: {have} bytes are there, it has {want}"
                )))
            }
            Framing::Edged(edged) => check("file trailer", &edged.trailer, self.window.trailer()),
            _ => Ok(()),
        };
        checked.map_err(|wrong| self.edge(wrong))?;
        self.over = true;
        self.window.stop();
        Ok(())
    }

    fn edge(&mut self, wrong: Wrong) -> CutError {
        self.fault(Trouble::other(wrong))
    }

    fn fault(&mut self, trouble: Trouble) -> CutError {
        let Trouble { code, wrong, hint } = trouble;
        // For the hint alone; a failed read would only make it worse.
        let _ = self.window.look_ahead(hint::HEAD);
        let (head, whole) = (self.window.beginning(), self.window.at_end());
        let guessed = head.and_then(|head| hint::likely(&self.framing, self.known.as_ref(), head, whole));
        let offset = self.window.offset;
        let found = Found::of(&self.framing, &wrong, self.window.rest());
        self.over = true;
        self.window.stop();
        CutError::Frame(Box::new(Misframed { code, n: self.n, offset, wrong, hint: guessed.or(hint), found }))
    }
}

/// Whether the bytes are a file's header or trailer.
pub(super) fn check(name: &str, edge: &Edge, bytes: &[u8]) -> Result<(), Wrong> {
    if !bytes.starts_with(&edge.begins) {
        return Err(Wrong::Other(format!("has a {name} that does not begin with the bytes the format says")));
    }
    Ok(())
}
