//! Records to JSON with copybook-codec 0.6.1, for the comparison in docs/performance.md.
//!
//! `./dev bench-peers` runs it. Its own package outside the workspace: copybook-codec is AGPL, and nothing of fpp is
//! linked with it. Data and clock are those of `codecs/benches/decode`; defaults of copybook-codec, code page 037.

use copybook_codec::{DecodeOptions, decode_file_to_jsonl, decode_record};
use copybook_core::parse_copybook;
use std::hint::black_box;
use std::io::Cursor;

/// Bytes of each file that are decoded: its speed does not depend on it, and it is slow.
const BYTES: usize = 6_000_000;
const RUNS: usize = 5;

fn main() {
    let folder = std::env::args().nth(1).expect("the folder with display.dat and packed.dat");
    for (name, picture, record) in [("display", "X(50)", 500), ("packed", "S9(9)V99 COMP-3", 60)] {
        let file = std::fs::read(format!("{folder}/{name}.dat")).unwrap();
        let file = &file[..BYTES.min(file.len()) / record * record];
        let fields: String = (1..=10).map(|n| format!("           05 F{n:02} PIC {picture}.\n")).collect();
        let schema = parse_copybook(&format!("       01 RECORD.\n{fields}")).unwrap();
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

/// User and system time of this process.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
