//! One bucket: objects by key, in the manner of blocking code. Requests run on two threads of their own, so that callers
//! may wait wherever they are.
//!
//! Invariant: what was written is durable when a call returns (S3 answers not before); of many who create one key at once
//! exactly one is told that it did. Memory is bounded by [`PARTS_AT_ONCE`] parts, whatever the object's size.

use super::line::{Line, Signer};
use super::place::Place;
use crate::error::{Error, Result};
use crate::vault::error_of;
use fpp_codecs::Code;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path as Key;
use object_store::{
    Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt, PutMode, PutPayload, Result as StoreResult,
    RetryConfig,
};
use std::collections::VecDeque;
use std::future::Future;
use std::io::Read;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use tokio::runtime::Runtime;

/// Bytes of a part of a large object, and of the largest that is written at once.
pub(super) const PART_BYTES: u64 = 8 * 1024 * 1024;
/// Parts of one object on their way at once.
const PARTS_AT_ONCE: usize = 2;
/// S3 takes not more parts of an object than 10,000.
const PARTS_MAX: u64 = 9_000;
/// Keys in one answer to a listing.
const PAGE: usize = 1_000;
/// Attempts of one request, and the time for all of them; then the pipeline tries the whole step again.
const RETRIES: usize = 3;
const PATIENCE: Duration = Duration::from_secs(120);

/// How a server says that it is full. A bare number stands in names and ports, too.
const FULL: [&str; 4] = ["status code: 507", "StorageFull", "QuotaExceeded", "InsufficientStorage"];

/// What S3 calls a request that it does not let through.
const DENIALS: [&str; 6] = [
    "AccessDenied",
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
];

/// An object as a listing shows it.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) key: String,
    pub(super) bytes: u64,
}

/// A bucket of a server.
pub struct Bucket {
    store: AmazonS3,
    /// Taken when it is dropped.
    runtime: Option<Runtime>,
    name: String,
}

impl Bucket {
    /// Asks for nothing yet.
    pub fn new(place: &Place) -> Result<Bucket> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("fpp-vault")
            .enable_all()
            .build()
            .map_err(|e| Error::internal("no threads for the vault").caused_by(e))?;
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: PATIENCE, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&place.bucket)
            .with_region(&place.region)
            .with_virtual_hosted_style_request(!place.path_style)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            .with_credentials(std::sync::Arc::new(Signer(place.keys.clone())))
            .with_http_connector(Line::new(place.tls, place.ca_file.as_deref(), place.call_timeout)?)
            .with_retry(retry)
            .with_allow_http(!place.tls);
        if let Some(endpoint) = &place.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let store = builder.build().map_err(|e| {
            Error::halt(Code::VAULT, format!("{place} cannot be used: {e}")).hint("Look at [vault] in fpp.toml.")
        })?;
        Ok(Bucket { store, runtime: Some(runtime), name: place.to_string() })
    }

    /// Writes a small object, whatever stood there.
    pub(super) fn write(&self, key: &str, bytes: Vec<u8>) -> Result<()> {
        let (store, at) = (self.store.clone(), Key::from(key));
        let done = self.wait(async move { store.put(&at, PutPayload::from(bytes)).await })?;
        done.map(|_| ()).map_err(|e| self.failed(key, &e))
    }

    /// Writes a small object where none stands; false when there is one already.
    pub fn create(&self, key: &str, bytes: Vec<u8>) -> Result<bool> {
        let (store, at) = (self.store.clone(), Key::from(key));
        let done =
            self.wait(async move { store.put_opts(&at, PutPayload::from(bytes), PutMode::Create.into()).await })?;
        match done {
            Ok(_) => Ok(true),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(false),
            Err(e) => Err(self.failed(key, &e)),
        }
    }

    /// Writes a large object of so many bytes in parts. It is there as a whole or not at all.
    pub(super) fn upload(&self, key: &str, input: &mut dyn Read, bytes: u64) -> Result<()> {
        let (store, at) = (self.store.clone(), Key::from(key));
        let begun = self.wait(async move { store.put_multipart(&at).await })?;
        let mut upload = begun.map_err(|e| self.failed(key, &e))?;
        match self.parts(key, &mut *upload, input, bytes) {
            Ok(()) => {
                let done = self.wait(async move { upload.complete().await })?;
                done.map(|_| ()).map_err(|e| self.failed(key, &e))
            }
            Err(error) => {
                // Parts that stay are the bucket's own rule to remove; the error is what matters.
                let _ = self.wait(async move { upload.abort().await });
                Err(error)
            }
        }
    }

    fn parts(&self, key: &str, upload: &mut dyn MultipartUpload, input: &mut dyn Read, bytes: u64) -> Result<()> {
        let part_bytes = PART_BYTES.max(bytes.div_ceil(PARTS_MAX));
        let mut sent: VecDeque<Receiver<StoreResult<()>>> = VecDeque::new();
        let mut left = bytes;
        while left > 0 {
            let length = left.min(part_bytes);
            left -= length;
            let mut part = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
            let read = (&mut *input).take(length).read_to_end(&mut part).map_err(error_of)?;
            if read as u64 != length {
                return Err(Error::retry(Code::VAULT, "what was gathered for the vault cannot be read again")
                    .hint("Look at the disk of data_dir and the system's log."));
            }
            if sent.len() >= PARTS_AT_ONCE
                && let Some(first) = sent.pop_front()
            {
                received(first)?.map_err(|e| self.failed(key, &e))?;
            }
            sent.push_back(self.begin(upload.put_part(PutPayload::from(part)))?);
        }
        sent.into_iter().try_for_each(|part| received(part)?.map_err(|e| self.failed(key, &e)))
    }

    /// A small object as a whole.
    pub(super) fn read(&self, key: &str) -> Result<Option<Vec<u8>>> {
        let (store, at) = (self.store.clone(), Key::from(key));
        let read = self.wait(async move { store.get(&at).await?.bytes().await })?;
        found(read).map(|read| read.map(Vec::from)).map_err(|e| self.failed(key, &e))
    }

    /// Some bytes of an object; fewer than asked where it ends.
    pub(super) fn read_range(&self, key: &str, from: u64, length: u64) -> Result<Option<Vec<u8>>> {
        let (store, at) = (self.store.clone(), Key::from(key));
        let read = self.wait(async move { store.get_range(&at, from..from + length).await })?;
        found(read).map(|read| read.map(Vec::from)).map_err(|e| self.failed(key, &e))
    }

    /// The objects below a folder, in the order of their keys, from after a key on; a page of them.
    pub(super) fn page(&self, folder: &str, after: Option<&str>) -> Result<Vec<Object>> {
        let (store, at, after) = (self.store.clone(), Key::from(folder), after.map(Key::from));
        let listed = self.wait(async move {
            let all = match &after {
                Some(after) => store.list_with_offset(Some(&at), after),
                None => store.list(Some(&at)),
            };
            all.take(PAGE).try_collect::<Vec<_>>().await
        })?;
        let listed = listed.map_err(|e| {
            if matches!(e, StoreError::NotFound { .. }) || said(&e) == "NoSuchBucket" {
                return Error::halt(Code::VAULT, format!("{}: there is no such bucket", self.name))
                    .hint("Make it, or mend vault.url: fpp makes no buckets.");
            }
            self.failed(folder, &e)
        })?;
        Ok(listed.into_iter().map(|o| Object { key: o.location.to_string(), bytes: o.size }).collect())
    }

    /// Removes an object; one that is not there is no error.
    pub(super) fn remove(&self, key: &str) -> Result<()> {
        let (store, at) = (self.store.clone(), Key::from(key));
        let done = self.wait(async move { store.delete(&at).await })?;
        found(done).map(|_| ()).map_err(|e| self.failed(key, &e))
    }

    /// Begins something on the bucket's own threads.
    fn begin<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<Receiver<T>> {
        let runtime = self.runtime.as_ref().ok_or_else(|| Error::internal("the vault is closed"))?;
        let (answer, receiver) = sync_channel(1);
        runtime.spawn(async move {
            // Nobody may wait any more.
            let _ = answer.send(work.await);
        });
        Ok(receiver)
    }

    fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Result<T> {
        received(self.begin(work)?)
    }

    /// Every fault of a server may pass, also a right that is missing: it is given, and work goes on by itself.
    fn failed(&self, what: &str, error: &StoreError) -> Error {
        let said = said(error);
        if FULL.iter().any(|word| said.contains(word)) {
            return Error::retry(Code::NO_SPACE, format!("{}: there is no space for {what}: {said}", self.name))
                .hint("Make space there; it goes on by itself.");
        }
        let denied = matches!(error, StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. });
        let hint = if denied || DENIALS.contains(&said.as_str()) {
            "Look at the keys and their rights (get, put, delete, list), and at this machine's clock; it goes on by itself."
        } else {
            "Look whether the server answers; it goes on by itself."
        };
        Error::retry(Code::VAULT, format!("{}: {what} cannot be read or written: {said}", self.name)).hint(hint)
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Callers have their answers; whoever drops it may stand where nobody may wait.
            runtime.shutdown_background();
        }
    }
}

fn received<T>(answer: Receiver<T>) -> Result<T> {
    answer.recv().map_err(|_| Error::internal("a request to the vault stopped unexpectedly"))
}

/// Nothing where there is no such object.
fn found<T>(done: StoreResult<T>) -> StoreResult<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(StoreError::NotFound { .. }) => Ok(None),
        Err(e) => Err(e),
    }
}

/// What the server said: the S3 code where its answer has one, for the rest of such an answer names keys and signatures.
fn said(error: &StoreError) -> String {
    let text = error.to_string();
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    match code {
        Some(code) => code.chars().take(64).collect(),
        None => text.split('<').next().unwrap_or_default().chars().take(300).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_is_told_without_keys_and_signatures() {
        let answer = "Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?><Error><Code>Signature\
                      DoesNotMatch</Code><AWSAccessKeyId>AKID</AWSAccessKeyId><SignatureProvided>f00</SignatureProvided>";
        let error = |text: &str| StoreError::Generic { store: "S3", source: text.into() };
        assert_eq!(said(&error(answer)), "SignatureDoesNotMatch");
        assert_eq!(said(&error("connection refused")), "Generic S3 error: connection refused");
        assert!(!said(&error("x <AWSAccessKeyId>AKID")).contains("AKID"));
        assert!(said(&error(&"y".repeat(5_000))).len() <= 300);
        let is_full = |text: &str| FULL.iter().any(|word| said(&error(text)).contains(word));
        assert!(is_full("after 0 retries - Server returned non-2xx status code: 507 Insufficient Storage: "));
        assert!(is_full("Server returned non-2xx status code: 400 Bad Request: <Error><Code>QuotaExceeded</Code>"));
        assert!(!is_full("Error performing GET http://127.0.0.1:35071/vault/core/507e, after 3 retries"));
    }
}
