//! What the library's errors mean.
//!
//! A status of the SFTP protocol is an answer: the session is fine. Everything else (deadline, socket, protocol) means
//! that nobody knows what is still on its way, so the session is broken and must not be used again.

use crate::error::{Error, ErrorKind};
use ssh2::ErrorCode;
use std::fmt::Display;
use std::io;

pub(super) const NO_SUCH_FILE: i32 = 2;
pub(super) const PERMISSION_DENIED: i32 = 3;
pub(super) const FAILURE: i32 = 4;
const NO_CONNECTION: i32 = 6;
const CONNECTION_LOST: i32 = 7;
pub(super) const UNSUPPORTED: i32 = 8;
const END_OF_LISTING: i32 = -16;
const CHANNEL_FAILURE: i32 = -21;
const REQUEST_DENIED: i32 = -22;

/// The SFTP status, if the error is an answer of the partner.
pub(super) fn status(error: &ssh2::Error) -> Option<i32> {
    match error.code() {
        ErrorCode::SFTP(NO_CONNECTION | CONNECTION_LOST) => None,
        ErrorCode::SFTP(status) => Some(status),
        ErrorCode::Session(_) => None,
    }
}

/// True when a listing has come to its end.
pub(super) fn listing_ended(error: &ssh2::Error) -> bool {
    error.code() == ErrorCode::Session(END_OF_LISTING)
}

/// True when the partner answered that it does not open such a channel, or does not do what was asked on it.
pub(super) fn is_refusal(error: &ssh2::Error) -> bool {
    matches!(error.code(), ErrorCode::Session(REQUEST_DENIED | CHANNEL_FAILURE))
}

/// An error of a call, with what was being done.
pub(super) fn error(doing: impl Display, error: ssh2::Error) -> Error {
    let kind = status(&error).map_or(ErrorKind::Unreachable, kind_of);
    let what = match status(&error) {
        Some(FAILURE) => format!("{doing}: refused without a reason (SFTP status 4)"),
        Some(status) => format!("{doing}: {} (SFTP status {status})", error.message()),
        None => format!("{doing}: {}", error.message()),
    };
    Error::new(kind, what).caused_by(error)
}

fn kind_of(status: i32) -> ErrorKind {
    match status {
        NO_SUCH_FILE | 10 => ErrorKind::Missing,
        PERMISSION_DENIED | 12 | 19 => ErrorKind::Folder,
        11 => ErrorKind::TargetExists,
        14 | 15 => ErrorKind::NoSpace,
        20 | 21 => ErrorKind::Unsafe,
        _ => ErrorKind::Io,
    }
}

/// An error while reading or writing. The library gives only words here; these are the partner's answers.
pub(super) fn io_error(doing: impl Display, error: io::Error) -> Error {
    let words = error.to_string();
    let (kind, hint) = match words.as_str() {
        "permission denied" | "file is write protected" | "no such file" => (ErrorKind::Folder, None),
        "no space on filesystem" | "quota exceeded" => (ErrorKind::NoSpace, None),
        // OpenSSH has no status for a full disk.
        "failure" => (ErrorKind::Io, Some("often the partner's disk is full or a quota is used up")),
        "bad message" | "operation unsupported" | "invalid handle" => (ErrorKind::Io, None),
        _ => (ErrorKind::Unreachable, None),
    };
    let built = Error::new(kind, format!("{doing}: {words}")).caused_by(error);
    match hint {
        Some(hint) => built.hint(hint),
        None => built,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_a_broken_line() {
        let make = |code| ssh2::Error::from_errno(code);
        let denied = error("writing", make(ErrorCode::SFTP(3)));
        assert_eq!(
            (denied.kind, denied.what.as_str()),
            (ErrorKind::Folder, "writing: permission denied (SFTP status 3)")
        );
        assert_eq!(error("x", make(ErrorCode::Session(-9))).kind, ErrorKind::Unreachable);
        assert_eq!(error("x", make(ErrorCode::SFTP(7))).kind, ErrorKind::Unreachable);
        assert_eq!(io_error("x", io::Error::from(make(ErrorCode::SFTP(14)))).kind, ErrorKind::NoSpace);
        assert_eq!(io_error("x", io::Error::from(make(ErrorCode::Session(-43)))).kind, ErrorKind::Unreachable);
    }
}
