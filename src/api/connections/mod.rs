//! Connections of HTTP over TCP: how many there are at most, and how long one may do nothing.
//!
//! Whoever asks nothing, or takes nothing of an answer, for a minute is let go, and what was kept for him with him (I10).
//! Above the bound new connections wait in the machine's own queue until one ends. Of one address fewer are served, and more
//! are closed at once: one client that leaks connections cannot shut out the others, nor a probe that comes from elsewhere. A
//! stop ends idle ones at once, and the others when their answer is sent.
//!
//! Deliberately absent: a limit to how long an answer takes. Readers wait for news, and words of operators take their time.

mod places;

use crate::error::{Error, Result};
use axum::Router;
use fpp_codecs::Code;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use places::{Place, Places};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// At once. Half of the open files that a process may have unless it is told otherwise.
    pub(super) connections: usize,
    /// At once from one address.
    pub(super) of_one: usize,
    /// For a request's head, also of a connection that waits for its next one.
    pub(super) asks_within: Duration,
    /// For some of an answer.
    pub(super) takes_within: Duration,
}

impl Default for Bounds {
    fn default() -> Bounds {
        let minute = Duration::from_secs(60);
        Bounds { connections: 512, of_one: 128, asks_within: minute, takes_within: minute }
    }
}

/// Serves until the node stops, and every answer is sent or its reader gone.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stopped: signal::Receiver<bool>,
) -> Result<()> {
    let places = Places::new(bounds.connections, bounds.of_one);
    let mut open = JoinSet::new();
    let mut stop = stopped.clone();
    loop {
        tokio::select! {
            next = next(&listener, &places) => {
                let (place, stream, peer) = next?;
                let stream = Taken { stream, peer, within: bounds.takes_within, late: None };
                open.spawn(one(stream, place, router.clone(), bounds, stopped.clone()));
            }
            Some(_) = open.join_next() => {}
            // An error means that the node is gone, which is a stop as well.
            _ = stop.wait_for(|stopped| *stopped) => break,
        }
    }
    drop(listener);
    while open.join_next().await.is_some() {}
    Ok(())
}

/// The next connection that there is a place for.
async fn next(listener: &TcpListener, places: &Arc<Places>) -> Result<(Place, TcpStream, SocketAddr)> {
    loop {
        let any = places.any().await.map_err(|e| Error::halt(Code::INTERNAL, "HTTP stopped").caused_by(e))?;
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Some(place) = places.of(any, peer.ip()) {
                    return Ok((place, stream, peer));
                }
            }
            // It was gone before it was taken.
            Err(e) if is_of_one(&e) => {}
            // No files are left, or no memory: others may give some back.
            Err(error) => {
                tracing::error!("HTTP takes no connection: {error}");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection to its end. How it ends is its reader's affair.
async fn one(stream: Taken, _place: Place, router: Router, bounds: Bounds, mut stopped: signal::Receiver<bool>) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.asks_within);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A connection that is given up when the other side takes nothing of what is written for too long.
struct Taken {
    stream: TcpStream,
    peer: SocketAddr,
    within: Duration,
    /// Runs while nothing is taken.
    late: Option<Pin<Box<Sleep>>>,
}

impl Taken {
    fn watched(&mut self, context: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if wrote.is_ready() {
            self.late = None;
            return wrote;
        }
        let within = self.within;
        let late = self.late.get_or_insert_with(|| Box::pin(sleep(within)));
        if late.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        tracing::info!(peer = %self.peer, "a reader took nothing of its answer for {within:?}");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Taken {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Taken {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watched(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watched(context, wrote)
    }

    // Without it a page would be copied once more before it is sent.
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests;
