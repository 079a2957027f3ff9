//! Hexadecimal floats and DECFLOAT: vectors of other makers, shortest text, every declet, both ways.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod hex_support;

use fpp_codecs::Code;
use fpp_codecs::number::decfloat::{self, DecFloat, Precision};
use fpp_codecs::number::hexfloat::{self, Rounding};
use hex_support::{bytes, hex};
use proptest::prelude::*;

fn hex_of(text: &str, long: bool, rounding: Rounding) -> Result<String, Code> {
    let mut out = Vec::new();
    hexfloat::write(&hexfloat::parse(text, long, rounding).map_err(|flaw| flaw.code)?, &mut out);
    Ok(hex(&out))
}

fn text_of(hex: &str, rounding: Rounding) -> String {
    let mut text = String::new();
    hexfloat::read(&bytes(hex), hex.len() == 16).unwrap().1.text(rounding, &mut text);
    text
}

#[test]
fn hexadecimal_floats_are_those_of_the_definition() {
    let mut rows = 0;
    for line in include_str!("data/hexfloat.tsv").lines().skip(2) {
        let c: Vec<_> = line.split('\t').collect();
        let rounding = if c[2] == "truncate" { Rounding::Truncate } else { Rounding::HalfEven };
        match c[3] {
            "too large" => assert_eq!(hex_of(c[0], c[1] == "long", rounding), Err(Code::TOO_LONG), "{line}"),
            wanted => assert_eq!(hex_of(c[0], c[1] == "long", rounding).as_deref(), Ok(wanted), "{line}"),
        }
        rows += 1;
    }
    assert_eq!(rows, 372);
}

#[test]
fn texts_are_short() {
    let half = |hex| text_of(hex, Rounding::HalfEven);
    assert_eq!(half("401999999999999A"), "0.1");
    assert_eq!(text_of("4019999999999999", Rounding::Truncate), "0.1");
    assert_eq!(half("4019999A"), "0.1");
    assert_eq!(half("C276A000"), "-118.625");
    assert_eq!(half("42640000"), "100");
    assert_eq!(half("413243F6A8885A31"), "3.1415926535897933");
    assert_eq!(half("00000000"), "0");
    assert_eq!(half("80000000"), "0");
    assert_eq!(half("46000001"), "1");
    assert_eq!(half("7FFFFFFF"), "7.237005E+75");
    assert_eq!(half("00100000"), "5.397605E-79");
    assert_eq!(half("00000001"), "5E-85");
    for text in ["", "-", ".", "1E", "1E+", "inf", "1 ", "0x1", "1..2"] {
        assert_eq!(hex_of(text, true, Rounding::HalfEven), Err(Code::RANGE), "{text}");
    }
    assert_eq!(hex_of("1E999999999999999999999", true, Rounding::HalfEven), Err(Code::TOO_LONG));
    assert_eq!(hex_of("-1E-999999999999999999999", false, Rounding::HalfEven).as_deref(), Ok("00000000"));
    // Time and memory do not grow with the digits.
    let long = format!("0.{}1", "0".repeat(100_000));
    assert_eq!(hex_of(&long, true, Rounding::HalfEven).as_deref(), Ok("0000000000000000"));
    let long = format!("1{}.{}1E-70000", "0".repeat(70_000), "0".repeat(70_000));
    assert_eq!(hex_of(&long, true, Rounding::HalfEven).as_deref(), Ok("4110000000000000"));
}

/// About a power of 16 the floats are sixteen times as dense on one side.
#[test]
fn powers_of_sixteen_and_their_neighbours_go_through_their_text() {
    for characteristic in 0..128u64 {
        for (long, width) in [(true, 56), (false, 24)] {
            for fraction in [1 << (width - 4), (1 << (width - 4)) + 1, (1 << width) - 1] {
                let bits: u64 = characteristic << width | fraction;
                let field = &bits.to_be_bytes()[8 - hexfloat::bytes(long)..];
                for rounding in [Rounding::HalfEven, Rounding::Truncate] {
                    assert_eq!(hex_of(&text_of(&hex(field), rounding), long, rounding), Ok(hex(field)));
                }
            }
        }
    }
}

fn decimal(text: &str, precision: Precision) -> Result<String, Code> {
    let mut out = Vec::new();
    let value = DecFloat::parse(text).map_err(|flaw| flaw.code)?;
    decfloat::write(&value, precision, &mut out).map_err(|flaw| flaw.code)?;
    Ok(hex(&out))
}

fn decimal_text(hex: &str) -> String {
    let precision = if hex.len() == 16 { Precision::Sixteen } else { Precision::ThirtyFour };
    let mut text = String::new();
    decfloat::read(&bytes(hex), precision).unwrap().1.text(&mut text);
    text
}

/// Examples of the General Decimal Arithmetic test cases (`ddEncode`, `dqEncode`) and of IEEE 754.
#[test]
fn decimal_floats_are_those_of_the_standard() {
    let sixteen = [
        ("-7.50", "A2300000000003D0"),
        ("0", "2238000000000000"),
        ("1", "2238000000000001"),
        ("-0", "A238000000000000"),
        ("9.999999999999999E+384", "77FCFF3FCFF3FCFF"),
        ("1E-398", "0000000000000001"),
        ("1.0", "2234000000000010"),
        ("1E+384", "47FC000000000000"),
        ("Infinity", "7800000000000000"),
        ("-Infinity", "F800000000000000"),
        ("NaN", "7C00000000000000"),
        ("sNaN", "7E00000000000000"),
        ("NaN79", "7C00000000000079"),
        ("1234567890123456", "263934B9C1E28E56"),
    ];
    for (text, hex) in sixteen {
        assert_eq!(decimal(text, Precision::Sixteen).as_deref(), Ok(hex), "{text}");
        let back = decimal_text(hex);
        assert!(back == text || text == "1E+384" && back == "1.000000000000000E+384", "{text} {back}");
    }
    let wide = [
        ("-7.50", "A20780000000000000000000000003D0"),
        ("1", "22080000000000000000000000000001"),
        ("9.999999999999999999999999999999999E+6144", "77FFCFF3FCFF3FCFF3FCFF3FCFF3FCFF"),
        ("1E-6176", "00000000000000000000000000000001"),
        ("Infinity", "78000000000000000000000000000000"),
    ];
    for (text, hex) in wide {
        assert_eq!(decimal(text, Precision::ThirtyFour).as_deref(), Ok(hex), "{text}");
        assert_eq!(decimal_text(hex), text);
    }
}

#[test]
fn decimal_floats_never_round() {
    assert_eq!(decimal("12345678901234567", Precision::Sixteen), Err(Code::TOO_LONG));
    assert_eq!(decimal("12345678901234560", Precision::Sixteen), decimal("1234567890123456E1", Precision::Sixteen));
    assert_eq!(decimal("1E+385", Precision::Sixteen), Err(Code::TOO_LONG));
    assert_eq!(decimal("1E-399", Precision::Sixteen), Err(Code::TOO_LONG));
    assert_eq!(decimal("10E-399", Precision::Sixteen), decimal("1E-398", Precision::Sixteen));
    assert_eq!(decimal("0E-9999", Precision::Sixteen).as_deref(), Ok("0000000000000000"));
    assert_eq!(decimal(&"1".repeat(35), Precision::ThirtyFour), Err(Code::TOO_LONG));
    assert_eq!(
        decimal(&format!("1{}", "0".repeat(50)), Precision::Sixteen),
        decimal("1000000000000000E35", Precision::Sixteen)
    );
    for text in ["", "nan1x", "infinit", "1e5e5", "--1", "NaN1234567890123456789012345678901234", "NaN-1"] {
        assert_eq!(DecFloat::parse(text).unwrap_err().code, Code::RANGE, "{text}");
    }
    assert!(DecFloat::parse("NaN").unwrap().finite().is_err() && DecFloat::parse("1").unwrap().finite().is_ok());
    // Wider payloads than the field has.
    assert_eq!(decimal("NaN1234567890123456", Precision::Sixteen), Err(Code::TOO_LONG));
}

#[test]
fn all_declets_are_read_and_the_canonical_ones_written() {
    let mut canonical = 0;
    for declet in 0..1024u64 {
        let field = (0x2238_0000_0000_0000 | declet).to_be_bytes();
        let value = decfloat::read(&field, Precision::Sixteen).unwrap().1;
        let DecFloat::Finite { coefficient, exponent: 0, .. } = value else { panic!("{declet}") };
        assert!(coefficient < 1000);
        let mut out = Vec::new();
        decfloat::write(&value, Precision::Sixteen, &mut out).unwrap();
        canonical += u32::from(out == field);
        assert_eq!(decfloat::read(&out, Precision::Sixteen).unwrap().1, value);
    }
    assert_eq!(canonical, 1000);
}

proptest! {
    #[test]
    fn hexadecimal_floats_go_through_their_text(bits in any::<u64>(), long in any::<bool>(), truncate in any::<bool>()) {
        let rounding = if truncate { Rounding::Truncate } else { Rounding::HalfEven };
        let field = if long { bits.to_be_bytes().to_vec() } else { (bits as u32).to_be_bytes().to_vec() };
        let value = hexfloat::read(&field, long).unwrap().1;
        let (mut text, mut out) = (String::new(), Vec::new());
        value.text(rounding, &mut text);
        prop_assert_eq!(hexfloat::parse(&text, long, rounding).unwrap(), value, "{}", text);
        hexfloat::write(&value, &mut out);
        prop_assert_eq!(hexfloat::read(&out, long).unwrap().1, value);
        // Normal floats keep their bytes.
        if field[1] > 0x0F {
            prop_assert_eq!(&out, &field);
        }
        // No shorter text does: neither the next lower nor the next higher one.
        let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let plain: String = mantissa.chars().filter(char::is_ascii_digit).collect();
        let digits = plain.trim_start_matches('0').trim_end_matches('0');
        if digits.len() > 1 {
            let places = mantissa.split_once('.').map_or(0, |(_, f)| f.len() as i64);
            let zeros = (plain.len() - plain.trim_end_matches('0').len()) as i64;
            let power = exponent.parse::<i64>().unwrap() - places + zeros + 1;
            let sign = if text.starts_with('-') { "-" } else { "" };
            let cut: u128 = digits[..digits.len() - 1].parse().unwrap();
            for shorter in [cut, cut + 1] {
                let shorter = format!("{sign}{shorter}E{power}");
                prop_assert_ne!(hexfloat::parse(&shorter, long, rounding).ok(), Some(value), "{} {}", text, shorter);
            }
        }
    }

    #[test]
    fn decimal_floats_go_through_their_text(bits in any::<u128>(), wide in any::<bool>()) {
        let precision = if wide { Precision::ThirtyFour } else { Precision::Sixteen };
        let field = &bits.to_be_bytes()[16 - precision.bytes()..];
        let value = decfloat::read(field, precision).unwrap().1;
        let (mut text, mut out, mut again) = (String::new(), Vec::new(), Vec::new());
        value.text(&mut text);
        prop_assert_eq!(DecFloat::parse(&text).unwrap(), value, "{}", text);
        decfloat::write(&value, precision, &mut out).unwrap();
        prop_assert_eq!(decfloat::read(&out, precision).unwrap().1, value);
        decfloat::write(&decfloat::read(&out, precision).unwrap().1, precision, &mut again).unwrap();
        prop_assert_eq!(out, again);
    }

    #[test]
    fn random_text_is_no_surprise(text in "[-+]?[0-9.]{0,40}(E[-+]?[0-9]{0,6})?") {
        let _ = hexfloat::parse(&text, true, Rounding::HalfEven);
        if let Ok(value) = DecFloat::parse(&text) {
            let _ = decfloat::write(&value, Precision::Sixteen, &mut Vec::new());
        }
    }
}

/// Found by the fuzzer.
#[test]
fn what_is_too_small_is_the_one_zero() {
    let zero = hexfloat::parse("0", true, Rounding::HalfEven);
    let text = format!(".{}10248191152060862008", "0".repeat(94));
    assert_eq!(hexfloat::parse(&text, true, Rounding::HalfEven), zero);
}
