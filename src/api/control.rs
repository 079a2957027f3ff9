//! The control socket: operators' verbs, carried out by the running node (D25).

use super::Doors;
use super::asked::Asked;
use super::desk;
use super::extract::{Body, Named};
use super::person::{Caller, Peer};
use super::problem::{Problem, refused};
use crate::error::Error;
use crate::inbound;
use crate::ledger::change::Change;
use crate::ledger::verbs::Verb;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use fpp_codecs::Code;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(super) fn router(doors: Arc<Doors>) -> Router {
    Router::new()
        .route("/control/v1/day", post(day))
        .route("/control/v1/notices/ack", post(acknowledge_notice))
        .route("/control/v1/purge", post(purge))
        .route("/control/v1/outlets/purge", post(take_rows))
        .route("/control/v1/consumers/forget", post(forget_consumer))
        .route("/control/v1/requests/{id}/{word}", post(settle))
        .route("/control/v1/{verb}", post(act))
        .with_state(doors)
}

async fn act(
    State(doors): State<Arc<Doors>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named(verb): Named<String>,
    Body(asked): Body<Asked>,
) -> Result<Json<Value>, Problem> {
    let Some(verb) = Verb::parse(&verb) else {
        let error = Error::halt(Code::UNKNOWN, format!("there is no verb `{verb}`"));
        return Err(Problem::new(StatusCode::NOT_FOUND, error));
    };
    let said = desk::act(&doors, verb, &asked, &Caller::Here(peer)).await.map_err(refused)?;
    Ok(Json(said.json()))
}

async fn settle(
    State(doors): State<Arc<Doors>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Named((id, word)): Named<(String, String)>,
    Body(said): Body<Asked>,
) -> Result<Json<Value>, Problem> {
    let confirmed = match word.as_str() {
        "confirm" => true,
        "decline" => false,
        other => {
            let error = Error::halt(Code::UNKNOWN, format!("a request is not `{other}`"));
            return Err(Problem::new(StatusCode::NOT_FOUND, error));
        }
    };
    let told = desk::settle(&doors, &id, confirmed, &said, &Caller::Here(peer)).await.map_err(refused)?;
    Ok(Json(told.json()))
}

#[derive(Deserialize)]
struct DayBody {
    route: String,
    business_date: String,
    open: bool,
    reason: String,
    by: String,
}

async fn day(
    State(doors): State<Arc<Doors>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(body): Body<DayBody>,
) -> Result<Json<Value>, Problem> {
    let DayBody { route, business_date, open, reason, by } = body;
    let by = because(peer, &by, &reason)?;
    let said = inbound::day::decide(&doors.inbound, &route, &business_date, open, &by).await.map_err(refused)?;
    doors.bell.ring();
    Ok(Json(json!({ "message": said })))
}

#[derive(Deserialize)]
struct NoticeBody {
    #[serde(default)]
    ids: Vec<i64>,
    #[serde(default)]
    topic: Option<String>,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    reason: Option<String>,
    by: String,
}

/// Open notices that are looked through for those of a topic or subject.
const OPEN_MAX: u32 = 10_000;
/// Notices that one transaction marks.
const ACKNOWLEDGED_AT_ONCE: usize = 500;

async fn acknowledge_notice(
    State(doors): State<Arc<Doors>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(body): Body<NoticeBody>,
) -> Result<Json<Value>, Problem> {
    let NoticeBody { mut ids, topic, subject, reason, by } = body;
    let by = match reason {
        Some(reason) => because(peer, &by, &reason)?,
        None => Caller::Here(peer).named(&by),
    };
    if topic.is_some() || subject.is_some() {
        let open = doors.inbound.ledger.notices(false, OPEN_MAX).await.map_err(refused)?;
        let fits = |wanted: &Option<String>, has: &String| wanted.as_ref().is_none_or(|wanted| wanted == has);
        let meant = open.iter().filter(|n| fits(&topic, &n.notice.topic) && fits(&subject, &n.notice.subject));
        ids.extend(meant.map(|notice| notice.id));
    }
    ids.sort_unstable();
    ids.dedup();
    let change = |id: &i64| Change::AcknowledgeNotice { id: *id, by: by.clone() };
    for some in ids.chunks(ACKNOWLEDGED_AT_ONCE) {
        let changes: Vec<_> = some.iter().map(change).collect();
        doors.inbound.ledger.apply(None, doors.inbound.clock.now_ms(), &changes).await.map_err(refused)?;
    }
    doors.bell.ring();
    let message = match ids.as_slice() {
        [] => "no open notice is of that kind".to_owned(),
        [id] => format!("notice {id} acknowledged"),
        many => format!("{} notices acknowledged", many.len()),
    };
    Ok(Json(json!({ "message": message })))
}

#[derive(Deserialize)]
struct ConsumerBody {
    name: String,
    by: String,
}

async fn forget_consumer(
    State(doors): State<Arc<Doors>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(body): Body<ConsumerBody>,
) -> Result<Json<Value>, Problem> {
    let ConsumerBody { name, by } = body;
    let by = Caller::Here(peer).named(&by);
    if doors.inbound.ledger.consumer(&name).await.map_err(refused)?.is_none() {
        let error = Error::halt(Code::UNKNOWN, format!("there is no consumer `{name}`"));
        return Err(refused(error.hint("`fpp consumers` lists them.")));
    }
    apply(&doors, Change::Forget { consumer: name.clone() }).await?;
    tracing::info!(consumer = name, by, "a consumer is forgotten");
    Ok(Json(json!({ "message": format!("consumer {name} is forgotten; its name is free") })))
}

#[derive(Deserialize)]
struct RowsBody {
    outlet: String,
    from: Option<String>,
    before: String,
    reason: String,
    by: String,
    gone: Option<BTreeMap<String, u64>>,
}

/// Writes down who takes rows out of an outlet's database, and why: before they go, and, with their number, after it. The
/// command that asks does it, because that may take as long as it takes.
async fn take_rows(
    State(doors): State<Arc<Doors>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(body): Body<RowsBody>,
) -> Result<Json<Value>, Problem> {
    let RowsBody { outlet, from, before, reason, by, gone } = body;
    let by = because(peer, &by, &reason)?;
    if !doors.postings.outlets.contains_key(&outlet) {
        let error = Error::halt(Code::UNKNOWN, format!("the node has no outlet `{outlet}`"));
        return Err(refused(error.hint("`fpp outlets` lists them; a new one needs a restart of the node.")));
    }
    tracing::info!(outlet, before, by, done = gone.is_some(), "rows of an outlet are taken away");
    apply(&doors, Change::TakeRows { outlet, from, before, by, gone }).await?;
    Ok(Json(json!({ "message": "it stands in the journal" })))
}

#[derive(Deserialize)]
struct PurgeBody {
    before: String,
    before_ms: i64,
    reason: String,
    by: String,
}

/// How long one request purges; the caller asks again until nothing is left.
const PURGE_FOR: Duration = Duration::from_secs(5);

async fn purge(
    State(doors): State<Arc<Doors>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Body(body): Body<PurgeBody>,
) -> Result<Json<Value>, Problem> {
    let PurgeBody { before, before_ms, reason, by } = body;
    let by = because(peer, &by, &reason)?;
    let refuse = |what: String| refused(Error::halt(Code::REQUEST, what));
    if before.parse::<jiff::civil::Date>().is_err() {
        return Err(refuse(format!("`{before}` is no date; write yyyy-mm-dd")));
    }
    let now_ms = doors.inbound.clock.now_ms();
    if before_ms > now_ms {
        return Err(refuse(format!("{before} is in the future: only past business dates are purged")));
    }
    let begun = Instant::now();
    let (mut purged, mut more) = (0, true);
    while more && begun.elapsed() < PURGE_FOR {
        let change = Change::Purge { before: before.clone(), before_ms, by: by.clone() };
        let applied = doors.inbound.ledger.apply(None, now_ms, &[change]).await.map_err(refused)?;
        more = applied.purged > 0;
        purged += applied.purged;
    }
    let days = if more { 0 } else { doors.inbound.ledger.drop_days(&before, now_ms).await.map_err(refused)? };
    tracing::info!(before, by, purged, more, days, "purged");
    Ok(Json(json!({ "message": format!("{purged} transfers purged"), "purged": purged, "more": more })))
}

/// For the books: who asks, by the system's word and not by his own, and why.
fn because(peer: Peer, told: &str, reason: &str) -> Result<String, Problem> {
    desk::has_reason(reason).map_err(refused)?;
    Ok(format!("{}: {reason}", Caller::Here(peer).named(told)))
}

async fn apply(doors: &Doors, change: Change) -> Result<(), Problem> {
    let now_ms = doors.inbound.clock.now_ms();
    doors.inbound.ledger.apply(None, now_ms, &[change]).await.map_err(refused)?;
    doors.bell.ring();
    Ok(())
}
