//! PICTURE: what a character string says about an item's category, size, digits and point.
//!
//! A string is read into runs of symbols first, so `9(18)` costs as much as `9`. P takes no byte: it moves the point.
//! The category decides which symbols may stand together; a string that no category allows is a fault which says what
//! would be right.
//!
//! Sources: Enterprise COBOL for z/OS 6.4 Language Reference, "PICTURE clause", "Symbols used in the PICTURE clause",
//! "Data categories and PICTURE rules".

/// Longest string that is read; IBM allows 50 (z/OS) and 90 (IBM i).
const LENGTH_MAX: usize = 256;
/// Most character positions a picture can count.
const POSITIONS_MAX: u32 = 1 << 27;

/// What kind of data an item holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Category {
    /// A.
    Alphabetic,
    /// X, or A, X and 9 together.
    Alphanumeric,
    /// With B, 0 and /.
    AlphanumericEdited,
    /// 9 S V P.
    Numeric,
    /// Z * , . + - CR DB B 0 / and a currency sign.
    NumericEdited,
    /// G.
    Dbcs,
    /// N.
    National,
    /// N with B, 0 and /.
    NationalEdited,
    /// U.
    Utf8,
    /// `+9.99E+99`
    ExternalFloat,
}

/// What a picture says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) category: Category,
    /// The string in upper case.
    pub(super) text: String,
    /// Character positions; of a numeric item its digits.
    pub(super) positions: u32,
    /// Digit positions; P counts in none.
    pub(super) digits: u32,
    /// Digits after the point; below zero, zeros between the last digit and the point.
    pub(super) scale: i32,
    /// S.
    pub(super) signed: bool,
    /// The comma is its point.
    pub(super) comma: bool,
}

/// A symbol and how often it stands in a row.
type Run = (char, u32);

/// Stands for CR and DB among the symbols.
const CREDIT: char = 'c';
const DEBIT: char = 'd';

impl Picture {
    /// Reads a character string. `comma` exchanges period and comma (DECIMAL-POINT IS COMMA).
    pub(super) fn read(text: &str, comma: bool) -> Result<Picture, String> {
        let text = text.to_uppercase();
        if text.len() > LENGTH_MAX {
            return Err(format!("the picture has more than {LENGTH_MAX} characters"));
        }
        let mut runs = runs(&text)?;
        if comma {
            for (symbol, _) in &mut runs {
                *symbol = match *symbol {
                    '.' => ',',
                    ',' => '.',
                    other => other,
                };
            }
        }
        let category = category(&text, &runs)?;
        let total = |of: &dyn Fn(char) -> bool| runs.iter().filter(|(c, _)| of(*c)).map(|(_, n)| *n).sum::<u32>();
        let pairs = total(&|c| matches!(c, CREDIT | DEBIT));
        let picture = Picture {
            category,
            positions: total(&|c| !matches!(c, 'S' | 'V' | 'P')) + pairs,
            digits: 0,
            scale: 0,
            signed: total(&|c| matches!(c, 'S' | '+' | '-' | CREDIT | DEBIT)) > 0,
            comma,
            text,
        };
        match category {
            Category::Numeric => picture.numeric(&runs),
            Category::NumericEdited => picture.edited(&runs),
            Category::ExternalFloat => picture.float(&runs),
            _ => Ok(picture),
        }
    }

    /// A currency symbol other than `$`.
    pub(super) fn currency(&self) -> Option<char> {
        self.text.chars().find(|c| is_currency(*c) && *c != '$')
    }

    fn numeric(self, runs: &[Run]) -> Result<Picture, String> {
        let text = &self.text;
        if runs.iter().skip(1).any(|(c, _)| *c == 'S') || runs.iter().any(|&(c, n)| matches!(c, 'S' | 'V') && n > 1) {
            return Err(format!("`{text}`: S stands first, and S and V stand once"));
        }
        if runs.iter().filter(|(c, _)| *c == 'V').count() > 1 {
            return Err(format!("`{text}` has two points"));
        }
        let places: Vec<Run> = runs.iter().copied().filter(|(c, _)| *c != 'S').collect();
        let is_nine = |(c, _): &Run| *c == '9';
        let (first, last) = (places.iter().position(is_nine), places.iter().rposition(is_nine));
        let (Some(first), Some(last)) = (first, last) else {
            return Err(format!("`{text}` has no digit position: a 9 is needed"));
        };
        if places[first..last].iter().any(|(c, _)| *c == 'P') {
            return Err(format!("`{text}`: P stands before all 9s or after all 9s, not between them"));
        }
        let count = |range: &[Run]| range.iter().filter(|(c, _)| *c != 'V').map(|(_, n)| i64::from(*n)).sum::<i64>();
        let scale = match places.iter().position(|(c, _)| *c == 'V') {
            Some(point) if point <= last => count(&places[point..=last]),
            Some(point) => -count(&places[last + 1..point]),
            None if first > 0 => count(&places[..=last]),
            None => -count(&places[last + 1..]),
        };
        let scale = i32::try_from(scale).map_err(|_| format!("`{text}` has too many P"))?;
        Ok(Picture { digits: self.positions, scale, ..self })
    }

    /// Digits are 9, Z and *, and of a floating sign or currency all but the first.
    fn edited(self, runs: &[Run]) -> Result<Picture, String> {
        let text = &self.text;
        let points: u32 = runs.iter().filter(|(c, _)| matches!(c, '.' | 'V')).map(|(_, n)| n).sum();
        if points > 1 {
            return Err(format!("`{text}` has two points; say decimal_comma if the comma is its point"));
        }
        let has = |symbol: char| runs.iter().any(|(c, _)| *c == symbol);
        if has('Z') && has('*') {
            return Err(format!("`{text}` has both Z and *"));
        }
        if runs.iter().position(|(c, _)| matches!(*c, CREDIT | DEBIT)).is_some_and(|at| at + 1 != runs.len()) {
            return Err(format!("`{text}`: CR and DB stand last"));
        }
        let floats = |symbol: char| runs.iter().filter(|(c, _)| *c == symbol).map(|(_, n)| n).sum::<u32>() > 1;
        let mut spare: Vec<char> = runs.iter().map(|(c, _)| *c).filter(|c| is_floating(*c) && floats(*c)).collect();
        spare.sort_unstable();
        spare.dedup();
        let (mut digits, mut decimals, mut after) = (0_u32, 0_u32, false);
        for &(symbol, n) in runs {
            let mut places = match symbol {
                '9' | 'Z' | '*' => n,
                c if is_floating(c) && floats(c) => n,
                _ => 0,
            };
            if spare.contains(&symbol) {
                places -= 1;
                spare.retain(|c| *c != symbol);
            }
            digits += places;
            after |= matches!(symbol, '.' | 'V');
            decimals += if after { places } else { 0 };
        }
        if digits == 0 {
            return Err(format!("`{text}` has no digit position"));
        }
        Ok(Picture { digits, scale: decimals.cast_signed(), ..self })
    }

    fn float(self, runs: &[Run]) -> Result<Picture, String> {
        let text = self.text.clone();
        let wrong = || format!("`{text}` is no external floating point, which is written like +9(8).9(4)E+99");
        let at = runs.iter().position(|(c, _)| *c == 'E').ok_or_else(wrong)?;
        let (mantissa, exponent) = (&runs[..at], &runs[at + 1..]);
        let sign = |run: Option<&Run>| matches!(run, Some(('+' | '-', 1)));
        let places = mantissa.get(1..).unwrap_or_default();
        let right = sign(mantissa.first())
            && places.iter().all(|(c, n)| *c == '9' || (matches!(c, '.' | 'V') && *n == 1))
            && places.iter().filter(|(c, _)| *c != '9').count() <= 1
            && sign(exponent.first())
            && matches!(exponent.get(1..), Some([('9', 1..=4)]));
        if !right {
            return Err(wrong());
        }
        let nines = |runs: &[Run]| runs.iter().filter(|(c, _)| *c == '9').map(|(_, n)| *n).sum::<u32>();
        let point = places.iter().position(|(c, _)| *c != '9').unwrap_or(places.len());
        let (digits, scale) = (nines(places), nines(&places[point..]));
        if digits == 0 {
            return Err(wrong());
        }
        Ok(Picture { digits, scale: scale.cast_signed(), ..self })
    }
}

/// Whether several of a symbol are a floating string.
fn is_floating(symbol: char) -> bool {
    matches!(symbol, '+' | '-') || is_currency(symbol)
}

fn is_currency(symbol: char) -> bool {
    matches!(symbol, '$' | '¢' | '£' | '¤' | '¥' | '€' | '￥' | '#')
}

/// The symbols with their repetitions.
fn runs(text: &str) -> Result<Vec<Run>, String> {
    let mut runs: Vec<Run> = Vec::new();
    let mut positions = 0_u32;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let symbol = match c {
            'C' if rest.next_if_eq(&'R').is_some() => CREDIT,
            'D' if rest.next_if_eq(&'B').is_some() => DEBIT,
            other => other,
        };
        let mut count = 1;
        if rest.next_if_eq(&'(').is_some() {
            let mut inside = String::new();
            let closed = loop {
                match rest.next() {
                    Some(')') => break true,
                    Some(c) => inside.push(c),
                    None => break false,
                }
            };
            let digits = inside.bytes().all(|b| b.is_ascii_digit()) && inside.len() <= 9;
            count = inside.parse().ok().filter(|n| *n > 0 && digits && closed).ok_or_else(|| {
                let what = if closed { format!("`({inside})`") } else { format!("`({inside}`") };
                format!("{what} in the picture `{text}` is no number of repetitions like (10)")
            })?;
        }
        positions = positions.saturating_add(count);
        if positions > POSITIONS_MAX {
            return Err(format!("the picture `{text}` has more than {POSITIONS_MAX} positions"));
        }
        match runs.last_mut() {
            Some((last, n)) if *last == symbol => *n += count,
            _ => runs.push((symbol, count)),
        }
    }
    if runs.is_empty() { Err("the picture is empty".to_owned()) } else { Ok(runs) }
}

fn category(text: &str, runs: &[Run]) -> Result<Category, String> {
    let has = |symbols: &str| runs.iter().any(|(c, _)| symbols.contains(*c));
    let only = |symbols: &str| runs.iter().all(|(c, _)| symbols.contains(*c));
    let odd = |allowed: &str, what: &str| {
        let symbol = runs.iter().map(|(c, _)| *c).find(|c| !allowed.contains(*c)).unwrap_or(' ');
        let symbol = match symbol {
            CREDIT => "CR".to_owned(),
            DEBIT => "DB".to_owned(),
            other => other.to_string(),
        };
        Err(format!("`{symbol}` cannot stand in the {what} picture `{text}`"))
    };
    match () {
        () if has("E") => Ok(Category::ExternalFloat),
        () if only("U") => Ok(Category::Utf8),
        () if has("U") => odd("U", "UTF-8"),
        () if has("G") => {
            if only("GB") {
                Ok(Category::Dbcs)
            } else {
                odd("GB", "DBCS")
            }
        }
        () if only("N") => Ok(Category::National),
        () if has("N") => {
            if only("NB0/") {
                Ok(Category::NationalEdited)
            } else {
                odd("NB0/", "national")
            }
        }
        () if only("A") => Ok(Category::Alphabetic),
        () if has("AX") => match () {
            () if only("AX9") => Ok(Category::Alphanumeric),
            () if only("AX9B0/") => Ok(Category::AlphanumericEdited),
            () => odd("AX9B0/", "alphanumeric"),
        },
        () if only("9SVP") => Ok(Category::Numeric),
        () => {
            let symbol = runs.iter().map(|(c, _)| *c);
            let known = |c: char| "9BPVZ0/,.+-*".contains(c) || matches!(c, CREDIT | DEBIT) || is_currency(c);
            // An S before editing symbols is no COBOL, but it is written, and takes no byte for anybody.
            match symbol.skip(usize::from(text.starts_with('S'))).find(|c| !known(*c)) {
                None => Ok(Category::NumericEdited),
                Some(other) => Err(format!("`{other}` is no picture symbol (in `{text}`)")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Category, positions, digits, scale, sign.
    fn read(text: &str) -> (Category, u32, u32, i32, bool) {
        let p = Picture::read(text, false).unwrap();
        (p.category, p.positions, p.digits, p.scale, p.signed)
    }

    #[test]
    fn text_counts_its_positions() {
        assert_eq!(read("X(10)"), (Category::Alphanumeric, 10, 0, 0, false));
        assert_eq!(read("xxx(3)x"), (Category::Alphanumeric, 6, 0, 0, false));
        assert_eq!(read("A(5)9(2)"), (Category::Alphanumeric, 7, 0, 0, false));
        assert_eq!(read("AAA").0, Category::Alphabetic);
        assert_eq!(read("XX/XX0BX"), (Category::AlphanumericEdited, 8, 0, 0, false));
        assert_eq!(read("ABA").0, Category::AlphanumericEdited);
        assert_eq!(read("N(4)"), (Category::National, 4, 0, 0, false));
        assert_eq!(read("N/N").0, Category::NationalEdited);
        assert_eq!(read("G(3)B"), (Category::Dbcs, 4, 0, 0, false));
        assert_eq!(read("U(7)"), (Category::Utf8, 7, 0, 0, false));
    }

    #[test]
    fn points_and_scaling_positions_take_no_byte() {
        assert_eq!(read("S9(7)V99"), (Category::Numeric, 9, 9, 2, true));
        assert_eq!(read("9(4)V"), (Category::Numeric, 4, 4, 0, false));
        assert_eq!(read("SV9(5)"), (Category::Numeric, 5, 5, 5, true));
        assert_eq!(read("PPP9(5)"), (Category::Numeric, 5, 5, 8, false));
        assert_eq!(read("VPPP999"), (Category::Numeric, 3, 3, 6, false));
        assert_eq!(read("S9(5)PPP"), (Category::Numeric, 5, 5, -3, true));
        assert_eq!(read("S999PPPV"), (Category::Numeric, 3, 3, -3, true));
        assert_eq!(read("9(3)9(2)V9(1)9"), (Category::Numeric, 7, 7, 2, false));
    }

    #[test]
    fn editing_symbols_count_as_characters_and_floating_ones_as_digits_but_the_first() {
        assert_eq!(read("ZZ,ZZ9.99-"), (Category::NumericEdited, 10, 7, 2, true));
        assert_eq!(read("-(5)9.99"), (Category::NumericEdited, 9, 7, 2, true));
        assert_eq!(read("$$,$$9.99CR"), (Category::NumericEdited, 11, 6, 2, true));
        assert_eq!(read("$**,**9.99"), (Category::NumericEdited, 10, 7, 2, false));
        assert_eq!(read("+9(6)V99"), (Category::NumericEdited, 9, 8, 2, true));
        assert_eq!(read("9(8).9(2)"), (Category::NumericEdited, 11, 10, 2, false));
        assert_eq!(read("99/99/9999"), (Category::NumericEdited, 10, 8, 0, false));
        assert_eq!(read("--,---,---,---,---,--9.99"), (Category::NumericEdited, 25, 18, 2, true));
        assert_eq!(read("++.++"), (Category::NumericEdited, 5, 3, 2, true));
        assert_eq!(read("S9(3).99"), (Category::NumericEdited, 6, 5, 2, true));
        let comma = Picture::read("Z.ZZ9,99", true).unwrap();
        assert_eq!((comma.digits, comma.scale, comma.positions), (6, 2, 8));
    }

    #[test]
    fn external_floating_point_is_a_mantissa_and_an_exponent() {
        assert_eq!(read("+9.99E+99"), (Category::ExternalFloat, 9, 3, 2, true));
        assert_eq!(read("-9(4)V9(2)E-99"), (Category::ExternalFloat, 11, 6, 2, true));
        for wrong in ["9.99E+99", "+9.9.9E+99", "+9E99", "+E+99", "+9E+X"] {
            assert!(Picture::read(wrong, false).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_no_category_allows_is_told() {
        let cases = [
            ("9(3).S99", "`S` is no picture symbol"),
            ("9S9", "S stands first"),
            ("9V9V9", "two points"),
            ("9.9.9", "two points"),
            ("9P9", "not between them"),
            ("PPP", "no digit position"),
            ("X(0)", "`(0)`"),
            ("X(1A)", "`(1A)`"),
            ("X(10", "`(10` in"),
            ("X(9999999999)", "no number of repetitions"),
            ("X(999999999)", "more than"),
            ("S", "a 9 is needed"),
            ("XQ", "`Q` cannot stand"),
            ("9?", "`?` is no picture symbol"),
            ("GX", "`X` cannot stand in the DBCS"),
            ("Z*9", "both Z and *"),
            ("9CR9", "stand last"),
            ("", "empty"),
        ];
        for (text, told) in cases {
            let why = Picture::read(text, false).unwrap_err();
            assert!(why.contains(told), "{text}: {why}");
        }
    }
}
