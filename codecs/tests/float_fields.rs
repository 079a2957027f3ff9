//! Floats that are written: the nearest one of the field, whatever they were given as, and what is told of lost digits.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail as tests do")]

mod hex_support;

use fpp_codecs::csv::{Dialect, Header, Lines};
use fpp_codecs::format::{Asked, Format};
use fpp_codecs::json;
use fpp_codecs::record::{Cell, Row};
use fpp_codecs::text::Page;
use hex_support::hex;

fn format(usage: &str, dialect: &str) -> Format {
    let copybook = format!("01 R.\n 05 F {usage}.\n");
    let asked = Asked::from(Some(Page::Cp37)).with_copybook(&format!("{dialect},free")).unwrap();
    Format::parse("r.cpy", &copybook, &mut |_| Err(String::new()), asked).unwrap().0
}

/// The bytes, with `~` where digits were told to be lost; or the code of the fault.
fn written(format: &Format, row: &Row) -> String {
    let mut out = Vec::new();
    match format.records[0].encode(row, &mut out) {
        Ok(repairs) if repairs.is_empty() => hex(&out),
        Ok(repairs) => {
            assert!(repairs.len() == 1 && repairs[0].what.ends_with("rounded"), "{repairs:?}");
            format!("{}~", hex(&out))
        }
        Err(fault) => fault.code.to_string(),
    }
}

#[test]
fn a_number_is_the_nearest_float_and_lost_digits_are_told() {
    for (usage, dialect, value, wanted) in [
        ("COMP-1", "z-os", "3.14159265358979", "413243F7~"),
        ("COMP-1", "z-os", "3.14159", "413243F4"),
        ("COMP-1", "z-os", "123456789", "4775BCD1~"),
        ("COMP-1", "z-os", "1234567.5", "4612D688~"),
        ("COMP-1", "z-os", "-0.0", "00000000"),
        ("COMP-1", "z-os", "0.1", "4019999A"),
        ("COMP-1", "z-os", "1e-100", "FPP2010"),
        ("COMP-1", "z-os", "1e99", "FPP2010"),
        ("COMP-2", "z-os", "3.1415926535897933", "413243F6A8885A31"),
        ("COMP-2", "z-os", "1e-100", "FPP2010"),
        ("COMP-2", "z-os", "0e-100", "0000000000000000"),
        ("COMP-1", "ibm-i", "0.1", "3DCCCCCD"),
        ("COMP-1", "ibm-i", "-0.0", "80000000"),
        ("COMP-1", "ibm-i", "16777216", "4B800000"),
        ("COMP-1", "ibm-i", "16777217", "4B800000~"),
        ("COMP-1", "ibm-i", "1e-60", "FPP2010"),
        ("COMP-1", "ibm-i", "1e60", "FPP2010"),
        ("COMP-1", "ibm-i", "1e-45", "00000001"),
        ("COMP-1", "ibm-i", "1e-46", "FPP2010"),
        ("COMP-2", "ibm-i", "9007199254740993", "4340000000000000~"),
        ("COMP-2", "ibm-i", "1e-400", "FPP2010"),
        ("COMP-2", "ibm-i", "1e-100", "2B2BFF2EE48E0530"),
    ] {
        let format = format(usage, dialect);
        let case = format!("{usage} {dialect} {value}");
        let mut row = Row::default();
        for json in [value.to_owned(), format!("\"{value}\"")] {
            let line = format!("{{\"type\":\"R\",\"fields\":{{\"F\":{json}}}}}");
            json::read(&format, &line, &mut row).unwrap();
            assert_eq!(written(&format, &row), wanted, "{case} in JSON as {json}");
        }
        let table = format!("F\n{value}\n");
        let (mut lines, mut cells) = (Lines::new(table.as_bytes(), Dialect::default()), Vec::new());
        assert!(lines.next(&mut cells).unwrap());
        let header = Header::new(&format, &cells, None).unwrap();
        assert!(lines.next(&mut cells).unwrap());
        header.fill(&format, &Dialect::default(), &cells, &mut row).unwrap();
        assert_eq!(written(&format, &row), wanted, "{case} in a table");
    }
}

/// A record of one form is written in another: cells are those of the form that was read.
#[test]
fn cells_of_another_form_are_written_as_the_nearest() {
    for (usage, dialect, cell, wanted) in [
        ("COMP-1", "z-os", Cell::Double(std::f64::consts::PI), "413243F7~"),
        ("COMP-1", "z-os", Cell::Single(0.1), "4019999A"),
        ("COMP-1", "ibm-i", Cell::Double(std::f64::consts::PI), "40490FDB~"),
        ("COMP-1", "ibm-i", Cell::Double(0.5), "3F000000"),
        ("COMP-2", "ibm-i", Cell::Single(0.1), "3FB999999999999A"),
        ("COMP-2", "z-os", Cell::Double(1e-300), "FPP2010"),
        ("COMP-1", "z-os", Cell::Double(f64::INFINITY), "FPP2013"),
    ] {
        let mut row = Row::default();
        row.cells.push(cell);
        assert_eq!(written(&format(usage, dialect), &row), wanted, "{usage} {dialect} {cell:?}");
    }
}

/// Whatever decoding shows of a float is written without a word: no digit of it is lost.
#[test]
fn what_is_shown_of_a_float_is_written_again() {
    for (usage, dialect, bytes) in
        [("COMP-1", "ibm-i", 4), ("COMP-2", "ibm-i", 8), ("COMP-1", "z-os", 4), ("COMP-2", "z-os", 8)]
    {
        let format = format(usage, dialect);
        let (mut row, mut line, mut back) = (Row::default(), Vec::new(), Row::default());
        let mut state = 0x9E37_79B9_7F4A_7C15u64;
        for _ in 0..3000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let mut record = state.to_be_bytes()[..bytes].to_vec();
            // Hexadecimal floats are written in their normal form.
            record[1] |= if dialect == "z-os" { 0x10 } else { 0 };
            format.records[0].decode(&record, &mut row);
            if !row.faults.is_empty() {
                continue;
            }
            line.clear();
            json::write(&format.records[0], 1, 0, &row, &mut line);
            json::read(&format, std::str::from_utf8(&line).unwrap().trim_end(), &mut back).unwrap();
            assert_eq!(written(&format, &back), hex(&record), "{}", String::from_utf8_lossy(&line));
        }
    }
}
