//! `GET /healthz`: the process answers. `GET /readyz`: the ledger answers too, so work can be done.

use super::Doors;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;

pub(super) async fn healthz(State(doors): State<Arc<Doors>>) -> Json<Value> {
    Json(json!({ "status": "ok", "node": doors.node, "version": env!("CARGO_PKG_VERSION") }))
}

pub(super) async fn readyz(State(doors): State<Arc<Doors>>) -> Result<Json<Value>, Problem> {
    let last = doors.inbound.ledger.last_publication().await;
    let last = last.map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, error))?;
    Ok(Json(json!({ "status": "ready", "node": doors.node, "publications": last })))
}
