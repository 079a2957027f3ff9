//! `[spool.<name>.command.<word>]`: the commands that may be run at a partner, each by a name.
//!
//! A route names one of them; what is run stands here alone and nowhere else, so that neither a file nor a message can
//! say what a partner runs. Only two things of a file come into it, each checked when it is put there
//! (`crate::delivery::allowed`).

use super::reading::Reader;
use crate::delivery::allowed::{Allowed, Repeat, check_run};
use fpp_codecs::source::Section;
use std::time::Duration;

/// The longest text that a command must say.
const EXPECT_MAX: usize = 200;

/// Reads the commands of a spool.
pub(super) fn read(section: &Section<'_>, reader: &Reader) -> Vec<Allowed> {
    let Some(commands) = section.section("command") else { return Vec::new() };
    commands.children().iter().filter_map(|(name, child)| one(name, child, reader)).collect()
}

/// Commands run where there is somebody to run them.
pub(super) fn refuse(section: &Section<'_>) {
    if section.has("command") {
        section.section("command").iter().for_each(|commands| drop(commands.children()));
        section.fault("command", "is for spools of kind sftp: it is run by the partner, over SSH");
    }
}

fn one(name: &str, section: &Section<'_>, reader: &Reader) -> Option<Allowed> {
    reader.check_name(section, "run", name);
    let run = section.need_text("run");
    if let Err(why) = check_run(&run)
        && !run.is_empty()
    {
        section.fault("run", why);
    }
    let expect = section.need_text("expect");
    if section.has("expect") && (expect.trim().is_empty() || expect.len() > EXPECT_MAX || !is_plain(&expect)) {
        section.fault(
            "expect",
            format_args!(
                "must be up to {EXPECT_MAX} printable ASCII characters that the command says only when it has done its \
                 work: an exit code of 0 alone is no proof"
            ),
        );
    }
    let timeout_ms = section.number_in("timeout_ms", 100..=600_000).unwrap_or(30_000).unsigned_abs();
    let words = [("hold", Repeat::Hold), ("again", Repeat::Again)];
    let repeat = section.choice("when_unsure", &words).unwrap_or(Repeat::Hold);
    section.no_more();
    Some(Allowed { name: name.to_owned(), run, expect, timeout: Duration::from_millis(timeout_ms), repeat })
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
}
