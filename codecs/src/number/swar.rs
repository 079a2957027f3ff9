//! Eight characters or sixteen nibbles at a time: the arithmetic below packed and zoned numbers and dates.
//!
//! A word is checked as a whole and then added up pairwise, fourwise and at last all together, so a good field costs no
//! branch a digit. Nothing here knows a sign or finds the bad byte; that is the cold path of the callers.

/// The last eight bytes, or all of fewer, as a big-endian word with zeros in front.
#[inline]
pub(super) fn load(bytes: &[u8]) -> u64 {
    if let Some(eight) = bytes.last_chunk::<8>() {
        return u64::from_be_bytes(*eight);
    }
    // Two loads that overlap in the middle, where both hold the same bits.
    if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        let [first, last] = [*first, *last].map(|b| u64::from(u32::from_be_bytes(b)));
        return first << (8 * (bytes.len() - 4)) | last;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk::<2>(), bytes.last_chunk::<2>()) {
        let [first, last] = [*first, *last].map(|b| u64::from(u16::from_be_bytes(b)));
        return first << (8 * (bytes.len() - 2)) | last;
    }
    bytes.first().map_or(0, |b| u64::from(*b))
}

/// Not 0 when a nibble is above 9.
#[inline]
pub(super) const fn above_nine(nibbles: u64) -> u64 {
    nibbles & (nibbles << 1 | nibbles << 2) & 0x8888_8888_8888_8888
}

/// The number of sixteen nibbles, the first one in the highest bits; any number when one is above 9.
#[inline]
pub(super) const fn sixteen(nibbles: u64) -> u64 {
    // Each step takes off what the left neighbour counts too much: 16 is to be 10, then 256 is 100, 65,536 is 10,000.
    let pairs = nibbles - 6 * (nibbles >> 4 & 0x0F0F_0F0F_0F0F_0F0F);
    let fours = pairs - 156 * (pairs >> 8 & 0x00FF_00FF_00FF_00FF);
    let eights = fours.wrapping_sub(55_536 * (fours >> 16 & 0x0000_FFFF_0000_FFFF));
    eights.wrapping_sub(4_194_967_296 * (eights >> 32))
}

/// The number of eight nibbles, likewise.
#[inline]
pub(super) const fn eight_nibbles(nibbles: u64) -> u64 {
    let pairs = nibbles - 6 * (nibbles >> 4 & 0x0F0F_0F0F);
    let fours = pairs - 156 * (pairs >> 8 & 0x00FF_00FF);
    fours - 55_536 * (fours >> 16)
}

/// The number of up to eight digit characters of one zone; nothing when one is no digit.
#[inline]
pub(crate) fn eight(characters: &[u8], zone: u8) -> Option<u64> {
    let zones = u64::from_be_bytes([zone; 8]);
    // Where a short word has no characters, zeros of the zone stand in front.
    let bits = 8 * characters.len() as u32;
    let front = zones.checked_shl(bits).unwrap_or(0);
    let digits = (load(characters) | front) ^ zones;
    let above = digits.wrapping_add(0x7676_7676_7676_7676);
    if (digits | above) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = digits - 246 * (digits >> 8 & 0x00FF_00FF_00FF_00FF);
    let fours = pairs - 65_436 * (pairs >> 16 & 0x0000_FFFF_0000_FFFF);
    Some(fours - 4_294_957_296 * (fours >> 32))
}

/// The number of up to 18 digit characters of one zone; nothing when one is no digit or there are more.
#[inline]
pub(super) fn eighteen(characters: &[u8], zone: u8) -> Option<u64> {
    let (front, last) = characters.split_at(characters.len().saturating_sub(8));
    let low = eight(last, zone)?;
    if front.is_empty() {
        return Some(low);
    }
    let (front, middle) = front.split_at(front.len().saturating_sub(8));
    let middle = eight(middle, zone)? * 100_000_000 + low;
    match front {
        [] => Some(middle),
        [_] | [_, _] => Some(eight(front, zone)? * 10_000_000_000_000_000 + middle),
        _ => None,
    }
}

/// The number of up to 38 digit characters of one zone; nothing when one is no digit or there are more.
pub(super) fn thirty_eight(characters: &[u8], zone: u8) -> Option<u128> {
    if characters.len() > 38 {
        return None;
    }
    let (front, chunks) = characters.split_at(characters.len() % 8);
    let mut value = u128::from(eight(front, zone)?);
    for chunk in chunks.chunks_exact(8) {
        value = value * 100_000_000 + u128::from(eight(chunk, zone)?);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_nibbles_is_checked_and_counted() {
        for byte in 0..=255u64 {
            for place in 0..8 {
                let word = byte << (8 * place);
                let good = byte >> 4 < 10 && byte & 15 < 10;
                assert_eq!(above_nine(word) == 0, good, "{word:x}");
                if good && place < 4 {
                    assert_eq!(eight_nibbles(word), sixteen(word));
                }
                if good {
                    assert_eq!(sixteen(word).to_string(), format!("{word:x}").parse::<u64>().unwrap().to_string());
                }
            }
        }
        assert_eq!(sixteen(0x1234_5678_9012_3456), 1_234_567_890_123_456);
    }

    #[test]
    fn every_character_at_every_place_is_checked_and_counted() {
        for zone in [0x30u8, 0xF0] {
            for length in 1..=8usize {
                for at in 0..length {
                    for byte in 0..=255u8 {
                        let mut text = vec![zone; length];
                        text[at] = byte;
                        let digit = byte.wrapping_sub(zone);
                        let wanted = (digit < 10).then(|| u64::from(digit) * 10u64.pow((length - 1 - at) as u32));
                        assert_eq!(eight(&text, zone), wanted, "{text:x?}");
                    }
                }
            }
            assert_eq!(eight(&[], zone), Some(0));
        }
    }

    #[test]
    fn long_runs_are_counted() {
        let text = b"12345678901234567890123456789012345678";
        for length in 0..=38 {
            let wanted: u128 = std::str::from_utf8(&text[..length]).unwrap().parse().unwrap_or(0);
            assert_eq!(thirty_eight(&text[..length], b'0'), Some(wanted));
            assert_eq!(eighteen(&text[..length], b'0').map(u128::from), (length <= 18).then_some(wanted));
        }
        assert_eq!(load(&[1, 2, 3, 4, 5, 6, 7]), 0x01_0203_0405_0607);
        assert_eq!(load(&[1, 2, 3]), 0x01_0203);
        assert_eq!(load(&[]), 0);
    }
}
