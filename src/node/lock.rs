//! One process to a data folder: two nodes on one SQLite ledger would both be right and both be wrong.

use crate::error::{Error, Result};
use fpp_codecs::Code;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Held while the process lives; the operating system gives it back at any end, a kill included.
#[derive(Debug)]
pub(super) struct DataLock {
    _file: File,
}

impl DataLock {
    /// Creates the data folder and locks it.
    pub(super) fn take(data_dir: &Path) -> Result<DataLock> {
        let path = data_dir.join("node.lock");
        let cannot = |e: std::io::Error| {
            Error::halt(Code::LEDGER, format!("the data folder {} cannot be used", data_dir.display())).caused_by(e)
        };
        std::fs::create_dir_all(data_dir).map_err(cannot)?;
        // Ledger and vault hold customers' data: they are for the node's own user.
        std::fs::set_permissions(data_dir, std::fs::Permissions::from_mode(0o700)).map_err(cannot)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(cannot)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            Error::halt(Code::LEDGER, format!("another node already works in {}", data_dir.display()))
                .hint("Stop it first, or give this node a data_dir of its own.")
        })?;
        Ok(DataLock { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::DataLock;

    #[test]
    fn a_second_node_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataLock::take(dir.path()).unwrap();
        let refused = DataLock::take(dir.path()).unwrap_err();
        assert!(refused.what.contains("another node"), "{refused}");
        drop(first);
        DataLock::take(dir.path()).unwrap();
    }
}
