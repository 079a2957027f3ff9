//! Errors over HTTP: problem details (RFC 9457) with the FPP code and the hint.

use crate::error::Error;
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use fpp_codecs::Code;
use serde_json::{Value, json};

/// An error and the status it is told with.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    // Boxed, because a problem travels in the `Err` of every handler.
    error: Box<Error>,
    extra: Option<(&'static str, String)>,
}

impl Problem {
    /// A problem with a status.
    pub(super) fn new(status: StatusCode, error: Error) -> Problem {
        Problem { status, error: Box::new(error), extra: None }
    }

    /// Adds a member to the body.
    pub(super) fn with(mut self, name: &'static str, value: String) -> Problem {
        self.extra = Some((name, value));
        self
    }
}

/// What an operator asked for and does not get. A fault of fpp is no refusal: it stands in the log.
pub(super) fn refused(error: Error) -> Problem {
    let status = match error.code {
        Code::LEDGER => StatusCode::SERVICE_UNAVAILABLE,
        Code::LOGIN => StatusCode::FORBIDDEN,
        Code::INTERNAL => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::CONFLICT,
    };
    Problem::new(status, error)
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    }
}

impl Problem {
    /// The problem as JSON.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({
            "type": format!("urn:fpp:problem:{}", self.error.code),
            "title": self.error.code.english(),
            "status": self.status.as_u16(),
            "code": self.error.code.to_string(),
            "message": self.error.what,
            "detail": self.error.what,
            "hint": self.error.hint,
        });
        if let Some((name, value)) = &self.extra {
            body[*name] = value.as_str().into();
        }
        body
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = self.body();
        if self.status.is_server_error() {
            tracing::error!(status = self.status.as_u16(), "{}", self.error);
        }
        (self.status, [(header::CONTENT_TYPE, "application/problem+json")], Json(body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_of_fpp_is_no_refusal() {
        assert_eq!(refused(Error::internal("x")).status, StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(refused(Error::halt(Code::REFUSED, "x")).status, StatusCode::CONFLICT);
        assert_eq!(refused(Error::halt(Code::LOGIN, "x")).status, StatusCode::FORBIDDEN);
    }
}
