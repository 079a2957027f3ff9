//! The words, literals and signs of a condition.

use super::model::ConditionFault;

/// One token with its first byte.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) at: usize,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum What {
    /// `and`, `AMT`, `QTY(2,1)`, `record.at`.
    Word(String),
    /// `"D"`, `'D'`; a quote within is written twice.
    Text(String),
    /// `x'C4'`
    Bytes(Vec<u8>),
    /// `-1.50`
    Number(String),
    /// `==`, `(`, `,` ...
    Sign(&'static str),
}

/// The longer ones first.
const SIGNS: &[&str] = &["==", "!=", "<=", ">=", "<", ">", "(", ")", "[", "]", ","];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ConditionFault> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let fault = |message: &str| ConditionFault { at, message: message.to_owned(), unknown: false };
        let second = rest[first.len_utf8()..].chars().next();
        let (what, length) = match first {
            '\'' | '"' => quoted(rest, first).ok_or_else(|| fault("a text without its end"))?,
            'x' | 'X' if matches!(second, Some('\'' | '"')) => {
                let quote = second.unwrap_or('\'');
                let (what, length) = quoted(&rest[1..], quote).ok_or_else(|| fault("bytes without their end"))?;
                let What::Text(digits) = what else { return Err(fault("bytes are written x'C4C5'")) };
                (What::Bytes(hex(&digits).ok_or_else(|| fault("bytes are two hex digits each"))?), length + 1)
            }
            '0'..='9' | '-' | '+' => {
                number(rest).ok_or_else(|| fault("a number has digits, perhaps a point between"))?
            }
            c if is_word(c) => word(rest),
            _ => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                Some(sign) => (What::Sign(sign), sign.len()),
                None if first == '=' => return Err(fault("equal is written ==")),
                None => return Err(fault(&format!("`{first}` means nothing here"))),
            },
        };
        tokens.push(Token { at, what });
        rest = &rest[length..];
    }
}

fn is_word(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '$' | '#' | '@' | '_')
}

fn quoted(rest: &str, quote: char) -> Option<(What, usize)> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c != quote {
            text.push(c);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return Some((What::Text(text), at + quote.len_utf8()));
        }
    }
    None
}

/// Bytes of hex digits; none for an odd number of them.
pub(super) fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = digits.chars().map(|c| c.to_digit(16).and_then(|n| u8::try_from(n).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

fn number(rest: &str) -> Option<(What, usize)> {
    let digits = rest.trim_start_matches(['-', '+']);
    let sign = rest.len() - digits.len();
    let end = digits.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(digits.len());
    let number = &rest[..sign + end];
    // A word may not follow at once: `12A` is neither.
    let clean = !rest[sign + end..].starts_with(is_word);
    (sign <= 1 && clean && super::compare::Number::parse(number).is_some())
        .then(|| (What::Number(number.to_owned()), sign + end))
}

/// A word with the characters that names of fields have; in parentheses behind it at once the occurrences of an array.
fn word(rest: &str) -> (What, usize) {
    let part = |c: char| is_word(c) || c.is_ascii_digit() || matches!(c, '-' | '.');
    let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
    let name = &rest[..end];
    let numbers = rest[end..].strip_prefix('(').and_then(|inner| inner.split_once(')')).map(|(numbers, _)| numbers);
    let occurs =
        |numbers: &&str| !numbers.is_empty() && numbers.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b' ');
    match numbers.filter(occurs) {
        Some(numbers) if name != "record.at" => {
            let numbers_only: String = numbers.chars().filter(|c| *c != ' ').collect();
            (What::Word(format!("{name}({numbers_only})")), end + numbers.len() + 2)
        }
        _ => (What::Word(name.to_owned()), end),
    }
}
