//! A TCP line between a node and something that it needs: a proxy on a port of this machine that passes bytes on, slowly,
//! or not at all. Network namespaces and `tc` would need rights that CI does not give, and a proxy of others would be one
//! more program to fetch for these hundred lines.
//!
//! A connection that lost bytes stays deaf, as one does whose state a firewall has forgotten: only new ones are passed on
//! when the line is well again.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// What a line does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Passes bytes on.
    Pass,
    /// Passes them on so much later, in each direction.
    Slow(Duration),
    /// Breaks all connections with a reset, and each new one.
    Reset,
    /// Takes bytes and connections, and passes nothing on: no answer, and no word that there will be none.
    Swallow,
}

/// Pieces on their way in one direction.
const ON_THE_WAY: usize = 256;

/// A line.
pub(crate) struct Line {
    pub(crate) port: u16,
    mode: watch::Sender<Option<Mode>>,
    accepted: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// To a port of this machine.
    pub(crate) fn to(target: u16) -> Line {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (mode, seen) = watch::channel(Some(Mode::Pass));
        let accepted = Arc::new(AtomicU64::new(0));
        let count = accepted.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve(listener, (Ipv4Addr::LOCALHOST, target).into(), seen, count));
        });
        Line { port, mode, accepted, thread: Some(thread) }
    }

    /// From now on.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(Some(mode));
    }

    /// Connections that were made to it.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.mode.send_replace(None);
        self.thread.take().unwrap().join().unwrap();
    }
}

async fn serve(
    listener: std::net::TcpListener,
    target: SocketAddr,
    mut mode: watch::Receiver<Option<Mode>>,
    accepted: Arc<AtomicU64>,
) {
    let listener = TcpListener::from_std(listener).unwrap();
    loop {
        let client = tokio::select! {
            client = listener.accept() => client.unwrap().0,
            _ = mode.wait_for(Option::is_none) => return,
        };
        accepted.fetch_add(1, SeqCst);
        if *mode.borrow() == Some(Mode::Reset) {
            client.set_zero_linger().unwrap();
            continue;
        }
        let Ok(server) = TcpStream::connect(target).await else { continue };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        // Both directions of a connection are deaf when one has lost something.
        let deaf = Arc::new(AtomicBool::new(false));
        tokio::spawn(pump(from_client, to_server, mode.clone(), deaf.clone()));
        tokio::spawn(pump(from_server, to_client, mode.clone(), deaf));
    }
}

/// One direction, until one side ends it or the line resets it.
async fn pump(
    mut from: OwnedReadHalf,
    to: OwnedWriteHalf,
    mut mode: watch::Receiver<Option<Mode>>,
    deaf: Arc<AtomicBool>,
) {
    let (pieces, on_the_way) = mpsc::channel(ON_THE_WAY);
    let writer = tokio::spawn(write(to, on_the_way));
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read.unwrap_or(0),
            _ = mode.wait_for(|mode| matches!(mode, None | Some(Mode::Reset))) => {
                // Both halves have the socket; whoever drops it last sends the reset.
                let _ = from.as_ref().set_zero_linger();
                writer.abort();
                return;
            }
        };
        if read == 0 {
            // Nobody hears of an end either.
            if deaf.load(SeqCst) || *mode.borrow() == Some(Mode::Swallow) {
                let _ = mode.wait_for(|mode| matches!(mode, None | Some(Mode::Reset))).await;
            }
            return;
        }
        let delay = match *mode.borrow() {
            Some(Mode::Slow(delay)) => delay,
            Some(Mode::Swallow) => {
                deaf.store(true, SeqCst);
                Duration::ZERO
            }
            _ => Duration::ZERO,
        };
        if !deaf.load(SeqCst) && pieces.send((Instant::now() + delay, buffer[..read].to_vec())).await.is_err() {
            return;
        }
    }
}

async fn write(mut to: OwnedWriteHalf, mut pieces: mpsc::Receiver<(Instant, Vec<u8>)>) {
    while let Some((due, piece)) = pieces.recv().await {
        tokio::time::sleep_until(due).await;
        if to.write_all(&piece).await.is_err() {
            return;
        }
    }
}
