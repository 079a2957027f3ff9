//! Text alone, field by field into one buffer: what ICU can be compared with.

use super::clock::{Figure, measure};
use super::shape::Shape;
use fpp_codecs::text::{self, Page};
use std::hint::black_box;

/// Text fields of every record of a shape, one after the other.
pub struct Texts {
    pub name: &'static str,
    page: Page,
    lengths: Vec<usize>,
    pub file: Vec<u8>,
}

impl Texts {
    /// The fields of the display shape, the two names of a trade; other shapes have none.
    pub fn of(shape: &Shape) -> Option<Texts> {
        let (name, page, wanted): (_, _, fn(&str) -> bool) = match shape.name {
            "display" => ("fields", Page::Cp37, |_| true),
            "pmtrd" => ("names", Page::Cp1388, |field| ["INSTNM", "CUSTNM"].contains(&field)),
            _ => return None,
        };
        let detail = shape.format.record(fpp_codecs::format::Role::Detail).unwrap();
        let fields: Vec<_> = detail.layout.fields.iter().filter(|field| wanted(&field.name)).collect();
        let mut file = Vec::new();
        for (start, _) in &shape.cuts {
            fields
                .iter()
                .for_each(|f| file.extend_from_slice(&shape.file[start + f.offset..start + f.offset + f.bytes]));
        }
        Some(Texts { name, page, lengths: fields.iter().map(|field| field.bytes).collect(), file })
    }

    /// Good records are those whose fields are all good.
    pub fn measured(&self) -> Figure {
        let mut out = String::new();
        measure(self.file.len(), || {
            let records = self.file.chunks_exact(self.lengths.iter().sum());
            records.filter(|record| self.is_good(record, &mut out)).count()
        })
    }

    fn is_good(&self, record: &[u8], out: &mut String) -> bool {
        let mut rest = record;
        self.lengths.iter().fold(true, |good, length| {
            let (field, after) = rest.split_at(*length);
            rest = after;
            out.clear();
            let decoded = text::decode(self.page, field, out).is_ok();
            black_box(out.as_str());
            good & decoded
        })
    }
}
