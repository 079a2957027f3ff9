//! Names of contents, what can be wrong with a content, and the class of what an engine's disk answers.

use crate::error::{Error, Result};
use fpp_codecs::Code;
use std::fmt::Write;
use std::io;

/// The error inside an I/O error: the one that was carried, or FPP9002 for a read that failed below.
pub fn error_of(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(carried) => carried,
        Err(error) => failed("the vault", error),
    }
}

/// Classes an I/O error of the vault: no space is tried again when there is space.
pub(super) fn failed(place: &str, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Error::retry(Code::NO_SPACE, format!("{place}: there is no space for it"))
                .hint("Make space on the vault's disk; it goes on by itself.")
                .caused_by(error)
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Error::halt(Code::VAULT, format!("{place}: it may not be read or written"))
                .hint("Give the node's user the right to the vault's folder.")
                .caused_by(error)
        }
        _ => Error::retry(Code::VAULT, format!("{place}: it cannot be read or written"))
            .hint("Look at the vault's disk and the system's log.")
            .caused_by(error),
    }
}

/// An error of what is put: the one it carries, or the source's folder is at fault.
pub(super) fn unreadable(error: io::Error) -> Error {
    match error.downcast::<Error>() {
        Ok(carried) => carried,
        Err(error) => Error::retry(Code::FOLDER, "the source cannot be read").caused_by(error),
    }
}

/// More bytes than may be put.
pub(super) fn too_large(max_bytes: u64) -> Error {
    Error::reject(Code::UNSAFE, format!("the file is larger than {max_bytes} bytes"))
        .hint("Raise the route's largest size if such files are expected.")
}

/// Refuses what is no SHA-256 in lower hex, so that no name leads out of the vault.
pub(super) fn check_name(sha256: &str) -> Result<()> {
    if sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(());
    }
    Err(Error::internal(format!("{sha256:?} is no SHA-256 in lower hex")))
}

/// Lower hex.
pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(digest.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Content that is not there.
pub(super) fn missing(sha256: &str) -> Error {
    Error::halt(Code::VAULT, format!("the vault does not hold {sha256}"))
        .hint("Look whether the vault's folder is mounted; restore the file from the backup.")
}

/// Content that is not what came in.
pub(super) fn damaged(sha256: &str, what: impl std::fmt::Display) -> Error {
    Error::halt(Code::VAULT, format!("{sha256} in the vault is damaged: {what}"))
        .hint("Restore the file from the backup, or let the partner send it again: equal bytes mend it.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;
    use std::io::Write;

    #[test]
    fn no_space_is_tried_again_and_says_so() {
        let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = failed("x", full.write_all(b"1").unwrap_err());
        assert_eq!((error.code, error.class), (Code::NO_SPACE, Class::Retry));
    }
}
