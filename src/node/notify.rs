//! Runs the configured command for each new notice, so that a person hears of it who reads no screen.
//!
//! Invariants: a program with its arguments, no shell; of the environment only what is listed, and what tells of the
//! notice; so many at once, each for so long, then its whole process group is killed; its output is bounded and goes to
//! the log. One of all nodes runs it, once for a notice: what was begun stands in the books before it is begun. That it
//! fails is a line in the log and stops nothing. However many notices are open, the oldest that is not told yet is the next,
//! and as soon as a command ends the next one begins.

use super::rooms::Rooms;
use crate::error::Result;
use crate::ledger::change::{Change, Notice, RECOVERED};
use crate::settings::Notify;
use fpp_codecs::Code;
use std::collections::BTreeSet;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Open notices that are read at once.
const PAGE: u32 = 500;
/// What was begun, by keys `command/<notice>`.
const BEGUN: &str = "command/";
/// Keys of what was begun before this process that are read at its start; of older ones the books are asked one by one.
const BEGUN_MAX: u32 = 100_000;
/// For so long notices are read again behind which all are told: a transaction that took its id earlier may end later.
const SETTLE: Duration = Duration::from_secs(300);
/// Bytes of each stream of the output that are logged.
const OUTPUT_MAX: u64 = 4_096;
/// From when on notices are told by command.
const SINCE: &str = "command-since";

/// Starts it, where a command is configured.
pub(super) fn start(services: &mut JoinSet<Result<()>>, rooms: &Arc<Rooms>, stopped: &signal::Receiver<bool>) {
    if let Some(notify) = rooms.settings.notify.clone() {
        services.spawn(run(rooms.clone(), Arc::new(notify), stopped.clone()));
    }
}

async fn run(rooms: Arc<Rooms>, notify: Arc<Notify>, mut stopped: signal::Receiver<bool>) -> Result<()> {
    let every = Duration::from_millis(rooms.settings.work.rescan_ms.max(50));
    let (mut told, mut running) = (ToldSoFar::default(), JoinSet::new());
    loop {
        if let Err(error) = look(&rooms, &notify, &mut told, &mut running).await
            && !rooms.outage.tells("notices", &error)
        {
            tracing::warn!("notices cannot be looked at for the command: {error}");
        }
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => break,
            Some(_) = running.join_next() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
    // Commands that run have their own limit of time; the node's drain is the other one.
    while running.join_next().await.is_some() {}
    Ok(())
}

/// How far the open notices are told.
#[derive(Default)]
struct ToldSoFar {
    /// Open ones behind `after` that this process knows to be told; nothing before the first look.
    done: Option<BTreeSet<i64>>,
    /// Notices up to this one are all told, for [`SETTLE`] and longer.
    after: i64,
    /// The last one behind which all were told, and when that was seen.
    settling: Option<(i64, Instant)>,
    /// The last one that the look before came to, where there were no more places: what was read need not be read again for
    /// each command that ends.
    came_to: Option<i64>,
}

impl ToldSoFar {
    /// All up to this one are told: after a while they are read no more.
    fn all_up_to(&mut self, last: i64) {
        match self.settling {
            Some((_, since)) if since.elapsed() < SETTLE => {}
            was => {
                self.after = was.map_or(self.after, |(id, _)| id.min(last).max(self.after));
                self.settling = Some((last, Instant::now()));
            }
        }
    }
}

/// Begins the command for what is not told yet, the oldest first, as far as there are places.
async fn look(rooms: &Rooms, notify: &Arc<Notify>, told: &mut ToldSoFar, running: &mut JoinSet<()>) -> Result<()> {
    while running.try_join_next().is_some() {}
    let since_ms = since(rooms).await?;
    let mut done = match told.done.take() {
        Some(done) => done,
        None => begun(rooms).await?,
    };
    let from = told.came_to.take();
    let ended = walk(rooms, notify, since_ms, (from.unwrap_or(told.after), &mut done), running).await;
    let mut failed = Ok(());
    match ended {
        Ok(Ended::NoPlace { last }) => told.came_to = Some(last),
        Ok(Ended::All { told_up_to, open }) if from.is_none() => {
            done = open;
            told.all_up_to(told_up_to);
        }
        Ok(_) => {}
        Err(error) => failed = Err(error),
    }
    done.retain(|id| *id > told.after);
    told.done = Some(done);
    failed
}

/// How a walk ended.
enum Ended {
    /// Behind this one is one that must wait for a place.
    NoPlace { last: i64 },
    /// At the end: up to which all are told, and those that are open and told.
    All { told_up_to: i64, open: BTreeSet<i64> },
}

/// Walks over the open notices behind one. One that is not wanted may be by and by: it is raised anew as something worse.
async fn walk(
    rooms: &Rooms,
    notify: &Arc<Notify>,
    since_ms: i64,
    (after, done): (i64, &mut BTreeSet<i64>),
    running: &mut JoinSet<()>,
) -> Result<Ended> {
    let (mut last, mut told_up_to, mut open) = (after, after, BTreeSet::new());
    loop {
        let page = rooms.ledger.open_notices(last, PAGE).await?;
        for notice in &page {
            let is_old = notice.raised_ms < since_ms || done.contains(&notice.id);
            if !is_old && is_wanted(notify, notice) {
                if running.len() >= notify.at_once {
                    return Ok(Ended::NoPlace { last });
                }
                begin(rooms, notify, notice, running).await?;
            }
            if is_old || is_wanted(notify, notice) {
                done.insert(notice.id);
                open.insert(notice.id);
                told_up_to = if told_up_to == last { notice.id } else { told_up_to };
            }
            last = notice.id;
        }
        if page.len() < PAGE as usize {
            return Ok(Ended::All { told_up_to, open });
        }
    }
}

/// Begins the command, unless another node did.
async fn begin(rooms: &Rooms, notify: &Notify, notice: &Notice, running: &mut JoinSet<()>) -> Result<()> {
    let mark = Change::Tell { key: format!("{BEGUN}{}", notice.id), notice: None };
    if rooms.apply(&[mark]).await?.told > 0 {
        let command = command(notify, notice, &rooms.settings.installation, &rooms.settings.node);
        running.spawn(tell(command, Duration::from_millis(notify.timeout_ms), notice.id));
    }
    Ok(())
}

/// What any node began in former lives.
async fn begun(rooms: &Rooms) -> Result<BTreeSet<i64>> {
    let told = rooms.ledger.told(BEGUN, false, BEGUN_MAX).await?;
    Ok(told.iter().filter_map(|told| told.key.strip_prefix(BEGUN)?.parse().ok()).collect())
}

/// What was raised before the command was first configured is not told by it.
async fn since(rooms: &Rooms) -> Result<i64> {
    if let Some(told) = rooms.ledger.told(SINCE, false, 1).await?.first() {
        return Ok(told.at_ms);
    }
    let now_ms = rooms.clock.now_ms();
    rooms.apply(&[Change::Tell { key: SINCE.into(), notice: None }]).await?;
    Ok(now_ms)
}

fn is_wanted(notify: &Notify, notice: &Notice) -> bool {
    let Notice { notice, .. } = notice;
    !notify.errors_only || notice.severity == "error" || notice.topic == RECOVERED
}

fn command(notify: &Notify, notice: &Notice, installation: &str, node: &str) -> Command {
    let mut command = Command::new(&notify.program);
    command.args(&notify.arguments).env_clear();
    for name in &notify.environment {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let body = &notice.notice;
    command
        .env("FPP_INSTALLATION", installation)
        .env("FPP_NODE", node)
        .env("FPP_NOTICE", notice.id.to_string())
        .env("FPP_SEVERITY", &body.severity)
        .env("FPP_TOPIC", &body.topic)
        .env("FPP_SUBJECT", &body.subject)
        .env("FPP_CODE", Code(body.code).to_string())
        .env("FPP_TEXT", body.text.replace('\0', " "))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Runs the command to its end, or to the end of its time.
async fn tell(mut command: Command, timeout: Duration, notice: i64) {
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return tracing::error!(notice, "the command of [notify] cannot be started: {error}"),
    };
    let group = child.id();
    match tokio::time::timeout(timeout, finish(&mut child)).await {
        Ok(Ok((status, output))) if status.success() => tracing::info!(notice, output, "told by command"),
        Ok(Ok((status, output))) => tracing::error!(notice, output, "the command of [notify] ended with {status}"),
        Ok(Err(error)) => tracing::error!(notice, "the command of [notify] failed: {error}"),
        Err(_) => {
            tracing::error!(notice, "the command of [notify] took longer than {timeout:?} and is killed");
            kill(group);
            if let Err(error) = child.wait().await {
                tracing::debug!(notice, "{error}");
            }
        }
    }
}

/// With everything that it started.
fn kill(group: Option<u32>) {
    let group = group.and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group
        && let Err(error) = rustix::process::kill_process_group(group, rustix::process::Signal::KILL)
    {
        tracing::warn!("the command's processes cannot be killed: {error}");
    }
}

async fn finish(child: &mut Child) -> std::io::Result<(ExitStatus, String)> {
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let (out, err, status) = tokio::join!(first_of(out), first_of(err), child.wait());
    Ok((status?, [out, err].concat()))
}

/// The beginning of a stream; the rest is read and dropped, so that the command never waits for a reader.
async fn first_of(stream: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut bytes = Vec::new();
    let read = (&mut stream).take(OUTPUT_MAX).read_to_end(&mut bytes).await;
    if let Err(error) = read.and(Ok(())) {
        tracing::debug!("the command's output: {error}");
    }
    if let Err(error) = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await {
        tracing::debug!("the command's output: {error}");
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
