//! A process from outside: a node that is one, the processor time it used at any moment, and its largest resident memory.

use std::fs::read_to_string;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// How long a node may take to listen.
const STARTS: Duration = Duration::from_secs(120);

/// A node: the program itself, `fpp run`, in a process of its own. Killed when nobody needs it any more.
pub(crate) struct Node(Child);

impl Node {
    /// With a configuration, in which it listens at this address; gives it when it does.
    pub(crate) async fn start(settings: &Path, address: SocketAddr) -> Node {
        let mut program = Command::new(env!("CARGO_BIN_EXE_fpp"));
        program.arg("--config").arg(settings).arg("run").env("FPP_LOG", "error");
        let mut node = Node(program.spawn().unwrap());
        let until = Instant::now() + STARTS;
        while tokio::net::TcpStream::connect(address).await.is_err() {
            let ended = node.0.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "the node does not start: {ended:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        node
    }

    /// Of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where a node can listen.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Processor time of a process, looked at again and again.
pub(crate) struct Meter {
    pid: u32,
    /// UTC milliseconds, and seconds of processor time used until then.
    samples: Vec<(i64, f64)>,
}

impl Meter {
    /// Of a child of this process.
    pub(crate) fn new(pid: u32) -> Meter {
        Meter { pid, samples: Vec::new() }
    }

    /// Looks once.
    pub(crate) fn look(&mut self) {
        let used = processor_seconds(self.pid);
        self.samples.push((now_ms(), used));
    }

    /// Processor seconds used until a moment, between two looks by proportion.
    pub(crate) fn until(&self, at_ms: i64) -> f64 {
        let next = self.samples.partition_point(|(ms, _)| *ms < at_ms);
        let (Some(before), Some(after)) = (self.samples.get(next.saturating_sub(1)), self.samples.get(next)) else {
            return self.samples.last().map_or(0.0, |(_, used)| *used);
        };
        let between = (after.0 - before.0).max(1) as f64;
        before.1 + (after.1 - before.1) * ((at_ms - before.0) as f64 / between).clamp(0.0, 1.0)
    }
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}

/// The largest resident memory a process ever had.
pub(crate) fn peak_kib(pid: u32) -> u64 {
    let status = read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Processor time of a program that runs to its end.
pub(crate) fn run(program: &mut Command) -> f64 {
    let ended_children = || ticks("self", 13);
    let before = ended_children();
    program.status().unwrap();
    ended_children() - before
}

/// User and system time of all threads, living and ended.
fn processor_seconds(pid: u32) -> f64 {
    ticks(&pid.to_string(), 11)
}

/// Two words of the kernel's account that stand one after the other: user and system time.
fn ticks(pid: &str, first: usize) -> f64 {
    let stat = read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name in brackets may hold blanks, so words are counted from behind it.
    let words: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = words[first].parse::<u64>().unwrap() + words[first + 1].parse::<u64>().unwrap();
    ticks as f64 / 100.0
}
