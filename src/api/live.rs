//! The stream held open (`text/event-stream`, Server-Sent Events of the HTML standard): each event with its position as
//! `id`, so that a reader who is cut off goes on with `Last-Event-ID`, as browsers do by themselves.
//!
//! A reader takes what he can; the node keeps one small page for him and makes the next when he has taken it, so that a
//! slow one costs nothing and holds up nobody. One who takes nothing for a minute loses its place. An error ends the stream with one event `error`, whose data is the problem
//! that a page would have been refused with.

use super::Doors;
use super::pages::{self, Reading};
use super::problem::Problem;
use crate::error::Error;
use crate::outlets::position::Position;
use crate::outlets::stream::Page;
use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fpp_codecs::Code;
use http_body_util::channel::{Channel, Sender};
use serde::Deserialize;
use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Bytes of events that a reader keeps waiting at most, beside those in the machine's own buffers.
const BYTES_MAX: usize = 64 << 10;
/// Events of one page.
const LIMIT: usize = 1_000;
/// After so long without an event the position is told, so that whoever stands between does not take the line for dead.
const BEAT: Duration = Duration::from_secs(15);

/// A reader who takes nothing for so long gives up its place; it goes on with `Last-Event-ID`.
const TAKEN_WITHIN: Duration = Duration::from_secs(60);

/// What of an event stands in its frame.
#[derive(Deserialize)]
struct Framed<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(borrow)]
    fppposition: Cow<'a, str>,
}

/// Opens the stream. What can be refused is refused before the first byte.
pub(super) async fn open(doors: Arc<Doors>, reading: Reading) -> Result<Response, Problem> {
    let Reading { token, after, masked, routes, filter } = reading;
    let place = doors.live.take(&token, doors.tokens.is_some()).map_err(|max| {
        let error = Error::retry(Code::BUSY, format!("{max} readers hold the stream open, and no more may"))
            .hint("Close those that nobody reads, or read pages: `wait=30` waits as well.");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, error)
    })?;
    let name = token.clone();
    let next = move |after: Position| {
        let (token, routes, filter) = (token.clone(), routes.clone(), filter.clone());
        Reading { token, after, masked, routes, filter }
    };
    let (first, _) = pages::page(&doors, next(after), LIMIT, BYTES_MAX, Duration::ZERO).await?;
    let (mut reader, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(async move {
        let _place = place;
        let mut page = first;
        // The reader who is gone ends it, one who takes nothing for too long, and the end of the node.
        loop {
            match send(&mut reader, frames(&page), TAKEN_WITHIN).await {
                Sent::Taken if !*doors.stopped.borrow() => {}
                Sent::Taken | Sent::Gone => return,
                Sent::Late => {
                    tracing::info!(token = name, "a reader of the open stream took nothing for {TAKEN_WITHIN:?}");
                    return;
                }
            }
            page = match pages::page(&doors, next(page.position), LIMIT, BYTES_MAX, BEAT).await {
                Ok((page, _)) => page,
                Err(problem) => {
                    let last = format!("event: error\ndata: {}\n\n", problem.body()).into_bytes();
                    send(&mut reader, last, TAKEN_WITHIN).await;
                    return;
                }
            };
        }
    });
    let kind = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((kind, Body::new(body)).into_response())
}

/// What became of some frames.
#[derive(Debug, PartialEq, Eq)]
enum Sent {
    Taken,
    Gone,
    Late,
}

async fn send(reader: &mut Sender<Bytes, Infallible>, bytes: Vec<u8>, patience: Duration) -> Sent {
    match timeout(patience, reader.send_data(bytes.into())).await {
        Ok(Ok(())) => Sent::Taken,
        Ok(Err(_)) => Sent::Gone,
        Err(_) => Sent::Late,
    }
}

/// A page as frames; of one without events the position alone, which a reader keeps without seeing an event.
fn frames(page: &Page) -> Vec<u8> {
    let mut out = Vec::with_capacity(page.lines.len() + page.lines.len() / 8 + 64);
    for line in page.lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let Ok(Framed { r#type, fppposition }) = serde_json::from_slice(line) else { continue };
        out.extend_from_slice(format!("id: {fppposition}\nevent: {type}\ndata: ").as_bytes());
        out.extend_from_slice(line);
        out.extend_from_slice(b"\n\n");
    }
    out.extend_from_slice(format!("id: {}\n\n", page.position).as_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::{Sent, send};
    use axum::body::Bytes;
    use http_body_util::channel::Channel;
    use std::convert::Infallible;
    use std::time::Duration;

    #[tokio::test]
    async fn a_reader_that_takes_nothing_is_not_waited_for_for_ever() {
        let (mut reader, body) = Channel::<Bytes, Infallible>::new(1);
        let patience = Duration::from_millis(20);
        assert_eq!(send(&mut reader, vec![0; 10], patience).await, Sent::Taken, "it waits in the channel");
        assert_eq!(send(&mut reader, vec![0; 10], patience).await, Sent::Late);
        drop(body);
        assert_eq!(send(&mut reader, vec![0; 10], patience).await, Sent::Gone);
    }
}
