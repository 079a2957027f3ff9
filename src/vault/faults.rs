//! Names of contents, and what can be wrong with a content.

use super::files::failed;
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
