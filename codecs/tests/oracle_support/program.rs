//! ICU's `uconv` and glibc's `iconv`: a line for each code, a line for each text.

use super::{Differences, codes, is_single, newline, note_decoding, note_encoding, texts};
use fpp_codecs::text::Page;
use std::fs::File;
use std::path::Path;
use std::process::Command;

/// Sends `input` through a program.
fn convert(program: &str, from: &str, to: &str, input: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}-{from}-{to}-{}", std::process::id()));
    std::fs::write(&path, input).unwrap();
    let callbacks: &[&str] = match program {
        "uconv" => &["--from-callback", "substitute", "--to-callback", "skip"],
        _ => &["-c"],
    };
    let mut run = Command::new(program);
    run.args(["-f", from, "-t", to]).args(callbacks).stdin(File::open(&path).unwrap());
    let output = run.output().unwrap();
    std::fs::remove_file(&path).unwrap();
    output.stdout
}

pub(crate) fn compare(page: Page, program: &str, converter: &str, found: &mut Differences) {
    decoding(page, program, converter, found);
    encoding(page, program, converter, found);
}

fn decoding(page: Page, program: &str, converter: &str, found: &mut Differences) {
    // The one page with two codes for the line feed.
    let line_feed = |code: &Vec<u8>| *code == [newline(page)] || page == Page::EbcdicXml && *code == [0x15];
    let codes: Vec<_> = codes(page).into_iter().filter(|code| !line_feed(code)).collect();
    let mut input = Vec::new();
    for code in &codes {
        if page.is_mixed() && code.len() == 2 {
            input.extend([0x0E, code[0], code[1], 0x0F]);
        } else {
            input.extend_from_slice(code);
        }
        input.push(newline(page));
    }
    let output = String::from_utf8(convert(program, converter, "UTF-8", &input)).unwrap();
    let lines: Vec<&str> = output.split('\n').collect();
    assert_eq!(lines.len(), codes.len() + 1, "{program} {converter} lost its place");
    for (code, theirs) in codes.iter().zip(lines) {
        let substitutes = theirs.contains('\u{FFFD}') || theirs.chars().all(|c| c == '\u{1A}');
        let sub = theirs == "\u{1A}" && fpp_codecs::text::table_text(page, code).as_deref() == Some(theirs);
        // The second byte of a code whose first was skipped means: refused.
        let refused = substitutes && !sub || code.len() > 1 && theirs.is_ascii();
        note_decoding(page, code, if refused { "" } else { theirs }, found);
    }
}

fn encoding(page: Page, program: &str, converter: &str, found: &mut Differences) {
    let texts: Vec<_> = texts(page).filter(|text| text != "\n").collect();
    let input: String = texts.iter().flat_map(|text| [text.as_ref(), "\n"]).collect();
    let output = convert(program, "UTF-8", converter, input.as_bytes());
    let lines: Vec<&[u8]> = output.split(|b| *b == newline(page)).collect();
    assert_eq!(lines.len(), texts.len() + 1, "{program} {converter} lost its place");
    for (text, theirs) in texts.iter().zip(lines) {
        let theirs = match theirs {
            [0x0E, code @ .., 0x0F] if page.is_ebcdic() => code,
            // The SI that ends the run of the line before.
            [0x0F, code @ ..] if page.is_mixed() => code,
            code => code,
        };
        // Of a mixed converter beside one of its halves only that half counts; two codes are two characters.
        let theirs =
            if is_single(page) && theirs.len() > 1 || page.is_mixed() && theirs.len() > 2 { &[] } else { theirs };
        note_encoding(page, text, theirs, found);
    }
}

/// The version that a program tells; nothing when it is not installed.
pub(crate) fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().next()?.split_whitespace().last().map(str::to_owned)
}
