//! Strings as JSON writes them; keys are quoted once when a format is compiled, values when a line is written.

use crate::simd::{Kernels, Level, Pen, Task};

/// A JSON string.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_rest(text, out);
}

/// A JSON string whose first quote is written already.
pub(crate) fn write_rest(text: &str, out: &mut Vec<u8>) {
    let mut pen = Pen::new(out);
    Level::best().run(Rest { text, pen: &mut pen });
}

struct Rest<'a, 'b> {
    text: &'a str,
    pen: &'a mut Pen<'b>,
}

impl Task for Rest<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<K: Kernels>(self, kernels: K) {
        rest(kernels, self.text, self.pen);
    }
}

/// The same with kernels.
#[inline(always)]
pub(crate) fn rest<K: Kernels>(kernels: K, text: &str, pen: &mut Pen<'_>) {
    let mut rest = text;
    loop {
        let clean = kernels.copy_unescaped(rest, pen);
        let Some(byte) = rest.as_bytes().get(clean) else { break };
        write_escaped(*byte, pen);
        rest = rest.get(clean + 1..).unwrap_or_default();
    }
    pen.push(b'"');
}

/// Upper-case hex.
pub(crate) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.extend(bytes.iter().flat_map(|byte| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]));
}

/// A character that may not stand in a string as it is.
#[cold]
fn write_escaped(byte: u8, pen: &mut Pen<'_>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    pen.push(b'\\');
    match byte {
        b'"' | b'\\' => pen.push(byte),
        _ => {
            pen.append("u00");
            pen.push(HEX[usize::from(byte >> 4)]);
            pen.push(HEX[usize::from(byte & 15)]);
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
