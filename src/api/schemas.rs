//! `GET /v1/schemas` and `GET /v1/schemas/{type}`: what a consumer may rely on, as JSON Schema (2020-12).
//!
//! They are those of the routes as they are configured now, and tell no data; a token gets those of its own routes. A type
//! may be another one on another route: then `route` says which is meant.

use super::extract::{Named, Words};
use super::problem::Problem;
use super::{Doors, bearer};
use crate::blocking::blocking;
use crate::error::Error;
use crate::trade::schema::{Schema, of_files};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fpp_codecs::Code;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    route: Option<String>,
}

/// A schema, and the routes whose events it is of.
struct Known {
    schema: Schema,
    routes: Vec<String>,
}

/// The types with their `dataschema` and routes.
pub(super) async fn list(State(doors): State<Arc<Doors>>, headers: HeaderMap) -> Result<Json<Value>, Problem> {
    let known = known(&doors, &headers, None).await?;
    let told: Vec<_> = known
        .iter()
        .map(|one| json!({"type": one.schema.name, "dataschema": one.schema.dataschema, "routes": one.routes}))
        .collect();
    Ok(Json(json!({ "schemas": told })))
}

/// One schema.
pub(super) async fn read(
    State(doors): State<Arc<Doors>>,
    Named(name): Named<String>,
    Words(wanted): Words<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut found = known(&doors, &headers, wanted.route.as_deref()).await?;
    found.retain(|one| one.schema.name == name);
    if found.len() > 1 {
        let routes: Vec<_> = found.iter().map(|one| one.routes.join(", ")).collect();
        let error = Error::halt(Code::REFUSED, format!("`{name}` is one type on {} and another on others", routes[0]))
            .hint(format!("Say which route is meant: ?route=, one of {}.", routes.join(", ")));
        return Err(Problem::new(StatusCode::CONFLICT, error));
    }
    let Some(one) = found.pop() else {
        let error = Error::halt(Code::UNKNOWN, format!("no event of a route that you see has the type `{name}`"))
            .hint("GET /v1/schemas lists the types.");
        return Err(Problem::new(StatusCode::NOT_FOUND, error));
    };
    let body =
        serde_json::to_vec(&one.schema.json).map_err(|e| Error::internal("a schema cannot be written").caused_by(e))?;
    Ok(([(header::CONTENT_TYPE, "application/schema+json")], body).into_response())
}

/// Every schema of the routes that the reader sees.
async fn known(doors: &Doors, headers: &HeaderMap, route: Option<&str>) -> Result<Vec<Known>, Problem> {
    let reader = bearer::reader(doors, headers)?;
    let wanted = |name: &&String| reader.sees(name) && route.is_none_or(|route| route == **name);
    let bundles = doors.inbound.routes.iter().filter(|(name, _)| wanted(name));
    let bundles: Vec<_> = bundles.map(|(name, route)| (name.clone(), route.bundle.clone())).collect();
    let plans = doors.inbound.plans.clone();
    let known = blocking(move || {
        let mut known: Vec<Known> = Vec::new();
        for (name, bundle) in bundles {
            let plan = plans.current(&bundle)?;
            for schema in plan.mapping.schemas(&plan.format).into_iter().chain(of_files()) {
                match known.iter_mut().find(|one| one.schema == schema) {
                    Some(one) => one.routes.push(name.clone()),
                    None => known.push(Known { schema, routes: vec![name.clone()] }),
                }
            }
        }
        Ok(known)
    })
    .await?;
    Ok(known)
}
