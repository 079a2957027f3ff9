//! Watches for ids that come again with other content, behind the walk of files (`inbound/again/`).
//!
//! Every node watches by itself: what one of them told is told. While the tables on its disk cannot be written, a person is
//! told so, and nothing is passed over: it goes on from where it was.

use super::rooms::Rooms;
use super::telling::tell;
use crate::error::{Error, Result};
use crate::inbound::again::Again;
use crate::ledger::change::{Change, NewNotice};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// So long files gather before they are looked at together.
const GATHER: Duration = Duration::from_millis(200);
/// A look without a bell: other nodes ring their own.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pause after an error.
const PAUSE: Duration = Duration::from_secs(5);
/// Days that are looked back where the vault keeps files for ever: as long as identities are kept (D1).
const KEEP_DAYS: u32 = 400;
/// Folder in the node's data.
const FOLDER: &str = "ids";

/// Starts it.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    services.spawn(run(rooms.clone(), stopped.clone()));
}

async fn run(rooms: Arc<Rooms>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    let mut listener = rooms.bell.listen();
    let mut watch = None;
    // What the last life told may be over.
    let mut failing = true;
    while !*stopped.borrow() {
        // A round comes to its end: the next node in this place finds the tables as they were left.
        let pause = match look(&rooms, &mut watch, &stopped).await {
            Ok(more) => {
                if failing {
                    failing = end(&rooms).await.is_err();
                }
                if more { Duration::ZERO } else { GATHER }
            }
            Err(error) if rooms.outage.tells("ids that come again", &error) => PAUSE,
            Err(error) => {
                failing = true;
                fails(&rooms, &error).await;
                PAUSE
            }
        };
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
        if pause == GATHER {
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => return Ok(()),
                () = listener.wait(PATIENCE) => {}
            }
        }
    }
    Ok(())
}

/// One round; whether there may be more.
async fn look(rooms: &Rooms, watch: &mut Option<Again>, stopped: &signal::Receiver<bool>) -> Result<bool> {
    if watch.is_none() {
        let keep_days = rooms.settings.keeping.keep_days.unwrap_or(KEEP_DAYS);
        let folder = rooms.settings.data_dir.join(FOLDER);
        *watch = Some(Again::open(rooms.inbound.clone(), &folder, keep_days).await?);
    }
    let looked = match watch {
        Some(watch) => watch.round(|| *stopped.borrow()).await,
        None => Ok(false),
    };
    // Nobody knows how far it came: the next round begins with what is on the disk.
    if looked.is_err() {
        *watch = None;
    }
    looked
}

fn key(rooms: &Rooms) -> String {
    format!("again-fails/{}", rooms.settings.node)
}

async fn fails(rooms: &Rooms, error: &Error) {
    tracing::warn!("ids that come again cannot be looked for: {error}");
    let text = format!(
        "Node {} cannot look for ids that come again with other content: {error}. Files go on; what was not looked at is \
         looked at when it can.",
        rooms.settings.node
    );
    let (topic, subject) = ("again".to_owned(), rooms.settings.node.clone());
    let notice = NewNotice { severity: "warn".into(), topic, subject, code: error.code.0, text };
    let told = tell(rooms, vec![Change::Tell { key: key(rooms), notice: Some(notice) }]).await;
    if let Err(error) = told
        && !rooms.outage.tells("a notice", &error)
    {
        tracing::warn!("no notice can be raised: {error}");
    }
}

async fn end(rooms: &Rooms) -> Result<()> {
    let subject = rooms.settings.node.clone();
    let notice = NewNotice::recovered(&subject, format!("Node {subject} looks for ids that come again as before."));
    let (topic, by) = ("again".to_owned(), "fpp: they are looked for again".to_owned());
    let over = Change::Over { key: key(rooms), notice: Some(notice) };
    tell(rooms, vec![Change::CloseNotice { topic, subject, by }, over]).await
}
