//! Looks at the free space where content comes in, every second, and pauses intake before there is none (FPP4007). Where the
//! vault has a folder of its own, the node's data may be on another disk, with the ledger's file, the tables of ids and what is
//! sorted: the worse of the two counts. Of two places of which one cannot be asked, the other one still pauses intake, and does not let it go on.
//!
//! Only new files wait: what is in the vault already goes on, because its answer is due and frees what it holds. Nothing is
//! written about a file that waits, so a full disk is not made fuller.

use super::rooms::Rooms;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::change::{Change, NewNotice};
use crate::settings::VaultPlace;
use crate::vault::watermark::{Turn, Watermark};
use fpp_codecs::Code;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

const EVERY: Duration = Duration::from_secs(1);

/// Looks once, so that a node that starts on a full disk takes nothing in, and then every second.
pub(super) async fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    let keeping = rooms.settings.keeping;
    let mut mark = Watermark::new(keeping.pause_below_free_bytes, keeping.resume_above_free_bytes);
    look(rooms, &mut mark).await;
    let (rooms, mut stopped) = (rooms.clone(), stopped.clone());
    services.spawn(async move {
        loop {
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => return Ok(()),
                () = tokio::time::sleep(EVERY) => {}
            }
            look(&rooms, &mut mark).await;
        }
    });
}

/// What is free at a place, and what it is for; nothing where it has no end.
type Free = Option<(u64, String)>;

/// What is free where the least is, and for what; with the error of a place that cannot be asked.
#[derive(Debug)]
struct Least {
    known: Free,
    unknown: Option<Error>,
}

impl Least {
    /// Of the vault, and of the node's data where that may be on another disk.
    fn of(vault: Result<Free>, data: Result<Free>) -> Least {
        let mut least = Least { known: None, unknown: None };
        for place in [vault, data] {
            match place {
                Ok(free) => least.known = [least.known, free].into_iter().flatten().min_by_key(|(free, _)| *free),
                Err(error) => least.unknown = Some(error),
            }
        }
        least
    }

    /// What it says about intake. A place that cannot be asked may have less: too little elsewhere is believed, enough is not.
    fn judged(self, mark: &mut Watermark, below: u64) -> Option<(Turn, u64, String)> {
        let (free, place) = self.known?;
        if self.unknown.is_some() && free >= below {
            return None;
        }
        Some((mark.see(free)?, free, place))
    }
}

/// Asks both places, whatever the other one answers.
async fn least(rooms: &Rooms) -> Result<Least> {
    let vault = rooms.inbound.vault.clone();
    let data_dir = matches!(rooms.settings.vault, VaultPlace::Folder(_)).then(|| rooms.settings.data_dir.clone());
    let place = super::vaults::place(&rooms.settings);
    blocking(move || {
        let of_vault = vault.free_bytes().map(|free| free.map(|free| (free, format!("the vault ({place})"))));
        let of_data =
            data_dir.map(|data_dir| Ok((free_in(&data_dir)?, format!("the node's data ({})", data_dir.display()))));
        Ok(Least::of(of_vault, of_data.transpose()))
    })
    .await
}

fn free_in(folder: &Path) -> Result<u64> {
    let of = rustix::fs::statvfs(folder).map_err(|e| {
        Error::retry(Code::LEDGER, format!("the disk of {} cannot be asked", folder.display())).caused_by(e)
    })?;
    Ok(of.f_bavail.saturating_mul(of.f_frsize))
}

async fn look(rooms: &Rooms, mark: &mut Watermark) {
    let below = rooms.settings.keeping.pause_below_free_bytes;
    let least = least(rooms).await.unwrap_or_else(|error| Least { known: None, unknown: Some(error) });
    if let Some(error) = &least.unknown {
        tracing::warn!("the free space is not known: {error}");
    }
    let Some((turn, free, place)) = least.judged(mark, below) else { return };
    rooms.no_space.store(turn == Turn::Pauses, Ordering::Relaxed);
    rooms.status.space(turn == Turn::Pauses);
    rooms.bell.ring();
    if turn == Turn::GoesOn {
        // The notice is closed by `ended.rs`, as is one from before a restart.
        return tracing::info!(free, place, "intake goes on: there is space again");
    }
    // What has come of files that wait is worth less than the space that it takes.
    let (vault, now_ms) = (rooms.inbound.vault.clone(), rooms.clock.now_ms());
    match blocking(move || vault.drop_parts(now_ms)).await {
        Ok(dropped) => tracing::debug!(dropped, "parts of files are removed from the vault"),
        Err(error) => tracing::warn!("parts of files cannot be removed from the vault: {error}"),
    }
    tracing::warn!(free, below, place, "intake pauses: there is too little space");
    let notice = Change::Raise(NewNotice {
        severity: "error".into(),
        topic: "space".into(),
        subject: rooms.settings.node.clone(),
        code: Code::NO_SPACE.0,
        text: format!(
            "Intake pauses: {free} bytes are free for {place}, fewer than {below}. New files stay where they \
             are; make space, and it goes on by itself."
        ),
    });
    if let Err(error) = rooms.apply(&[notice]).await {
        tracing::error!("no notice of the free space can be raised: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::{Free, Least};
    use crate::error::{Error, Result};
    use crate::vault::watermark::{Turn, Watermark};
    use fpp_codecs::Code;

    fn free(bytes: u64, place: &str) -> Result<Free> {
        Ok(Some((bytes, place.to_owned())))
    }

    fn gone() -> Result<Free> {
        Err(Error::retry(Code::VAULT, "its disk is away"))
    }

    #[test]
    fn what_is_short_at_one_place_counts_although_the_other_cannot_be_asked() {
        let (below, above) = (100, 200);
        let mut mark = Watermark::new(below, above);
        let mut judged = |vault, data| {
            let least = Least::of(vault, data);
            let is_told = least.unknown.is_some();
            (least.judged(&mut mark, below), is_told)
        };
        let pauses = |place: &str| Some((Turn::Pauses, 99, place.to_owned()));
        assert_eq!(judged(gone(), free(500, "data")), (None, true));
        assert_eq!(judged(gone(), free(99, "data")), (pauses("data"), true));
        assert_eq!(judged(gone(), free(500, "data")), (None, true), "the other one may be as full");
        assert_eq!(judged(free(500, "vault"), free(150, "data")), (None, false));
        let goes_on = Some((Turn::GoesOn, 300, "data".to_owned()));
        assert_eq!(judged(free(500, "vault"), free(300, "data")), (goes_on, false));
        assert_eq!(judged(free(99, "vault"), gone()), (pauses("vault"), true));
        assert_eq!(judged(gone(), gone()), (None, true));
        let goes_on = Some((Turn::GoesOn, 300, "vault".to_owned()));
        assert_eq!(judged(free(300, "vault"), Ok(None)), (goes_on, false));
        assert_eq!(judged(Ok(None), Ok(None)), (None, false), "a bucket has no end");
    }
}
