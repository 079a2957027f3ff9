//! What can go wrong with a folder, in the words an operator needs.
//!
//! Every error has a kind (the machine decides by it), a sentence saying what happened and where, and a hint saying what
//! to do next. Kinds map to return codes FPPnnnn; a code never changes its meaning. This module does not decide about
//! retries or holds: [`Error::retry_helps`] only says whether the same call may succeed later without a person.

use std::fmt;
use std::io;
use std::time::Duration;

/// Result of a spool operation.
pub type Result<T> = std::result::Result<T, Error>;

/// What kind of trouble it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ErrorKind {
    /// The host key is not one of the pinned ones. Nothing was sent to that host.
    HostKey,
    /// The login was refused, or the key, password or agent cannot be used.
    Login,
    /// The partner cannot be reached, or did not answer before the deadline.
    Unreachable,
    /// The target name exists with other content.
    TargetExists,
    /// What was read back differs from what was written.
    ReadBack,
    /// The folder cannot be listed, written or renamed in.
    Folder,
    /// No space, or the quota is used up.
    NoSpace,
    /// The file is not there.
    Missing,
    /// The file is not the one that was seen before.
    Changed,
    /// The name or the kind of file is refused as unsafe.
    Unsafe,
    /// Nobody can tell whether the partner has collected the file or lost it.
    Unsure,
    /// The caller could not record a fact, so the protocol stopped before the next step.
    NotRecorded,
    /// Any other input or output error.
    Io,
}

/// One error: kind, what happened, what to do next, and the cause where there is one.
pub struct Error {
    /// What kind of trouble.
    pub kind: ErrorKind,
    /// What happened, and where.
    pub what: String,
    /// What to do next; may be empty.
    pub hint: String,
    /// The cause.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// A rename was refused for sure: nothing has the final name by it, and nothing will get it. The proof that came
    /// before it says nothing any more.
    pub refused: bool,
    /// Before this nothing else will come of it: the partner is left alone for so long.
    pub retry_after: Option<Duration>,
}

impl Error {
    /// An error without a hint or a cause.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Error {
        Error { kind, what: what.into(), hint: kind.hint().to_owned(), source: None, refused: false, retry_after: None }
    }

    /// Says what to do next, instead of the kind's own hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = hint.into();
        self
    }

    /// Keeps the cause.
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.source = Some(source.into());
        self
    }

    /// An error of the operating system, with the words of what was being done.
    pub fn from_io(doing: impl fmt::Display, error: io::Error) -> Error {
        let kind = kind_of(&error);
        // An error that this crate already classified keeps its kind through readers and writers.
        match error.downcast::<Error>() {
            Ok(inner) => inner,
            Err(error) => Error::new(kind, format!("{doing}: {error}")).caused_by(error),
        }
    }

    /// The same error for an interface that speaks `io::Error`.
    pub fn into_io(self) -> io::Error {
        io::Error::other(self)
    }

    /// Says that the rename did not happen and will not.
    pub(crate) fn refused(self) -> Error {
        Error { refused: true, ..self }
    }

    /// The number of the return code FPPnnnn.
    pub fn code(&self) -> u16 {
        self.kind.code()
    }

    /// True when the same call may succeed later without a person doing something.
    pub fn retry_helps(&self) -> bool {
        use ErrorKind::*;
        !matches!(self.kind, HostKey | Login | TargetExists | Unsafe | Unsure)
    }
}

impl ErrorKind {
    /// The number of the return code FPPnnnn.
    pub fn code(self) -> u16 {
        match self {
            ErrorKind::HostKey => 4001,
            ErrorKind::Login => 4002,
            ErrorKind::Unreachable => 4003,
            ErrorKind::TargetExists => 4004,
            ErrorKind::ReadBack => 4005,
            ErrorKind::Folder | ErrorKind::Io => 4006,
            ErrorKind::NoSpace => 4007,
            ErrorKind::Unsure => 4008,
            ErrorKind::Missing | ErrorKind::Changed => 1001,
            ErrorKind::Unsafe => 1016,
            ErrorKind::NotRecorded => 9001,
        }
    }

    fn hint(self) -> &'static str {
        match self {
            ErrorKind::HostKey => "ask the partner whether the key was changed, then pin the new one and restart",
            ErrorKind::Login => "check the user and the key, agent or password file",
            ErrorKind::Unreachable => "check host, port, firewall and the partner's service; it is tried again",
            ErrorKind::TargetExists => "compare the two files with the partner; nothing is overwritten",
            ErrorKind::ReadBack => "the storage or the link damages data; it is sent again",
            ErrorKind::Folder => "check that the folder exists and may be listed, written and renamed in",
            ErrorKind::NoSpace => "free space or raise the quota; it is tried again",
            ErrorKind::Missing => "it may have been collected or removed; the next scan shows it",
            ErrorKind::Changed => "it is still being written; the next scan sees the new state",
            ErrorKind::Unsafe => "rename the file, or change the route",
            ErrorKind::Unsure => "ask the partner whether it has the file",
            ErrorKind::NotRecorded => "see the ledger's own error; the delivery continues from the same step",
            ErrorKind::Io => "see the operating system's message",
        }
    }
}

fn kind_of(error: &io::Error) -> ErrorKind {
    use io::ErrorKind as K;
    // O_NOFOLLOW answers ELOOP on a link; a socket cannot be opened and answers ENXIO.
    let unsafe_kinds = [rustix::io::Errno::LOOP, rustix::io::Errno::NXIO].map(rustix::io::Errno::raw_os_error);
    if error.raw_os_error().is_some_and(|errno| unsafe_kinds.contains(&errno)) {
        return ErrorKind::Unsafe;
    }
    match error.kind() {
        K::NotFound => ErrorKind::Missing,
        K::PermissionDenied | K::ReadOnlyFilesystem | K::NotADirectory => ErrorKind::Folder,
        K::AlreadyExists => ErrorKind::TargetExists,
        K::StorageFull | K::QuotaExceeded => ErrorKind::NoSpace,
        K::TimedOut | K::ConnectionReset | K::ConnectionAborted | K::ConnectionRefused | K::BrokenPipe => {
            ErrorKind::Unreachable
        }
        K::HostUnreachable | K::NetworkUnreachable | K::NotConnected => ErrorKind::Unreachable,
        _ => ErrorKind::Io,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FPP{:04} {}", self.code(), self.what)?;
        if self.hint.is_empty() { Ok(()) } else { write!(f, " ({})", self.hint) }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_code_what_and_what_to_do() {
        let error = Error::new(ErrorKind::TargetExists, "PMACK.TXT in /in");
        assert_eq!(error.code(), 4004);
        assert_eq!(
            error.to_string(),
            "FPP4004 PMACK.TXT in /in (compare the two files with the partner; nothing is overwritten)"
        );
        assert!(!error.retry_helps());
    }

    #[test]
    fn keeps_its_kind_through_io() {
        let error = Error::new(ErrorKind::Unreachable, "frozen").into_io();
        assert_eq!(Error::from_io("reading", error).kind, ErrorKind::Unreachable);
        assert_eq!(Error::from_io("x", io::Error::from(io::ErrorKind::StorageFull)).kind, ErrorKind::NoSpace);
    }
}
