//! `fpp init`: a place to begin with: the sample configuration, with everything that it names, and its spools.
//!
//! Invariant: nothing that is there is touched. The place is a new folder or an empty one.

use super::exit::{Exit, Failure};
use super::output::Output;
use clap::Args;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Files of the sample, by their names below `config`.
macro_rules! sample {
    ($($name:literal,)*) => {
        [$(($name, include_str!(concat!("../../config/", $name)))),*]
    };
}

const FILES: [(&str, &str); 24] = sample![
    "fpp.toml",
    "routes/pmtrd.toml",
    "routes/pmtrd-gbk.toml",
    "layouts/pmtrd.toml",
    "layouts/pmtrd-gbk.toml",
    "layouts/pmtrdh.dds",
    "layouts/pmtrdd.dds",
    "layouts/pmtrdt.dds",
    "layouts/pmack.toml",
    "layouts/pmack-gbk.toml",
    "layouts/pmackh.dds",
    "layouts/pmackd.dds",
    "layouts/pmprd.toml",
    "layouts/pmprdr.dds",
    "layouts/pmrec.toml",
    "layouts/pmrecd.dds",
    "events/pmtrd.toml",
    "events/pmprd.toml",
    "events/pmrec.toml",
    "events/pmack.toml",
    "answers/pmack.toml",
    "instruments.toml",
    "calendars.toml",
    "tokens.toml",
];

/// Folders that the sample's spools are.
const SPOOLS: [&str; 2] = ["spool/core-out", "spool/core-in"];

/// Write the commented sample configuration into a new or empty folder, to begin with.
///
/// A node with two routes, their layouts, mappings and instruments below DIR/config, and its spools
/// below DIR/spool. Nothing is overwritten: a folder in which anything stands is refused.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp init bridge\n  cd bridge && fpp check && fpp run")]
pub(super) struct Init {
    /// Where; this folder without it
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

impl Init {
    pub(super) fn run(&self, out: &mut Output) -> Result<Exit, Failure> {
        let folder = &self.folder;
        let told =
            |error: io::Error| Failure::internal(format!("nothing can be begun in {}: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(told)?;
        if fs::read_dir(folder).map_err(told)?.next().is_some() {
            let what = format!("{} is not empty, and nothing is overwritten: name a new folder", folder.display());
            return Err(Failure::usage(what));
        }
        for (name, text) in FILES {
            write(&folder.join("config").join(name), text)?;
        }
        for spool in SPOOLS {
            fs::create_dir_all(folder.join(spool)).map_err(told)?;
        }
        out.line(format_args!("{} files below {}", FILES.len(), folder.join("config").display()))?;
        out.line("\nNext:")?;
        if folder != Path::new(".") {
            out.line(format_args!("  cd {}", folder.display()))?;
        }
        out.line("  fpp check           # every fault of the configuration at once")?;
        out.line("  fpp run             # the node; files go into spool/core-out, each with its marker NAME.OK")?;
        out.line("  fpp status --watch  # in another terminal")?;
        out.line(
            "\nThen change config/fpp.toml and what it names until they are yours: each key has its comment there.",
        )?;
        Ok(Exit::Good)
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut made = OpenOptions::new().write(true).create_new(true).open(file)?;
        made.write_all(text.as_bytes())
    });
    written.map_err(|error| Failure::internal(format!("{} cannot be written: {error}", file.display())))
}
