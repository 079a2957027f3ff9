//! The other end of the doors: one HTTP/1.1 exchange with a running node, over TCP or its control socket.

use crate::error::{Error, Result};
use fpp_codecs::Code;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How long a node may take to answer, beyond the wait that a reader asked for.
const PATIENCE: Duration = Duration::from_secs(90);

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status.
    pub status: StatusCode,
    /// Body.
    pub body: Bytes,
    /// Where to go on in the stream; empty for everything else.
    pub position: String,
}

/// Reads a page of the event stream as NDJSON.
pub async fn events(node: SocketAddr, path: &str, token: Option<&str>) -> Result<Answer> {
    let stream = TcpStream::connect(node).await.map_err(|e| {
        Error::retry(Code::UNREACHABLE, format!("no node answers at {node}")).caused_by(e).hint("Start it: fpp run.")
    })?;
    events_over(stream, node, path, token).await
}

/// The same over a connection that stands.
pub async fn events_over(stream: TcpStream, node: SocketAddr, path: &str, token: Option<&str>) -> Result<Answer> {
    let mut request = Request::get(path).header("host", node.to_string()).header("accept", "application/x-ndjson");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.body(Full::default()).map_err(|e| Error::internal("a request").caused_by(e))?;
    exchange(stream, request).await
}

/// One request, one answer.
pub async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match tokio::time::timeout(PATIENCE, exchange_to_its_end(stream, request)).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::retry(Code::UNREACHABLE, format!("the node did not answer within {PATIENCE:?}"))),
    }
}

/// One request, one answer, which is waited for until it comes or the node is gone.
pub async fn exchange_to_its_end<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Answer>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let lost =
        |e: hyper::Error| Error::retry(Code::UNREACHABLE, "the node went away").caused_by(e).hint("Look at its log.");
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request).await.map_err(lost)?;
    let status = response.status();
    let position = response.headers().get("fpp-position").and_then(|v| v.to_str().ok());
    let position = position.unwrap_or_default().to_owned();
    let body = response.into_body().collect().await.map_err(lost)?.to_bytes();
    connection.abort();
    Ok(Answer { status, body, position })
}
