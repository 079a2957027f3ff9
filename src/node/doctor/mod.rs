//! The doctor: looks at everything that a node needs, and says of each thing whether it is good and what to do if not.
//!
//! Invariants: nothing of anybody else's is touched; what it writes has a hidden name of its own and is removed, or named;
//! a thing that hangs ends at its deadline and keeps no other from being looked at. It works beside a running node.
//! Deliberately absent: repairs.

mod books;
mod finding;
mod machine;
mod outlets;
mod partner;

use crate::settings::Settings;
pub use finding::{Finding, Level};

/// Looks at everything; the findings come in order: machine, ledger, vault, each outlet, each spool.
pub async fn examine(settings: &Settings, mut tell: impl FnMut(Finding)) {
    machine::look(settings).into_iter().for_each(&mut tell);
    books::look(settings).await.into_iter().for_each(&mut tell);
    outlets::look(settings).await.into_iter().for_each(&mut tell);
    // All partners at once; one that hangs delays the report and nobody else's look.
    let mut looks = Vec::new();
    for spool in &settings.spools {
        let (settings, spool) = (settings.clone(), spool.clone());
        looks.push(tokio::task::spawn_blocking(move || partner::look(&settings, &spool)));
    }
    for (spool, look) in settings.spools.iter().zip(looks) {
        let ended = |e: tokio::task::JoinError| {
            vec![Finding::new(Level::Fault, &format!("partner {}", spool.name), "look", format!("it ended early: {e}"))]
        };
        look.await.unwrap_or_else(ended).into_iter().for_each(&mut tell);
    }
}
