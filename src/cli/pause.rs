//! `fpp pause` and `fpp resume`: a route, a partner or an outlet begins nothing new, on all nodes, until it is resumed.

use super::control::{self, Command};
use super::exit::{Exit, Failure};
use super::global::{Global, wait};
use super::output::Output;
use super::why::Why;
use crate::ledger::desk::{Switch, SwitchKind};
use clap::{Args, ValueEnum};

/// Begin nothing more on a route, at a partner or for an outlet, until it is resumed.
///
/// What is under way ends. The pause stands in the ledger: it survives a restart, holds on every node, and `fpp status`
/// shows it. A partner is a spool by its name; an outlet is ROUTE/SPOOL. The stream has readers with positions of their
/// own: pause the route instead.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp pause route pmtrd --reason \"wrong code list, ticket 4711\"\n  \
                        fpp pause partner core-in --reason \"core is down until 22:00\"\n  \
                        fpp pause outlet pmtrd/bank-in --reason \"bank asked\"")]
pub(super) struct Pause {
    #[command(flatten)]
    what: What,
}

/// Go on with what is paused; what waited goes on in its order.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fpp resume partner core-in --reason \"core is up\"")]
pub(super) struct Resume {
    #[command(flatten)]
    what: What,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Route,
    Partner,
    Outlet,
}

#[derive(Debug, Args)]
struct What {
    /// What kind of thing
    kind: Kind,
    /// Its name
    name: String,
    #[command(flatten)]
    why: Why,
}

impl Pause {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        self.what.send("pause", global, out)
    }
}

impl Resume {
    pub(super) fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        self.what.send("resume", global, out)
    }
}

impl What {
    fn send(self, verb: &str, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        let settings = global.settings()?;
        let kind = match self.kind {
            Kind::Route => SwitchKind::Route,
            Kind::Partner => SwitchKind::Partner,
            Kind::Outlet => SwitchKind::Outlet,
        };
        let switch = Some(Switch { kind, name: self.name });
        let command = Command { switch, reason: self.why.reason, by: control::operator(), ..Command::default() };
        let reply = wait(control::send(&settings, verb, &command))?;
        if self.why.json {
            out.json(&reply)?
        } else {
            out.line(&reply.message)?
        }
        Ok(Exit::Good)
    }
}
