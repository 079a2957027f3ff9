//! Every form of a number both ways: signs by platform, unsigned packed and COMP-6, DISPLAY in all its places and
//! encodings, binary of every width and end, IEEE floats of both ends.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod hex_support;

use fpp_codecs::Code;
use fpp_codecs::fault::Flaw;
use fpp_codecs::number::binary::{Binary, Order};
use fpp_codecs::number::display::{Display, Encoding, Place};
use fpp_codecs::number::{self, Digits, Signs, float, packed, zoned};
use hex_support::{bytes, hex};
use proptest::prelude::*;

fn shown<T: std::fmt::Debug>(read: number::Parsed<'_, T>) -> String {
    let flaw: Flaw = number::flaw(read.unwrap_err());
    format!("{} {}", flaw.code, flaw.at)
}

const PLACES: [Place; 5] =
    [Place::Unsigned, Place::Trailing, Place::Leading, Place::TrailingSeparate, Place::LeadingSeparate];
const ENCODINGS: [Encoding; 3] = [Encoding::Ebcdic, Encoding::Ascii, Encoding::Translated];

/// Digits 1 to 63 and a number that has so many at most.
fn number() -> impl Strategy<Value = (u8, Digits)> {
    (1u8..=63, any::<bool>(), prop::collection::vec(0u8..10, 63)).prop_map(|(digits, negative, mut values)| {
        values[..usize::from(63 - digits)].fill(0);
        let negative = negative && values.iter().any(|d| *d != 0);
        (digits, Digits { negative, values: values.try_into().unwrap() })
    })
}

#[test]
fn signs_are_written_by_platform() {
    let written = |n: i128, signs| {
        let mut out = Vec::new();
        packed::write_signed(&Digits::of(n), 4, signs, &mut out).unwrap();
        Display { digits: 4, place: Place::Trailing, encoding: Encoding::Ebcdic, signs }
            .write(&Digits::of(n), &mut out)
            .unwrap();
        hex(&out)
    };
    assert_eq!(written(1234, Signs::Ibmi), "01234FF1F2F3F4");
    assert_eq!(written(1234, Signs::Zos), "01234CF1F2F3C4");
    assert_eq!(written(-1234, Signs::Ibmi), "01234DF1F2F3D4");
    assert_eq!(written(-1234, Signs::Zos), "01234DF1F2F3D4");
}

#[test]
fn a_field_without_sign_takes_any_plus_and_no_minus() {
    for plus in ["123A", "123C", "123E", "123F"] {
        assert_eq!(packed::unsigned(&bytes(plus), 3).unwrap().1, 123);
        assert_eq!(packed::unsigned_wide(&bytes(plus), 3).unwrap().1, Digits::of(123));
    }
    for minus in ["123B", "123D", "000D"] {
        assert_eq!(shown(packed::unsigned(&bytes(minus), 3)), "FPP2002 1");
        assert_eq!(shown(packed::unsigned_wide(&bytes(minus), 3)), "FPP2002 1");
    }
    let mut out = Vec::new();
    packed::write_unsigned(&Digits::of(12), 4, &mut out).unwrap();
    assert_eq!(hex(&out), "00012F");
    assert_eq!(packed::write_unsigned(&Digits::of(-1), 4, &mut out).unwrap_err().code, Code::SIGN);
    let plain = Display { digits: 3, place: Place::Unsigned, encoding: Encoding::Ebcdic, signs: Signs::Ibmi };
    assert_eq!(shown(plain.read(&bytes("F1F2C3"))), "FPP2003 2");
    assert_eq!(plain.write(&Digits::of(-1), &mut out).unwrap_err().code, Code::SIGN);
}

#[test]
fn comp_6_has_digits_in_every_nibble() {
    assert_eq!(packed::comp6(&bytes("1234"), 4).unwrap().1, 1234);
    assert_eq!(packed::comp6(&bytes("0234"), 3).unwrap().1, 234);
    assert_eq!(shown(packed::comp6(&bytes("1234"), 3)), "FPP2001 0");
    assert_eq!(shown(packed::comp6(&bytes("123C"), 4)), "FPP2001 1");
    assert_eq!(shown(packed::comp6_wide(&bytes("A234"), 3)), "FPP2001 0");
    let mut out = Vec::new();
    packed::write_comp6(&Digits::of(12345), 5, &mut out).unwrap();
    assert_eq!(hex(&out), "012345");
    assert_eq!(packed::write_comp6(&Digits::of(-1), 5, &mut out).unwrap_err().code, Code::SIGN);
    assert_eq!(packed::write_comp6(&Digits::of(123_456), 5, &mut out).unwrap_err().code, Code::TOO_LONG);
}

#[test]
fn display_flaws_point_at_their_byte() {
    let form = |place, encoding| Display { digits: 3, place, encoding, signs: Signs::Ibmi };
    let read = |place, encoding, text: &str| shown(form(place, encoding).read(text.as_bytes()));
    use Encoding::{Ascii, Translated};
    use Place::{Leading, LeadingSeparate, Trailing, TrailingSeparate, Unsigned};
    assert_eq!(read(Trailing, Ascii, "12}"), "FPP2002 2");
    assert_eq!(read(Trailing, Ascii, "12J"), "FPP2002 2");
    assert_eq!(read(Trailing, Translated, "12p"), "FPP2002 2");
    assert_eq!(read(Trailing, Translated, "1BJ"), "FPP2003 1");
    assert_eq!(read(Leading, Translated, "Z2J"), "FPP2002 0");
    assert_eq!(read(Leading, Translated, "A2J"), "FPP2003 2");
    assert_eq!(read(TrailingSeparate, Ascii, "123 "), "FPP2002 3");
    assert_eq!(read(LeadingSeparate, Ascii, " 123"), "FPP2002 0");
    assert_eq!(read(LeadingSeparate, Ascii, "+1 3"), "FPP2003 2");
    assert_eq!(read(Unsigned, Ascii, "12C"), "FPP2003 2");
    assert_eq!(read(Unsigned, Ascii, "12"), "FPP1003 0");
    let translated = form(Trailing, Translated);
    for (text, value) in [("12{", 120), ("12C", 123), ("12}", -120), ("12L", -123), ("123", 123), ("00R", -9)] {
        assert_eq!(translated.read(text.as_bytes()).unwrap().1, value, "{text}");
    }
}

#[test]
fn every_byte_is_a_sign_or_none() {
    for byte in 0..=255u8 {
        let signed = |plus: std::ops::RangeInclusive<u8>, minus: std::ops::RangeInclusive<u8>| match byte {
            _ if plus.contains(&byte) => Some(i128::from(byte - plus.start())),
            _ if minus.contains(&byte) => Some(-i128::from(byte - minus.start())),
            _ => None,
        };
        let translated = match byte {
            b'{' | b'}' => Some(0),
            b'A'..=b'I' => Some(i128::from(byte - b'@')),
            b'J'..=b'R' => Some(-i128::from(byte - b'I')),
            b'0'..=b'9' => Some(i128::from(byte - b'0')),
            _ => None,
        };
        let ebcdic = (byte & 15 < 10 && byte >= 0xA0).then_some(match byte >> 4 {
            0xB | 0xD => -i128::from(byte & 15),
            _ => i128::from(byte & 15),
        });
        let wanted = [ebcdic, signed(b'0'..=b'9', b'p'..=b'y'), translated];
        for (encoding, wanted) in ENCODINGS.into_iter().zip(wanted) {
            for place in [Place::Trailing, Place::Leading] {
                let form = Display { digits: 1, place, encoding, signs: Signs::Ibmi };
                assert_eq!(form.read(&[byte]).ok().map(|(_, n)| n), wanted, "{encoding:?} {byte:02X}");
            }
        }
    }
}

#[test]
fn binary_holds_what_its_bytes_hold() {
    let comp = Binary { bytes: 2, signed: true, order: Order::Big };
    let mut out = Vec::new();
    comp.write(&Digits::of(12_345), &mut out).unwrap();
    comp.write(&Digits::of(-32_768), &mut out).unwrap();
    assert_eq!(hex(&out), "30398000");
    assert_eq!(comp.write(&Digits::of(32_768), &mut out).unwrap_err().code, Code::TOO_LONG);
    assert_eq!(comp.write(&Digits::of(-32_769), &mut out).unwrap_err().code, Code::TOO_LONG);
    let unsigned = Binary { signed: false, ..comp };
    assert_eq!(unsigned.write(&Digits::of(-1), &mut out).unwrap_err().code, Code::SIGN);
    assert_eq!(unsigned.read(&bytes("FFFF")).unwrap().1, 65_535);
    assert_eq!(Binary { order: Order::Little, ..comp }.read(&bytes("FEFF")).unwrap().1, -2);
    let widest = Binary { bytes: 16, signed: false, order: Order::Big };
    assert_eq!(shown(widest.read(&[0xFF; 16])), "FPP2010 0");
    assert_eq!(widest.read_wide(&[0xFF; 16]).unwrap().1, Digits::of_parts(false, u128::MAX));
    assert_eq!(shown(Binary { bytes: 17, ..comp }.read(&[0; 20])), "FPP1003 0");
}

#[test]
fn floats_are_finite_and_numbers() {
    assert_eq!(float::parse_double("0.1").unwrap(), 0.1);
    for text in ["inf", "NaN", "infinity", "", "1e", "0x1"] {
        assert_eq!(float::parse_double(text).unwrap_err().code, Code::RANGE, "{text}");
    }
    assert_eq!(float::parse_single("1e39").unwrap_err().code, Code::TOO_LONG);
    assert_eq!(shown(float::double_of(&bytes("000000000000F07F"), Order::Little)), "FPP2013 0");
    assert!(float::write_single(f32::NAN, Order::Big, &mut Vec::new()).is_err());
}

/// Each row of `data/cobol.tsv` reads as its value and is written as its bytes.
#[test]
fn what_gnucobol_stores_is_what_we_store() {
    let mut rows = 0;
    for line in include_str!("data/cobol.tsv").lines().filter(|l| !l.starts_with('#')).skip(1) {
        let c: Vec<_> = line.split('\t').collect();
        let (input, mut out) = (bytes(c[2]), Vec::new());
        let number = c[1].parse::<i128>().ok().map(Digits::of);
        let display = |place, encoding| Display { digits: 4, place, encoding, signs: Signs::Zos };
        let binary = |bytes, signed, order| Binary { bytes, signed, order };
        let display = match c[0] {
            "zoned-trailing" => Some(display(Place::Trailing, Encoding::Ascii)),
            "zoned-leading" => Some(display(Place::Leading, Encoding::Ascii)),
            "zoned-trailing-separate" => Some(display(Place::TrailingSeparate, Encoding::Ascii)),
            "zoned-leading-separate" => Some(display(Place::LeadingSeparate, Encoding::Ascii)),
            "zoned-unsigned" => Some(display(Place::Unsigned, Encoding::Ascii)),
            "translated-trailing" => Some(display(Place::Trailing, Encoding::Translated)),
            "translated-leading" => Some(display(Place::Leading, Encoding::Translated)),
            _ => None,
        };
        let binary = match c[0] {
            "binary" => Some(binary(2, true, Order::Big)),
            "binary-unsigned" => Some(binary(2, false, Order::Big)),
            "comp5" => Some(binary(2, true, Order::Little)),
            "comp5-unsigned" => Some(binary(2, false, Order::Little)),
            "binary-9" => Some(binary(4, true, Order::Big)),
            "binary-18" => Some(binary(8, true, Order::Big)),
            _ => None,
        };
        let read = match (display, binary, c[0]) {
            (Some(form), ..) => {
                form.write(&number.unwrap(), &mut out).unwrap();
                form.read_wide(&input).unwrap().1
            }
            (_, Some(form), _) => {
                form.write(&number.unwrap(), &mut out).unwrap();
                form.read_wide(&input).unwrap().1
            }
            (.., "packed") => {
                packed::write_signed(&number.unwrap(), 4, Signs::Zos, &mut out).unwrap();
                packed::packed_wide(&input, 4).unwrap().1
            }
            (.., "packed-unsigned") => {
                packed::write_unsigned(&number.unwrap(), 4, &mut out).unwrap();
                packed::unsigned_wide(&input, 4).unwrap().1
            }
            (.., "comp6" | "comp6-odd") => {
                let digits = if c[0] == "comp6" { 4 } else { 3 };
                packed::write_comp6(&number.unwrap(), digits, &mut out).unwrap();
                packed::comp6_wide(&input, digits).unwrap().1
            }
            (.., "double-little") => {
                float::write_double(float::parse_double(c[1]).unwrap(), Order::Little, &mut out).unwrap();
                assert_eq!(float::double_of(&input, Order::Little).unwrap().1.to_string(), c[1]);
                number.unwrap_or(Digits::ZERO)
            }
            _ => {
                float::write_single(float::parse_single(c[1]).unwrap(), Order::Little, &mut out).unwrap();
                assert_eq!(float::single_of(&input, Order::Little).unwrap().1.to_string(), c[1]);
                number.unwrap_or(Digits::ZERO)
            }
        };
        assert_eq!(hex(&out), c[2], "{line}");
        assert_eq!(read, number.unwrap_or(Digits::ZERO), "{line}");
        rows += 1;
    }
    assert_eq!(rows, 116);
}

proptest! {
    #[test]
    fn display_reads_what_was_written((digits, number) in number(), place in 0usize..5, encoding in 0usize..3, zos in any::<bool>()) {
        let signs = if zos { Signs::Zos } else { Signs::Ibmi };
        let form = Display { digits, place: PLACES[place], encoding: ENCODINGS[encoding], signs };
        let number = Digits { negative: number.negative && form.place != Place::Unsigned, ..number };
        let mut out = Vec::new();
        form.write(&number, &mut out).unwrap();
        prop_assert_eq!(out.len(), form.bytes());
        prop_assert_eq!(form.read_wide(&out).unwrap().1, number);
        if digits <= 38 {
            prop_assert_eq!(Some(form.read(&out).unwrap().1), number.narrow());
        }
    }

    #[test]
    fn random_display_reads_alike_in_both_ways(
        input in prop::collection::vec(prop::sample::select(&b"0123456789\xF0\xF1\xF5\xF9\xC1\xD2\xA3\xB4\x4E\x60+-pyAJ{} "[..]), 39),
        digits in 1u8..=38, place in 0usize..5, encoding in 0usize..3,
    ) {
        let form = Display { digits, place: PLACES[place], encoding: ENCODINGS[encoding], signs: Signs::Ibmi };
        let (narrow, wide) = (form.read(&input), form.read_wide(&input));
        prop_assert_eq!(narrow.map(|(_, n)| n), wide.map(|(_, d)| d.narrow().unwrap()));
        prop_assert_eq!(zoned::whole(&input[..usize::from(digits)]), zoned::zoned(&input, digits).ok().map(|(_, n)| n));
    }

    #[test]
    fn unsigned_packed_and_comp_6_read_what_was_written((digits, number) in number()) {
        let number = Digits { negative: false, ..number };
        let (mut packed, mut comp6) = (Vec::new(), Vec::new());
        packed::write_unsigned(&number, digits, &mut packed).unwrap();
        packed::write_comp6(&number, digits, &mut comp6).unwrap();
        prop_assert_eq!(packed.len(), packed::bytes(digits));
        prop_assert_eq!(comp6.len(), packed::bytes_comp6(digits));
        prop_assert_eq!(packed::unsigned_wide(&packed, digits).unwrap().1, number);
        prop_assert_eq!(packed::comp6_wide(&comp6, digits).unwrap().1, number);
        if digits <= 38 {
            prop_assert_eq!(Some(packed::unsigned(&packed, digits).unwrap().1), number.narrow());
            prop_assert_eq!(Some(packed::comp6(&comp6, digits).unwrap().1), number.narrow());
        }
    }

    #[test]
    fn random_nibbles_read_alike_in_both_ways(input in prop::collection::vec(any::<u8>(), 0..24), good in any::<bool>(), digits in 1u8..=38) {
        let calm = |b: &u8| if good { ((b % 10) << 4) | (b / 26) } else { *b };
        let input: Vec<u8> = input.iter().map(calm).collect();
        let pair = (packed::comp6(&input, digits), packed::comp6_wide(&input, digits));
        prop_assert_eq!(pair.0.map(|(_, n)| n), pair.1.map(|(_, d)| d.narrow().unwrap()));
        let narrow = packed::packed(&input, digits.min(18)).ok().map(|(_, n)| n);
        let field = &input[..packed::bytes(digits.min(18)).min(input.len())];
        prop_assert_eq!(packed::narrow(field, digits.min(18)).map(i128::from), narrow);
    }

    #[test]
    fn binary_of_every_width_reads_what_was_written(value in any::<i128>(), bytes in 1u8..=16, signed in any::<bool>(), little in any::<bool>()) {
        let order = if little { Order::Little } else { Order::Big };
        let form = Binary { bytes, signed, order };
        let value = value >> (128 - 8 * u32::from(bytes));
        let value = if signed || value >= 0 { value } else { -(value + 1) };
        let mut out = Vec::new();
        form.write(&Digits::of(value), &mut out).unwrap();
        prop_assert_eq!(out.len(), usize::from(bytes));
        prop_assert_eq!(form.read(&out).unwrap().1, value);
        prop_assert_eq!(form.read_wide(&out).unwrap().1, Digits::of(value));
        // One more than fits is refused.
        if bytes < 16 {
            let most = if signed { 1i128 << (8 * u32::from(bytes) - 1) } else { 1i128 << (8 * u32::from(bytes)) };
            prop_assert!(form.write(&Digits::of(most), &mut out).is_err());
        }
    }

    #[test]
    fn floats_go_through_their_text(bits in any::<u64>(), little in any::<bool>()) {
        let order = if little { Order::Little } else { Order::Big };
        let mut out = Vec::new();
        let (single, double) = (f32::from_bits(bits as u32), f64::from_bits(bits));
        if single.is_finite() {
            float::write_single(single, order, &mut out).unwrap();
            let read = float::single_of(&out, order).unwrap().1;
            prop_assert_eq!(float::parse_single(&read.to_string()).unwrap().to_bits(), bits as u32);
        }
        if double.is_finite() {
            out.clear();
            float::write_double(double, order, &mut out).unwrap();
            let read = float::double_of(&out, order).unwrap().1;
            prop_assert_eq!(float::parse_double(&format!("{read:E}")).unwrap().to_bits(), bits);
        }
    }
}
