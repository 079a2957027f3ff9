//! How a file is framed in a few words, as a command line has them: `rdw,little`, `lines,crlf`.
//!
//! The words are turned into the keys of a file format, so that both say the same and fail alike.

use super::{Format, framing};
use crate::quote;
use crate::source::Source;

/// Words without a value, and the keys they stand for.
const BARE: &[(&str, &str, &str)] = &[
    ("big", "endian", "\"big\""),
    ("little", "endian", "\"little\""),
    ("lf", "line_end", "\"lf\""),
    ("crlf", "line_end", "\"crlf\""),
    ("nel", "line_end", "\"nel\""),
    ("0A", "line_end", "\"0A\""),
    ("0D0A", "line_end", "\"0D0A\""),
    ("absent", "short_records", "\"absent\""),
    ("digits", "length_type", "\"digits\""),
];

/// The key and the value that a word without one stands for. Lines of one length are padded as they are cut, other
/// records as they are read.
fn bare(framing: &str, words: &str, word: &str) -> Option<(&'static str, &'static str)> {
    let lines = framing == "text-lines" && words.contains("length=");
    match word {
        "pad" if lines => Some(("short_lines", "\"pad\"")),
        "pad" => Some(("short_records", "\"pad\"")),
        _ => BARE.iter().find(|(known, ..)| *known == word).map(|(_, key, value)| (*key, *value)),
    }
}

impl Format {
    /// Frames the same records in another way: `rdw,little,counts-itself=no`, `lines,crlf`, `delimited,lf,quote=`.
    ///
    /// The first word is that of `framing`; the others are its keys with `-` for `_`, or words that can mean one key
    /// only. Records of one length need not be told which. Gives what is wrong in words, with those that are known.
    pub fn reframe(&mut self, words: &str) -> Result<(), String> {
        let mut keys = String::new();
        let mut parts = words.split(',').map(str::trim);
        let first = parts.next().unwrap_or_default();
        line("framing", &quoted(first), &mut keys);
        for part in parts.filter(|part| !part.is_empty()) {
            let (key, value) = match (part.split_once('='), bare(first, words, part)) {
                (Some((key, value)), _) => (key.trim().replace('-', "_"), literal(key.trim(), value.trim())),
                (None, Some((key, value))) => (key.to_owned(), value.to_owned()),
                (None, None) => {
                    let known: Vec<_> = BARE.iter().map(|(word, ..)| *word).chain(["pad"]).collect();
                    return Err(format!("`{part}` is neither key=value nor one of: {}", known.join(", ")));
                }
            };
            line(&key, &value, &mut keys);
        }
        let one = self.records.first().map(|record| record.layout.length);
        if let Some(length) = one.filter(|_| matches!(first, "fixed" | "lines") && !keys.contains("\nlength = ")) {
            line("length", &length.to_string(), &mut keys);
        }
        let source = Source::new("framing", keys);
        let root = source.root();
        let frames = framing::read(&root, self.page);
        // After a fault not every key has been asked for.
        if frames.is_some() {
            root.no_more();
        }
        drop(root);
        let mut faults: Vec<String> = source.finish().into_iter().map(|fault| fault.message).collect();
        if let Some(mut frames) = frames.filter(|_| faults.is_empty()) {
            faults.extend(
                frames.check(&self.records, self.nulls).into_iter().map(|(key, words)| format!("{key}: {words}")),
            );
            if faults.is_empty() {
                self.records = frames.apply(std::mem::take(&mut self.records));
                self.framing = frames.framing;
                return Ok(());
            }
        }
        faults.dedup();
        Err(faults.join("; "))
    }
}

fn line(key: &str, value: &str, out: &mut String) {
    // A key that is none is quoted, so that it is told as unknown and nothing else.
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let key = if plain { key.to_owned() } else { quoted(key) };
    out.push_str(&format!("{key} = {value}\n"));
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    quote::write_text(text, &mut out);
    String::from_utf8(out).unwrap_or_default()
}

/// A value as TOML has it.
fn literal(key: &str, value: &str) -> String {
    let text = ["hex", "delimiter", "quote", "escape", "point"].iter().any(|end| key.ends_with(end));
    match value {
        _ if text => quoted(value),
        "yes" | "true" => "true".to_owned(),
        "no" | "false" => "false".to_owned(),
        number if number.parse::<i64>().is_ok_and(|n| n.to_string() == number) => number.to_owned(),
        text => quoted(text),
    }
}
