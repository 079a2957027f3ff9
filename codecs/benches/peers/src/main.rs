//! Records to JSON with copybook-codec and copybook-cli 0.6.1, for the comparison in docs/performance.md.
//!
//! `./dev bench-peers` runs it. Its own package outside the workspace: copybook-codec is AGPL, and nothing of fpp is
//! linked with it. Data and clock are those of `codecs/benches/decode`; defaults of copybook-codec, code page 037. The
//! first argument is the folder of the data, the second the program of copybook-cli.

use copybook_codec::{DecodeOptions, decode_file_to_jsonl, decode_record};
use copybook_core::parse_copybook;
use std::hint::black_box;
use std::io::Cursor;
use std::process::{Command, Stdio};

/// Bytes of each file that are decoded: its speed does not depend on it, and it is slow.
const BYTES: usize = 6_000_000;
const RUNS: usize = 5;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("the folder with display.dat and packed.dat");
    let program = arguments.next().expect("copybook, the program of copybook-cli");
    for (name, picture, record) in [("display", "X(50)", 500), ("packed", "S9(9)V99 COMP-3", 60)] {
        let file = std::fs::read(format!("{folder}/{name}.dat")).unwrap();
        let file = &file[..BYTES.min(file.len()) / record * record];
        let fields: String = (1..=10).map(|n| format!("           05 F{n:02} PIC {picture}.\n")).collect();
        let copybook = format!("       01 RECORD.\n{fields}");
        let schema = parse_copybook(&copybook).unwrap();
        let options = DecodeOptions::default();
        let records = file.len() / record;
        report(name, "copybook-codec, values", file.len(), records, || {
            file.chunks_exact(record).filter(|bytes| black_box(decode_record(&schema, bytes, &options)).is_ok()).count()
        });
        let mut out = Vec::new();
        report(name, "copybook-codec, JSON lines", file.len(), records, || {
            out.clear();
            decode_file_to_jsonl(&schema, Cursor::new(file), &mut out, &options).unwrap();
            black_box(&out).iter().filter(|byte| **byte == b'\n').count()
        });
        let (source, data) = (format!("{folder}/{name}.cpy"), format!("{folder}/{name}-peers.dat"));
        std::fs::write(&source, &copybook).unwrap();
        // Large enough that its start does not count.
        let repeats = if name == "display" { 20 } else { 4 };
        std::fs::write(&data, file.repeat(repeats)).unwrap();
        let arguments = ["decode", "--format", "fixed", "--codepage", "cp037", "--output", "-", &source, &data];
        let lines = Command::new(&program).args(arguments).output().unwrap().stdout;
        let good = lines.iter().filter(|byte| **byte == b'\n').count();
        report(name, "copybook-cli, command line", file.len() * repeats, records * repeats, || {
            let output = Command::new(&program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
            assert!(output.unwrap().success());
            good
        });
    }
}

fn report(shape: &str, what: &str, bytes: usize, records: usize, mut pass: impl FnMut() -> usize) {
    let mut good = pass();
    let mut speeds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let before = processor_seconds();
            good = pass();
            bytes as f64 / 1_048_576.0 / (processor_seconds() - before)
        })
        .collect();
    speeds.sort_by(f64::total_cmp);
    println!("{shape:10} {what:26} {:6.1} MiB/s  {good} good of {records}", speeds[RUNS / 2]);
}

/// User and system time of this process, and of the programs that it called.
fn processor_seconds() -> f64 {
    let own = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    let own = own.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9;
    // Fields 16 and 17, in hundredths.
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    own + fields.split_whitespace().skip(13).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
