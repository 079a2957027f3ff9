//! The kernels in plain Rust: for processors without vectors of bytes, and the truth the others are tested against.

use super::form::{FIXED, Form};
use super::kernels::{Kernels, STOP, Translation};
use super::moment::{self, Moment, PLACES, WEIGHTS};
use super::packed::{EIGHT, Packed};
use super::pen::Pen;
use crate::number::packed::Straight;

/// Nothing special is needed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scalar;

impl Kernels for Scalar {
    #[inline(always)]
    fn translate(self, table: &Translation, bytes: &[u8], pen: &mut Pen<'_>) -> usize {
        translate(table, bytes, pen)
    }

    #[inline(always)]
    fn trimmed(self, bytes: &[u8], blank: u8) -> usize {
        trimmed(bytes, blank)
    }

    #[inline(always)]
    fn copy_unescaped(self, text: &str, pen: &mut Pen<'_>) -> usize {
        copy_unescaped(text, pen)
    }

    #[inline(always)]
    fn packed_text(self, form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
        packed_text(form, field, pen)
    }

    #[inline(always)]
    fn zoned_text(self, form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
        zoned_text(form, field, pen)
    }

    #[inline(always)]
    fn moment_text(self, moment: &Moment, field: &[u8], pen: &mut Pen<'_>) -> bool {
        moment_text(moment, field, pen)
    }

    #[inline(always)]
    fn packed_numbers(self, form: &Packed, bytes: &[u8], count: usize, numbers: &mut [i64; EIGHT]) -> bool {
        packed_numbers(form, bytes, count, numbers)
    }
}

fn translate(table: &Translation, bytes: &[u8], pen: &mut Pen<'_>) -> usize {
    let to = pen.room(bytes.len());
    let (eights, _) = bytes.as_chunks::<8>();
    let mut done = 0;
    for eight in eights {
        let text = eight.map(|byte| table.0[usize::from(byte)]);
        if u64::from_le_bytes(text) & HIGHEST != 0 {
            break;
        }
        // SAFETY: there is room for all bytes, and these eight are among them.
        unsafe { to.add(done).cast::<[u8; 8]>().write(text) };
        done += 8;
    }
    for byte in &bytes[done..] {
        let text = table.0[usize::from(*byte)];
        if text >= STOP {
            break;
        }
        // SAFETY: as above.
        unsafe { to.add(done).write(text) };
        done += 1;
    }
    // SAFETY: so many ASCII characters have been written.
    unsafe { pen.keep(done) };
    done
}

fn trimmed(bytes: &[u8], blank: u8) -> usize {
    let mut rest = bytes;
    while let Some((front, eight)) = rest.split_last_chunk::<8>() {
        if *eight != [blank; 8] {
            break;
        }
        rest = front;
    }
    rest.iter().rposition(|byte| *byte != blank).map_or(0, |last| last + 1)
}

fn copy_unescaped(text: &str, pen: &mut Pen<'_>) -> usize {
    let bytes = text.as_bytes();
    let (eights, _) = bytes.as_chunks::<8>();
    let clean = eights.iter().take_while(|eight| !any_escaped(u64::from_le_bytes(**eight))).count() * 8;
    let rest = bytes[clean..].iter().position(|byte| is_escaped(*byte));
    let done = rest.map_or(bytes.len(), |at| clean + at);
    // What is escaped is ASCII, so this is a whole number of characters.
    pen.append(text.get(..done).unwrap_or_default());
    done
}

fn is_escaped(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// Whether one of eight bytes is escaped: each test sets the highest bit of the bytes it finds (and perhaps of a byte
/// after one it found, which does not matter here). Bytes of other characters have that bit and are left out.
fn any_escaped(bytes: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word;
    let equal = |byte: u8| below(bytes ^ (ONES * u64::from(byte)), 1);
    (below(bytes, 0x20) | equal(b'"') | equal(b'\\')) & (ONES << 7) != 0
}

const HIGHEST: u64 = 0x8080_8080_8080_8080;

fn packed_text(form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != form.bytes() {
        return false;
    }
    let Some(last) = field.last() else { return false };
    let mut digits = [0; 32];
    for (two, byte) in digits.as_chunks_mut::<2>().0.iter_mut().zip(field) {
        *two = [byte >> 4, byte & 15];
    }
    let (above_nine, nonzero) = (bits(&digits, |digit| digit > 9), bits(&digits, |digit| digit != 0));
    if above_nine != form.signed || nonzero & form.pad != 0 {
        return false;
    }
    let Some(minus) = form.packed_sign(*last) else { return false };
    place(form, &digits, nonzero, minus && nonzero & form.digits != 0, pen);
    true
}

fn zoned_text(form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != form.bytes() {
        return false;
    }
    let mut digits = [0; 32];
    let mut zones = [0; 32];
    for ((digit, zone), byte) in digits.iter_mut().zip(&mut zones).zip(field) {
        (*digit, *zone) = (byte & 15, byte ^ form.zone);
    }
    let nonzero = bits(&digits, |digit| digit != 0) & form.digits;
    let wrong = bits(&zones, |zone| zone > 9) & form.digits & !form.signed;
    match form.zoned_sign(field) {
        Some(minus) if wrong == 0 => place(form, &digits, nonzero, minus && nonzero != 0, pen),
        _ => return false,
    }
    true
}

fn bits(digits: &[u8; 32], is: impl Fn(u8) -> bool) -> u32 {
    digits.iter().rev().fold(0, |bits, digit| bits << 1 | u32::from(is(*digit)))
}

fn place(form: &Form, digits: &[u8; 32], nonzero: u32, minus: bool, pen: &mut Pen<'_>) {
    if minus {
        pen.push(b'-');
    }
    for at in &form.control[form.zeros(nonzero)..usize::from(form.length)] {
        pen.push(match at.checked_sub(32) {
            None => 0x30 | digits[usize::from(*at)],
            Some(at) => FIXED[usize::from(at)],
        });
    }
}

fn moment_text(moment: &Moment, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != moment.bytes() {
        return false;
    }
    let mut digits = [0; 32];
    let mut wrong = false;
    for ((digit, byte), (zero, most)) in digits.iter_mut().zip(field).zip(moment.zero.iter().zip(&moment.most)) {
        *digit = byte ^ zero;
        wrong |= *digit > *most;
    }
    if wrong {
        return false;
    }
    let mut numbers = [0; 8];
    for ((number, [tens, ones]), [ten, one]) in
        numbers.iter_mut().zip(PLACES.as_chunks::<2>().0).zip(WEIGHTS.as_chunks::<2>().0)
    {
        let digit = |place: &u8| digits[usize::from(*place)];
        *number = digit(tens) * *ten as u8 + digit(ones) * *one as u8;
    }
    if !moment::is_there(u64::from_le_bytes(numbers)) {
        return false;
    }
    for (digit, ascii) in digits.iter_mut().zip(&moment.ascii) {
        *digit ^= ascii;
    }
    // SAFETY: there is room for 32 bytes, and all that is kept of them is digits and marks in ASCII.
    unsafe {
        pen.room(32).cast::<[u8; 32]>().write(digits);
        pen.keep(moment.bytes());
    }
    true
}

fn packed_numbers(form: &Packed, bytes: &[u8], count: usize, numbers: &mut [i64; EIGHT]) -> bool {
    let numbers = numbers.get_mut(..count).unwrap_or_default();
    let Some(bytes) = form.within(bytes, count).filter(|_| numbers.len() == count) else { return false };
    match form.width {
        1 => straight::<1>(form, bytes, numbers),
        2 => straight::<2>(form, bytes, numbers),
        3 => straight::<3>(form, bytes, numbers),
        4 => straight::<4>(form, bytes, numbers),
        5 => straight::<5>(form, bytes, numbers),
        6 => straight::<6>(form, bytes, numbers),
        7 => straight::<7>(form, bytes, numbers),
        8 => straight::<8>(form, bytes, numbers),
        9 => straight::<9>(form, bytes, numbers),
        10 => straight::<10>(form, bytes, numbers),
        _ => false,
    }
}

fn straight<const WIDTH: usize>(form: &Packed, bytes: &[u8], numbers: &mut [i64]) -> bool {
    let straight = Straight::<WIDTH>::of(form.digits, form.signed);
    let mut wrong = 0;
    for (number, field) in numbers.iter_mut().zip(bytes.chunks(form.stride)) {
        let Some(field) = field.first_chunk() else { return false };
        let (value, flaws) = straight.read(field);
        *number = value;
        wrong |= flaws;
    }
    wrong == 0
}
