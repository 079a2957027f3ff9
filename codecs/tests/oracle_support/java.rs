//! IBM's toolbox (jt400) and the JDK, both listed by `tables/Dump.java` in one run.

use super::{Differences, codes, note_decoding, note_encoding, texts};
use fpp_codecs::text::Page;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::Command;

/// What converters do: code to text and text to code, by the converter's name.
pub(crate) type Listing = BTreeMap<String, (HashMap<Vec<u8>, String>, HashMap<String, Vec<u8>>)>;

/// The name of a page's structure for `Dump.java`.
pub(crate) fn structure(page: Page) -> &'static str {
    match page {
        _ if page.is_mixed() => "mixed",
        _ if page.is_ebcdic() => "single",
        _ if super::is_gb18030(page) => "gb18030",
        Page::Cp950 | Page::Cp950Windows => "big5",
        _ => "gbk",
    }
}

/// Lists converters, each given as `name:structure`. Without the jar there is nothing to compile against.
pub(crate) fn listing(jar: &str, converters: &[String]) -> Listing {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tables/Dump.java");
    let output = Command::new("java").args(["-cp", jar]).arg(source).args(converters).output().unwrap();
    assert!(output.status.success(), "Dump.java: {}", String::from_utf8_lossy(&output.stderr));
    let mut found = Listing::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let columns: Vec<_> = line.split('\t').collect();
        let code =
            (0..columns[2].len()).step_by(2).map(|i| u8::from_str_radix(&columns[2][i..i + 2], 16).unwrap()).collect();
        let scalar = |hex: &str| char::from_u32(u32::from_str_radix(hex, 16).unwrap()).unwrap();
        let text: String = columns[3].split('+').map(scalar).collect();
        if !found.contains_key(columns[0]) {
            found.insert(columns[0].to_owned(), Default::default());
        }
        let (decode, encode) = found.get_mut(columns[0]).unwrap();
        match columns[1] {
            "d" => drop(decode.insert(code, text)),
            _ => drop(encode.insert(text, code)),
        }
    }
    found
}

pub(crate) fn compare(page: Page, converter: &str, listing: &Listing, found: &mut Differences) {
    let (decode, encode) = &listing[converter];
    for code in &codes(page) {
        note_decoding(page, code, decode.get(code).map_or("", String::as_str), found);
    }
    for text in texts(page) {
        note_encoding(page, &text, encode.get(text.as_ref()).map_or(&[], Vec::as_slice), found);
    }
}

/// The release of the JDK, such as 17; nothing when there is none.
pub(crate) fn release() -> Option<String> {
    let output = Command::new("java").arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().nth(1)?.split('.').next().map(str::to_owned)
}
