//! `fpp layout diff`: what changes between two editions of a layout, and whether old files are still read.

use super::exit::{Exit, Failure};
use super::layouts::PageArg;
use super::output::{Align, Output, Table};
use clap::Args;
use fpp_codecs::layout::diff::{self, Verdict};
use serde_json::json;
use std::path::PathBuf;

const AFTER: &str =
    "Exit codes: 0 compatible; 3 compatible for reading: the new layout reads old files, the old one not
            every new file; 4 not compatible; 2 a layout has faults.
Example:
  fpp layout diff pmtrdd-old.dds pmtrdd.dds";

/// Compare two editions of a layout, field by field
#[derive(Debug, Args)]
#[command(after_help = AFTER)]
pub(super) struct Diff {
    /// The layout that files were written with
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The layout that is to come
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    page: PageArg,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Diff {
    pub(super) fn run(&self, out: &mut Output) -> Result<Exit, Failure> {
        let (old, new) = (self.page.open_all(&self.old)?, self.page.open_all(&self.new)?);
        let changes = diff::diff(&old.layouts, &new.layouts);
        let verdict = diff::verdict(&changes);
        if self.json {
            let list: Vec<_> = changes
                .iter()
                .map(|c| json!({"record": c.record, "field": c.field, "verdict": word(c.verdict), "what": c.what}))
                .collect();
            out.json(&json!({"verdict": word(verdict), "changes": list}))?;
            return Ok(exit(verdict));
        }
        if !changes.is_empty() {
            let columns = ["record", "field", "means", "what"].map(|head| (head, Align::Left));
            let mut table = Table::new(&columns);
            for change in changes {
                let field = change.field.unwrap_or_default();
                table.row(vec![change.record, field, word(change.verdict).to_owned(), change.what]);
            }
            out.line(table)?;
            out.line("")?;
        }
        out.line(match verdict {
            Verdict::Compatible => "compatible: every record means the same to both",
            Verdict::Reading => {
                "compatible for reading: the new layout reads old files; the old one does not read every new one"
            }
            Verdict::Not => "not compatible: old files are read otherwise, or not at all",
        })?;
        Ok(exit(verdict))
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Compatible => "compatible",
        Verdict::Reading => "compatible for reading",
        Verdict::Not => "not compatible",
    }
}

fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Compatible => Exit::Good,
        Verdict::Reading => Exit::RecordsRefused,
        Verdict::Not => Exit::FileRefused,
    }
}
