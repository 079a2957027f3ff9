//! (e) The three shapes of Cobrix' published experiments: 167 columns of 1,341 bytes; segments of 64 and 68 bytes with a
//! record descriptor word; and segments of 16 KiB with an array of 2,000 pairs of numbers.

use super::cobrix_hand;
use super::shape::{Hand, Shape, encode, own, read};
use fpp_codecs::format::Format;
use fpp_codecs::text::{Page, encode as encode_text};

fn text(length: usize, n: usize) -> String {
    let full = format!("Company {n} of Joburg & Praha, Example Street {} No. {}, Ltd.", n % 97, n * 7 % 1000);
    full.chars().cycle().take(length - n * 5 % length.min(9)).collect::<String>().trim_end().to_owned()
}

/// 80 texts, 60 packed, 20 zoned and 7 binary fields.
pub fn wide() -> Shape {
    let mut fields = String::new();
    let mut bytes = 1341;
    let mut add = |name: String, rest: String, length: usize| {
        fields.push_str(&format!("[[field]]\nname = \"{name}\"\n{rest}\n"));
        bytes -= length;
    };
    for n in 0..60 {
        add(format!("AMOUNT{n:02}"), "type = \"packed\"\ndigits = 11\ndecimals = 2".into(), 6);
    }
    for n in 0..20 {
        add(format!("DATE{n:02}"), "type = \"zoned\"\ndigits = 8".into(), 8);
    }
    for n in 0..7 {
        add(format!("COUNT{n:02}"), "type = \"binary\"\ndigits = 9".into(), 4);
    }
    for n in 0..79 {
        add(format!("TEXT{n:02}"), "type = \"char\"\nlength = 10".into(), 10);
    }
    let last = bytes;
    fields.push_str(&format!("[[field]]\nname = \"TEXT79\"\ntype = \"char\"\nlength = {last}\n"));
    let source = own("wide.toml", &format!("name = \"WIDE\"\nccsid = \"37\"\n{fields}"));
    let format = read(&source);
    let record = &format.records[0];
    let (mut file, mut cuts) = (Vec::new(), Vec::new());
    for n in 1..=5_000 {
        let start = file.len();
        let value = |name: &str| match &name[..3] {
            "AMO" => format!("{}.{:02}", n * 7_919 % 10_000_000, n % 100),
            "DAT" => format!("2025{:02}{:02}", 1 + n % 12, 1 + n % 28),
            "COU" => (n * 31).to_string(),
            _ => text(if name == "TEXT79" { 3 } else { 10 }, n),
        };
        encode(record, value, &mut file);
        cuts.push((start, file.len() - start));
    }
    assert_eq!(file.len(), cuts.len() * 1341);
    Shape { name: "wide", source, file, records: cuts.len(), cuts, format, hand: Some(&cobrix_hand::WIDE) }
}

const SEGMENTS: &str = r#"
[[record]]
role = "detail"
name = "CONTACT"
select = { at = 1, equals = "P" }
field = [
  { name = "SEGMENT", type = "char", length = 5 },
  { name = "COMPANY", type = "char", length = 10 },
  { name = "PHONE", type = "char", length = 17 },
  { name = "PERSON", type = "char", length = 28 },
]
"#;

/// Segments of 64 and 60 bytes behind a record descriptor word of four.
pub fn narrow() -> Shape {
    let head = r#"name = "NARROW"
version = "1"
framing = "rdw"
ccsid = "37"
[[record]]
role = "header"
name = "COMPANY"
select = { at = 1, equals = "C" }
field = [
  { name = "SEGMENT", type = "char", length = 5 },
  { name = "COMPANY", type = "char", length = 10 },
  { name = "NAME", type = "char", length = 15 },
  { name = "ADDRESS", type = "char", length = 25 },
  { name = "TAXTYPE", type = "char", length = 1 },
  { name = "TAXPAYER", type = "zoned", digits = 8 },
]
"#;
    segments(&cobrix_hand::NARROW, &format!("{head}{SEGMENTS}"), 40_000, 3)
}

/// The company segment has an array of 2,000 numbers, binary and packed.
pub fn array() -> Shape {
    let head = r#"name = "ARRAY"
version = "1"
framing = "rdw"
ccsid = "37"
[[record]]
role = "header"
name = "COMPANY"
select = { at = 1, equals = "C" }
[[record.field]]
name = "SEGMENT"
type = "char"
length = 5
[[record.field]]
name = "COMPANY"
type = "char"
length = 10
[[record.field]]
name = "NAME"
type = "char"
length = 49
[[record.field]]
name = "STRATEGY"
type = "group"
occurs = 2000
field = [
  { name = "NUM1", type = "binary", digits = 9 },
  { name = "NUM2", type = "packed", digits = 7 },
]
"#;
    segments(&cobrix_hand::ARRAY, &format!("{head}{SEGMENTS}"), 300, 1)
}

/// Companies and so many contacts behind each.
fn segments(hand: &'static Hand, toml: &str, companies: usize, contacts: usize) -> Shape {
    let name = hand.name;
    let source = own(&format!("{name}.toml"), toml);
    let format: Format = read(&source);
    let (mut file, mut cuts) = (Vec::new(), Vec::new());
    for n in 1..=companies * (1 + contacts) {
        let company = n % (1 + contacts) == 1 || contacts == 0;
        let record = &format.records[usize::from(!company)];
        let value = |field: &str| match field {
            "SEGMENT" => if company { "C" } else { "P" }.to_owned(),
            "COMPANY" => format!("{:010}", n * 97),
            "PHONE" => format!("+({}) {:03} {:02} {:02}", n % 900, n % 1000, n % 100, n * 7 % 100),
            "TAXTYPE" => "A".to_owned(),
            "TAXPAYER" => (n * 7 % 100_000_000).to_string(),
            "NAME" => text(15, n),
            "ADDRESS" => text(25, n),
            "PERSON" => text(28, n),
            number => (n * 13 % 1_000_000 + number.len()).to_string(),
        };
        let start = file.len();
        file.extend([0; 4]);
        encode(record, value, &mut file);
        let length = file.len() - start;
        file[start..start + 2].copy_from_slice(&(length as u16).to_be_bytes());
        cuts.push((start + 4, length - 4));
    }
    // The selectors must be able to tell.
    let mut letter = Vec::new();
    encode_text(Page::Cp37, "C", &mut letter).unwrap();
    assert_eq!(file[4], letter[0]);
    assert_eq!(file.len(), companies * hand.record);
    Shape { name, source, file, records: cuts.len(), cuts, format, hand: Some(hand) }
}
