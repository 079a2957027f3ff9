//! Blocking work (files, SFTP, decoding) beside the asynchronous services.

use crate::error::{Error, Result};

/// Runs `work` on a thread where it may block. A panic inside becomes an internal error: the file is held, the node
/// goes on.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(join) => Err(Error::internal(format!("a step stopped unexpectedly: {join}"))),
    }
}
