//! A whole file through its proof: the same reading in the node and in `fpp prove`, wherever the bytes lie.

use super::crew;
use crate::trade::plan::Plan;
use crate::trade::proof::outcome::Outcome;
use crate::trade::proof::{Ending, Proof};
use fpp_codecs::Code;
use fpp_codecs::framing::damage::HEAD;
use fpp_codecs::framing::{CutError, Cutter, TextMode, misframed, text_mode};
use std::io::{self, Read};

/// Files below this size are read by one thread: they take milliseconds.
const SMALL_BYTES: u64 = 4 << 20;

/// Reads a file of `size` bytes with so many threads at most, the caller's with them; the outcome is the same for any
/// number. `open` gives the file from its beginning, for a look at its head and then for the whole. Gives the outcome, and
/// what is odd about the file but legal.
pub fn examine<R: Read + Send>(
    mut proof: Proof<'_>,
    plan: &Plan,
    (size, threads): (u64, usize),
    open: impl Fn() -> io::Result<R>,
) -> io::Result<(Outcome, Vec<String>)> {
    let mut head = Vec::new();
    open()?.take(HEAD as u64).read_to_end(&mut head)?;
    let doubt = match text_mode(&plan.format, &head, size) {
        TextMode::Damaged(signs) => {
            let ending = Ending::Broken { code: Code::TEXT_MODE, reason: signs };
            return Ok((proof.finish(ending)?, Vec::new()));
        }
        TextMode::Doubtful(signs) => {
            Some(format!("perhaps {} {}: {signs}", Code::TEXT_MODE, Code::TEXT_MODE.english()))
        }
        TextMode::Untouched => None,
    };
    let cutter = Cutter::of(&plan.format, open()?);
    let (cutter, error) = match threads {
        0 | 1 => alone(&mut proof, cutter)?,
        threads => crew::together(&mut proof, plan, cutter, threads)?,
    };
    let ending = match error {
        None => Ending::Complete,
        Some(CutError::Io(e)) => return Err(e),
        Some(error) => Ending::Broken { code: error.code(), reason: without_code(&error) },
    };
    let framed = misframed(&plan.format, &head, size);
    let framed = framed.map(|looks| format!("the records do not lie as the layout says: {looks}"));
    let remarks = [doubt.into_iter().chain(framed).collect(), cutter.remarks(), proof.repairs()].concat();
    Ok((proof.finish(ending)?, remarks))
}

/// As many threads as a proof may have where nothing else is said: one for each core, and not more than eight, because
/// one at a time reads the bytes and checks them.
pub fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().min(8))
}

/// Of so many threads, those that a file of a size is worth.
pub fn worth(size: u64, threads: usize) -> usize {
    if size < SMALL_BYTES { 1 } else { threads }
}

/// Cuts and proves on the caller's thread; the error at which cutting stopped.
fn alone<R: Read>(proof: &mut Proof<'_>, mut cutter: Cutter<R>) -> io::Result<(Cutter<R>, Option<CutError>)> {
    loop {
        match cutter.next() {
            Ok(Some(cut)) => proof.record(cut.n, cut.offset, cut.bytes)?,
            Ok(None) => return Ok((cutter, None)),
            Err(error) => return Ok((cutter, Some(error))),
        }
    }
}

/// The reason stands beside its code wherever it is told.
fn without_code(error: &CutError) -> String {
    let text = error.to_string();
    text.strip_prefix(&format!("{}: ", error.code())).unwrap_or(&text).to_owned()
}
