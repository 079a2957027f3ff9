//! Several processes of the program on one ledger (MariaDB), one vault and the same local spools: small files through the
//! whole walk on 1, 2 and 3 nodes, and the time from a node's death to its work going on elsewhere.
//!
//! Every run checks what came out before it prints anything: each file accepted and archived once, and an answer for each.
//!
//! `cargo bench --bench fleet -- [--files 10000] [--nodes 1,2,3] [--kills 10] [--workers 4]`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a measurement stops at a surprise")]

#[path = "../tests/support/databases.rs"]
mod databases;
#[path = "../tests/fleet_support/mod.rs"]
mod fleet_support;
#[path = "fleet/runs.rs"]
mod runs;
#[path = "../tests/support/mod.rs"]
mod support;

use databases::{Kind, running};
use runs::{files_a_second, takeover};

struct Options {
    files: u32,
    nodes: Vec<usize>,
    kills: usize,
    workers: usize,
}

fn main() {
    let options = options();
    let Some(server) = running(Kind::MariaDb) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for nodes in &options.nodes {
            files_a_second(server, options.files, *nodes, options.workers).await;
        }
        if options.kills > 0 {
            takeover(server, options.kills).await;
        }
    });
}

fn options() -> Options {
    let mut options = Options { files: 10_000, nodes: vec![1, 2, 3], kills: 10, workers: 4 };
    // Cargo itself passes `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let mut number = || words.next().unwrap();
        match word.as_str() {
            "--files" => options.files = number().parse().unwrap(),
            "--nodes" => options.nodes = number().split(',').map(|n| n.parse().unwrap()).collect(),
            "--kills" => options.kills = number().parse().unwrap(),
            "--workers" => options.workers = number().parse().unwrap(),
            other => panic!("unknown option {other}; known are --files N --nodes N,N --kills N --workers N"),
        }
    }
    options
}
