//! ASCII subset of the code pages, until the tables are merged.

use super::{Page, TextFault};
use crate::code::Code;

const EBCDIC: &[(u8, u8)] = &[
    (0x40, b' '),
    (0x4B, b'.'),
    (0x4C, b'<'),
    (0x4D, b'('),
    (0x4E, b'+'),
    (0x50, b'&'),
    (0x5C, b'*'),
    (0x5D, b')'),
    (0x5E, b';'),
    (0x60, b'-'),
    (0x61, b'/'),
    (0x6B, b','),
    (0x6C, b'%'),
    (0x6D, b'_'),
    (0x6E, b'>'),
    (0x6F, b'?'),
    (0x7A, b':'),
    (0x7D, b'\''),
    (0x7E, b'='),
    (0x7F, b'"'),
];

fn from_ebcdic(b: u8) -> Option<u8> {
    Some(match b {
        0xC1..=0xC9 => b - 0xC1 + b'A',
        0xD1..=0xD9 => b - 0xD1 + b'J',
        0xE2..=0xE9 => b - 0xE2 + b'S',
        0x81..=0x89 => b - 0x81 + b'a',
        0x91..=0x99 => b - 0x91 + b'j',
        0xA2..=0xA9 => b - 0xA2 + b's',
        0xF0..=0xF9 => b - 0xF0 + b'0',
        _ => EBCDIC.iter().find(|(e, _)| *e == b)?.1,
    })
}

impl Page {
    /// By name.
    pub fn parse(name: &str) -> Option<Page> {
        Some(match name {
            "37" => Page::Cp37,
            "836" => Page::Cp836,
            "935" => Page::Cp935,
            "1388" => Page::Cp1388,
            "935-classic" => Page::Cp935Classic,
            "1388-2001" => Page::Cp1388Of2001,
            "gbk" | "1386" => Page::Gbk,
            "gbk-936" | "936" => Page::Gbk936,
            "gb18030-2005" => Page::Gb18030Of2005,
            "gb18030-2022" | "gb18030" | "54936" => Page::Gb18030Of2022,
            "1208" | "utf-8" => Page::Utf8,
            _ => return None,
        })
    }
    /// By number.
    pub fn from_ccsid(n: u32) -> Option<Page> {
        Page::parse(&n.to_string())
    }
    /// Name.
    pub fn name(self) -> &'static str {
        match self {
            Page::Cp37 => "37",
            Page::Cp836 => "836",
            Page::Cp935 => "935",
            Page::Cp935Classic => "935-classic",
            Page::Cp1388 => "1388",
            Page::Cp1388Of2001 => "1388-2001",
            Page::Gbk => "gbk",
            Page::Gbk936 => "gbk-936",
            Page::Gb18030Of2005 => "gb18030-2005",
            Page::Gb18030Of2022 => "gb18030-2022",
            Page::Utf8 => "1208",
        }
    }
    /// EBCDIC.
    pub fn is_ebcdic(self) -> bool {
        matches!(self, Page::Cp37 | Page::Cp836) || self.is_mixed()
    }
    /// Mixed.
    pub fn is_mixed(self) -> bool {
        matches!(self, Page::Cp935 | Page::Cp935Classic | Page::Cp1388 | Page::Cp1388Of2001)
    }
    /// Blank.
    pub fn blank(self) -> u8 {
        if self.is_ebcdic() { 0x40 } else { 0x20 }
    }
}

/// Decodes.
pub fn decode(page: Page, bytes: &[u8], out: &mut String) -> Result<(), TextFault> {
    let start = out.len();
    for (at, &b) in bytes.iter().enumerate() {
        let c = if page.is_ebcdic() { from_ebcdic(b) } else { (0x20..0x7F).contains(&b).then_some(b) };
        match c {
            Some(c) => out.push(char::from(c)),
            None => {
                out.truncate(start);
                return Err(TextFault { code: Code::UNMAPPED, at, detail: "not in the code page" });
            }
        }
    }
    Ok(())
}

/// Encodes.
pub fn encode(page: Page, text: &str, out: &mut Vec<u8>) -> Result<(), TextFault> {
    let start = out.len();
    for (at, c) in text.chars().enumerate() {
        let b = u8::try_from(c).ok().and_then(|c| {
            if page.is_ebcdic() {
                (0..=255).find(|b| from_ebcdic(*b) == Some(c))
            } else {
                (0x20..0x7F).contains(&c).then_some(c)
            }
        });
        match b {
            Some(b) => out.push(b),
            None => {
                out.truncate(start);
                return Err(TextFault { code: Code::UNMAPPED, at, detail: "not in the code page" });
            }
        }
    }
    Ok(())
}

/// Decodes pairs.
pub fn decode_double(_page: Page, _bytes: &[u8], _out: &mut String) -> Result<(), TextFault> {
    Err(TextFault { code: Code::UNMAPPED, at: 0, detail: "not in the code page" })
}

/// Encodes pairs.
pub fn encode_double(_page: Page, _text: &str, _out: &mut Vec<u8>) -> Result<(), TextFault> {
    Err(TextFault { code: Code::UNMAPPED, at: 0, detail: "not in the code page" })
}
