//! `GET /v1/events?after=POSITION&limit=N&wait=SECONDS`: the stream (D11, D27), all of it or by `type`, `route` and
//! `instrument`, from a position or `from` a business date on.
//!
//! Answers a JSON array (`application/cloudevents-batch+json`), NDJSON when the reader accepts `application/x-ndjson`, or
//! the open stream of [`super::live`] when it accepts `text/event-stream`. The header `Fpp-Position` is where to go on,
//! also when nothing fits the filter; every event carries its own in the extension `fppposition`. Positions older than the vault keeps are 410 with the oldest one, positions
//! ahead of the ledger 409 with the newest; damaged content is 503 until the operator has mended it.

use super::extract::Words;
use super::kept::Held;
use super::pages::{self, Reading};
use super::problem::Problem;
use super::{Doors, bearer, live};
use crate::error::Error;
use crate::outlets::filter::Filter;
use crate::outlets::position::Position;
use crate::outlets::stream::{self, Page};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fpp_codecs::Code;
use fpp_codecs::date::Date;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// Most events in one answer.
const LIMIT_MAX: usize = 10_000;
/// Events in one answer unless the reader says otherwise.
const LIMIT_USUAL: usize = 1_000;
/// Longest wait for news.
const WAIT_MAX_S: u64 = 60;
/// What to do about a position that is none.
pub(super) const POSITIONS: &str = "Take the position from `Fpp-Position`, or leave it out to begin.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    pub(super) after: Option<String>,
    limit: Option<usize>,
    wait: Option<u64>,
    pub(super) from: Option<String>,
    r#type: Option<String>,
    route: Option<String>,
    instrument: Option<String>,
}

pub(super) async fn read(
    State(doors): State<Arc<Doors>>,
    Words(wanted): Words<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    give(doors, wanted, headers).await
}

/// Answers what is wanted, in the form that the reader accepts.
pub(super) async fn give(doors: Arc<Doors>, wanted: Wanted, headers: HeaderMap) -> Result<Response, Problem> {
    let reading = reading(&doors, &wanted, &headers).await?;
    if accepts(&headers, "text/event-stream") {
        return live::open(doors, reading).await;
    }
    let limit = wanted.limit.unwrap_or(LIMIT_USUAL);
    if !(1..=LIMIT_MAX).contains(&limit) {
        return Err(unusable(format!("limit must be 1 to {LIMIT_MAX}"), "Leave it out for 1,000 events."));
    }
    let wait = Duration::from_secs(wanted.wait.unwrap_or(0).min(WAIT_MAX_S));
    let (page, held) = pages::page(&doors, reading, limit, stream::BYTES_MAX, wait).await?;
    Ok(render(page, held, accepts(&headers, "ndjson")))
}

async fn reading(doors: &Doors, wanted: &Wanted, headers: &HeaderMap) -> Result<Reading, Problem> {
    let reader = bearer::reader(doors, headers)?;
    let words = |list: &Option<String>| -> Vec<String> {
        let list = list.as_deref().unwrap_or_default();
        list.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let routes = words(&wanted.route);
    if let Some(hidden) = routes.iter().find(|route| !reader.sees(route)) {
        let error = Error::halt(Code::LOGIN, format!("the token `{}` does not see the route `{hidden}`", reader.name))
            .hint("The routes of a token stand in the node's token file.");
        return Err(Problem::new(StatusCode::FORBIDDEN, error));
    }
    // In the query of a URL a plus sign stands for a blank, and no instrument has a blank: Au(T+D).
    let instruments = words(&wanted.instrument).into_iter().map(|code| code.replace(' ', "+")).collect();
    Ok(Reading {
        token: reader.name,
        after: begin(doors, wanted, headers).await?,
        masked: reader.masked,
        routes: if routes.is_empty() { reader.routes } else { Some(routes) },
        filter: Filter { types: words(&wanted.r#type), instruments },
    })
}

/// Where to begin: at what an open stream got last, after a position, or before the first file of a business date.
async fn begin(doors: &Doors, wanted: &Wanted, headers: &HeaderMap) -> Result<Position, Problem> {
    let got = headers.get("last-event-id").and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty());
    let after = got.or(wanted.after.as_deref().filter(|text| !text.is_empty()));
    match (after, wanted.from.as_deref()) {
        (Some(text), None) => {
            Position::parse(text).ok_or_else(|| unusable(format!("`{text}` is no position"), POSITIONS))
        }
        (None, None) => Ok(Position::START),
        // An open stream that is taken up again goes on; its address still has the date.
        (Some(text), Some(_)) if got == Some(text) => {
            Position::parse(text).ok_or_else(|| unusable(format!("`{text}` is no position"), POSITIONS))
        }
        (Some(_), Some(_)) => Err(unusable("`after` and `from` are both given".to_owned(), "Give one of them.")),
        (None, Some(date)) => before_day(doors, date).await,
    }
}

/// Before the first file of a business date; at the end where there is none yet.
pub(super) async fn before_day(doors: &Doors, date: &str) -> Result<Position, Problem> {
    let day = Date::parse(date).filter(|_| date.len() == 10);
    day.ok_or_else(|| unusable(format!("`{date}` is no date"), "Dates are written 2025-06-20."))?;
    let ledger = &doors.inbound.ledger;
    let first = ledger.first_publication_of(date).await.map_err(Problem::from)?;
    let before = match first {
        Some(first) => first.saturating_sub(1),
        None => ledger.last_publication().await.map_err(Problem::from)?,
    };
    Ok(Position::after(before))
}

/// A page is large, so it becomes the body where it stands.
fn render(page: Page, held: Held, lines: bool) -> Response {
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
    (
        [(header::CONTENT_TYPE, kind.to_owned()), (header::HeaderName::from_static("fpp-position"), position)],
        held.until_sent(body),
    )
        .into_response()
}

fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains(kind))
}

pub(super) fn unusable(what: String, hint: &'static str) -> Problem {
    let error = Error::halt(Code::REQUEST, what).hint(hint);
    Problem::new(StatusCode::BAD_REQUEST, error)
}
