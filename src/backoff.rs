//! Pauses between attempts. They differ a little from one thing to the next, so that all that waits for the same partner
//! does not come back in the same moment; for one thing and attempt the pause is always the same.

use crate::error::Error;
use std::hash::{DefaultHasher, Hash, Hasher};

/// First pause.
const FIRST_MS: i64 = 500;
/// Longest pause.
const LONGEST_MS: i64 = 60_000;

/// From this failed attempt on a person hears of it.
pub const QUIET_ATTEMPTS: u32 = 3;

/// The pause after a number of failed attempts: it doubles, up to a minute.
pub fn pause_ms(failed_attempts: u32) -> i64 {
    FIRST_MS.saturating_mul(1 << failed_attempts.min(16)).min(LONGEST_MS)
}

/// The pause of one thing (its id) after an error: as long as the partner will be left alone, if that is known, else what
/// the attempts say, and up to a quarter more.
pub fn after(error: &Error, subject: &str, failed_attempts: u32) -> i64 {
    let pause_ms = error.retry_after_ms.map_or_else(|| pause_ms(failed_attempts), |ms| ms.clamp(FIRST_MS, LONGEST_MS));
    // DefaultHasher::new has fixed keys: a simulation with the same seed sees the same pauses.
    let mut hasher = DefaultHasher::new();
    (subject, failed_attempts).hash(&mut hasher);
    pause_ms + i64::try_from(hasher.finish() % (pause_ms.unsigned_abs() / 4 + 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{after, pause_ms};
    use crate::error::Error;
    use fpp_codecs::Code;

    #[test]
    fn things_come_back_one_after_the_other_and_not_before_the_partner_may_be_asked() {
        let plain = Error::retry(Code::UNREACHABLE, "x");
        let pauses: Vec<i64> = (0..50).map(|n| after(&plain, &n.to_string(), 3)).collect();
        assert!(pauses.iter().all(|ms| (4_000..=5_000).contains(ms)), "{pauses:?}");
        assert!(pauses.iter().collect::<std::collections::HashSet<_>>().len() > 20, "{pauses:?}");
        assert_eq!(after(&plain, "a", 3), after(&plain, "a", 3));
        let alone = Error { retry_after_ms: Some(2_000), ..Error::retry(Code::UNREACHABLE, "x") };
        assert!((2_000..=2_500).contains(&after(&alone, "a", 40)));
    }

    #[test]
    fn pauses_double_and_stay_bounded() {
        assert_eq!([0, 1, 2, 6, 7, 60].map(pause_ms), [500, 1_000, 2_000, 32_000, 60_000, 60_000]);
    }
}
