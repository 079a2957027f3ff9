//! Edited pictures: what GnuCOBOL shows is what we show and read, nothing else is read, and hostile pictures cost nothing.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::Code;
use fpp_codecs::number::Digits;
use fpp_codecs::number::picture::{LONGEST, Look, Options, Picture};
use proptest::prelude::*;

fn picture(text: &str) -> Picture {
    Picture::parse(text, Options::default()).unwrap_or_else(|fault| panic!("{text}: {fault:?}"))
}

/// A number without its point, as the picture holds it.
fn unscaled(picture: &Picture, value: &str) -> Digits {
    let shown = Digits::parse(value, picture.decimals()).unwrap();
    let scale = 10i128.pow(picture.scale_up().into());
    Digits::of(shown.narrow().unwrap() / scale)
}

fn written(picture: &Picture, number: &Digits) -> Result<String, Code> {
    let mut out = Vec::new();
    picture.write(number, Look::ASCII, &mut out).map_err(|flaw| flaw.code)?;
    Ok(String::from_utf8(out).unwrap())
}

/// Where GnuCOBOL 3.1.2 does otherwise than the manual: it loses a fixed sign before a currency sign, and does not take
/// `0` and `/` into the suppressed string, as IBM's "any of the simple insertion characters" has it.
const DIFFERENT: [&str; 6] = ["Z/ZZ9", "Z0ZZ9", "+$ZZ9.99", "-$$$9.99", "++/++9", "--0--9"];

#[test]
fn what_gnucobol_shows_is_what_we_show_and_read() {
    let (mut rows, mut different, mut faults) = (0, 0, Vec::new());
    for line in include_str!("data/edited.tsv").lines().filter(|l| !l.starts_with('#')).skip(1) {
        let c: Vec<_> = line.split('\t').collect();
        rows += 1;
        let parsed = Picture::parse(c[0], Options::default());
        if c[1].is_empty() {
            assert!(parsed.is_err(), "{line}");
            continue;
        }
        let Ok(picture) = parsed else {
            faults.push(format!("{line}: {parsed:?}"));
            continue;
        };
        let (number, edited) = (unscaled(&picture, c[1]), c[2].replace('_', " "));
        let ours = written(&picture, &number);
        if ours.as_deref() != Ok(&edited) && !DIFFERENT.contains(&c[0]) {
            faults.push(format!("{line} ours {:?}", ours.map(|text| text.replace(' ', "_"))));
            continue;
        }
        different += u32::from(ours.as_deref() != Ok(&edited));
        for look in [Look::ASCII, Look::EBCDIC, Look { ebcdic: true, currency: 0xE0 }] {
            let mut out = Vec::new();
            picture.write(&number, look, &mut out).unwrap();
            assert_eq!(out.len(), picture.bytes());
            assert_eq!(picture.read(&out, look), Ok(number), "{line}");
        }
    }
    assert!(faults.is_empty(), "{}\n{}", faults.len(), faults.join("\n"));
    assert_eq!((rows, different), (1299, 50));
}

#[test]
fn pictures_have_sizes() {
    let size = |text: &str| {
        let picture = picture(text);
        (picture.digits(), picture.decimals(), picture.scale_up(), picture.bytes(), picture.is_signed())
    };
    assert_eq!(size("Z(3),ZZ9.99-"), (8, 2, 0, 11, true));
    assert_eq!(size("$$,$$9.99"), (6, 2, 0, 9, false));
    assert_eq!(size("---9V99"), (5, 2, 0, 6, true));
    assert_eq!(size("PP99"), (2, 4, 0, 2, false));
    assert_eq!(size("ZZ9PP"), (3, 0, 2, 3, false));
    assert_eq!(size("zz9.99cr"), (5, 2, 0, 8, true));
    assert!(picture("9(5)V99").is_plain() && !picture("Z9").is_plain());
}

#[test]
fn pictures_that_are_none_are_refused_at_their_place() {
    let at = |text: &str| Picture::parse(text, Options::default()).map_err(|fault| fault.at).unwrap_err();
    assert_eq!(at("ZZ9X"), 3);
    assert_eq!(at("Z9Z"), 2);
    assert_eq!(at("Z*9"), 1);
    assert_eq!(at("ZZ9.9Z"), 5);
    assert_eq!(at("ZZ.Z9"), 3);
    assert_eq!(at("9.9.9"), 3);
    assert_eq!(at("9-9"), 1);
    assert_eq!(at("-9-"), 1);
    assert_eq!(at("-9CR"), 2);
    assert_eq!(at("$$9$"), 2);
    assert_eq!(at("$$--9"), 0);
    assert_eq!(at("--$9.99"), 2);
    assert_eq!(at("9CX"), 1);
    assert_eq!(at("9(0)"), 0);
    assert_eq!(at("9(5"), 0);
    assert_eq!(at("Z9(99999)"), 1);
    assert_eq!(at("9(18446744073709551617)"), 0);
    assert_eq!(at("9(64)"), 5);
    assert_eq!(at(""), 0);
    assert_eq!(at("BBB"), 3);
    assert_eq!(at("99P9"), 3);
    assert_eq!(at("9.9P"), 4);
    assert_eq!(at("P9P"), 3);
    assert_eq!(at(&"9B".repeat(100_000)), 160);
    assert_eq!(at("9(5)V9$"), 6);
}

#[test]
fn the_point_may_be_a_comma_and_the_currency_another() {
    let options = Options { currency: '€', decimal_comma: true, blank_when_zero: true };
    let picture = Picture::parse("€€.€€9,99-", options).unwrap();
    let look = Look { ebcdic: true, currency: 0x9F };
    let mut out = Vec::new();
    picture.write(&Digits::of(-123_456), look, &mut out).unwrap();
    assert_eq!(out, [0x9F, 0xF1, 0x4B, 0xF2, 0xF3, 0xF4, 0x6B, 0xF5, 0xF6, 0x60]);
    assert_eq!(picture.read(&out, look), Ok(Digits::of(-123_456)));
    assert_eq!(picture.read(&[0x40; 10], look), Ok(Digits::ZERO));
    out.clear();
    picture.write(&Digits::ZERO, look, &mut out).unwrap();
    assert_eq!(out, [0x40; 10]);
}

#[test]
fn what_editing_would_not_write_is_refused_at_its_byte() {
    let flaw = |text: &str, field: &str| {
        let flaw = picture(text).read(field.as_bytes(), Look::ASCII).unwrap_err();
        (flaw.code, flaw.at)
    };
    assert_eq!(flaw("ZZ,ZZ9.99-", "01,234.56 "), (Code::ZONE, 0));
    assert_eq!(flaw("ZZ,ZZ9.99-", " 1 234.56 "), (Code::ZONE, 2));
    assert_eq!(flaw("ZZ,ZZ9.99-", " 1,2 4.56 "), (Code::ZONE, 4));
    assert_eq!(flaw("ZZ,ZZ9.99-", " 1,234.5  "), (Code::ZONE, 8));
    assert_eq!(flaw("ZZ,ZZ9.99-", " 1,234.56+"), (Code::SIGN, 9));
    assert_eq!(flaw("ZZ,ZZ9.99-", "     0.00-"), (Code::SIGN, 9));
    assert_eq!(flaw("ZZ,ZZ9.99CR", " 1,234.56CX"), (Code::SIGN, 10));
    assert_eq!(flaw("ZZ,ZZ9.99-", " 1,234.56"), (Code::LENGTH, 0));
    assert_eq!(flaw("---9.99", " -  .50"), (Code::SIGN, 1));
    assert_eq!(flaw("$$9.99", "  5.00"), (Code::ZONE, 1));
    assert_eq!(flaw("ZZ.ZZ", "  .00"), (Code::ZONE, 2));
    assert_eq!(flaw("9(3)", "1 3"), (Code::ZONE, 1));
    let write = |text: &str, n| written(&picture(text), &Digits::of(n));
    assert_eq!(
        (write("ZZ9", 1234), write("ZZ9", -1), write("ZZ9-", -1)),
        (Err(Code::TOO_LONG), Err(Code::SIGN), Ok("  1-".into()))
    );
}

/// Pictures of all kinds, good and bad.
fn random_picture() -> impl Strategy<Value = String> {
    let front = prop::sample::select(&["", "+", "-", "$", "+$", "-$", "$$", "--", "++", "B", "0"][..]);
    let run = prop::sample::select(&["9", "Z", "*", "$", "-", "+"][..]);
    let between = prop::sample::select(&["", "", ",", "B", "/", "0"][..]);
    let whole = (run, prop::collection::vec((1usize..5, between), 1..5), 0usize..4).prop_map(|(run, parts, nines)| {
        let runs: String = parts.iter().map(|(count, between)| run.repeat(*count) + between).collect();
        runs + &"9".repeat(nines)
    });
    let fraction = prop::sample::select(&["", "", ".99", "V99", ".ZZ", ".**", ".$$", ".--", "PP", ".9B9"][..]);
    let end = prop::sample::select(&["", "", "-", "+", "CR", "DB", "B"][..]);
    (front, whole, fraction, end).prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}"))
}

proptest! {
    #[test]
    fn what_was_edited_reads_back(text in random_picture(), size in any::<u64>(), cut in 0u32..19, negative in any::<bool>(), ebcdic in any::<bool>()) {
        if let Ok(picture) = Picture::parse(&text, Options::default()) {
            let look = if ebcdic { Look::EBCDIC } else { Look::ASCII };
            let size = u128::from(size) % 10u128.pow(cut) % 10u128.pow(u32::from(picture.digits()));
            let number = Digits::of_parts(negative && picture.is_signed(), size);
            let mut out = Vec::new();
            picture.write(&number, look, &mut out).unwrap();
            prop_assert_eq!(out.len(), picture.bytes());
            prop_assert!(out.len() <= LONGEST);
            prop_assert_eq!(picture.read(&out, look), Ok(number), "{}", text);
        }
    }

    #[test]
    fn what_reads_is_written_the_same(text in random_picture(), field in "[ 0-9,.*$CRDB+-]{1,12}") {
        if let Ok(picture) = Picture::parse(&text, Options::default()) {
            let mut field = field.into_bytes();
            field.resize(picture.bytes(), b' ');
            if let Ok(number) = picture.read(&field, Look::ASCII) {
                let mut out = Vec::new();
                picture.write(&number, Look::ASCII, &mut out).unwrap();
                prop_assert_eq!(out, field);
            }
        }
    }

    #[test]
    fn random_pictures_never_panic(text in "[9ZPVB0/,.+$*()1-9CRDB-]{0,30}", field in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(picture) = Picture::parse(&text, Options::default()) {
            let _ = picture.read(&field, Look::ASCII);
            let mut field = field;
            field.resize(picture.bytes(), b'9');
            let _ = picture.read(&field, Look::EBCDIC);
        }
    }
}
