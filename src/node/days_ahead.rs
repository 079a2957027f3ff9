//! Keeps room in the ledger for the business dates ahead: a server's partitions are made in time, by every node that runs,
//! once at its start and then every hour.
//!
//! A node whose partitions run short says so days before; without any it goes on all the same, and what it writes is
//! purged row by row instead of a day at once.

use super::rooms::Rooms;
use super::telling::tell;
use crate::error::Result;
use crate::ledger::change::{Change, DaysAhead, NewNotice};
use crate::trade::calendar::clock_at;
use fpp_codecs::Code;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

const EVERY: Duration = Duration::from_secs(60 * 60);
/// With fewer days ahead a person should hear of it.
const SHORT_DAYS: i64 = 7;
const KEY: &str = "ledger-days";
const TOPIC: &str = "ledger";
const SUBJECT: &str = "partitions";

/// Starts it.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    let (rooms, mut stopped) = (rooms.clone(), stopped.clone());
    services.spawn(async move {
        loop {
            let looked = tokio::select! {
                _ = stopped.wait_for(|s| *s) => return Ok(()),
                looked = look(&rooms) => looked,
            };
            match looked {
                Ok(()) => {}
                Err(error) => tracing::warn!("the ledger's partitions were not looked at: {error}"),
            }
            tokio::select! {
                _ = stopped.wait_for(|s| *s) => return Ok(()),
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    });
}

/// Does nothing where the ledger has no partitions.
async fn look(rooms: &Rooms) -> Result<()> {
    let Some(ahead) = rooms.ledger.make_days(rooms.clock.now_ms()).await? else { return Ok(()) };
    if let Some(fault) = &ahead.fault {
        tracing::warn!(days = ahead.days, "the ledger's partitions for the days ahead cannot be made: {fault}");
    }
    let today = clock_at(rooms.clock.now_ms(), &rooms.settings.zone()).map(|at| at.date().to_string());
    tell(rooms, vec![said(&ahead, &today.unwrap_or_default())]).await
}

/// What is to be said about it, once a day while it lasts.
fn said(ahead: &DaysAhead, today: &str) -> Change {
    if ahead.days >= SHORT_DAYS {
        let by = "fpp: there are partitions again".to_owned();
        return Change::CloseNotice { topic: TOPIC.into(), subject: SUBJECT.into(), by };
    }
    let why = ahead.fault.as_ref().map(|fault| format!(" ({fault})")).unwrap_or_default();
    let text = format!(
        "The ledger has partitions for {} days ahead, and no more can be made{why}. Look at the server and at the rights of \
         its user (ALTER, DROP); fpp tries again every hour. Files are worked on all the same; what comes after those \
         days is purged row by row.",
        ahead.days
    );
    let notice =
        NewNotice { severity: "warn".into(), topic: TOPIC.into(), subject: SUBJECT.into(), code: Code::LEDGER.0, text };
    Change::Tell { key: format!("{KEY}/{today}"), notice: Some(notice) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_comes_a_week_before_the_last_partition() {
        let short = DaysAhead { days: 6, fault: Some("refused".into()) };
        let Change::Tell { notice: Some(notice), .. } = said(&short, "2026-01-05") else { panic!("nothing is said") };
        assert!(notice.text.contains("6 days ahead") && notice.text.contains("refused"), "{}", notice.text);
        assert!(matches!(said(&DaysAhead { days: 7, fault: None }, "2026-01-05"), Change::CloseNotice { .. }));
    }
}
