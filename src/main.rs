//! Parses the command line, runs the verb, gives its exit code.

use clap::Parser;
use fpp::cli::Cli;
use std::process::ExitCode;

fn main() -> ExitCode {
    Cli::parse().run().into()
}
