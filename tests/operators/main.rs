//! The night shift: what operators say to a running node with the program itself, and what it then does.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod defer;
mod find;
mod partner;
mod persons;
mod stop;
#[path = "../support/mod.rs"]
mod support;

use fpp::ledger::transfer::Transfer;
use fpp::node::{Node, Options};
use std::process::Command;
use std::time::{Duration, Instant};
use support::settled::{PATIENCE, transfers};
use support::site::Site;

pub(crate) async fn start(site: &Site) -> Node {
    Node::start(site.settings(), Options::default()).await.unwrap()
}

/// Runs the program beside the node; what it says, and whether it agrees.
pub(crate) async fn said(site: &Site, before: &[&str], arguments: &[&str]) -> (bool, String) {
    let mut words: Vec<String> = before.iter().map(ToString::to_string).collect();
    words.push(env!("CARGO_BIN_EXE_fpp").to_owned());
    words.extend(["--config".to_owned(), site.settings_file().display().to_string()]);
    words.extend(arguments.iter().map(ToString::to_string));
    let run = move || Command::new(&words[0]).args(&words[1..]).env_remove("SUDO_USER").output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

pub(crate) async fn fpp(site: &Site, arguments: &[&str]) -> String {
    let (agreed, text) = said(site, &[], arguments).await;
    assert!(agreed, "fpp {arguments:?}: {text}");
    text
}

pub(crate) async fn refused(site: &Site, arguments: &[&str]) -> String {
    let (agreed, text) = said(site, &[], arguments).await;
    assert!(!agreed, "fpp {arguments:?}: {text}");
    text
}

/// Waits until the books say so.
pub(crate) async fn until(node: &Node, what: &str, is: impl AsyncFn(&Node) -> bool) {
    let end = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    while !is(node).await {
        assert!(Instant::now() < end, "{what}");
        bell.wait(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn first(node: &Node) -> Option<Transfer> {
    transfers(&*node.ledger).await.into_iter().next()
}

/// One request over HTTP; status and what is said.
pub(crate) async fn asked(node: &Node, token: &str, path: &str, body: &str) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let method = if body.is_empty() { "GET" } else { "POST" };
    let token = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{token}");
    let length = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let mut stream = tokio::net::TcpStream::connect(node.address).await.unwrap();
    stream.write_all(format!("{head}{length}").as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    (status, text)
}
