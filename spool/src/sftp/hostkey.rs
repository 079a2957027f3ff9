//! Host keys: pinned, or refused.
//!
//! There is no "trust on first use". Nothing is sent to a host whose key is not pinned, neither user name nor proof.

use super::settings::SftpSettings;
use crate::error::{Error, ErrorKind, Result};
use sha2::{Digest as _, Sha256};
use ssh2::{MethodType, Session};

/// One pinned key, as it was configured.
#[derive(PartialEq, Debug)]
enum Pin<'a> {
    Fingerprint(&'a str),
    Key { kind: &'a str, key: &'a str },
}

fn pin(text: &str) -> Option<Pin<'_>> {
    let text = text.trim();
    if let Some(fingerprint) = text.strip_prefix("SHA256:") {
        return Some(Pin::Fingerprint(fingerprint.trim_end_matches('=')));
    }
    let words: Vec<_> = text.split_whitespace().collect();
    let at = words.iter().position(|w| w.starts_with("ssh-") || w.starts_with("ecdsa-"))?;
    Some(Pin::Key { kind: words[at], key: words.get(at + 1)?.trim_end_matches('=') })
}

/// Asks for the kinds of key that are pinned: a host has several, and would show another than the pinned one.
pub(super) fn prefer(session: &Session, settings: &SftpSettings) -> Result<()> {
    let mut kinds: Vec<&str> = Vec::new();
    for text in &settings.host_keys {
        match pin(text) {
            // An RSA key signs with SHA-2 nowadays; the key is the same.
            Some(Pin::Key { kind: "ssh-rsa", .. }) => kinds.extend(["rsa-sha2-512", "rsa-sha2-256"]),
            Some(Pin::Key { kind, .. }) => kinds.push(kind),
            // A fingerprint does not say its kind: leave the choice open.
            Some(Pin::Fingerprint(_)) => return Ok(()),
            None => {
                return Err(Error::new(ErrorKind::HostKey, format!("the pinned host key {text:?} cannot be read"))
                    .hint("write it as SHA256:<base64> or as `ssh-ed25519 <base64>`"));
            }
        }
    }
    if kinds.is_empty() {
        return Ok(());
    }
    session.method_pref(MethodType::HostKey, &kinds.join(",")).map_err(|e| {
        Error::new(ErrorKind::HostKey, format!("host keys of kind {}: {e}", kinds.join(", "))).caused_by(e)
    })
}

/// Refuses a host whose key is not pinned. To be called after the key exchange and before the login.
pub(super) fn check(session: &Session, settings: &SftpSettings) -> Result<()> {
    let shown = session.host_key().map(|(key, _)| key).unwrap_or_default();
    if !shown.is_empty() && settings.host_keys.iter().any(|text| matches(text, shown)) {
        return Ok(());
    }
    let what = format!(
        "{} shows the host key {} SHA256:{}, which is not pinned",
        settings.describe(),
        kind_of(shown),
        fingerprint(shown)
    );
    Err(Error::new(ErrorKind::HostKey, what))
}

fn matches(text: &str, shown: &[u8]) -> bool {
    match pin(text) {
        Some(Pin::Fingerprint(pinned)) => pinned == fingerprint(shown),
        Some(Pin::Key { key, .. }) => key == base64(shown),
        None => false,
    }
}

fn fingerprint(key: &[u8]) -> String {
    base64(&Sha256::digest(key))
}

/// The kind stands at the beginning of the key itself, after its length.
fn kind_of(key: &[u8]) -> &str {
    let length = key.first_chunk::<4>().map_or(0, |b| u32::from_be_bytes(*b) as usize);
    key.get(4..4 + length.min(64)).and_then(|kind| std::str::from_utf8(kind).ok()).unwrap_or("unknown")
}

/// Base64 without padding, as fingerprints are written.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, b| word << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        (0..=chunk.len()).for_each(|i| out.push(char::from(DIGITS[(word >> (18 - 6 * i)) as usize & 63])));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_without_padding() {
        for (bytes, text) in [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }

    #[test]
    fn pins_are_read_in_their_usual_spellings() {
        let key = Pin::Key { kind: "ssh-ed25519", key: "AAAAC3" };
        assert_eq!(pin("ssh-ed25519 AAAAC3= root@as400"), Some(key));
        assert_eq!(
            pin("[as400]:22 ecdsa-sha2-nistp256 AAAA"),
            Some(Pin::Key { kind: "ecdsa-sha2-nistp256", key: "AAAA" })
        );
        assert_eq!(pin("SHA256:abc="), Some(Pin::Fingerprint("abc")));
        assert_eq!((pin("MD5:00:11"), pin(""), pin("ssh-rsa")), (None, None, None));
    }

    #[test]
    fn another_key_does_not_match() {
        let key = b"\0\0\0\x0bssh-ed25519\0\0\0\x04abcd";
        assert_eq!(kind_of(key), "ssh-ed25519");
        assert!(matches(&format!("SHA256:{}", fingerprint(key)), key));
        assert!(matches(&format!("ssh-ed25519 {}", base64(key)), key));
        assert!(!matches(&format!("SHA256:{}", fingerprint(b"x")), key));
        assert!(!matches("SHA256:", key));
    }
}
