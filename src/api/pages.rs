//! A page of the stream for one reader: waits until there is something, keeps it small while much is on its way to others,
//! and says what cannot be read.

use super::Doors;
use super::kept::Held;
use super::problem::Problem;
use crate::bell::Pace;
use crate::error::Error;
use crate::ledger::change::{Change, NewNotice};
use crate::outlets::filter::Filter;
use crate::outlets::position::Position;
use crate::outlets::stream::{self, Page, Query};
use axum::http::StatusCode;
use fpp_codecs::Code;
use std::time::{Duration, Instant};

/// How often a waiting reader looks by itself, because other nodes post too.
const LOOK: Duration = Duration::from_secs(1);

/// What a reader may see, what he wants of it, and from where on.
pub(super) struct Reading {
    /// Name of its token.
    pub(super) token: String,
    pub(super) after: Position,
    pub(super) masked: bool,
    pub(super) routes: Option<Vec<String>>,
    pub(super) filter: Filter,
}

/// A page, and the memory it takes; one without events only when nothing came in time.
pub(super) async fn page(
    doors: &Doors,
    reading: Reading,
    limit: usize,
    bytes_max: usize,
    wait: Duration,
) -> Result<(Page, Held), Problem> {
    let Reading { token, mut after, masked, routes, filter } = reading;
    let until = Instant::now() + wait;
    let mut pace = Pace::default();
    loop {
        let mut listener = doors.bell.listen();
        let place = doors.pages.acquire().await;
        let mut held = doors.kept.reserve(bytes_max);
        let bytes_max = held.bytes();
        let query = Query { after, limit, bytes_max, routes: routes.clone(), filter: filter.clone(), masked };
        let began = Instant::now();
        let read = stream::read(&doors.inbound.books(), query).await;
        pace.answered(began);
        let mut page = match read {
            Ok(page) => page,
            Err(error) => {
                drop((place, held));
                return Err(refused(doors, &token, error).await);
            }
        };
        // A page grew by doubling; a JSON array has two brackets more.
        page.lines.shrink_to(page.lines.len() + 2);
        held.has_become(page.lines.capacity());
        drop(place);
        let left = until.saturating_duration_since(Instant::now());
        let mut stopped = doors.stopped.clone();
        if page.count > 0 || left.is_zero() || *stopped.borrow() {
            return Ok((page, held));
        }
        drop(held);
        // Nothing for this reader, but the place moves on: what he does not want is not walked again.
        after = page.position;
        if page.at_end {
            tokio::select! {
                () = async {
                    listener.wait(left.min(LOOK)).await;
                    tokio::time::sleep(pace.left()).await;
                } => {}
                _ = stopped.wait_for(|s| *s) => {}
            }
        }
    }
}

/// What the reader is told. Content that is lost or damaged is nobody's but the operator's to mend, so he hears of it; and of a
/// reader that comes too late for what was removed on purpose (D12), because somebody may miss those events.
async fn refused(doors: &Doors, reader: &str, error: stream::StreamError) -> Problem {
    match error {
        stream::StreamError::Gone { oldest, purged, error } => {
            let on_purpose = purged || !doors.keeps_content_for_ever;
            match on_purpose {
                true => notice(doors, late(reader, &oldest, &error)).await,
                false => notice(doors, unreadable(&error)).await,
            }
            Problem::new(StatusCode::GONE, error).with("oldest", oldest.to_string())
        }
        stream::StreamError::Ahead { newest } => {
            let what = format!("the position is ahead of this ledger, whose newest is {newest}");
            let error = Error::halt(Code::REFUSED, what).hint(
                "The ledger was restored from an older copy, or the position is another installation's: begin again, and \
                 drop the ids that you know.",
            );
            Problem::new(StatusCode::CONFLICT, error).with("newest", newest.to_string())
        }
        stream::StreamError::Failed(error) if error.code == Code::VAULT => {
            notice(doors, unreadable(&error)).await;
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, error)
        }
        stream::StreamError::Failed(error) => Problem::from(error),
    }
}

fn unreadable(error: &Error) -> NewNotice {
    NewNotice {
        severity: "error".into(),
        topic: "vault".into(),
        subject: "stream".into(),
        code: error.code.0,
        text: format!("a reader of the stream cannot be served: {error}"),
    }
}

/// A reader is called as its token is.
fn late(reader: &str, oldest: &Position, error: &Error) -> NewNotice {
    NewNotice {
        severity: "warn".into(),
        topic: "gone".into(),
        subject: reader.to_owned(),
        code: error.code.0,
        text: format!(
            "A reader ({reader}) asked for events that are not kept any more, and got 410 with the oldest position, {oldest}: {}. \
             Ask whether it has them; if not, the core has the files.",
            error.what
        ),
    }
}

async fn notice(doors: &Doors, notice: NewNotice) {
    let (topic, now_ms) = (notice.topic.clone(), doors.inbound.clock.now_ms());
    if let Err(error) = doors.inbound.ledger.apply(None, now_ms, &[Change::Raise(notice)]).await {
        tracing::error!(topic, "no notice can be raised: {error}");
    }
}
