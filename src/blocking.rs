//! Blocking work (files, SFTP, decoding) beside the asynchronous services.

use crate::error::{Error, Result};
use std::any::Any;

/// Runs `work` on a thread where it may block. A panic inside becomes an internal error: the file is held, the node
/// goes on.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(join) => {
            let said = join.try_into_panic().map_or_else(|_| "it was cancelled".to_owned(), |panic| words(&*panic));
            Err(Error::internal(format!("a step stopped unexpectedly: {said}")))
        }
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    said.unwrap_or("it panicked").to_owned()
}
