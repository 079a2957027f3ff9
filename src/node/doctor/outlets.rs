//! The outlets that events are pushed to, each asked once as a node asks it.

use super::finding::{Finding, Level};
use crate::node::books;
use crate::node::engines::engine;
use crate::settings::{OutletPlace, Settings};
use std::time::Duration;
use tokio::task::JoinSet;

/// An engine gives up by its own configured time; one that does not is told apart.
const DEADLINE: Duration = Duration::from_secs(90);

/// Looks at all of them at once.
pub(super) async fn look(settings: &Settings) -> Vec<Finding> {
    let mut looks = JoinSet::new();
    for place in &settings.outlets {
        let place = place.clone();
        looks.spawn(async move { one(&place).await });
    }
    let mut found = looks.join_all().await;
    found.extend(gone(settings).await);
    found.sort_by(|a, b| a.subject.cmp(&b.subject));
    found
}

/// Outlets that are in the configuration no more and that files still wait for. What hinders reading is told elsewhere.
async fn gone(settings: &Settings) -> Vec<Finding> {
    if !books::may_exist(settings) {
        return Vec::new();
    }
    let open = async { books::open_read_only(settings).await?.posting_outlets().await };
    let gone = open.await.unwrap_or_default();
    let gone = gone.into_iter().filter(|name| settings.outlets.iter().all(|place| place.name != *name));
    let finding = |name: String| {
        let told = "the configuration has it no more, and files or dead letters of it are open";
        Finding::new(Level::Fault, &format!("outlet {name}"), "configured", told).next(
            "Put it back, or `fpp outlets defer` and `fpp release` what waits; `fpp outlets` tells how much that is.",
        )
    };
    gone.map(finding).collect()
}

async fn one(place: &OutletPlace) -> Finding {
    let subject = format!("outlet {}", place.name);
    let asked = async {
        let engine = engine(place)?;
        let said = engine.look().await;
        engine.close().await;
        said
    };
    match tokio::time::timeout(DEADLINE, asked).await {
        Ok(Ok(said)) => Finding::new(Level::Good, &subject, "reach", said),
        Ok(Err(error)) => {
            let next = if error.hint.is_empty() { "Look at the target." } else { &error.hint };
            let told = match &error.source {
                Some(source) => format!("{} {}: {source}", error.code, error.what),
                None => format!("{} {}", error.code, error.what),
            };
            Finding::new(Level::Fault, &subject, "reach", told).next(next)
        }
        Err(_) => Finding::new(Level::Fault, &subject, "reach", format!("no answer within {DEADLINE:?}"))
            .next("Look at the target and the line to it."),
    }
}
