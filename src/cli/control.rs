//! Talking to the running node: operators' commands go over its Unix socket (D25), events come over its HTTP port.
//!
//! The socket belongs to the operating system's user who runs the node, and to the operators' group where there is one;
//! the node asks the system who is at the other end. What the command says of itself is sent along for the journal.

use super::exit::{Exit, Failure};
use super::output::Output;
use crate::api::client;
use crate::api::person::user_name;
use crate::ledger::desk::Switch;
use crate::settings::Settings;
use crate::telemetry::report::NodeReport;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpStream, UnixStream};

/// What an operator asks for about a transfer or delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Command {
    /// Transfer or delivery.
    pub(super) id: String,
    /// Route, partner or outlet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) switch: Option<Switch>,
    /// Partner of which everything is meant ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) partner: Option<String>,
    /// ... that was delivered, or held, since ...
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) since_ms: Option<i64>,
    /// ... or what was lost with its folder.
    pub(super) lost: bool,
    /// Outlet that is deferred, redriven or replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) outlet: Option<String>,
    /// Replayed is what is of this business date or a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// Why.
    pub(super) reason: String,
    /// Digest of the file meant, so that nobody releases another one than he looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) digest: Option<String>,
    /// The batches that never come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) skip: Option<String>,
    /// Route that is replayed, or of an event that is named by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) route: Option<String>,
    /// What the event should have said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) set: Vec<(String, Option<String>)>,
    /// The core's operators know that a second answer is coming.
    pub(super) core_agreed: bool,
    /// Who.
    pub(super) by: String,
}

/// What the node says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Reply {
    /// What was done, or why not.
    pub(super) message: String,
    /// Of what, one a line, where it was more than one thing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lines: Vec<String>,
    /// Code, when refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) code: String,
    /// What to do next, when refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) hint: String,
    /// Transfers that a purge removed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) purged: u64,
    /// A purge is not done yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) more: bool,
}

impl Reply {
    /// Tells what was done: each thing, then how many.
    pub(super) fn tell(&self, json: bool, out: &mut Output) -> io::Result<()> {
        if json {
            return out.json(self);
        }
        for line in &self.lines {
            out.line(line)?;
        }
        out.line(&self.message)
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Who runs this command, for the journal: the operating system's user, and who became him by sudo.
pub(super) fn operator() -> String {
    use std::os::unix::fs::MetadataExt;
    let uid = std::fs::metadata("/proc/self").map(|m| m.uid()).ok();
    let user = match uid {
        Some(uid) => user_name(uid).unwrap_or_else(|| format!("uid {uid}")),
        None => "unknown".to_owned(),
    };
    match std::env::var("SUDO_USER") {
        Ok(person) if !person.is_empty() && person != user => format!("{person} as {user}"),
        _ => user,
    }
}

/// Whether a node answers on the socket.
pub(super) fn is_running(settings: &Settings) -> bool {
    std::os::unix::net::UnixStream::connect(&settings.control_socket).is_ok()
}

/// Sends a command to the running node; what it refuses is a failure.
pub(super) async fn send(settings: &Settings, verb: &str, command: &impl Serialize) -> Result<Reply, Failure> {
    let (stream, request) = connect(settings, verb, command).await?;
    read(&client::exchange(stream, request).await?)
}

/// Sends one that takes as long as it takes: of a whole partner, a replay, or the second person's word on one. The node
/// goes on with it whether or not it is waited for.
pub(super) async fn send_and_wait(settings: &Settings, verb: &str, command: &Command) -> Result<Reply, Failure> {
    let (stream, request) = connect(settings, verb, command).await?;
    read(&client::exchange_to_its_end(stream, request).await?)
}

async fn connect(
    settings: &Settings,
    verb: &str,
    command: &impl Serialize,
) -> Result<(UnixStream, Request<Full<Bytes>>), Failure> {
    let socket = &settings.control_socket;
    let stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(error) => return Err(no_node(settings, &error)),
    };
    let body = serde_json::to_vec(command).map_err(|e| Failure::internal(e.to_string()))?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/control/v1/{verb}"))
        .header("host", "localhost")
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|e| Failure::internal(e.to_string()))?;
    Ok((stream, request))
}

fn read(answer: &client::Answer) -> Result<Reply, Failure> {
    if !answer.status.is_success() {
        return Err(refused(answer.status, &answer.body));
    }
    let unreadable = |e: serde_json::Error| Failure::internal(format!("the node's answer cannot be read: {e}"));
    serde_json::from_slice(&answer.body).map_err(unreadable)
}

/// A page of the event stream.
#[derive(Debug)]
pub(super) struct Page {
    /// Events, one a line.
    pub(super) lines: Bytes,
    /// Where to go on.
    pub(super) position: String,
}

/// Reads a page of the event stream over HTTP.
pub(super) async fn events(settings: &Settings, path: &str, token: Option<&str>) -> Result<Page, Failure> {
    let address = address(settings);
    let stream = TcpStream::connect(address).await.map_err(|error| no_answer(settings, address, &error))?;
    let answer = client::events_over(stream, address, path, token).await?;
    if !answer.status.is_success() {
        return Err(refused(answer.status, &answer.body));
    }
    Ok(Page { lines: answer.body, position: answer.position })
}

/// Where the running node listens, as it told; the configuration may leave the port to the machine, or may have changed
/// since. What a node told that is gone does not count: another program may listen there now, and a token goes there.
fn address(settings: &Settings) -> SocketAddr {
    let gone = match std::os::unix::net::UnixStream::connect(&settings.control_socket) {
        Ok(_) => false,
        Err(error) => error.kind() != io::ErrorKind::PermissionDenied,
    };
    let told = NodeReport::read(&settings.status_file()).filter(|_| !gone).and_then(|node| node.listen.parse().ok());
    told.unwrap_or(settings.http.listen)
}

/// Why nobody answers over HTTP.
fn no_answer(settings: &Settings, address: SocketAddr, error: &io::Error) -> Failure {
    if !is_running(settings) {
        return no_node(settings, error);
    }
    Failure::usage(format!(
        "node `{}` is running (socket {} answers), but it does not answer over HTTP on {address}: {error}; look at its \
         log, and at http.listen in {}",
        settings.node,
        settings.control_socket.display(),
        settings.file.display()
    ))
}

fn refused(status: StatusCode, body: &[u8]) -> Failure {
    let message = match serde_json::from_slice::<Reply>(body) {
        Ok(reply) => words(&reply, status.is_server_error()),
        Err(_) => format!("the node answered {status}: {}", String::from_utf8_lossy(body).trim()),
    };
    Failure { exit: if status.is_server_error() { Exit::Internal } else { Exit::Usage }, message }
}

fn no_node(settings: &Settings, error: &io::Error) -> Failure {
    let socket = settings.control_socket.display();
    let why = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("the node's socket {socket} belongs to another user: run this as the user who runs the node")
        }
        _ => format!(
            "no node `{}` is running here (socket {socket}, HTTP {}: {error}); start it with `fpp run --config {}`",
            settings.node,
            settings.http.listen,
            settings.file.display()
        ),
    };
    Failure::usage(why)
}

/// The code of a refusal says what kind of fault a file would have; only a fault of the node itself needs it.
fn words(reply: &Reply, with_code: bool) -> String {
    let mut words = if with_code { format!("{} {}", reply.code, reply.message) } else { reply.message.clone() };
    if !reply.hint.is_empty() {
        words.push_str(" | ");
        words.push_str(&reply.hint);
    }
    words
}
