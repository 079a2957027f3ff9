//! Endpoints for the tests: a real HTTP server that answers what it is told to, with or without TLS, and one that breaks
//! the protocol in ways that real ones do.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::serve::Listener;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A call that came in.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Ids of its events, and whether it came as a batch.
    pub(crate) fn events(&self) -> (bool, Vec<String>) {
        let id = |event: &serde_json::Value| event["id"].as_str().unwrap().to_owned();
        match serde_json::from_str(&self.body).unwrap() {
            serde_json::Value::Array(events) => (true, events.iter().map(id).collect()),
            one => (false, vec![id(&one)]),
        }
    }
}

/// Status and headers for a call.
pub(crate) type Judge = dyn Fn(&Call) -> (u16, Vec<(&'static str, String)>) + Send + Sync;

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Server {
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// On a port of this machine.
    pub(crate) fn start(judge: impl Fn(&Call) -> (u16, Vec<(&'static str, String)>) + Send + Sync + 'static) -> Server {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        Server::serve(TcpListener::from_std(listener).unwrap(), address, Arc::new(judge))
    }

    /// Speaks TLS, with this certificate and key.
    pub(crate) async fn start_tls(certificate: &Path, key: &Path) -> Server {
        let chain: Vec<_> = CertificateDer::pem_file_iter(certificate).unwrap().map(Result::unwrap).collect();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(key).unwrap())
            .unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = tcp.local_addr().unwrap();
        let listener = Tls { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
        Server::serve(listener, address, Arc::new(|_: &Call| (204, Vec::new())))
    }

    fn serve<L: Listener>(listener: L, address: SocketAddr, judge: Arc<Judge>) -> Server
    where
        L::Addr: std::fmt::Debug,
    {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(answer).with_state((calls.clone(), judge));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Server { address, calls }
    }
}

/// What came in, and who says what is answered.
type Shared = (Arc<Mutex<Vec<Call>>>, Arc<Judge>);

async fn answer(State((calls, judge)): State<Shared>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let call = Call { path: uri.to_string(), headers, body };
    let (status, headers) = judge(&call);
    calls.lock().unwrap().push(call);
    let mut response = StatusCode::from_u16(status).unwrap().into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

struct Tls {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for Tls {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else { continue };
            // Whoever does not trust the certificate goes away here.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// A key, and a certificate of `localhost` that it signs itself.
pub(crate) fn certify(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]).arg(&key).arg("-out").arg(&certificate);
    let made = openssl.output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    (certificate, key)
}

/// Reads each call, says these bytes for it, and then closes the line, or holds it without a word.
pub(crate) async fn rough(says: &'static str, closes: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut call = [0; 65_536];
                let _ = stream.read(&mut call).await;
                let _ = stream.write_all(says.as_bytes()).await;
                if !closes {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    address
}
