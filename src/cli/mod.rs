//! The command line: one file a verb. It parses, calls a room, prints, and gives an exit code; it decides nothing.
//!
//! Verbs that read open the books read-only and work while a node runs. Verbs that change something ask the running
//! node (D25). Results go to stdout, everything else to stderr.

mod exit;
mod global;
mod output;

mod books;
mod compressed;
mod control;
mod dump;
mod kept;
mod layouts;
mod memory;
mod repairs;
mod show;
mod story;
mod streams;
mod tables;
mod timeline;
mod why;

mod check;
mod consumers;
mod correction;
mod day;
mod decode;
mod deliveries;
#[cfg(feature = "demo")]
mod demo;
mod doctor;
mod encode;
mod events;
mod export;
mod find;
mod init;
mod inspect;
mod layout;
mod layout_check;
mod layout_convert;
mod layout_diff;
mod layout_show;
mod layout_tree;
mod ledger;
mod mapping;
mod mapping_check;
mod mapping_schema;
mod mapping_target;
mod nodes;
mod notices;
mod operate;
mod outlets;
mod outlets_act;
mod outlets_rows;
mod pause;
mod prove;
mod remap;
mod requests;
mod run;
mod series;
mod status;
mod transfers;

pub use exit::{Exit, Failure};

use crate::telemetry;
use clap::{Parser, Subcommand};
use global::Global;
use output::{Output, note};

const EXIT_CODES: &str = "\
Exit codes: 0 all good; 1 a fault of fpp or of the machine; 2 wrong command line or configuration, no node runs, or
            it refuses what was asked; 3 some records are refused; 4 a file is rejected or held.
Log lines go to stderr; FPP_LOG=debug shows more.";

/// fpp: the file bridge between an IBM AS/400 core and the services of a bank.
#[derive(Debug, Parser)]
#[command(name = "fpp", version, about, after_help = EXIT_CODES, max_term_width = 120)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    Init(init::Init),
    Run(run::Run),
    Check(check::Check),
    Doctor(doctor::Doctor),
    Layout(layout::LayoutVerb),
    Mapping(mapping::MappingVerb),
    Decode(decode::Decode),
    Encode(encode::Encode),
    Inspect(inspect::Inspect),
    Prove(prove::Prove),
    Status(status::Status),
    Nodes(nodes::Nodes),
    Transfers(transfers::Transfers),
    Find(find::Find),
    Deliveries(deliveries::Deliveries),
    Notices(notices::Notices),
    Outlets(outlets::Outlets),
    Consumers(consumers::Consumers),
    Events(events::Events),
    Ledger(ledger::LedgerVerb),
    Hold(operate::Hold),
    Release(operate::Release),
    Reject(operate::Reject),
    Retry(operate::Retry),
    Resend(operate::Resend),
    Remap(remap::Remap),
    Pause(pause::Pause),
    Resume(pause::Resume),
    Requests(requests::Requests),
    Confirm(requests::Confirm),
    Decline(requests::Decline),
    Day(day::Day),
}

impl Cli {
    /// Runs the verb and says how it ended.
    pub fn run(self) -> Exit {
        if let Err(error) = memory::keep_to_itself() {
            note(format_args!("warning: a crash of this process could leave a core dump, secrets with it: {error}"));
        }
        let mut out = Output::stdout();
        let ended = self.verb.start_logging().and_then(|()| self.verb.run(&self.global, &mut out));
        match ended.and_then(|exit| out.flush().map(|()| exit).map_err(Failure::from)) {
            Ok(exit) => exit,
            Err(failure) => {
                let _ = out.flush();
                if !failure.message.is_empty() {
                    note(&failure.message);
                }
                failure.exit
            }
        }
    }
}

impl Verb {
    /// `run` and `demo` start their own logging; other verbs say nothing unless something is wrong.
    fn start_logging(&self) -> Result<(), Failure> {
        match self {
            #[cfg(feature = "demo")]
            Verb::Demo(_) => Ok(()),
            Verb::Run(_) => Ok(()),
            _ => Ok(telemetry::start("error")?),
        }
    }

    fn run(self, global: &Global, out: &mut Output) -> Result<Exit, Failure> {
        match self {
            #[cfg(feature = "demo")]
            Verb::Demo(verb) => verb.run(),
            Verb::Init(verb) => verb.run(out),
            Verb::Run(verb) => verb.run(global),
            Verb::Check(verb) => verb.run(global, out),
            Verb::Doctor(verb) => verb.run(global, out),
            Verb::Layout(verb) => verb.run(out),
            Verb::Mapping(verb) => verb.run(global, out),
            Verb::Decode(verb) => verb.run(out),
            Verb::Encode(verb) => verb.run(out),
            Verb::Inspect(verb) => verb.run(global, out),
            Verb::Prove(verb) => verb.run(global, out),
            Verb::Status(verb) => verb.run(global, out),
            Verb::Nodes(verb) => verb.run(global, out),
            Verb::Transfers(verb) => verb.run(global, out),
            Verb::Find(verb) => verb.run(global, out),
            Verb::Deliveries(verb) => verb.run(global, out),
            Verb::Notices(verb) => verb.run(global, out),
            Verb::Outlets(verb) => verb.run(global, out),
            Verb::Consumers(verb) => verb.run(global, out),
            Verb::Events(verb) => verb.run(global, out),
            Verb::Ledger(verb) => verb.run(global, out),
            Verb::Hold(verb) => verb.run(global, out),
            Verb::Release(verb) => verb.run(global, out),
            Verb::Reject(verb) => verb.run(global, out),
            Verb::Retry(verb) => verb.run(global, out),
            Verb::Resend(verb) => verb.run(global, out),
            Verb::Remap(verb) => verb.run(global, out),
            Verb::Pause(verb) => verb.run(global, out),
            Verb::Resume(verb) => verb.run(global, out),
            Verb::Requests(verb) => verb.run(global, out),
            Verb::Confirm(verb) => verb.run(global, out),
            Verb::Decline(verb) => verb.run(global, out),
            Verb::Day(verb) => verb.run(global, out),
        }
    }
}
