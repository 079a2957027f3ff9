//! The outlets that are measured, and what stands in each afterwards.

use crate::databases::{Kind, Running, running};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use fpp::clock::Clock;
use fpp::outlets::database::{DatabaseOutlet, Place, Span};
use fpp::outlets::push::Engine;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

/// A word that begins every event, once.
const MARK: &[u8] = b"\"specversion\"";

/// One outlet.
pub(crate) struct Target {
    pub(crate) title: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
    pub(crate) keys: String,
    place: Stands,
    /// What its keys name.
    _folder: tempfile::TempDir,
}

/// Where its events stand.
pub(crate) enum Stands {
    Lines(PathBuf),
    Rows(Place),
    /// This tells how many.
    Asked(Box<dyn Fn() -> u64>),
}

impl Target {
    /// What stands of it in the route's file.
    pub(crate) fn in_route(&self) -> String {
        let place = if self.is_file() {
            format!("spool = \"{}\"\nname = \"PMTRD_{{date}}_{{batch:4}}.jsonl\"\nchecksums = [\"sha256\"]", self.name)
        } else {
            format!("name = \"{}\"", self.name)
        };
        format!("[[outlet]]\nkind = \"{}\"\n{place}\nrequired = false\nsensitive = \"clear\"\n", self.kind)
    }

    /// What stands of it in the node's file.
    pub(crate) fn in_node(&self) -> String {
        let (table, kind) = if self.is_file() { ("spool", "local") } else { ("outlet", self.kind) };
        format!("\n[{table}.{}]\nkind = \"{kind}\"\n{}", self.name, self.keys)
    }

    /// A file for each file, not events that are pushed.
    pub(crate) fn is_file(&self) -> bool {
        self.kind == "file"
    }

    /// Events that stand there.
    pub(crate) async fn stands(&self) -> u64 {
        match &self.place {
            Stands::Lines(folder) => {
                let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
                files
                    .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
                    .map(|path| count(&std::fs::read(path).unwrap()))
                    .sum()
            }
            Stands::Asked(events) => events(),
            Stands::Rows(place) => {
                let outlet = DatabaseOutlet::new(place.clone(), Clock::System);
                let all = Span { from: None, before: "9999-12-31".to_owned() };
                let stand = outlet.would_purge("bank", &all).await.unwrap();
                let of_events = stand.iter().filter(|table| ["trades", "files"].contains(&table.table));
                let rows = of_events.map(|table| table.rows).sum();
                outlet.close().await;
                rows
            }
        }
    }
}

fn count(bytes: &[u8]) -> u64 {
    bytes.windows(MARK.len()).filter(|word| *word == MARK).count() as u64
}

/// All of them, empty; what `topic` makes stands behind the others.
pub(crate) async fn targets(topic: &impl Fn() -> Option<Target>) -> Vec<Target> {
    let mut all = vec![lines(), files(), file(), endpoint(Duration::ZERO).await];
    for (title, name, kind) in
        [("MariaDB", "mariadb", Kind::MariaDb), ("OceanBase's engine", "oceanbase", Kind::SeekDb)]
    {
        if let Some(server) = running(kind) {
            all.push(tables(title, name, server).await);
        }
    }
    all.extend(topic());
    all
}

pub(crate) fn target(
    title: &'static str,
    kind: &'static str,
    name: &'static str,
    keys: String,
    place: Stands,
    folder: tempfile::TempDir,
) -> Target {
    Target { title, kind, name, keys, place, _folder: folder }
}

pub(crate) fn lines() -> Target {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let keys = format!("path = \"{}\"\n", path.display());
    target("lines of a log file", "append", "lines", keys, Stands::Lines(path), folder)
}

fn files() -> Target {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let keys = format!("path = \"{}\"\n", path.display());
    target("file of JSON lines with its checksum", "file", "files", keys, Stands::Lines(path), folder)
}

fn file() -> Target {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("books.sqlite");
    let keys = format!("path = \"{}\"\n", path.display());
    target("SQLite file", "database", "sqlite", keys, Stands::Rows(Place::file(path)), folder)
}

async fn tables(title: &'static str, name: &'static str, server: &'static Running) -> Target {
    let place = server.server(&server.lend().await);
    let socket = place.socket.clone().unwrap();
    let keys = format!("url = \"mysql://root@localhost/{}?socket={}\"\n", place.database, socket.display());
    target(title, "database", name, keys, Stands::Rows(Place::Server(place)), tempfile::tempdir().unwrap())
}

/// A file of a secret, for its owner alone.
pub(crate) fn secret(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("secret");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    path
}

/// A receiver that counts and agrees, after a pause.
pub(crate) async fn endpoint(pause: Duration) -> Target {
    let events = Arc::new(AtomicU64::new(0));
    let take = async move |State(events): State<Arc<AtomicU64>>, body: Bytes| {
        tokio::time::sleep(pause).await;
        events.fetch_add(count(&body), SeqCst);
    };
    let router = Router::new().fallback(take).with_state(events.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let folder = tempfile::tempdir().unwrap();
    let secret = secret(&folder, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let keys = format!("url = \"http://{address}/hook\"\nsecret_file = \"{}\"\n", secret.display());
    target(
        "webhook, 100 events a call",
        "webhook",
        "hook",
        keys,
        Stands::Asked(Box::new(move || events.load(SeqCst))),
        folder,
    )
}
