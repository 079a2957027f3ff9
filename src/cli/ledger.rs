//! `fpp ledger verify`: walks every hash chain of the books.

use super::books;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::Output;
use super::show::grouped;
use crate::ledger::Ledger;
use clap::{Args, Subcommand};

/// Prove that nobody changed the books.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp ledger verify")]
pub(super) struct LedgerVerb {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Walk every journal and the seals; name the first row that does not fit, and what is not sealed yet
    Verify {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl LedgerVerb {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let Act::Verify { json } = self.act;
        let settings = global.settings()?;
        let key = match &settings.seal.key_file {
            Some(file) => Some(std::fs::read(file).map_err(|e| Failure::file("read", file.display(), &e))?),
            None => None,
        };
        let report = wait(async { Ok(books::open(&settings).await?.verify(key.as_deref()).await?) })?;
        if json {
            out.json(&report)?;
        } else {
            let (chains, rows, seals) = (grouped(report.chains), grouped(report.rows), grouped(report.seals));
            out.line(format_args!("{chains} chains, {rows} rows, {seals} seals"))?;
            out.line(format_args!("{} rows are newer than the last seal", grouped(report.unsealed)))?;
            if report.seals_unchecked {
                out.line("the seals were not checked: no key (seal.key_file)")?;
            }
            match &report.broken {
                Some(place) => out.line(format_args!("BROKEN: {place}"))?,
                None => out.line("all fit")?,
            }
        }
        Ok(if report.broken.is_some() { Exit::Internal } else { Exit::Good })
    }
}
