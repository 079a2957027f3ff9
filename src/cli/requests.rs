//! `fpp requests`, `fpp confirm`, `fpp decline`: what one person asked and another one must confirm (双人复核).

use super::books;
use super::control::{self, Command};
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table, note};
use super::show::Times;
use super::why::Why;
use clap::Args;

/// Requests shown at most.
const SHOWN_MAX: u32 = 1_000;

/// List what operators asked for and a second person must confirm.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp requests\n  fpp requests --all --json")]
pub(super) struct Requests {
    /// Show those that are closed, too
    #[arg(long)]
    all: bool,
    /// Print JSON, one request a line
    #[arg(long)]
    json: bool,
}

/// Confirm what another person asked; it is done at once.
///
/// Refused for the person who asked, after a day, and when the request would now do something else than when it was asked.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp confirm 01JY3V8Q5TZ6QX2M4N7P9RSTVW --reason \"looked at it, core agrees\"")]
pub(super) struct Confirm {
    #[command(flatten)]
    said: Said,
}

/// Decline a request, or withdraw one's own.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp decline 01JY3V8Q5TZ6QX2M4N7P9RSTVW --reason \"core sends run 01 instead\"")]
pub(super) struct Decline {
    #[command(flatten)]
    said: Said,
}

#[derive(Debug, Args)]
struct Said {
    /// Request
    #[arg(value_parser = id)]
    id: String,
    #[command(flatten)]
    why: Why,
}

/// Ids stand in a path.
fn id(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { Ok(text.to_owned()) } else { Err("no id of a request; `fpp requests` lists them".to_owned()) }
}

impl Requests {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let asks = wait(async { Ok(books::open(&settings).await?.asks(self.all, SHOWN_MAX).await?) })?;
        if self.json {
            for ask in asks {
                out.json(&ask)?;
            }
            return Ok(Exit::Good);
        }
        if asks.is_empty() {
            note("nothing waits for a second person");
            return Ok(Exit::Good);
        }
        let times = Times::of(&settings.timezone);
        let asked = times.head("asked");
        let columns = [
            ("request", Align::Left),
            (asked.as_str(), Align::Left),
            ("verb", Align::Left),
            ("about", Align::Left),
            ("what happens", Align::Left),
            ("by", Align::Left),
            ("why", Align::Left),
            ("is", Align::Left),
        ];
        let mut table = Table::new(&columns);
        for ask in asks {
            let state = match &ask.closed_by {
                Some(by) => format!("{:?} by {by}", ask.state),
                None => format!("{:?}", ask.state),
            };
            let when = times.show(ask.asked_ms);
            let shown = ask.shown();
            let effect = if shown.is_empty() { ask.effect } else { format!("{}: {}", ask.effect, shown.join("; ")) };
            table.row(vec![ask.id.0, when, ask.verb, ask.subject, effect, ask.person, ask.reason, state]);
        }
        out.line(table)?;
        Ok(Exit::Good)
    }
}

impl Confirm {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        self.said.send("confirm", global, out)
    }
}

impl Decline {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        self.said.send("decline", global, out)
    }
}

impl Said {
    fn send(self, word: &str, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let command = Command { reason: self.why.reason, by: control::operator(), ..Command::default() };
        let path = format!("requests/{}/{word}", self.id);
        let reply = wait(control::send_and_wait(&settings, &path, &command))?;
        reply.tell(self.why.json, out)?;
        Ok(Exit::Good)
    }
}
