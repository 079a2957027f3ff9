//! The real name server and broker of RocketMQ for tests and a bench, with access control on, and the Java consumer of the
//! examples. They listen where they like, so each of these lives in a network of its own that has nothing but a loopback.

use sha2::{Digest, Sha256};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
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
/// skipped.
pub(crate) fn within<W: Future<Output = ()>>(test: &str, work: impl FnOnce(Jars) -> W) {
    let Some(jars) = Jars::found() else { return };
    if is_apart() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        return runtime.block_on(work(jars));
    }
    let ended = apart(["--exact", test, "--nocapture"]);
    assert!(ended.success(), "{test}: {ended}");
}

/// Whether this program already is in a network of its own.
pub(crate) fn is_apart() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Starts this program once more with these words, in a network of its own, and waits for its end.
pub(crate) fn apart<S: AsRef<OsStr>>(words: impl IntoIterator<Item = S>) -> ExitStatus {
    let mut own = Command::new("unshare");
    own.arg("--net");
    // Only root may have a network without becoming root of a user namespace first.
    if !rustix::process::geteuid().is_root() {
        own.arg("--map-root-user");
    }
    own.args(["sh", "-c", r#"ip link set lo up && exec "$0" "$@""#]).arg(std::env::current_exe().unwrap());
    own.args(words).env(INSIDE, "1").status().expect("unshare of util-linux")
}

/// The jars, and what was compiled against them.
pub(crate) struct Jars {
    jars: PathBuf,
    /// A home for clients.
    home: tempfile::TempDir,
}

impl Jars {
    /// Where the environment says. Without them whoever asks is skipped, unless the environment promises the real parts.
    pub(crate) fn found() -> Option<Jars> {
        let Some(jars) = std::env::var_os("FPP_ROCKETMQ").map(PathBuf::from).filter(|jars| jars.is_dir()) else {
            assert!(
                std::env::var_os("FPP_REAL_PARTS").is_none(),
                "no RocketMQ (FPP_ROCKETMQ): `./dev test` installs it"
            );
            println!("skipped: no RocketMQ (FPP_ROCKETMQ); `./dev test` installs it");
            return None;
        };
        Some(Jars { jars, home: tempfile::tempdir().unwrap() })
    }

    /// Classes of a source as Java of a level. Compiled once for all tests and programs: that takes seconds each time.
    fn classes(&self, source: &str, level: &str) -> PathBuf {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut digest = Sha256::new();
        digest.update(std::fs::read(here.join(source)).unwrap());
        digest.update(self.jars.as_os_str().as_encoded_bytes());
        let digest: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("classes-{digest}"));
        if !place.is_dir() {
            let made = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
            let mut javac = Command::new("javac");
            javac.args(["--release", level, "-nowarn", "-Xlint:-options", "-cp"]).arg(self.jars.join("*"));
            let said = javac.arg("-d").arg(made.path()).arg(here.join(source)).output().expect("a JDK");
            assert!(said.status.success(), "{source}: {}", String::from_utf8_lossy(&said.stderr));
            // Another test may have been faster.
            if std::fs::rename(made.path(), &place).is_ok() {
                let _ = made.keep();
            }
        }
        place
    }

    fn java(&self, main: &str, classes: &Path, home: &Path) -> Command {
        let mut classpath = classes.as_os_str().to_owned();
        classpath.push(":");
        classpath.push(self.jars.join("*"));
        let mut java = Command::new("java");
        java.args([
            "-Xms64m",
            "-Xmx384m",
            "-XX:MaxDirectMemorySize=256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ]);
        java.arg(format!("-Duser.home={}", home.display())).arg("-cp").arg(classpath).arg(main);
        java.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        java
    }

    /// Name server and broker; what an earlier one stored in `home` is there again.
    pub(crate) fn broker(&self, home: &Path) -> Broker {
        let classes = self.classes("tests/outlet_rocketmq/Broker.java", "17");
        let mut child = self.java("Broker", &classes, home).arg(home).args(["9876", "10911"]).spawn().unwrap();
        let (said, heard) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || out.lines().map_while(Result::ok).all(|line| said.send(line).is_ok()));
        let broker = Broker { commands: child.stdin.take().unwrap(), child, heard };
        assert_eq!(broker.heard.recv_timeout(PATIENCE).as_deref(), Ok("ready"));
        broker
    }

    /// The example, for some types of events or all.
    pub(crate) fn consumer(&self, topic: &str, group: &str, types: &str) -> Consumer {
        // It is compiled as Java 8 would.
        let classes = self.classes("examples/java/TradeConsumer.java", "8");
        let mut java = self.java("TradeConsumer", &classes, self.home.path());
        let book = tempfile::NamedTempFile::new().unwrap();
        java.args([NAMES, topic, group, "reader", "reader-secret"]).arg(book.path()).arg(types);
        let mut child = java.stderr(Stdio::piped()).spawn().unwrap();
        let (lines, errors) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let (said, heard) = (BufReader::new(child.stderr.take().unwrap()), errors.clone());
        std::thread::spawn(move || {
            said.lines().map_while(Result::ok).for_each(|line| heard.lock().unwrap().push(line))
        });
        let (out, kept) = (BufReader::new(child.stdout.take().unwrap()), lines.clone());
        std::thread::spawn(move || {
            // The client's own library says on the same output how it sets itself up.
            for line in out.lines().map_while(Result::ok).filter(|line| line.matches('\t').count() >= 2) {
                kept.lock().unwrap().push(line);
            }
        });
        Consumer { child, lines, errors, book }
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

    /// KEYS of all messages that stand in a topic, queue by queue.
    pub(crate) fn keys(&mut self, topic: &str) -> Vec<String> {
        self.asked(&format!("keys {topic}"))
    }

    /// A property of all messages that stand in a topic; `null` of those without it.
    pub(crate) fn property(&mut self, topic: &str, name: &str) -> Vec<String> {
        self.asked(&format!("property {topic} {name}"))
    }

    fn asked(&mut self, command: &str) -> Vec<String> {
        writeln!(self.commands, "{command}").unwrap();
        let said = self.heard.recv_timeout(PATIENCE).unwrap();
        assert_eq!(self.heard.recv_timeout(PATIENCE), Ok(format!("done {command}")));
        said.split_terminator('\t').map(str::to_owned).collect()
    }

    /// As if the machine had lost its power.
    pub(crate) fn kill(&mut self) {
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
    errors: Arc<Mutex<Vec<String>>>,
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

impl Consumer {
    /// What it says of an id that comes with other data, once it has said anything of it.
    pub(crate) fn conflicts(&self) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let errors = self.errors.lock().unwrap();
            let told = errors.iter().filter(|line| line.contains("the same id with other data")).cloned();
            let told: Vec<String> = told.collect();
            if !told.is_empty() {
                return told;
            }
            assert!(begun.elapsed() < PATIENCE, "no conflict is told after {PATIENCE:?}: {errors:?}");
            drop(errors);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
