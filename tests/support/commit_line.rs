//! A line to a database server that loses one commit, or the answer to it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

/// When the connection of the next commit breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears of it.
    Before,
    /// It is made, and nobody hears that.
    After,
}

/// Stands between a client and its database server, on sockets.
pub(crate) struct Line {
    folder: tempfile::TempDir,
    armed: Arc<AtomicBool>,
}

impl Line {
    /// A line to that server, whose next commit after [`Line::arm`] is cut.
    pub(crate) fn lay(server: &Path, cut: Cut) -> Line {
        let line = Line { folder: tempfile::tempdir().unwrap(), armed: Arc::default() };
        let listener = UnixListener::bind(line.socket()).unwrap();
        let (server, armed) = (server.to_owned(), line.armed.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.unwrap();
                tokio::spawn(carry(client, server, cut, armed.clone()));
            }
        });
        line
    }

    /// Cuts the next commit.
    pub(crate) fn arm(&self) {
        self.armed.store(true, SeqCst);
    }

    /// Where clients connect.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("db.sock")
    }
}

/// Carries bytes both ways until one side goes, or the commit comes that is to be cut.
async fn carry(mut client: UnixStream, mut server: UnixStream, cut: Cut, armed: Arc<AtomicBool>) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => {
                let Some(said) = read.ok().filter(|n| *n > 0).map(|n| &up[..n]) else { return };
                let commit = said.windows(6).any(|word| word == b"COMMIT") && armed.swap(false, SeqCst);
                if commit && cut == Cut::Before {
                    return;
                }
                if server.write_all(said).await.is_err() {
                    return;
                }
                if commit {
                    // It is answered, and nobody hears it.
                    assert!(server.read(&mut down).await.unwrap() > 0);
                    return;
                }
            }
            read = server.read(&mut down) => {
                let Some(said) = read.ok().filter(|n| *n > 0).map(|n| &down[..n]) else { return };
                if client.write_all(said).await.is_err() {
                    return;
                }
            }
        }
    }
}
