//! Kernels for processors with AVX-512 VBMI (Ice Lake, Zen 4 and later).
//!
//! Loads are masked, so that nothing outside the slice is read; stores are whole, into room that was made before.

use super::append::Block;
use super::avx512_numbers::packed_numbers;
use super::form::{FIXED, Form};
use super::kernels::{Kernels, Task, Translation, first};
use super::moment::{self, Moment, PLACES, WEIGHTS};
use super::packed::{EIGHT, Packed};
use super::pen::Pen;
use std::arch::x86_64::*;

/// Whether the processor has what this module is compiled for.
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

/// Proof that the processor has the features.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx512(());

/// Runs a task compiled for these features.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn run<T: Task>(task: T) -> T::Output {
    task.run(Avx512(()))
}

impl Kernels for Avx512 {
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
    fn plain<'a>(self, table: &Translation, blank: u8, field: &'a [u8], pen: &mut Pen<'_>) -> &'a [u8] {
        // SAFETY: see above.
        unsafe { field_text::<false>(&Block::EMPTY, table, blank, field, pen) }
    }

    #[inline(always)]
    fn string<'a>(self, key: &Block, table: &Translation, blank: u8, field: &'a [u8], pen: &mut Pen<'_>) -> &'a [u8] {
        // SAFETY: see above.
        unsafe { field_text::<true>(key, table, blank, field, pen) }
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
        // SAFETY: see above.
        unsafe { packed_numbers(form, bytes, count, numbers) }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn translate(table: &Translation, bytes: &[u8], pen: &mut Pen<'_>) -> usize {
    let to = pen.room(bytes.len() + 64);
    let quarter = |at: usize| {
        // SAFETY: the table has 256 bytes, and `at` is 0, 64, 128 or 192.
        unsafe { _mm512_loadu_si512(table.0.as_ptr().add(at).cast()) }
    };
    let (a, b, c, d) = (quarter(0), quarter(64), quarter(128), quarter(192));
    let mut done = 0;
    while done < bytes.len() {
        let mask = first(bytes.len() - done);
        // SAFETY: the mask keeps the load within `bytes`; less than all of it is done, and there is room for 64 bytes
        // behind all of it.
        let stops = unsafe {
            let chunk = _mm512_maskz_loadu_epi8(mask, bytes.as_ptr().add(done).cast());
            let low = _mm512_permutex2var_epi8(a, chunk, b);
            let high = _mm512_permutex2var_epi8(c, chunk, d);
            let text = _mm512_mask_blend_epi8(_mm512_movepi8_mask(chunk), low, high);
            _mm512_storeu_si512(to.add(done).cast(), text);
            _mm512_movepi8_mask(text) & mask
        };
        let good = (stops.trailing_zeros() as usize).min(bytes.len() - done);
        done += good;
        if stops != 0 {
            break;
        }
    }
    // SAFETY: so many bytes have been written, all ASCII.
    unsafe { pen.keep(done) };
    done
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn trimmed(bytes: &[u8], blank: u8) -> usize {
    let blanks = _mm512_set1_epi8(blank as i8);
    let mut left = bytes.len();
    while left > 0 {
        let start = left.saturating_sub(64);
        let mask = first(left - start);
        // SAFETY: the mask keeps the load within `bytes`.
        let chunk = unsafe { _mm512_maskz_loadu_epi8(mask, bytes.as_ptr().add(start).cast()) };
        let kept = _mm512_mask_cmpneq_epi8_mask(mask, chunk, blanks);
        if kept != 0 {
            return start + 64 - kept.leading_zeros() as usize;
        }
        left = start;
    }
    0
}

/// Key, text and quote at once, when the field fits one register.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn field_text<'a, const JSON: bool>(
    key: &Block,
    table: &Translation,
    blank: u8,
    field: &'a [u8],
    pen: &mut Pen<'_>,
) -> &'a [u8] {
    if JSON {
        key.append(pen);
    }
    if field.len() > 64 {
        let kept = field.get(..trimmed(field, blank)).unwrap_or_default();
        let done = translate(table, kept, pen);
        if JSON && done == kept.len() {
            pen.push(b'"');
        }
        return kept.get(done..).unwrap_or_default();
    }
    let to = pen.room(65);
    let mask = first(field.len());
    // SAFETY: the mask keeps the load within `field`; 64 bytes are written, and one behind at most as many.
    let (kept, stops) = unsafe {
        let chunk = _mm512_maskz_loadu_epi8(mask, field.as_ptr().cast());
        let kept = _mm512_mask_cmpneq_epi8_mask(mask, chunk, _mm512_set1_epi8(blank as i8));
        let kept = 64 - kept.leading_zeros() as usize;
        let quarter = |at: usize| _mm512_loadu_si512(table.0.as_ptr().add(at).cast());
        let low = _mm512_permutex2var_epi8(quarter(0), chunk, quarter(64));
        let high = _mm512_permutex2var_epi8(quarter(128), chunk, quarter(192));
        let text = _mm512_mask_blend_epi8(_mm512_movepi8_mask(chunk), low, high);
        _mm512_storeu_si512(to.cast(), text);
        if JSON {
            *to.add(kept) = b'"';
        }
        (kept, _mm512_movepi8_mask(text) & first(kept))
    };
    if stops == 0 {
        // SAFETY: so many ASCII characters have been written.
        unsafe { pen.keep(kept + usize::from(JSON)) };
        return &[];
    }
    let done = stops.trailing_zeros() as usize;
    // SAFETY: so many ASCII characters have been written.
    unsafe { pen.keep(done) };
    field.get(done..kept).unwrap_or_default()
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn copy_unescaped(text: &str, pen: &mut Pen<'_>) -> usize {
    let text = text.as_bytes();
    let to = pen.room(text.len() + 64);
    let (quote, slash, blank) = (_mm512_set1_epi8(b'"' as i8), _mm512_set1_epi8(b'\\' as i8), _mm512_set1_epi8(0x20));
    let mut done = 0;
    while done < text.len() {
        let mask = first(text.len() - done);
        // SAFETY: as in `translate`.
        let stops = unsafe {
            let chunk = _mm512_maskz_loadu_epi8(mask, text.as_ptr().add(done).cast());
            _mm512_storeu_si512(to.add(done).cast(), chunk);
            let either = _mm512_cmpeq_epi8_mask(chunk, quote) | _mm512_cmpeq_epi8_mask(chunk, slash);
            (either | _mm512_cmplt_epu8_mask(chunk, blank)) & mask
        };
        let good = (stops.trailing_zeros() as usize).min(text.len() - done);
        done += good;
        if stops != 0 {
            break;
        }
    }
    // SAFETY: so many bytes have been written, up to an ASCII character of the text.
    unsafe { pen.keep(done) };
    done
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn packed_text(form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != form.bytes() {
        return false;
    }
    let Some(last) = field.last() else { return false };
    // SAFETY: the mask keeps the load within `field`, and a form has at most 16 packed bytes.
    let bytes = unsafe { _mm_maskz_loadu_epi8(first(field.len()) as u16, field.as_ptr().cast()) };
    let wide = _mm256_cvtepu8_epi16(bytes);
    let swapped = _mm256_or_si256(_mm256_srli_epi16::<4>(wide), _mm256_slli_epi16::<8>(wide));
    let nibbles = _mm256_and_si256(swapped, _mm256_set1_epi8(15));
    let above_nine = _mm256_cmpgt_epu8_mask(nibbles, _mm256_set1_epi8(9));
    let nonzero = _mm256_test_epi8_mask(nibbles, nibbles);
    if above_nine != form.signed || nonzero & form.pad != 0 {
        return false;
    }
    let Some(minus) = form.packed_sign(*last) else { return false };
    place(form, nibbles, nonzero, usize::from(minus & (nonzero & form.digits != 0)), pen);
    true
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn zoned_text(form: &Form, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != form.bytes() {
        return false;
    }
    // SAFETY: the mask keeps the load within `field`, and a form has at most 32 bytes.
    let bytes = unsafe { _mm256_maskz_loadu_epi8(first(field.len()) as u32, field.as_ptr().cast()) };
    let digits = _mm256_and_si256(bytes, _mm256_set1_epi8(15));
    let zones = _mm256_xor_si256(bytes, _mm256_set1_epi8(form.zone as i8));
    // With its zone taken away, a good digit is 0 to 9 and nothing else.
    let wrong = _mm256_cmpgt_epu8_mask(zones, _mm256_set1_epi8(9)) & form.digits & !form.signed;
    let nonzero = _mm256_test_epi8_mask(digits, digits) & form.digits;
    let Some(minus) = form.zoned_sign(field) else { return false };
    if wrong != 0 {
        return false;
    }
    place(form, digits, nonzero, usize::from(minus & (nonzero != 0)), pen);
    true
}

/// Writes the chosen digits and characters, a minus in front if there is one.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn place(form: &Form, digits: __m256i, nonzero: u32, minus: usize, pen: &mut Pen<'_>) {
    let at = pen.room(64);
    let zeros = form.zeros(nonzero);
    // SAFETY: `zeros` is at most 31, so the control's 32 bytes are within its 64; 33 bytes are written at most where 64
    // are free, and all that is kept has been written.
    unsafe {
        let control = _mm256_loadu_si256(form.control.as_ptr().add(zeros).cast());
        let fixed = _mm256_loadu_si256(FIXED.as_ptr().cast());
        let text = _mm256_permutex2var_epi8(_mm256_or_si256(digits, _mm256_set1_epi8(0x30)), control, fixed);
        *at = b'-';
        _mm256_storeu_si256(at.add(minus).cast(), text);
        pen.keep(minus + usize::from(form.length) - zeros);
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn moment_text(moment: &Moment, field: &[u8], pen: &mut Pen<'_>) -> bool {
    if field.len() != moment.bytes() {
        return false;
    }
    // SAFETY: the mask keeps the load within `field`, which has 32 bytes at most; each of the three has 32, the places
    // and the weights 16.
    let (bytes, zero, most, ascii, places, weights) = unsafe {
        (
            _mm256_maskz_loadu_epi8(first(field.len()) as u32, field.as_ptr().cast()),
            _mm256_loadu_si256(moment.zero.as_ptr().cast()),
            _mm256_loadu_si256(moment.most.as_ptr().cast()),
            _mm256_loadu_si256(moment.ascii.as_ptr().cast()),
            _mm_loadu_si128(PLACES.as_ptr().cast()),
            _mm_loadu_si128(WEIGHTS.as_ptr().cast()),
        )
    };
    let digits = _mm256_xor_si256(bytes, zero);
    let wrong = _mm256_cmpgt_epu8_mask(digits, most);
    let pairs = _mm256_castsi256_si128(_mm256_permutexvar_epi8(_mm256_castsi128_si256(places), digits));
    let numbers = _mm_maddubs_epi16(pairs, weights);
    let numbers = _mm_cvtsi128_si64(_mm_packus_epi16(numbers, numbers)) as u64;
    if wrong != 0 || !moment::is_there(numbers) {
        return false;
    }
    // SAFETY: there is room for 32 bytes, and all that is kept of them is digits and marks in ASCII.
    unsafe {
        _mm256_storeu_si256(pen.room(32).cast(), _mm256_xor_si256(digits, ascii));
        pen.keep(moment.bytes());
    }
    true
}
