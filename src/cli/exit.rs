//! How a verb ends: exit codes, and failures with their message.

use super::compressed::Unreadable;
use crate::error::{Class, Error};
use fpp_codecs::Code;
use fpp_codecs::source::SourceFault;
use std::fmt;
use std::io;

/// Exit codes; scripts and job schedulers rely on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All good.
    Good = 0,
    /// A fault of fpp or of the machine.
    Internal = 1,
    /// The command line or the configuration is wrong, or no node runs.
    Usage = 2,
    /// Some records are refused.
    RecordsRefused = 3,
    /// A file is rejected or held.
    FileRefused = 4,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> std::process::ExitCode {
        std::process::ExitCode::from(exit as u8)
    }
}

/// A verb that ended early.
#[derive(Debug)]
pub struct Failure {
    /// Exit code.
    pub exit: Exit,
    /// What to tell on stderr; nothing when the reader of a pipe just went away.
    pub message: String,
}

impl Failure {
    /// The command line or the configuration is wrong.
    pub fn usage(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, message: message.into() }
    }

    /// A fault of fpp or of the machine.
    pub fn internal(message: impl Into<String>) -> Failure {
        Failure { exit: Exit::Internal, message: message.into() }
    }

    /// All faults of configuration files, a line each.
    pub fn faults(faults: &[SourceFault]) -> Failure {
        let mut lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let plural = if faults.len() == 1 { "fault" } else { "faults" };
        lines.push(format!("{} {plural}", faults.len()));
        Failure::usage(lines.join("\n"))
    }

    /// A file that cannot be opened, read or written; one that cannot be unpacked is refused, with its code.
    pub fn file(doing: &str, file: impl fmt::Display, error: &io::Error) -> Failure {
        if let Some(unreadable) = Unreadable::of(error) {
            let code = unreadable.code;
            let message = format!("{file}: {code}: {unreadable} | {}", code.hint());
            return Failure { exit: Exit::FileRefused, message };
        }
        let exit = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory => Exit::Usage,
            _ => Exit::Internal,
        };
        Failure { exit, message: format!("cannot {doing} {file}: {error}") }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let exit = match (error.code, error.class) {
            (Code::RANGE | Code::REQUEST | Code::UNKNOWN | Code::REFUSED, _) => Exit::Usage,
            (Code::INTERNAL | Code::LEDGER | Code::VAULT | Code::STALE_EPOCH | Code::PLAN | Code::SCRATCH, _) => {
                Exit::Internal
            }
            (_, Class::Reject | Class::Halt) => Exit::FileRefused,
            (_, Class::Retry) => Exit::Internal,
        };
        // What was said on the command line is told without a code: codes are for files and partners.
        let told = error.to_string();
        let code = format!("{} ", error.code);
        let message = if exit == Exit::Usage { told.replacen(&code, "", 1) } else { told };
        Failure { exit, message }
    }
}

/// Writing to stdout: a pipe whose reader went away ends a verb quietly and well, as it does for `head`.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure { exit: Exit::Good, message: String::new() },
            _ => Failure::internal(format!("cannot write: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_never_change() {
        let codes = [Exit::Good, Exit::Internal, Exit::Usage, Exit::RecordsRefused, Exit::FileRefused];
        assert_eq!(codes.map(|c| c as u8), [0, 1, 2, 3, 4]);
    }

    #[test]
    fn a_refused_file_is_told_from_a_broken_machine() {
        assert_eq!(Failure::from(Error::reject(Code::TRAILER, "x")).exit, Exit::FileRefused);
        assert_eq!(Failure::from(Error::halt(Code::OTHER_BYTES, "x")).exit, Exit::FileRefused);
        assert_eq!(Failure::from(Error::internal("x")).exit, Exit::Internal);
        assert_eq!(Failure::from(Error::halt(Code::VAULT, "x")).exit, Exit::Internal);
        let usage = Failure::from(Error::halt(Code::RANGE, "x is no y").hint("Say z."));
        assert_eq!((usage.exit, usage.message.as_str()), (Exit::Usage, "x is no y | Say z."));
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure() {
        let failure = Failure::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((failure.exit, failure.message.as_str()), (Exit::Good, ""));
    }
}
