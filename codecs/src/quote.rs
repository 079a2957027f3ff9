//! Strings as JSON writes them; keys are quoted once when a format is compiled, values when a line is written.

use std::io::Write;

/// A JSON string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_rest(text, out);
}

/// A JSON string whose first quote is written already.
pub(crate) fn write_rest(text: &str, out: &mut Vec<u8>) {
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    if eights.iter().any(|eight| any_special(u64::from_le_bytes(*eight))) || rest.iter().any(|b| is_special(*b)) {
        write_escaped(text.as_bytes(), out);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'"');
}

fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether one of eight bytes must be escaped: each test sets the highest bit of the bytes it finds (and perhaps of a
/// byte after one it found, which does not matter here). Bytes of other characters have that bit and are left out.
fn any_special(bytes: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(bytes ^ (ONES * u64::from(byte)), 1);
    (below(bytes, 0x20) | equal(b'"') | equal(b'\\')) & (ONES << 7) != 0
}

fn write_escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            0..0x20 => {
                let _ = write!(out, "\\u{byte:04x}");
            }
            _ => out.push(byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_reads_back_wherever_it_stands() {
        for c in ('\0'..'\u{200}').chain(['中', '\u{2028}', '𠮷']) {
            for before in 0..9 {
                let text = format!("{}{c}tail of more than eight", "x".repeat(before));
                let mut out = Vec::new();
                write_text(&text, &mut out);
                assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
            }
        }
    }
}
