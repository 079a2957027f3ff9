//! The way to an S3 server: HTTP with time limits, TLS of the house (rustls with ring), requests signed with keys that are
//! read anew for each, so that keys are changed without a restart.
//!
//! Invariant: no key and no signature is in a message or a `Debug`; without `tls` the bytes are not encrypted, with it the
//! server must prove who it is.

use super::place::{Keys, ReadKeys};
use crate::error::{Error, Result};
use async_trait::async_trait;
use fpp_codecs::Code;
use object_store::aws::AwsCredential;
use object_store::client::{HttpClient, HttpConnector};
use object_store::{ClientOptions, CredentialProvider};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
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
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| unusable(e.to_string()))?
            .with_root_certificates(authorities(tls, ca_file)?)
            .with_no_client_auth();
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

fn authorities(tls: bool, ca_file: Option<&Path>) -> Result<rustls::RootCertStore> {
    let mut roots = rustls::RootCertStore::empty();
    let Some(file) = ca_file else {
        if tls {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(Error::halt(Code::VAULT, "this system knows no authorities for certificates")
                    .hint("Install them (ca-certificates), or name a file of your own: vault.ca_file."));
            }
        }
        return Ok(roots);
    };
    let unreadable = |what: String| Error::halt(Code::VAULT, format!("{}: {what}", file.display()));
    let certificates = CertificateDer::pem_file_iter(file).map_err(|e| unreadable(e.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|e| unreadable(e.to_string()))?;
        roots.add(certificate).map_err(|e| unreadable(e.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unreadable("it holds no certificate".to_owned()));
    }
    Ok(roots)
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
