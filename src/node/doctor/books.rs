//! Ledger and vault, read as a command reads them.

use super::finding::{Finding, Level};
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::ledger::transfer::TransferQuery;
use crate::node::{books, vaults};
use crate::settings::Settings;
use crate::vault::{Vault, error_of};
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Reads that are timed.
const READS: u32 = 20;
/// A read that takes longer is worth a look: a file is some thirty of them.
const READ_SLOW: Duration = Duration::from_millis(50);
/// Newest transfers whose content is looked at.
const SAMPLE: u32 = 3;

/// Looks at both.
pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let place = books::place(settings);
    if !books::may_exist(settings) {
        let what = format!("{place} is not there yet; the node makes it");
        return vec![Finding::new(Level::Note, "ledger", "reach", what)];
    }
    // A server's tables may not be made yet, which a reader takes for a fault.
    if let Ok(Some(0)) = books::look(settings).await {
        let what = format!("{place}: reached; the first node makes its tables");
        return vec![Finding::new(Level::Note, "ledger", "reach", what)];
    }
    let begun = Instant::now();
    let ledger = match books::open_read_only(settings).await {
        Ok(ledger) => ledger,
        Err(error) => {
            let next = if error.hint.is_empty() { "Look at the server, or at the file's folder." } else { &error.hint };
            return vec![
                Finding::new(Level::Fault, "ledger", "reach", format!("{place}: {}", told(&error))).next(next),
            ];
        }
    };
    let opened = begun.elapsed();
    let what = format!("{place}: opened in {} ms, with the tables of this version", opened.as_millis());
    let mut found = vec![Finding::new(Level::Good, "ledger", "reach", what)];
    found.push(latency(&*ledger).await);
    found.extend(times(&*ledger).await);
    found.extend(vault(settings, &ledger).await);
    found
}

/// An error in words, without the hint, which stands beside it.
fn told(error: &crate::error::Error) -> String {
    match &error.source {
        Some(source) => format!("{} {}: {source}", error.code, error.what),
        None => format!("{} {}", error.code, error.what),
    }
}

async fn latency(ledger: &dyn Ledger) -> Finding {
    let begun = Instant::now();
    for _ in 0..READS {
        if let Err(error) = ledger.last_publication().await {
            return Finding::new(Level::Fault, "ledger", "latency", told(&error)).next(error.hint);
        }
    }
    let each = begun.elapsed() / READS;
    let what = format!("a read takes {:.1} ms", each.as_secs_f64() * 1000.0);
    if each > READ_SLOW {
        return Finding::new(Level::Warning, "ledger", "latency", what)
            .next("A ledger far away makes every file wait: look at the line to it.");
    }
    Finding::new(Level::Good, "ledger", "latency", what)
}

/// What is in the books cannot come from the future.
async fn times(ledger: &dyn Ledger) -> Vec<Finding> {
    let query = TransferQuery { limit: 1, ..TransferQuery::default() };
    let Ok(newest) = ledger.transfers(&query).await else { return Vec::new() };
    let ahead_ms = newest.first().map_or(0, |transfer| transfer.arrived_ms - Clock::System.now_ms());
    if ahead_ms < 2_000 {
        return Vec::new();
    }
    let what = format!("the newest file was booked {} seconds from now", ahead_ms / 1000);
    vec![
        Finding::new(Level::Fault, "clock", "books", what)
            .next("This clock went back, or another node's is ahead: set them."),
    ]
}

async fn vault(settings: &Settings, ledger: &Arc<dyn Ledger>) -> Vec<Finding> {
    let place = vaults::place(settings);
    let query = TransferQuery { limit: SAMPLE, ..TransferQuery::default() };
    let kept: Vec<String> = match ledger.transfers(&query).await {
        Ok(newest) => newest.into_iter().filter_map(|transfer| transfer.facts.sha256).collect(),
        Err(error) => return vec![Finding::new(Level::Fault, "ledger", "read", told(&error)).next(error.hint)],
    };
    let count = kept.len();
    let from = settings.clone();
    // A bucket's server is asked when it is opened, which may take its time.
    let read = tokio::task::spawn_blocking(move || {
        let opened = vaults::open_read_only(&from).map_err(|error| ("reach", told(&error), error.hint))?;
        let sound = kept.iter().try_for_each(|sha256| first_byte(&*opened, sha256));
        sound.map_err(|what| ("content", what, String::new()))
    })
    .await;
    let next = "Restore the vault's content of that digest from its backup, then `fpp retry` what is held for it.";
    vec![match read {
        Ok(Ok(())) if count == 0 => {
            Finding::new(Level::Note, "vault", "content", format!("{place}: nothing to look at yet"))
        }
        Ok(Ok(())) => {
            let what = format!("{place}: the newest {count} files open, their first blocks have their digests");
            Finding::new(Level::Good, "vault", "content", what)
        }
        Ok(Err((aspect, what, hint))) => {
            let next = if hint.is_empty() { next } else { &hint };
            Finding::new(Level::Fault, "vault", aspect, format!("{place}: {what}")).next(next)
        }
        Err(error) => Finding::new(Level::Fault, "vault", "content", format!("{place}: {error}")).next(next),
    }]
}

fn first_byte(vault: &dyn Vault, sha256: &str) -> Result<(), String> {
    let content = vault.open(sha256).map_err(|error| told(&error))?;
    let mut byte = [0];
    content.reader_at(0).read(&mut byte).map(drop).map_err(|error| told(&error_of(error)))
}
