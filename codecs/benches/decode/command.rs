//! The whole command line: `fpp decode` from a file to /dev/null, and the loop by hand as a program of its own.

use super::clock::{Figure, median, mib};
use super::hand::Sink;
use super::shape::{Hand, Shape};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const RUNS: usize = 3;
/// Bytes of the file at least: a run should last a second.
const FILE_BYTES: usize = 256 << 20;

/// The speed of both, if `fpp` has been built; good records of the shape's own part of the file.
pub fn measure(shape: &Shape) -> Option<(Figure, Option<Figure>)> {
    let fpp = program()?;
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.dat", shape.name));
    let repeats = FILE_BYTES.div_ceil(shape.file.len());
    let mut file = std::fs::File::create(&path).unwrap();
    (0..repeats).for_each(|_| file.write_all(&shape.file).unwrap());
    drop(file);
    let mut ours = Command::new(fpp);
    ours.arg("decode").arg(&shape.source).arg(&path);
    let bytes = shape.file.len() * repeats;
    let figure = |command: &mut Command| {
        let mut good = String::new();
        let mut seconds: Vec<f64> = (0..RUNS).map(|_| run(command, &mut good)).collect();
        let good = good.split_whitespace().find_map(|word| word.replace(',', "").parse::<usize>().ok()).unwrap_or(0);
        Figure { speed: mib(bytes) / median(&mut seconds), good: good / repeats }
    };
    let hand = shape.hand.map(|hand| {
        let mut theirs = Command::new(std::env::current_exe().unwrap());
        figure(theirs.args(["by-hand", hand.name]).arg(&path))
    });
    let figures = (figure(&mut ours), hand);
    std::fs::remove_file(&path).unwrap();
    Some(figures)
}

/// Processor seconds of a program, user and system; what it says on stderr.
fn run(command: &mut Command, says: &mut String) -> f64 {
    let before = children();
    let output =
        command.stdout(Stdio::from(std::fs::File::create("/dev/null").unwrap())).stderr(Stdio::piped()).output();
    *says = String::from_utf8(output.unwrap().stderr).unwrap();
    children() - before
}

/// Processor seconds of all children so far: fields 16 and 17 of `stat`, in hundredths.
fn children() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().skip(13).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

/// `target/release/fpp`, beside the folder of this program.
fn program() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    let program = own.parent()?.parent()?.join("fpp");
    program.exists().then_some(program)
}

/// The loop by hand as a program: reads blocks, writes blocks.
pub fn by_hand(hand: &Hand, path: impl AsRef<Path>) {
    let record = hand.record;
    let mut file = std::fs::File::open(path).unwrap();
    let mut block = vec![0; record * (256 * 1024 / record).max(1)];
    let (mut out, mut sink, mut good) = (std::io::stdout().lock(), Sink::keeping(), 0);
    loop {
        let mut have = 0;
        while have < block.len() {
            match file.read(&mut block[have..]).unwrap() {
                0 => break,
                count => have += count,
            }
        }
        if have == 0 {
            break;
        }
        good += (hand.lines)(&block[..have], &mut sink);
        out.write_all(sink.kept()).unwrap();
        sink.out.clear();
    }
    eprintln!("{good} good records");
}
