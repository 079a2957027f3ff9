//! Days and timestamps as characters: `0000-00-00`, and behind it perhaps `-00.00.00` and a fraction.
//!
//! The exclusive or of a field and its form with all digits 0 is the digits, and 0 for every mark: one comparison tells
//! whether the field has its picture. The pairs of digits are then seven numbers in the bytes of one word, so that two
//! additions tell whether each is within its range. Hour 24, which IBM i has at the end of a day, is not told here.

/// One form of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(32))]
pub(crate) struct Moment {
    /// The field with all digits 0, and 0 behind its end.
    pub(super) zero: [u8; 32],
    /// The most that may be left of a byte: 9 of a digit, and nothing of any other.
    pub(super) most: [u8; 32],
    /// The text with all digits 0.
    pub(super) ascii: [u8; 32],
    /// Bytes of the field, and of its text.
    pub(super) bytes: u8,
}

/// Where the digits of century, year, month, day, hour, minute and second are; two more for none.
pub(super) const PLACES: [u8; 16] = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 4, 4];

/// What the digits of these places count for.
pub(super) const WEIGHTS: [i8; 16] = [10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 10, 1, 0, 0];

impl Moment {
    /// The first `bytes` bytes of a timestamp, given with all digits 0 as text and as it is in fields: ten for a date,
    /// from 19 on for a timestamp; nothing for other numbers.
    pub(crate) fn of(text: &[u8; 32], coded: &[u8; 32], bytes: usize) -> Option<Moment> {
        if bytes != 10 && !(19..=32).contains(&bytes) {
            return None;
        }
        let mut moment = Moment { zero: [0; 32], most: [0; 32], ascii: [0; 32], bytes: bytes as u8 };
        moment.zero[..bytes].copy_from_slice(&coded[..bytes]);
        moment.ascii[..bytes].copy_from_slice(&text[..bytes]);
        moment.most = moment.ascii.map(|byte| if byte == b'0' { 9 } else { 0 });
        Some(moment)
    }

    /// Bytes of the field, and of its text.
    #[inline(always)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes.into()
    }
}

/// The highest bit of each byte.
const HIGHEST: u64 = 0x8080_8080_8080_8080;
/// The least of each number.
const LEAST: u64 = u64::from_le_bytes([0, 0, 1, 1, 0, 0, 0, 0]);
/// What brings a number above its most to the highest bit: hours to 23, whatever the month days to 31.
const ABOVE: u64 = u64::from_le_bytes([127 - 99, 127 - 99, 127 - 12, 127 - 31, 127 - 23, 127 - 59, 127 - 59, 127]);
/// Days of each month, February aside.
const LAST: [u8; 16] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 0, 0, 0];

/// Whether there is such a day and time: century, year, month, day, hour, minute, second from the lowest byte on, each
/// 99 at most.
#[inline(always)]
pub(super) fn is_there(numbers: u64) -> bool {
    let above = numbers.wrapping_add(ABOVE);
    let below = !(numbers | HIGHEST).wrapping_sub(LEAST);
    if (above | below) & HIGHEST != 0 || numbers & 0xFFFF == 0 {
        return false;
    }
    let [century, year, month, day, ..] = numbers.to_le_bytes();
    if day <= 28 {
        return true;
    }
    let fours = if year == 0 { century } else { year };
    let leap = month == 2 && fours.is_multiple_of(4);
    day <= LAST[usize::from(month & 15)] + u8::from(leap)
}
