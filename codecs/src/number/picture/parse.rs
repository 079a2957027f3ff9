//! The text of a picture to its positions.
//!
//! Symbols are expanded one by one and never beyond [`LONGEST`], whatever a repeat count says, so that a hostile picture
//! costs nothing. Then the places are checked: what floats is in one piece, fixed signs stand at an end, suppression is
//! on the left.

use super::shape::{Float, Item, LONGEST, Options, Picture, PictureFault};
use crate::number::digits::WIDEST;

/// A symbol of the picture and the byte it came from.
type Symbol = (u8, usize);

/// What stands for the currency symbol, for CR and for DB among the symbols.
const CURRENCY: u8 = b'$';
const CREDIT: u8 = b'C';
const DEBIT: u8 = b'D';

const fn fault<T>(at: usize, detail: &'static str) -> Result<T, PictureFault> {
    Err(PictureFault { at, detail })
}

impl Picture {
    /// Reads a picture such as `Z(3),ZZ9.99-`; letters of either case.
    pub fn parse(text: &str, options: Options) -> Result<Picture, PictureFault> {
        let symbols = expand(text, options)?;
        check_signs(&symbols)?;
        let float = find_float(&symbols)?;
        check_suppression(&symbols, float)?;
        let mut picture = Picture {
            items: Vec::with_capacity(symbols.len()),
            float: float.map(|(float, ..)| float),
            digits: 0,
            decimals: 0,
            scale_up: 0,
            bytes: 0,
            blank_when_zero: options.blank_when_zero,
        };
        let floating = float.map_or(0..0, |(_, start, end)| start..end);
        let (mut point, mut front) = (false, 0u8);
        for (index, (symbol, at)) in symbols.iter().enumerate() {
            let in_float = floating.contains(&index);
            let item = match symbol {
                b'9' => Item::Digit,
                b'Z' => Item::Suppress(b' '),
                b'*' => Item::Suppress(b'*'),
                b'+' | b'-' | &CURRENCY if in_float && index == floating.start => Item::FloatStart,
                b'+' | b'-' | &CURRENCY if in_float => Item::Float,
                b'+' => Item::Sign(true),
                b'-' => Item::Sign(false),
                &CURRENCY => Item::Currency,
                &CREDIT => Item::Credit(*b"CR"),
                &DEBIT => Item::Credit(*b"DB"),
                b'B' => Item::Insert(b' '),
                b'V' | b'.' if point => return fault(*at, "a second decimal point"),
                b'V' => Item::Implied,
                b'.' => Item::Point(if options.decimal_comma { b',' } else { b'.' }),
                b',' => Item::Insert(if options.decimal_comma { b'.' } else { b',' }),
                b'P' if picture.digits == 0 => {
                    front += 1;
                    continue;
                }
                b'P' => {
                    picture.scale_up += 1;
                    continue;
                }
                insert => Item::Insert(*insert),
            };
            point |= matches!(item, Item::Implied | Item::Point(_));
            if matches!(item, Item::Digit | Item::Suppress(_) | Item::Float) {
                if picture.scale_up > 0 {
                    return fault(*at, "a digit behind P");
                }
                picture.digits += 1;
                picture.decimals += u8::from(point);
            }
            picture.bytes += match item {
                Item::Implied => 0,
                Item::Credit(_) => 2,
                _ => 1,
            };
            picture.items.push(item);
        }
        finish(picture, point, front, text.len())
    }
}

/// Puts P in its place and checks the sizes.
fn finish(mut picture: Picture, point: bool, front: u8, end: usize) -> Result<Picture, PictureFault> {
    let count = picture.digits;
    if front > 0 {
        // P in front: the point is before all of it.
        if picture.scale_up > 0 || (point && picture.decimals < count) {
            return fault(end, "P on both sides of the digits");
        }
        picture.decimals = front + count;
        if !point {
            picture.items.insert(0, Item::Implied);
        }
    }
    let scale = usize::from(picture.scale_up);
    if scale > 0 && picture.decimals > 0 {
        return fault(end, "P behind digits that stand behind the point");
    }
    match () {
        () if count == 0 => fault(end, "no digit"),
        () if usize::from(count) + scale.max(front.into()) > usize::from(WIDEST) => fault(end, "more than 63 digits"),
        () if picture.bytes > LONGEST => fault(end, "more than 160 characters"),
        () => Ok(picture),
    }
}

/// Symbols one by one, repeat counts spelled out.
fn expand(text: &str, options: Options) -> Result<Vec<Symbol>, PictureFault> {
    let mut symbols: Vec<Symbol> = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((at, found)) = rest.next() {
        let upper = found.to_ascii_uppercase();
        let symbol = match upper {
            _ if found == options.currency => CURRENCY,
            '9' | 'Z' | '*' | 'B' | '0' | '/' | '+' | '-' | 'V' | 'P' => upper as u8,
            // The comma that is a point is one from here on.
            ',' | '.' => {
                if (upper == '.') == options.decimal_comma {
                    b','
                } else {
                    b'.'
                }
            }
            'C' | 'D' => {
                let second = if upper == 'C' { 'R' } else { 'B' };
                if rest.next().is_none_or(|(_, next)| next.to_ascii_uppercase() != second) {
                    return fault(at, "not a symbol of an edited picture");
                }
                if upper == 'C' { CREDIT } else { DEBIT }
            }
            _ => return fault(at, "not a symbol of an edited picture"),
        };
        let mut count = 1;
        if rest.next_if(|(_, next)| *next == '(').is_some() {
            count = 0;
            let mut seen = false;
            while let Some((_, digit)) = rest.next_if(|(_, next)| next.is_ascii_digit()) {
                count = (count * 10 + (digit as usize - '0' as usize)).min(LONGEST + 1);
                seen = true;
            }
            if !seen || count == 0 || rest.next_if(|(_, next)| *next == ')').is_none() {
                return fault(at, "not a repeat count");
            }
        }
        if symbols.len() + count > LONGEST {
            return fault(at, "more than 160 characters");
        }
        symbols.extend(std::iter::repeat_n((symbol, at), count));
    }
    Ok(symbols)
}

/// At most one sign, which is one of its kind, and a fixed one stands at an end.
fn check_signs(symbols: &[Symbol]) -> Result<(), PictureFault> {
    let is_sign = |symbol: u8| matches!(symbol, b'+' | b'-' | CREDIT | DEBIT);
    let mut signs = symbols.iter().filter(|(symbol, _)| is_sign(*symbol));
    let Some((first, _)) = signs.next() else { return Ok(()) };
    if let Some((_, at)) = signs.find(|(symbol, _)| symbol != first || matches!(symbol, &CREDIT | &DEBIT)) {
        return fault(*at, "two signs");
    }
    let count = symbols.iter().filter(|(symbol, _)| is_sign(*symbol)).count();
    if count > 1 {
        return Ok(());
    }
    let at_end = symbols.last().is_some_and(|(symbol, _)| is_sign(*symbol));
    let at_front = matches!(first, b'+' | b'-') && symbols.first().is_some_and(|(symbol, _)| symbol == first);
    match symbols.iter().find(|(symbol, _)| is_sign(*symbol)) {
        Some((_, at)) if !at_end && !at_front => fault(*at, "a fixed sign stands at an end"),
        _ => Ok(()),
    }
}

/// The floating string: what floats, its first position and the one behind its last.
fn find_float(symbols: &[Symbol]) -> Result<Option<(Float, usize, usize)>, PictureFault> {
    let mut found = None;
    for (symbol, float) in [(b'+', Float::Plus), (b'-', Float::Minus), (CURRENCY, Float::Currency)] {
        let places = || symbols.iter().enumerate().filter(|(_, (s, _))| *s == symbol);
        let (Some((start, (_, at))), Some((last, _))) = (places().next(), places().next_back()) else { continue };
        if start == last {
            // Before it stands at most one sign, which is fixed too.
            let front = start <= 1 && symbols[..start].iter().all(|(s, _)| matches!(s, b'+' | b'-'));
            if symbol == CURRENCY && !front {
                return fault(*at, "a fixed currency sign stands in front");
            }
            continue;
        }
        let part = |(s, _): &Symbol| *s == symbol || matches!(s, b',' | b'.' | b'B' | b'0' | b'/' | b'V');
        if found.is_some() {
            return fault(*at, "two floating strings");
        }
        if let Some((_, at)) = symbols[start..last].iter().find(|symbol| !part(symbol)) {
            return fault(*at, "a floating string is in one piece");
        }
        if symbols[..start].iter().any(|(s, _)| matches!(s, b'9' | b'Z' | b'*')) {
            return fault(*at, "a floating string stands before all digits");
        }
        found = Some((float, start, last + 1));
    }
    Ok(found)
}

/// One kind of suppression, left of all plain digits; behind the point only if everything is suppressed.
fn check_suppression(symbols: &[Symbol], float: Option<(Float, usize, usize)>) -> Result<(), PictureFault> {
    let floating = float.map_or(0..0, |(_, start, end)| start..end);
    let (mut kind, mut plain, mut point) = (None, false, false);
    for (index, (symbol, at)) in symbols.iter().enumerate() {
        match symbol {
            b'Z' | b'*' => {
                if float.is_some() || kind.is_some_and(|kind| kind != *symbol) {
                    return fault(*at, "two kinds of suppression");
                }
                if plain {
                    return fault(*at, "suppression behind a digit 9");
                }
                kind = Some(*symbol);
            }
            b'9' => plain = true,
            b'V' | b'.' => point = true,
            _ => {}
        }
        let suppresses = matches!(symbol, b'Z' | b'*')
            || (floating.contains(&index) && !matches!(symbol, b',' | b'.' | b'B' | b'0' | b'/' | b'V'));
        let later = &symbols[index + 1..];
        if suppresses && point && later.iter().any(|(symbol, _)| *symbol == b'9') {
            return fault(*at, "behind the point either all digits are suppressed or none");
        }
    }
    Ok(())
}
