//! A field specification: its kind and bytes, from columns, keywords, and the field it comes from.
//!
//! Source of the rules: IBM i, DDS for physical and logical files, "Positional entries" (30 to 37) and "Keyword
//! entries". What leaves a byte in doubt is a fault.

use super::known::CHECKS;
use super::moment;
use super::reader::{Entry, Reader, Wrong};
use super::reference::{letter, size};
use crate::layout::{Field, Kind, Rules, check};
use crate::text::Page;

/// Most digits of a binary field, and of a single and a double one.
const BINARY_MAX: usize = 18;
const SINGLE_MAX: usize = 9;
const DOUBLE_MAX: usize = 17;

/// What the columns say, references resolved.
struct Shape {
    letter: char,
    length: Option<usize>,
    decimals: Option<u8>,
}

impl Reader<'_> {
    pub(super) fn read_field(&mut self, entry: &Entry) -> Result<Field, Wrong> {
        let (spec, keywords) = (&entry.spec, &entry.keywords);
        if spec.name.is_empty() {
            return Err((spec.at(19), "the field has no name".to_owned()));
        }
        let base = self.base(entry)?;
        let base = base.as_ref();
        let shape = shape(entry, base)?;
        let mut rules =
            base.filter(|b| letter(b.kind) == shape.letter).map_or_else(Rules::default, |b| b.rules.clone());
        let kind = match self.bare_date(entry, shape.letter, base.map(|b| b.kind))? {
            None => {
                self.undated(entry, shape.letter, base.map(|b| b.kind));
                self.kind(entry, &shape, base)?
            }
            Some(form) => {
                let digits = form.digits();
                let length = shape.length.unwrap_or(digits);
                if length != digits && !(shape.letter == 'P' && length == digits + 1) {
                    return Err((spec.at(30), format!("a date of this format has {digits} digits, not {length}")));
                }
                match shape.letter {
                    'A' => Kind::Date(form),
                    letter => {
                        rules.moment = Some(moment::number(form));
                        let (digits, decimals) = (length as u8, 0);
                        if letter == 'P' { Kind::Packed { digits, decimals } } else { Kind::Zoned { digits, decimals } }
                    }
                }
            }
        };
        let varlen = keywords.get("VARLEN");
        if let Some(keyword) = varlen.filter(|_| !kind.may_vary()) {
            return Err((keyword.place, "VARLEN is for text and hex fields".to_owned()));
        }
        let (converted, page) = self.page_of(entry, kind, base)?;
        let varlen = varlen.is_some() || (kind.may_vary() && base.is_some_and(|b| b.varlen));
        let bytes = bytes(entry, &shape, kind, varlen)?;
        kind.check().map_err(|wrong| (spec.at(30), wrong))?;
        if kind.may_vary() && !spec.decimals.is_empty() {
            return Err((spec.at(36), "decimals are for numbers".to_owned()));
        }
        let logical = self.is_logical();
        let null = base.is_some_and(|b| b.nullable);
        if null && !logical && keywords.get("ALWNULL").is_none() {
            self.warn(
                spec.at(29),
                "ALWNULL of the referred field is not taken; write it here if the field may be null",
            );
        }
        let mut field = Field::new(spec.name.clone(), converted, bytes);
        field.page = page;
        field.varlen = varlen;
        field.nullable = keywords.get("ALWNULL").is_some() || (logical && null);
        field.sensitive = base.is_some_and(|b| b.sensitive);
        field.text = keywords.text("TEXT").or(base.map(|b| b.text.clone())).unwrap_or_default();
        field.heading = keywords.text("COLHDG").or(base.map(|b| b.heading.clone())).unwrap_or_default();
        field.rules = rules;
        field.conditions = conditions(entry, base);
        Ok(field)
    }

    /// The field that this one takes its attributes from.
    fn base(&mut self, entry: &Entry) -> Result<Option<Field>, Wrong> {
        if self.is_logical() {
            if entry.spec.refers {
                self.warn(
                    entry.spec.at(29),
                    "R is for physical files: a logical one takes its fields from PFILE or JFILE",
                );
            }
            return self.mapped(entry).map(Some);
        }
        for name in ["CONCAT", "RENAME", "SST", "JREF"] {
            if let Some(keyword) = entry.keywords.get(name) {
                let message = format!("{name} is for logical files, whose record format has PFILE or JFILE");
                return Err((keyword.place, message));
            }
        }
        if !entry.spec.refers {
            if let Some(keyword) = entry.keywords.get("REFFLD") {
                self.warn(keyword.place, "has no effect without R in column 29");
            }
            return Ok(None);
        }
        self.referenced(entry).map(Some)
    }

    fn kind(&mut self, entry: &Entry, shape: &Shape, base: Option<&Field>) -> Result<Kind, Wrong> {
        let same = base.map(|b| b.kind).filter(|kind| letter(*kind) == shape.letter);
        let at = entry.spec.at(30);
        let digits = |most: usize| -> Result<u8, Wrong> {
            let length = shape.length.ok_or((at, "the field has no length".to_owned()))?;
            let good = u8::try_from(length).ok().filter(|_| length <= most);
            good.ok_or_else(|| (at, format!("{length} digits are more than {most}")))
        };
        let decimals = shape.decimals.unwrap_or(0);
        Ok(match shape.letter {
            'A' => Kind::Char,
            'O' => Kind::Open,
            'J' => Kind::Only,
            'E' => Kind::Either,
            'G' => Kind::Graphic,
            'H' | '5' => Kind::Hex,
            'P' => Kind::Packed { digits: digits(crate::number::WIDEST.into())?, decimals },
            'S' => Kind::Zoned { digits: digits(crate::number::WIDEST.into())?, decimals },
            'B' => Kind::Binary { digits: digits(BINARY_MAX)?, decimals },
            'F' => float(entry, shape, same)?,
            'L' => Kind::Date(self.date_form(entry, same)?),
            'T' => Kind::Time(self.time_form(entry, same)?),
            'Z' => Kind::Timestamp { fraction: fraction(entry, shape)? },
            other => {
                let message = format!("data type `{other}` is not one of A B E F G H J L O P S T Z 5");
                return Err((entry.spec.at(35), message));
            }
        })
    }

    /// The page of a field, and its kind: characters without conversion are hex.
    fn page_of(&mut self, entry: &Entry, kind: Kind, base: Option<&Field>) -> Result<(Kind, Option<Page>), Wrong> {
        if !kind.has_page() {
            return Ok((kind, None));
        }
        let own = entry.keywords.get("CCSID");
        let inherited =
            base.and_then(|b| b.page).filter(|page| own.is_none() && (self.is_logical() || *page != self.page));
        let file_level = self.file_level.get("CCSID").filter(|_| !self.is_logical());
        let Some(keyword) = own.or(file_level.filter(|_| inherited.is_none())).cloned() else {
            if let (Some(page), true) = (inherited, file_level.is_some()) {
                self.warn(
                    entry.spec.at(29),
                    format!("code page {} of the referred field is taken, not that of the file", page.name()),
                );
            }
            return Ok((kind, Some(inherited.unwrap_or(self.page))));
        };
        let word = keyword.word(0);
        if word == "65535" {
            return Ok(if kind.may_vary() { (Kind::Hex, None) } else { (kind, Some(self.page)) });
        }
        let page = word.parse().ok().and_then(Page::from_ccsid).ok_or_else(|| {
            (keyword.place, format!("CCSID({word}) is not one fpp converts; 65535 leaves it as bytes"))
        })?;
        let wide = matches!(word.as_str(), "1200" | "13488" | "61952");
        if wide && kind.may_vary() && kind != Kind::Graphic {
            return Err((keyword.place, format!("CCSID({word}) needs data type G")));
        }
        if wide && !kind.may_vary() {
            return Ok((kind, Some(self.page)));
        }
        let double = matches!(kind, Kind::Open | Kind::Only | Kind::Either | Kind::Graphic);
        if double && page.is_ebcdic() && !page.is_mixed() {
            let message =
                format!("code page {} has no double-byte half, which data type {} needs", page.name(), letter(kind));
            self.warn(entry.spec.at(35), message);
        }
        Ok((kind, Some(page)))
    }
}

/// Bytes of the field; columns 30 to 34 may say them again for kinds that have their own.
fn bytes(entry: &Entry, shape: &Shape, kind: Kind, varlen: bool) -> Result<usize, Wrong> {
    let at = entry.spec.at(30);
    if let Some(bytes) = kind.own_bytes() {
        let told =
            shape.length.filter(|_| matches!(kind, Kind::Date(_) | Kind::Time(_)) && !entry.spec.length.is_empty());
        return match told {
            Some(length) if length != bytes => Err((at, format!("this format has {bytes} bytes, not {length}"))),
            _ => Ok(bytes),
        };
    }
    let length = shape.length.ok_or((at, "the field has no length".to_owned()))?;
    if matches!(kind, Kind::Only | Kind::Either) && length % 2 == 1 {
        let letter = letter(kind);
        return Err((at, format!("length {length} is odd: data type {letter} has an even one, shifts and pairs")));
    }
    check::sized(kind, length, varlen).map_err(|wrong| (at, wrong))
}

fn float(entry: &Entry, shape: &Shape, same: Option<Kind>) -> Result<Kind, Wrong> {
    let at = entry.spec.at(30);
    let kind = match entry.keywords.get("FLTPCN").map(|k| (k.word(0), k.place)) {
        None => same.unwrap_or(Kind::Float { double: false }),
        Some((word, place)) => match word.as_str() {
            "*SINGLE" => Kind::Float { double: false },
            "*DOUBLE" => Kind::Float { double: true },
            "*DECFLOAT" => Kind::DecFloat { digits: 0 },
            _ => {
                return Err((
                    place,
                    format!("FLTPCN({word}) is none of *SINGLE, *DOUBLE, *DECFLOAT, and it decides the bytes"),
                ));
            }
        },
    };
    match (kind, shape.length) {
        (Kind::DecFloat { .. }, Some(digits @ (16 | 34))) => Ok(Kind::DecFloat { digits: digits as u8 }),
        (Kind::DecFloat { .. }, _) => Err((at, "a decimal float has 16 or 34 digits".to_owned())),
        (Kind::Float { double: false }, Some(digits)) if digits > SINGLE_MAX => {
            Err((at, format!("{digits} digits need FLTPCN(*DOUBLE): a single float has {SINGLE_MAX} at most")))
        }
        (Kind::Float { double: true }, Some(digits)) if digits > DOUBLE_MAX => {
            Err((at, format!("{digits} digits are more than the {DOUBLE_MAX} of a double float")))
        }
        (kind, _) => Ok(kind),
    }
}

/// Validity checking: of the field, else of the one it comes from.
fn conditions(entry: &Entry, base: Option<&Field>) -> Vec<(String, String)> {
    let checks = entry.keywords.list.iter().filter(|k| CHECKS.contains(&k.name.as_str()));
    let own: Vec<_> = checks.map(|k| (k.name.clone(), k.raw.clone())).collect();
    if own.is_empty() { base.map(|b| b.conditions.clone()).unwrap_or_default() } else { own }
}

fn fraction(entry: &Entry, shape: &Shape) -> Result<u8, Wrong> {
    match (shape.decimals, shape.length) {
        (Some(fraction), _) => Ok(fraction),
        (None, None) => Ok(6),
        (None, Some(19)) => Ok(0),
        (None, Some(length @ 21..=32)) => Ok((length - 20) as u8),
        (None, Some(length)) => Err((entry.spec.at(30), format!("a timestamp has 19 or 21 to 32 bytes, not {length}"))),
    }
}

fn shape(entry: &Entry, base: Option<&Field>) -> Result<Shape, Wrong> {
    let spec = &entry.spec;
    let is_number = |letter: char| matches!(letter, 'P' | 'S' | 'B' | 'F');
    let letter = match (spec.kind, base) {
        (' ', Some(base)) => letter(base.kind),
        (' ', None) if !spec.decimals.is_empty() => 'P',
        (' ', None) => 'A',
        (kind, _) => kind,
    };
    // A length counts digits or characters: one is no length for the other.
    let from = base.filter(|b| is_number(self::letter(b.kind)) == is_number(letter)).map(size);
    let length = number(&spec.length, from.and_then(|(length, _)| length), spec.at(30))?;
    let inherited = from.map(|(_, decimals)| usize::from(decimals)).filter(|_| is_number(letter) || letter == 'Z');
    let decimals = match number(&spec.decimals, inherited, spec.at(36))? {
        None => None,
        Some(n) => Some(u8::try_from(n).map_err(|_| (spec.at(36), format!("{n} decimals are too many")))?),
    };
    Ok(Shape { letter, length, decimals })
}

/// A number in its columns; `+n` and `-n` change what the reference says, a blank takes it.
fn number(text: &str, base: Option<usize>, at: (usize, usize)) -> Result<Option<usize>, Wrong> {
    let wrong = || (at, format!("`{text}` is not a number that fits here"));
    if text.is_empty() {
        return Ok(base);
    }
    let change = text.starts_with(['+', '-']);
    let written: i64 = text.replace(' ', "").parse().map_err(|_| wrong())?;
    let sum = match (change, base) {
        (true, Some(base)) => i64::try_from(base).map_err(|_| wrong())? + written,
        (true, None) => return Err(wrong()),
        (false, _) => written,
    };
    usize::try_from(sum).map(Some).map_err(|_| wrong())
}
