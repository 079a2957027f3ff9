//! A mapping with what it works on: of a route, or of files that are named on the command line.

use super::exit::Failure;
use super::global::Global;
use super::layouts::PageArg;
use crate::settings::Settings;
use crate::trade::event;
use crate::trade::instrument::Instruments;
use crate::trade::mapping::Mapping;
use crate::trade::moment::Offset;
use clap::Args;
use fpp_codecs::format::Format;
use fpp_codecs::text::Page;
use std::path::{Path, PathBuf};

/// Which mapping, and what it is compiled against.
#[derive(Debug, Args)]
pub(super) struct TargetArg {
    /// Route of the configuration, or a mapping in TOML, which needs --layout
    #[arg(value_name = "ROUTE|MAPPING")]
    mapping: String,
    /// Layout of the records, for a mapping that is named as a file
    #[arg(long, value_name = "LAYOUT")]
    layout: Option<PathBuf>,
    /// Instruments, for a mapping that is named as a file and has units
    #[arg(long, value_name = "FILE", requires = "layout")]
    instruments: Option<PathBuf>,
    #[command(flatten)]
    page: PageArg,
}

impl TargetArg {
    /// Compiles it; faults of the mapping are told with file, line and column.
    pub(super) fn open(&self, global: &Global) -> Result<Target, Failure> {
        if let Some(layout) = &self.layout {
            let format = self.page.open(layout, None, None)?;
            return Target::of_file(self.mapping.as_ref(), format, self.instruments.as_deref());
        }
        if self.mapping.ends_with(".toml") {
            return Err(Failure::usage("a mapping needs the layout of its records: --layout FILE"));
        }
        if self.page.ccsid.is_some() || !self.page.refs.is_empty() || self.page.copybook.is_some() {
            return Err(Failure::usage("--ccsid, --refs and --copybook go with --layout; a route says its own"));
        }
        Target::of_route(&global.settings()?, &self.mapping)
    }
}

/// A compiled mapping.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) mapping: Mapping,
    pub(super) format: Format,
    pub(super) instruments: Instruments,
    /// Editions of the code page tables, as lineage tells them.
    pub(super) table: String,
}

impl Target {
    /// As the node would use it.
    pub(super) fn of_route(settings: &Settings, name: &str) -> Result<Target, Failure> {
        let Some(route) = settings.route(name) else {
            let known: Vec<_> = settings.routes.iter().map(|r| r.name.as_str()).collect();
            return Err(Failure::usage(format!(
                "there is no route `{name}`; known: {}; a mapping is named by its file, with --layout",
                known.join(", ")
            )));
        };
        let plan = route.bundle(settings)?.compile()?;
        Ok(Target { mapping: plan.mapping, format: plan.format, instruments: plan.instruments, table: plan.table })
    }

    /// From files alone; its events have a source that no route has.
    pub(super) fn of_file(path: &Path, format: Format, instruments: Option<&Path>) -> Result<Target, Failure> {
        let read =
            |path: &Path| std::fs::read_to_string(path).map_err(|error| Failure::file("read", path.display(), &error));
        let instruments = match instruments {
            Some(path) => Instruments::parse(&path.display().to_string(), &read(path)?),
            None => Ok(Instruments::default()),
        };
        let instruments = instruments.map_err(|faults| Failure::faults(&faults))?;
        let mapping = Mapping::parse(&path.display().to_string(), &read(path)?, &format, &instruments)
            .map_err(|faults| Failure::faults(&faults))?;
        let source = event::source("check", mapping.name());
        let mapping = mapping.for_route(&source, Offset::china());
        let table: Vec<_> = format.pages().into_iter().map(Page::edition).collect();
        Ok(Target { mapping, table: table.join(", "), format, instruments })
    }
}
