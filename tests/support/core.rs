//! The files that the core drops, and what each of them must come to.

use fpp::ledger::transfer::Verdict;
use std::sync::Arc;
#[cfg(feature = "demo")]
use {
    fpp::demo::generate::{Flaw, Harm, Series, Spec, Spoil, generate},
    fpp_codecs::date::Date,
    fpp_spool::{Algorithm, Digest},
};

/// A file of the core.
#[derive(Clone, Debug)]
pub(crate) struct CoreFile {
    pub(crate) name: String,
    pub(crate) bytes: Arc<Vec<u8>>,
    pub(crate) sha256: String,
    /// The verdict that is due.
    pub(crate) due: Verdict,
    /// Events that are due, the end of the file included (D10).
    pub(crate) events: u64,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// Nothing.
    Good,
    /// Its second trade, and where it has so many the fifth and the ninth, are bad.
    Partly,
    /// The same, and a trailer that is one fen off.
    Refused,
}

/// Bytes of a record of the core's, and where the order number of a trade ends in one.
#[cfg(feature = "demo")]
const RECORD: usize = 480;
#[cfg(feature = "demo")]
const ORDER_END: usize = 69;

/// A batch of 2025-06-20 with so many good trades: its name and bytes.
#[cfg(feature = "demo")]
pub(crate) fn generated(batch: u16, trades: u64) -> (String, Vec<u8>) {
    let file = core_file(batch, trades, Dropped::Good);
    (file.name, file.bytes.to_vec())
}

/// The trades of the first batch under another batch's name and header; the order numbers of some records end in a letter.
#[cfg(feature = "demo")]
pub(crate) fn sent_again(batch: u16, trades: u64, changed: &[usize], letter: u8) -> (String, Vec<u8>) {
    let ((name, own), (_, mut bytes)) = (generated(batch, trades), generated(1, trades));
    bytes[..RECORD].copy_from_slice(&own[..RECORD]);
    for record in changed {
        bytes[(record - 1) * RECORD + ORDER_END] = letter;
    }
    (name, bytes)
}

/// A batch of 2025-06-20 with so many trades.
#[cfg(feature = "demo")]
pub(crate) fn core_file(batch: u16, trades: u64, dropped: Dropped) -> CoreFile {
    let flaws = [(2, Flaw::FeeDigit), (5, Flaw::NameRun), (9, Flaw::Instrument)];
    let mut spoils = Vec::new();
    if dropped != Dropped::Good {
        let there = flaws.into_iter().filter(|(trade, _)| *trade <= trades);
        spoils.extend(there.map(|(trade, flaw)| Spoil::Record { trade, flaw }));
    }
    let bad = spoils.len() as u64;
    if dropped == Dropped::Refused {
        spoils.push(Spoil::File(Harm::LyingAmount));
    }
    let date = Date { year: 2025, month: 6, day: 20 };
    let spec = Spec { trades, spoils, ..Spec::new(Series::Ebcdic, date, batch) };
    let mut bytes = Vec::new();
    generate(&spec, &mut bytes).unwrap();
    let (due, events) = match dropped {
        Dropped::Good => (Verdict::Accepted, trades + 1),
        Dropped::Partly => (Verdict::Partly, trades - bad + 1),
        Dropped::Refused => (Verdict::Rejected, 1),
    };
    let sha256 = Digest::of(Algorithm::Sha256, &bytes).to_string();
    CoreFile { name: spec.file_name(), bytes: Arc::new(bytes), sha256, due, events }
}
