//! A partner behind a real sshd, and a node that is configured for it, started, stopped, killed and looked at.

use crate::line::Line;
use crate::mortal::{Death, Life, Mortal};
use crate::sshd_support::{Options, Sshd};
use crate::support::core::{CoreFile, Dropped};
use fpp::ledger::Ledger;
use fpp::ledger::change::Notice;
use fpp::ledger::delivery::Delivery;
use fpp::ledger::transfer::{FileState, Transfer, TransferQuery};
use fpp::node::{self, Node};
use fpp::settings::Settings;
use fpp::telemetry::report::NodeReport;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// Everything is over long before; a loaded machine gets its time.
const PATIENCE: Duration = Duration::from_secs(60);

/// A partner and the folder of a node.
pub(crate) struct Room {
    pub(crate) sshd: Sshd,
    home: tempfile::TempDir,
    /// More keys of the node's doors.
    pub(crate) http: String,
    spools: String,
    /// The partner's folders, by the name of their spool.
    pub(crate) out: PathBuf,
    pub(crate) inn: PathBuf,
}

/// How a spool at the partner is reached, where that matters.
pub(crate) struct Reach<'a> {
    pub(crate) key: &'a str,
    pub(crate) host_key: &'a str,
    pub(crate) timeout_ms: u64,
    pub(crate) sessions_max: usize,
}

impl Default for Reach<'_> {
    fn default() -> Self {
        Reach { key: "user", host_key: "host", timeout_ms: 20_000, sessions_max: 2 }
    }
}

impl Room {
    /// The partner's folders `out` and `in`, reached in one way as `core-out` and `core-in`.
    pub(crate) fn new(reach: &Reach<'_>) -> Room {
        Room::at(Sshd::start(Options { plain_user: true, ..Options::default() }), reach)
    }

    /// The same at a partner of its own kind.
    pub(crate) fn at(sshd: Sshd, reach: &Reach<'_>) -> Room {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("routes")).unwrap();
        let (out, inn) = (sshd.folder("out"), sshd.folder("in"));
        let mut room = Room { sshd, home, http: String::new(), spools: String::new(), out, inn };
        for (spool, path) in [("core-out", "out"), ("core-in", "in")] {
            let text = sftp(&room.sshd, spool, path, reach);
            room.spools.push_str(&text);
        }
        room
    }

    /// More lines for the node's file, and for a route's answer.
    pub(crate) fn more(&mut self, node: &str, route: &str, answer: &str) {
        self.spools.push_str(node);
        let path = self.home.path().join(format!("routes/{route}.toml"));
        let text = fs::read_to_string(&path).unwrap() + answer;
        fs::write(path, text).unwrap();
    }

    /// From the next start on the partner's spools have its own host key pinned, and the key that it lets in.
    pub(crate) fn let_in(&mut self) {
        let dir = self.sshd.dir.path();
        let key = |name: &str| {
            let text = fs::read_to_string(dir.join(format!("{name}.pub"))).unwrap();
            text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
        };
        let file = |name: &str| format!("key_file = \"{}\"", dir.join(name).display());
        self.spools = self.spools.replace(&key("other"), &key("host")).replace(&file("other"), &file("user"));
    }

    /// One more folder at the partner.
    pub(crate) fn sftp_spool(&mut self, spool: &str, path: &str, reach: &Reach<'_>) -> PathBuf {
        let text = sftp(&self.sshd, spool, path, reach);
        self.spools.push_str(&text);
        self.sshd.folder(path)
    }

    /// More keys of a spool.
    pub(crate) fn more_of(&mut self, spool: &str, keys: &str) {
        let head = format!("[spool.{spool}]\n");
        self.spools = self.spools.replace(&head, &format!("{head}{keys}"));
    }

    /// A folder at another partner.
    pub(crate) fn spool_of(&mut self, other: &Sshd, spool: &str, path: &str, reach: &Reach<'_>) -> PathBuf {
        self.spools.push_str(&sftp(other, spool, path, reach));
        other.folder(path)
    }

    /// A folder of the node's own machine.
    pub(crate) fn local_spool(&mut self, spool: &str) -> PathBuf {
        let path = self.home.path().join(spool);
        fs::create_dir(&path).unwrap();
        writeln!(self.spools, "[spool.{spool}]\nkind = \"local\"\npath = \"{}\"\n", path.display()).unwrap();
        path
    }

    /// A route for files `CORE_<NAME>_...` with the answer `ACK_<NAME>_...`.
    pub(crate) fn route(&self, name: &str, from: &str, to: &str, source: &str) {
        self.route_ready(name, from, to, source, "marker = \"{name}.OK\"");
    }

    /// The same, with a readiness of its own.
    pub(crate) fn route_ready(&self, name: &str, from: &str, to: &str, source: &str, ready: &str) {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
        let config = config.display();
        let upper = name.to_uppercase();
        let text = format!(
            "name = \"{name}\"\nspool = \"{from}\"\nfiles = \"CORE_{upper}_{{date}}_{{batch}}_{{run}}.TXT\"\n\
             format = \"{config}/layouts/pmtrd.toml\"\nmapping = \"{config}/events/pmtrd.toml\"\n\
             instruments = \"{config}/instruments.toml\"\n{source}\n[ready]\n{ready}\n\
             [policy]\nrecords = \"partial\"\n[identity]\nfrom = \"header\"\ndate = \"BIZDAT\"\nbatch = \"BATNO\"\n\
             run = \"RUNNO\"\n[answer]\nspool = \"{to}\"\nname = \"ACK_{upper}_{{date}}_{{batch}}_{{run}}_{{answer}}.TXT\"\n\
             format = \"{config}/layouts/pmack.toml\"\nmapping = \"{config}/answers/pmack.toml\"\n\
             checksums = [\"sha256\"]\nmarker = \"{{name}}.OK\"\n"
        );
        fs::write(self.home.path().join(format!("routes/{name}.toml")), text).unwrap();
    }

    /// Starts the node on a runtime of its own.
    pub(crate) fn start(&self) -> Running<'_> {
        self.run(node::Options::default(), Life::new(Death::Never))
    }

    /// Starts the node with books that die.
    pub(crate) fn start_dying(&self, death: Death) -> Running<'_> {
        let life = Life::new(death);
        let told = life.clone();
        let wrap = move |inner| Arc::new(Mortal { inner, life: told }) as Arc<dyn Ledger>;
        self.run(node::Options { wrap_ledger: Some(Box::new(wrap)), ..node::Options::default() }, life)
    }

    /// From the next start on the partner is reached through a line.
    pub(crate) fn reach_through(&mut self, line: &Line) {
        self.spools = self.spools.replace(&format!("port = {}\n", self.sshd.port), &format!("port = {}\n", line.port));
    }

    /// Starts the node as a process of its own, to be killed.
    pub(crate) fn spawn(&self) -> Child {
        self.configure();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
        command.arg("run").arg("--config").arg(self.conf());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// The folder of the spool `desk` of the node's own machine.
    pub(crate) fn desk(&self) -> PathBuf {
        self.home.path().join("desk")
    }

    /// The same, with everything that it says at the loudest in a file.
    pub(crate) fn spawn_loudly(&self, log: &Path) -> Child {
        let said = fs::File::create(log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
        command.arg("run").arg("--config").arg(self.conf()).env("FPP_LOG", "trace");
        command.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said).spawn().unwrap()
    }

    /// What a node that runs as a process of its own says of itself.
    pub(crate) fn report(&self) -> Option<NodeReport> {
        NodeReport::read(&self.home.path().join("data/status.json"))
    }

    /// Files on their way into the vault.
    pub(crate) fn on_their_way(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.home.path().join("data/vault/tmp")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// Writes the node's file.
    pub(crate) fn configure(&self) {
        let text = format!(
            "node = \"n1\"\ninstallation = \"test\"\ndata_dir = \"data\"\nroutes = \"routes/*.toml\"\n\
             [http]\nlisten = \"127.0.0.1:0\"\n{}[work]\nrescan_ms = 200\npoll_ms = 100\n\n\
             [seal]\nkey_file = \"seal.key\"\nevery_ms = 1000\n\n{}",
            self.http, self.spools
        );
        let key = self.home.path().join("seal.key");
        fs::write(&key, "only the node reads it").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(self.conf(), text).unwrap();
    }

    fn run(&self, options: node::Options, life: Arc<Life>) -> Running<'_> {
        self.configure();
        let settings = Settings::load(&self.conf()).unwrap_or_else(|faults| panic!("{faults:?}"));
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let node = runtime.block_on(Node::start(settings.clone(), options)).unwrap();
        Running { room: self, settings, ledger: node.ledger.clone(), node, runtime, life }
    }

    fn conf(&self) -> PathBuf {
        self.home.path().join("fpp.toml")
    }

    /// The built program, with this node's configuration: exit code and everything said.
    pub(crate) fn fpp(&self, arguments: &[&str]) -> (i32, String) {
        self.run_fpp(arguments, None)
    }

    /// The same, with everything in its log.
    pub(crate) fn loudly(&self, arguments: &[&str]) -> (i32, String) {
        self.run_fpp(arguments, Some("trace"))
    }

    fn run_fpp(&self, arguments: &[&str], log: Option<&str>) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
        command.envs(log.map(|log| ("FPP_LOG", log)));
        command.args(arguments).arg("--config").arg(self.conf()).stdin(Stdio::null());
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }
}

fn sftp(sshd: &Sshd, spool: &str, path: &str, reach: &Reach<'_>) -> String {
    let dir = sshd.dir.path();
    let key = fs::read_to_string(dir.join(format!("{}.pub", reach.host_key))).unwrap();
    let words: Vec<_> = key.split_whitespace().take(2).collect();
    format!(
        "[spool.{spool}]\nkind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\nkey_file = \"{}\"\n\
         host_keys = [\"{}\"]\npath = \"{}\"\nconnect_timeout_ms = {timeout}\ncall_timeout_ms = {timeout}\n\
         sessions_max = {}\n\n",
        sshd.port,
        sshd.user,
        dir.join(reach.key).display(),
        words.join(" "),
        sshd.spool().join(path).display(),
        reach.sessions_max,
        timeout = reach.timeout_ms,
    )
}

/// The core drops a file of a route with its marker, data first; gives its name.
pub(crate) fn drop_file(folder: &Path, route: &str, batch: u16, trades: u64) -> String {
    let file = core_file(route, batch, trades);
    fs::write(folder.join(&file.name), &*file.bytes).unwrap();
    fs::write(folder.join(format!("{}.OK", file.name)), "").unwrap();
    file.name
}

/// That file, all of whose trades are good.
pub(crate) fn core_file(route: &str, batch: u16, trades: u64) -> CoreFile {
    let name = format!("CORE_{}_20250620_{batch:04}_00.TXT", route.to_uppercase());
    CoreFile { name, ..crate::support::core::core_file(batch, trades, Dropped::Good) }
}

/// The name of the first answer to a file.
pub(crate) fn answer_name(route: &str, batch: u16) -> String {
    format!("ACK_{}_20250620_{batch:04}_00_01.TXT", route.to_uppercase())
}

/// A running node.
pub(crate) struct Running<'a> {
    room: &'a Room,
    pub(crate) settings: Settings,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) node: Node,
    pub(crate) runtime: Runtime,
    life: Arc<Life>,
}

impl Running<'_> {
    /// Polls until something is so.
    pub(crate) fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            if Instant::now() > deadline {
                panic!("{what}: not within {PATIENCE:?}\n{}", self.books());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn books(&self) -> String {
        let transfers = self.transfers().into_iter().map(|t| format!("{} {:?} {}\n", t.name, t.state, t.waiting_for));
        let deliveries = self.deliveries().into_iter().map(|d| format!("{} {:?} {}\n", d.name, d.state, d.last_error));
        transfers.chain(deliveries).chain([format!("{:?}\n{}", self.notices(), self.room.sshd.log())]).collect()
    }

    pub(crate) fn transfers(&self) -> Vec<Transfer> {
        let query = TransferQuery { limit: 100, ..TransferQuery::default() };
        self.runtime.block_on(self.ledger.transfers(&query)).unwrap_or_default()
    }

    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.runtime.block_on(self.ledger.deliveries(None, 100)).unwrap_or_default()
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.runtime.block_on(self.ledger.notices(true, 100)).unwrap_or_default()
    }

    /// Waits for a notice of a code about a subject.
    pub(crate) fn notice(&self, code: u16, subject: &str) -> Notice {
        let fits = |n: &Notice| n.notice.code == code && n.notice.subject == subject;
        self.until(&format!("notice {code} about {subject}"), || self.notices().into_iter().find(fits))
    }

    /// Waits until the delivery of a name is as wanted.
    pub(crate) fn delivery(&self, name: &str, wanted: impl Fn(&Delivery) -> bool) -> Delivery {
        let fits = |d: &Delivery| d.name == name && wanted(d);
        self.until(&format!("delivery {name}"), || self.deliveries().into_iter().find(fits))
    }

    /// Waits until the file of a name is through.
    pub(crate) fn archived(&self, name: &str) -> Transfer {
        let fits = |t: &Transfer| t.name == name && t.state == FileState::Archived;
        self.until(&format!("transfer {name}"), || self.transfers().into_iter().find(fits))
    }

    /// What happened to a delivery, in order, with who did it.
    pub(crate) fn journal(&self, delivery: &Delivery) -> Vec<String> {
        let rows = self.runtime.block_on(self.ledger.journal(&format!("delivery:{}", delivery.id))).unwrap();
        rows.into_iter().map(|row| row.entry).collect()
    }

    /// Waits until a spool was listed several times more.
    pub(crate) fn rescans(&self, spool: &str) {
        for _ in 0..4 {
            let scanned = || self.report()?.spools.get(spool).map(|s| s.scanned_ms);
            let before = scanned();
            self.until(&format!("a look at {spool}"), || scanned().filter(|now| Some(*now) != before));
        }
    }

    pub(crate) fn report(&self) -> Option<NodeReport> {
        NodeReport::read(&self.settings.status_file())
    }

    /// Waits until the books have died.
    pub(crate) fn died(&self) {
        self.until("the books die", || self.life.is_over().then_some(()));
    }

    /// All chains hold, then an orderly end.
    pub(crate) fn stop(self) {
        let report = self.runtime.block_on(self.ledger.verify(None)).unwrap();
        assert_eq!(report.broken, None);
        self.runtime.block_on(self.node.stop());
    }

    /// The runtime goes first, as in a killed process; nothing is drained.
    pub(crate) fn kill(self) {
        let Running { node, runtime, .. } = self;
        runtime.shutdown_timeout(Duration::from_secs(20));
        drop(node);
    }
}
