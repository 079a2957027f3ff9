//! Whom TLS believes: the authorities of a file, or those of this system. The house has one TLS: rustls with ring.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// What a client needs to be sure of a server; the error says what is wrong with the authorities.
pub fn client(roots: RootCertStore) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(config.map_err(|e| e.to_string())?.with_root_certificates(roots).with_no_client_auth())
}

/// The authorities of a file of certificates (PEM), or those that this system trusts.
pub fn authorities(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        return match roots.is_empty() {
            true => Err("this system knows no authorities for certificates: install ca-certificates".to_owned()),
            false => Ok(roots),
        };
    };
    let unreadable = |what: String| format!("{}: {what}", file.display());
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unreadable(e.to_string()))? {
        let certificate = certificate.map_err(|e| unreadable(e.to_string()))?;
        roots.add(certificate).map_err(|e| unreadable(e.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(unreadable("it holds no certificate".to_owned())),
        false => Ok(roots),
    }
}
