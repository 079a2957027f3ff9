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
    doubled(failed_attempts, LONGEST_MS)
}

fn doubled(failed_attempts: u32, longest_ms: i64) -> i64 {
    FIRST_MS.saturating_mul(1 << failed_attempts.min(16)).min(longest_ms)
}

/// The pause of one thing (its id) after an error: as long as the partner will be left alone, if that is known, else what
/// the attempts say, and up to a quarter more.
pub fn after(error: &Error, subject: &str, failed_attempts: u32) -> i64 {
    let pause_ms = wanted(error, failed_attempts, LONGEST_MS);
    pause_ms + spread(subject, failed_attempts, pause_ms / 4)
}

/// The same where the longest pause was agreed: never more than that. Near it the pauses differ downwards.
pub fn up_to(error: &Error, subject: &str, failed_attempts: u32, longest_ms: i64) -> i64 {
    let pause_ms = wanted(error, failed_attempts, longest_ms);
    let spread = spread(subject, failed_attempts, pause_ms / 4);
    if pause_ms + pause_ms / 4 <= longest_ms { pause_ms + spread } else { (pause_ms - spread).max(FIRST_MS) }
}

fn wanted(error: &Error, failed_attempts: u32, longest_ms: i64) -> i64 {
    let asked = error.retry_after_ms.map(|ms| ms.clamp(FIRST_MS, longest_ms.max(FIRST_MS)));
    asked.unwrap_or_else(|| doubled(failed_attempts, longest_ms))
}

/// From nothing to the most, by thing and attempt.
fn spread(subject: &str, failed_attempts: u32, most_ms: i64) -> i64 {
    // DefaultHasher::new has fixed keys: a simulation with the same seed sees the same pauses.
    let mut hasher = DefaultHasher::new();
    (subject, failed_attempts).hash(&mut hasher);
    i64::try_from(hasher.finish() % (most_ms.unsigned_abs() + 1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{after, pause_ms, up_to};
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
    fn an_agreed_longest_pause_is_reached_and_never_passed() {
        let plain = Error::retry(Code::UNREACHABLE, "x");
        for longest in [500, 8_000, 60_000, 600_000, 3_600_000] {
            let last: Vec<i64> = (0..50).map(|n| up_to(&plain, &n.to_string(), 40, longest)).collect();
            assert!(
                last.iter().all(|ms| (longest * 3 / 4..=longest).contains(ms) || *ms == 500),
                "{longest}: {last:?}"
            );
        }
        assert!((1_000..=1_250).contains(&up_to(&plain, "a", 1, 3_600_000)));
        let alone = Error { retry_after_ms: Some(900_000), ..Error::retry(Code::UNREACHABLE, "x") };
        assert!((675_000..=900_000).contains(&up_to(&alone, "a", 0, 1_000_000)));
    }

    #[test]
    fn pauses_double_and_stay_bounded() {
        assert_eq!([0, 1, 2, 6, 7, 60].map(pause_ms), [500, 1_000, 2_000, 32_000, 60_000, 60_000]);
    }
}
