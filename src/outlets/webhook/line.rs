//! The way to an endpoint: HTTP/1.1 over TCP or TLS, connections kept for the next call.
//!
//! Invariant: one deadline holds for all of a call, whatever the other side does or leaves out; a connection is used again
//! only after its answer was read to the end. A call over a connection that turns out to be closed goes once more over a
//! new one, so an endpoint may meet the same call twice.

use super::answer::Answer;
use super::endpoint::Endpoint;
use crate::error::{Error, Result};
use crate::trust;
use fpp_codecs::Code;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response, Uri, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Connections kept, at most.
const IDLE_MAX: usize = 4;
/// An answer is not read beyond; a connection with more of it is given up.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
const AGENT: &str = concat!("fpp/", env!("CARGO_PKG_VERSION"));

/// The way to one endpoint.
pub(super) struct Line {
    url: Uri,
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// Moves the bytes; ends with the connection.
    mover: AbortHandle,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.mover.abort();
    }
}

/// An endpoint without its query.
fn place(url: &Uri, host: &str, port: u16) -> String {
    format!("{}://{host}:{port}{}", url.scheme_str().unwrap_or_default(), url.path())
}

impl Line {
    pub(super) fn new(endpoint: &Endpoint) -> Result<Line> {
        let url = endpoint.url.clone();
        let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
        let place = place(&url, &host, port);
        let unusable = |what: String| {
            Error::halt(Code::OUTLET, format!("no connection to {place} can be made: {what}"))
                .hint("Look at the outlet in fpp.toml.")
        };
        let tls = match url.scheme_str() {
            Some("http") => None,
            Some("https") => {
                let roots = trust::authorities(endpoint.ca_file.as_deref()).map_err(unusable)?;
                let config = trust::client(roots).map_err(unusable)?;
                let name = ServerName::try_from(host.clone()).map_err(|e| unusable(e.to_string()))?;
                Some((TlsConnector::from(Arc::new(config)), name))
            }
            _ => return Err(unusable("it begins with https:// or http://".to_owned())),
        };
        if host.is_empty() {
            return Err(unusable("it names no host".to_owned()));
        }
        Ok(Line { host, port, tls, timeout: endpoint.timeout, idle: Mutex::default(), url })
    }

    /// For messages; a query may hold what is not for everybody.
    pub(super) fn place(&self) -> String {
        place(&self.url, &self.host, self.port)
    }

    /// One call.
    pub(super) async fn post(
        &self,
        content_type: &'static str,
        more: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answer> {
        let body = Bytes::from(body);
        let request = || {
            let path = self.url.path_and_query().map_or("/", |path| path.as_str());
            let mut request = Request::post(if path.is_empty() { "/" } else { path })
                .header(header::HOST, self.url.authority().map_or("", |authority| authority.as_str()))
                .header(header::USER_AGENT, AGENT)
                .header(header::CONTENT_TYPE, content_type);
            for (name, value) in more {
                request = request.header(*name, value.as_str());
            }
            request.body(Full::new(body.clone())).map_err(|e| Error::internal("a request").caused_by(e))
        };
        let exchange = async {
            if let Some(kept) = self.kept()
                && let Ok(response) = ask(kept, request()?).await
            {
                return self.read(response).await;
            }
            let connection = self.connect().await?;
            let response = ask(connection, request()?).await.map_err(|e| self.lost(&e))?;
            self.read(response).await
        };
        match timeout(self.timeout, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(self.late()),
        }
    }

    /// Connects, and says what stands.
    pub(super) async fn look(&self) -> Result<String> {
        match timeout(self.timeout, self.connect()).await {
            Ok(connected) => connected.map(|_| format!("{} takes connections", self.place())),
            Err(_) => Err(self.late()),
        }
    }

    pub(super) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|e| self.away().caused_by(e))?;
        // Small calls go at once.
        stream.set_nodelay(true).map_err(|e| self.away().caused_by(e))?;
        match &self.tls {
            None => self.shake_hands(stream).await,
            Some((connector, name)) => {
                let stream = connector.connect(name.clone(), stream).await.map_err(|e| {
                    Error::retry(Code::UNREACHABLE, format!("no TLS with {}", self.place()))
                        .caused_by(e)
                        .hint("Compare the endpoint's certificate with the authorities (ca_file) and the host's name.")
                })?;
                self.shake_hands(stream).await
            }
        }
    }

    async fn shake_hands<S>(&self, stream: S) -> Result<Connection>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|e| self.lost(&e))?;
        let mover = tokio::spawn(async move {
            // Whoever waits for the answer is told.
            let _ = connection.await;
        });
        Ok(Connection { sender, mover: mover.abort_handle() })
    }

    /// Reads the answer to its end; only then is it one.
    async fn read(&self, (connection, response): (Connection, Response<hyper::body::Incoming>)) -> Result<Answer> {
        let (head, body) = response.into_parts();
        let retry_after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let answer = Answer { status: head.status, retry_after: retry_after.map(str::to_owned) };
        match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
            Ok(_) => self.keep(connection),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {}
            Err(error) => {
                let what = format!("{} did not finish its answer: {error}", self.place());
                return Err(Error::retry(Code::OUTLET, what).hint("Look at the endpoint. Goes on by itself."));
            }
        }
        Ok(answer)
    }

    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            if !connection.sender.is_closed() {
                return Some(connection);
            }
        }
        None
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE_MAX && !connection.sender.is_closed() {
            idle.push(connection);
        }
    }

    fn away(&self) -> Error {
        let hint = "Look at the endpoint, its name and the way to it. Goes on by itself.";
        Error::retry(Code::UNREACHABLE, format!("{} cannot be reached", self.place())).hint(hint)
    }

    fn late(&self) -> Error {
        let what = format!("{} did not answer within {:?}", self.place(), self.timeout);
        Error::retry(Code::UNREACHABLE, what).hint("Look at the endpoint, or give it more time. Goes on by itself.")
    }

    fn lost(&self, error: &hyper::Error) -> Error {
        let what = format!("{} closed the line without an answer: {error}", self.place());
        Error::retry(Code::UNREACHABLE, what).hint("Look at the endpoint. Goes on by itself.")
    }
}

async fn ask(
    mut connection: Connection,
    request: Request<Full<Bytes>>,
) -> Result<(Connection, Response<hyper::body::Incoming>), hyper::Error> {
    connection.sender.ready().await?;
    let response = connection.sender.send_request(request).await?;
    Ok((connection, response))
}
