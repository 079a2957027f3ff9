//! Numbers in text with their point, dirty fields and their kinds, and IBM's repair.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod hex_support;

use fpp_codecs::Code;
use fpp_codecs::number::dirty::{self, Dirt};
use fpp_codecs::number::explicit::Explicit;
use fpp_codecs::number::{self, Digits, Parsed, fixnbr, packed, zoned};
use hex_support::bytes;
use proptest::prelude::*;

const MONEY: Explicit = Explicit { digits: 9, decimals: 2, point: b'.', ebcdic: false };

#[test]
fn numbers_with_a_point_read_exactly() {
    let good = [
        ("-123.45", -12345),
        (" -123.45", -12345),
        ("123.45-  ", -12345),
        ("+.5", 50),
        ("5.", 500),
        ("0", 0),
        ("-0.00", 0),
        ("123", 12300),
        ("0000000000123.4500", 12345),
        ("1234567.89", 123_456_789),
        ("7.1+", 710),
    ];
    for (text, value) in good {
        assert_eq!(MONEY.read(text.as_bytes()), Ok(Digits::of(value)), "{text}");
        let narrow = MONEY.narrow(text.as_bytes());
        assert!(narrow.is_none_or(|n| i128::from(n) == value), "{text}");
    }
    assert_eq!(MONEY.narrow(b" -1234567.89 "), Some(-123_456_789));
    assert_eq!(Explicit { decimals: 0, ..MONEY }.narrow(b"42"), Some(42));
    let comma = Explicit { point: b',', ebcdic: true, ..MONEY };
    assert_eq!(comma.read(&bytes("4060F1F2F36BF4F5")), Ok(Digits::of(-12345)));
    assert_eq!(comma.narrow(&bytes("4060F1F2F36BF4F5")), Some(-12345));
}

#[test]
fn what_is_no_number_is_refused_at_its_byte() {
    let bad = [
        ("", Code::ZONE, 0),
        ("   ", Code::ZONE, 0),
        (".", Code::ZONE, 0),
        ("-", Code::ZONE, 0),
        (" - 5", Code::ZONE, 2),
        ("1,234.5", Code::ZONE, 1),
        ("1.2.3", Code::ZONE, 3),
        ("-5-", Code::SIGN, 2),
        ("1E5", Code::ZONE, 1),
        ("12 34", Code::ZONE, 2),
        ("1.234", Code::TOO_LONG, 4),
        ("12345678", Code::TOO_LONG, 0),
        ("--5", Code::ZONE, 1),
        ("\u{FF11}", Code::ZONE, 0),
        ("inf", Code::ZONE, 0),
    ];
    for (text, code, at) in bad {
        let flaw = MONEY.read(text.as_bytes()).unwrap_err();
        assert_eq!((flaw.code, flaw.at), (code, at), "{text}");
        assert_eq!(MONEY.narrow(text.as_bytes()), None, "{text}");
    }
}

#[test]
fn dirt_has_kinds() {
    fn kind<T>(field: &[u8], read: Parsed<'_, T>) -> Option<Dirt> {
        read.err().map(|error| dirty::of_flaw(field, number::flaw(error)))
    }
    let packed = |hex: &str| kind(&bytes(hex), packed::packed(&bytes(hex), 5));
    assert_eq!((packed("12345F"), packed("404040"), packed("202020")), (None, Some(Dirt::Blank), Some(Dirt::Blank)));
    assert_eq!((packed("000000"), packed("FFFFFF")), (Some(Dirt::LowValues), Some(Dirt::HighValues)));
    assert_eq!((packed("123450"), packed("12A45F")), (Some(Dirt::BadSign), Some(Dirt::BadDigit)));
    assert_eq!((packed("1234"), packed("404000")), (Some(Dirt::Misfit), Some(Dirt::BadSign)));
    assert_eq!(kind(&bytes("12345D"), packed::unsigned(&bytes("12345D"), 5)), Some(Dirt::BadSign));
    assert_eq!(kind(&bytes("12FF"), packed::comp6(&bytes("12FF"), 4)), Some(Dirt::BadDigit));
    let zoned = |hex: &str| kind(&bytes(hex), zoned::zoned(&bytes(hex), 3));
    assert_eq!((zoned("F1F2D3"), zoned("404040"), zoned("000000")), (None, Some(Dirt::Blank), Some(Dirt::LowValues)));
    assert_eq!((zoned("40F2F3"), zoned("C1F2F3")), (Some(Dirt::BadZone), Some(Dirt::BadZone)));
    assert_eq!(
        (zoned("FAF2F3"), zoned("F1F2FA"), zoned("F1F2")),
        (Some(Dirt::BadDigit), Some(Dirt::BadDigit), Some(Dirt::Misfit))
    );
    assert_eq!((zoned("F1F243"), zoned("FFFFFF")), (Some(Dirt::BadSign), Some(Dirt::HighValues)));
    let text = |text: &str| MONEY.read(text.as_bytes()).err().map(|flaw| dirty::of_flaw(text.as_bytes(), flaw));
    assert_eq!(
        (text("1.5"), text("  "), text("1?"), text("1.555")),
        (None, Some(Dirt::Blank), Some(Dirt::BadDigit), Some(Dirt::NoValue))
    );
    assert_eq!(text("-1-"), Some(Dirt::BadSign));
    assert!(Dirt::LowValues.is_unfilled() && !Dirt::BadSign.is_unfilled());
}

#[test]
fn fixnbr_repairs_as_the_manual_says() {
    let zoned = |hex: &str| {
        let fixed = fixnbr::zoned(&bytes(hex), (hex.len() / 2) as u8).unwrap();
        (fixed.number.narrow().unwrap(), fixed.repaired.map(|flaw| flaw.at))
    };
    assert_eq!(zoned("F1F2D3"), (-123, None));
    assert_eq!(zoned("404040"), (0, Some(0)));
    assert_eq!(zoned("40F2D3"), (-23, Some(0)));
    assert_eq!(zoned("F1FAD3"), (-103, Some(1)));
    assert_eq!(zoned("F1F243"), (123, Some(2)));
    assert_eq!(zoned("F1F2DA"), (-120, Some(2)));
    assert_eq!(zoned("404040D0").0, 0);
    // IBM's example: 8aA69 in EBCDIC.
    assert_eq!(zoned("F881C1F6F9"), (81_169, Some(1)));
    let packed = |hex: &str| {
        let fixed = fixnbr::packed(&bytes(hex), 5).unwrap();
        (fixed.number.narrow().unwrap(), fixed.repaired.map(|flaw| flaw.at))
    };
    assert_eq!(packed("12345D"), (-12345, None));
    assert_eq!(packed("404040"), (0, Some(2)));
    assert_eq!(packed("12A45F"), (0, Some(1)));
    assert_eq!(fixnbr::packed(&[0x12], 5).unwrap_err().code, Code::LENGTH);
    assert_eq!(fixnbr::zoned(&[0xF1], 5).unwrap_err().code, Code::LENGTH);
}

proptest! {
    #[test]
    fn numbers_with_a_point_read_what_was_written(
        values in prop::collection::vec(0u8..10, 63), digits in 1u8..=63, decimals in 0u8..=63, negative in any::<bool>(),
        comma in any::<bool>(), ebcdic in any::<bool>(), wide in any::<bool>(),
    ) {
        let decimals = decimals.min(digits);
        let form = Explicit { digits, decimals, point: if comma { b',' } else { b'.' }, ebcdic };
        let mut number = Digits { negative, values: values.try_into().unwrap() };
        number.values[..usize::from(63 - digits)].fill(0);
        number.negative = number.is_negative();
        let mut out = Vec::new();
        form.write(&number, if wide { 70 } else { 0 }, &mut out).unwrap();
        prop_assert!(!wide || out.len() == 70);
        prop_assert_eq!(form.read(&out), Ok(number));
        if digits <= 17 && digits > decimals {
            prop_assert_eq!(form.narrow(&out).map(i128::from), number.narrow());
        }
    }

    #[test]
    fn narrow_and_wide_agree(text in "[ ]{0,2}[-+]?[0-9]{0,12}[.]?[0-9]{0,5}[-+]?[ x]{0,2}", digits in 1u8..=18, decimals in 0u8..=6) {
        let form = Explicit { digits, decimals: decimals.min(digits), point: b'.', ebcdic: false };
        if let Some(narrow) = form.narrow(text.as_bytes()) {
            prop_assert_eq!(form.read(text.as_bytes()).map(|d| d.narrow()), Ok(Some(narrow.into())));
        }
    }

    #[test]
    fn fixnbr_mends_all_but_too_few_bytes(input in prop::collection::vec(any::<u8>(), 0..12), digits in 1u8..=18) {
        let field = &input[..input.len().min(digits.into())];
        let fixed = fixnbr::zoned(field, digits);
        prop_assert_eq!(fixed.is_ok(), field.len() == usize::from(digits));
        if let Ok(fixed) = fixed {
            prop_assert_eq!(fixed.repaired.is_some(), zoned::zoned(field, digits).is_err());
        }
        let field = &input[..input.len().min(packed::bytes(digits))];
        prop_assert_eq!(fixnbr::packed(field, digits).is_ok(), field.len() == packed::bytes(digits));
    }
}
