//! How values look to people: times in the installation's time zone, sizes, states.

use crate::ledger::transfer::{FileState, Transfer};
pub(super) use crate::telemetry::figures::grouped;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// States as the command line says them.
pub(super) const STATES: [(&str, FileState); 8] = [
    ("arrived", FileState::Arrived),
    ("claimed", FileState::Claimed),
    ("staged", FileState::Staged),
    ("proven", FileState::Proven),
    ("posted", FileState::Posted),
    ("acknowledged", FileState::Acknowledged),
    ("archived", FileState::Archived),
    ("held", FileState::Held),
];

/// The state of a word.
pub(super) fn state_of(word: &str) -> Option<FileState> {
    STATES.iter().find(|(known, _)| *known == word).map(|(_, state)| *state)
}

/// Writes times in one time zone.
#[derive(Clone, Debug)]
pub(super) struct Times {
    zone: TimeZone,
    name: String,
}

impl Times {
    /// Of an IANA name; UTC when it is unknown.
    pub(super) fn of(timezone: &str) -> Times {
        match TimeZone::get(timezone) {
            Ok(zone) => Times { zone, name: timezone.to_owned() },
            Err(_) => Times { zone: TimeZone::UTC, name: "UTC".to_owned() },
        }
    }

    /// Head of a column of times: `arrived (Asia/Shanghai)`.
    pub(super) fn head(&self, what: &str) -> String {
        format!("{what} ({})", self.name)
    }

    /// `2025-06-20 15:04:05.123`, in a column whose head tells the zone.
    pub(super) fn show(&self, ms: i64) -> String {
        self.written(ms, "%Y-%m-%d %H:%M:%S%.3f")
    }

    /// `2025-06-20 15:04:05.123 +08:00`, where it stands alone.
    pub(super) fn with_zone(&self, ms: i64) -> String {
        self.written(ms, "%Y-%m-%d %H:%M:%S%.3f %:z")
    }

    fn written(&self, ms: i64, form: &str) -> String {
        match Timestamp::from_millisecond(ms) {
            Ok(time) => time.to_zoned(self.zone.clone()).strftime(form).to_string(),
            Err(_) => ms.to_string(),
        }
    }
}

/// State, with what decides it: `Held at Staged`, `closed`.
pub(super) fn state(transfer: &Transfer) -> String {
    match (transfer.closed, transfer.held_from) {
        (true, _) => "Held, closed".to_owned(),
        (false, Some(from)) => format!("{:?} at {from:?}", transfer.state),
        (false, None) => format!("{:?}", transfer.state),
    }
}

/// Verdict in one word, `-` before it is set.
pub(super) fn verdict(transfer: &Transfer) -> String {
    transfer.verdict.map_or_else(|| "-".to_owned(), |v| format!("{v:?}").to_lowercase())
}

/// An optional number, `-` without one.
pub(super) fn count(number: Option<u64>) -> String {
    number.map_or_else(|| "-".to_owned(), grouped)
}

/// The first 12 characters of a digest.
pub(super) fn short(digest: Option<&str>) -> String {
    digest.map_or_else(|| "-".to_owned(), |d| d.get(..12).unwrap_or(d).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_installation() {
        let times = Times::of("Asia/Shanghai");
        assert_eq!(times.show(1_750_399_445_123), "2025-06-20 14:04:05.123");
        assert_eq!(times.with_zone(1_750_399_445_123), "2025-06-20 14:04:05.123 +08:00");
        assert_eq!(times.head("arrived"), "arrived (Asia/Shanghai)");
        assert_eq!(Times::of("nowhere").head("arrived"), "arrived (UTC)");
    }
}
