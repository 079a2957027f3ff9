//! Parts of layouts in UTF-8, as tests write them down.
#![allow(dead_code, reason = "each test program uses a part")]

use fpp_codecs::layout::build::{Counter, Part};
use fpp_codecs::layout::{Field, Kind};
use fpp_codecs::text::Page;

pub(crate) fn text(name: &str, bytes: usize) -> Part {
    Part::Field(Box::new(Field { page: Some(Page::Utf8), ..Field::new(name.into(), Kind::Char, bytes) }))
}

pub(crate) fn number(name: &str, digits: u8, decimals: u8) -> Part {
    let kind = Kind::Number { digits, decimals, signed: false };
    Part::Field(Box::new(Field { page: Some(Page::Utf8), ..Field::new(name.into(), kind, digits.into()) }))
}

pub(crate) fn group(name: &str, parts: Vec<Part>) -> Part {
    Part::Group { name: name.into(), parts }
}

pub(crate) fn array(part: Part, count: usize, counter: Option<&str>) -> Part {
    let depending = counter.map(|field| Counter { field: field.into(), least: 0, map: Vec::new() });
    Part::Array { part: Box::new(part), count, depending }
}
