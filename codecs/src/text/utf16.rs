//! UTF-16 and UCS-2 in network order, as graphic fields with CCSID 1200 and 13488 hold them, without private use.
//!
//! UTF-16 has characters beyond U+FFFF as two units (surrogates); UCS-2 has none. A byte-order mark is a character like
//! any other: fields have none.

use crate::text::fault::TextFault;
use crate::text::rules::Rules;
use crate::text::single;
use crate::text::structure::Structure;

pub(super) fn decode(structure: Structure, rules: &Rules, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    // One unit becomes up to three bytes of UTF-8.
    out.reserve(bytes.len() + bytes.len() / 2);
    let (units, odd) = bytes.as_chunks::<2>();
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        let (character, taken) = match u16::from_be_bytes(*unit) {
            high @ 0xD800..=0xDBFF if structure == Structure::Utf16 => {
                let low = units.get(at + 1).ok_or(TextFault::half(2 * at, "half a surrogate pair"))?;
                let pair = char::decode_utf16([high, u16::from_be_bytes(*low)]).next();
                (pair.and_then(Result::ok).ok_or(lone_surrogate(2 * at))?, 2)
            }
            unit => (char::from_u32(unit.into()).ok_or(lone_surrogate(2 * at))?, 1),
        };
        if rules.refuses(character) {
            return Err(TextFault::private_use(2 * at));
        }
        out.push(character);
        at += taken;
    }
    if odd.is_empty() { Ok(()) } else { Err(TextFault::half(2 * at, "half a character")) }
}

fn lone_surrogate(at: usize) -> TextFault {
    TextFault::unmapped(at, "a surrogate that is no half of a character")
}

pub(super) fn encode(structure: Structure, rules: &Rules, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    out.reserve(2 * text.len());
    for (at, character) in text.chars().enumerate() {
        if rules.refuses(character) {
            return Err(TextFault::private_use(at));
        }
        if structure == Structure::Ucs2 && character.len_utf16() > 1 {
            return Err(single::missing(at));
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            out.extend_from_slice(&unit.to_be_bytes());
        }
    }
    Ok(())
}
