//! The real name server and broker of RocketMQ for the tests, with access control on, and the Java consumer of the
//! examples. They listen where they like, so each test lives in a network of its own that has nothing but a loopback.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Where the name server listens.
pub(crate) const NAMES: &str = "127.0.0.1:9876";
/// Whoever may publish and nothing else.
pub(crate) const PUBLISHER: (&str, &str) = ("fpp", "fpp-secret");
/// How long a server or a consumer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Says that this program already is where the test shall be.
const INSIDE: &str = "FPP_TEST_NETWORK";

/// Runs a test in a network of its own: starts this program once more, for this test alone. Without the servers' jars it is
/// skipped, unless the environment promises the real parts.
pub(crate) fn within<W: Future<Output = ()>>(test: &str, work: impl FnOnce(Jars) -> W) {
    let Some(jars) = std::env::var_os("FPP_ROCKETMQ").map(PathBuf::from).filter(|jars| jars.is_dir()) else {
        assert!(std::env::var_os("FPP_REAL_PARTS").is_none(), "no RocketMQ (FPP_ROCKETMQ): `./dev test` installs it");
        println!("skipped: no RocketMQ (FPP_ROCKETMQ); `./dev test` installs it");
        return;
    };
    if std::env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        return runtime.block_on(work(Jars::compile(jars)));
    }
    let mut own = Command::new("unshare");
    own.arg("--net");
    // Only root may have a network without becoming root of a user namespace first.
    if !rustix::process::geteuid().is_root() {
        own.arg("--map-root-user");
    }
    own.args(["sh", "-c", r#"ip link set lo up && exec "$0" "$@""#]).arg(std::env::current_exe().unwrap());
    let ended = own.args(["--exact", test, "--nocapture"]).env(INSIDE, "1").status().expect("unshare of util-linux");
    assert!(ended.success(), "{test}: {ended}");
}

/// The jars, and what was compiled against them.
pub(crate) struct Jars {
    classpath: OsString,
    classes: tempfile::TempDir,
}

impl Jars {
    fn compile(jars: PathBuf) -> Jars {
        let classes = tempfile::tempdir().unwrap();
        let all = jars.join("*");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        // The consumer is compiled as Java 8 would.
        for (source, level) in [("tests/outlet_rocketmq/Broker.java", "17"), ("examples/java/TradeConsumer.java", "8")]
        {
            let mut javac = Command::new("javac");
            javac
                .args(["--release", level, "-nowarn", "-Xlint:-options", "-cp"])
                .arg(&all)
                .arg("-d")
                .arg(classes.path());
            let made = javac.arg(here.join(source)).output().expect("a JDK");
            assert!(made.status.success(), "{source}: {}", String::from_utf8_lossy(&made.stderr));
        }
        let mut classpath = classes.path().as_os_str().to_owned();
        classpath.push(":");
        classpath.push(all);
        Jars { classpath, classes }
    }

    fn java(&self, main: &str, home: &Path) -> Command {
        let mut java = Command::new("java");
        java.args([
            "-Xms64m",
            "-Xmx384m",
            "-XX:MaxDirectMemorySize=256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ]);
        java.arg(format!("-Duser.home={}", home.display())).arg("-cp").arg(&self.classpath).arg(main);
        java.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        java
    }

    /// Name server and broker; what an earlier one stored in `home` is there again.
    pub(crate) fn broker(&self, home: &Path) -> Broker {
        let mut child = self.java("Broker", home).arg(home).args(["9876", "10911"]).spawn().unwrap();
        let (said, heard) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| said.send(line).is_ok()));
        let broker = Broker { commands: child.stdin.take().unwrap(), child, heard };
        assert_eq!(broker.heard.recv_timeout(PATIENCE).as_deref(), Ok("ready"));
        broker
    }

    /// The example, for some types of events or all.
    pub(crate) fn consumer(&self, topic: &str, group: &str, types: &str) -> Consumer {
        let mut java = self.java("TradeConsumer", self.classes.path());
        let book = tempfile::NamedTempFile::new().unwrap();
        java.args([NAMES, topic, group, "reader", "reader-secret"]).arg(book.path()).arg(types);
        let mut child = java.spawn().unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (out, kept) = (BufReader::new(child.stdout.take().unwrap()), lines.clone());
        std::thread::spawn(move || {
            // The client's own library says on the same output how it sets itself up.
            for line in out.lines().map_while(Result::ok).filter(|line| line.matches('\t').count() >= 2) {
                kept.lock().unwrap().push(line);
            }
        });
        Consumer { child, lines, book }
    }
}

/// Running servers.
pub(crate) struct Broker {
    child: Child,
    commands: ChildStdin,
    heard: Receiver<String>,
}

impl Broker {
    /// See Broker.java.
    pub(crate) fn obey(&mut self, command: &str) {
        writeln!(self.commands, "{command}").unwrap();
        assert_eq!(self.heard.recv_timeout(PATIENCE), Ok(format!("done {command}")));
    }

    /// As if the machine had lost its power.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// It stands still, with its connections open, or goes on.
    pub(crate) fn stand_still(&self, still: bool) {
        let signal = if still { rustix::process::Signal::STOP } else { rustix::process::Signal::CONT };
        rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), signal).unwrap();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running consumer.
pub(crate) struct Consumer {
    child: Child,
    book: tempfile::NamedTempFile,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Consumer {
    /// What it booked, once there are so many: key, KEYS, JSON.
    pub(crate) fn booked(&self, events: usize) -> Vec<(String, String, String)> {
        let begun = Instant::now();
        while self.lines.lock().unwrap().len() < events {
            let have = self.lines.lock().unwrap().len();
            assert!(begun.elapsed() < PATIENCE, "{have} of {events} events after {PATIENCE:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        let lines = self.lines.lock().unwrap();
        let book = std::fs::read_to_string(self.book.path()).unwrap();
        assert!(book.lines().count() >= lines.len(), "what is told is booked");
        let parts = |line: &String| {
            let mut parts = line.splitn(3, '\t').map(str::to_owned);
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
        };
        lines.iter().map(parts).collect()
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
