//! What the loops by hand are made of: what one writes in an hour for one layout and knows to be fast.
//!
//! Their tables are their own. A byte costs one look into a table and one push; digits are checked and go to the output
//! as they come, without a detour over an integer.

use fpp_codecs::text::{Page, table_text};

/// Where lines go: a block that is begun again when it is full, as a writer would, or all of them.
#[derive(Default)]
pub struct Sink {
    pub out: Vec<u8>,
    keep: bool,
}

/// Bytes of a block.
const BLOCK: usize = 256 * 1024;

impl Sink {
    pub fn keeping() -> Sink {
        Sink { out: Vec::new(), keep: true }
    }

    pub fn kept(&self) -> &[u8] {
        &self.out
    }

    #[inline]
    pub fn end_line(&mut self) {
        if self.out.len() > BLOCK && !self.keep {
            self.out.clear();
        }
    }
}

/// ASCII of each byte of an EBCDIC page, 0 for what this file never has.
pub fn ascii_table(page: Page) -> [u8; 256] {
    std::array::from_fn(|byte| match table_text(page, &[byte as u8]).as_deref().map(str::as_bytes) {
        Some([c @ b' '..=b'~']) => *c,
        _ => 0,
    })
}

/// UTF-16 units of all two-byte codes, 0 for none.
pub fn double_table(page: Page) -> Vec<u16> {
    let unit = |code: u16| table_text(page, &code.to_be_bytes())?.encode_utf16().next();
    (0..=u16::MAX).map(|code| unit(code).unwrap_or(0)).collect()
}

pub fn trim(field: &[u8], blank: u8) -> &[u8] {
    &field[..field.iter().rposition(|b| *b != blank).map_or(0, |at| at + 1)]
}

/// `"name":` stands already; the value and its quotes.
pub fn text(out: &mut Vec<u8>, table: &[u8; 256], field: &[u8]) -> bool {
    let mut good = true;
    out.push(b'"');
    for byte in trim(field, 0x40) {
        let c = table[usize::from(*byte)];
        good &= c != 0;
        escaped(out, c);
    }
    out.push(b'"');
    good
}

#[inline]
pub fn escaped(out: &mut Vec<u8>, c: u8) {
    if c == b'"' || c == b'\\' {
        out.push(b'\\');
    }
    out.push(c);
}

/// Mixed text: single bytes, and pairs between SO and SI.
pub fn mixed(out: &mut Vec<u8>, single: &[u8; 256], double: &[u16], field: &[u8]) -> bool {
    let (mut good, mut in_run, mut at) = (true, false, 0);
    let field = trim(field, 0x40);
    out.push(b'"');
    while at < field.len() {
        let byte = field[at];
        if byte == 0x0E || byte == 0x0F {
            good &= in_run == (byte == 0x0F);
            in_run = byte == 0x0E;
            at += 1;
        } else if in_run && at + 1 < field.len() {
            good &= push_unit(out, double[usize::from(byte) << 8 | usize::from(field[at + 1])]);
            at += 2;
        } else {
            let c = single[usize::from(byte)];
            good &= c != 0 && !in_run;
            escaped(out, c);
            at += 1;
        }
    }
    out.push(b'"');
    good && !in_run
}

/// GBK: ASCII and pairs.
pub fn gbk(out: &mut Vec<u8>, double: &[u16], field: &[u8]) -> bool {
    let (mut good, mut at) = (true, 0);
    let field = trim(field, b' ');
    out.push(b'"');
    while at < field.len() {
        let byte = field[at];
        if byte < 0x80 {
            good &= byte >= 0x20;
            escaped(out, byte);
            at += 1;
        } else if at + 1 < field.len() {
            good &= push_unit(out, double[usize::from(byte) << 8 | usize::from(field[at + 1])]);
            at += 2;
        } else {
            good = false;
            at += 1;
        }
    }
    out.push(b'"');
    good
}

fn push_unit(out: &mut Vec<u8>, unit: u16) -> bool {
    match char::from_u32(unit.into()) {
        Some(c) if unit != 0 => {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            true
        }
        _ => false,
    }
}

/// Digits with a point before the last `decimals`, without leading zeros.
struct Digits<'a> {
    out: &'a mut Vec<u8>,
    whole: usize,
    started: bool,
}

impl Digits<'_> {
    #[inline]
    fn push(&mut self, digit: u8) {
        self.started |= digit != 0 || self.whole == 1;
        if self.whole == 0 {
            self.out.push(b'.');
        }
        self.whole = self.whole.wrapping_sub(1);
        if self.started {
            self.out.push(b'0' + digit);
        }
    }
}

/// A packed number with its quotes.
pub fn packed(out: &mut Vec<u8>, field: &[u8], decimals: usize) -> bool {
    let (last, front) = field.split_last().unwrap();
    let mut good = last >> 4 <= 9 && last & 15 > 9;
    out.push(b'"');
    if matches!(last & 15, 0x0B | 0x0D) && (front.iter().any(|b| *b != 0) || last >> 4 != 0) {
        out.push(b'-');
    }
    let mut digits = Digits { out, whole: 2 * front.len() + 1 - decimals, started: false };
    for byte in front {
        good &= byte >> 4 <= 9 && byte & 15 <= 9;
        digits.push(byte >> 4);
        digits.push(byte & 15);
    }
    digits.push(last >> 4);
    out.push(b'"');
    good
}

/// Digits as characters of a zone, with their quotes; `minus` in front.
pub fn digits(out: &mut Vec<u8>, field: &[u8], zone: u8, decimals: usize, minus: bool) -> bool {
    let mut good = true;
    out.push(b'"');
    if minus && field.iter().any(|b| b & 15 != 0) {
        out.push(b'-');
    }
    let mut digits = Digits { out, whole: field.len() - decimals, started: false };
    for byte in field {
        let digit = byte ^ zone;
        good &= digit <= 9;
        digits.push(digit);
    }
    out.push(b'"');
    good
}

/// A packed number as an integer.
pub fn packed_value(field: &[u8], good: &mut bool) -> i64 {
    let (last, front) = field.split_last().unwrap();
    let mut value = 0i64;
    for byte in front {
        *good &= byte >> 4 <= 9 && byte & 15 <= 9;
        value = value * 100 + i64::from((byte >> 4) * 10 + (byte & 15));
    }
    *good &= last >> 4 <= 9 && last & 15 > 9;
    value = value * 10 + i64::from(last >> 4);
    if matches!(last & 15, 0x0B | 0x0D) { -value } else { value }
}

/// Digits of a zone as an integer.
pub fn digits_value(field: &[u8], zone: u8, good: &mut bool) -> i64 {
    field.iter().fold(0, |value, byte| {
        let digit = byte ^ zone;
        *good &= digit <= 9;
        value * 10 + i64::from(digit)
    })
}

/// Single-byte text into a string that is used again.
pub fn text_value(out: &mut String, table: &[u8; 256], field: &[u8], good: &mut bool) {
    out.clear();
    for byte in trim(field, 0x40) {
        let c = table[usize::from(*byte)];
        *good &= c != 0;
        out.push(char::from(c));
    }
}

/// Appends a whole number.
pub fn whole(out: &mut Vec<u8>, mut value: usize) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// `{"n":1,"offset":0,"type":"NAME","fields":{`
pub fn head(out: &mut Vec<u8>, n: usize, offset: usize, rest: &str) {
    out.extend_from_slice(b"{\"n\":");
    whole(out, n);
    out.extend_from_slice(b",\"offset\":");
    whole(out, offset);
    out.extend_from_slice(rest.as_bytes());
}
