//! Compares every code of every table, in both directions, with every converter that has it: ICU (`uconv`), glibc
//! (`iconv`), the JDK and IBM's toolbox jt400 (both through `tables/Dump.java`).
//!
//! `data/converters.tsv` says who has what. Differences that are right are listed with their reason in
//! `data/differences.tsv`; one that is not listed fails, and so does a listed one that has gone. With other versions
//! than those named at the top of the list everything but GB18030 is compared. `./dev test` sets `FPP_ORACLES=1` and
//! `FPP_JT400` to the toolbox's jar: then a missing program fails. Plain `cargo test` compares nothing, because this
//! takes a minute; the digests of the tables are checked in any case (`text_tables.rs`). `FPP_ORACLES=list` prints
//! all differences, and the digests of the listed ones, for writing the list anew.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stdout, reason = "what is skipped is said, and the list is printed")]

mod oracle_support;

use fpp_codecs::text::{Page, table_text};
use oracle_support::{Differences, is_gb18030, java, list, program};

const CONVERTERS: &str = include_str!("data/converters.tsv");

/// The pages that an oracle has, and its converters' names.
fn converters(oracle: &str) -> Vec<(Page, &'static str)> {
    let mut rows =
        CONVERTERS.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect::<Vec<_>>());
    let column = rows.next().unwrap().iter().position(|name| *name == oracle).unwrap();
    rows.filter(|row| row[column] != "-").map(|row| (Page::parse(row[0]).unwrap(), row[column])).collect()
}

fn mode() -> String {
    std::env::var("FPP_ORACLES").unwrap_or_default()
}

/// Compares all pages of an oracle; `compare` notes the differences of one.
fn compare_all(oracle: &str, all: bool, mut compare: impl FnMut(Page, &str, &mut Differences)) {
    let mut wrong = Vec::new();
    for (page, converter) in converters(oracle).into_iter().filter(|(page, _)| all || !is_gb18030(*page)) {
        let mut found = Differences::new();
        compare(page, converter, &mut found);
        if mode() == "list" {
            for ((direction, key), (ours, theirs)) in &found {
                println!("ROW\t{}\t{oracle}\t{direction}\t{key:04X}\t{ours}\t{theirs}", page.name());
            }
            list::digests(page, oracle, &found).iter().for_each(|row| println!("LISTED\t{row}"));
        } else {
            wrong.extend(list::check(page, oracle, &found));
        }
    }
    let shown = wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} differences from {oracle} are wrong, the first:\n{shown}", wrong.len());
}

/// Whether a program is there, and then whether it is the version that the list is for: GB18030 changes from version
/// to version, the other pages do not.
fn reach(name: &str, version: Option<String>) -> Option<bool> {
    if mode().is_empty() {
        println!("FPP_ORACLES is not set: nothing compared with {name}");
        return None;
    }
    let Some(version) = version else {
        assert!(mode() != "1", "{name} is missing; run ./dev test, which brings it along");
        println!("{name} is missing: nothing compared");
        return None;
    };
    let same = version == list::version(name);
    if !same {
        println!("{name} {version}: GB18030 not compared, the list is for {}", list::version(name));
    }
    Some(same)
}

fn compare_with(program: &str, oracle: &str) {
    if let Some(all) = reach(program, program::version(program)) {
        compare_all(oracle, all, |page, converter, found| program::compare(page, program, converter, found));
    }
}

#[test]
fn tables_agree_with_icu() {
    compare_with("uconv", "icu");
}

#[test]
fn tables_agree_with_glibc() {
    compare_with("iconv", "glibc");
}

#[test]
fn tables_agree_with_the_jdk_and_with_jt400() {
    let jar = std::env::var("FPP_JT400").unwrap_or_default();
    if jar.is_empty() {
        assert!(mode() != "1", "FPP_JT400 does not name the jar of jt400; run ./dev test, which brings it along");
        println!("FPP_JT400 is not set: nothing compared");
        return;
    }
    let Some(all) = reach("java", java::release()) else { return };
    let name = |oracle: &str, converter: &str| format!("{oracle}-{converter}");
    let mut wanted = Vec::new();
    for oracle in ["jdk", "jt400"] {
        for (page, converter) in converters(oracle) {
            let converter = format!("{}:{}", name(oracle, converter), java::structure(page));
            if !wanted.contains(&converter) {
                wanted.push(converter);
            }
        }
    }
    let listing = java::listing(&jar, &wanted);
    for oracle in ["jdk", "jt400"] {
        compare_all(oracle, all, |page, converter, found| {
            java::compare(page, &name(oracle, converter), &listing, found);
        });
    }
}

#[test]
fn every_table_has_a_converter_to_compare_with_and_every_difference_belongs_to_one() {
    let compared = |name: &str, oracle: &str| converters(oracle).iter().any(|(page, _)| page.name() == name);
    let oracles = ["icu", "glibc", "jdk", "jt400"];
    for page in Page::ALL.iter().filter(|page| page.edition().contains("sha256:")) {
        assert!(oracles.iter().any(|oracle| compared(page.name(), oracle)), "{page:?}");
    }
    let strays = list::strays(|page, oracle| oracles.contains(&oracle) && compared(page, oracle));
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn pages_that_share_a_table_are_equal() {
    for code in 0..=0xFFFFu16 {
        let code = code.to_be_bytes();
        assert_eq!(table_text(Page::Cp935, &code), table_text(Page::Cp1388, &code));
        assert_eq!(table_text(Page::Cp933, &code), table_text(Page::Cp1364, &code));
        if code[0] != 0 {
            assert_eq!(table_text(Page::Cp930, &code), table_text(Page::Cp939, &code));
            assert_eq!(table_text(Page::Cp1390, &code), table_text(Page::Cp1399, &code));
        }
    }
}

#[test]
fn mixed_pages_have_the_single_byte_half_that_they_are_made_of() {
    for (half, pages) in [
        ("836", &["935", "935-classic", "1388", "1388-2001"][..]),
        ("28709", &["937"]),
        ("1159", &["1371", "1371-1999"]),
        ("290", &["930-1999"]),
        ("8482", &["930", "1390", "1390-2003"]),
        ("1027", &["939-1999"]),
        ("5123", &["939", "1399", "1399-2003"]),
        ("833", &["933", "933-1995", "1364"]),
    ] {
        for page in pages {
            for byte in 0..=255u8 {
                let of = |name: &str| table_text(Page::parse(name).unwrap(), &[byte]);
                assert_eq!(of(page), of(half), "{page} {byte:02X}");
            }
        }
    }
}
