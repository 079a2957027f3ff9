//! Named consumers of the stream: readers whose position the books keep, so that any instance of a service goes on where the
//! last one committed.
//!
//! `PUT /v1/consumers/NAME` (`?after=` or `?from=`) makes one, `GET /v1/consumers/NAME/events` reads behind what was
//! committed, as `GET /v1/events` does, `POST .../commit` and `POST .../seek` write the position, `DELETE` forgets it, and
//! `GET /v1/consumers` lists them with what they have not read. A consumer belongs to the token that made it; what it sees is
//! what that token sees (D27).
//!
//! Invariants: a commit never goes back, so an older instance that is late undoes nothing (`seek` does it on purpose); a
//! position that this ledger has not given is refused; nothing waits for a consumer, and the vault keeps nothing for one.

use super::events::{self, POSITIONS, Wanted, unusable};
use super::extract::{Body, Named, Words};
use super::problem::{Problem, refused};
use super::tokens::Reader;
use super::{Doors, bearer};
use crate::error::Error;
use crate::ledger::Ledger;
use crate::ledger::change::Change;
use crate::ledger::consumer::Consumer;
use crate::outlets::position::Position;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use fpp_codecs::Code;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A request is some words.
const BODY_MAX_BYTES: usize = 4 << 10;
/// Longest name.
const NAME_MAX: usize = 60;
/// Consumers of one installation.
const CONSUMERS_MAX: usize = 1_000;

pub(super) fn router() -> Router<Arc<Doors>> {
    Router::new()
        .route("/v1/consumers", get(list))
        .route("/v1/consumers/{name}", put(make).get(show).delete(forget))
        .route("/v1/consumers/{name}/events", get(read))
        .route("/v1/consumers/{name}/commit", post(commit))
        .route("/v1/consumers/{name}/seek", post(seek))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

fn position(consumer: &Consumer) -> Position {
    Position { publication: consumer.publication, record: consumer.record }
}

/// The consumer, if the reader may speak for it.
async fn known(doors: &Doors, headers: &HeaderMap, name: &str) -> Result<(Reader, Consumer), Problem> {
    let reader = bearer::reader(doors, headers)?;
    let found = doors.inbound.ledger.consumer(name).await.map_err(refused)?;
    let found = found.ok_or_else(|| {
        let error = Error::halt(Code::UNKNOWN, format!("there is no consumer `{name}`"))
            .hint("Make it once: PUT /v1/consumers/NAME, with ?from=DATE or ?after=POSITION where it is to begin.");
        Problem::new(StatusCode::NOT_FOUND, error)
    })?;
    owns(&reader, &found)?;
    Ok((reader, found))
}

fn owns(reader: &Reader, consumer: &Consumer) -> Result<(), Problem> {
    if consumer.owner == reader.name {
        return Ok(());
    }
    let what = format!("the consumer `{}` belongs to another token than `{}`", consumer.name, reader.name);
    let hint = "Use the token that made it, or another name; `fpp consumers forget` frees a name.";
    Err(Problem::new(StatusCode::FORBIDDEN, Error::halt(Code::LOGIN, what).hint(hint)))
}

async fn write(doors: &Doors, change: Change) -> Result<(), Problem> {
    doors.inbound.ledger.apply(None, doors.inbound.clock.now_ms(), &[change]).await.map(drop).map_err(refused)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
    after: Option<String>,
    from: Option<String>,
}

/// Makes a consumer; one that is there stays as it is.
async fn make(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Named(name): Named<String>,
    Words(begin): Words<Begin>,
) -> Result<Json<Value>, Problem> {
    let reader = bearer::reader(&doors, &headers)?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() > NAME_MAX || !name.chars().all(legal) {
        return Err(unusable(
            format!("`{name}` must be at most {NAME_MAX} letters, digits, `-`, `_` and `.`"),
            "Choose another name.",
        ));
    }
    let ledger = &*doors.inbound.ledger;
    if let Some(there) = ledger.consumer(&name).await.map_err(refused)? {
        owns(&reader, &there)?;
        return told(ledger, &there, doors.inbound.clock.now_ms()).await;
    }
    if ledger.consumers().await.map_err(refused)?.len() >= CONSUMERS_MAX {
        let error = Error::halt(Code::BUSY, format!("there are {CONSUMERS_MAX} consumers already"))
            .hint("Forget those that nobody reads for: `fpp consumers` shows what each has not read.");
        return Err(refused(error));
    }
    let at = place(&doors, begin).await?.unwrap_or(Position::START);
    let (owner, now_ms) = (reader.name, doors.inbound.clock.now_ms());
    let Position { publication, record } = at;
    let new = Consumer { name, owner, publication, record, made_ms: now_ms, updated_ms: now_ms };
    write(&doors, Change::Keep(new.clone())).await?;
    // Another instance may have made it meanwhile, and have committed already.
    let (_, there) = known(&doors, &headers, &new.name).await?;
    tracing::info!(consumer = new.name, owner = new.owner, position = %at, "a consumer of the stream is made");
    told(ledger, &there, now_ms).await
}

/// Where it is to stand, if that is said: a position that was given, or before a business date.
async fn place(doors: &Doors, begin: Begin) -> Result<Option<Position>, Problem> {
    match (begin.after, begin.from) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(unusable("both a position and a date are given".to_owned(), "Give one of them.")),
        (None, Some(date)) => events::before_day(doors, &date).await.map(Some),
        (Some(text), None) => {
            let at = Position::parse(&text).ok_or_else(|| unusable(format!("`{text}` is no position"), POSITIONS))?;
            let newest = Position::after(doors.inbound.ledger.last_publication().await.map_err(refused)?);
            if at.publication > newest.publication {
                let what = format!("the position is ahead of this ledger, whose newest is {newest}");
                let error = Error::halt(Code::REFUSED, what).hint(POSITIONS);
                return Err(Problem::new(StatusCode::CONFLICT, error).with("newest", newest.to_string()));
            }
            Ok(Some(at))
        }
    }
}

async fn read(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Named(name): Named<String>,
    Words(wanted): Words<Wanted>,
) -> Result<Response, Problem> {
    let (_, consumer) = known(&doors, &headers, &name).await?;
    // A reader may read on before it commits; where it says nothing, it goes on behind what it committed.
    let after = wanted.after.clone().filter(|text| !text.is_empty()).or(Some(position(&consumer).to_string()));
    let mut wanted = wanted;
    wanted.after = after.filter(|_| wanted.from.is_none());
    events::give(doors, wanted, headers).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    position: Option<String>,
    from: Option<String>,
}

async fn commit(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Named(name): Named<String>,
    Body(written): Body<Written>,
) -> Result<Json<Value>, Problem> {
    known(&doors, &headers, &name).await?;
    let wanted = place(&doors, Begin { after: written.position, from: None }).await?;
    let at = wanted.ok_or_else(|| unusable("`position` is missing".to_owned(), POSITIONS))?;
    stand(&doors, &headers, &name, at, false).await
}

async fn seek(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Named(name): Named<String>,
    Body(written): Body<Written>,
) -> Result<Json<Value>, Problem> {
    let (_, consumer) = known(&doors, &headers, &name).await?;
    let wanted = place(&doors, Begin { after: written.position, from: written.from }).await?;
    let at = wanted.ok_or_else(|| unusable("neither `position` nor `from` is given".to_owned(), POSITIONS))?;
    tracing::info!(consumer = name, from = %position(&consumer), to = %at, "a consumer is put elsewhere");
    stand(&doors, &headers, &name, at, true).await
}

/// Writes where a consumer stands. Whether that goes back is decided by the books, which know what others commit meanwhile.
async fn stand(
    doors: &Doors,
    headers: &HeaderMap,
    name: &str,
    at: Position,
    back: bool,
) -> Result<Json<Value>, Problem> {
    let (ledger, now_ms) = (&*doors.inbound.ledger, doors.inbound.clock.now_ms());
    let Position { publication, record } = at;
    let moved = Change::Stand { consumer: name.to_owned(), publication, record, back };
    let written = ledger.apply(None, now_ms, &[moved]).await;
    let (_, consumer) = known(doors, headers, name).await?;
    match written {
        Ok(_) => told(ledger, &consumer, now_ms).await,
        Err(error) if error.code == Code::REFUSED => {
            let stands = position(&consumer);
            let error = Error::halt(Code::REFUSED, format!("{name} has committed {stands}, which is behind {at}"))
                .hint("Another instance was faster: go on from there. To go back on purpose: POST .../seek.");
            Err(Problem::new(StatusCode::CONFLICT, error).with("position", stands.to_string()))
        }
        Err(error) => Err(refused(error)),
    }
}

async fn show(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Named(name): Named<String>,
) -> Result<Json<Value>, Problem> {
    let (_, consumer) = known(&doors, &headers, &name).await?;
    told(&*doors.inbound.ledger, &consumer, doors.inbound.clock.now_ms()).await
}

async fn forget(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Named(name): Named<String>,
) -> Result<Json<Value>, Problem> {
    let (reader, _) = known(&doors, &headers, &name).await?;
    write(&doors, Change::Forget { consumer: name.clone() }).await?;
    tracing::info!(consumer = name, by = reader.name, "a consumer is forgotten");
    Ok(Json(json!({ "message": format!("consumer {name} is forgotten") })))
}

async fn list(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let reader = bearer::reader(&doors, &headers)?;
    let (ledger, now_ms) = (&*doors.inbound.ledger, doors.inbound.clock.now_ms());
    let mut own = Vec::new();
    for consumer in ledger.consumers().await.map_err(refused)?.into_iter().filter(|c| c.owner == reader.name) {
        own.push(told(ledger, &consumer, now_ms).await?.0);
    }
    Ok(Json(json!({ "consumers": own })))
}

/// A consumer and what it has not read.
async fn told(ledger: &dyn Ledger, consumer: &Consumer, now_ms: i64) -> Result<Json<Value>, Problem> {
    let lag = crate::outlets::lag::of(ledger, consumer, now_ms).await.map_err(refused)?;
    Ok(Json(json!({
        "name": consumer.name, "position": position(consumer).to_string(), "files": lag.files, "seconds": lag.seconds,
        "made_ms": consumer.made_ms, "updated_ms": consumer.updated_ms,
    })))
}
