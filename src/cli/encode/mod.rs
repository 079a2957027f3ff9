//! `fpp encode`: JSON lines or a CSV table as a file's records, the exact mirror of `decode`.

mod lines;
mod reject;

use super::exit::{Exit, Failure};
use super::layouts::LayoutArg;
use super::output::{Output, note};
use super::repairs::Repairs;
use super::show::grouped;
use super::streams::{Input, Progress, Target, distinct};
use super::tables::{CsvArg, Form};
use clap::Args;
use fpp_codecs::Code;
use fpp_codecs::format::Format;
use fpp_codecs::framing::Framer;
use fpp_codecs::record::Row;
use lines::{Got, Lines};
use reject::Refusal;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// Refused lines told one by one; the rest is only counted.
const TOLD_MAX: u64 = 20;
/// Records between two moves of the progress bar.
const STEP: u64 = 4_096;

/// Encode JSON lines or CSV into a file of records.
///
/// Each record is read back and compared after it was written. A line that does not fit is refused and told, by its first
/// fault; then the output file does not appear, unless --rejects or --refused takes such lines. Decimals are strings or
/// JSON numbers, read digit by digit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp encode config/layouts/pmtrd.toml pmtrd.jsonl -o PMTRD.TXT\n  \
                        fpp encode config/layouts/pmtrdd.dds trades.csv --csv excel -o trades.dat --framing rdw\n  \
                        fpp encode config/layouts/pmtrd.toml in.jsonl -o out.dat --rejects why.jsonl --refused mend.jsonl\n  \
                        fpp decode A.toml in.dat | fpp encode B.toml - -o out.dat")]
pub(super) struct Encode {
    #[command(flatten)]
    layout: LayoutArg,
    /// JSON lines or CSV as `decode` writes them, or - for stdin
    file: PathBuf,
    /// Where the records go [default: stdout]; the file appears when it is whole
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Form of the input [default: what its name says, else jsonl]
    #[arg(long = "format", value_name = "FORM", value_parser = Form::readable())]
    form: Option<Form>,
    #[command(flatten)]
    csv: CsvArg,
    /// Record format of a table without a `type` column
    #[arg(long = "type", value_name = "NAME")]
    only: Option<String>,
    /// Where it is told why lines do not fit, a line of JSON each; the others are encoded all the same
    #[arg(long, value_name = "OUT")]
    rejects: Option<PathBuf>,
    /// Where those lines go as they came, to be mended and encoded by themselves; the others are encoded all the same
    #[arg(long, value_name = "OUT")]
    refused: Option<PathBuf>,
    /// End when more than N lines do not fit: no file appears then but --rejects and --refused, on stdout what came before
    #[arg(long, value_name = "N")]
    max_errors: Option<u64>,
    /// End at the first line that does not fit: the same as --max-errors 0
    #[arg(long, conflicts_with = "max_errors")]
    fail_fast: bool,
}

#[derive(Default)]
struct Count {
    records: u64,
    refused: u64,
    bytes: u64,
    repairs: Repairs,
    /// The line at which there were too many bad ones.
    stopped: Option<u64>,
}

/// Everything that is written.
struct Outlets<'a> {
    target: Target<'a>,
    rejects: Option<Target<'a>>,
    refused: Option<Target<'a>>,
    /// Bad lines that may be.
    allowed: u64,
}

impl Encode {
    pub(super) fn run(self, out: &mut Output) -> Result<Exit, Failure> {
        let format = self.layout.open(self.only.as_deref())?;
        let aside = || self.rejects.as_deref().into_iter().chain(self.refused.as_deref());
        distinct([self.file.as_path(), &self.layout.layout], self.output.as_deref().into_iter().chain(aside()))?;
        let is_stdout = |path: &&Path| *path == Path::new("-");
        let own = self.output.as_deref().is_none_or(|path| is_stdout(&path));
        if usize::from(own) + aside().filter(is_stdout).count() > 1 {
            return Err(Failure::usage("only one of records, rejects and refused lines can go to stdout: name a file"));
        }
        let input = Input::open(&self.file)?;
        let (name, size) = (input.name, input.size);
        let bytes = BufReader::with_capacity(1 << 18, input.reader);
        let form = Form::of(self.form, Some(&self.file));
        let dialect = self.csv.dialect(form)?;
        let mut lines = match form {
            Form::Jsonl => Lines::json(bytes, &format),
            Form::Csv => Lines::csv(bytes, dialect, &format, self.only(&format)?, &name)?,
            form => return Err(Failure::usage(format!("{form:?} is not read here: jsonl and csv are"))),
        };
        let beside = |path: &Option<PathBuf>| match path.as_deref() {
            Some(path) if is_stdout(&path) => Target::stdout_too().map(Some),
            path => path.map(Target::file).transpose(),
        };
        let mut outlets = Outlets {
            target: Target::open(self.output.as_deref(), out)?,
            rejects: beside(&self.rejects)?,
            refused: beside(&self.refused)?,
            allowed: if self.fail_fast { 0 } else { self.max_errors.unwrap_or(u64::MAX) },
        };
        let progress = Progress::new(size);
        let count = encode(&format, &mut lines, &mut outlets, &progress, &name)?;
        let kept = count.stopped.is_none() && (count.refused == 0 || aside().next().is_some());
        if kept {
            outlets.target.finish()?;
        }
        [outlets.rejects, outlets.refused].into_iter().flatten().try_for_each(Target::finish)?;
        self.told(&count, &progress, kept, &name)
    }

    /// The last words, and the exit code.
    fn told(&self, count: &Count, progress: &Progress, kept: bool, name: &str) -> Result<Exit, Failure> {
        if count.refused > TOLD_MAX {
            note(format_args!("and {} more that do not fit", grouped(count.refused - TOLD_MAX)));
        }
        let also: Vec<String> = count.repairs.told().into_iter().collect();
        progress.finish("encoded", count.records, count.refused, &also, count.bytes);
        if let Some(line) = count.stopped {
            let (code, refused) = (Code::TOO_MANY, count.refused);
            let message = format!(
                "{name}: {code} {}: line {line} is bad line {refused}, and no more than {} may be",
                code.english(),
                refused - 1
            );
            return Err(Failure { exit: Exit::FileRefused, message });
        }
        if !kept && let Some(path) = &self.output {
            note(format_args!(
                "{} was not written; --rejects FILE or --refused FILE takes lines that do not fit",
                path.display()
            ));
        }
        Ok(if count.refused > 0 { Exit::RecordsRefused } else { Exit::Good })
    }

    /// The record format of a table without a type column.
    fn only(&self, format: &Format) -> Result<Option<usize>, Failure> {
        let Some(name) = &self.only else { return Ok(None) };
        let at = format.records.iter().position(|record| record.layout.name.eq_ignore_ascii_case(name));
        at.map(Some).ok_or_else(|| {
            let names: Vec<&str> = format.records.iter().map(|record| record.layout.name.as_str()).collect();
            Failure::usage(format!("--type: there is no record format `{name}`; there are {}", names.join(", ")))
        })
    }
}

fn encode(
    format: &Format,
    lines: &mut Lines<impl BufRead>,
    outlets: &mut Outlets<'_>,
    progress: &Progress,
    name: &str,
) -> Result<Count, Failure> {
    let (mut count, mut row, mut bytes) = (Count::default(), Row::default(), Vec::new());
    let (mut framer, mut framed) = (Framer::new(format.framing.clone()), Vec::new());
    loop {
        let put = match lines.next(format, &mut row, name)? {
            Got::Blank => continue,
            Got::End => break,
            Got::Bad(refusal) => Err(refusal),
            Got::Row(index) => {
                let record = &format.records[index];
                bytes.clear();
                record.encode(&row, &mut bytes).map_err(|fault| Refusal::value(record, &fault)).and_then(|repairs| {
                    if let Some(refusal) = Refusal::other(format, index, &bytes) {
                        return Err(refusal);
                    }
                    let put = framer.put(&bytes, &mut framed).map_err(|fault| Refusal::framing(record, &fault));
                    put.map(|()| repairs)
                })
            }
        };
        match put {
            Ok(repairs) => {
                count.records += 1;
                repairs.iter().for_each(|repair| count.repairs.add(repair.what, 1));
                count.bytes += framed.len() as u64;
                outlets.target.write(&framed)?;
                framed.clear();
            }
            Err(refusal) => {
                count.refused += 1;
                match count.refused {
                    1 => note(format_args!("{name}:{}: {refusal}. {}", lines.line(), refusal.hint())),
                    2..=TOLD_MAX => note(format_args!("{name}:{}: {refusal}", lines.line())),
                    _ => {}
                }
                outlets.refuse(&refusal, &count, lines)?;
                if count.refused > outlets.allowed {
                    count.stopped = Some(lines.line());
                    return Ok(count);
                }
            }
        }
        if (count.records + count.refused).is_multiple_of(STEP) {
            progress.at(lines.read());
        }
    }
    framer.finish(&mut framed);
    count.bytes += framed.len() as u64;
    outlets.target.write(&framed)?;
    Ok(count)
}

impl Outlets<'_> {
    /// Writes down a line that does not fit, and why.
    fn refuse(&mut self, refusal: &Refusal, count: &Count, lines: &Lines<impl BufRead>) -> Result<(), Failure> {
        if let Some(rejects) = &mut self.rejects {
            let mut told = Vec::new();
            refusal.write(count.records + count.refused, lines.line(), &mut told);
            rejects.write(&told)?;
        }
        if let Some(refused) = &mut self.refused {
            refused.write(if count.refused == 1 { lines.head() } else { b"" })?;
            refused.write(lines.bytes())?;
        }
        Ok(())
    }
}
