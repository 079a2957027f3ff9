//! Pauses between attempts.

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

#[cfg(test)]
mod tests {
    use super::pause_ms;

    #[test]
    fn pauses_double_and_stay_bounded() {
        assert_eq!([0, 1, 2, 6, 7, 60].map(pause_ms), [500, 1_000, 2_000, 32_000, 60_000, 60_000]);
    }
}
