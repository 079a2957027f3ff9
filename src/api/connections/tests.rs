use super::{Bounds, serve};
use axum::Router;
use axum::body::Bytes;
use axum::routing::get;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
/// More than the machine's own buffers hold, by far.
const LARGE: usize = 64 << 20;
/// As long as a reader may do nothing where that is tried.
const SHORT: Duration = Duration::from_secs(1);
/// As long as one answer takes.
const WAITS: Duration = Duration::from_millis(1_500);

/// An answer in memory, for as long as somebody has some of it.
struct Answer(Vec<u8>, #[allow(dead_code, reason = "counted")] Arc<()>);

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

struct Served {
    address: SocketAddr,
    /// Held by every answer that is in memory, and by this.
    answers: Arc<()>,
    /// Told when an answer is begun that takes its time.
    begun: Arc<Notify>,
    stop: watch::Sender<bool>,
    ends: tokio::task::JoinHandle<crate::error::Result<()>>,
}

async fn served(bounds: Bounds) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answers = Arc::new(());
    let counted = answers.clone();
    let large = move || {
        let counted = counted.clone();
        async move { Bytes::from_owner(Answer(vec![b'x'; LARGE], counted)) }
    };
    let begun = Arc::new(Notify::new());
    let begins = begun.clone();
    let waits = move || {
        let begins = begins.clone();
        async move {
            begins.notify_one();
            tokio::time::sleep(WAITS).await;
            "waited"
        }
    };
    let router = Router::new().route("/large", get(large)).route("/small", get(|| async { "small" }));
    let (stop, stopped) = watch::channel(false);
    let ends = tokio::spawn(serve(listener, router.route("/waits", get(waits)), bounds, stopped));
    Served { address, answers, begun, stop, ends }
}

fn bounds() -> Bounds {
    Bounds { connections: 10, of_one: 10, asks_within: PATIENCE * 3, takes_within: PATIENCE * 3 }
}

async fn asked(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    stream
}

/// Everything up to the end of the connection.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A connection that is given up in the middle of an answer is reset.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut all)).await.expect("it ends");
    all
}

async fn has(stream: &mut TcpStream, end: &str) {
    let mut seen = Vec::new();
    while !seen.ends_with(end.as_bytes()) {
        let got = timeout(PATIENCE, stream.read_buf(&mut seen)).await.expect("in time").unwrap();
        assert!(got > 0, "{}", String::from_utf8_lossy(&seen));
    }
}

#[tokio::test]
async fn who_stops_taking_an_answer_loses_the_connection_and_the_answer_is_not_kept() {
    let served = served(Bounds { takes_within: SHORT, ..bounds() }).await;
    let mut dead = asked(served.address, "/large").await;
    dead.readable().await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    while Arc::strong_count(&served.answers) > 2 {
        assert!(Instant::now() < deadline, "the answer is kept");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(rest(&mut dead).await.len() < LARGE);
    // One who takes it slower than that in all, but takes some of it, gets it whole.
    let mut slow = asked(served.address, "/large").await;
    let (mut buffer, mut got, began) = (vec![0; LARGE / 40], 0, Instant::now());
    while got < LARGE {
        let part = timeout(PATIENCE, slow.read(&mut buffer)).await.unwrap().unwrap();
        assert!(part > 0, "{got} bytes came");
        got += part;
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    assert!(began.elapsed() > SHORT);
}

#[tokio::test]
async fn who_asks_nothing_loses_the_connection_and_an_answer_takes_its_time() {
    let served = served(Bounds { asks_within: SHORT, ..bounds() }).await;
    let mut waits = asked(served.address, "/waits").await;
    let mut mute = TcpStream::connect(served.address).await.unwrap();
    let mut half = TcpStream::connect(served.address).await.unwrap();
    half.write_all(b"GET /small HTTP/1.1\r\nhost:").await.unwrap();
    rest(&mut mute).await;
    assert!(!String::from_utf8_lossy(&rest(&mut half).await).contains("200 OK"));
    has(&mut waits, "waited").await;
    // The next request may come on the same connection, but not whenever it likes.
    waits.write_all(b"GET /small HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    has(&mut waits, "small").await;
    assert!(rest(&mut waits).await.is_empty());
}

#[tokio::test]
async fn above_the_bound_connections_wait_for_a_place() {
    let served = served(Bounds { connections: 2, ..bounds() }).await;
    let (mut first, mut second) = (asked(served.address, "/small").await, asked(served.address, "/small").await);
    has(&mut first, "small").await;
    has(&mut second, "small").await;
    let mut third = asked(served.address, "/small").await;
    let early = timeout(Duration::from_millis(200), third.readable()).await;
    assert!(early.is_err(), "no place is free");
    drop(first);
    has(&mut third, "small").await;
}

#[tokio::test]
async fn who_has_as_many_as_one_may_have_is_closed_and_leaves_others_theirs() {
    let served = served(Bounds { connections: 4, of_one: 3, ..bounds() }).await;
    let mut leaked = Vec::new();
    for _ in 0..3 {
        let mut stream = from("127.0.0.3", served.address, "").await;
        has(&mut stream, "small").await;
        leaked.push(stream);
    }
    for _ in 0..5 {
        let mut more = from("127.0.0.3", served.address, "").await;
        assert!(rest(&mut more).await.is_empty(), "closed, not kept waiting");
    }
    let mut probe = from("127.0.0.2", served.address, "").await;
    has(&mut probe, "small").await;
    // One that ends makes room for the next, as soon as the node has seen it.
    leaked.pop();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut next = from("127.0.0.3", served.address, "connection: close\r\n").await;
        if rest(&mut next).await.ends_with(b"small") {
            break;
        }
        assert!(Instant::now() < deadline, "its place is not given back");
    }
}

/// A question from an address of its own: all of 127.0.0.0/8 is this machine.
async fn from(from: &str, to: SocketAddr, headers: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(to).await.unwrap();
    let question = format!("GET /small HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    // One that is closed at once may not take it any more.
    let _ = stream.write_all(question.as_bytes()).await;
    stream
}

#[tokio::test]
async fn a_stop_ends_idle_connections_and_lets_answers_be_sent() {
    let served = served(bounds()).await;
    let mut idle = asked(served.address, "/small").await;
    has(&mut idle, "small").await;
    let mut waits = asked(served.address, "/waits").await;
    timeout(PATIENCE, served.begun.notified()).await.unwrap();
    served.stop.send_replace(true);
    assert!(rest(&mut idle).await.is_empty());
    has(&mut waits, "waited").await;
    assert!(rest(&mut waits).await.is_empty());
    timeout(PATIENCE, served.ends).await.expect("it ends").unwrap().unwrap();
    assert!(TcpStream::connect(served.address).await.is_err());
}
