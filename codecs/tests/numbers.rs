//! Packed and zoned numbers: the published vectors, exact places of flaws, and the round trip of every width.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod hex_support;

use fpp_codecs::date::Date;
use fpp_codecs::number::display::{Display, Encoding, Place};
use fpp_codecs::number::signs::Signs;
use fpp_codecs::number::{self, Digits, binary, packed, zoned};
use fpp_codecs::record::Decimal;
use hex_support::bytes;
use proptest::prelude::*;

const VECTORS: &str = include_str!("data/decimals.tsv");

/// Zoned decimal as IBM i writes it.
fn zoned_of(digits: u8) -> Display {
    Display { digits, place: Place::Trailing, encoding: Encoding::Ebcdic, signs: Signs::Ibmi }
}

#[test]
fn every_published_vector_reads_or_is_refused() {
    let mut rows = 0;
    for line in VECTORS.lines().skip(2) {
        let c: Vec<_> = line.split('\t').collect();
        let (digits, scale, input) = (c[1].parse().unwrap(), c[2].parse().unwrap(), bytes(c[3]));
        let read = match c[0] {
            "P" => packed::packed(&input, digits),
            _ => zoned::zoned(&input, digits),
        };
        let wide = match c[0] {
            "P" => packed::packed_wide(&input, digits),
            _ => zoned::zoned_wide(&input, digits),
        };
        let read = read.map(|(_, n)| n).map_err(number::flaw);
        assert_eq!(read.err(), wide.map_err(number::flaw).err(), "{line}");
        match (c[4], read) {
            (value, Err(_)) => assert!(value.starts_with("reject"), "{line}"),
            (value, Ok(n)) if value.len() == 10 && value.contains('-') => {
                assert_eq!(Date::from_cyymmdd(n).unwrap().to_string(), value, "{line}");
            }
            (value, Ok(n)) => {
                let wanted = Decimal::parse(value.split('/').next_back().unwrap());
                let found = Decimal { unscaled: n, scale };
                assert!(wanted.is_none_or(|wanted| wanted.same_value(found)), "{line}: {found}");
                assert!(wanted.is_some() || n == 0, "{line}");
            }
        }
        rows += 1;
    }
    assert_eq!(rows, 27);
}

#[test]
fn flaws_point_at_their_byte() {
    let packed = |hex: &str, digits| number::flaw(packed::packed(&bytes(hex), digits).unwrap_err());
    let zoned = |hex: &str| number::flaw(zoned::zoned(&bytes(hex), (hex.len() / 2) as u8).unwrap_err());
    let text = |s: &str, signed| {
        number::flaw(zoned::text(s.as_bytes(), (s.len() - usize::from(signed)) as u8, signed, false).unwrap_err())
    };
    let shown = |f: fpp_codecs::fault::Flaw| format!("{} {}", f.code, f.at);
    assert_eq!(shown(packed("12A45F", 5)), "FPP2001 1");
    assert_eq!(shown(packed("120241231F", 8)), "FPP2001 0");
    assert_eq!(shown(packed("000000", 5)), "FPP2002 2");
    assert_eq!(shown(packed("404040", 5)), "FPP2002 2");
    assert_eq!(shown(packed("000000000000000000000000AAAA", 27)), "FPP2001 12");
    assert_eq!(shown(zoned("F1F240F4F5")), "FPP2003 2");
    assert_eq!(shown(zoned("F1F2F3F4FA")), "FPP2003 4");
    assert_eq!(shown(zoned("F1F2F3F445")), "FPP2002 4");
    assert_eq!(shown(zoned("F1F2F3F4F5F6F7F8F9C1F2")), "FPP2003 9");
    assert_eq!(shown(text("12 45", false)), "FPP2003 2");
    assert_eq!(shown(text("012345", true)), "FPP2002 0");
    assert_eq!(shown(text("-1234567/9", true)), "FPP2003 8");
}

/// Digits 1 to 63 and a number that has so many at most.
fn number() -> impl Strategy<Value = (u8, Digits)> {
    (1u8..=63, any::<bool>(), prop::collection::vec(0u8..10, 63)).prop_map(|(digits, negative, mut values)| {
        values[..usize::from(63 - digits)].fill(0);
        let negative = negative && values.iter().any(|d| *d != 0);
        (digits, Digits { negative, values: values.try_into().unwrap() })
    })
}

fn narrow(number: &Digits) -> i128 {
    let value = number.values.iter().fold(0i128, |n, d| n * 10 + i128::from(*d));
    if number.negative { -value } else { value }
}

proptest! {
    #[test]
    fn packed_reads_what_was_written((digits, number) in number()) {
        let mut out = Vec::new();
        packed::write(&number, digits, &mut out).unwrap();
        prop_assert_eq!(out.len(), packed::bytes(digits));
        prop_assert_eq!(packed::packed_wide(&out, digits).unwrap().1, number);
        if digits <= number::NARROW {
            prop_assert_eq!(packed::packed(&out, digits).unwrap().1, narrow(&number));
            prop_assert_eq!(Digits::of(narrow(&number)), number);
        }
    }

    #[test]
    fn zoned_and_text_read_what_was_written((digits, number) in number(), ebcdic in any::<bool>()) {
        let (mut zones, mut text) = (Vec::new(), Vec::new());
        zoned_of(digits).write(&number, &mut zones).unwrap();
        zoned::write_text(&number, digits, true, ebcdic, &mut text).unwrap();
        prop_assert_eq!(zoned::zoned_wide(&zones, digits).unwrap().1, number);
        prop_assert_eq!(zoned::text_wide(&text, digits, true, ebcdic).unwrap().1, number);
        if digits <= number::NARROW {
            prop_assert_eq!(zoned::zoned(&zones, digits).unwrap().1, narrow(&number));
            prop_assert_eq!(zoned::text(&text, digits, true, ebcdic).unwrap().1, narrow(&number));
        }
    }

    #[test]
    fn random_bytes_read_alike_in_both_ways(input in prop::collection::vec(any::<u8>(), 0..40), digits in 1u8..=38) {
        let pair = (packed::packed(&input, digits), packed::packed_wide(&input, digits));
        prop_assert_eq!(pair.0.map(|(_, n)| n), pair.1.map(|(_, d)| narrow(&d)));
        let pair = (zoned::zoned(&input, digits), zoned::zoned_wide(&input, digits));
        prop_assert_eq!(pair.0.map(|(_, n)| n), pair.1.map(|(_, d)| narrow(&d)));
    }

    #[test]
    fn mostly_digits_read_alike_in_both_ways(input in "[0-9]{1,38}", at in 0usize..38, byte in any::<u8>()) {
        let mut input = input.into_bytes();
        if let Some(slot) = input.get_mut(at) {
            *slot = byte;
        }
        let digits = input.len() as u8;
        let pair = (zoned::text(&input, digits, false, false), zoned::text_wide(&input, digits, false, false));
        prop_assert_eq!(pair.0.map(|(_, n)| n), pair.1.map(|(_, d)| narrow(&d)));
    }

    #[test]
    fn canonical_text_reads_back((_, number) in number(), decimals in 0u8..=63) {
        let mut text = String::new();
        number.write(decimals, &mut text);
        prop_assert_eq!(Digits::parse(&text, decimals).unwrap(), number);
    }

    #[test]
    fn binary_reads_what_was_written(value in any::<i64>(), digits in 1u8..=18) {
        let mut out = Vec::new();
        match binary::write(value.into(), digits, &mut out) {
            Ok(()) => prop_assert_eq!(binary::binary(&out, digits).unwrap().1, value),
            Err(_) => prop_assert!(digits < 10),
        }
    }
}
