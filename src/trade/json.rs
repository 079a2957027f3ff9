//! Writing JSON straight into reused buffers.
//!
//! Only what events need: escaped text, exact decimals as digits, whole numbers. A general serializer would allocate for
//! each record; these append and never fail.

use fpp_codecs::record::Decimal;

/// Appends a quoted, escaped string.
pub fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_escaped(out, text.as_bytes());
    out.push(b'"');
}

/// Appends the inside of a string, given as UTF-8.
pub fn push_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    // Looking at every byte without an early exit lets the compiler use wide registers; nearly all values are plain.
    if !bytes.iter().fold(false, |special, byte| special | needs_escape(*byte)) {
        return out.extend_from_slice(bytes);
    }
    let mut written = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !needs_escape(byte) {
            continue;
        }
        out.extend_from_slice(&bytes[written..at]);
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                push_hex(out, &[byte]);
            }
        }
        written = at + 1;
    }
    out.extend_from_slice(&bytes[written..]);
}

fn needs_escape(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Appends `,"key":` (without the comma after an opening brace).
pub fn push_key(out: &mut Vec<u8>, key: &str) {
    if !out.is_empty() && !out.ends_with(b"{") {
        out.push(b',');
    }
    push_string(out, key);
    out.push(b':');
}

/// Appends a key and a string.
pub fn push_text(out: &mut Vec<u8>, key: &str, value: &str) {
    push_key(out, key);
    push_string(out, value);
}

/// Appends a key and a whole number.
pub fn push_number(out: &mut Vec<u8>, key: &str, value: u64) {
    push_key(out, key);
    push_digits(out, u128::from(value), 0);
}

/// Appends lower-case hex.
pub fn push_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

/// Appends a decimal with all digits of its scale: `-123.45`.
pub fn push_decimal(out: &mut Vec<u8>, value: Decimal) {
    if value.unscaled < 0 {
        out.push(b'-');
    }
    push_digits(out, value.unscaled.unsigned_abs(), usize::from(value.scale));
}

/// Appends a number with at least so many digits.
pub fn push_padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let start = fill(&mut digits, u128::from(value)).min(20 - width.min(20));
    out.extend_from_slice(&digits[start..]);
}

fn push_digits(out: &mut Vec<u8>, value: u128, scale: usize) {
    // 39 digits are the most an i128 has, 63 decimals the most a field has.
    let mut digits = [b'0'; 80];
    let start = fill(&mut digits, value).min(digits.len() - (scale + 1).min(digits.len()));
    let (whole, fraction) = digits[start..].split_at(digits.len() - start - scale.min(digits.len() - 1));
    out.extend_from_slice(whole);
    if scale > 0 {
        out.push(b'.');
        out.extend_from_slice(fraction);
    }
}

/// Writes digits at the end of the buffer and says where they begin; zero has none.
fn fill(buffer: &mut [u8], mut value: u128) -> usize {
    let mut at = buffer.len();
    while value > u128::from(u64::MAX) {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    let mut value = value as u64;
    while value > 0 {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(unscaled: i128, scale: u8) -> String {
        let mut out = Vec::new();
        push_decimal(&mut out, Decimal { unscaled, scale });
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn keys_are_separated_and_numbers_padded() {
        let mut out = b"{".to_vec();
        push_number(&mut out, "n", 0);
        push_text(&mut out, "t", "a");
        push_key(&mut out, "d");
        push_padded(&mut out, 7, 2);
        assert_eq!(out, b"{\"n\":0,\"t\":\"a\",\"d\":07");
    }

    proptest! {
        #[test]
        fn decimals_print_as_they_display(unscaled: i128, scale in 0u8..=38) {
            prop_assume!(unscaled != i128::MIN);
            prop_assert_eq!(decimal(unscaled, scale), Decimal { unscaled, scale }.to_string());
        }

        #[test]
        fn any_text_reads_back(text in any::<String>()) {
            let mut out = Vec::new();
            push_string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
