//! `fpp notices`: what a person should hear, and the mark that a person did.

use super::books;
use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Align, Output, Table};
use super::show::Times;
use crate::ledger::Ledger;
use clap::{Args, Subcommand};
use fpp_codecs::Code;
use serde_json::json;

/// List notices, newest first, or mark one as read.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  fpp notices\n  fpp notices --all --json\n  fpp notices ack 12 --reason \"called the core\""
)]
pub(super) struct Notices {
    #[command(subcommand)]
    act: Option<Act>,
    /// Those that were read, too
    #[arg(long)]
    all: bool,
    /// How many
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// Print JSON, one notice a line
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Mark a notice as read
    Ack {
        /// Number of the notice
        id: i64,
        /// What was done about it
        #[arg(long)]
        reason: Option<String>,
    },
}

impl Notices {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        if let Some(Act::Ack { id, reason }) = self.act {
            let by = match reason {
                Some(reason) => format!("{}: {reason}", control::operator()),
                None => control::operator(),
            };
            let command = json!({"id": id, "by": by});
            out.line(wait(control::send(&settings, "notices/ack", &command))?.message)?;
            return Ok(Exit::Good);
        }
        let notices = wait(async { Ok(books::open(&settings).await?.notices(self.all, self.limit).await?) })?;
        if self.json {
            for notice in &notices {
                out.json(notice)?;
            }
            return Ok(Exit::Good);
        }
        let times = Times::of(&settings.timezone);
        let columns = [
            ("id", Align::Right),
            ("last", Align::Left),
            ("times", Align::Right),
            ("severity", Align::Left),
            ("code", Align::Left),
            ("about", Align::Left),
            ("what", Align::Left),
            ("read by", Align::Left),
        ];
        let mut table = Table::new(&columns);
        for notice in notices {
            let body = notice.notice;
            table.row(vec![
                notice.id.to_string(),
                times.show(notice.last_ms),
                notice.count.to_string(),
                body.severity,
                Code(body.code).to_string(),
                format!("{} {}", body.topic, body.subject),
                body.text,
                notice.acknowledged.map(|(who, _)| who).unwrap_or_default(),
            ]);
        }
        if table.is_empty() {
            out.line("no notices")?;
        } else {
            out.line(table)?;
        }
        Ok(Exit::Good)
    }
}
