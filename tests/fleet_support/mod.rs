//! A fleet: several processes of the program on one ledger of a real server, one vault and the same spools.
#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod line;

use crate::databases::Running;
use crate::support::checker::at_the_end;
use crate::support::checker::evidence::{Evidence, Places};
use crate::support::core::{CoreFile, Dropped, core_file};
use crate::support::settled::{PATIENCE, at_rest};
use crate::support::site::{Site, sample_route};
use crate::support::told::read_stream;
use fpp::ledger::Ledger;
use fpp::ledger::mysql::MysqlLedger;
use fpp::ledger::node::NodeRow;
use fpp::vault::Vault;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a lease stands still before it is taken over.
pub(crate) const LEASE_MS: u64 = 1_000;
/// Whoever of them comes first seals the books.
const SEAL_KEY: &[u8] = b"only the nodes read it";
/// Trades of a batch.
const TRADES: u64 = 10;

/// Processes and what they share.
pub(crate) struct Fleet {
    pub(crate) site: Site,
    pub(crate) ledger: MysqlLedger,
    pub(crate) database: String,
    /// Another program than this one, for the nodes that have one.
    pub(crate) programs: BTreeMap<usize, PathBuf>,
    pub(crate) dropped: Vec<CoreFile>,
    /// Nodes say everything they can.
    pub(crate) loud: bool,
    nodes: Vec<Option<Child>>,
}

impl Fleet {
    /// Writes the configurations of so many nodes; starts none. `more` goes into each.
    pub(crate) async fn of(server: &Running, nodes: usize, more: &str) -> Fleet {
        let database = server.lend().await;
        let socket = server.server(&database).socket.unwrap();
        let site = Site::make(&sample_route("pmtrd"));
        let sample = std::fs::read_to_string(site.settings_file()).unwrap();
        let key = site.root.join("conf/seal.key");
        std::fs::write(&key, SEAL_KEY).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        for n in 0..nodes {
            let text = sample
                .replace("node = \"golden\"", &format!("node = \"n{n}\"\nnodes = {nodes}"))
                .replace("data_dir = \"../data\"", &format!("data_dir = \"../data{n}\""))
                .replace("drain_ms = 2000", &format!("drain_ms = 10000\nlease_ms = {LEASE_MS}"));
            let shared = format!(
                "\n[vault]\npath = \"../vault\"\n[seal]\nkey_file = \"seal.key\"\nevery_ms = 1000\n\
                 [ledger]\nurl = \"mysql://root@localhost/{database}?socket={}\"\n{more}",
                socket.display()
            );
            std::fs::write(site.root.join(format!("conf/n{n}.toml")), text + &shared).unwrap();
        }
        let mut root = server.root("").await;
        for statement in
            ["CREATE USER IF NOT EXISTS 'fleet'@'%'".to_owned(), format!("GRANT ALL ON {database}.* TO 'fleet'@'%'")]
        {
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut root).await.unwrap();
        }
        let ledger = MysqlLedger::open(server.server(&database)).await.unwrap();
        let (programs, dropped) = (BTreeMap::new(), Vec::new());
        Fleet { site, ledger, database, programs, dropped, loud: false, nodes: (0..nodes).map(|_| None).collect() }
    }

    /// The configuration of a node.
    pub(crate) fn config(&self, n: usize) -> PathBuf {
        self.site.root.join(format!("conf/n{n}.toml"))
    }

    /// Changes a piece of a node's configuration, which must be there.
    pub(crate) fn rewrite(&self, n: usize, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.config(n)).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        std::fs::write(self.config(n), text.replace(from, to)).unwrap();
    }

    /// A node reaches the ledger over TCP at a port, and gives up a server that says nothing for a second.
    pub(crate) fn ledger_over(&self, n: usize, port: u16) {
        let text = std::fs::read_to_string(self.config(n)).unwrap();
        let url = text.lines().find(|line| line.starts_with("url = \"mysql://")).unwrap();
        let database = url.rsplit_once('/').unwrap().0.rsplit_once("localhost/").unwrap().1.split('?').next().unwrap();
        let over =
            format!("url = \"mysql://fleet@127.0.0.1:{port}/{database}\"\ntls = \"off\"\ncall_timeout_ms = 1000");
        self.rewrite(n, url, &over);
    }

    /// Starts a node, if it does not run.
    pub(crate) fn start(&mut self, n: usize) {
        if self.nodes[n].is_none() {
            let said = std::fs::File::options().create(true).append(true).open(self.said(n)).unwrap();
            let this = || env!("CARGO_BIN_EXE_fpp").into();
            let mut command = Command::new(self.programs.get(&n).cloned().unwrap_or_else(this));
            command.arg("run").arg("--config").arg(self.config(n)).stdout(Stdio::null()).stderr(said);
            if self.loud {
                command.env("FPP_LOG", "trace");
            }
            self.nodes[n] = Some(command.spawn().unwrap());
        }
    }

    fn said(&self, n: usize) -> PathBuf {
        self.site.root.join(format!("n{n}.log"))
    }

    /// What a node logged.
    pub(crate) fn log(&self, n: usize) -> String {
        std::fs::read_to_string(self.said(n)).unwrap_or_default()
    }

    /// What all nodes logged, for a test that fails.
    pub(crate) fn logs(&self) -> String {
        (0..self.nodes.len()).map(|n| format!("n{n}:\n{}\n", self.log(n))).collect()
    }

    /// What a node complained of: its lines of level WARN and ERROR that hold some words.
    pub(crate) fn complaints(&self, n: usize, words: &str) -> Vec<String> {
        let log = self.log(n);
        let loud = |line: &&str| line.contains("\"level\":\"WARN\"") || line.contains("\"level\":\"ERROR\"");
        log.lines().filter(loud).filter(|line| line.contains(words)).map(str::to_owned).collect()
    }

    /// Sends a signal to a running node.
    pub(crate) fn signal(&self, n: usize, signal: Signal) {
        let child = self.nodes[n].as_ref().unwrap();
        kill_process(Pid::from_child(child), signal).unwrap();
    }

    /// Kills a node with SIGKILL.
    pub(crate) fn kill(&mut self, n: usize) {
        if let Some(mut child) = self.nodes[n].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Tells a node to stop and waits until it has; its exit code.
    pub(crate) fn stop(&mut self, n: usize) -> Option<i32> {
        self.signal(n, Signal::TERM);
        self.wait(n)
    }

    /// Waits until a node has ended; its exit code.
    pub(crate) fn wait(&mut self, n: usize) -> Option<i32> {
        let mut child = self.nodes[n].take().unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < until, "n{n} does not end:\n{}", self.log(n));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The core drops a batch of ten trades.
    pub(crate) fn drop_batch(&mut self, batch: u16) {
        let file = core_file(batch, TRADES, Dropped::Good);
        self.site.drop_file(&file.name, &file.bytes, Some(""), 1_750_407_000_000);
        self.dropped.push(file);
    }

    /// Where everything is.
    pub(crate) fn places(&self) -> Places {
        let root = &self.site.root;
        Places {
            rooms: vec![root.join("vault")],
            scratch: (0..self.nodes.len()).map(|n| root.join(format!("data{n}/scratch"))).collect(),
            statuses: (0..self.nodes.len()).map(|n| root.join(format!("data{n}/status.json"))).collect(),
            seal_key: Some(SEAL_KEY.to_vec()),
            ..Places::below(root)
        }
    }

    /// The checker has nothing to say of everything there is; the stream is read from one of the nodes.
    pub(crate) async fn is_sound(&self, places: &Places, vault: &dyn Vault, reader: usize) {
        let received = read_stream(self.address(reader).await).await;
        let evidence = Evidence::whole(places, &self.ledger, vault, &self.dropped).await;
        let evidence = Evidence { memory: self.memory(), ..evidence };
        let told = at_the_end(&evidence.with_received("a service", received));
        assert!(told.is_empty(), "{}\n{}", told.join("\n"), self.logs());
    }

    /// Waits until a node listens; where.
    pub(crate) async fn address(&self, n: usize) -> SocketAddr {
        self.until("a node that listens", async |_| self.row(n).await.is_some_and(|r| !r.listen.is_empty())).await;
        self.row(n).await.unwrap().listen.parse().unwrap()
    }

    /// Waits until everything that was dropped is at its end.
    pub(crate) async fn all_rest(&self) {
        let count = self.dropped.len();
        self.until("the end of all files", async |ledger| at_rest(ledger, count).await.is_ok()).await;
    }

    /// The most memory that each running node had.
    fn memory(&self) -> Vec<(String, u64)> {
        let most = |child: &Child| {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
        };
        let running = self.nodes.iter().enumerate();
        running.filter_map(|(n, child)| Some((format!("n{n}"), most(child.as_ref()?)?))).collect()
    }

    /// Waits for a condition of the books, with a deadline.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn(&MysqlLedger) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(&self.ledger).await {
            if Instant::now() > until {
                let rest = at_rest(&self.ledger, self.dropped.len()).await.err().unwrap_or_default();
                panic!("{what} was not reached: {rest}\n{}", self.logs());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// What a node last said of itself.
    pub(crate) async fn row(&self, n: usize) -> Option<NodeRow> {
        self.ledger.nodes().await.unwrap().into_iter().find(|row| row.name == format!("n{n}"))
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for child in self.nodes.iter_mut().flatten() {
            // One that was stopped by a signal dies of this too.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
