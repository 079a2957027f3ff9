//! How fast records are read: fpp beside a straight loop written by hand for the one layout.
//!
//! For each shape: typed values, JSON lines in memory, and the whole command line to /dev/null. Every figure is MiB of
//! input in a second of processor time, one thread, the median of several runs, beside the number of good records. The
//! JSON of both is compared byte for byte before the clock starts.
//!
//! `cargo bench -p fpp-codecs --bench decode [-- SHAPE… WHAT…]`, where WHAT is typed, lines or command; the command line is measured when `cargo build --release`
//! has made it.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "a measurement prints, and stops at the first surprise"
)]

#[path = "decode/clock.rs"]
mod clock;
#[path = "decode/command.rs"]
mod command;
#[path = "decode/display.rs"]
mod display;
#[path = "decode/hand.rs"]
mod hand;
#[path = "decode/packed.rs"]
mod packed;
#[path = "decode/pmtrd.rs"]
mod pmtrd;
#[path = "decode/shape.rs"]
mod shape;
#[path = "decode/twin.rs"]
mod twin;

use clock::{Figure, measure};
use hand::Sink;
use shape::{Hand, Shape};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--bench")).collect();
    if let [flag, shape, file] = &arguments[..]
        && flag == "by-hand"
    {
        return command::by_hand(HANDS.iter().find(|hand| hand.name == shape).unwrap(), file);
    }
    let (whats, names): (Vec<String>, Vec<String>) = arguments.into_iter().partition(|a| WHATS.contains(&a.as_str()));
    println!("{:10} {:22} {:>9} {:>9} {:>6}  good records", "shape", "what", "fpp", "by hand", "ratio");
    for make in SHAPES {
        let shape = make();
        if names.is_empty() || names.iter().any(|name| name == shape.name) {
            report(&shape, |what| whats.is_empty() || whats.iter().any(|asked| asked == what));
        }
    }
}

/// What is measured of each shape, as it may be asked for.
const WHATS: [&str; 3] = ["typed", "lines", "command"];

const SHAPES: &[fn() -> Shape] = &[display::shape, packed::shape, pmtrd::shape, twin::shape];

const HANDS: &[&Hand] = &[&display::HAND, &packed::HAND, &pmtrd::HAND, &twin::HAND];

fn report(shape: &Shape, asked: impl Fn(&str) -> bool) {
    let (mut ours, mut theirs) = (Sink::keeping(), Sink::keeping());
    assert_eq!((shape.lines(&mut ours), (shape.hand.lines)(&shape.file, &mut theirs)), (shape.records, shape.records));
    if let Some(at) = (ours.kept() != theirs.kept()).then(|| differs(ours.kept(), theirs.kept())) {
        panic!("{}: the outputs differ: {at}", shape.name);
    }
    drop((ours, theirs));
    let bytes = shape.file.len();
    if asked("typed") {
        row(shape, "typed values", measure(bytes, || shape.rows()), measure(bytes, || (shape.hand.typed)(&shape.file)));
    }
    if asked("lines") {
        let (mut ours, mut theirs) = (Sink::default(), Sink::default());
        let fpp = measure(bytes, || shape.lines(&mut ours));
        row(shape, "JSON lines in memory", fpp, measure(bytes, || (shape.hand.lines)(&shape.file, &mut theirs)));
    }
    if asked("command")
        && let Some((fpp, hand)) = command::measure(shape)
    {
        row(shape, "command line", fpp, hand);
    }
}

fn row(shape: &Shape, what: &str, fpp: Figure, hand: Figure) {
    let good = if fpp.good == hand.good { fpp.good.to_string() } else { format!("{} and {}", fpp.good, hand.good) };
    println!(
        "{:10} {what:22} {:9.0} {:9.0} {:6.2}  {good} of {}",
        shape.name,
        fpp.speed,
        hand.speed,
        fpp.speed / hand.speed,
        shape.records,
    );
}

fn differs(a: &[u8], b: &[u8]) -> String {
    let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
    let show =
        |text: &[u8]| String::from_utf8_lossy(&text[at.saturating_sub(60)..(at + 60).min(text.len())]).into_owned();
    format!("at byte {at}\n{}\n{}", show(a), show(b))
}
