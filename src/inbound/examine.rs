//! A whole file through its proof: the same reading in the node and in `fpp prove`, wherever the bytes lie.

use crate::trade::plan::Plan;
use crate::trade::proof::outcome::Outcome;
use crate::trade::proof::{Ending, Proof};
use fpp_codecs::Code;
use fpp_codecs::framing::damage::HEAD;
use fpp_codecs::framing::{CutError, Cutter, text_mode_damage};
use std::io::{self, Read};

/// Reads a file of `size` bytes; `open` gives it from its beginning, for a look at its head and then for the whole.
/// Gives the outcome, and what is odd about the file but legal.
pub fn examine<R: Read>(
    mut proof: Proof<'_>,
    plan: &Plan,
    size: u64,
    open: impl Fn() -> io::Result<R>,
) -> io::Result<(Outcome, Vec<String>)> {
    let mut head = Vec::new();
    open()?.take(HEAD as u64).read_to_end(&mut head)?;
    if let Some(signs) = text_mode_damage(&plan.format, &head, size) {
        let ending = Ending::Broken { code: Code::TEXT_MODE, reason: signs };
        return Ok((proof.finish(ending)?, Vec::new()));
    }
    let mut cutter = Cutter::new(plan.format.framing.clone(), open()?);
    let ending = loop {
        match cutter.next() {
            Ok(Some(cut)) => proof.record(cut.n, cut.offset, cut.bytes)?,
            Ok(None) => break Ending::Complete,
            Err(CutError::Io(e)) => return Err(e),
            Err(error) => break Ending::Broken { code: error.code(), reason: without_code(&error) },
        }
    };
    let remarks = [cutter.remarks(), proof.repairs()].concat();
    Ok((proof.finish(ending)?, remarks))
}

/// The reason stands beside its code wherever it is told.
fn without_code(error: &CutError) -> String {
    let text = error.to_string();
    text.strip_prefix(&format!("{}: ", error.code())).unwrap_or(&text).to_owned()
}
