//! The way to an S3 server: HTTP with time limits, TLS of the house (rustls with ring), requests signed with keys that are
//! read anew for each, so that keys are changed without a restart.
//!
//! Invariant: no key and no signature is in a message or a `Debug`; without `tls` the bytes are not encrypted, with it the
//! server must prove who it is.

use super::place::{Keys, ReadKeys};
use crate::error::{Error, Result};
use crate::trust;
use async_trait::async_trait;
use fpp_codecs::Code;
use object_store::aws::AwsCredential;
use object_store::client::{HttpClient, HttpConnector};
use object_store::{ClientOptions, CredentialProvider};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// For a name, a connection and its TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// For one request, a part of a large content included.
const REQUEST: Duration = Duration::from_secs(300);

/// An HTTP client that is used as it is.
#[derive(Debug)]
pub(super) struct Line(reqwest::Client);

impl Line {
    /// A client that gives up a server which says nothing for so long; with `tls` nothing but https is spoken. Proxies of the environment are not used: the place is the one
    /// that is configured.
    pub(super) fn new(tls: bool, ca_file: Option<&Path>, call_timeout: Duration) -> Result<Line> {
        let unusable =
            |what: String| Error::halt(Code::VAULT, format!("no connection to the vault can be made: {what}"));
        let roots = match tls || ca_file.is_some() {
            true => trust::authorities(ca_file).map_err(|e| {
                unusable(e).hint("Name a file of your own: vault.ca_file, or mend the one that is named.")
            })?,
            false => rustls::RootCertStore::empty(),
        };
        let config = trust::client(roots).map_err(unusable)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .https_only(tls)
            .http1_only()
            .no_proxy()
            .connect_timeout(CONNECT.min(call_timeout))
            .read_timeout(call_timeout)
            .timeout(REQUEST)
            .build()
            .map_err(|e| unusable(e.to_string()))?;
        Ok(Line(client))
    }
}

impl HttpConnector for Line {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

/// Reads the keys for each request.
pub(super) struct Signer(pub(super) ReadKeys);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer")
    }
}

#[async_trait]
impl CredentialProvider for Signer {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let read = (self.0)();
        let Keys { id, secret, token } =
            read.map_err(|error| object_store::Error::Generic { store: "S3", source: Box::new(error) })?;
        Ok(Arc::new(AwsCredential { key_id: id, secret_key: secret, token }))
    }
}
