//! Runs the configured command for each new notice, so that a person hears of it who reads no screen.
//!
//! Invariants: a program with its arguments, no shell; of the environment only what is listed, and what tells of the
//! notice; so many at once, each for so long, then its whole process group is killed; its output is bounded and goes to
//! the log. One of all nodes runs it, once for a notice: what was begun stands in the books before it is begun. That it
//! fails is a line in the log and stops nothing.

use super::rooms::Rooms;
use crate::error::Result;
use crate::ledger::change::{Change, Notice, RECOVERED};
use crate::settings::Notify;
use fpp_codecs::Code;
use std::collections::HashSet;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::watch as signal;
use tokio::task::JoinSet;

/// Open notices that are looked at.
const NOTICES_MAX: u32 = 500;
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
    let (mut seen, mut running) = (HashSet::new(), JoinSet::new());
    loop {
        if let Err(error) = look(&rooms, &notify, &mut seen, &mut running).await
            && !rooms.outage.tells("notices", &error)
        {
            tracing::warn!("notices cannot be looked at for the command: {error}");
        }
        tokio::select! {
            _ = stopped.wait_for(|s| *s) => break,
            () = tokio::time::sleep(every) => {}
        }
    }
    // Commands that run have their own limit of time; the node's drain is the other one.
    while running.join_next().await.is_some() {}
    Ok(())
}

/// Begins the command for what is new, as far as there are places; the rest has its turn at the next look.
async fn look(rooms: &Rooms, notify: &Arc<Notify>, seen: &mut HashSet<i64>, running: &mut JoinSet<()>) -> Result<()> {
    while running.try_join_next().is_some() {}
    let since_ms = since(rooms).await?;
    let mut open = rooms.ledger.notices(false, NOTICES_MAX).await?;
    seen.retain(|id| open.iter().any(|notice| notice.id == *id));
    open.retain(|notice| notice.raised_ms >= since_ms && is_wanted(notify, notice) && !seen.contains(&notice.id));
    for notice in open.into_iter().rev() {
        if running.len() >= notify.at_once {
            return Ok(());
        }
        let mark = Change::Tell { key: format!("command/{}", notice.id), notice: None };
        let begun = rooms.ledger.apply(None, rooms.clock.now_ms(), &[mark]).await?.told > 0;
        seen.insert(notice.id);
        if begun {
            let command = command(notify, &notice, &rooms.settings.installation, &rooms.settings.node);
            running.spawn(tell(command, Duration::from_millis(notify.timeout_ms), notice.id));
        }
    }
    Ok(())
}

/// What was raised before the command was first configured is not told by it.
async fn since(rooms: &Rooms) -> Result<i64> {
    if let Some(told) = rooms.ledger.told(SINCE, false, 1).await?.first() {
        return Ok(told.at_ms);
    }
    let now_ms = rooms.clock.now_ms();
    rooms.ledger.apply(None, now_ms, &[Change::Tell { key: SINCE.into(), notice: None }]).await?;
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
