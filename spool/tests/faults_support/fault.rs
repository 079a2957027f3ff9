//! Which call fails, and how; and the loop over every call.

use fpp_spool::*;
use rustix::io::Errno;
use std::fmt;

/// The errors of an operating system that every call may meet.
pub(crate) const ERRNOS: [Errno; 5] = [Errno::NOSPC, Errno::DQUOT, Errno::IO, Errno::ACCESS, Errno::MFILE];

/// What the Nth call does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum How {
    /// It fails, and nothing happened.
    Refused(Errno),
    /// The line breaks before it, and nothing happened.
    Cut,
    /// So many bytes of a read or write go through, then it fails. Any other call is refused.
    Torn(Errno, usize),
    /// It happens, and only its answer is lost.
    AnswerLost,
    /// Its answer is lost, and a rename or removal happens so many calls later. Any other call is cut.
    Late(u64),
    /// The Nth sync fails, and bytes are lost that reading still shows. Other calls are not counted.
    LostSync,
    /// The process is killed before it.
    Killed,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            How::Refused(errno) => write!(f, "call refused ({errno})"),
            How::Cut => f.write_str("line breaks before a call"),
            How::Torn(errno, _) => write!(f, "torn read or write ({errno})"),
            How::AnswerLost => f.write_str("answer of a call lost"),
            How::Late(_) => f.write_str("answer lost, and done later"),
            How::Killed => f.write_str("SIGKILL before a call"),
            How::LostSync => f.write_str("sync fails and its bytes are lost"),
        }
    }
}

/// Which call fails, how, and whether everything after it fails too, as when the process died or the line stays cut.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Fault {
    pub(crate) at: u64,
    pub(crate) how: How,
    pub(crate) dead: bool,
}

/// None.
impl Default for Fault {
    fn default() -> Fault {
        Fault { at: u64::MAX, how: How::Cut, dead: false }
    }
}

/// Every manner of failing that is worth a loop of its own.
pub(crate) fn manners() -> Vec<(How, bool)> {
    let mut manners: Vec<_> = ERRNOS.map(|errno| (How::Refused(errno), false)).into();
    manners.extend([(How::Torn(Errno::NOSPC, 7), false), (How::Torn(Errno::IO, 1), true)]);
    manners.extend([(How::Cut, false), (How::Cut, true), (How::AnswerLost, false), (How::AnswerLost, true)]);
    manners
}

/// Runs `one` with a fault at its first call, its second, and so on, until a run passes untouched: `one` says whether
/// the fault was met. Gives the number of faults.
pub(crate) fn at_every_call(how: How, dead: bool, mut one: impl FnMut(Fault) -> bool) -> u64 {
    let mut at = 0;
    while one(Fault { at, how, dead }) {
        at += 1;
        assert!(at < 500, "it never ends");
    }
    tell(at, how, dead);
    at
}

/// So many faults were made; `./dev reliability` adds them up.
pub(crate) fn tell(faults: u64, how: How, dead: bool) {
    println!("{faults} faults: {how}{}", if dead { ", and nothing works after it" } else { "" });
}

pub(super) fn broken(how: How) -> Error {
    match how {
        How::Refused(errno) | How::Torn(errno, _) => Error::from_io("the fault", errno.into()),
        How::LostSync => Error::from_io("the fault", Errno::IO.into()),
        How::Cut | How::AnswerLost | How::Late(_) | How::Killed => {
            Error::new(ErrorKind::Unreachable, "the line is cut")
        }
    }
}

/// Nobody hears of the end of a process that kills itself.
pub(crate) fn kill(how: How) {
    if how == How::Killed {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
    }
}
