//! What a hostile sender does to a node with the files themselves: another one under the name while it is read, a second name
//! for a file of somebody else, a bomb. Names, kinds and sizes of what lies in a folder are tests of the spool crate.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod support;

use flate2::Compression;
use flate2::write::GzEncoder;
use fpp::ledger::transfer::{FileState, Transfer, Verdict};
use fpp::node::{Node, Options};
use fpp::telemetry::report::NodeReport;
use fpp_spool::{Entry, Folder, Look, Sink};
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use support::core::{CoreFile, Dropped, core_file};
use support::settled::{PATIENCE, settled, transfers};
use support::site::{Site, sample_route};

/// 2025-06-20, 16:10 in Shanghai.
const NOW_MS: i64 = 1_750_407_000_000;
const OTHER: &str = ".other";
const ASIDE: &str = ".aside";

/// What the sender does, once, when its file is read.
#[derive(Clone, Copy, PartialEq)]
enum Deed {
    /// Another file has the name while it is opened, and not before or after.
    Exchanged,
    /// Another file takes the name in the middle of reading, and keeps it.
    Replaced,
}

struct Sender {
    dir: PathBuf,
    name: String,
    deed: Deed,
    done: AtomicBool,
}

impl Sender {
    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.dir.join(from), self.dir.join(to)).unwrap();
    }

    /// True the first time.
    fn acts(&self, deed: Deed, name: &str) -> bool {
        deed == self.deed && name == self.name && !self.done.swap(true, SeqCst)
    }
}

/// The folder that the sender acts in.
struct Haunted {
    inner: Arc<dyn Folder>,
    sender: Arc<Sender>,
    /// Held while a file is exchanged: a look at this moment would rightly take the other for an arrival of its own.
    looks: Mutex<()>,
}

impl Haunted {
    fn looks(&self) -> MutexGuard<'_, ()> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(
        &self,
        name: &str,
        open: impl FnOnce(&dyn Folder) -> fpp_spool::Result<Box<dyn Read + Send>>,
    ) -> fpp_spool::Result<Box<dyn Read + Send>> {
        let exchanged = self.sender.acts(Deed::Exchanged, name);
        let nobody_looks = exchanged.then(|| self.looks());
        if exchanged {
            self.sender.rename(name, ASIDE);
            self.sender.rename(OTHER, name);
        }
        let opened = open(&*self.inner);
        if exchanged {
            self.sender.rename(name, OTHER);
            self.sender.rename(ASIDE, name);
        }
        drop(nobody_looks);
        Ok(Box::new(Watched { inner: opened?, name: name.to_owned(), sender: self.sender.clone() }))
    }
}

/// An open file; after its first bytes the sender may act.
struct Watched {
    inner: Box<dyn Read + Send>,
    name: String,
    sender: Arc<Sender>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = buffer.len().min(1_000);
        let read = self.inner.read(&mut buffer[..length])?;
        if self.sender.acts(Deed::Replaced, &self.name) {
            self.sender.rename(OTHER, &self.name);
        }
        Ok(read)
    }
}

impl Folder for Haunted {
    fn describe(&self) -> String {
        self.inner.describe()
    }
    fn identity(&self) -> fpp_spool::Result<Option<String>> {
        self.inner.identity()
    }
    fn walk(&self, look: &mut dyn Look) -> fpp_spool::Result<()> {
        let _looks = self.looks();
        self.inner.walk(look)
    }
    fn stat(&self, name: &str) -> fpp_spool::Result<Option<Entry>> {
        let _looks = self.looks();
        self.inner.stat(name)
    }
    fn open_at(&self, name: &str, offset: u64) -> fpp_spool::Result<Box<dyn Read + Send>> {
        self.opened(name, |inner| inner.open_at(name, offset))
    }
    fn open_as(&self, seen: &Entry, offset: u64) -> fpp_spool::Result<Box<dyn Read + Send>> {
        self.opened(&seen.name, |inner| inner.open_as(seen, offset))
    }
    fn create_new(&self, name: &str) -> fpp_spool::Result<Box<dyn Sink>> {
        self.inner.create_new(name)
    }
    fn rename_new(&self, from: &str, to: &str) -> fpp_spool::Result<()> {
        self.inner.rename_new(from, to)
    }
    fn move_new(&self, from: &str, subfolder: &str, to: &str) -> fpp_spool::Result<()> {
        self.inner.move_new(from, subfolder, to)
    }
    fn remove(&self, name: &str) -> fpp_spool::Result<()> {
        self.inner.remove(name)
    }
    fn make_folder(&self, path: &str) -> fpp_spool::Result<()> {
        self.inner.make_folder(path)
    }
    fn subfolder(&self, path: &str) -> fpp_spool::Result<Box<dyn Folder>> {
        self.inner.subfolder(path)
    }
    fn sync(&self, name: &str) -> fpp_spool::Result<bool> {
        self.inner.sync(name)
    }
    fn read_small(&self, name: &str, max: usize) -> fpp_spool::Result<Option<Vec<u8>>> {
        self.inner.read_small(name, max)
    }
}

/// A node and a file of the same name, size and time beside the one that is dropped.
async fn haunted(deed: Deed) -> (Site, Node, [CoreFile; 2]) {
    let site = Site::make(&sample_route("pmtrd"));
    let [file, other] = [Dropped::Good, Dropped::Partly].map(|dropped| core_file(1, 20, dropped));
    assert!(file.name == other.name && file.bytes.len() == other.bytes.len() && file.sha256 != other.sha256);
    let dir = site.root.join("core/out");
    fs::write(dir.join(OTHER), &*other.bytes).unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW_MS.unsigned_abs());
    fs::File::options().append(true).open(dir.join(OTHER)).unwrap().set_modified(at).unwrap();
    let sender = Arc::new(Sender { dir, name: file.name.clone(), deed, done: AtomicBool::new(false) });
    let hand = sender.clone();
    let wrap = move |spool: &str, inner: Arc<dyn Folder>| -> Arc<dyn Folder> {
        if spool == "core-out" {
            Arc::new(Haunted { inner, sender: hand.clone(), looks: Mutex::new(()) })
        } else {
            inner
        }
    };
    let options = Options { wrap_folder: Some(Box::new(wrap)), ..Options::default() };
    let node = Node::start(site.settings(), options).await.unwrap();
    site.drop_file(&file.name, &file.bytes, Some(""), NOW_MS);
    (site, node, [file, other])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_exchanged_while_it_is_opened_gives_its_own_bytes() {
    let (_site, node, [file, _]) = haunted(Deed::Exchanged).await;
    let all = settled(&node, 1).await.unwrap();
    assert_eq!((all[0].state, all[0].verdict), (FileState::Archived, Some(Verdict::Accepted)), "{all:?}");
    assert_eq!(all[0].facts.sha256, Some(file.sha256), "the bytes of the file that was ready");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_while_it_is_read_is_held_and_the_new_one_is_a_file_of_its_own() {
    let (_site, node, [_, other]) = haunted(Deed::Replaced).await;
    let both = async || transfers(&*node.ledger).await.len() == 2;
    let until = Instant::now() + PATIENCE;
    while !both().await {
        assert!(Instant::now() < until, "{:?}", transfers(&*node.ledger).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let all = settled(&node, 2).await.unwrap();
    let (held, code) = (&all[0], all[0].facts.hold(None).0);
    assert_eq!((held.state, code), (FileState::Held, Some(1001)), "{all:?}");
    assert_eq!(held.facts.sha256, None, "nobody takes a mixture of two for a file");
    let of = |t: &Transfer| (t.state, t.verdict, t.facts.sha256.clone());
    assert_eq!(of(&all[1]), (FileState::Archived, Some(Verdict::Partly), Some(other.sha256)), "{all:?}");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_has_another_name_elsewhere_is_not_read_and_is_counted() {
    let site = Site::make(&sample_route("pmtrd"));
    let file = core_file(1, 3, Dropped::Good);
    // As if only the node could read it.
    let private = site.root.join("private");
    fs::write(&private, &*file.bytes).unwrap();
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    fs::hard_link(&private, site.root.join("core/out").join(&file.name)).unwrap();
    fs::write(site.root.join("core/out").join(format!("{}.OK", file.name)), "").unwrap();
    let report = site.settings().status_file();
    let ignored = || {
        let spool = NodeReport::read(&report)?.spools.get("core-out")?.clone();
        spool.ignored.get("several names (hard links)").map(|of| (of.count, of.examples.clone()))
    };
    let until = Instant::now() + PATIENCE;
    while ignored() != Some((1, vec![file.name.clone()])) {
        assert!(Instant::now() < until, "{:?}", NodeReport::read(&report));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(transfers(&*node.ledger).await.is_empty());
    fs::remove_file(private).unwrap();
    let all = settled(&node, 1).await.unwrap();
    assert_eq!(all[0].state, FileState::Archived, "{all:?}");
    node.stop().await;
}

/// Bytes of all files below a folder, which a node works in: what goes while it is counted counts nothing.
fn bytes_below(folder: &Path) -> u64 {
    let there = |e: &io::Error| e.kind() != io::ErrorKind::NotFound;
    let Ok(entries) = fs::read_dir(folder).inspect_err(|e| assert!(!there(e), "{e}")) else { return 0 };
    let of = |path: &Path| match fs::symlink_metadata(path) {
        Ok(of) if of.is_dir() => bytes_below(path),
        Ok(of) => of.len(),
        Err(e) => {
            assert!(!there(&e), "{e}");
            0
        }
    };
    entries.map(|entry| of(&entry.unwrap().path())).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_is_refused_for_what_it_is_and_never_unpacked() {
    let site = Site::make(&sample_route("pmtrd"));
    let node = Node::start(site.settings(), Options::default()).await.unwrap();
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(&vec![0; 16 << 20]).unwrap();
    // More than a gibibyte of zeros, in members of 16 MiB.
    let bomb = member.finish().unwrap().repeat(70);
    let name = core_file(1, 3, Dropped::Good).name;
    site.drop_file(&name, &bomb, Some(""), NOW_MS);
    let all = settled(&node, 1).await.unwrap();
    assert_eq!((all[0].verdict, all[0].facts.size), (Some(Verdict::Rejected), Some(bomb.len() as u64)), "{all:?}");
    assert!(matches!(all[0].facts.code, Some(1003 | 1010 | 1017)), "{all:?}");
    assert!(bytes_below(&site.root.join("data")) < bomb.len() as u64 + (4 << 20), "the file, its answer and the books");
    node.stop().await;
}
