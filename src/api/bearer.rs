//! Whose token a request carries.

use super::Doors;
use super::problem::Problem;
use super::tokens::Reader;
use crate::error::Error;
use axum::http::{HeaderMap, StatusCode, header};
use fpp_codecs::Code;

/// Who reads; without tokens, everybody on this machine does.
pub(super) fn reader(doors: &Doors, headers: &HeaderMap) -> Result<Reader, Problem> {
    if doors.tokens.is_none() { Ok(Reader::local()) } else { holder(doors, headers) }
}

/// Whose token it is; without a known one nobody is let in.
pub(super) fn holder(doors: &Doors, headers: &HeaderMap) -> Result<Reader, Problem> {
    let presented = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    // The scheme may be written in any case (RFC 9110).
    let scheme_and_token = presented.and_then(|v| v.trim().split_once(' '));
    let token =
        scheme_and_token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token.trim());
    let known = doors.tokens.as_ref().zip(token).and_then(|(tokens, token)| tokens.reader(token));
    known.cloned().ok_or_else(|| {
        let error = Error::halt(Code::LOGIN, "this needs a known token")
            .hint("Send `Authorization: Bearer TOKEN`; its digest stands in the node's token file.");
        Problem::new(StatusCode::UNAUTHORIZED, error)
    })
}
