//! `fpp encode`: JSON lines as a file's records, the exact mirror of `decode`.

use super::exit::{Exit, Failure};
use super::layouts::LayoutArg;
use super::output::{Output, note};
use super::streams::{Input, Progress, Target};
use clap::Args;
use fpp_codecs::format::Format;
use fpp_codecs::framing::Framer;
use fpp_codecs::json;
use fpp_codecs::record::Row;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

/// Refused lines told one by one; the rest is only counted.
const TOLD_MAX: u64 = 20;
/// Records between two moves of the progress bar.
const STEP: u64 = 4_096;

/// Encode JSON lines into a file of records.
///
/// Each record is read back and compared after it was written. A line that does not fit is refused and told; then the
/// output file does not appear, unless --rejects takes such lines.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp encode config/layouts/pmtrd.toml pmtrd.jsonl -o PMTRD.TXT\n  \
                        fpp decode A.toml in.dat | fpp encode B.toml - -o out.dat")]
pub(super) struct Encode {
    #[command(flatten)]
    layout: LayoutArg,
    /// JSON lines as `decode` writes them, or - for stdin
    file: PathBuf,
    /// Where the records go [default: stdout]; the file appears when it is whole
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Where lines that do not fit go; the others are encoded all the same
    #[arg(long, value_name = "OUT")]
    rejects: Option<PathBuf>,
}

#[derive(Default)]
struct Count {
    lines: u64,
    records: u64,
    refused: u64,
    bytes: u64,
}

impl Encode {
    pub(super) fn run(self, out: &mut Output) -> Result<Exit, Failure> {
        let format = self.layout.open()?;
        let input = Input::open(&self.file)?;
        let mut target = Target::open(self.output.as_deref(), out)?;
        let mut rejects = self.rejects.as_deref().map(Target::file).transpose()?;
        let progress = Progress::new(input.size);
        let name = input.name;
        let lines = BufReader::with_capacity(1 << 18, input.reader);
        let count = encode(&format, lines, &mut target, rejects.as_mut(), &progress, &name)?;
        let kept = count.refused == 0 || rejects.is_some();
        if kept {
            target.finish()?;
            rejects.map_or(Ok(()), Target::finish)?;
        }
        progress.finish("encoded", count.records, count.refused, count.bytes);
        if !kept && let Some(path) = &self.output {
            note(format_args!("{} was not written; --rejects FILE takes lines that do not fit", path.display()));
        }
        Ok(if count.refused > 0 { Exit::RecordsRefused } else { Exit::Good })
    }
}

fn encode(
    format: &Format,
    mut lines: impl BufRead,
    target: &mut Target<'_>,
    mut rejects: Option<&mut Target<'_>>,
    progress: &Progress,
    name: &str,
) -> Result<Count, Failure> {
    let (mut count, mut row, mut bytes, mut line) = (Count::default(), Row::default(), Vec::new(), Vec::new());
    let (mut framer, mut framed) = (Framer::new(format.framing.clone()), Vec::new());
    let mut read = 0;
    loop {
        line.clear();
        let got = lines.read_until(b'\n', &mut line).map_err(|e| Failure::file("read", name, &e))?;
        if got == 0 {
            framer.finish(&mut framed);
            count.bytes += framed.len() as u64;
            target.write(&framed)?;
            return Ok(count);
        }
        read += got as u64;
        count.lines += 1;
        if line.trim_ascii().is_empty() {
            continue;
        }
        bytes.clear();
        let put = record(format, &line, &mut row, &mut bytes)
            .and_then(|()| framer.put(&bytes, &mut framed).map_err(|fault| fault.to_string()));
        match put {
            Ok(()) => {
                count.records += 1;
                count.bytes += framed.len() as u64;
                target.write(&framed)?;
                framed.clear();
            }
            Err(message) => {
                count.refused += 1;
                if count.refused <= TOLD_MAX {
                    note(format_args!("{name}:{}: {message}", count.lines));
                }
                if let Some(rejects) = rejects.as_deref_mut() {
                    rejects.write(&line)?;
                }
            }
        }
        if count.lines.is_multiple_of(STEP) {
            progress.at(read);
        }
    }
}

fn record(format: &Format, line: &[u8], row: &mut Row, out: &mut Vec<u8>) -> Result<(), String> {
    let text = std::str::from_utf8(line).map_err(|e| format!("not UTF-8: {e}"))?;
    let index = json::read(format, text.trim_end(), row).map_err(|e| e.to_string())?;
    let record = &format.records[index];
    record.encode(row, out).map_err(|fault| {
        let field = record.layout.fields.get(fault.field).map_or("?", |f| f.name.as_str());
        format!("{}: {field}: {fault}", record.layout.name)
    })
}
