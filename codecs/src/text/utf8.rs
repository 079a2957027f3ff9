//! UTF-8, strict as the standard library reads it, and without private use.

use crate::text::fault::TextFault;
use crate::text::rules::Rules;

pub(super) fn decode(rules: &Rules, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    let (text, fault) = match str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.valid_up_to();
            let fault = match error.error_len() {
                None => TextFault::half(at, "part of a UTF-8 character"),
                Some(_) => TextFault::unmapped(at, "not UTF-8"),
            };
            (str::from_utf8(&bytes[..at]).unwrap_or_default(), Some(fault))
        }
    };
    match private_use(rules, text) {
        Some((byte, _)) => Err(TextFault::private_use(byte)),
        None => {
            out.push_str(text);
            fault.map_or(Ok(()), Err)
        }
    }
}

pub(super) fn encode(rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    match private_use(rules, text) {
        Some((_, character)) => Err(TextFault::private_use(character)),
        None => {
            out.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }
}

/// The first private-use character, as byte and as character. Only four lead bytes can start one.
fn private_use(rules: &Rules, text: &str) -> Option<(usize, usize)> {
    if !text.bytes().any(|b| matches!(b, 0xEE | 0xEF | 0xF3 | 0xF4)) {
        return None;
    }
    let (character, (byte, _)) = text.char_indices().enumerate().find(|(_, (_, c))| rules.refuses(*c))?;
    Some((byte, character))
}
