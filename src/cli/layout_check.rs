//! `fpp layout check`: every fault and warning of layouts, whatever their source.

use super::exit::{Exit, Failure};
use super::layouts::PageArg;
use super::output::{Output, note};
use crate::settings::LayoutFile;
use clap::Args;
use fpp_codecs::format::Format;
use fpp_codecs::format::readings::leaves_reading_open;
use fpp_codecs::source::SourceFault;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Check layouts: every fault and warning with file, line and column
///
/// Exit code 2 if a file has faults. Warnings are told and change nothing, unless --strict. Notes never do: that a lone
/// copybook leaves open which reading of redefined bytes holds.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp layout check QDDSSRC/*.PF --refs common\n  \
                        fpp layout check config/layouts/pmtrd.toml --json")]
pub(super) struct Check {
    /// File formats or layouts in TOML, DDS sources (.dds, .pf, .lf), outfiles of DSPFFD (.csv), copybooks (.cpy)
    #[arg(value_name = "LAYOUT", required = true)]
    layouts: Vec<PathBuf>,
    #[command(flatten)]
    page: PageArg,
    /// Take warnings for faults
    #[arg(long)]
    strict: bool,
    /// Print JSON, one file a line
    #[arg(long)]
    json: bool,
}

impl Check {
    pub(super) fn run(&self, out: &mut Output) -> Result<Exit, Failure> {
        let asked = self.page.asked()?;
        let mut good = true;
        for path in &self.layouts {
            let name = path.display().to_string();
            let (records, warnings, faults) = match LayoutFile::read(path, asked.clone(), &self.page.refs) {
                Ok(file) => {
                    let records = file.layouts.iter().map(|l| (l.name.clone(), l.length, l.fields.len())).collect();
                    (records, file.warnings, Vec::new())
                }
                Err(faults) => (Vec::new(), Vec::new(), faults),
            };
            // A lone copybook has no words for which reading holds.
            let open = |warning: &SourceFault| Format::is_copybook(&name) && leaves_reading_open(warning);
            let (notes, warnings): (Vec<_>, Vec<_>) = warnings.into_iter().partition(open);
            let fine = faults.is_empty() && (warnings.is_empty() || !self.strict);
            good &= fine;
            if self.json {
                out.json(&json!({
                    "file": name,
                    "good": fine,
                    "records": records.iter().map(|(name, bytes, fields)| json!({
                        "record": name, "bytes": bytes, "fields": fields,
                    })).collect::<Vec<_>>(),
                    "faults": faults.iter().map(told).collect::<Vec<_>>(),
                    "warnings": warnings.iter().map(told).collect::<Vec<_>>(),
                    "notes": notes.iter().map(told).collect::<Vec<_>>(),
                }))?;
                continue;
            }
            notes.iter().for_each(|told| note(format_args!("note: {told}")));
            warnings.iter().for_each(|warning| note(format_args!("warning: {warning}")));
            faults.iter().for_each(note);
            if fine {
                let records: Vec<_> = records
                    .iter()
                    .map(|(name, bytes, fields)| format!("{name} {bytes} bytes, {fields} fields"))
                    .collect();
                out.line(format_args!("{name}: good: {}", records.join("; ")))?;
            } else {
                let (count, what) =
                    if faults.is_empty() { (warnings.len(), "warning") } else { (faults.len(), "fault") };
                out.line(format_args!("{name}: {count} {what}{}", if count == 1 { "" } else { "s" }))?;
            }
        }
        Ok(if good { Exit::Good } else { Exit::Usage })
    }
}

fn told(fault: &SourceFault) -> Value {
    json!({"file": fault.file, "line": fault.line, "column": fault.column, "message": fault.message})
}
