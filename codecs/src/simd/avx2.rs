//! Kernels for processors with AVX2 but without AVX-512 VBMI.
//!
//! What is left at an end is put together from the words that lie within the slice, so that nothing outside it is
//! read. Numbers whose digits and text fit sixteen bytes go the fast way, longer ones that of `scalar`.

use super::form::{FIXED, Form};
use super::kernels::{Kernels, Task, Translation};
use super::moment::{self, Moment, PLACES, WEIGHTS};
use super::packed::{EIGHT, Packed};
use super::pen::Pen;
use super::scalar::Scalar;
use std::arch::x86_64::*;

/// Whether the processor has what this module is compiled for.
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

/// Proof that the processor has the features.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

/// Runs a task compiled for these features.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn run<T: Task>(task: T) -> T::Output {
    task.run(Avx2(()))
}

impl Kernels for Avx2 {
    #[inline(always)]
    fn translate(self, table: &Translation, bytes: &[u8], pen: &mut Pen<'_>) -> usize {
        // SAFETY: the proof exists, here and below.
        unsafe { translate(table, bytes, pen) }
    }

    #[inline(always)]
    fn trimmed(self, bytes: &[u8], blank: u8) -> usize {
        // SAFETY: see above.
        unsafe { trimmed(bytes, blank) }
    }

    #[inline(always)]
    fn copy_unescaped(self, text: &str, pen: &mut Pen<'_>) -> usize {
        // SAFETY: see above.
        unsafe { copy_unescaped(text, pen) }
    }

    #[inline(always)]
    fn packed_text(self, form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
        // SAFETY: see above.
        unsafe { packed_text(form, field, pen) }
    }

    #[inline(always)]
    fn zoned_text(self, form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
        // SAFETY: see above.
        unsafe { zoned_text(form, field, pen) }
    }

    #[inline(always)]
    fn moment_text(self, moment: &Moment, field: &[u8], pen: &mut Pen<'_>) -> bool {
        // SAFETY: see above.
        unsafe { moment_text(moment, field, pen) }
    }

    #[inline(always)]
    fn packed_numbers(self, form: &Packed, bytes: &[u8], count: usize, numbers: &mut [i64; EIGHT]) -> bool {
        Scalar.packed_numbers(form, bytes, count, numbers)
    }
}

/// The first bytes, 32 at most, zeros behind them, and their number.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn load(bytes: &[u8]) -> (__m256i, usize) {
    if let Some(chunk) = bytes.first_chunk::<32>() {
        // SAFETY: the chunk has 32 bytes.
        return (unsafe { _mm256_loadu_si256(chunk.as_ptr().cast()) }, 32);
    }
    let (front, back) = bytes.split_at(bytes.len().min(16));
    let [a, b] = sixteen(front);
    let [c, d] = sixteen(back);
    (_mm256_set_epi64x(d, c, b, a), bytes.len())
}

/// Up to 16 bytes as two words, zeros behind them.
#[inline(always)]
fn sixteen(bytes: &[u8]) -> [i64; 2] {
    let (front, back) = bytes.split_at(bytes.len().min(8));
    [eight(front), eight(back)]
}

/// Up to 8 bytes as a word, zeros behind them.
#[inline(always)]
fn eight(bytes: &[u8]) -> i64 {
    let count = bytes.len();
    let word = match (bytes.first_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(all), ..) => u64::from_le_bytes(*all),
        (None, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (count - 4))
        }
        _ => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    word as i64
}

/// The bits of the first `count` bytes, 32 at most.
#[inline(always)]
fn first(count: usize) -> u32 {
    if count >= 32 { !0 } else { (1 << count) - 1 }
}

/// Appends block after block; `step` gives what to write and the bits of the bytes it stops at.
macro_rules! append_blocks {
    ($bytes:expr, $pen:expr, $step:expr) => {{
        let (bytes, pen): (&[u8], _) = ($bytes, $pen);
        let to = pen.room(bytes.len() + 32);
        let mut done = 0;
        while done < bytes.len() {
            let (chunk, count) = load(&bytes[done..]);
            let (text, stops) = $step(chunk);
            let stops: u32 = stops & first(count);
            let good = (stops.trailing_zeros() as usize).min(count);
            // SAFETY: less than all of `bytes` is done, and there is room for 32 bytes behind all of it.
            unsafe { _mm256_storeu_si256(to.add(done).cast(), text) };
            done += good;
            if stops != 0 {
                break;
            }
        }
        // SAFETY: so many bytes have been written: ASCII, or text up to an ASCII character.
        unsafe { pen.keep(done) };
        done
    }};
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn translate(table: &Translation, bytes: &[u8], pen: &mut Pen<'_>) -> usize {
    append_blocks!(bytes, pen, |chunk| {
        let mut text = _mm256_setzero_si256();
        for (high, row) in table.0.as_chunks::<16>().0.iter().enumerate() {
            // SAFETY: a row has 16 bytes.
            let row = _mm256_broadcastsi128_si256(unsafe { _mm_loadu_si128(row.as_ptr().cast()) });
            // 70 to 7F for the bytes of this row, 80 and more for all others, which then give 0.
            let place = _mm256_xor_si256(chunk, _mm256_set1_epi8((high << 4) as i8));
            let place = _mm256_adds_epu8(place, _mm256_set1_epi8(0x70));
            text = _mm256_or_si256(text, _mm256_shuffle_epi8(row, place));
        }
        (text, _mm256_movemask_epi8(text) as u32)
    })
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn copy_unescaped(text: &str, pen: &mut Pen<'_>) -> usize {
    append_blocks!(text.as_bytes(), pen, |chunk| {
        let quote = _mm256_cmpeq_epi8(chunk, _mm256_set1_epi8(b'"' as i8));
        let slash = _mm256_cmpeq_epi8(chunk, _mm256_set1_epi8(b'\\' as i8));
        let control = _mm256_cmpeq_epi8(_mm256_min_epu8(chunk, _mm256_set1_epi8(0x1F)), chunk);
        let any = _mm256_or_si256(_mm256_or_si256(quote, slash), control);
        (chunk, _mm256_movemask_epi8(any) as u32)
    })
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn trimmed(bytes: &[u8], blank: u8) -> usize {
    let blanks = _mm256_set1_epi8(blank as i8);
    let mut left = bytes.len();
    while left > 0 {
        let start = left.saturating_sub(32);
        let (chunk, count) = load(&bytes[start..left]);
        let kept = !(_mm256_movemask_epi8(_mm256_cmpeq_epi8(chunk, blanks)) as u32) & first(count);
        if kept != 0 {
            return start + 32 - kept.leading_zeros() as usize;
        }
        left = start;
    }
    0
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn packed_text(form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != form.bytes() {
        return false;
    }
    let last = match field.last() {
        Some(last) if field.len() <= 8 && form.length <= 16 => *last,
        _ => return Scalar.packed_text(form, field, pen),
    };
    let wide = _mm_cvtepu8_epi16(_mm_set_epi64x(0, eight(field)));
    let swapped = _mm_or_si128(_mm_srli_epi16::<4>(wide), _mm_slli_epi16::<8>(wide));
    let nibbles = _mm_and_si128(swapped, _mm_set1_epi8(15));
    let above_nine = _mm_movemask_epi8(_mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9))) as u32;
    let nonzero = nonzero(nibbles);
    if above_nine != form.signed || nonzero & form.pad != 0 {
        return false;
    }
    let Some(minus) = form.packed_sign(last) else { return false };
    place(form, nibbles, nonzero, usize::from(minus && nonzero & form.digits != 0), pen);
    true
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn zoned_text(form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != form.bytes() {
        return false;
    }
    if field.len() > 16 || form.length > 16 {
        return Scalar.zoned_text(form, field, pen);
    }
    let [low, high] = sixteen(field);
    let bytes = _mm_set_epi64x(high, low);
    let digits = _mm_and_si128(bytes, _mm_set1_epi8(15));
    let zones = _mm_xor_si128(bytes, _mm_set1_epi8(form.zone as i8));
    let good = _mm_cmpeq_epi8(_mm_min_epu8(zones, _mm_set1_epi8(9)), zones);
    let wrong = !(_mm_movemask_epi8(good) as u32) & form.digits & !form.signed;
    let nonzero = nonzero(digits) & form.digits;
    match form.zoned_sign(field) {
        Some(minus) if wrong == 0 => place(form, digits, nonzero, usize::from(minus && nonzero != 0), pen),
        _ => return false,
    }
    true
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn nonzero(digits: __m128i) -> u32 {
    !(_mm_movemask_epi8(_mm_cmpeq_epi8(digits, _mm_setzero_si128())) as u32) & 0xFFFF
}

/// Writes the chosen digits and characters, a minus in front if there is one.
#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn place(form: &Form, digits: __m128i, nonzero: u32, minus: usize, pen: &mut Pen<'_>) {
    let at = pen.room(32);
    let zeros = form.zeros(nonzero);
    // SAFETY: `zeros` is at most 15, so the control's 16 bytes are within its 64; 17 bytes are written at most where 32
    // are free, and all that is kept has been written.
    unsafe {
        let control = _mm_loadu_si128(form.control.as_ptr().add(zeros).cast());
        let digits = _mm_shuffle_epi8(_mm_or_si128(digits, _mm_set1_epi8(0x30)), control);
        let fixed = _mm_shuffle_epi8(_mm_loadu_si128(FIXED.as_ptr().cast()), control);
        let text = _mm_blendv_epi8(digits, fixed, _mm_cmpgt_epi8(control, _mm_set1_epi8(31)));
        *at = b'-';
        _mm_storeu_si128(at.add(minus).cast(), text);
        pen.keep(minus + usize::from(form.length) - zeros);
    }
}

#[inline]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn moment_text(moment: &Moment, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != moment.bytes() {
        return false;
    }
    let (bytes, _) = load(field);
    // SAFETY: each of the three has 32 bytes, the places and the weights 16.
    let (zero, most, ascii, places, weights) = unsafe {
        (
            _mm256_loadu_si256(moment.zero.as_ptr().cast()),
            _mm256_loadu_si256(moment.most.as_ptr().cast()),
            _mm256_loadu_si256(moment.ascii.as_ptr().cast()),
            _mm_loadu_si128(PLACES.as_ptr().cast()),
            _mm_loadu_si128(WEIGHTS.as_ptr().cast()),
        )
    };
    let digits = _mm256_xor_si256(bytes, zero);
    let good = _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(digits, most), digits)) == -1;
    // Places below 16 are in the lower half; 17 and 18, of which a shuffle sees 1 and 2, in the upper one.
    let lower = _mm_shuffle_epi8(_mm256_castsi256_si128(digits), places);
    let upper = _mm_shuffle_epi8(_mm256_extracti128_si256::<1>(digits), places);
    let pairs = _mm_blendv_epi8(lower, upper, _mm_cmpgt_epi8(places, _mm_set1_epi8(15)));
    let numbers = _mm_maddubs_epi16(pairs, weights);
    let numbers = _mm_cvtsi128_si64(_mm_packus_epi16(numbers, numbers)) as u64;
    if !good || !moment::is_there(numbers) {
        return false;
    }
    // SAFETY: there is room for 32 bytes, and all that is kept of them is digits and marks in ASCII.
    unsafe {
        _mm256_storeu_si256(pen.room(32).cast(), _mm256_xor_si256(digits, ascii));
        pen.keep(moment.bytes());
    }
    true
}
