//! A node with a file system of its own below its folder, which only it sees: a small one, or one that is taken away and
//! comes back. It needs user and mount namespaces, and no rights.

use crate::support::settled::PATIENCE;
use crate::support::site::Site;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A site and the process of its node.
pub(crate) struct Apart {
    pub(crate) site: Site,
    pub(crate) node: Child,
}

impl Apart {
    /// A tmpfs of this size stands at a folder of the site when the node starts. Nothing where this machine does not let a
    /// user make such a file system, unless the environment promises the real parts.
    pub(crate) fn start(site: Site, folder: &str, size: &str) -> Option<Apart> {
        Apart::start_after("true", site, folder, size)
    }

    /// The same after a command of the shell, which may change what the kernel grants to the node's user namespace.
    pub(crate) fn start_after(first: &str, site: Site, folder: &str, size: &str) -> Option<Apart> {
        let can = "mount -t tmpfs -o size=64k tmpfs /mnt";
        let may = Command::new("unshare").args(["-rm", "sh", "-c", can]).stderr(Stdio::null()).status();
        if !may.is_ok_and(|status| status.success()) {
            let needs = "a file system for one process needs user and mount namespaces (unshare -rm)";
            assert!(std::env::var_os("FPP_REAL_PARTS").is_none(), "{needs}");
            println!("skipped: {needs}");
            return None;
        }
        let log = fs::File::create(site.root.join("log")).unwrap();
        let script = "mount -t tmpfs -o size=\"$4\" tmpfs \"$1\" && exec \"$2\" run --config \"$3\"";
        let mut command = Command::new("unshare");
        command
            .args(["-rm", "sh", "-c", &format!("{first} && {script}"), "sh"])
            .arg(site.root.join(folder))
            .arg(env!("CARGO_BIN_EXE_fpp"));
        command.arg(site.settings_file()).arg(size).stdout(Stdio::null()).stderr(log);
        let node = command.spawn().unwrap();
        Some(Apart { site, node })
    }

    /// A path below the site as the node sees it.
    pub(crate) fn seen(&self, path: impl AsRef<Path>) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.node.id()));
        root.join(self.site.root.strip_prefix("/").unwrap()).join(path)
    }

    /// Runs a command where the node is, with a path below the site as its last argument; whether it went well.
    pub(crate) fn inside(&self, command: &[&str], path: &str) -> bool {
        let mut enter = Command::new("nsenter");
        enter.arg("-t").arg(self.node.id().to_string()).args(["-U", "--preserve-credentials", "-m"]).args(command);
        enter.arg(self.site.root.join(path)).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.site.root.join("log")).unwrap_or_default()
    }

    pub(crate) async fn until(&mut self, what: &str, holds: impl AsyncFn(&Apart) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds(self).await {
            assert!(self.node.try_wait().unwrap().is_none(), "the node ended:\n{}", self.log());
            assert!(Instant::now() < until, "{what} was not reached:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = self.node.kill();
        let _ = self.node.wait();
    }
}
