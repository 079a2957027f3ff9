//! Numbers and dates against IBM's own jt400, both ways: what it reads from our bytes, and which bytes it writes.
//!
//! `./dev test` sets `FPP_ORACLES=1` and `FPP_JT400` to the toolbox's jar: then a missing program fails. Under plain
//! `cargo test` it is passed over. Where jt400 does otherwise on purpose of ours, the test says so and holds it to it:
//! - it does not look at the pad nibble of packed numbers nor at zones before the last (seen: such bytes read);
//! - it has no minus zero, infinities or NaN in DECFLOAT, no exponents below -383 or -6143, and no numbers for them;
//! - its timestamps have at most six fraction digits, its *USA times no midnight of IBM's, its times no hour 24;
//! - its dates before October 1582 are Julian, and of short years it reads some days of 00 and 01 a century late
//!   (*CDMY 001/08/00 as 2000-08-01, *YM 01/01 as 2101-01-01; it writes them right).

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stdout, reason = "what is skipped is said")]

mod hex_support;

use fpp_codecs::date::{Date, DateForm, Time, TimeForm, TimestampForm, Window};
use fpp_codecs::number::binary::{Binary, Order};
use fpp_codecs::number::decfloat::{self, DecFloat, Precision};
use fpp_codecs::number::display::{Display, Encoding, Place};
use fpp_codecs::number::signs::Signs;
use fpp_codecs::number::{Digits, packed, zoned};
use hex_support::hex;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// One question: kind, parameters, bytes and text; and what jt400 must answer: text and bytes, `!` for a refusal,
/// nothing where it may say what it likes.
struct Case {
    kind: &'static str,
    parameters: String,
    hex: String,
    text: String,
    reads: Option<String>,
    writes: Option<String>,
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    /// A number of at most so many digits.
    fn number(&mut self, digits: u8) -> Digits {
        let mut number = Digits { negative: self.roll(2) == 1, ..Digits::ZERO };
        let shown = self.roll(u64::from(digits) + 1) as usize;
        let start = number.values.len() - shown;
        number.values[start..].iter_mut().for_each(|digit| *digit = self.roll(10) as u8);
        number.negative = number.is_negative();
        number
    }

    fn date(&mut self, from: u64, years: u64) -> Date {
        loop {
            let (year, month, day) = (from + self.roll(years), 1 + self.roll(12), 1 + self.roll(31));
            if let Some(date) = Date::new(year as u16, month as u8, day as u8) {
                return date;
            }
        }
    }
}

/// Zoned decimal as IBM i writes it.
fn zoned_of(digits: u8) -> Display {
    Display { digits, place: Place::Trailing, encoding: Encoding::Ebcdic, signs: Signs::Ibmi }
}

/// A case in which both directions agree.
fn agree(kind: &'static str, parameters: String, bytes: &[u8], text: String) -> Case {
    let hex = hex(bytes);
    Case { kind, parameters, reads: Some(text.clone()), writes: Some(hex.clone()), hex, text }
}

/// Bytes that jt400 must read so, or refuse.
fn reads(kind: &'static str, parameters: &str, hex: &str, text: &str) -> Case {
    Case {
        kind,
        parameters: parameters.to_owned(),
        hex: hex.to_owned(),
        text: "0".to_owned(),
        reads: Some(text.to_owned()),
        writes: None,
    }
}

fn decimals(dice: &mut Dice, cases: &mut Vec<Case>) {
    for digits in 1..=63u8 {
        for _ in 0..12 {
            let scale = dice.roll(u64::from(digits) + 1) as u8;
            let (number, mut text) = (dice.number(digits), String::new());
            number.write(scale, &mut text);
            let (mut packed, mut zoned) = (Vec::new(), Vec::new());
            packed::write(&number, digits, &mut packed).unwrap();
            zoned_of(digits).write(&number, &mut zoned).unwrap();
            let parameters = format!("{digits} {scale}");
            cases.push(agree("packed", parameters.clone(), &packed, text.clone()));
            cases.push(agree("zoned", parameters, &zoned, text));
        }
    }
    // Every last byte of a packed number, and of a zoned one: where we read, jt400 reads the same; where we refuse, too.
    for byte in 0..=255u8 {
        let field = [0x12, byte];
        let ours = packed::packed(&field, 3).map_or("!".to_owned(), |(_, n)| n.to_string());
        cases.push(reads("packed", "3 0", &hex(&field), &ours));
        let field = [0xF1, byte];
        let ours = zoned::zoned(&field, 2).map_or("!".to_owned(), |(_, n)| n.to_string());
        cases.push(reads("zoned", "2 0", &hex(&field), &ours));
    }
    // What jt400 lets pass and we do not.
    assert!(packed::packed(&[0x12, 0x3F], 2).is_err() && zoned::zoned(&[0xC1, 0xF2], 2).is_err());
    cases.push(reads("packed", "2 0", "123F", "123"));
    cases.push(reads("zoned", "2 0", "C1F2", "12"));
}

fn binaries(dice: &mut Dice, cases: &mut Vec<Case>) {
    for (kind, bytes, signed) in [
        ("binary2", 2, true),
        ("binary4", 4, true),
        ("binary8", 8, true),
        ("unsigned2", 2, false),
        ("unsigned4", 4, false),
        ("unsigned8", 8, false),
    ] {
        let form = Binary { bytes, signed, order: Order::Big };
        for at in 0..200 {
            let field: Vec<u8> =
                (0..bytes).map(|_| if at < 4 { [0, 255, 128, 127][at] } else { dice.roll(256) as u8 }).collect();
            let mut text = String::new();
            form.read_wide(&field).unwrap().1.write(0, &mut text);
            let mut written = Vec::new();
            form.write(&Digits::parse(&text, 0).unwrap(), &mut written).unwrap();
            assert_eq!(written, field);
            cases.push(agree(kind, String::new(), &field, text));
        }
    }
    for _ in 0..400 {
        let bits = dice.roll(1 << 31) << 33 ^ dice.roll(1 << 31) << 8 ^ dice.roll(256);
        let (single, double) = (f32::from_bits(bits as u32), f64::from_bits(bits));
        // Java must read the shortest text as the same bits.
        if single.is_finite() {
            let mut case = agree("float4", String::new(), &single.to_be_bytes(), format!("{single:E}"));
            case.reads = Some(case.hex.clone());
            cases.push(case);
        }
        if double.is_finite() {
            let mut case = agree("float8", String::new(), &double.to_be_bytes(), format!("{double:E}"));
            case.reads = Some(case.hex.clone());
            cases.push(case);
        }
    }
}

fn decimal_floats(dice: &mut Dice, cases: &mut Vec<Case>) {
    for (precision, digits, bottom) in [(Precision::Sixteen, 16, 383), (Precision::ThirtyFour, 34, 6143)] {
        for at in 0..600 {
            let shown = 1 + dice.roll(digits) as u8;
            let size = dice.number(shown);
            let coefficient = size.size().unwrap();
            // jt400 has no number whose first digit stands below its smallest normal exponent.
            let exponent = match at {
                0..400 => dice.roll(40) as i32 - 20,
                _ => dice.roll(2 * bottom - 80) as i32 - bottom as i32 + 40,
            };
            let value = DecFloat::Finite { negative: size.negative, coefficient, exponent };
            let (mut field, mut text) = (Vec::new(), String::new());
            decfloat::write(&value, precision, &mut field).unwrap();
            assert_eq!(decfloat::read(&field, precision).unwrap().1, value);
            value.text(&mut text);
            cases.push(agree("decfloat", digits.to_string(), &field, text));
        }
    }
}

fn moments(dice: &mut Dice, cases: &mut Vec<Case>) {
    let forms = [
        ("ISO", "-", 1600, 8000),
        ("USA", "/", 1600, 8000),
        ("EUR", ".", 1600, 8000),
        ("JIS", "-", 1600, 8000),
        ("MDY", "/", 1940, 100),
        ("DMY", "/", 1940, 100),
        ("YMD", "/", 1940, 100),
        ("JUL", "/", 1940, 100),
        ("CYMD", "/", 1900, 1000),
        ("CMDY", "/", 1900, 1000),
        ("CDMY", "/", 1900, 1000),
        ("LONGJUL", "/", 1600, 8000),
        ("MY", "/", 1940, 100),
        ("YM", "/", 1940, 100),
        ("MYY", "/", 1600, 8000),
        ("YYM", "/", 1600, 8000),
    ];
    for (name, separator, from, years) in forms {
        for at in 0..60 {
            let bare = at % 2 == 1;
            let form = DateForm::named(&format!("{name}{}", if bare { "0" } else { "" })).unwrap();
            let mut date = dice.date(from, years);
            while years < 8000 && date.year % 100 < 2 {
                date = dice.date(from, years);
            }
            if name.ends_with('M') || matches!(name, "MY" | "MYY") {
                date.day = 1;
            }
            let mut field = Vec::new();
            form.write(date, true, Window::IBM, &mut field).unwrap();
            let parameters = if bare { name.to_owned() } else { format!("{name} {separator}") };
            cases.push(agree("date", parameters, &field, date.to_string()));
        }
    }
    for (name, separator) in [("HMS", ":"), ("ISO", "."), ("EUR", "."), ("JIS", ":"), ("USA", ":")] {
        for _ in 0..60 {
            let hour = if name == "USA" { 1 + dice.roll(23) } else { dice.roll(24) };
            let second = if name == "USA" { 0 } else { dice.roll(60) };
            let time = Time::new(hour as u8, dice.roll(60) as u8, second as u8).unwrap();
            let mut field = Vec::new();
            TimeForm::named(name).unwrap().write(time, true, &mut field).unwrap();
            cases.push(agree("time", format!("{name} {separator}"), &field, time.to_string()));
        }
    }
    for at in 0..140u64 {
        let fraction = (at % 7) as u8;
        let digits: String = (0..fraction).map(|_| char::from(b'0' + dice.roll(10) as u8)).collect();
        let point = if fraction == 0 { "" } else { "." };
        let date = dice.date(1600, 8000);
        let text = format!("{date}-{:02}.{:02}.{:02}{point}{digits}", dice.roll(24), dice.roll(60), dice.roll(60));
        let mut field = Vec::new();
        TimestampForm::Ibm.write(&text, fraction, true, &mut field).unwrap();
        let mut case = agree("timestamp", field.len().to_string(), &field, text);
        // jt400 always shows six.
        case.reads = Some(format!("{}.{digits:0<6}", &case.text[..19]));
        cases.push(case);
    }
}

/// The compiled Java program's folder and the jar; nothing if there is no oracle.
fn oracle() -> Option<(PathBuf, String)> {
    let wanted = std::env::var("FPP_ORACLES").is_ok_and(|mode| mode == "1");
    let Ok(jar) = std::env::var("FPP_JT400") else {
        assert!(!wanted, "FPP_JT400 does not name the jar of jt400; run ./dev test, which brings it along");
        println!("FPP_JT400 is not set: nothing compared");
        return None;
    };
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/jt400/Numbers.java");
    let classes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("jt400-numbers");
    let javac = Command::new("javac").args(["-cp", &jar, "-d"]).arg(&classes).arg(source).status();
    match javac {
        Ok(status) => assert!(status.success(), "javac failed"),
        Err(error) => {
            assert!(!wanted, "javac: {error}; run ./dev test, which installs it");
            println!("no javac: nothing compared");
            return None;
        }
    }
    Some((classes, jar))
}

#[test]
fn jt400_reads_and_writes_the_same() {
    let Some((classes, jar)) = oracle() else { return };
    let (mut dice, mut cases) = (Dice(20_251_126), Vec::new());
    decimals(&mut dice, &mut cases);
    binaries(&mut dice, &mut cases);
    decimal_floats(&mut dice, &mut cases);
    moments(&mut dice, &mut cases);
    let class_path = std::env::join_paths([classes, PathBuf::from(jar)]).unwrap();
    let mut java = Command::new("java");
    java.arg("-cp").arg(class_path).arg("Numbers").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut java = java.spawn().unwrap();
    let mut input = java.stdin.take().unwrap();
    let lines: String =
        cases.iter().map(|c| format!("{}\t{}\t{}\t{}\n", c.kind, c.parameters, c.hex, c.text)).collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = java.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    assert_eq!(answers.lines().count(), cases.len());
    let mut faults = Vec::new();
    for (case, answer) in cases.iter().zip(answers.lines()) {
        let (read, written) = answer.split_once('\t').unwrap();
        let good = case.reads.as_deref().is_none_or(|wanted| wanted == read)
            && case.writes.as_deref().is_none_or(|wanted| wanted == written);
        if !good {
            faults.push(format!("{} {} {} {}: jt400 {answer}", case.kind, case.parameters, case.hex, case.text));
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {} differ\n{}",
        faults.len(),
        cases.len(),
        faults[..faults.len().min(60)].join("\n")
    );
    println!("{} cases compared", cases.len());
}
