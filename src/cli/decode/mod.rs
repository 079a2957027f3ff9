//! `fpp decode`: a file's records as JSON lines or tables.

mod crew;
mod family;
mod head;
mod job;
mod looks;
mod next;
mod outlets;
mod plan;
mod range;
mod reject;
mod worker;

use super::exit::{Exit, Failure};
use super::layouts::{LayoutArg, quoted};
use super::output::{Output, note};
use super::show::grouped;
use super::streams::{Input, Progress, Target, distinct};
use super::tables::{CsvArg, Form};
use clap::{Args, ValueEnum};
use family::Family;
use fpp_codecs::Code;
use fpp_codecs::framing::damage::HEAD;
use fpp_codecs::framing::{CutError, Cutter, Place};
use job::{Count, Job};
use looks::Looks;
use outlets::Outlets;
use range::Ranges;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Decoders when nobody says how many.
const THREADS_MAX: usize = 4;

/// Decode a file into JSON lines or a table, one record a line.
///
/// Bad fields are left out of a JSON line and told under "faults", the others are decoded all the same; tables take good
/// records only. Decimals are strings with their declared scale. Everything is shown in clear unless --mask is given,
/// but for rejects, where sensitive fields are masked unless --clear is given. Nothing is judged: totals and the order of
/// records are the business of `prove`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fpp decode config/layouts/pmtrd.toml PMTRD.TXT -o pmtrd.jsonl\n  \
                        fpp decode config/layouts/pmtrd.toml PMTRD.TXT --select TRDNO,AMT --records 2..11\n  \
                        fpp decode config/layouts/pmtrd.toml PMTRD.TXT --type PMTRDD --csv excel -o trades.csv\n  \
                        fpp decode config/layouts/pmtrd.toml PMTRD.TXT -o 'pmtrd-{type}.csv' --rejects bad.jsonl\n  \
                        cat PMTRD.TXT | fpp decode config/layouts/pmtrdd.dds - --ccsid 935 | head -3")]
pub(super) struct Decode {
    #[command(flatten)]
    layout: LayoutArg,
    /// File, or - for stdin
    file: PathBuf,
    /// Where records go [default: stdout]; the file appears when it is whole; {type} in its name: a file a record format
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
    /// Form of the output [default: what its name says, else jsonl]
    #[arg(long = "format", value_name = "FORM")]
    form: Option<Form>,
    #[command(flatten)]
    csv: CsvArg,
    /// Only these fields, groups or arrays; others are not decoded, and record formats without any are left out
    #[arg(long, value_name = "FIELD,...", value_delimiter = ',')]
    select: Vec<String>,
    /// Only records of these record formats
    #[arg(long = "type", value_name = "NAME,...", value_delimiter = ',')]
    types: Vec<String>,
    /// Only these records, counted from 1: 7, 10..20 (both included), ..20, 10.., several with commas
    #[arg(long, value_name = "RANGE,...")]
    records: Option<Ranges>,
    /// Only records that fulfil a condition: 'AMT > 1000 and STAT in ["00", "01"]'; docs/layouts.md has its words
    #[arg(long = "where", value_name = "CONDITION")]
    condition: Option<String>,
    /// Children in the lines of their parents, as "children"; else a line tells the number of its "parent"
    #[arg(long)]
    nested: bool,
    /// Decimals in JSON lines as strings or as numbers with the same digits
    #[arg(long, value_enum, default_value_t = Numbers::String, value_name = "HOW")]
    numbers: Numbers,
    /// The bytes in hex beside the values, and in rejects
    #[arg(long)]
    raw: bool,
    /// Sensitive fields as ***; all text, where the layout marks none
    #[arg(long)]
    mask: bool,
    /// Fillers are columns of tables, too
    #[arg(long)]
    fillers: bool,
    /// Where bad records go instead, a line of JSON for each bad field
    #[arg(long, value_name = "OUT")]
    rejects: Option<PathBuf>,
    /// Bytes of sensitive fields in rejects in clear
    #[arg(long, conflicts_with = "mask")]
    clear: bool,
    /// End when more than N records are bad: no file appears then but the rejects, on stdout what came before
    #[arg(long, value_name = "N")]
    max_errors: Option<u64>,
    /// End at the first bad record: the same as --max-errors 0
    #[arg(long, conflicts_with = "max_errors")]
    fail_fast: bool,
    /// Threads that decode [default: one a core, at most 4]; the order of records is that of the file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    threads: Option<u8>,
}

/// How JSON lines show decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Numbers {
    /// "12.30"
    String,
    /// 12.30
    Json,
}

impl Decode {
    pub(super) fn run(self, out: &mut Output) -> Result<Exit, Failure> {
        let (job, names) = self.plan(self.layout.open(self.only_type())?)?;
        let job = Arc::new(job);
        let rejects_to_stdout = self.rejects.as_deref().is_some_and(|path| path == Path::new("-"));
        if rejects_to_stdout && names == [None] {
            return Err(Failure::usage("records and rejects cannot both go to stdout: name a file for one of them"));
        }
        let written = names.iter().flatten().map(PathBuf::as_path).chain(self.rejects.as_deref());
        distinct([self.file.as_path(), &self.layout.layout], written)?;
        let mut input = Input::open(&self.file)?;
        let (name, size) = (input.name.clone(), input.size);
        // Whose child a record is depends on all before it.
        let family = Family::of(&job).is_some();
        let first = if family { 1 } else { job.ranges.first() };
        let start = input.seek(&job.whole, first)?;
        let (head, is_good, input) = head::read(input.reader, HEAD as u64);
        let looks = (start == Place::START && is_good).then(|| Looks::at(&job.whole, &head, size));
        let targets = targets(names, out)?;
        let rejects = match self.rejects.as_deref() {
            Some(_) if rejects_to_stdout => Some(Target::stdout_too()?),
            path => path.map(Target::file).transpose()?,
        };
        let progress = Progress::new(size);
        let allowed = if self.fail_fast { 0 } else { self.max_errors.unwrap_or(u64::MAX) };
        let mut outlets = Outlets::new(&job, targets, rejects, allowed, &progress)?;
        let cutter = Cutter::of(&job.whole, input).starting(start);
        let ended = match self.threads() {
            _ if family => crew::alone(&job, cutter, &mut outlets)?,
            1 => crew::alone(&job, cutter, &mut outlets)?,
            threads => crew::together(&job, cutter, threads, size.is_some(), &mut outlets)?,
        };
        if ended.broken {
            return Err(Failure::internal("a thread ended before its time; please report it"));
        }
        for remark in &ended.remarks {
            note(format_args!("note: {remark}"));
        }
        let count = outlets.count.clone();
        if let Some(error) = &ended.error {
            let mut line = Vec::new();
            reject::cutting(&job, error, ended.place, &mut line);
            outlets.reject(&line)?;
        }
        let (stopped, first) = (outlets.stopped, outlets.first.take());
        outlets.finish(ended.error.is_none() && stopped.is_none())?;
        if let Some(first) = first {
            self.first(&job, &first);
        }
        if count.records == 0 && self.records.is_some() && ended.error.is_none() {
            note("note: the file has none of the records that --records names");
        }
        summary(&count, count.bytes.saturating_sub(start.offset), &progress);
        let hinted = matches!(&ended.error, Some(CutError::Frame(frame)) if frame.hint.is_some());
        if let Some(looks) = looks.filter(|_| count.refused * 2 > count.records && !hinted) {
            looks.of_bad_records(&job.whole, &head);
        }
        if let Some(error) = &ended.error {
            return Err(self.refused_file(&name, error));
        }
        match stopped {
            Some(n) => Err(too_many(&job, &count, n, &name)),
            None if count.refused > 0 => Ok(Exit::RecordsRefused),
            None => Ok(Exit::Good),
        }
    }

    /// What the first bad record lacks, and where the others are told.
    fn first(&self, job: &Job, first: &str) {
        let others = match (&self.rejects, job.form) {
            (Some(path), _) if path == Path::new("-") => "all: in the rejects".to_owned(),
            (Some(path), _) => format!("all: in {}", path.display()),
            (None, Form::Jsonl) => "all: under \"faults\" in their lines, or with --rejects FILE".to_owned(),
            (None, _) => "all: with --rejects FILE".to_owned(),
        };
        note(format_args!("first bad {first} ({others})"));
    }

    fn refused_file(&self, name: &str, error: &CutError) -> Failure {
        let frame = match error {
            CutError::Io(error) => return Failure::file("read", name, error),
            CutError::Frame(frame) => frame,
        };
        let mut message = format!("{name}: {error}");
        if self.file != Path::new("-") {
            message += &format!("; look at it with `{} --record {}`", self.inspect(name), frame.n);
        }
        Failure { exit: Exit::FileRefused, message }
    }

    /// The command that looks at records of the same file in the same way.
    fn inspect(&self, name: &str) -> String {
        let LayoutArg { layout, page, framing } = &self.layout;
        let mut words = vec!["fpp inspect".to_owned(), quoted(&layout.display().to_string()), quoted(name)];
        let mut add = |option: &str, value: &str| words.push(format!("{option} {}", quoted(value)));
        page.ccsid.iter().for_each(|ccsid| add("--ccsid", ccsid));
        page.refs.iter().for_each(|folder| add("--refs", &folder.display().to_string()));
        let record = self.only_type().filter(|_| page.is_copybook(layout)).map(|name| format!("record={name}"));
        let copybook: Vec<String> = page.copybook.clone().into_iter().chain(record).collect();
        (!copybook.is_empty()).then(|| add("--copybook", &copybook.join(",")));
        framing.iter().for_each(|framing| add("--framing", framing));
        words.join(" ")
    }

    /// The one record format that was asked for.
    fn only_type(&self) -> Option<&str> {
        if let [only] = &self.types[..] { Some(only) } else { None }
    }

    fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, |cores| cores.get().min(THREADS_MAX));
        self.threads.map_or_else(cores, usize::from)
    }
}

/// The line that says what was done, also where the file could not be read to its end; `bytes` are those that were read
/// for it, not those that were passed over.
fn summary(count: &Count, bytes: u64, progress: &Progress) {
    if count.fillers > 0 {
        let records = grouped(count.fillers);
        note(format_args!("note: {records} records have fillers that are not blank; --fillers shows them"));
    }
    let mut also = Vec::new();
    if count.orphans > 0 {
        also.push(format!("{} without their parents", grouped(count.orphans)));
    }
    if count.left_out > 0 {
        also.push(format!("{} left out", grouped(count.left_out)));
    }
    also.extend(count.repairs.told());
    progress.finish("decoded", count.records, count.refused, &also, bytes);
}

/// More records are bad than may be; `n` is the one too many.
fn too_many(job: &Job, count: &Count, n: u64, name: &str) -> Failure {
    let (code, bad) = (Code::TOO_MANY, count.refused);
    let told = if job.rejects { "; the rejects tell them" } else { "" };
    Failure {
        exit: Exit::FileRefused,
        message: format!(
            "{name}: {code} {}: record {n} is bad record {bad}, and no more than {} may be{told}",
            code.english(),
            bad - 1
        ),
    }
}

/// Opens what is written.
fn targets(names: Vec<Option<PathBuf>>, out: &mut Output) -> Result<Vec<Target<'_>>, Failure> {
    if let [None] = &names[..] {
        return Ok(vec![Target::Stdout(out)]);
    }
    names.into_iter().flatten().map(|name| Target::file(&name)).collect()
}
