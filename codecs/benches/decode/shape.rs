//! One shape of data: its format, a file of it, and the loops by hand.

use super::hand::Sink;
use fpp_codecs::format::{Format, RecordFormat, Role};
use fpp_codecs::json;
use fpp_codecs::record::Row;
use std::hint::black_box;
use std::path::PathBuf;

pub struct Shape {
    pub name: &'static str,
    /// The format's file, for the command line.
    pub source: PathBuf,
    pub format: Format,
    pub file: Vec<u8>,
    pub records: usize,
    /// First byte and length of each record in the file.
    pub cuts: Vec<(usize, usize)>,
    /// Where there is one.
    pub hand: Option<&'static Hand>,
}

/// The loops by hand.
pub struct Hand {
    pub name: &'static str,
    /// Bytes of a record, its line end included; of records of several kinds, those that come again and again.
    pub record: usize,
    /// JSON lines into the sink; good records.
    pub lines: fn(&[u8], &mut Sink) -> usize,
    /// Typed values; good records.
    pub typed: fn(&[u8]) -> usize,
}

impl Shape {
    /// A format written in TOML, and records of the values that `value` gives for each field and record number.
    pub fn new(hand: &'static Hand, source: PathBuf, records: usize, value: impl Fn(&str, usize) -> String) -> Shape {
        let format = read(&source);
        let detail = format.record(Role::Detail).unwrap();
        let (mut file, mut cuts) = (Vec::new(), Vec::new());
        for n in 1..=records {
            let start = file.len();
            encode(detail, |name| value(name, n), &mut file);
            cuts.push((start, file.len() - start));
            file.extend_from_slice(format.framing.ending());
        }
        assert_eq!(file.len(), records * hand.record);
        Shape { name: hand.name, source, format, file, records, cuts, hand: Some(hand) }
    }

    /// All records as typed values. Cutting a file into records is left to the command line, here and by hand.
    pub fn rows(&self) -> usize {
        let (mut row, mut good) = (Row::default(), 0);
        for &(start, length) in &self.cuts {
            let bytes = &self.file[start..start + length];
            let Some(record) = self.format.select(bytes).and_then(|at| self.format.records.get(at)) else { continue };
            record.decode(bytes, &mut row);
            good += usize::from(black_box(&row).faults.is_empty());
        }
        good
    }

    /// All records as JSON lines.
    pub fn lines(&self, sink: &mut Sink) -> usize {
        let (mut row, mut good) = (Row::default(), 0);
        for (index, &(start, length)) in self.cuts.iter().enumerate() {
            let bytes = &self.file[start..start + length];
            let Some(record) = self.format.select(bytes).and_then(|at| self.format.records.get(at)) else { continue };
            good += usize::from(json::line(record, index as u64 + 1, start as u64, bytes, &mut row, &mut sink.out));
            sink.end_line();
        }
        good
    }
}

/// Appends a record of the values that `value` gives.
pub fn encode(record: &RecordFormat, value: impl Fn(&str) -> String, file: &mut Vec<u8>) {
    let mut row = Row::default();
    record.layout.fields.iter().for_each(|field| row.push_text(&value(&field.name)));
    record.encode(&row, file).unwrap();
}

pub fn read(source: &std::path::Path) -> Format {
    let text = std::fs::read_to_string(source).unwrap();
    let folder = source.parent().unwrap();
    let mut beside = |name: &str| std::fs::read_to_string(folder.join(name)).map_err(|e| e.to_string());
    Format::parse(source.file_name().unwrap().to_str().unwrap(), &text, &mut beside, None).unwrap().0
}

/// A format of the repository's samples.
pub fn sample(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../config/layouts")).join(name)
}

/// A format of our own, written where benches may write.
pub fn own(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}
