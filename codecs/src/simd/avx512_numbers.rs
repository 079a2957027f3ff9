//! Packed fields as numbers, eight at a time, for processors with AVX-512 VBMI.
//!
//! The bytes of eight fields come into the words of one register: by one load where all of them stand within 64 bytes
//! and next to each other or eight bytes apart, as numbers in arrays mostly do, else by gathering eight bytes from where
//! each field begins. The last field must have eight bytes for that, too; where it has not, and for fields of more than
//! eight bytes, the scalar kernel does the work.

use super::kernels::{Kernels, first};
use super::packed::{EIGHT, Packed, Places, WORDS};
use super::scalar::Scalar;
use std::arch::x86_64::*;

/// See [`Kernels::packed_numbers`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
pub(super) fn packed_numbers(form: &Packed, bytes: &[u8], count: usize, numbers: &mut [i64; EIGHT]) -> bool {
    if let Some(places) = form.places
        && let Some(fields) = form.within(bytes, count)
        && fields.len() <= 64
        && count <= EIGHT
    {
        // SAFETY: the mask keeps the load within `fields`.
        let chunk = unsafe { _mm512_maskz_loadu_epi8(first(fields.len()), fields.as_ptr().cast()) };
        return numbers_of(form, arrange(form, places, chunk), count, numbers);
    }
    match gather(form, bytes, count) {
        Some(words) => numbers_of(form, words, count, numbers),
        None => Scalar.packed_numbers(form, bytes, count, numbers),
    }
}

/// The bytes of each field as a word, the last one lowest.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn arrange(form: &Packed, places: &Places, chunk: __m512i) -> __m512i {
    // SAFETY: places are 64 bytes.
    let places = unsafe { _mm512_loadu_si512(places.bytes().as_ptr().cast()) };
    _mm512_maskz_permutexvar_epi8(form.bytes, places, chunk)
}

/// Eight bytes from where each field begins; nothing where they are not there.
#[cold]
#[inline(never)]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn gather(form: &Packed, bytes: &[u8], count: usize) -> Option<__m512i> {
    let fields = form.within(bytes, count).filter(|_| count <= EIGHT)?;
    let places = WORDS.get(form.width)?;
    // From where the last field begins.
    bytes.get(fields.len() - form.width..)?.first_chunk::<8>()?;
    let stride = i64::try_from(form.stride).ok()?;
    let at = |n: i64| n.wrapping_mul(stride);
    let at = _mm512_set_epi64(at(7), at(6), at(5), at(4), at(3), at(2), at(1), 0);
    let lanes = first(count) as u8;
    // SAFETY: each of the `count` loads has eight bytes within `bytes`, as the last one has.
    let chunk = unsafe { _mm512_mask_i64gather_epi64::<1>(_mm512_setzero_si512(), lanes, at, bytes.as_ptr().cast()) };
    Some(arrange(form, places, chunk))
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn numbers_of(form: &Packed, word: __m512i, count: usize, numbers: &mut [i64; EIGHT]) -> bool {
    // The sign must be above 9, and nothing else.
    let above = _mm512_or_si512(_mm512_slli_epi64::<1>(word), _mm512_slli_epi64::<2>(word));
    let above = _mm512_and_si512(_mm512_and_si512(word, above), _mm512_set1_epi8(0x88u8 as i8));
    let good = _mm512_cmpeq_epi64_mask(above, _mm512_set1_epi64(8));
    let bad = !good | _mm512_test_epi64_mask(word, _mm512_set1_epi64(form.pad as i64));
    let sign = _mm512_and_si512(word, _mm512_set1_epi64(15));
    let minus =
        _mm512_cmpeq_epi64_mask(sign, _mm512_set1_epi64(11)) | _mm512_cmpeq_epi64_mask(sign, _mm512_set1_epi64(13));
    let bad = if form.signed { bad } else { bad | minus };
    let value = add_up(_mm512_srli_epi64::<4>(word));
    let value = _mm512_mask_sub_epi64(value, minus, _mm512_setzero_si512(), value);
    // SAFETY: the numbers are 64 bytes.
    unsafe { _mm512_storeu_si512(numbers.as_mut_ptr().cast(), value) };
    u64::from(bad) & first(count) == 0
}

/// The numbers of eight words of nibbles: pairwise, fourwise, eightwise, all together.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt")]
fn add_up(nibbles: __m512i) -> __m512i {
    // Sixteen becomes ten: six times the higher nibble is taken off.
    let high = _mm512_and_si512(_mm512_srli_epi64::<4>(nibbles), _mm512_set1_epi8(15));
    let pairs = _mm512_sub_epi8(nibbles, _mm512_slli_epi64::<1>(high));
    let pairs = _mm512_sub_epi8(pairs, _mm512_slli_epi64::<2>(high));
    let fours = _mm512_maddubs_epi16(pairs, _mm512_set1_epi16(100 << 8 | 1));
    let eights = _mm512_madd_epi16(fours, _mm512_set1_epi32(10_000 << 16 | 1));
    let low = _mm512_and_si512(eights, _mm512_set1_epi64(0xFFFF_FFFF));
    let high = _mm512_mul_epu32(_mm512_srli_epi64::<32>(eights), _mm512_set1_epi64(100_000_000));
    _mm512_add_epi64(low, high)
}
