//! Fields of every kind, in all the forms that their rules give them, with values.
//!
//! The kinds are complete by construction: one list is both an exhaustive match and what the tests draw from, so that a
//! kind without values here does not compile.

use fpp_codecs::date::{DateForm, NoDates, Sentinel, TimeForm, TimestampForm};
use fpp_codecs::layout::{Field, Kind, NumericMoment, Rules, SignPlace};
use fpp_codecs::number::Signs;
use fpp_codecs::number::display::Encoding;
use fpp_codecs::text::{self, Page};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt;

/// A field without name and place, and values for it in two occurrences.
#[derive(Clone)]
pub(crate) struct Form {
    pub(crate) field: Field,
    pub(crate) values: [String; 2],
}

/// What a failure has to tell: the rules only where there are any.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Field { kind, page, bytes, varlen, rules, .. } = &self.field;
        write!(f, "{kind:?} {page:?} {bytes} varlen={varlen} {:?}", self.values)?;
        if rules.is_plain() { Ok(()) } else { write!(f, " {rules:?}") }
    }
}

pub(crate) type Forms = BoxedStrategy<Form>;

macro_rules! kinds {
    ($($kind:pat => $forms:expr;)*) => {
        /// Never called: it does not compile while a kind is missing.
        #[allow(dead_code, reason = "the match is the proof")]
        fn is_listed(kind: Kind) -> bool {
            match kind { $($kind => true),* }
        }

        /// The forms of every kind in a page.
        pub(crate) fn every(page: Page) -> Vec<Forms> {
            vec![$($forms(page)),*]
        }
    };
}

kinds! {
    Kind::Char => |page| texts(Kind::Char, text::Form::Text, page);
    Kind::Open => |page| texts(Kind::Open, text::Form::Text, page);
    Kind::Only => |page| texts(Kind::Only, text::Form::Only, page);
    Kind::Either => |page| texts(Kind::Either, text::Form::Either, page);
    Kind::Graphic => |page| texts(Kind::Graphic, text::Form::Graphic, page);
    Kind::Hex => hex;
    Kind::Packed { .. } => |page| numbers(page, 63, |digits, decimals| Kind::Packed { digits, decimals });
    Kind::Comp6 { .. } => |page| numbers(page, 63, |digits, decimals| Kind::Comp6 { digits, decimals });
    Kind::Zoned { .. } => |page| numbers(page, 63, |digits, decimals| Kind::Zoned { digits, decimals });
    Kind::Binary { .. } => |page| numbers(page, 18, |digits, decimals| Kind::Binary { digits, decimals });
    Kind::Float { .. } => floats;
    Kind::DecFloat { .. } => decimal_floats;
    Kind::Edited { .. } => edited;
    Kind::NumberText { .. } => number_texts;
    Kind::Date(_) => dates;
    Kind::Time(_) => times;
    Kind::Timestamp { .. } => timestamps;
    Kind::Number { .. } => |page| {
        prop_oneof![
            numbers(page, 63, |digits, decimals| Kind::Number { digits, decimals, signed: true }),
            numbers(page, 63, |digits, decimals| Kind::Number { digits, decimals, signed: false })
        ]
        .boxed()
    };
}

fn form(page: Page, kind: Kind, bytes: usize, rules: Rules, values: impl Strategy<Value = String> + 'static) -> Forms {
    let field = Field { page: kind.has_page().then_some(page), rules, ..Field::new(String::new(), kind, bytes) };
    let values = std::rc::Rc::new(values.boxed());
    (Just(field), (*values).clone(), (*values).clone())
        .prop_map(|(field, one, two)| Form { field, values: [one, two] })
        .boxed()
}

/// Characters of all scripts; of these a page has some.
const LETTERS: &str = "AZaz09 ,;\"'=+-@|.éñßÅЖяΩאعกあアｱ中文金银交易가각€£¥·—";

fn texts(kind: Kind, form_of: text::Form, page: Page) -> Forms {
    let rules = (any::<bool>(), any::<bool>(), 2usize..24, any::<bool>());
    let forms = rules.prop_flat_map(move |(justified, trim_ideographic, pairs, varlen)| {
        let rules = Rules { justified, trim_ideographic, ..Rules::PLAIN };
        // The length of a graphic is told in pairs, which other pages do not have.
        let varlen = varlen && (kind != Kind::Graphic || page.is_mixed() || page.is_wide());
        let field = text::Field { page, form: form_of, counted: varlen, rules: &text::STRICT };
        let written = |form: text::Form, c: char| {
            let field = text::Field { form, ..field };
            field.write(c.encode_utf8(&mut [0; 4]), 0, &mut Vec::new()).is_ok()
        };
        let all: Vec<char> = LETTERS.chars().filter(|c| written(form_of, *c)).collect();
        let double = move |c: &char| page.is_mixed() && written(text::Form::Only, *c);
        let (wide, narrow): (Vec<char>, Vec<char>) = all.iter().partition(|c| double(c));
        // An E field is of one kind of characters.
        let letters = match form_of {
            text::Form::Either if !wide.is_empty() => prop_oneof![Just(wide), Just(narrow)].boxed(),
            _ => Just(all).boxed(),
        };
        let values = letters.prop_flat_map(|letters| match letters.is_empty() {
            true => Just(String::new()).boxed(),
            false => vec(select(letters), 0..24).prop_map(String::from_iter).boxed(),
        });
        let room = 2 * pairs + 2;
        let values = values.prop_map(move |value| {
            let field = text::Field { page, form: form_of, counted: varlen, rules: &text::STRICT };
            let kept = field.fit(&value, room);
            let blanks: &[char] = if varlen && !trim_ideographic { &[] } else { &[' ', '\u{3000}'] };
            let kept = kept.trim_end_matches(blanks);
            if justified { kept.trim_matches(' ').to_owned() } else { kept.to_owned() }
        });
        let bytes = room + if varlen { 2 } else { 0 };
        form(page, kind, bytes, rules, values).prop_map(move |mut form| {
            form.field.varlen = varlen;
            form
        })
    });
    forms.boxed()
}

fn hex(page: Page) -> Forms {
    (1usize..30)
        .prop_flat_map(move |bytes| {
            form(page, Kind::Hex, bytes, Rules::PLAIN, vec("[0-9A-F]{2}", bytes).prop_map(|v| v.concat()))
        })
        .boxed()
}

/// A number of at most so many digits, and perhaps a minus; zero more often than by chance.
fn decimal(digits: u8, decimals: u8, signed: bool) -> BoxedStrategy<String> {
    let digits = vec(0u8..10, usize::from(digits)).prop_map(|all| all.iter().map(u8::to_string).collect::<String>());
    let zero = |digits: &String| digits.bytes().all(|digit| digit == b'0');
    (digits, any::<bool>(), 0u8..8)
        .prop_map(move |(mut digits, minus, none)| {
            if none == 0 {
                digits = "0".repeat(digits.len());
            }
            let minus = if minus && signed && !zero(&digits) { "-" } else { "" };
            let whole = digits.len().saturating_sub(decimals.into());
            let (whole, fraction) = digits.split_at(whole);
            let point = if fraction.is_empty() { "" } else { "." };
            let whole = whole.trim_start_matches('0');
            format!("{minus}{}{point}{fraction}", if whole.is_empty() { "0" } else { whole })
        })
        .boxed()
}

fn number_rules() -> impl Strategy<Value = Rules> {
    let places = [SignPlace::Trailing, SignPlace::Leading, SignPlace::TrailingSeparate, SignPlace::LeadingSeparate];
    let digits = [Encoding::Ebcdic, Encoding::Ascii, Encoding::Translated];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.2));
    (select(places.to_vec()), select(digits.to_vec()), select(vec![Signs::Ibmi, Signs::Zos]), flags, 0u8..6).prop_map(
        |(sign, encoding, signs, (unsigned, little_endian, native, blank_when_zero), up)| Rules {
            sign,
            encoding,
            signs,
            unsigned,
            little_endian,
            native,
            blank_when_zero,
            scale_up: up.saturating_sub(3),
            ..Rules::PLAIN
        },
    )
}

fn numbers(page: Page, most: u8, kind: fn(u8, u8) -> Kind) -> Forms {
    let plain =
        (1..=most, 0..=most, number_rules(), any::<bool>()).prop_flat_map(move |(digits, decimals, rules, plain)| {
            let decimals = decimals.min(digits);
            let kind = kind(digits, decimals);
            let up = if decimals > 0 || digits > most - 3 { 0 } else { rules.scale_up };
            let rules = if plain { Rules::PLAIN } else { Rules { scale_up: up, ..rules } };
            let separate = matches!(rules.sign, SignPlace::TrailingSeparate | SignPlace::LeadingSeparate);
            let separate = matches!(kind, Kind::Zoned { .. }) && separate && !rules.unsigned;
            let bytes = kind.own_bytes().unwrap() + usize::from(separate);
            let signed = match kind {
                Kind::Comp6 { .. } => false,
                Kind::Number { signed, .. } => signed,
                _ => !rules.unsigned,
            };
            let zeros = "0".repeat(rules.scale_up.into());
            let values = decimal(digits, decimals, signed).prop_map(move |value| match value.as_str() {
                "0" => value,
                _ => value + &zeros,
            });
            form(page, kind, bytes, rules, values)
        });
    let moments = [("*YYMD0", 8), ("*CYMD0", 7), ("*YMD0", 6)];
    let moment = select(moments.to_vec()).prop_flat_map(move |(name, digits)| {
        let kind = kind(digits, 0);
        let date = NumericMoment::Date(DateForm::named(name).unwrap());
        let no_date = NoDates::STRICT.null(Sentinel::Zero);
        let rules = Rules { moment: Some(date), no_date, ..Rules::PLAIN };
        form(page, kind, kind.own_bytes().unwrap(), rules, day())
    });
    prop_oneof![8 => plain, 1 => moment].boxed()
}

fn floats(page: Page) -> Forms {
    let value = (-99_999i32..100_000, -3i32..4).prop_map(|(n, e)| format!("{n}e{e}"));
    (any::<bool>(), any::<bool>(), any::<bool>())
        .prop_flat_map(move |(double, hex_float, little_endian)| {
            let rules = Rules { hex_float, little_endian, ..Rules::PLAIN };
            form(page, Kind::Float { double }, if double { 8 } else { 4 }, rules, value.clone())
        })
        .boxed()
}

fn decimal_floats(page: Page) -> Forms {
    let value = (decimal(16, 0, true), -300i32..300).prop_map(|(n, e)| format!("{n}E{e:+}"));
    select(vec![16u8, 34])
        .prop_flat_map(move |digits| {
            let kind = Kind::DecFloat { digits };
            form(page, kind, kind.own_bytes().unwrap(), Rules::PLAIN, value.clone())
        })
        .boxed()
}

fn edited(page: Page) -> Forms {
    let pictures = [("ZZ,ZZ9.99-", 7, 2), ("$$,$$9.99CR", 6, 2), ("***9", 4, 0), ("-(5)9.9", 6, 1), ("9(3)/99", 5, 0)];
    select(pictures.to_vec())
        .prop_flat_map(move |(picture, digits, decimals)| {
            let rules = Rules { picture: Some(picture.into()), ..Rules::PLAIN };
            let compiled = rules.compiled_picture().unwrap().unwrap();
            let signed = picture.contains(['-', 'C']);
            let values = decimal(digits, decimals, signed);
            form(page, Kind::Edited { digits, decimals }, compiled.bytes(), rules, values)
        })
        .boxed()
}

fn number_texts(page: Page) -> Forms {
    (0u8..4, any::<bool>())
        .prop_flat_map(move |(decimals, decimal_comma)| {
            let rules = Rules { decimal_comma, ..Rules::PLAIN };
            form(page, Kind::NumberText { decimals }, 24, rules, decimal(9, decimals, true))
        })
        .boxed()
}

fn day() -> BoxedStrategy<String> {
    (1940u16..2040, 1u8..13, 1u8..29).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")).boxed()
}

fn dates(page: Page) -> Forms {
    let names = [
        "*ISO", "*USA", "*EUR", "*JIS", "*MDY", "*DMY", "*YMD", "*JUL", "*CYMD", "*CMDY", "*CDMY", "*LONGJUL", "*YYMD",
        "*MDYY", "*DMYY",
    ];
    (select(names.to_vec()), any::<bool>())
        .prop_flat_map(move |(name, bare)| {
            let bare = DateForm::named(&format!("{name}0")).filter(|_| bare);
            let kind = Kind::Date(bare.or(DateForm::named(name)).unwrap());
            form(page, kind, kind.own_bytes().unwrap(), Rules::PLAIN, day())
        })
        .boxed()
}

fn times(page: Page) -> Forms {
    let all = [TimeForm::ISO, TimeForm::USA, TimeForm::EUR, TimeForm::JIS, TimeForm::HMS];
    select(all.to_vec())
        .prop_flat_map(move |time| {
            let second = if time == TimeForm::USA { 0u8..1 } else { 0..60 };
            let values = (0u8..24, 0u8..60, second).prop_map(|(h, m, s)| format!("{h:02}:{m:02}:{s:02}"));
            let kind = Kind::Time(time);
            form(page, kind, kind.own_bytes().unwrap(), Rules::PLAIN, values)
        })
        .boxed()
}

fn timestamps(page: Page) -> Forms {
    let forms = [TimestampForm::Ibm, TimestampForm::Iso];
    (0u8..=12, select(forms.to_vec()))
        .prop_flat_map(move |(fraction, timestamp)| {
            let values = (day(), 0u8..24, 0u8..60, "[0-9]{12}").prop_map(move |(day, h, m, digits)| {
                let point = if fraction == 0 { "" } else { "." };
                format!("{day}-{h:02}.{m:02}.59{point}{}", &digits[..usize::from(fraction)])
            });
            let kind = Kind::Timestamp { fraction };
            form(page, kind, kind.own_bytes().unwrap(), Rules { timestamp, ..Rules::PLAIN }, values)
        })
        .boxed()
}
