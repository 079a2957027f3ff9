//! `fpp hold`, `release`, `reject`, `retry`, `resend`: what an operator decides. Asked of the running node, which journals
//! who and why, and refuses what the state does not allow.

use super::control::Command;
use super::exit::{Exit, Failure};
use super::global::Global;
use super::output::Output;
use super::why::Why;
use clap::Args;

/// Stop a file or a delivery where it is, until a person lets it go on.
///
/// Nothing more of it goes on or out. What was delivered already stays where it is.
///
/// With --partner everything of that partner that may be held: files that came from it and are not at their end, and what is
/// on its way to it. Each then waits for a person's word on its own id; to stop a partner for a while, `fpp pause` it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fpp hold 01JY3V8Q5TZ6QX2M4N7P9RSTVW --reason \"core says totals are wrong, ticket 4711\"\n  \
                  fpp hold --partner core-out --since \"2025-06-20 18:00\" --reason \"core sent a wrong day, ticket 4711\""
)]
pub(super) struct Hold {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    why: Why,
}

/// Send again what partners took: the same bytes under the same names.
///
/// Of one transfer or delivery, or everything that a partner took since a time. A file that still stands in the partner's
/// spool is not sent again; interim answers are not, nor names that a newer file has.
///
/// With --lost what was lost with a folder, and the partner has not: delivered files whose folder is another one now, and
/// held ones of which nobody knows whether they were collected (FPP4008).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp resend 01JY3V8Q5TZ6QX2M4N7P9RSTVW --reason \"core lost it\"\n  \
                        fpp resend --partner core-in --since \"2025-06-20 18:00\" --reason \"core restored its backup\"\n  \
                        fpp resend --partner core-in --lost --reason \"the disk is gone, core has none of it\"")]
pub(super) struct Resend {
    #[command(flatten)]
    which: Which,
    /// What was lost with a folder of that partner
    #[arg(long, requires = "partner")]
    lost: bool,
    #[command(flatten)]
    why: Why,
}

/// Let a held file go on from where it was held.
///
/// The check that held it is not made again. A file needs the digest, which says which bytes were looked at: `fpp
/// transfers show ID` gives the whole command.
///
/// A batch that waits for others goes on without them when --skip names exactly those that it waits for.
///
/// A held command (FPP4011) that is released counts as run. A delivery of which nobody knows whether it was collected
/// (FPP4008) counts as taken; with --partner all of them, and what stood in a folder that is another one now.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fpp release 01JY3V8Q5TZ6QX2M4N7P9RSTVW --digest 9f86d081 --reason \"core confirms batch 0002, ticket 4711\"\n  \
                  fpp release 01JY3V8Q5TZ6QX2M4N7P9RSTVW --digest 9f86d081 --skip 0003 --reason \"core: 0003 never comes\"\n  \
                  fpp release --partner core-in --reason \"core collected them before its disk was changed\""
)]
pub(super) struct Release {
    #[command(flatten)]
    which: Which,
    /// SHA-256 of the file that was looked at, or its first 8 digits or more
    #[arg(long, value_name = "HEX", value_parser = digest, conflicts_with = "partner")]
    digest: Option<String>,
    /// The batch, or span of batches, that it waits for and that never comes: 0003, 0002-0003
    #[arg(long, value_name = "BATCHES", conflicts_with = "partner")]
    skip: Option<String>,
    #[command(flatten)]
    why: Why,
}

/// Refuse a held file: nothing of it is posted, and the core gets a rejecting answer.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  fpp reject 01JY3V8Q5TZ6QX2M4N7P9RSTVW --reason \"totals wrong, core resends as run 01\""
)]
pub(super) struct Reject {
    #[command(flatten)]
    decision: Decision,
    /// SHA-256 of the file that was looked at, or its first 8 digits or more
    #[arg(long, value_name = "HEX", value_parser = digest)]
    digest: Option<String>,
}

/// Try a failing or held transfer or delivery again now, instead of waiting for its next attempt.
///
/// A transfer takes its unfinished deliveries with it; `fpp deliveries` gives the id of a single one.
///
/// With --partner everything of that partner that is held: deliveries to it, and files that came from it. What a person
/// held is passed over, and what may be at the partner already (FPP4008, FPP4011): of that one speaks by its id.
///
/// After a rejecting answer was delivered, another answer would contradict it: say with --core-agreed that the core's
/// operators know.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp retry 01JY3V8Q5TZ6QX2M4N7P9RSTVW --reason \"partner is up again\"\n  \
                        fpp retry --partner core-in --since \"2025-06-20 18:00\" --reason \"core removed the old files\"\n  \
                        fpp retry 01JY3V8Q5TZ6QX2M4N7P9RSTVW --core-agreed --reason \"rejected by a wrong code list, agreed by phone\"")]
pub(super) struct Retry {
    #[command(flatten)]
    which: Which,
    /// The core's operators agreed to a second answer
    #[arg(long, conflicts_with = "partner")]
    core_agreed: bool,
    #[command(flatten)]
    why: Why,
}

/// One thing, or everything of a partner.
#[derive(Debug, Args)]
struct Which {
    /// Transfer or delivery
    #[arg(required_unless_present = "partner", conflicts_with = "partner")]
    id: Option<String>,
    /// Everything of this spool
    #[arg(long, value_name = "SPOOL")]
    partner: Option<String>,
    /// Delivered, held, or (hold) arrived since: a date, or date and time of the node's time zone
    #[arg(long, value_name = "TIME", requires = "partner")]
    since: Option<String>,
}

#[derive(Debug, Args)]
struct Decision {
    /// Transfer
    id: String,
    #[command(flatten)]
    why: Why,
}

impl Hold {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        self.why.send("hold", self.which.command(global)?, global, out)
    }
}

impl Resend {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let lost = self.lost;
        if self.which.partner.is_some() && self.which.since.is_none() && !lost {
            return Err(Failure::usage("say since when with --since, or that it is what was lost with --lost"));
        }
        self.why.send("resend", Command { lost, ..self.which.command(global)? }, global, out)
    }
}

impl Release {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let (digest, skip) = (self.digest, self.skip);
        self.why.send("release", Command { digest, skip, ..self.which.command(global)? }, global, out)
    }
}

impl Reject {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let (digest, Decision { id, why }) = (self.digest, self.decision);
        why.send("reject", Command { id, digest, ..Command::default() }, global, out)
    }
}

impl Retry {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let core_agreed = self.core_agreed;
        self.why.send("retry", Command { core_agreed, ..self.which.command(global)? }, global, out)
    }
}

impl Which {
    fn command(self, global: &Global) -> Result<Command, Failure> {
        let settings = global.settings()?;
        let since_ms = self.since.as_deref().map(|text| time_ms(text, &settings.timezone)).transpose()?;
        let id = self.id.unwrap_or_default();
        Ok(Command { id, partner: self.partner, since_ms, ..Command::default() })
    }
}

/// A time of the node's zone, as people write it.
fn time_ms(text: &str, zone: &str) -> Result<i64, Failure> {
    let cannot = || Failure::usage(format!("--since: `{text}` is no time; write 2025-06-20 or \"2025-06-20 18:00\""));
    let time: jiff::civil::DateTime = match text.parse::<jiff::civil::Date>() {
        Ok(date) if !text.contains(':') => date.into(),
        _ => text.parse().map_err(|_| cannot())?,
    };
    let zoned = time.in_tz(zone).map_err(|_| cannot())?;
    Ok(zoned.timestamp().as_millisecond())
}

fn digest(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    if (8..=64).contains(&lower.len()) && lower.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(lower)
    } else {
        Err("8 to 64 hex digits are needed; `fpp transfers show ID` gives them".to_owned())
    }
}
