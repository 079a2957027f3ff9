//! What an answer means. Only its status and `Retry-After` are looked at.

use crate::error::Error;
use fpp_codecs::Code;
use hyper::StatusCode;
use jiff::fmt::rfc2822;
use std::time::Duration;

/// Nobody is left alone for longer, whatever it asks for: an answer of the core may be due.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: Option<String>,
}

/// What it means for the events of the call.
#[derive(Debug)]
pub(super) enum Verdict {
    /// All are confirmed.
    Taken,
    /// They will not be taken; at least one of them is at fault.
    Refused(u16),
    /// The endpoint is at fault, and may be mended; the time that it asked for.
    Later(Error, Option<Duration>),
    /// The endpoint is no more.
    Gone(Error),
}

/// Judges an answer; `now_ms` is needed for a `Retry-After` with a date.
pub(super) fn judge(answer: &Answer, now_ms: i64) -> Verdict {
    let status = answer.status;
    let later = |hint: &str| {
        let error = Error::retry(Code::OUTLET, format!("answered {status}")).hint(hint);
        Verdict::Later(error, answer.retry_after.as_deref().and_then(|text| pause(text, now_ms)))
    };
    match status.as_u16() {
        200..=299 => Verdict::Taken,
        300..=399 => later("Redirects are not followed: set the outlet's url to where the endpoint is now."),
        401 | 403 | 407 => later("The endpoint does not accept the signature: compare the secrets and the clocks."),
        404 | 405 => later("There is no such endpoint: compare the outlet's url with its path."),
        408 | 425 | 429 | 500..=599 => later("Look at the endpoint. Goes on by itself."),
        410 => {
            Verdict::Gone(Error::halt(Code::OUTLET, format!("answered {status}: the endpoint is gone for good")).hint(
                "Ask its owner. Set the outlet's url anew, then `fpp retry ID`; or take the outlet off the route.",
            ))
        }
        400..=499 => Verdict::Refused(status.as_u16()),
        _ => later("This is no answer to a POST: look at what stands before the endpoint."),
    }
}

/// Seconds, or a date of HTTP.
fn pause(text: &str, now_ms: i64) -> Option<Duration> {
    let text = text.trim();
    let pause = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            // An HTTP date is one of mail, in GMT.
            let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            Duration::from_millis(u64::try_from(at.as_millisecond().saturating_sub(now_ms)).unwrap_or(0))
        }
    };
    Some(pause.min(PAUSE_MAX))
}

#[cfg(test)]
mod tests {
    use super::{Answer, Verdict, judge};
    use crate::error::Class;
    use hyper::StatusCode;
    use std::time::Duration;

    fn verdict(status: u16, retry_after: Option<&str>) -> Verdict {
        let answer =
            Answer { status: StatusCode::from_u16(status).unwrap(), retry_after: retry_after.map(str::to_owned) };
        // 2026-11-26T08:00:00Z
        judge(&answer, 1_795_680_000_000)
    }

    #[test]
    fn each_status_has_its_meaning() {
        for status in 100..=599 {
            let meant = match verdict(status, None) {
                Verdict::Taken => "taken",
                Verdict::Refused(_) => "refused",
                Verdict::Later(error, _) => {
                    assert_eq!(error.class, Class::Retry);
                    assert!(!error.hint.is_empty());
                    "later"
                }
                Verdict::Gone(error) => {
                    assert_eq!(error.class, Class::Halt);
                    "gone"
                }
            };
            let due = match status {
                200..=299 => "taken",
                410 => "gone",
                401 | 403 | 404 | 405 | 407 | 408 | 425 | 429 => "later",
                400..=499 => "refused",
                _ => "later",
            };
            assert_eq!(meant, due, "{status}");
        }
    }

    #[test]
    fn an_endpoint_may_say_when_it_will_be_asked_again() {
        let pause = |text| match verdict(429, Some(text)) {
            Verdict::Later(_, pause) => pause,
            other => panic!("{other:?}"),
        };
        assert_eq!(pause("7"), Some(Duration::from_secs(7)));
        assert_eq!(pause("Thu, 26 Nov 2026 08:00:30 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(pause("Thu, 26 Nov 2026 07:00:30 GMT"), Some(Duration::ZERO), "it is over");
        assert_eq!(pause("99999999999"), Some(Duration::from_secs(3_600)));
        assert_eq!(pause("soon"), None);
        assert_eq!(pause("-7"), None);
    }
}
