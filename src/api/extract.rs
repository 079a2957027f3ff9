//! What a request says, read into a type. What cannot be read is told as every other error is: as a problem with a hint, and
//! with words that are none where the request has them.

use super::problem::Problem;
use crate::error::Error;
use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use fpp_codecs::Code;
use serde::de::DeserializeOwned;
use std::time::Duration;
use tokio::time::timeout;

/// A body is small, and whoever begins to send one has it.
const BODY_WITHIN: Duration = Duration::from_secs(60);

/// A body of JSON.
pub(super) struct Body<T>(pub(super) T);

/// The words behind the path.
pub(super) struct Words<T>(pub(super) T);

/// The names in the path.
pub(super) struct Named<T>(pub(super) T);

fn unreadable(status: StatusCode, what: String, hint: &str) -> Problem {
    let code = if status == StatusCode::NOT_FOUND { Code::UNKNOWN } else { Code::REQUEST };
    Problem::new(status, Error::halt(code, what).hint(hint))
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let hint = "Send an object of JSON with all it needs, and `content-type: application/json`.";
        let read = timeout(BODY_WITHIN, Json::<T>::from_request(request, state)).await;
        let late = |_| unreadable(StatusCode::REQUEST_TIMEOUT, format!("no body came within {BODY_WITHIN:?}"), hint);
        read.map_err(late)?.map(|Json(body)| Body(body)).map_err(|e| unreadable(e.status(), e.body_text(), hint))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Words<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let hint = "Look at the words behind the `?` of the address.";
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(words)| Words(words)).map_err(|e| unreadable(e.status(), e.body_text(), hint))
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(names)| Named(names)).map_err(|e| unreadable(e.status(), e.body_text(), "Look at the address."))
    }
}

/// An address that there is not.
pub(super) async fn nowhere() -> Problem {
    unreadable(
        StatusCode::NOT_FOUND,
        "there is no such address".to_owned(),
        "docs/events.md and docs/operate.md list them.",
    )
}

/// A method that an address does not have.
pub(super) async fn no_method() -> Problem {
    let what = "the address does not take this method".to_owned();
    unreadable(StatusCode::METHOD_NOT_ALLOWED, what, "docs/events.md and docs/operate.md list them.")
}
