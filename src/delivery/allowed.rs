//! The allow list: which commands a partner may be asked to run, and how one is written out for a file.
//!
//! What is run comes from the configuration alone. Of a file only two names come into it, and only where they consist of
//! characters that mean nothing to a shell, nor within the quotes of CL.

use crate::error::{Error, Result};
use crate::ledger::delivery::Purpose;
use fpp_codecs::Code;
use fpp_spool::{Ran, SftpPool};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The longest command.
const RUN_MAX_BYTES: usize = 1_000;
/// Names of objects on IBM i.
const OBJECT_MAX: usize = 10;
const PLACEHOLDERS: [&str; 2] = ["name", "object"];

/// Whether a command is asked for again when nobody knows whether it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// A person is asked.
    Hold,
    /// It is: the partner's program takes a file once, however often it is told of it.
    Again,
}

/// A command that may be run at a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Its name, by which routes call it.
    pub name: String,
    /// What is run, with `{name}` and `{object}`.
    pub run: String,
    /// What it says when it has done its work.
    pub expect: String,
    /// How long it may take.
    pub timeout: Duration,
    /// What happens when its end is not known.
    pub repeat: Repeat,
}

/// What runs commands at a partner.
pub trait Shell: Send + Sync {
    /// Runs a command once, as [`SftpPool::run`] does.
    fn run(
        &self,
        line: &str,
        limit: Duration,
        before: &mut dyn FnMut() -> fpp_spool::Result<()>,
    ) -> fpp_spool::Result<Ran>;
}

impl Shell for Arc<SftpPool> {
    fn run(
        &self,
        line: &str,
        limit: Duration,
        before: &mut dyn FnMut() -> fpp_spool::Result<()>,
    ) -> fpp_spool::Result<Ran> {
        SftpPool::run(self, line, limit, before)
    }
}

/// The commands of this node's configuration.
#[derive(Default)]
pub struct Commands {
    /// By spool: who runs them, and the allow list.
    pub partners: BTreeMap<String, (Arc<dyn Shell>, Vec<Allowed>)>,
    /// By route, purpose and spool of a delivery: the command that follows it.
    pub follows: Vec<(String, Purpose, String, String)>,
}

/// Refuses a text that cannot be run as it stands.
pub fn check_run(run: &str) -> std::result::Result<(), String> {
    if run.len() > RUN_MAX_BYTES || !run.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Err(format!("must be one line of at most {RUN_MAX_BYTES} printable ASCII characters"));
    }
    let mut rest = run;
    while let Some((_, behind)) = rest.split_once('{') {
        let known = PLACEHOLDERS.iter().find_map(|word| behind.strip_prefix(*word)?.strip_prefix('}'));
        rest =
            known.ok_or("has a `{` that begins neither {name} nor {object}; nothing else of a file comes into it")?;
    }
    Ok(())
}

/// The command for a file; refused where the file's name could mean something to whoever reads the command.
pub fn line(allowed: &Allowed, file: &str) -> Result<String> {
    let unsafe_name = |why: &str| {
        Error::halt(Code::UNSAFE, format!("{file} is not put into the command `{}`: {why}", allowed.name))
            .hint("Run it by hand; then `fpp release ID`. Give the file's name template a shape that fits.")
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if file.starts_with(['-', '.']) || !file.bytes().all(plain) {
        return Err(unsafe_name(
            "a name has letters, digits, `.`, `_` and `-`, and begins with none of the last three",
        ));
    }
    let mut line = allowed.run.replace("{name}", file);
    if line.contains("{object}") {
        let stem = file.split('.').next().unwrap_or_default();
        let letters = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        let begins = stem.starts_with(|c: char| c.is_ascii_uppercase());
        if stem.len() > OBJECT_MAX || !begins || !stem.bytes().all(letters) {
            return Err(unsafe_name("what stands before its first dot is no object name of 10 characters"));
        }
        line = line.replace("{object}", stem);
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Class;

    fn allowed(run: &str) -> Allowed {
        let (name, expect, timeout) = ("load".into(), "CPC1221".into(), Duration::from_secs(1));
        Allowed { name, run: run.into(), expect, timeout, repeat: Repeat::Hold }
    }

    #[test]
    fn only_a_name_that_means_nothing_to_a_shell_comes_into_a_command() {
        let sbmjob = allowed("system \"SBMJOB CMD(CALL PGM(COREACK/LOADACK) PARM('{name}')) JOB({object})\"");
        let due = "system \"SBMJOB CMD(CALL PGM(COREACK/LOADACK) PARM('A0620_01.TXT')) JOB(A0620_01)\"";
        assert_eq!(line(&sbmjob, "A0620_01.TXT").unwrap(), due);
        let name = allowed("load {name} {name}");
        assert_eq!(line(&name, "a-1.txt").unwrap(), "load a-1.txt a-1.txt");
        for bad in ["a b", "a;b", "a'b", "$(a)", "a\nb", "-rf", ".a", "回.TXT", "a/b", "{object}", "a\"", "a`b"] {
            let error = line(&name, bad).unwrap_err();
            assert_eq!((error.code, error.class), (Code::UNSAFE, Class::Halt), "{bad}");
        }
        for bad in ["A23456789_1.TXT", "a1.TXT", "1A.TXT", "A-1.TXT"] {
            assert!(line(&sbmjob, bad).is_err(), "{bad} is no object of 10 characters");
        }
    }

    #[test]
    fn a_text_that_is_more_than_one_plain_line_is_refused() {
        for good in ["load {name}", "system \"SBMJOB JOB({object})\"", "a } b"] {
            check_run(good).unwrap();
        }
        for bad in ["a\nb", "a {path}", "{", "${name", "{{name}}", "回", &"x".repeat(1001)] {
            assert!(check_run(bad).is_err(), "{bad}");
        }
    }
}
