//! Numbers and dates of every form: what reads is written again as the same value, whatever the bytes are.

use crate::bytes::Bytes;
use fpp_codecs::date::form::Separator;
use fpp_codecs::date::{DateForm, TimeForm, TimestampForm, Window};
use fpp_codecs::number::binary::{Binary, Order};
use fpp_codecs::number::decfloat::{self, DecFloat, Precision};
use fpp_codecs::number::display::{Display, Encoding, Place};
use fpp_codecs::number::explicit::Explicit;
use fpp_codecs::number::hexfloat::{self, Rounding};
use fpp_codecs::number::picture::{Look, Options, Picture};
use fpp_codecs::number::{Signs, fixnbr, packed};

/// One form and a field for it.
pub fn numbers(data: &[u8]) {
    let mut bytes = Bytes(data);
    let (kind, a, b) = (bytes.byte(), bytes.byte(), bytes.byte());
    let field = bytes.0;
    match kind % 9 {
        0 => decimals(a, b, field),
        1 => binary(a, b, field),
        2 => explicit(a, b, field),
        3 => hexfloat(a, field),
        4 => decimal_float(a, field),
        5 => picture(a, field),
        6 => date(a, b, field),
        7 => time(a, b, field),
        _ => texts(field),
    }
}

fn decimals(a: u8, b: u8, field: &[u8]) {
    let digits = a % 63 + 1;
    let mut out = Vec::new();
    if let Ok((_, number)) = packed::packed_wide(field, digits) {
        packed::write(&number, digits, &mut out).expect("what was read fits");
        assert_eq!(packed::packed_wide(&out, digits).expect("what was written reads").1.narrow(), number.narrow());
    }
    let narrow = packed::packed(field, digits.min(38)).ok().map(|(_, n)| n);
    assert_eq!(narrow, packed::packed_wide(field, digits.min(38)).ok().and_then(|(_, d)| d.narrow()));
    let (_, _) = (fixnbr::packed(field, digits), fixnbr::zoned(field, digits));
    let places = [Place::Unsigned, Place::Trailing, Place::Leading, Place::TrailingSeparate, Place::LeadingSeparate];
    let encoding = [Encoding::Ebcdic, Encoding::Ascii, Encoding::Translated][usize::from(b / 5 % 3)];
    let form = Display { digits, place: places[usize::from(b % 5)], encoding, signs: Signs::Ibmi };
    if let Ok((_, number)) = form.read_wide(field) {
        out.clear();
        form.write(&number, &mut out).expect("what was read fits");
        assert_eq!(form.read_wide(&out).expect("what was written reads").1.narrow(), number.narrow());
        assert!(digits > 38 || form.read(field).ok().map(|(_, n)| n) == number.narrow());
    }
}

fn binary(a: u8, b: u8, field: &[u8]) {
    let order = if b & 1 == 0 { Order::Big } else { Order::Little };
    let form = Binary { bytes: a % 18, signed: b & 2 == 0, order };
    if let Ok((rest, number)) = form.read_wide(field) {
        let mut out = Vec::new();
        form.write(&number, &mut out).expect("what was read fits");
        assert_eq!(out, field[..field.len() - rest.len()]);
    }
}

fn explicit(a: u8, b: u8, field: &[u8]) {
    let digits = a % 63 + 1;
    let form = Explicit { digits, decimals: b % 64 % (digits + 1), point: b'.', ebcdic: b & 0x80 != 0 };
    let read = form.read(field);
    if let Some(narrow) = form.narrow(field) {
        assert_eq!(read.map(|number| number.narrow()), Ok(Some(narrow.into())));
    }
    if let Ok(number) = read {
        let mut out = Vec::new();
        form.write(&number, 0, &mut out).expect("what was read fits");
        assert_eq!(form.read(&out), Ok(number));
    }
}

fn hexfloat(a: u8, field: &[u8]) {
    let rounding = if a & 1 == 0 { Rounding::HalfEven } else { Rounding::Truncate };
    if let Ok((_, number)) = hexfloat::read(field, a & 2 != 0) {
        let mut text = String::new();
        number.text(rounding, &mut text);
        assert_eq!(hexfloat::parse(&text, a & 2 != 0, rounding), Ok(number), "{text}");
    }
}

fn decimal_float(a: u8, field: &[u8]) {
    let precision = if a & 1 == 0 { Precision::Sixteen } else { Precision::ThirtyFour };
    if let Ok((_, number)) = decfloat::read(field, precision) {
        let (mut text, mut out) = (String::new(), Vec::new());
        number.text(&mut text);
        assert_eq!(DecFloat::parse(&text), Ok(number));
        decfloat::write(&number, precision, &mut out).expect("what was read fits");
        assert_eq!(decfloat::read(&out, precision).expect("what was written reads").1, number);
    }
}

fn picture(a: u8, field: &[u8]) {
    let (text, field) = field.split_at(usize::from(a).min(field.len()));
    let Ok(text) = std::str::from_utf8(text) else { return };
    let Ok(picture) = Picture::parse(text, Options::default()) else { return };
    let mut field = field.to_vec();
    field.resize(picture.bytes(), b' ');
    if let Ok(number) = picture.read(&field, Look::ASCII) {
        let mut out = Vec::new();
        picture.write(&number, Look::ASCII, &mut out).expect("what was read fits");
        assert_eq!(out, field, "{text}");
    }
}

fn date(a: u8, b: u8, field: &[u8]) {
    const NAMES: [&str; 19] = [
        "ISO", "USA", "EUR", "JIS", "MDY", "DMY", "YMD", "JUL", "CYMD", "CMDY", "CDMY", "LONGJUL", "MDYY", "DMYY",
        "YYMD", "MY", "YM", "MYY", "YYM",
    ];
    let name = format!("{}{}", NAMES[usize::from(a) % 19], if b & 1 == 0 { "" } else { "0" });
    let (form, ebcdic) = (DateForm::named(&name).expect("all of these are names"), b & 2 != 0);
    if let Ok(date) = form.read(field, ebcdic, Window::IBM) {
        let mut out = Vec::new();
        form.write(date, ebcdic, Window::IBM, &mut out).expect("what was read fits");
        assert_eq!(form.read(&out, ebcdic, Window::IBM), Ok(date));
        assert!(matches!(form.separator, Separator::Any(_)) || out == field);
    }
}

fn time(a: u8, b: u8, field: &[u8]) {
    let ebcdic = b & 1 == 0;
    let forms = [TimestampForm::Ibm, TimestampForm::Iso, TimestampForm::Digits];
    let (form, fraction) = (forms[usize::from(a % 3)], a / 3);
    let mut text = String::new();
    if form.read(field, fraction, ebcdic, &mut text).is_ok() {
        let (mut out, mut again) = (Vec::new(), String::new());
        form.write(&text, fraction, ebcdic, &mut out).expect("what was read fits");
        form.read(&out, fraction, ebcdic, &mut again).expect("what was written reads");
        assert_eq!(text, again);
    }
    let names = ["*HMS", "*ISO", "*USA", "*HMS0"];
    let form = TimeForm::named(names[usize::from(b / 2 % 4)]).expect("all of these are names");
    if let Ok(time) = form.read(field, ebcdic) {
        let mut out = Vec::new();
        form.write(time, ebcdic, &mut out).expect("what was read fits");
        assert_eq!(form.read(&out, ebcdic), Ok(time));
    }
}

/// Text that somebody wants to be a number.
fn texts(field: &[u8]) {
    let Ok(text) = std::str::from_utf8(field) else { return };
    for rounding in [Rounding::HalfEven, Rounding::Truncate] {
        if let Ok(number) = hexfloat::parse(text, true, rounding) {
            let mut out = Vec::new();
            hexfloat::write(&number, &mut out);
            assert_eq!(hexfloat::read(&out, true).expect("eight bytes are a float").1, number);
        }
    }
    if let Ok(number) = DecFloat::parse(text) {
        let (mut shown, mut out) = (String::new(), Vec::new());
        if decfloat::write(&number, Precision::ThirtyFour, &mut out).is_ok() {
            number.text(&mut shown);
            assert_eq!(DecFloat::parse(&shown), Ok(number), "{text}");
        }
    }
}
