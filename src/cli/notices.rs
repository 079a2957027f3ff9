//! `fpp notices`: what a person should hear, and the marks that a person did.

use super::books;
use super::control;
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::{Output, note};
use super::show::Times;
use crate::ledger::change::Notice;
use clap::{Args, Subcommand};
use fpp_codecs::Code;
use serde_json::json;

/// List notices, newest first, or mark some as read.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Examples:\n  fpp notices\n  fpp notices --all --json\n  fpp notices ack 12 13 --reason \"called the core\"\n  fpp notices ack --topic recovered"
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
    /// Mark notices as read
    #[command(group = clap::ArgGroup::new("which").args(["ids", "topic", "subject"]).required(true).multiple(true))]
    Ack {
        /// Numbers of notices
        #[arg(value_name = "N")]
        ids: Vec<i64>,
        /// All open ones of this topic
        #[arg(long)]
        topic: Option<String>,
        /// All open ones about this subject; with --topic those that are both
        #[arg(long)]
        subject: Option<String>,
        /// What was done about it
        #[arg(long)]
        reason: Option<String>,
    },
}

impl Notices {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        if let Some(Act::Ack { ids, topic, subject, reason }) = self.act {
            let command = json!({"ids": ids, "topic": topic, "subject": subject, "reason": reason,
                                 "by": control::operator()});
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
        for notice in &notices {
            tell(notice, &times, out)?;
        }
        if notices.is_empty() {
            note("no notices");
        }
        Ok(Exit::Good)
    }
}

/// One notice.
pub(super) fn tell(notice: &Notice, times: &Times, out: &mut Output) -> std::io::Result<()> {
    let body = &notice.notice;
    let count = if notice.count > 1 { format!(", {} times", notice.count) } else { String::new() };
    let read = notice.acknowledged.as_ref().map(|(who, _)| format!(", read by {who}")).unwrap_or_default();
    let (last, code) = (times.with_zone(notice.last_ms), Code(body.code));
    out.line(format_args!(
        "{}  {last}  {}  {}  {code} {}{count}{read}",
        notice.id, body.severity, body.topic, body.subject
    ))?;
    out.line(format_args!("    {}", body.text))
}
