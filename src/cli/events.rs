//! `fpp events`: the running node's event stream, over its HTTP port, one event a line; and what an operator says about one
//! of them.

use super::control;
use super::correction::{Correct, Void};
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Output, note};
use clap::{Args, Subcommand};
use std::io::Write;
use std::path::PathBuf;

/// How long a follower lets the node wait for news.
const FOLLOW_S: u32 = 30;

/// Read the event stream of the running node, one JSON event a line.
///
/// The position to go on from is told on stderr at the end; the same position always gives the same events.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp events --limit 10\n  fpp events --after 3-end | jq .data\n  \
                        fpp events --from 2025-06-20 --type 'pm.trade.*' --instrument 'Au(T+D)' --follow\n  \
                        fpp events --token-file /etc/fpp/my.token")]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Events {
    #[command(subcommand)]
    act: Option<Act>,
    /// Begin after this position [default: the beginning]
    #[arg(long, value_name = "P", value_parser = position)]
    after: Option<String>,
    /// Begin with the first file of this business date (2025-06-20)
    #[arg(long, value_name = "DATE", conflicts_with = "after")]
    from: Option<String>,
    /// Only these types; `pm.trade.*` means all that begin so
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    r#type: Vec<String>,
    /// Only these routes
    #[arg(long, value_name = "ROUTE", value_delimiter = ',')]
    route: Vec<String>,
    /// Only these instruments (合约), and the ends of files
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    instrument: Vec<String>,
    /// Go on with what comes, until it is interrupted
    #[arg(long)]
    follow: bool,
    /// How many at most
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Seconds to wait for an event when there is none yet
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=50))]
    wait: u32,
    /// Taken because other verbs take it: events are JSON anyway
    #[arg(long = "json")]
    _json: bool,
    /// File that holds the token, for a node that asks for one
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Act {
    Void(Void),
    Correct(Correct),
}

impl Events {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        match self.act {
            Some(Act::Void(verb)) => return verb.run(global, out),
            Some(Act::Correct(verb)) => return verb.run(global, out),
            None => {}
        }
        let settings = global.settings()?;
        let token = match &self.token_file {
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|e| Failure::file("read", file.display(), &e))?;
                Some(text.trim().to_owned())
            }
            None => None,
        };
        let mut filter = String::new();
        for (key, words) in [("type", &self.r#type), ("route", &self.route), ("instrument", &self.instrument)] {
            if !words.is_empty() {
                filter += &format!("&{key}={}", escaped(&words.join(",")));
            }
        }
        let mut place = match (&self.after, &self.from) {
            (Some(after), _) => format!("&after={after}"),
            (None, Some(date)) => format!("&from={}", escaped(date)),
            (None, None) => String::new(),
        };
        let patience = if self.follow { self.wait.max(FOLLOW_S) } else { self.wait };
        loop {
            let path = format!("/v1/events?limit={}&wait={patience}{place}{filter}", self.limit);
            let page = wait(control::events(&settings, &path, token.as_deref()))?;
            out.write_all(&page.lines)?;
            out.flush()?;
            if !self.follow {
                note(format_args!("go on with --after {}", page.position));
                return Ok(Exit::Good);
            }
            place = format!("&after={}", page.position);
        }
    }
}

/// A word of a URL's query.
fn escaped(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~,*".contains(&byte);
    word.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Positions are opaque, but they are words of a URL.
fn position(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
        Ok(text.to_owned())
    } else {
        Err("take it from the line `go on with --after ...` or from an event's `fppposition`".to_owned())
    }
}
