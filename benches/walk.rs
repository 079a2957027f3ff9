//! The whole walk of a large PMTRD file (480 bytes a record, CCSID 1388, ten bad records) through a real node.
//!
//! The node is the program itself, `fpp run`, in a process of its own with the sample configuration of `config/`, SQLite
//! ledger, vault and local spools in a temporary folder; nothing is faked and nothing is switched off. The core's part,
//! the waiting and the reading of the stream over HTTP are done by this process. For each step: seconds between two
//! entries of the ledger's journals, and processor seconds of the node's process in that time. Every run checks the
//! counts of the verdict, the size of the answer and the number of events before it prints anything. At the end the
//! command line decodes the same file. With `--camel` the file also goes through an Apache Camel route, in the same run.
//!
//! `cargo bench --bench walk -- [--records 100000,1000000] [--runs 3] [--file] [--camel FOLDER]`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement prints, and stops at the first surprise")]

#[path = "walk/camel.rs"]
mod camel;
#[path = "walk/node.rs"]
mod node;
#[path = "walk/process.rs"]
mod process;

use fpp::demo::generate::{Flaw, Series, Spec, Spoil, Summary, generate};
use fpp_codecs::date::Date;
use node::Walked;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Flaws that leave the control totals readable, so that the file is accepted in part.
const FLAWS: [Flaw; 5] = [Flaw::FeeDigit, Flaw::PnlSign, Flaw::NameRun, Flaw::ValueDate, Flaw::Instrument];
const BAD: u64 = 10;

struct Options {
    records: Vec<u64>,
    runs: usize,
    /// Events also go to a file of JSON lines, which gates the answer.
    file: bool,
    /// The folder of the Camel route, where the same file goes through that as well.
    camel: Option<PathBuf>,
}

fn main() {
    let options = options();
    let mut costs = Vec::new();
    for records in &options.records {
        let folder = tempfile::tempdir().unwrap();
        let spec = spec(*records);
        let source = folder.path().join(spec.file_name());
        let made = generate(&spec, &mut BufWriter::new(File::create(&source).unwrap())).unwrap();
        File::open(&source).unwrap().sync_all().unwrap();
        let mib = made.bytes as f64 / 1_048_576.0;
        let outlets = if options.file { "stream and file of JSON lines" } else { "stream" };
        println!("\n{records} records, {mib:.0} MiB, {BAD} of them bad; outlets: {outlets}; {} runs", options.runs);
        let runs: Vec<Walked> = (0..options.runs).map(|_| run(&spec, &made, &source, options.file)).collect();
        costs.push((*records, print(&runs, *records)));
        decode(&source, mib, options.runs);
        if let Some(program) = &options.camel {
            beside_camel(
                program,
                &source,
                (*records, options.runs),
                median(runs.iter().map(Walked::processor_seconds)),
            );
        }
    }
    for (records, micros) in &costs {
        println!("{records} records: {micros:.2} µs of processor time a record, from arrival to archive");
    }
}

fn options() -> Options {
    let mut options = Options { records: vec![1_000_000], runs: 3, file: false, camel: None };
    // Cargo itself passes `--bench`.
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        match word.as_str() {
            "--records" => {
                options.records = words.next().unwrap().split(',').map(|n| n.parse().unwrap()).collect();
            }
            "--runs" => options.runs = words.next().unwrap().parse().unwrap(),
            "--file" => options.file = true,
            "--camel" => options.camel = Some(words.next().unwrap().into()),
            other => panic!("unknown option {other}; known are --records N,N --runs N --file --camel FOLDER"),
        }
    }
    options
}

fn spec(records: u64) -> Spec {
    let spoils = (0..BAD)
        .map(|at| Spoil::Record {
            trade: at * records / BAD + records / 20 + 1,
            flaw: FLAWS[at as usize % FLAWS.len()],
        })
        .collect();
    let date = Date { year: 2025, month: 6, day: 20 };
    Spec { trades: records, spoils, ..Spec::new(Series::Ebcdic, date, 1) }
}

/// One walk in a fresh folder, checked.
fn run(spec: &Spec, made: &Summary, source: &Path, file: bool) -> Walked {
    let walked = node::walk(spec, source, file);
    let bad = made.flaws.len() as u64;
    assert_eq!((walked.good, walked.bad), (spec.trades - bad, bad));
    assert_eq!(walked.answer_rows, spec.trades, "one row of the answer for each record");
    assert_eq!(walked.events, spec.trades - bad + 1, "one event for each good record, and the end of the file");
    println!(
        "  {} good, {} bad, {} answer rows, {} events read: {:.1} s, {:.1} s of processor time, peak {:.1} MiB",
        walked.good,
        walked.bad,
        walked.answer_rows,
        walked.events,
        walked.seconds(),
        walked.processor_seconds(),
        walked.peak_kib as f64 / 1024.0,
    );
    walked
}

/// Medians over the runs; gives the processor time of the walk for a record, in microseconds.
fn print(runs: &[Walked], records: u64) -> f64 {
    println!("  {:<42} {:>9} {:>11} {:>13}", "median of each step", "seconds", "processor s", "records/CPU s");
    for (at, step) in runs[0].steps.iter().enumerate() {
        let seconds = median(runs.iter().map(|run| run.steps[at].seconds));
        let processor = median(runs.iter().map(|run| run.steps[at].processor_seconds));
        line(&step.name, seconds, processor, records);
    }
    let processor = median(runs.iter().map(Walked::processor_seconds));
    line("the walk", median(runs.iter().map(Walked::seconds)), processor, records);
    let read = median(runs.iter().map(|run| run.read.seconds));
    line("afterwards: the stream read over HTTP", read, median(runs.iter().map(|r| r.read.processor_seconds)), records);
    let peak = |of: fn(&Walked) -> u64| runs.iter().map(of).max().unwrap_or_default() as f64 / 1024.0;
    println!(
        "  peak resident memory of the node (VmHWM, highest run): {:.1} MiB at its start, {:.1} MiB after the walk, \
         {:.1} MiB after the stream was read",
        peak(|run| run.idle_kib),
        peak(|run| run.walk_kib),
        peak(|run| run.peak_kib)
    );
    processor * 1e6 / records as f64
}

/// The program's own decoder on the same file; its output is thrown away.
fn decode(source: &Path, mib: f64, runs: usize) {
    let layout = concat!(env!("CARGO_MANIFEST_DIR"), "/config/layouts/pmtrd.toml");
    let seconds = median((0..runs).map(|_| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_fpp"));
        process::run(program.args(["decode", layout]).arg(source).stdout(Stdio::null()).stderr(Stdio::null()))
    }));
    println!("  `fpp decode` of the file to /dev/null: {seconds:.2} processor s, {:.0} MiB/s", mib / seconds);
}

/// The same file through Camel and, for the same result, through `fpp decode`, by turns.
fn beside_camel(program: &Path, source: &Path, (records, runs): (u64, usize), walk: f64) {
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        theirs.push(camel::camel(program, source, 480));
        ours.push(camel::decode(source));
    }
    for took in theirs.iter().chain(&ours) {
        assert!((records - BAD..=records).contains(&took.lines), "a line for each good record: {}", took.lines);
    }
    let processor = |took: &[camel::Took]| median(took.iter().map(|took| took.processor_seconds));
    line(
        "Camel: JSON lines, moved, acknowledged",
        median(theirs.iter().map(|t| t.seconds)),
        processor(&theirs),
        records,
    );
    line("fpp decode: the same", median(ours.iter().map(|t| t.seconds)), processor(&ours), records);
    println!(
        "  processor seconds for the same result: {:.2} of Camel's (at most 0.33 is wanted); the whole walk, proven, kept \
         and answered: {:.2} of Camel's (at most 1.00)",
        processor(&ours) / processor(&theirs),
        walk / processor(&theirs)
    );
}

fn line(name: &str, seconds: f64, processor: f64, records: u64) {
    // The kernel counts processor time in hundredths of a second.
    let rate = if processor < 0.1 { String::new() } else { format!("{:.0}", records as f64 / processor) };
    println!("  {name:<42} {seconds:>9.2} {processor:>11.2} {rate:>13}");
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
