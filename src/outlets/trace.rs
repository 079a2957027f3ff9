//! The trace of a transfer, as W3C Trace Context writes it: with it a call or a message says to the tracing of whoever
//! takes it which file it began with.
//!
//! The trace-id is the transfer's id: a ULID has the 128 bits of one, most of them random, so each can be read from the
//! other. The parent-id is the transfer's way into one outlet. Both are the same in every attempt, in a replay, and on
//! every node.
//!
//! Deliberately absent: `traceparent` in an event's JSON. An event's bytes are those of the file and its plan, whichever
//! transfer brings them; `lineage` says there which file that was.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use ulid::Ulid;

/// The trace-id of a transfer.
pub fn trace_id(transfer: &str) -> String {
    let bits = match Ulid::from_string(transfer) {
        Ok(id) => id.0,
        // No id that a node gives.
        Err(_) => Sha256::digest(transfer).iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte)),
    };
    // Zero is no trace-id.
    format!("{:032x}", bits.max(1))
}

/// What a call or a message carries for a transfer's way into an outlet.
pub fn traceparent(transfer: &str, outlet: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(transfer);
    digest.update([0]);
    digest.update(outlet);
    let mut parent = String::with_capacity(16);
    for byte in digest.finalize().iter().take(8) {
        let _ = write!(parent, "{byte:02x}");
    }
    // The books keep all of it, so it is sampled.
    format!("00-{}-{parent}-01", trace_id(transfer))
}

/// The transfer of a trace-id, or of a whole `traceparent`.
pub fn transfer_of(text: &str) -> Option<String> {
    let id = match text.split('-').collect::<Vec<_>>()[..] {
        [id] | [_, id, _, _] => id,
        _ => return None,
    };
    let is_one = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bits = is_one.then(|| u128::from_str_radix(id, 16).ok()).flatten()?;
    Some(Ulid(bits).to_string())
}

#[cfg(test)]
mod tests {
    use super::{trace_id, traceparent, transfer_of};

    const TRANSFER: &str = "01JY3V8Q5TZ6QX2M4N7P9RSTVW";

    #[test]
    fn a_transfer_and_its_trace_name_each_other() {
        let trace = trace_id(TRANSFER);
        assert_eq!(trace, "019787b45cbaf9afd150953d938ceb7c");
        assert_eq!(transfer_of(&trace).as_deref(), Some(TRANSFER));
        assert_eq!(transfer_of(&traceparent(TRANSFER, "risk")).as_deref(), Some(TRANSFER));
        for no in
            ["", "-", TRANSFER, "019787b45cbaf9afd150953d938ceb7", "+19787b45cbaf9afd150953d938ceb7c", "a-b-c-d-e"]
        {
            assert_eq!(transfer_of(no), None, "{no}");
        }
    }

    #[test]
    fn a_traceparent_has_the_form_of_the_standard() {
        for transfer in [TRANSFER, "00000000000000000000000000", "no ULID"] {
            let told = traceparent(transfer, "risk");
            let parts: Vec<&str> = told.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [2, 32, 16, 2], "{told}");
            assert!(told.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f' | b'-')), "{told}");
            assert!(parts[1..3].iter().all(|part| part.bytes().any(|b| b != b'0')), "{told}");
            assert_eq!(told, traceparent(transfer, "risk"));
            assert_ne!(told, traceparent(transfer, "books"));
        }
    }
}
