//! A field specification: its kind and bytes, from columns and keywords.

use super::reader::{Entry, Reader};
use super::reference::{letter, size};
use crate::layout::{DateForm, Field, Kind, Rules, TimeForm, check};
use crate::text::Page;

/// A column and what is wrong there.
type Wrong = (usize, String);

/// What the columns say, references resolved.
struct Shape {
    letter: char,
    length: Option<usize>,
    decimals: Option<u8>,
}

impl Reader<'_> {
    pub(super) fn read_field(&mut self, entry: &Entry) -> Result<Field, Wrong> {
        let spec = &entry.spec;
        if spec.name.is_empty() {
            return Err((19, "the field has no name".to_owned()));
        }
        let base = if spec.refers { Some(self.referenced(entry)?) } else { None };
        let shape = shape(entry, base.as_ref())?;
        let keywords = &entry.keywords;
        let varlen = keywords.get("VARLEN").is_some() || base.as_ref().is_some_and(|b| b.varlen);
        let kind = self.kind(entry, &shape, base.as_ref())?;
        let (kind, page) = self.page_of(entry, kind, base.as_ref())?;
        if varlen && !kind.may_vary() {
            return Err((35, "VARLEN is for text and hex fields".to_owned()));
        }
        let bytes = match kind.own_bytes() {
            Some(bytes) => bytes,
            None => {
                let length = shape.length.ok_or((30, "the field has no length".to_owned()))?;
                check::sized(kind, length, varlen).map_err(|wrong| (30, wrong))?
            }
        };
        kind.check().map_err(|wrong| (30, wrong))?;
        if kind.may_vary() && !spec.decimals.is_empty() {
            return Err((36, "decimals are for numbers".to_owned()));
        }
        Ok(Field {
            name: spec.name.clone(),
            kind,
            offset: 0,
            bytes,
            page,
            varlen,
            nullable: keywords.get("ALWNULL").is_some() || base.as_ref().is_some_and(|b| b.nullable),
            sensitive: base.as_ref().is_some_and(|b| b.sensitive),
            text: keywords.text("TEXT").or(base.as_ref().map(|b| b.text.clone())).unwrap_or_default(),
            heading: keywords.text("COLHDG").or(base.map(|b| b.heading)).unwrap_or_default(),
            rules: Rules::default(),
            conditions: Vec::new(),
        })
    }

    fn kind(&mut self, entry: &Entry, shape: &Shape, base: Option<&Field>) -> Result<Kind, Wrong> {
        let same = base.map(|b| b.kind).filter(|kind| letter(*kind) == shape.letter);
        let digits = || -> Result<u8, Wrong> {
            let length = shape.length.ok_or((30, "the field has no length".to_owned()))?;
            u8::try_from(length).map_err(|_| (30, format!("{length} digits are too many")))
        };
        let decimals = shape.decimals.unwrap_or(0);
        Ok(match shape.letter {
            'A' => Kind::Char,
            'O' => Kind::Open,
            'J' => Kind::Only,
            'E' => Kind::Either,
            'G' => Kind::Graphic,
            'H' | '5' => Kind::Hex,
            'P' => Kind::Packed { digits: digits()?, decimals },
            'S' => Kind::Zoned { digits: digits()?, decimals },
            'B' => Kind::Binary { digits: digits()?, decimals },
            'F' => self.float(entry, same),
            'L' => Kind::Date(self.date_format(entry, same)),
            'T' => Kind::Time(self.time_format(entry, same)),
            'Z' => Kind::Timestamp { fraction: fraction(shape)? },
            other => return Err((35, format!("data type `{other}` is not one of A B E F G H J L O P S T Z 5"))),
        })
    }

    fn float(&mut self, entry: &Entry, same: Option<Kind>) -> Kind {
        match entry.keywords.get("FLTPCN") {
            None => same.unwrap_or(Kind::Float { double: false }),
            Some(k) => {
                let double = k.word(0) == "*DOUBLE";
                if !double && k.word(0) != "*SINGLE" {
                    self.warn(k.place, "FLTPCN is neither *SINGLE nor *DOUBLE; *SINGLE is taken");
                }
                Kind::Float { double }
            }
        }
    }

    fn date_format(&mut self, entry: &Entry, same: Option<Kind>) -> DateForm {
        let words = [
            ("*ISO", DateForm::ISO),
            ("*USA", DateForm::USA),
            ("*EUR", DateForm::EUR),
            ("*JIS", DateForm::JIS),
            ("*MDY", DateForm::MDY),
            ("*DMY", DateForm::DMY),
            ("*YMD", DateForm::YMD),
            ("*JUL", DateForm::JUL),
        ];
        let default = match same {
            Some(Kind::Date(format)) => format,
            _ => DateForm::ISO,
        };
        if let Some(keyword) = entry.keywords.get("DATSEP") {
            self.warn(keyword.place, "any separator is read; `/` is written");
        }
        self.one_of(entry, "DATFMT", &words, default)
    }

    fn time_format(&mut self, entry: &Entry, same: Option<Kind>) -> TimeForm {
        let words = [
            ("*ISO", TimeForm::ISO),
            ("*USA", TimeForm::USA),
            ("*EUR", TimeForm::EUR),
            ("*JIS", TimeForm::JIS),
            ("*HMS", TimeForm::HMS),
        ];
        let default = match same {
            Some(Kind::Time(format)) => format,
            _ => TimeForm::ISO,
        };
        if let Some(keyword) = entry.keywords.get("TIMSEP").filter(|k| k.word(0) != ":") {
            self.warn(keyword.place, "has no effect: `:` is read and written");
        }
        self.one_of(entry, "TIMFMT", &words, default)
    }

    fn one_of<T: Copy>(&mut self, entry: &Entry, name: &str, words: &[(&str, T)], default: T) -> T {
        let Some(keyword) = entry.keywords.get(name).or(self.file_level.get(name)) else {
            return default;
        };
        let (word, place) = (keyword.word(0), keyword.place);
        match words.iter().find(|(known, _)| *known == word) {
            Some((_, value)) => *value,
            None => {
                self.warn(place, format!("{name}({word}) is not known; *ISO is taken"));
                default
            }
        }
    }

    /// The page of a field, and its kind: characters without conversion are hex.
    fn page_of(&mut self, entry: &Entry, kind: Kind, base: Option<&Field>) -> Result<(Kind, Option<Page>), Wrong> {
        if !kind.has_page() {
            return Ok((kind, None));
        }
        let own = entry.keywords.get("CCSID");
        let inherited = base.and_then(|b| b.page).filter(|_| own.is_none());
        let keyword = own.or(if inherited.is_some() { None } else { self.file_level.get("CCSID") });
        let page = match keyword.map(|k| (k.word(0), k.place)) {
            None => inherited.unwrap_or(self.page),
            Some((word, _)) if word == "65535" && kind.may_vary() && kind != Kind::Graphic => {
                return Ok((Kind::Hex, None));
            }
            Some((word, (line, column))) => match ccsid(&word) {
                Some(page) => page,
                None if line == entry.spec.line => {
                    return Err((column, format!("CCSID({word}) is not one fpp converts; 65535 leaves it as bytes")));
                }
                None => return Err((19, format!("CCSID({word}) is not one fpp converts; 65535 leaves it as bytes"))),
            },
        };
        let double = matches!(kind, Kind::Open | Kind::Only | Kind::Either | Kind::Graphic);
        if double && page.is_ebcdic() && !page.is_mixed() {
            let message =
                format!("code page {} has no double-byte half, which data type {} needs", page.name(), letter(kind));
            self.warn((entry.spec.line, 35), message);
        }
        Ok((kind, Some(page)))
    }
}

fn ccsid(word: &str) -> Option<Page> {
    match word.parse().ok()? {
        // The double-byte halves, which G fields are tagged with.
        837 => Some(Page::Cp935),
        4933 => Some(Page::Cp1388),
        number => Page::from_ccsid(number),
    }
}

fn fraction(shape: &Shape) -> Result<u8, Wrong> {
    match (shape.decimals, shape.length) {
        (Some(fraction), _) => Ok(fraction),
        (None, None) => Ok(6),
        (None, Some(19)) => Ok(0),
        (None, Some(length @ 21..=32)) => Ok((length - 20) as u8),
        (None, Some(length)) => Err((30, format!("a timestamp has 19 or 21 to 32 bytes, not {length}"))),
    }
}

fn shape(entry: &Entry, base: Option<&Field>) -> Result<Shape, Wrong> {
    let spec = &entry.spec;
    let from = base.map(size);
    let length = number(&spec.length, from.map(|(length, _)| length as i64), 30)?;
    let letter = match (spec.kind, base) {
        (' ', Some(base)) => letter(base.kind),
        (' ', None) if !spec.decimals.is_empty() => 'P',
        (' ', None) => 'A',
        (kind, _) => kind,
    };
    let numeric = matches!(letter, 'P' | 'S' | 'B' | 'F' | 'Z');
    let inherited = from.map(|(_, decimals)| i64::from(decimals)).filter(|_| numeric);
    let decimals = match number(&spec.decimals, inherited, 36)? {
        None => None,
        Some(n) => Some(u8::try_from(n).map_err(|_| (36, format!("{n} decimals are too many")))?),
    };
    Ok(Shape { letter, length, decimals })
}

/// A number in its columns; `+n` and `-n` change what the reference says, a blank takes it.
fn number(text: &str, base: Option<i64>, column: usize) -> Result<Option<usize>, Wrong> {
    let wrong = || (column, format!("`{text}` is not a number that fits here"));
    if text.is_empty() {
        return base.map(|n| usize::try_from(n).map_err(|_| wrong())).transpose();
    }
    let change = text.starts_with(['+', '-']);
    let written: i64 = text.parse().map_err(|_| wrong())?;
    let sum = match (change, base) {
        (true, Some(base)) => base + written,
        (true, None) => return Err(wrong()),
        (false, _) => written,
    };
    usize::try_from(sum).map(Some).map_err(|_| wrong())
}
