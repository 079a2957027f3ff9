//! The signature of a call, after Standard Webhooks, which libraries of many languages verify:
//!
//! - `webhook-id`: the same in every attempt of the same call;
//! - `webhook-timestamp`: seconds since 1970 in UTC, of this attempt;
//! - `webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `ID.TIMESTAMP.BODY`; one for each secret, with a blank
//!   between, so that an endpoint which knows one of them is content.
//!
//! Invariant: a secret is in no message and no `Debug`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;

/// Fewer bytes are guessed.
const SECRET_BYTES_MIN: usize = 16;
/// What stands before a secret in base64.
const PREFIX: &str = "whsec_";

/// What calls are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// `whsec_` and base64, or any text, of which the bytes are taken; blanks and line ends around it do not count.
    pub fn parse(text: &str) -> Result<Secret, String> {
        let text = text.trim();
        let bytes = match text.strip_prefix(PREFIX) {
            Some(coded) => BASE64.decode(coded).map_err(|_| format!("what follows {PREFIX} is no base64"))?,
            None => text.as_bytes().to_vec(),
        };
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(format!("a secret needs {SECRET_BYTES_MIN} bytes at least: openssl rand -base64 32"));
        }
        Ok(Secret(bytes))
    }

    fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> Option<String> {
        // A key of HMAC may have any length, so that nothing is left out here.
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).ok()?;
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body);
        Some(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// The headers of a call.
pub(super) fn headers(secrets: &[Secret], id: &str, seconds: i64, body: &[u8]) -> [(&'static str, String); 3] {
    let signatures: Vec<String> = secrets.iter().filter_map(|secret| secret.sign(id, seconds, body)).collect();
    [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", seconds.to_string()),
        ("webhook-signature", signatures.join(" ")),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Secret, headers};

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_signature_is_the_one_of_the_specification() {
        let secret = Secret::parse(" whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let made = headers(std::slice::from_ref(&secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(made[2].1, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(made[1].1, "1614265330");
        assert_eq!(format!("{secret:?}"), "Secret");
    }

    #[test]
    fn while_secrets_change_both_sign() {
        let secrets = [Secret::parse("the one in use now").unwrap(), Secret::parse("the one that comes").unwrap()];
        let made = headers(&secrets, "i", 1, b"x");
        let signatures: Vec<&str> = made[2].1.split(' ').collect();
        assert_eq!(signatures.len(), 2);
        assert_ne!(signatures[0], signatures[1]);
        assert_eq!(signatures[1], headers(&secrets[1..], "i", 1, b"x")[2].1);
    }

    #[test]
    fn a_secret_that_is_short_or_no_base64_is_a_fault_that_does_not_tell_it() {
        for (text, fault) in [("whsec_!!", "base64"), ("short", "16 bytes"), ("whsec_c2hvcnQ=", "16 bytes"), ("", "16")]
        {
            let told = Secret::parse(text).unwrap_err();
            assert!(told.contains(fault) && !told.contains("short"), "{told}");
        }
    }
}
