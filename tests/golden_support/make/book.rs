//! A trade file taken apart: header, details and trailer as bytes, to be changed by field or by byte.
//!
//! A field that is set is encoded as the core would write it; a byte that is put is what a fault left behind. `summed`
//! makes the trailer fit what the details say at that moment.

use fpp::demo::generate::{Series, Spec, Spoil, generate};
use fpp_codecs::controls::Tally;
use fpp_codecs::date::Date;
use fpp_codecs::format::{Format, RecordFormat, Role};
use fpp_codecs::layout::Kind;
use fpp_codecs::record::{Cell, Row};

/// The file.
#[derive(Clone)]
pub(crate) struct Book {
    format: Format,
    pub(crate) header: Vec<u8>,
    pub(crate) details: Vec<Vec<u8>>,
    pub(crate) trailer: Vec<u8>,
}

/// What a file of the usual business date has; change it with `..`.
pub(crate) fn spec(series: Series, trades: u64) -> Spec {
    Spec { trades, ..Spec::new(series, Date { year: 2025, month: 6, day: 20 }, 1) }
}

/// The file that the stand-in core makes, whatever is wrong with it.
pub(crate) fn spoiled(series: Series, trades: u64, spoils: &[Spoil]) -> Vec<u8> {
    made(&Spec { spoils: spoils.to_vec(), ..spec(series, trades) })
}

/// The bytes of a description.
pub(crate) fn made(spec: &Spec) -> Vec<u8> {
    let mut bytes = Vec::new();
    generate(spec, &mut bytes).unwrap();
    bytes
}

impl Book {
    /// Takes a good file apart.
    pub(crate) fn of(spec: &Spec) -> Book {
        let format = spec.series.format().unwrap();
        let bytes = made(spec);
        let mut records: Vec<Vec<u8>> = bytes
            .chunks(format.framing.length() + format.framing.ending().len())
            .map(|r| r[..format.framing.length()].to_vec())
            .collect();
        let (header, trailer) = (records.remove(0), records.pop().unwrap());
        Book { format, header, details: records, trailer }
    }

    /// Packed EBCDIC with so many trades.
    pub(crate) fn ebcdic(trades: u64) -> Book {
        Book::of(&spec(Series::Ebcdic, trades))
    }

    /// Its twin in GBK lines.
    pub(crate) fn gbk(trades: u64) -> Book {
        Book::of(&spec(Series::Gbk, trades))
    }

    /// Sets a field of trade `n`, from 1.
    pub(crate) fn set(mut self, n: usize, field: &str, value: &str) -> Book {
        self.details[n - 1] = set(self.part(Role::Detail), &self.details[n - 1], field, value);
        self
    }

    /// Sets a field of the header.
    pub(crate) fn head(mut self, field: &str, value: &str) -> Book {
        self.header = set(self.part(Role::Header), &self.header, field, value);
        self
    }

    /// Sets a field of the trailer.
    pub(crate) fn tail(mut self, field: &str, value: &str) -> Book {
        self.trailer = set(self.part(Role::Trailer), &self.trailer, field, value);
        self
    }

    /// Puts bytes into a field of trade `n`, from byte `at` of the field, from 0.
    pub(crate) fn put(mut self, n: usize, field: &str, at: usize, bytes: &[u8]) -> Book {
        let offset = self.offset(Role::Detail, field) + at;
        self.details[n - 1][offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    /// Puts bytes into a field of the trailer.
    pub(crate) fn put_tail(mut self, field: &str, at: usize, bytes: &[u8]) -> Book {
        let offset = self.offset(Role::Trailer, field) + at;
        self.trailer[offset..offset + bytes.len()].copy_from_slice(bytes);
        self
    }

    fn index(&self, role: Role) -> usize {
        self.format.records.iter().position(|record| record.role == role).unwrap()
    }

    /// The trailer says what the details add up to now.
    pub(crate) fn summed(mut self) -> Book {
        let mut tally = Tally::new(self.format.controls.as_ref().unwrap());
        let mut row = Row::default();
        for record in &self.details {
            self.part(Role::Detail).decode(record, &mut row);
            tally.add(self.index(Role::Detail), &row);
        }
        self.part(Role::Trailer).decode(&self.trailer, &mut row);
        tally.promise(self.index(Role::Trailer), &row);
        for total in tally.totals() {
            self = self.tail(&total.name, &total.found);
        }
        self
    }

    /// The file.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let records = [&self.header].into_iter().chain(&self.details).chain([&self.trailer]);
        self.of_records(records)
    }

    /// Records as a file.
    pub(crate) fn of_records<'a>(&self, records: impl IntoIterator<Item = &'a Vec<u8>>) -> Vec<u8> {
        records.into_iter().flat_map(|r| [r.as_slice(), self.format.framing.ending()].concat()).collect()
    }

    fn part(&self, role: Role) -> &RecordFormat {
        self.format.record(role).unwrap()
    }

    fn offset(&self, role: Role, field: &str) -> usize {
        let part = self.part(role);
        part.layout.fields[part.field(field).unwrap()].offset
    }
}

fn set(format: &RecordFormat, record: &[u8], field: &str, value: &str) -> Vec<u8> {
    let mut row = Row::default();
    format.decode(record, &mut row);
    assert!(row.faults.is_empty(), "set fields before putting bytes: {:?}", row.faults);
    let index = format.field(field).unwrap_or_else(|| panic!("no field {field}"));
    let start = row.text.len() as u32;
    row.text.push_str(value);
    let end = row.text.len() as u32;
    let hex = matches!(format.layout.fields[index].kind, Kind::Hex);
    row.cells[index] = if hex { Cell::Hex(start, end) } else { Cell::Text(start, end) };
    let mut bytes = Vec::new();
    format.encode(&row, &mut bytes).unwrap_or_else(|fault| panic!("{field} = {value}: {fault:?}"));
    bytes
}
