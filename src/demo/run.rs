//! Runs the demo: starts core and node, tells the story file by file, then keeps the stream open.

use super::folder::Folder;
use super::server::CoreServer;
use super::story::{self, Chapter, Ended};
use crate::api::client;
use crate::error::{Error, Result};
use crate::node::{Node, Options};
use crate::settings::Settings;
use crate::telemetry::figures::grouped;
use fpp_codecs::Code;
use std::collections::HashSet;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

/// How the demo is told.
#[derive(Clone, Debug)]
pub struct Demo {
    /// Its folder.
    pub dir: PathBuf,
    /// Trades of the large files.
    pub trades: u64,
    /// Seed of everything made up.
    pub seed: u64,
    /// Address of HTTP; port 0 takes any.
    pub listen: String,
    /// End after the story instead of at Ctrl-C.
    pub once: bool,
}

/// Tells the story to `out`. An error means that something that was told is not so.
pub async fn run(demo: &Demo, out: &mut dyn Write) -> Result<()> {
    let folder = Folder::make(&demo.dir)?;
    let (core_root, keys) = (folder.root.join("core"), folder.root.join("keys"));
    let core = crate::blocking::blocking(move || {
        CoreServer::start(&core_root, &keys, 0).map_err(|e| Error::internal("the core cannot start").caused_by(e))
    })
    .await?;
    folder.configure(&core, &demo.listen)?;
    let settings = Settings::load(&folder.settings_file())
        .map_err(|faults| Error::internal(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
    let node = Node::start(settings, Options::default()).await?;
    let told = tell(demo, &folder, &core, &node, out).await;
    if told.is_ok() && !demo.once {
        // Whoever ends the demo ends it; a signal that cannot be waited for ends it as well.
        let _ = tokio::signal::ctrl_c().await;
    }
    node.stop().await;
    told
}

async fn tell(demo: &Demo, folder: &Folder, core: &CoreServer, node: &Node, out: &mut dyn Write) -> Result<()> {
    let began = Instant::now();
    let mut say = |line: String| writeln!(out, "{line}").and_then(|()| out.flush()).map_err(pipe);
    say(format!("fpp demo: a stand-in AS/400 core (SFTP on {}) and one node, both in this process", core.address()))?;
    say(format!("folder {}   seed {}   stream http://{}/v1/events", folder.root.display(), demo.seed, node.address))?;
    say(String::new())?;
    let (mut accepted, mut rejected_files) = (0, 0);
    for chapter in story::chapters(demo.trades, demo.seed) {
        let summary = chapter.drop_file(folder)?;
        let megabytes = summary.bytes as f64 / 1e6;
        say(format!(
            "core  drops {}  {} trades, {megabytes:.1} MB: {}",
            chapter.name(),
            grouped(chapter.spec.trades),
            chapter.about
        ))?;
        let ended = chapter.end(folder, node, &summary, Instant::now()).await?;
        for line in lines(&chapter, &ended) {
            say(line)?;
        }
        if ended.transfer.publication.is_some() {
            accepted += ended.transfer.facts.accepted.unwrap_or_default();
            rejected_files += 1;
        }
    }
    say(String::new())?;
    let read = read_stream(node).await?;
    let due = accepted + rejected_files;
    if read != due {
        return Err(Error::internal(format!("the stream gave {read} events, {due} were due")));
    }
    say(format!(
        "stream {} events read over HTTP, every (source, id) once: trades and {rejected_files} ends of file",
        grouped(read)
    ))?;
    let report = node.ledger.verify(None).await?;
    if let Some(broken) = report.broken {
        return Err(Error::internal(format!("the ledger does not verify: {broken}")));
    }
    say(format!("ledger {} journal rows in {} hash chains verify", report.rows, report.chains))?;
    say(format!("all checked in {:.1} s", began.elapsed().as_secs_f64()))?;
    say(String::new())?;
    let conf = folder.settings_file();
    let conf = conf.display();
    let where_to = if demo.once {
        "the node has ended; what is left can be looked at:"
    } else {
        "look around, in another terminal:"
    };
    say(where_to.into())?;
    for verb in ["status", "transfers", "deliveries", "outlets", "notices", "ledger verify"] {
        say(format!("  fpp --config {conf} {verb}"))?;
    }
    if demo.once {
        return Ok(());
    }
    say(format!("  curl 'http://{}/v1/events?limit=2'", node.address))?;
    say("the stream stays up until Ctrl-C".into())
}

/// What happened to one file.
fn lines(chapter: &Chapter, ended: &Ended) -> Vec<String> {
    let facts = &ended.transfer.facts;
    let Some(answer) = &ended.answer else {
        return vec![
            format!(
                "node  holds it: {} {}",
                Code(facts.code.unwrap_or_default()),
                facts.reason.clone().unwrap_or_default()
            ),
            format!(
                "      decide with: fpp release {} --digest {} --reason ...",
                ended.transfer.id,
                short(facts.sha256.as_deref())
            ),
        ];
    };
    let refused: Vec<_> = answer.refused.iter().map(|(seq, code)| format!("{seq}:{code}")).collect();
    let refused =
        if refused.is_empty() { String::new() } else { format!("  refused SEQNO:code {}", refused.join(" ")) };
    let (total, good, bad) = answer.counts;
    let reason = match (answer.status.as_str(), facts.reason.as_deref()) {
        ("R", Some(reason)) => format!("  ({reason})"),
        _ => String::new(),
    };
    let took = format!("{:.1} s", ended.seconds);
    let rate = chapter.spec.trades as f64 / ended.seconds.max(0.001);
    vec![
        format!(
            "core  has the answer, checksum verified, after {took} ({} records/s): {} {}  {} records, {} accepted, {} not{reason}",
            grouped(rate as u64),
            answer.status,
            answer.code,
            grouped(total),
            grouped(good),
            grouped(bad),
        ) + &refused,
    ]
}

/// Reads the whole stream over HTTP, as a service would; gives the number of events, each of them once.
async fn read_stream(node: &Node) -> Result<u64> {
    let mut seen = HashSet::new();
    let mut after = String::new();
    loop {
        let page = client::events(node.address, &format!("/v1/events?limit=10000&after={after}"), None).await?;
        if !page.status.is_success() {
            return Err(Error::internal(format!("the stream answered {}", page.status)));
        }
        let before = seen.len();
        for line in page.body.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
            let event: serde_json::Value =
                serde_json::from_slice(line).map_err(|e| Error::internal("an event is no JSON").caused_by(e))?;
            let key = (event["source"].to_string(), event["id"].to_string());
            if !seen.insert(key) {
                return Err(Error::internal(format!("event {} of {} came twice", event["id"], event["source"])));
            }
        }
        if seen.len() == before {
            return Ok(seen.len() as u64);
        }
        after = page.position;
    }
}

fn short(digest: Option<&str>) -> &str {
    digest.and_then(|d| d.get(..16)).unwrap_or("-")
}

fn pipe(e: io::Error) -> Error {
    Error::internal("the story cannot be told").caused_by(e)
}
