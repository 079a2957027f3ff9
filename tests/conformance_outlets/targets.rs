//! The targets: one in memory, which is what the contract means, and those that ship.

use crate::Target;
use crate::databases::Kind;
use crate::server::Server;
use crate::shop::Shop;
use async_trait::async_trait;
use fpp::clock::Clock;
use fpp::error::{Error, Result};
use fpp::outlets::append::Append;
use fpp::outlets::database::Place;
use fpp::outlets::push::{Batch, Broken, Engine, Outcome, Posting, Refused};
use fpp::outlets::webhook::{Endpoint, Secret, Webhook};
use fpp_codecs::Code;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What calls are signed with.
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A member of an event's data that some targets refuse.
const UNWELCOME: &str = "\"unwelcome\":1";

fn unwelcome(json: &str) -> String {
    json.replacen("\"data\":{", &format!("\"data\":{{{UNWELCOME},"), 1)
}

/// What a target knows: content by source and id, and of each transfer its epoch and cursor.
#[derive(Default)]
struct Shelf {
    rows: Vec<(String, String, [u8; 32])>,
    postings: BTreeMap<String, (u64, u64)>,
    /// It takes so many events more.
    takes: Option<usize>,
}

#[derive(Clone, Default)]
pub(crate) struct InMemory(Arc<Mutex<Shelf>>);

#[async_trait]
impl Engine for InMemory {
    async fn cursor(&self, posting: &Posting) -> Result<Option<u64>> {
        Ok(self.0.lock().unwrap().postings.get(&posting.transfer).map(|(_, cursor)| *cursor))
    }

    async fn push(&self, posting: &Posting, batch: &Batch) -> Result<Outcome, Broken> {
        let mut shelf = self.0.lock().unwrap();
        let (epoch, _) = shelf.postings.get(&posting.transfer).copied().unwrap_or_default();
        if epoch > posting.epoch {
            return Err(Error::halt(Code::STALE_EPOCH, "a newer holder was here").into());
        }
        let mut outcome = Outcome::default();
        let mut up_to = None;
        for event in &batch.events {
            match &mut shelf.takes {
                Some(0) => {
                    let error = Error::retry(Code::OUTLET, "it is full");
                    return Err(Broken { error, up_to, outcome });
                }
                Some(more) => *more -= 1,
                None => {}
            }
            if String::from_utf8_lossy(batch.json_of(event)).contains(UNWELCOME) {
                let why = "nobody wants it".to_owned();
                outcome.refused.push(Refused { record: event.record, id: event.id.clone(), why });
                if posting.required {
                    break;
                }
                continue;
            }
            let known = shelf.rows.iter().find(|(source, id, _)| (source, id) == (&event.source, &event.id));
            match known.map(|(.., hash)| *hash == event.datahash) {
                Some(true) => {}
                Some(false) => outcome.conflicts.push(Refused {
                    record: event.record,
                    id: event.id.clone(),
                    why: "its data differs".into(),
                }),
                None => shelf.rows.push((event.source.clone(), event.id.clone(), event.datahash)),
            }
            up_to = Some(event.record);
            shelf.postings.insert(posting.transfer.clone(), (posting.epoch, event.record));
        }
        Ok(outcome)
    }

    async fn look(&self) -> Result<String> {
        Ok("memory".into())
    }

    async fn close(&self) {}
}

#[async_trait]
impl Target for InMemory {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.clone())
    }
    async fn ids(&self) -> Vec<String> {
        self.0.lock().unwrap().rows.iter().map(|(_, id, _)| id.clone()).collect()
    }
    fn keys(&self) -> Option<String> {
        None
    }
    fn is_exact(&self) -> bool {
        true
    }
    async fn breaks_after(&self, events: Option<usize>) {
        self.0.lock().unwrap().takes = events;
    }
    fn spoiled(&self, json: &str) -> Option<String> {
        Some(unwelcome(json))
    }
    fn notices(&self) -> bool {
        true
    }
    fn tells_how_far(&self) -> bool {
        true
    }
}

/// Lines in a folder.
pub(crate) struct Appended(tempfile::TempDir);

impl Appended {
    pub(crate) fn new() -> Appended {
        Appended(tempfile::tempdir().unwrap())
    }
}

#[async_trait]
impl Target for Appended {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(Append::new(self.0.path(), fpp::outlets::own::OWN))
    }
    async fn ids(&self) -> Vec<String> {
        let mut files: Vec<_> = std::fs::read_dir(self.0.path()).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        let text: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
        let id =
            |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        text.lines().map(id).collect()
    }
    fn keys(&self) -> Option<String> {
        Some(format!("kind = \"append\"\npath = \"{}\"\n", self.0.path().display()))
    }
    fn is_exact(&self) -> bool {
        false
    }
    /// Where its folder was stands a file.
    async fn breaks_after(&self, events: Option<usize>) {
        let (folder, aside) = (self.0.path(), self.0.path().with_extension("aside"));
        if events.is_some() {
            std::fs::rename(folder, &aside).unwrap();
            std::fs::write(folder, "").unwrap();
        } else {
            std::fs::remove_file(folder).unwrap();
            std::fs::rename(&aside, folder).unwrap();
        }
    }
    fn spoiled(&self, _: &str) -> Option<String> {
        None
    }
    fn notices(&self) -> bool {
        false
    }
    fn tells_how_far(&self) -> bool {
        false
    }
}

/// Tables in a file or on a server.
pub(crate) struct InDatabase(Shop, Option<Kind>);

impl InDatabase {
    pub(crate) fn file() -> InDatabase {
        InDatabase(Shop::file(), None)
    }

    /// Nothing when there is no such server here.
    pub(crate) async fn server(kind: Kind) -> Option<InDatabase> {
        Shop::used(kind).await.map(|shop| InDatabase(shop, Some(kind)))
    }
}

#[async_trait]
impl Target for InDatabase {
    fn engine(&self) -> Arc<dyn Engine> {
        Arc::new(self.0.open())
    }
    async fn ids(&self) -> Vec<String> {
        let all = "SELECT id FROM (SELECT id, record FROM trades UNION ALL SELECT id, record FROM files) AS both_tables \
                   ORDER BY record IS NULL, record, id";
        self.0.rows(all).await.concat()
    }
    fn keys(&self) -> Option<String> {
        let place = match self.0.place() {
            Place::File { path, .. } => format!("path = \"{}\"", path.display()),
            Place::Server(server) => {
                let socket = server.socket.unwrap();
                format!("url = \"mysql://root@localhost/{}?socket={}\"", server.database, socket.display())
            }
        };
        Some(format!("kind = \"database\"\n{place}\n"))
    }
    fn is_exact(&self) -> bool {
        true
    }
    /// A table is not there.
    async fn breaks_after(&self, events: Option<usize>) {
        let rename = match events {
            Some(_) => "ALTER TABLE trades RENAME TO put_away",
            None => "ALTER TABLE put_away RENAME TO trades",
        };
        self.0.tamper(rename).await;
    }
    fn spoiled(&self, json: &str) -> Option<String> {
        Some(json.replacen("\"side\":\"", "\"side\":\"longer than its column: ", 1))
    }
    fn notices(&self) -> bool {
        true
    }
    fn tells_how_far(&self) -> bool {
        false
    }
    fn give_back(self) {
        if let Some(kind) = self.1 {
            self.0.give_back(kind);
        }
    }
}

/// An HTTP endpoint that takes everything.
pub(crate) struct Posted {
    server: Server,
    /// It takes so many calls more.
    takes: Arc<AtomicUsize>,
    secret: tempfile::NamedTempFile,
}

impl Posted {
    pub(crate) fn new() -> Posted {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), SECRET).unwrap();
        let takes = Arc::new(AtomicUsize::new(usize::MAX));
        let left = takes.clone();
        let server = Server::start(move |call| {
            if call.body.contains(UNWELCOME) {
                return (422, Vec::new());
            }
            let one = |calls: usize| (calls != usize::MAX).then(|| calls.saturating_sub(1));
            let calls = left.fetch_update(SeqCst, SeqCst, one).unwrap_or(usize::MAX);
            (if calls > 0 { 200 } else { 503 }, Vec::new())
        });
        Posted { server, takes, secret }
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.server.address)
    }
}

#[async_trait]
impl Target for Posted {
    fn engine(&self) -> Arc<dyn Engine> {
        let endpoint = Endpoint {
            url: self.url().parse().unwrap(),
            secrets: vec![Secret::parse(SECRET).unwrap()],
            timeout: Duration::from_secs(10),
            events_max: 4,
            bytes_max: 1 << 20,
            calls_per_second: None,
            ca_file: None,
        };
        Arc::new(Webhook::new(endpoint, Clock::System).unwrap())
    }
    async fn ids(&self) -> Vec<String> {
        let calls = self.server.calls();
        calls.iter().filter(|call| !call.body.contains(UNWELCOME)).flat_map(|call| call.events().1).collect()
    }
    fn keys(&self) -> Option<String> {
        let secret = self.secret.path().display();
        Some(format!("kind = \"webhook\"\nurl = \"{}\"\nsecret_file = \"{secret}\"\n", self.url()))
    }
    fn is_exact(&self) -> bool {
        false
    }
    async fn breaks_after(&self, events: Option<usize>) {
        self.takes.store(events.map_or(usize::MAX, |events| events / 4), SeqCst);
    }
    fn spoiled(&self, json: &str) -> Option<String> {
        Some(unwelcome(json))
    }
    fn notices(&self) -> bool {
        false
    }
    fn tells_how_far(&self) -> bool {
        true
    }
}
