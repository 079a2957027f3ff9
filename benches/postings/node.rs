//! The node that is measured, seen from outside.

use crate::process::{Node, free_address, peak_kib};
use crate::support::site::Site;
use fpp::ledger::sqlite::SqliteLedger;
use std::fs;
use std::net::SocketAddr;

/// A running node and its books.
pub(crate) struct Running {
    node: Node,
    pub(crate) address: SocketAddr,
    pub(crate) ledger: SqliteLedger,
}

impl Running {
    /// A site's, at an address of its own.
    pub(crate) async fn start(site: &Site) -> Running {
        let address = free_address();
        let settings = fs::read_to_string(site.settings_file()).unwrap();
        fs::write(site.settings_file(), settings.replace("127.0.0.1:0", &address.to_string())).unwrap();
        let node = Node::start(&site.settings_file(), address).await;
        let ledger = SqliteLedger::open_read_only(&site.root.join("data/ledger.sqlite")).await.unwrap();
        Running { node, address, ledger }
    }

    /// The largest resident memory that its process ever had.
    pub(crate) fn peak_kib(&self) -> u64 {
        peak_kib(self.node.pid())
    }
}
