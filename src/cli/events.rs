//! `fpp events`: the running node's event stream, over its HTTP port, one event a line.

use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Output, note};
use clap::Args;
use std::io::Write;
use std::path::PathBuf;

/// Read the event stream of the running node, one JSON event a line.
///
/// The position to go on from is told on stderr at the end; the same position always gives the same events.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp events --limit 10\n  fpp events --after 3-end | jq .data\n  \
                        fpp events --token-file /etc/fpp/my.token")]
pub(super) struct Events {
    /// Begin after this position [default: the beginning]
    #[arg(long, value_name = "P", value_parser = position)]
    after: Option<String>,
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

impl Events {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let token = match &self.token_file {
            Some(file) => {
                let text = std::fs::read_to_string(file).map_err(|e| Failure::file("read", file.display(), &e))?;
                Some(text.trim().to_owned())
            }
            None => None,
        };
        let after = self.after.map(|p| format!("&after={p}")).unwrap_or_default();
        let path = format!("/v1/events?limit={}&wait={}{after}", self.limit, self.wait);
        let page = wait(control::events(&settings, &path, token.as_deref()))?;
        out.write_all(&page.lines)?;
        out.flush()?;
        note(format_args!("go on with --after {}", page.position));
        Ok(Exit::Good)
    }
}

/// Positions are opaque, but they are words of a URL.
fn position(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.') {
        Ok(text.to_owned())
    } else {
        Err("take it from the line `go on with --after ...` or from an event's `fppposition`".to_owned())
    }
}
