//! Descriptor words and length fields: numbers in front of a record that say how long it is.
//!
//! z/OS DFSMS Using Data Sets (SC23-6855): an RDW is two bytes of length, which counts the word itself, and two bytes of
//! zero; in a spanned record the third byte is the segment control code. A BDW is the same for a block; its first bit
//! says that the other 31 are the length. Other tools leave the word out of the count or exchange its bytes.

use super::kind::{LengthField, LengthNumber, Rdw};

/// Bytes of a descriptor word.
pub(super) const WORD: usize = 4;

/// The segment control codes, the third byte of a segment's word.
pub(super) const COMPLETE: u8 = 0;
pub(super) const FIRST: u8 = 1;
pub(super) const LAST: u8 = 2;
pub(super) const MIDDLE: u8 = 3;

/// Why a word is none: words that follow "record 1 at byte 0", and a hint.
pub(super) type BadWord = (String, Option<&'static str>);

impl Rdw {
    /// Reads a record's word: bytes of the record and the segment control code.
    pub(super) fn read(&self, word: [u8; WORD], spanned: bool) -> Result<(usize, u8), BadWord> {
        let [a, b, c, d] = word;
        let codes = if spanned { MIDDLE } else { COMPLETE };
        // With all its bytes exchanged the word is 00, control, low, high. No length is as small as a control code.
        let reversed = self.little && a == 0 && b <= codes && u16::from_le_bytes([c, d]) > codes.into();
        let (length, control, rest) = match reversed {
            true => (u16::from_le_bytes([c, d]), b, a),
            false if self.little => (u16::from_le_bytes([a, b]), c, d),
            false => (u16::from_be_bytes([a, b]), c, d),
        };
        if rest != 0 || control > codes {
            return Err(self.reserved(word, spanned));
        }
        match self.net(length.into()) {
            Some(length) => Ok((length, control)),
            None => Err(self.none("RDW", word)),
        }
    }

    /// Reads a block's word: bytes of the block without it.
    pub(super) fn read_block(&self, word: [u8; WORD]) -> Result<usize, BadWord> {
        let length = match word {
            [0, 0, c, d] if self.little => u16::from_le_bytes([c, d]).into(),
            [a, b, 0, 0] if self.little => u16::from_le_bytes([a, b]).into(),
            [a, ..] if a & 0x80 != 0 && !self.little => (u32::from_be_bytes(word) & 0x7FFF_FFFF) as usize,
            [a, b, 0, 0] if !self.little => u16::from_be_bytes([a, b]).into(),
            _ => {
                let hint = match word {
                    [0, 0, ..] => "the length may be little-endian: endian = \"little\"",
                    _ => "a record's own bytes may stand here: framing = \"rdw\" if the file has no blocks",
                };
                let words = format!("begins a block with the BDW {}, whose last two bytes are not zero", hex(&word));
                return Err((words, Some(hint)));
            }
        };
        self.net(length).filter(|length| *length > 0).ok_or_else(|| self.none("BDW", word))
    }

    /// Bytes without the word itself. Without that count a length of zero is none: zeros are the sign of a wrong setting.
    fn net(&self, length: usize) -> Option<usize> {
        if self.counts_itself { length.checked_sub(WORD) } else { Some(length).filter(|length| *length > 0) }
    }

    fn none(&self, name: &str, word: [u8; WORD]) -> BadWord {
        let hint = match word {
            [0, 0, _, _] if !self.little && word != [0; WORD] => {
                Some("the length may be little-endian: endian = \"little\"")
            }
            [0, 1..=3, 0, 0] if self.counts_itself => {
                Some("the length may leave out its own bytes: counts_itself = false")
            }
            _ => None,
        };
        (format!("begins with the {name} {}, which is no length", hex(&word)), hint)
    }

    fn reserved(&self, word: [u8; WORD], spanned: bool) -> BadWord {
        let text = word.iter().all(|b| matches!(b, 0x20 | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z'));
        let ebcdic = word.iter().all(|b| matches!(b, 0x40 | 0xF0..=0xF9 | 0xC1..=0xC9 | 0xD1..=0xD9 | 0xE2..=0xE9));
        let hint = match word {
            _ if text || ebcdic => Some("these are characters: the file may have no RDW, or was converted as text"),
            [.., 1..=3, 0] if !spanned && !self.little => Some("the record may be in segments: framing = \"vbs\""),
            [0, 0, ..] if !self.little => Some("the length may be little-endian: endian = \"little\""),
            _ => None,
        };
        (format!("begins with the RDW {}, whose last two bytes are not as they must be", hex(&word)), hint)
    }

    /// Most bytes that a word can count.
    pub(super) fn most(&self) -> usize {
        usize::from(u16::MAX) - if self.counts_itself { WORD } else { 0 }
    }

    /// Writes the word of a record or block of so many bytes.
    pub(super) fn word(&self, length: usize, control: u8) -> Option<[u8; WORD]> {
        if length > self.most() || (length == 0 && !self.counts_itself) {
            return None;
        }
        let length = u16::try_from(length + if self.counts_itself { WORD } else { 0 }).ok()?;
        let [a, b] = if self.little { length.to_le_bytes() } else { length.to_be_bytes() };
        Some([a, b, control, 0])
    }
}

impl LengthField {
    /// Bytes before the record's end that must be there to read it.
    pub(super) fn needs(&self) -> usize {
        self.at + self.bytes
    }

    /// Bytes of the whole record as its field says, the field and what stands before it included.
    pub(super) fn read(&self, rest: &[u8]) -> Result<usize, BadWord> {
        let field = rest.get(self.at..self.needs()).unwrap_or_default();
        let said = match self.number {
            LengthNumber::Big => field.iter().try_fold(0i64, |n, b| n.checked_mul(256)?.checked_add((*b).into())),
            LengthNumber::Little => {
                field.iter().rev().try_fold(0i64, |n, b| n.checked_mul(256)?.checked_add((*b).into()))
            }
            LengthNumber::Digits { .. } => field.iter().enumerate().try_fold(0i64, |n, (at, b)| {
                let digit = match b {
                    0x30..=0x39 | 0xF0..=0xF9 => b & 15,
                    0xC0..=0xC9 if at + 1 == field.len() => b & 15,
                    _ => return None,
                };
                n.checked_mul(10)?.checked_add(digit.into())
            }),
        };
        let total = said.and_then(|said| said.checked_add(self.adjust)).and_then(|n| usize::try_from(n).ok());
        total.filter(|total| *total >= self.needs().max(1)).ok_or_else(|| {
            let hint = match self.number {
                LengthNumber::Big if field.last() == Some(&0) => {
                    Some("the length may be little-endian: endian = \"little\"")
                }
                _ => None,
            };
            (format!("has the length field {}, which is no length of a record", hex(field)), hint)
        })
    }

    /// The field's bytes for a whole record of so many bytes.
    pub(super) fn write(&self, total: usize) -> Option<Vec<u8>> {
        let said = i64::try_from(total).ok()?.checked_sub(self.adjust).and_then(|n| u64::try_from(n).ok())?;
        let mut field = match self.number {
            LengthNumber::Digits { ebcdic } => {
                let zone = if ebcdic { 0xF0 } else { 0x30 };
                format!("{said:0>width$}", width = self.bytes).bytes().map(|b| b & 15 | zone).collect()
            }
            _ => {
                let bytes = said.to_be_bytes();
                let (high, low) = bytes.split_at(8 - self.bytes.min(8));
                if high.iter().any(|b| *b != 0) {
                    return None;
                }
                low.to_vec()
            }
        };
        if self.number == LengthNumber::Little {
            field.reverse();
        }
        (field.len() == self.bytes).then_some(field)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}
