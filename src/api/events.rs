//! `GET /v1/events?after=POSITION&limit=N&wait=SECONDS`: the stream (D11, D27).
//!
//! Answers a JSON array (`application/cloudevents-batch+json`), or NDJSON when the reader accepts
//! `application/x-ndjson`. The header `Fpp-Position` is where to go on, also when nothing fits the filter; every event
//! carries its own in the extension `fppposition`. Positions older than the vault keeps are 410 with the oldest one, positions
//! ahead of the ledger 409 with the newest; damaged content is 503 until the operator has mended it.

use super::Doors;
use super::problem::Problem;
use super::tokens::Reader;
use crate::error::Error;
use crate::ledger::change::{Change, NewNotice};
use crate::outlets::position::Position;
use crate::outlets::stream::{self, Page, Query as StreamQuery};
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fpp_codecs::Code;
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most events in one answer.
const LIMIT_MAX: usize = 10_000;
/// Events in one answer unless the reader says otherwise.
const LIMIT_USUAL: usize = 1_000;
/// Longest wait for news.
const WAIT_MAX_S: u64 = 60;
/// How often a waiting reader looks by itself, because other nodes post too.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
pub(super) struct Wanted {
    after: Option<String>,
    limit: Option<usize>,
    wait: Option<u64>,
}

pub(super) async fn read(
    State(doors): State<Arc<Doors>>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let reader = reader(&doors, &headers)?;
    let after = match wanted.after.as_deref() {
        None | Some("") => Position::START,
        Some(text) => Position::parse(text).ok_or_else(|| unusable(format!("`{text}` is no position")))?,
    };
    let limit = wanted.limit.unwrap_or(LIMIT_USUAL);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(unusable(format!("limit must be 1 to {LIMIT_MAX}")));
    }
    let wait = Duration::from_secs(wanted.wait.unwrap_or(0).min(WAIT_MAX_S));
    let page = page(&doors, &reader, after, limit, wait).await?;
    Ok(render(page, accepts_lines(&headers)))
}

async fn page(
    doors: &Doors,
    reader: &Reader,
    mut after: Position,
    limit: usize,
    wait: Duration,
) -> Result<Page, Problem> {
    let until = Instant::now() + wait;
    loop {
        let mut listener = doors.bell.listen();
        let query = StreamQuery { after, limit, routes: reader.routes.clone(), masked: reader.masked };
        let place = doors.pages.acquire().await;
        let read = stream::read(&doors.inbound.books(), query).await;
        drop(place);
        let page = match read {
            Ok(page) => page,
            Err(error) => return Err(refused(doors, error).await),
        };
        let left = until.saturating_duration_since(Instant::now());
        let mut stopped = doors.stopped.clone();
        if page.count > 0 || left.is_zero() || *stopped.borrow() {
            return Ok(page);
        }
        // Nothing for this reader, but the place moves on: publications of other routes are not walked again.
        after = page.position;
        tokio::select! {
            () = listener.wait(left.min(LOOK)) => {}
            _ = stopped.wait_for(|s| *s) => {}
        }
    }
}

/// A page is large, so it becomes the body where it stands.
fn render(page: Page, lines: bool) -> Response {
    let mut body = page.lines;
    if !lines {
        // No event holds a line end of its own: JSON escapes them.
        body.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b',');
        body.pop();
        body.insert(0, b'[');
        body.push(b']');
    }
    let kind = if lines { "application/x-ndjson" } else { "application/cloudevents-batch+json; charset=UTF-8" };
    let position = page.position.to_string();
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::HeaderName::from_static("fpp-position"), position)], body)
        .into_response()
}

fn accepts_lines(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("ndjson"))
}

fn reader(doors: &Doors, headers: &HeaderMap) -> Result<Reader, Problem> {
    let Some(tokens) = &doors.tokens else { return Ok(Reader::local()) };
    let presented = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    let token = presented.and_then(|v| v.strip_prefix("Bearer ")).map(str::trim);
    token.and_then(|t| tokens.reader(t)).cloned().ok_or_else(|| {
        let error = Error::halt(Code::LOGIN, "this stream needs a known token")
            .hint("Send `Authorization: Bearer TOKEN`; its digest stands in the node's token file.");
        Problem::new(StatusCode::UNAUTHORIZED, error)
    })
}

fn unusable(what: String) -> Problem {
    let error = Error::halt(Code::RANGE, what).hint("Take the position from `Fpp-Position`, or leave it out to begin.");
    Problem::new(StatusCode::BAD_REQUEST, error)
}

/// What the reader is told. Content that is missing or damaged is nobody's but the operator's to mend, so he hears of it.
async fn refused(doors: &Doors, error: stream::StreamError) -> Problem {
    match error {
        stream::StreamError::Gone { oldest, error } => {
            notice(doors, &error).await;
            Problem::new(StatusCode::GONE, error).with("oldest", oldest.to_string())
        }
        stream::StreamError::Ahead { newest } => {
            let what = format!("the position is ahead of this ledger, whose newest is {newest}");
            let error = Error::halt(Code::RANGE, what).hint(
                "The ledger was restored from an older copy, or the position is another installation's: begin again, and \
                 drop the ids that you know.",
            );
            Problem::new(StatusCode::CONFLICT, error).with("newest", newest.to_string())
        }
        stream::StreamError::Failed(error) if error.code == Code::VAULT => {
            notice(doors, &error).await;
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, error)
        }
        stream::StreamError::Failed(error) => Problem::from(error),
    }
}

async fn notice(doors: &Doors, error: &Error) {
    let notice = Change::Raise(NewNotice {
        severity: "error".into(),
        topic: "vault".into(),
        subject: "stream".into(),
        code: error.code.0,
        text: format!("a reader of the stream cannot be served: {error}"),
    });
    let now_ms = doors.inbound.clock.now_ms();
    if let Err(error) = doors.inbound.ledger.apply(None, now_ms, &[notice]).await {
        tracing::error!("no notice of damaged content: {error}");
    }
}
