//! One file through one or more lives of a node, on the same folders.

use super::invariants;
use super::mortal::{Death, Life, Mortal};
use crate::support::settled::{PATIENCE, at_rest};
use crate::support::site::{Site, overlay, sample_route};
use crate::support::told::{Files, told};
use fpp::clock::Clock;
use fpp::demo::generate::{Flaw, Harm, Series, Spec, Spoil, generate};
use fpp::ledger::Ledger;
use fpp::node::{Node, Options};
use fpp_codecs::date::Date;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// 2025-06-20, 16:10 in Shanghai.
pub(crate) const NOW_MS: i64 = 1_750_407_000_000;

/// A route with everything: stream, a required file outlet, an answer; side files for both.
pub(crate) fn site() -> Site {
    let outlets = r#"
        [[outlet]]
        kind = "stream"
        [[outlet]]
        kind = "file"
        spool = "services"
        name = "PMTRD_{date}_{batch:4}_{run:2}.jsonl"
        sensitive = "clear"
        checksums = ["sha256"]
        marker = "{name}.OK"
    "#;
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &outlets.parse().unwrap());
    Site::make(&route)
}

/// What the core drops.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dropped {
    /// Ten trades, three of them bad.
    Partly,
    /// The same, and a trailer that is one fen off.
    Refused,
}

/// Drops it.
pub(crate) fn drop_file(site: &Site, dropped: Dropped) {
    let bad = |trade, flaw| Spoil::Record { trade, flaw };
    let mut spoils = vec![bad(2, Flaw::FeeDigit), bad(5, Flaw::NameRun), bad(9, Flaw::Instrument)];
    if let Dropped::Refused = dropped {
        spoils.push(Spoil::File(Harm::LyingAmount));
    }
    let date = Date { year: 2025, month: 6, day: 20 };
    let spec = Spec { trades: 10, spoils, ..Spec::new(Series::Ebcdic, date, 1) };
    let mut bytes = Vec::new();
    generate(&spec, &mut bytes).unwrap();
    site.drop_file(&spec.file_name(), &bytes, Some(""), NOW_MS);
}

/// How a life ended.
pub(crate) enum End {
    Killed,
    /// At rest, with everything that came out.
    Rest(Files),
}

/// One life, in a runtime of its own: when this returns, nothing of the node runs any more.
pub(crate) fn live(site: &Site, death: Death) -> Result<End, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let end = life(site, death, &runtime);
    runtime.shutdown_timeout(Duration::from_secs(30));
    let broken = invariants::broken(site);
    if broken.is_empty() { end } else { Err(format!("after {death:?}: {}", broken.join("\n  "))) }
}

fn life(site: &Site, death: Death, runtime: &Runtime) -> Result<End, String> {
    let life = Life::new(death);
    // The books are looked at past the decorator: a dead node's ledger answers nobody.
    let books: Arc<OnceLock<Arc<dyn Ledger>>> = Arc::default();
    let (wrapped, kept) = (life.clone(), books.clone());
    let wrap = move |inner: Arc<dyn Ledger>| -> Arc<dyn Ledger> {
        let _ = kept.set(inner.clone());
        Arc::new(Mortal { inner, life: wrapped })
    };
    runtime.block_on(async {
        let settings = site.settings();
        let options = Options { clock: Clock::fixed(NOW_MS), wrap_ledger: Some(Box::new(wrap)), wrap_vault: None };
        let node = Node::start(settings.clone(), options).await.map_err(|e| e.to_string())?;
        let until = Instant::now() + PATIENCE;
        let mut bell = node.bell.listen();
        loop {
            if life.is_over() {
                // Dropped, not stopped: nobody drains a killed node.
                return Ok(End::Killed);
            }
            let rest = at_rest(&**books.get().unwrap(), 1).await;
            // What an earlier life left is swept beside the walk, perhaps after it.
            let left = leftovers(site);
            if rest.is_ok() && left.is_empty() && !life.is_over() {
                let files = told(site, &settings, &*node.ledger, node.address).await;
                node.stop().await;
                return Ok(End::Rest(files));
            }
            if Instant::now() > until {
                return Err(format!("{death:?}: {} left: {left:?}", rest.err().unwrap_or_default()));
            }
            bell.wait(Duration::from_millis(10)).await;
        }
    })
}

/// The partner takes every answer whose marker stands beside it (D15).
pub(crate) fn take_answers(site: &Site) {
    let (folder, taken) = (site.root.join("core/in"), site.root.join("taken"));
    std::fs::create_dir_all(&taken).unwrap();
    for marker in site.names("core/in").into_iter().filter(|name| name.ends_with(".OK")) {
        let name = marker.trim_end_matches(".OK");
        for end in ["", ".sha256", ".OK"] {
            let name = format!("{name}{end}");
            assert!(!taken.join(&name).exists(), "{name} was delivered twice");
            std::fs::rename(folder.join(&name), taken.join(&name)).unwrap();
        }
    }
}

/// What must not be left behind, whatever happened (I9).
pub(crate) fn leftovers(site: &Site) -> Vec<String> {
    let mut left = Vec::new();
    collect(&site.root.join("data/scratch"), &mut left);
    for folder in ["core/out", "core/in", "services", "data/vault"] {
        let mut all = Vec::new();
        collect(&site.root.join(folder), &mut all);
        let temporary = |path: &String| path.contains("/.") || path.ends_with(".part") || path.contains("/tmp/");
        left.extend(all.into_iter().map(|path| path.replace(&site.root.display().to_string(), "")).filter(temporary));
    }
    left
}

fn collect(folder: &Path, out: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.map(|e| e.unwrap()) {
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), out);
        } else {
            out.push(entry.path().display().to_string());
        }
    }
}

/// Differences between an undisturbed end and another, in words.
pub(crate) fn differences(due: &Files, found: &Files) -> Vec<String> {
    let mut told: Vec<_> = due.keys().filter(|k| !found.contains_key(*k)).map(|k| format!("no {k}")).collect();
    for (name, bytes) in found {
        let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
        match due.get(name) {
            None => told.push(format!("{name} too much")),
            Some(was) if was == bytes => {}
            Some(_) if name.ends_with(".dat") => told.push(format!("{name}: other bytes")),
            Some(was) if name == "outcome.json" => {
                told.extend(
                    crate::support::differ::json(&text(was), &text(bytes)).iter().map(|d| format!("{name}: {d}")),
                );
            }
            Some(was) => {
                let differ = crate::support::differ::json_lines(&text(was), &text(bytes));
                told.extend(differ.iter().map(|d| format!("{name}: {d}")));
            }
        }
    }
    told
}
