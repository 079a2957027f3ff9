//! How fast records are read: fpp beside a straight loop written by hand for the one layout.
//!
//! For each shape: typed values, JSON lines in memory, and the whole command line to /dev/null; of two of them also their
//! text alone. Every figure is MiB of
//! input in a second of processor time, one thread, the median of several runs, beside the number of good records. The
//! JSON of both is compared byte for byte before the clock starts.
//!
//! `cargo bench -p fpp-codecs --bench decode [-- SHAPE… WHAT…]`, where WHAT is typed, text, lines or command; `write FOLDER`
//! instead writes the files, for the peers; the command line is measured when `cargo build --release`
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
#[path = "decode/cobrix.rs"]
mod cobrix;
#[path = "decode/cobrix_hand.rs"]
mod cobrix_hand;
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
#[path = "decode/texts.rs"]
mod texts;
#[path = "decode/twin.rs"]
mod twin;

use clock::{Figure, measure};
use hand::Sink;
use shape::{Hand, Shape};
use texts::Texts;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--bench")).collect();
    if let [flag, shape, file] = &arguments[..]
        && flag == "by-hand"
    {
        return command::by_hand(HANDS.iter().find(|hand| hand.name == shape).unwrap(), file);
    }
    if let [flag, folder] = &arguments[..]
        && flag == "write"
    {
        for shape in SHAPES.iter().map(|make| make()) {
            std::fs::write(format!("{folder}/{}.dat", shape.name), &shape.file).unwrap();
            if let Some(texts) = Texts::of(&shape) {
                std::fs::write(format!("{folder}/{}.dat", texts.name), &texts.file).unwrap();
            }
        }
        return;
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
const WHATS: [&str; 4] = ["typed", "text", "lines", "command"];

const SHAPES: &[fn() -> Shape] =
    &[display::shape, packed::shape, pmtrd::shape, twin::shape, cobrix::wide, cobrix::narrow, cobrix::array];

const HANDS: &[&Hand] = &[
    &display::HAND,
    &packed::HAND,
    &pmtrd::HAND,
    &twin::HAND,
    &cobrix_hand::WIDE,
    &cobrix_hand::NARROW,
    &cobrix_hand::ARRAY,
];

fn report(shape: &Shape, asked: impl Fn(&str) -> bool) {
    let mut ours = Sink::keeping();
    assert_eq!(shape.lines(&mut ours), shape.records);
    if let Some(hand) = shape.hand {
        let mut theirs = Sink::keeping();
        assert_eq!((hand.lines)(&shape.file, &mut theirs), shape.records);
        if let Some(at) = (ours.kept() != theirs.kept()).then(|| differs(ours.kept(), theirs.kept())) {
            panic!("{}: the outputs differ: {at}", shape.name);
        }
    }
    drop(ours);
    let bytes = shape.file.len();
    if asked("typed") {
        let hand = shape.hand.map(|hand| measure(bytes, || (hand.typed)(&shape.file)));
        row(shape, "typed values", measure(bytes, || shape.rows()), hand);
    }
    if asked("text")
        && let Some(texts) = Texts::of(shape)
    {
        row(shape, "text alone", texts.measured(), None);
    }
    if asked("lines") {
        let (mut ours, mut theirs) = (Sink::default(), Sink::default());
        let fpp = measure(bytes, || shape.lines(&mut ours));
        let hand = shape.hand.map(|hand| measure(bytes, || (hand.lines)(&shape.file, &mut theirs)));
        row(shape, "JSON lines in memory", fpp, hand);
    }
    if asked("command")
        && let Some((fpp, hand)) = command::measure(shape)
    {
        row(shape, "command line", fpp, hand);
    }
}

fn row(shape: &Shape, what: &str, fpp: Figure, hand: Option<Figure>) {
    let (speed, ratio) = match hand {
        Some(hand) => (format!("{:.0}", hand.speed), format!("{:.2}", fpp.speed / hand.speed)),
        None => ("-".to_owned(), "-".to_owned()),
    };
    assert!(hand.is_none_or(|hand| hand.good == fpp.good), "{}: different numbers of good records", shape.name);
    println!("{:10} {what:22} {:9.0} {speed:>9} {ratio:>6}  {} of {}", shape.name, fpp.speed, fpp.good, shape.records);
}

fn differs(a: &[u8], b: &[u8]) -> String {
    let at = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
    let show =
        |text: &[u8]| String::from_utf8_lossy(&text[at.saturating_sub(60)..(at + 60).min(text.len())]).into_owned();
    format!("at byte {at}\n{}\n{}", show(a), show(b))
}
