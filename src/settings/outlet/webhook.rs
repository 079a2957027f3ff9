//! An outlet of kind `webhook`: events posted to an HTTP endpoint, signed.

use super::super::ledger::{self, Secret};
use super::super::reading::Reader;
use fpp_codecs::source::Section;
use hyper::Uri;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Longest pause between two attempts of a file, unless the configuration says another: services are rolled out anew every
/// day, and an endpoint that is back should not wait. Nobody is asked more often than its breaker allows.
pub(super) const RETRY_MAX_MS: i64 = 8_000;

/// Where events are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookPlace {
    /// Its URL.
    pub url: Uri,
    /// What calls are signed with.
    pub secret: Secret,
    /// What they are signed with besides, while one secret takes the place of another.
    pub next_secret: Option<Secret>,
    /// Time for one call.
    pub timeout_ms: u64,
    /// Events of one call, at most.
    pub call_events: usize,
    /// Bytes of one call, at most.
    pub call_bytes: usize,
    /// Calls in a second, at most.
    pub calls_per_second: Option<NonZeroU32>,
    /// Authorities that vouch for the endpoint; the system's without it.
    pub ca_file: Option<PathBuf>,
}

/// Reads its keys.
pub(super) fn read(section: &Section<'_>, reader: &mut Reader) -> Option<WebhookPlace> {
    let written = section.need_text("url");
    let allow_http = section.choice("tls", &[("verify", false), ("off", true)]).unwrap_or(false);
    let url = match parsed(&written, allow_http) {
        Ok(url) => Some(url),
        Err(_) if written.is_empty() => None,
        Err(fault) => {
            section.fault("url", fault);
            None
        }
    };
    let secret = ledger::secret(section, reader, "secret");
    if secret.is_none() && !section.has("secret") && !section.has("secret_file") {
        section.fault("secret_file", "is missing: what calls are signed with (or secret_env): openssl rand -base64 32");
    }
    let next_secret = ledger::secret(section, reader, "next_secret");
    let timeout_ms = section.number_in("timeout_ms", 100..=300_000).map_or(10_000, i64::unsigned_abs);
    let whole = |key: &str, range, usual: usize| {
        section.number_in(key, range).and_then(|n| usize::try_from(n).ok()).unwrap_or(usual)
    };
    let call_events = whole("call_events", 1..=10_000, 100);
    let call_bytes = whole("call_bytes", 1_024..=16 << 20, 1 << 20);
    let calls = section.number_in("calls_per_second", 1..=10_000);
    let ca_file = section.has("ca_file").then(|| {
        reader.read_named(section, "ca_file");
        reader.path(&section.text("ca_file").unwrap_or_default())
    });
    Some(WebhookPlace {
        url: url?,
        secret: secret?,
        next_secret,
        timeout_ms,
        call_events,
        call_bytes,
        calls_per_second: calls.and_then(|n| u32::try_from(n).ok()).and_then(NonZeroU32::new),
        ca_file,
    })
}

/// What is wrong is told without the URL, whose query may hold what is not for everybody.
fn parsed(written: &str, allow_http: bool) -> Result<Uri, String> {
    let url: Uri = written.parse().map_err(|_| "is no URL: https://HOST[:PORT]/PATH".to_owned())?;
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    if host.is_empty() {
        return Err("names no host: https://HOST[:PORT]/PATH".to_owned());
    }
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("a user or a password never stands here: calls are signed".to_owned());
    }
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme_str() {
        Some("https") => Ok(url),
        Some("http") if here || allow_http => Ok(url),
        Some("http") => Err("http:// is not encrypted; where the network is trusted say tls = \"off\"".to_owned()),
        _ => Err("begins with https://".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn a_url_is_https_unless_it_stays_on_this_machine_or_is_allowed_and_holds_no_secret() {
        for good in ["https://a.bank/x?y=1", "http://127.0.0.1:8080/", "http://localhost/x", "http://[::1]:1/x"] {
            assert!(parsed(good, false).is_ok(), "{good}");
        }
        assert!(parsed("http://a.bank/x", true).is_ok());
        for (bad, fault) in [
            ("http://a.bank/x", "not encrypted"),
            ("https://user:s3cret@a.bank/x", "password"),
            ("ftp://a.bank/x", "https://"),
            ("a.bank", "https://"),
            ("/x", "no host"),
            ("https://a b/", "no URL"),
        ] {
            let told = parsed(bad, false).unwrap_err();
            assert!(told.contains(fault) && !told.contains("s3cret"), "{bad}: {told}");
        }
    }
}
