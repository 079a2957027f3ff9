//! `fpp ledger`: proves that nobody changed the books, gives an auditor what he keeps elsewhere, copies
//! them, and lets finished transfers of past business dates go.

use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Output, note};
use super::show::grouped;
use super::{books, control};
use crate::ledger::Ledger;
use crate::ledger::change::{Seal, VerifyReport};
use crate::node;
use crate::settings::Settings;
use clap::{Args, Subcommand};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Seals read at once.
const PAGE: u32 = 1_000;

/// Prove that nobody changed the books; back them up, restore them, purge what is finished and old.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp ledger verify\n  fpp ledger seals > /elsewhere/seals.jsonl\n  fpp ledger \
                        verify --seals /elsewhere/seals.jsonl\n  fpp ledger backup /backup/ledger.sqlite\n  fpp ledger purge --before 2025-01-01 --reason \"kept on tape, ticket \
                        4711\"")]
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
        /// Seals kept elsewhere (`fpp ledger seals`): the ledger must hold every one of them, unchanged
        #[arg(long, value_name = "FILE")]
        seals: Option<PathBuf>,
    },
    /// Print the seal chain as JSON lines, to be kept where whoever runs this machine cannot change it
    Seals {
        /// Only seals after this number
        #[arg(long, default_value_t = 0, value_name = "N")]
        after: u64,
    },
    /// Copy the books, as they stand now, into a file, and prove the copy; a node may run meanwhile
    Backup {
        /// A file that is not there yet
        file: PathBuf,
    },
    /// Fill the ledger of this configuration, which must be empty, from a backup, and prove it; no node may run
    Restore {
        /// A file that `fpp ledger backup` made
        file: PathBuf,
    },
    /// Remove finished transfers of business dates before a day, through the running node. Identities and seals stay
    Purge {
        /// Business dates before this one, yyyy-mm-dd; not after today
        #[arg(long, value_name = "DATE", value_parser = clap::value_parser!(Date))]
        before: Date,
        /// Why; kept in the journal of purges
        #[arg(long, value_parser = clap::builder::NonEmptyStringValueParser::new())]
        reason: String,
    },
}

impl LedgerVerb {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        match self.act {
            Act::Verify { json, seals } => verify(&settings, json, seals.as_deref(), out),
            Act::Seals { after } => export(&settings, after, out),
            Act::Backup { file } => copied(
                wait(async { Ok(node::books::backup(&settings, &file, key(&settings)?.as_deref()).await?) })?,
                out,
            ),
            Act::Restore { file } => copied(
                wait(async { Ok(node::books::restore(&settings, &file, key(&settings)?.as_deref()).await?) })?,
                out,
            ),
            Act::Purge { before, reason } => purge(&settings, before, &reason, out),
        }
    }
}

/// The key of the seals, where one is configured.
fn key(settings: &Settings) -> Result<Option<Vec<u8>>, Failure> {
    let Some(file) = &settings.seal.key_file else { return Ok(None) };
    std::fs::read(file).map(Some).map_err(|e| Failure::file("read", file.display(), &e))
}

/// What was found in a copy.
fn copied(report: VerifyReport, out: &mut Output) -> Result<Exit, Failure> {
    tell(&report, None, out)?;
    Ok(if report.broken.is_some() { Exit::Internal } else { Exit::Good })
}

fn verify(settings: &Settings, json: bool, kept: Option<&Path>, out: &mut Output) -> Result<Exit, Failure> {
    let key = key(settings)?;
    let kept = kept.map(read_kept).transpose()?;
    let report = wait(async {
        let ledger = books::open(settings).await?;
        let mut report = ledger.verify(key.as_deref()).await?;
        if let (None, Some(kept)) = (&report.broken, &kept) {
            report.broken = differing(&*ledger, kept).await?;
        }
        Ok(report)
    })?;
    if json {
        out.json(&report)?
    } else {
        tell(&report, kept.as_deref(), out)?
    }
    Ok(if report.broken.is_some() { Exit::Internal } else { Exit::Good })
}

fn tell(report: &VerifyReport, kept: Option<&[Seal]>, out: &mut Output) -> Result<(), Failure> {
    let (chains, rows, seals) = (grouped(report.chains), grouped(report.rows), grouped(report.seals));
    out.line(format_args!("{chains} chains, {rows} rows, {seals} seals"))?;
    // Where the walk stopped at a fault, nobody has counted them.
    if report.broken.is_none() {
        out.line(format_args!("{} rows are newer than the last seal", grouped(report.unsealed)))?;
    }
    if !report.seals_unchecked && report.seals == 0 && report.rows > 0 {
        out.line(
            "NOT SEALED: a key is configured, and there is no seal; the first comes within every_ms of a node's start",
        )?;
    }
    if report.seals_unchecked {
        out.line("the seals were not checked: no key (seal.key_file)")?;
    }
    if let Some(kept) = kept {
        out.line(format_args!("{} seals kept elsewhere were compared", grouped(kept.len() as u64)))?;
    }
    match &report.broken {
        Some(place) => out.line(format_args!("BROKEN: {place}"))?,
        None => out.line("all fit")?,
    }
    Ok(())
}

fn export(settings: &Settings, after: u64, out: &mut Output) -> Result<Exit, Failure> {
    wait(async {
        let ledger = books::open(settings).await?;
        let mut after = after;
        loop {
            let seals = ledger.seals(after, PAGE).await?;
            let Some(last) = seals.last() else { return Ok(Exit::Good) };
            after = last.n;
            for seal in &seals {
                out.json(seal)?;
            }
        }
    })
}

fn purge(settings: &Settings, before: Date, reason: &str, out: &mut Output) -> Result<Exit, Failure> {
    let begin = TimeZone::get(&settings.timezone).and_then(|zone| before.to_zoned(zone));
    let begin = begin.map_err(|e| Failure::usage(format!("{before}: {e}")))?;
    let command = json!({"before": before.to_string(), "before_ms": begin.timestamp().as_millisecond(),
                         "reason": reason, "by": control::operator()});
    let mut purged = 0;
    loop {
        let reply = wait(control::send(settings, "purge", &command))?;
        purged += reply.purged;
        if !reply.more {
            break;
        }
        note(format_args!("{} transfers purged so far", grouped(purged)));
    }
    out.line(format_args!("{} transfers purged", grouped(purged)))?;
    Ok(Exit::Good)
}

fn read_kept(file: &Path) -> Result<Vec<Seal>, Failure> {
    let text = std::fs::read_to_string(file).map_err(|e| Failure::file("read", file.display(), &e))?;
    let seal = |(i, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|e| Failure::usage(format!("{}:{}: no seal: {e}", file.display(), i + 1)))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(seal).collect()
}

/// The first kept seal that the ledger does not hold: then it is not the ledger that was sealed, or an older copy of it.
async fn differing(ledger: &dyn Ledger, kept: &[Seal]) -> Result<Option<String>, Failure> {
    for seal in kept {
        match ledger.seals(seal.n.saturating_sub(1), 1).await?.first() {
            Some(here) if here == seal => {}
            Some(here) if here.n == seal.n => {
                return Ok(Some(format!("seals {}: it differs from the one kept elsewhere", seal.n)));
            }
            _ => return Ok(Some(format!("seals {}: it is kept elsewhere, and missing here", seal.n))),
        }
    }
    Ok(None)
}
