//! `[outlet.NAME]`: the outlets of the node, to which events are pushed. Routes name them (`settings/pushed.rs`).
//!
//! What every outlet has is read here; what a kind has of its own is read by one file a kind beside this one. A kind plugs
//! in at four places, a line or two each:
//!
//! 1. its file here reads its keys into a struct, which is a variant of [`Target`];
//! 2. [`KINDS`] has its word and calls that file's `read`;
//! 3. `src/node/engines.rs` makes its engine (`src/outlets/push.rs`) of that struct;
//! 4. `MORE_PUSHED` in `tests/docs/keys.rs` has an outlet of it, whose keys stand in docs/outlets.md.
//!
//! Nothing is opened here. A secret stands in a file or in the environment, never in the settings (`ledger::secret`).

pub mod append;
pub mod database;
mod mode;
pub(super) mod rocketmq;
pub(super) mod webhook;

use super::reading::Reader;
use fpp_codecs::source::Section;
use std::path::{Path, PathBuf};

/// What a kind of outlet reads of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Lines in files of a folder.
    Append(append::Append),
    /// Rows of typed tables.
    Database(database::Database),
    /// A topic.
    RocketMq(rocketmq::TopicPlace),
    /// An HTTP endpoint.
    Webhook(webhook::WebhookPlace),
}

impl Target {
    /// Where it writes on this machine.
    fn path(&self) -> Option<&Path> {
        match self {
            Target::Append(append) => Some(&append.folder),
            Target::Database(database::Database::File { path, .. }) => Some(path),
            Target::Database(database::Database::Server(_)) | Target::RocketMq(_) | Target::Webhook(_) => None,
        }
    }
}

/// Reads a kind's own keys; nothing where they have faults.
type Read = fn(&Section<'_>, &mut Reader) -> Option<Target>;

/// The kinds, by their words.
const KINDS: &[(&str, Read)] = &[
    ("append", |section, reader| append::read(section, reader).map(Target::Append)),
    ("database", |section, reader| database::read(section, reader).map(Target::Database)),
    ("rocketmq", |section, reader| rocketmq::read(section, reader).map(Target::RocketMq)),
    ("webhook", |section, reader| webhook::read(section, reader).map(Target::Webhook)),
];

/// An outlet of the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutletPlace {
    /// Its name.
    pub name: String,
    /// The word of its kind.
    pub kind: &'static str,
    /// What it is.
    pub target: Target,
    /// Most events in one batch.
    pub batch_events: usize,
    /// A batch is closed when it has grown to so many bytes.
    pub batch_bytes: usize,
    /// Routes whose events are pushed at once; of each route one file at a time.
    pub routes_at_once: usize,
    /// How often an outlet that does not answer is asked whether it does again.
    pub probe_ms: u64,
    /// Longest pause between two attempts of a file.
    pub retry_max_ms: i64,
}

/// Reads `[outlet.NAME]`; `spools` are names that are taken.
pub(super) fn read(root: &Section<'_>, reader: &mut Reader, spools: &[String]) -> Vec<OutletPlace> {
    let Some(section) = root.section("outlet") else { return Vec::new() };
    let mut places = Vec::new();
    let mut met: Vec<(PathBuf, String)> = Vec::new();
    for (name, child) in &section.children() {
        let Some(place) = one(name, child, reader, spools) else { continue };
        if let Some(path) = place.target.path().map(same) {
            if let Some((_, other)) = met.iter().find(|(there, _)| *there == path) {
                child.fault("path", format_args!("is that of outlet `{other}` as well; each needs one of its own"));
            }
            met.push((path, place.name.clone()));
        }
        places.push(place);
    }
    places
}

/// The same for each way to write a path, as far as it is there.
fn same(path: &Path) -> PathBuf {
    let whole = |path: &Path| std::fs::canonicalize(path).ok();
    let parent = || Some(whole(path.parent()?)?.join(path.file_name()?));
    whole(path).or_else(parent).unwrap_or_else(|| path.to_owned())
}

fn one(name: &str, section: &Section<'_>, reader: &mut Reader, spools: &[String]) -> Option<OutletPlace> {
    reader.check_name(section, "kind", name);
    if spools.iter().any(|spool| spool == name) {
        section.fault("kind", format_args!("`{name}` is the name of a spool; an outlet needs one of its own"));
    }
    let kind = section.choice("kind", &words());
    if !section.has("kind") {
        section.fault("kind", format_args!("is missing; known: {}", known()));
    }
    let whole = |key: &str, range, usual: usize| {
        section.number_in(key, range).and_then(|n| usize::try_from(n).ok()).unwrap_or(usual)
    };
    let routes_at_once = whole("routes_at_once", 1..=64, 4);
    let probe_ms = section.number_in("probe_ms", 100..=60_000).map_or(1_000, i64::unsigned_abs);
    let (word, read) = KINDS.get(kind?)?;
    // A database makes each batch durable by a commit, and the cursor by another one.
    let (most, bytes) = if *word == "database" { (5_000, 8 << 20) } else { (1_000, 2 << 20) };
    let batch_events = whole("batch_events", 1..=100_000, most);
    let batch_bytes = whole("batch_bytes", 1_024..=64 << 20, bytes);
    let usual = if *word == "webhook" { webhook::RETRY_MAX_MS } else { 60_000 };
    let retry_max_ms = section.number_in("retry_max_ms", 500..=3_600_000).unwrap_or(usual);
    let target = read(section, reader);
    section.no_more();
    Some(OutletPlace {
        name: name.to_owned(),
        kind: word,
        target: target?,
        batch_events,
        batch_bytes,
        routes_at_once,
        probe_ms,
        retry_max_ms,
    })
}

fn words() -> Vec<(&'static str, usize)> {
    KINDS.iter().enumerate().map(|(at, (word, _))| (*word, at)).collect()
}

fn known() -> String {
    KINDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
}

/// The words of all kinds.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|(word, _)| *word)
}
