//! `fpp encode`: JSON lines or a CSV table as a file's records, the exact mirror of `decode`.

mod lines;

use super::exit::{Exit, Failure};
use super::layouts::LayoutArg;
use super::output::{Output, note};
use super::streams::{Input, Progress, Target, distinct};
use super::tables::{CsvArg, Form};
use clap::Args;
use fpp_codecs::format::Format;
use fpp_codecs::framing::Framer;
use fpp_codecs::record::Row;
use lines::{Got, Lines};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

/// Refused lines told one by one; the rest is only counted.
const TOLD_MAX: u64 = 20;
/// Records between two moves of the progress bar.
const STEP: u64 = 4_096;

/// Encode JSON lines or CSV into a file of records.
///
/// Each record is read back and compared after it was written. A line that does not fit is refused and told; then the
/// output file does not appear, unless --rejects takes such lines.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp encode config/layouts/pmtrd.toml pmtrd.jsonl -o PMTRD.TXT\n  \
                        fpp encode config/layouts/pmtrdd.dds trades.csv -o trades.dat --framing rdw\n  \
                        fpp decode A.toml in.dat | fpp encode B.toml - -o out.dat")]
pub(super) struct Encode {
    #[command(flatten)]
    layout: LayoutArg,
    /// JSON lines or CSV as `decode` writes them, or - for stdin
    file: PathBuf,
    /// Where the records go [default: stdout]; the file appears when it is whole
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Form of the input: jsonl or csv [default: what its name says, else jsonl]
    #[arg(long = "format", value_name = "FORM")]
    form: Option<Form>,
    #[command(flatten)]
    csv: CsvArg,
    /// Record format of a table without a `type` column
    #[arg(long = "type", value_name = "NAME")]
    only: Option<String>,
    /// Where lines that do not fit go; the others are encoded all the same
    #[arg(long, value_name = "OUT")]
    rejects: Option<PathBuf>,
}

#[derive(Default)]
struct Count {
    records: u64,
    refused: u64,
    bytes: u64,
}

impl Encode {
    pub(super) fn run(self, out: &mut Output) -> Result<Exit, Failure> {
        let format = self.layout.open()?;
        distinct(
            [self.file.as_path(), &self.layout.layout],
            self.output.as_deref().into_iter().chain(self.rejects.as_deref()),
        )?;
        let input = Input::open(&self.file)?;
        let (name, size) = (input.name, input.size);
        let bytes = BufReader::with_capacity(1 << 18, input.reader);
        let form = Form::of(self.form, Some(&self.file));
        let dialect = self.csv.dialect(form)?;
        let mut lines = match form {
            Form::Jsonl => Lines::json(bytes),
            Form::Csv => Lines::csv(bytes, dialect, &format, self.only(&format)?, &name)?,
            form => return Err(Failure::usage(format!("{form:?} is not read here: jsonl and csv are"))),
        };
        let mut target = Target::open(self.output.as_deref(), out)?;
        let mut rejects = self.rejects.as_deref().map(Target::file).transpose()?;
        let progress = Progress::new(size);
        let count = encode(&format, &mut lines, &mut target, rejects.as_mut(), &progress, &name)?;
        let kept = count.refused == 0 || rejects.is_some();
        if kept {
            target.finish()?;
            rejects.map_or(Ok(()), Target::finish)?;
        }
        if count.refused > TOLD_MAX {
            note(format_args!("and {} more that do not fit", super::show::grouped(count.refused - TOLD_MAX)));
        }
        progress.finish("encoded", count.records, count.refused, &[], count.bytes);
        if !kept && let Some(path) = &self.output {
            note(format_args!("{} was not written; --rejects FILE takes lines that do not fit", path.display()));
        }
        Ok(if count.refused > 0 { Exit::RecordsRefused } else { Exit::Good })
    }

    /// The record format of a table without a type column.
    fn only(&self, format: &Format) -> Result<Option<usize>, Failure> {
        let Some(name) = &self.only else { return Ok(None) };
        let at = format.records.iter().position(|record| record.layout.name.eq_ignore_ascii_case(name));
        at.map(Some).ok_or_else(|| Failure::usage(format!("--type: there is no record format `{name}`")))
    }
}

fn encode(
    format: &Format,
    lines: &mut Lines<impl BufRead>,
    target: &mut Target<'_>,
    mut rejects: Option<&mut Target<'_>>,
    progress: &Progress,
    name: &str,
) -> Result<Count, Failure> {
    let (mut count, mut row, mut bytes) = (Count::default(), Row::default(), Vec::new());
    let (mut framer, mut framed) = (Framer::new(format.framing.clone()), Vec::new());
    loop {
        let put = match lines.next(format, &mut row, name)? {
            Got::Blank => continue,
            Got::End => break,
            Got::Bad(what) => Err(what),
            Got::Row(index) => {
                bytes.clear();
                record(format, index, &row, &mut bytes)
                    .and_then(|()| framer.put(&bytes, &mut framed).map_err(|fault| fault.to_string()))
            }
        };
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
                    note(format_args!("{name}:{}: {message}", lines.line()));
                }
                if let Some(rejects) = rejects.as_deref_mut() {
                    // What is refused can be mended and encoded by itself.
                    rejects.write(if count.refused == 1 { lines.head() } else { b"" })?;
                    rejects.write(lines.bytes())?;
                }
            }
        }
        if (count.records + count.refused).is_multiple_of(STEP) {
            progress.at(lines.read());
        }
    }
    framer.finish(&mut framed);
    count.bytes += framed.len() as u64;
    target.write(&framed)?;
    Ok(count)
}

fn record(format: &Format, index: usize, row: &Row, out: &mut Vec<u8>) -> Result<(), String> {
    let record = &format.records[index];
    record.encode(row, out).map_err(|fault| {
        let field = record.layout.fields.get(fault.field).map_or("?", |f| f.name.as_str());
        format!("{}: {field}: {fault}", record.layout.name)
    })
}
