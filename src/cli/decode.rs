//! `fpp decode`: a file's records as JSON lines.

use super::exit::{Exit, Failure};
use super::layouts::LayoutArg;
use super::output::{Output, note};
use super::streams::{Input, Progress, Target};
use clap::Args;
use fpp_codecs::Code;
use fpp_codecs::format::Format;
use fpp_codecs::framing::damage::HEAD;
use fpp_codecs::framing::{CutError, Cutter, text_mode_damage};
use fpp_codecs::json;
use fpp_codecs::record::Row;
use std::fmt::Write as _;
use std::io::Read;
use std::path::PathBuf;

/// Records between two moves of the progress bar.
const STEP: u64 = 4_096;

/// Decode a file into JSON lines, one record a line.
///
/// Bad fields are left out of a record and told under "faults", the others are decoded all the same. Decimals are
/// strings with their declared scale. Everything is shown in clear, sensitive fields too. Nothing is judged: totals and the order of records are the business of `prove`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp decode config/layouts/pmtrd.toml PMTRD.TXT -o pmtrd.jsonl\n  \
                        fpp decode config/layouts/pmtrd.toml PMTRD.TXT --rejects bad.jsonl | head -3\n  \
                        cat PMTRD.TXT | fpp decode config/layouts/pmtrdd.dds - --ccsid 935")]
pub(super) struct Decode {
    #[command(flatten)]
    layout: LayoutArg,
    /// File, or - for stdin
    file: PathBuf,
    /// Where the lines go [default: stdout]; the file appears when it is whole
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Where records with bad fields go instead
    #[arg(long, value_name = "OUT")]
    rejects: Option<PathBuf>,
}

/// What was counted.
#[derive(Default)]
struct Count {
    records: u64,
    refused: u64,
    bytes: u64,
}

impl Decode {
    pub(super) fn run(self, out: &mut Output) -> Result<Exit, Failure> {
        let format = self.layout.open()?;
        let mut input = Input::open(&self.file)?;
        let mut head = Vec::new();
        let read = input.reader.by_ref().take(HEAD as u64).read_to_end(&mut head);
        read.map_err(|e| Failure::file("read", &input.name, &e))?;
        if let Some(signs) = text_mode_damage(&format, &head, input.size.unwrap_or(head.len() as u64)) {
            note(format_args!("warning: {} {}: {signs}", Code::TEXT_MODE, Code::TEXT_MODE.english()));
        }
        let mut target = Target::open(self.output.as_deref(), out)?;
        let mut rejects = self.rejects.as_deref().map(Target::file).transpose()?;
        let progress = Progress::new(input.size);
        let mut cutter = Cutter::new(format.framing.clone(), head.as_slice().chain(input.reader));
        let count = decode(&format, &mut cutter, &mut target, rejects.as_mut(), &progress, &input.name)?;
        for remark in cutter.remarks() {
            note(format_args!("note: {remark}"));
        }
        target.finish()?;
        rejects.map_or(Ok(()), Target::finish)?;
        progress.finish("decoded", count.records, count.refused, input.size.unwrap_or(count.bytes));
        Ok(if count.refused > 0 { Exit::RecordsRefused } else { Exit::Good })
    }
}

fn decode<R: Read>(
    format: &Format,
    cutter: &mut Cutter<R>,
    target: &mut Target<'_>,
    mut rejects: Option<&mut Target<'_>>,
    progress: &Progress,
    name: &str,
) -> Result<Count, Failure> {
    let mut count = Count::default();
    let mut row = Row::default();
    let mut line = Vec::new();
    while let Some(cut) = cutter.next().map_err(|e| refused_file(name, &e))? {
        line.clear();
        let good = match format.select(cut.bytes) {
            Some(index) => {
                let record = &format.records[index];
                record.decode(cut.bytes, &mut row);
                json::write(record, cut.n, cut.offset, &row, &mut line);
                row.faults.is_empty()
            }
            None => {
                line.extend_from_slice(no_layout(cut.n, cut.offset).as_bytes());
                false
            }
        };
        count.records += 1;
        count.refused += u64::from(!good);
        count.bytes = cut.offset + cut.bytes.len() as u64;
        match rejects.as_deref_mut() {
            Some(rejects) if !good => rejects.write(&line)?,
            _ => target.write(&line)?,
        }
        if count.records.is_multiple_of(STEP) {
            progress.at(count.bytes);
        }
    }
    Ok(count)
}

/// The line of a record that no layout fits.
fn no_layout(n: u64, offset: u64) -> String {
    let mut line = String::new();
    let code = Code::NO_LAYOUT;
    let detail = code.english();
    let _ = writeln!(
        line,
        r#"{{"n":{n},"offset":{offset},"type":null,"fields":{{}},"faults":[{{"field":null,"code":"{code}","offset":0,"detail":"{detail}"}}]}}"#
    );
    line
}

fn refused_file(name: &str, error: &CutError) -> Failure {
    match error {
        CutError::Io(error) => Failure::file("read", name, error),
        error => Failure {
            exit: Exit::FileRefused,
            message: format!("{name}: {error}; look at it with `fpp inspect LAYOUT {name} --record N`"),
        },
    }
}
