//! Conditions and orders of records: each against another way to the same answer.

use fpp_codecs::format::Format;
use fpp_codecs::format::filter::Filter;
use fpp_codecs::format::order::Order;
use fpp_codecs::record::Row;
use regex_lite::Regex;
use std::sync::OnceLock;

/// The fields that conditions speak of; every class of comparison is among them, and a null.
const FIELDS: &str = r#"
[[record]]
role = "detail"
name = "D"
field = [
  { name = "TYP", type = "char", length = 1 },
  { name = "SUB", type = "char", length = 3, nullable = true },
  { name = "AMT", type = "packed", digits = 7, decimals = 2 },
  { name = "QTY", type = "number", digits = 3 },
  { name = "BIN", type = "binary", digits = 4 },
  { name = "DAY", type = "date" },
  { name = "RAW", type = "hex", length = 2 },
  { name = "REAL", type = "float" },
]
"#;
const HEAD: &str = "name = 'F'\nccsid = '1208'\nversion = '1'\nnulls = 'blank'\n";
/// Bytes of such a record, and one to begin with.
const RECORD: &[u8] = b"Dabc\x00\x12\x34\x5C007\x00\x072025-06-20\xAB\xCD\x3F\x80\x00\x00";
/// Most records of a file whose order is checked.
const FILE_MAX: usize = 64;

/// The first line is a condition, and what follows is laid over a record; or `:`, an order of records called A to D, and
/// the records of a file.
pub fn conditions(data: &[u8]) {
    let (first, rest) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &[][..]),
    };
    let text = String::from_utf8_lossy(first);
    match text.strip_prefix(':') {
        Some(order) => ordered(order, rest),
        None => condition(&text, rest),
    }
}

/// The same fields at places, and between delimiters, where nothing is compared but what was decoded.
fn formats() -> &'static [Format; 2] {
    static FORMATS: OnceLock<[Format; 2]> = OnceLock::new();
    FORMATS.get_or_init(|| {
        ["framing = 'fixed'\nlength = 29\n", "framing = 'delimited'\nline_end = 'lf'\n"].map(|framing| {
            let text = format!("{HEAD}{framing}{FIELDS}");
            Format::parse("fuzz.toml", &text, &mut |_| Err(String::new()), None).expect("this is a format").0
        })
    })
}

fn condition(text: &str, given: &[u8]) {
    let [placed, delimited] = formats();
    let mut record = RECORD.to_vec();
    record.iter_mut().zip(given).for_each(|(byte, given)| *byte = *given);
    let filter = placed.filter(text);
    // As the selector of a record it is compiled in two parts, of which bytes at a place come first.
    let quoted = toml_string(text);
    let selecting = FIELDS.replace("name = \"D\"", &format!("name = \"D\"\nselect = {quoted}"));
    let selecting = format!("{HEAD}framing = 'fixed'\nlength = 29\n{selecting}");
    let selected = Format::parse("fuzz.toml", &selecting, &mut |_| Err(String::new()), None);
    assert_eq!(selected.is_ok(), filter.is_ok(), "{text}: {selected:?}");
    let (Ok(filter), Ok((selected, _))) = (filter, selected) else { return };
    let fits = filter.fits(placed, 0, &record);
    assert_eq!(selected.select(&record).is_some(), fits == Some(true), "{text}");
    for (around, wanted) in [
        (format!("not ({text})"), fits.map(|fits| !fits)),
        (format!("({text}) and ({text})"), fits),
        (format!("({text}) or ({text})"), fits),
    ] {
        if let Some(filter) = within_limits(placed, &around) {
            assert_eq!(filter.fits(placed, 0, &record), wanted, "{around}");
        }
    }
    let (mut row, mut twin) = (Row::default(), Vec::new());
    placed.records[0].decode(&record, &mut row);
    let good = row.faults.is_empty() && delimited.records[0].encode(&row, &mut twin).is_ok();
    if let (true, Ok(filter)) = (good, delimited.filter(text)) {
        assert_eq!(filter.fits(delimited, 0, &twin), fits, "{text}: {}", String::from_utf8_lossy(&twin));
    }
}

/// A condition around one that is good is good, but for its length and depth.
fn within_limits(format: &Format, text: &str) -> Option<Filter> {
    let fault = match format.filter(text) {
        Ok(filter) => return Some(filter),
        Err(fault) => fault.to_string(),
    };
    assert!(fault.contains("levels") || fault.contains("longer"), "{text}: {fault}");
    None
}

fn toml_string(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            '\0'..='\u{1F}' | '\u{7F}' => out.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ => out.push(character),
        }
    }
    out + "\""
}

/// An order takes the files that the regular expression of the same look takes.
fn ordered(order: &str, file: &[u8]) {
    let names = ["A", "B", "C", "D"];
    let used = names.iter().rposition(|name| order.to_uppercase().contains(name)).map_or(0, |last| last + 1);
    let records: String = names[..used]
        .iter()
        .map(|name| {
            format!(
                "[[record]]\nrole = 'detail'\nname = '{name}'\nselect = {{ at = 1, equals = '{name}' }}\n\
                 field = [{{ name = 'X', type = 'char', length = 1 }}]\n"
            )
        })
        .collect();
    let text = format!("{HEAD}framing = 'fixed'\nlength = 1\norder = {}\n{records}", toml_string(order));
    let Ok((format, _)) = Format::parse("fuzz.toml", &text, &mut |_| Err(String::new()), None) else { return };
    let pattern: String = order.chars().filter(|c| !c.is_whitespace()).collect();
    let pattern = Regex::new(&format!("^(?:{})$", pattern.to_uppercase())).expect("an order looks like an expression");
    let file: Vec<usize> = file.iter().take(FILE_MAX).map(|byte| usize::from(*byte) % used).collect();
    let letters: String = file.iter().map(|record| names[*record]).collect();
    let mut order = Order::new(&format);
    let fed = file.iter().try_for_each(|record| order.feed(*record)).and_then(|()| order.finish());
    assert_eq!(fed.is_ok(), pattern.is_match(&letters), "{pattern}: {letters} {fed:?}");
}
