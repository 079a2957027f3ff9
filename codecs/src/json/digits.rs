//! Numbers as JSON writes them: whole numbers, decimals, floats.

use crate::record::Decimal;
use std::io::Write;

/// Digits of the longest `u64`.
const NARROW: usize = 20;

/// Appends a whole number.
pub(super) fn write_whole(value: u64, out: &mut Vec<u8>) {
    let mut digits = [b'0'; NARROW + 1];
    let start = put_digits(value, &mut digits);
    out.extend_from_slice(&digits[start..]);
}

/// Appends a whole number, perhaps below zero.
pub(super) fn write_signed(value: i64, out: &mut Vec<u8>) {
    if value < 0 {
        out.push(b'-');
    }
    write_whole(value.unsigned_abs(), out);
}

/// Appends a decimal with all decimals of its scale.
pub(super) fn write_decimal(value: Decimal, out: &mut Vec<u8>) {
    let scale = usize::from(value.scale);
    match i64::try_from(value.unscaled) {
        Ok(narrow) if scale < NARROW => {
            let mut digits = [b'0'; NARROW + 1];
            let start = put_digits(narrow.unsigned_abs(), &mut digits);
            write_placed(narrow < 0, &digits, start, scale, out);
        }
        _ => {
            let _ = write!(out, "{value}");
        }
    }
}

/// Sign, digits and point; `digits` are zeros in front of `start`.
fn write_placed(minus: bool, digits: &[u8], start: usize, scale: usize, out: &mut Vec<u8>) {
    if minus {
        out.push(b'-');
    }
    if scale == 0 {
        out.extend_from_slice(&digits[start..]);
        return;
    }
    let point = digits.len() - scale;
    out.extend_from_slice(&digits[start.min(point - 1)..point]);
    out.push(b'.');
    out.extend_from_slice(&digits[point..]);
}

const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut at = 0;
    while at < 100 {
        pairs[at] = [b'0' + (at / 10) as u8, b'0' + (at % 10) as u8];
        at += 1;
    }
    pairs
};

/// Writes a number to the end of zeros; gives its first digit, one digit at least.
fn put_digits(value: u64, digits: &mut [u8; NARROW + 1]) -> usize {
    let mut end = digits.len();
    let mut rest = value;
    while rest >= 100 {
        end -= 2;
        digits[end..end + 2].copy_from_slice(&PAIRS[(rest % 100) as usize]);
        rest /= 100;
    }
    end -= 1;
    digits[end] = b'0' + (rest % 10) as u8;
    if rest >= 10 {
        end -= 1;
        digits[end] = b'0' + (rest / 10) as u8;
    }
    end
}

/// Powers of ten that a single holds exactly.
const POWERS: [f64; 8] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];

/// Appends the shortest text that reads back as the same single.
///
/// Readers take numbers as doubles; the rare single whose shortest text would then round to its neighbour is written
/// with all its digits.
pub(super) fn write_single(value: f32, out: &mut Vec<u8>) {
    let start = out.len();
    let exact = f64::from(value);
    // A product of 24 and 24 bits is exact in a double, and so is the rounded quotient's fate: 53 bits are more than
    // twice 24 and two, so rounding twice is rounding once.
    if write_short(exact, (1 << 24) as f64, |double| double as f32 == value, out) {
        return;
    }
    write_float(format_args!("{value:?}"), out);
    let read: Option<f64> = std::str::from_utf8(&out[start..]).ok().and_then(|text| text.parse().ok());
    if read.is_none_or(|double| (double as f32).to_bits() != value.to_bits()) {
        out.truncate(start);
        write_float(format_args!("{exact:?}"), out);
    }
}

/// Appends the shortest text that reads back as the same double.
pub(super) fn write_double(value: f64, out: &mut Vec<u8>) {
    // Below this bound the product is off by less than a sixteenth, so the nearest whole number is the only candidate.
    if !write_short(value, (1u64 << 49) as f64, |double| double == value, out) {
        write_float(format_args!("{value:?}"), out);
    }
}

/// Amounts have few decimals: the fewest with which the number reads back are soon tried. False, and nothing written,
/// when that needs more than seven, or digits beyond `limit`.
fn write_short(value: f64, limit: f64, is: impl Fn(f64) -> bool, out: &mut Vec<u8>) -> bool {
    let size = value.abs();
    // Zero has a sign, and small numbers an exponent.
    if !(1e-4..limit).contains(&size) {
        return false;
    }
    for (scale, power) in POWERS.iter().enumerate() {
        let whole = (size * power + 0.5).floor();
        if whole >= limit {
            return false;
        }
        if is((whole / power).copysign(value)) {
            let mut digits = [b'0'; NARROW + 1];
            let start = put_digits(whole as u64, &mut digits);
            write_placed(value < 0.0, &digits, start, scale, out);
            return true;
        }
    }
    false
}

fn write_float(value: std::fmt::Arguments<'_>, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(value);
    if out.ends_with(b".0") {
        out.truncate(out.len() - 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn single(value: f32) -> String {
        let mut out = Vec::new();
        write_single(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn double(value: f64) -> String {
        let mut out = Vec::new();
        write_double(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn plain(text: String) -> String {
        text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
    }

    fn same_single(value: f32) {
        let shortest = plain(format!("{value:?}"));
        let text = single(value);
        if shortest.parse::<f64>().unwrap() as f32 == value {
            assert_eq!(text, shortest);
        } else {
            assert_eq!(text, plain(format!("{:?}", f64::from(value))));
        }
    }

    proptest! {
        #[test]
        fn singles_are_written_as_the_standard_library_does(bits in any::<u32>(), digits in 0u32..30_000_000, scale in 0i32..9) {
            let value = f32::from_bits(bits);
            if value.is_finite() {
                same_single(value);
            }
            same_single((f64::from(digits) / 10f64.powi(scale)) as f32);
            same_single(-(f64::from(digits) / 10f64.powi(scale)) as f32);
        }

        #[test]
        fn doubles_are_written_as_the_standard_library_does(bits in any::<u64>(), digits in 0u64..1 << 52, scale in 0i32..9) {
            for value in [f64::from_bits(bits), digits as f64 / 10f64.powi(scale), -(digits as f64) / 10f64.powi(scale)] {
                if value.is_finite() {
                    assert_eq!(double(value), plain(format!("{value:?}")));
                }
            }
        }
    }

    #[test]
    fn every_single_around_the_edges_is_the_shortest() {
        for start in [0u32, 0x38D1_B717 - 500, 0x3F80_0000 - 500, 0x4B80_0000 - 500, 0x7F7F_FFFF - 1000] {
            (start..start + 1000).for_each(|bits| same_single(f32::from_bits(bits)));
        }
    }
}
