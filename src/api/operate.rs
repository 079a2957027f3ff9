//! Operators' verbs over HTTP, for consoles and scripts that are not on the node's machine (D25, D27).
//!
//! `POST /v1/operate/{verb}`, `POST /v1/days`, `GET /v1/requests`, `POST /v1/requests/{id}/confirm|decline`, `GET
//! /v1/outlets`, `GET /v1/outlets/dead`: the same desk as
//! behind the control socket, the same tables, reasons and second person. Never weaker: nobody is let in without a token,
//! and a token allows only the verbs and routes that stand beside it. Who asks is the token's person; what a program says
//! of itself counts for nothing.

use super::asked::Asked;
use super::desk;
use super::extract::{Body, Named, Words};
use super::person::Caller;
use super::problem::{Problem, refused};
use super::tokens::DAY;
use super::{Doors, bearer};
use crate::error::Error;
use crate::inbound;
use crate::ledger::verbs::Verb;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use fpp_codecs::Code;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// A request is some words.
const BODY_MAX_BYTES: usize = 64 << 10;

pub(super) fn router() -> Router<Arc<Doors>> {
    Router::new()
        .route("/v1/operate/{verb}", post(act))
        .route("/v1/requests", get(requests))
        .route("/v1/requests/{id}/{word}", post(settle))
        .route("/v1/days", post(day))
        .route("/v1/outlets", get(outlets))
        .route("/v1/outlets/dead", get(dead))
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
}

fn caller(doors: &Doors, headers: &HeaderMap) -> Result<Caller, Problem> {
    let token = bearer::holder(doors, headers)?;
    if token.verbs.is_empty() {
        let error = Error::halt(Code::LOGIN, format!("the token {} is no operator's", token.name))
            .hint("Give it `verbs` in the node's token file, and restart the node.");
        return Err(Problem::new(StatusCode::FORBIDDEN, error));
    }
    Ok(Caller::Token(token))
}

fn unknown(what: String) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, Error::halt(Code::UNKNOWN, what))
}

async fn act(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Named(verb): Named<String>,
    Body(asked): Body<Asked>,
) -> Result<Json<Value>, Problem> {
    let caller = caller(&doors, &headers)?;
    let verb = Verb::parse(&verb).ok_or_else(|| unknown(format!("there is no verb `{verb}`")))?;
    let said = desk::act(&doors, verb, &asked, &caller).await.map_err(refused)?;
    Ok(Json(said.json()))
}

async fn settle(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Named((id, word)): Named<(String, String)>,
    Body(said): Body<Asked>,
) -> Result<Json<Value>, Problem> {
    let caller = caller(&doors, &headers)?;
    let confirmed = match word.as_str() {
        "confirm" => true,
        "decline" => false,
        other => return Err(unknown(format!("a request is not `{other}`"))),
    };
    let told = desk::settle(&doors, &id, confirmed, &said, &caller).await.map_err(refused)?;
    Ok(Json(told.json()))
}

async fn requests(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let caller = caller(&doors, &headers)?;
    let open = desk::open_requests(&doors, &caller).await.map_err(refused)?;
    let open: Vec<_> = open
        .into_iter()
        .map(|ask| {
            json!({
                "id": ask.id, "verb": ask.verb, "subject": ask.subject, "effect": ask.effect, "person": ask.person,
                "reason": ask.reason, "asked_ms": ask.asked_ms, "changes": ask.shown(),
            })
        })
        .collect();
    Ok(Json(json!({ "requests": open })))
}

/// What waits for each outlet, for operators whose token sees all routes: an outlet's queue is of several.
async fn outlets(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    sees_all(&caller(&doors, &headers)?)?;
    super::outlets::overview(&doors).await.map(Json).map_err(refused)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dead {
    outlet: Option<String>,
    limit: Option<u32>,
}

async fn dead(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Words(wanted): Words<Dead>,
) -> Result<Json<Value>, Problem> {
    sees_all(&caller(&doors, &headers)?)?;
    let limit = wanted.limit.unwrap_or(100).min(10_000);
    let letters = doors.inbound.ledger.dead_letters(wanted.outlet.as_deref(), None, false, limit).await;
    Ok(Json(json!({ "dead": letters.map_err(refused)? })))
}

fn sees_all(caller: &Caller) -> Result<(), Problem> {
    match caller {
        Caller::Token(token) if token.routes.is_some() => {
            let what = format!("the token {} does not see every route", token.name);
            Err(refused(Error::halt(Code::LOGIN, what).hint("The routes of a token stand in the node's token file.")))
        }
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct Day {
    route: String,
    business_date: String,
    open: bool,
    reason: String,
}

async fn day(
    State(doors): State<Arc<Doors>>,
    headers: HeaderMap,
    Body(asked): Body<Day>,
) -> Result<Json<Value>, Problem> {
    let caller = caller(&doors, &headers)?;
    let Day { route, business_date, open, reason } = asked;
    desk::has_reason(&reason).map_err(refused)?;
    if !caller.may(DAY, Some(&route)) {
        let what = format!("this token does not allow `{DAY}` of {route}");
        return Err(refused(
            Error::halt(Code::LOGIN, what).hint("Its verbs and routes stand in the node's token file."),
        ));
    }
    let by = format!("{}: {reason}", caller.named(""));
    let said = inbound::day::decide(&doors.inbound, &route, &business_date, open, &by).await.map_err(refused)?;
    doors.bell.ring();
    Ok(Json(json!({ "message": said })))
}
