//! One file through one or more lives of a node, on the same folders.

use super::invariants;
use super::mortal::{Death, Life, Mortal};
use crate::support::checker::evidence::Evidence;
use crate::support::core::{CoreFile, Dropped, core_file};
use crate::support::settled::{PATIENCE, at_rest};
use crate::support::site::{Site, route_with_an_outlet_of_files};
use crate::support::told::{Files, read_stream, told};
use fpp::clock::Clock;
use fpp::ledger::Ledger;
use fpp::node::{Node, Options};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// 2025-06-20, 16:10 in Shanghai.
pub(crate) const NOW_MS: i64 = 1_750_407_000_000;

/// A route with everything: stream, a required file outlet, an answer; side files for both.
pub(crate) fn site() -> Site {
    Site::make(&route_with_an_outlet_of_files())
}

/// The core drops its file of ten trades.
pub(crate) fn drop_file(site: &Site, dropped: Dropped) -> CoreFile {
    let file = core_file(1, 10, dropped);
    site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
    file
}

/// How a life ended.
pub(crate) enum End {
    Killed,
    /// At rest, with everything that came out, and the stream as a consumer read it.
    Rest(Files, Vec<String>),
}

/// One life, in a runtime of its own: when this returns, nothing of the node runs any more. Gives what it left, which is
/// checked; `before` is what the life before it left.
pub(crate) fn live(
    site: &Site,
    file: &CoreFile,
    death: Death,
    before: Option<&Evidence>,
) -> Result<(End, Evidence), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let end = life(site, death, &runtime);
    runtime.shutdown_timeout(Duration::from_secs(30));
    let mut evidence = invariants::evidence(site, file);
    if let Ok(End::Rest(_, received)) = &end {
        evidence = evidence.with_received("a consumer", received.clone());
    }
    let broken = invariants::broken(before, &evidence);
    if broken.is_empty() { Ok((end?, evidence)) } else { Err(format!("after {death:?}: {}", broken.join("\n  "))) }
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
        let options = Options { clock: Clock::fixed(NOW_MS), wrap_ledger: Some(Box::new(wrap)), ..Options::default() };
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
                let received = read_stream(node.address).await;
                node.stop().await;
                return Ok(End::Rest(files, received));
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

/// What an earlier life left and nobody swept yet (I9).
pub(crate) fn leftovers(site: &Site) -> Vec<String> {
    invariants::places(site).temporaries()
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
