//! A fleet: several processes of the program on one ledger of a real server, one vault and the same spools.
#![allow(dead_code, reason = "each test program uses a part")]

pub(crate) mod checker;

use crate::databases::Running;
use crate::support::settled::PATIENCE;
use crate::support::site::{Site, sample_route};
use fpp::demo::generate::{Series, Spec, generate};
use fpp::ledger::Ledger;
use fpp::ledger::mysql::MysqlLedger;
use fpp::ledger::node::NodeRow;
use fpp_codecs::date::Date;
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a lease stands still before it is taken over.
pub(crate) const LEASE_MS: u64 = 1_000;

/// Processes and what they share.
pub(crate) struct Fleet {
    pub(crate) site: Site,
    pub(crate) ledger: MysqlLedger,
    pub(crate) database: String,
    /// Another program than this one, for the nodes that have one.
    pub(crate) programs: BTreeMap<usize, PathBuf>,
    nodes: Vec<Option<Child>>,
}

impl Fleet {
    /// Writes the configurations of so many nodes; starts none. `more` goes into each.
    pub(crate) async fn of(server: &Running, nodes: usize, more: &str) -> Fleet {
        let database = server.lend().await;
        let socket = server.server(&database).socket.unwrap();
        let site = Site::make(&sample_route("pmtrd"));
        let sample = std::fs::read_to_string(site.settings_file()).unwrap();
        for n in 0..nodes {
            let text = sample
                .replace("node = \"golden\"", &format!("node = \"n{n}\"\nnodes = {nodes}"))
                .replace("data_dir = \"../data\"", &format!("data_dir = \"../data{n}\""))
                .replace("drain_ms = 2000", &format!("drain_ms = 10000\nlease_ms = {LEASE_MS}"));
            let shared = format!(
                "\n[vault]\npath = \"../vault\"\n[ledger]\nurl = \"mysql://root@localhost/{database}?socket={}\"\n{more}",
                socket.display()
            );
            std::fs::write(site.root.join(format!("conf/n{n}.toml")), text + &shared).unwrap();
        }
        let ledger = MysqlLedger::open(server.server(&database)).await.unwrap();
        Fleet { site, ledger, database, programs: BTreeMap::new(), nodes: (0..nodes).map(|_| None).collect() }
    }

    /// The configuration of a node.
    pub(crate) fn config(&self, n: usize) -> PathBuf {
        self.site.root.join(format!("conf/n{n}.toml"))
    }

    /// Starts a node, if it does not run.
    pub(crate) fn start(&mut self, n: usize) {
        if self.nodes[n].is_none() {
            let said = std::fs::File::options().create(true).append(true).open(self.said(n)).unwrap();
            let this = || env!("CARGO_BIN_EXE_fpp").into();
            let mut command = Command::new(self.programs.get(&n).cloned().unwrap_or_else(this));
            command.arg("run").arg("--config").arg(self.config(n)).stdout(Stdio::null()).stderr(said);
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
    pub(crate) fn drop_batch(&self, batch: u16) -> String {
        let date = Date { year: 2025, month: 6, day: 20 };
        let spec = Spec { trades: 10, ..Spec::new(Series::Ebcdic, date, batch) };
        let mut bytes = Vec::new();
        generate(&spec, &mut bytes).unwrap();
        self.site.drop_file(&spec.file_name(), &bytes, Some(""), 1_750_407_000_000);
        spec.file_name()
    }

    /// Waits for a condition of the books, with a deadline.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn(&MysqlLedger) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(&self.ledger).await {
            if Instant::now() > until {
                let logs: Vec<_> = (0..self.nodes.len()).map(|n| format!("n{n}:\n{}", self.log(n))).collect();
                panic!("{what} was not reached\n{}", logs.join("\n"));
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
