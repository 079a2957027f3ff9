//! Reads a secret from where the settings say it is.

use crate::error::{Error, Result};
use crate::settings::Secret;
use fpp_codecs::Code;

/// The secret; `what` names it in errors, which never hold it.
pub(super) fn read(secret: &Secret, what: &str, code: Code) -> Result<String> {
    match secret {
        Secret::File(file) => {
            let text = std::fs::read_to_string(file).map_err(|e| {
                Error::halt(code, format!("{what} cannot be read from {}", file.display())).caused_by(e)
            })?;
            Ok(text.strip_suffix('\n').map_or(text.as_str(), |line| line.trim_end_matches('\r')).to_owned())
        }
        Secret::Env(variable) => std::env::var(variable).map_err(|_| {
            Error::halt(code, format!("the environment has no {variable}, which is {what}"))
                .hint("Set it for this command, or name a file of the secret instead.")
        }),
    }
}
