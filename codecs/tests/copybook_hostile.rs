//! Copybooks from whoever wishes us ill, and from nobody: they end soon, and what they give is whole.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use fpp_codecs::layout::copybook::{Dialect, Options, parse};
use fpp_codecs::text::Page;
use proptest::prelude::*;

fn folder(name: &str) -> Result<String, String> {
    let path = format!("{}/tests/copybooks/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}

#[test]
fn hostile_copybooks_end_soon_and_small() {
    let deep: String = (1..=49).map(|n| format!("{n:02} G{n} OCCURS 9.\n")).collect();
    let many = format!("01 R.\n{}", " 05 A PIC X.\n".repeat(70_000));
    let quotes = format!("01 R.\n 05 A PIC X VALUE {}", "ALL ".repeat(200_000));
    let words = "X ".repeat(500_000);
    let picture = format!("01 R.\n 05 A PIC {}.\n", "9(1)".repeat(100_000));
    let tables = "01 R.\n 05 N PIC 9(5).\n 05 T OCCURS 30000.\n  10 U PIC X OCCURS 2 DEPENDING ON N.\n".to_owned();
    let qualified = format!("01 R.\n 05 A PIC X OCCURS 2 DEPENDING ON N{}.\n", " OF N".repeat(100_000));
    let copies = "01 R.\n COPY A REPLACING ==A== BY ==A A A==.\n".to_owned();
    for text in [deep, many, quotes, words, picture, tables, qualified, copies] {
        let start = std::time::Instant::now();
        let member = &mut |_: &str| Ok(" COPY A REPLACING ==B== BY ==B B B==. B B B B B COPY A.\n".to_owned());
        if let Err(faults) = parse("t.cpy", &text, member, &Options::new(Page::Cp1388)) {
            assert!(faults.len() <= 1_000);
        }
        assert!(start.elapsed().as_secs() < 20, "{:?} for {}", start.elapsed(), &text[..40]);
    }
}

const BOOKS: &[&str] = &[
    "usages.cpy",
    "pictures.cpy",
    "signs.cpy",
    "slack.cpy",
    "redefines.cpy",
    "tables.cpy",
    "depending.cpy",
    "nested.cpy",
    "oddities.cpy",
    "free.cpy",
    "copying.cpy",
    "records.cpy",
];

/// Words that copybooks are made of, in any order.
fn words() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "01",
        "05",
        "10",
        "66",
        "77",
        "88",
        "A",
        "B",
        "FILLER",
        "PIC",
        "X(3)",
        "S9(5)V99",
        "ZZ9.9",
        "N(2)",
        "COMP-3",
        "COMP",
        "COMP-1",
        "SYNC",
        "OCCURS",
        "3",
        "TO",
        "5",
        "TIMES",
        "DEPENDING",
        "ON",
        "REDEFINES",
        "RENAMES",
        "THRU",
        "VALUE",
        "'x'",
        "X'41'",
        "ZERO",
        "SIGN",
        "LEADING",
        "SEPARATE",
        "INDEXED",
        "BY",
        "COPY",
        "REPLACING",
        "==",
        ":T:",
        ".",
        ".\n",
        "\n       ",
        "\n      *",
        "\n      -    ",
        "\n      D",
        "\t",
        ",",
        "(",
        ")",
        "EXEC",
        "END-EXEC",
        "户名",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.join(" "))
}

/// A record that is right, and its length.
fn record() -> impl Strategy<Value = (String, usize)> {
    let item = prop_oneof![
        (1usize..9).prop_map(|n| (format!("PIC X({n})"), n)),
        (1usize..19).prop_map(|n| (format!("PIC S9({n}) COMP-3"), n / 2 + 1)),
        (1usize..19).prop_map(|n| (
            format!("PIC 9({n}) BINARY"),
            if n < 5 {
                2
            } else if n < 10 {
                4
            } else {
                8
            }
        )),
        (1usize..19).prop_map(|n| (format!("PIC S9({n}) SIGN TRAILING SEPARATE"), n + 1)),
        (1usize..9, 1usize..6).prop_map(|(n, m)| (format!("PIC A({n}) OCCURS {m}"), n * m)),
        Just(("COMP-2".to_owned(), 8)),
    ];
    prop::collection::vec((item, any::<bool>()), 1..20).prop_map(|items| {
        let mut text = "       01  R.\n".to_owned();
        let mut length = 0;
        for (n, ((clauses, bytes), group)) in items.into_iter().enumerate() {
            if group {
                text += &format!("           05  G{n}.\n             10  F{n}\n                 {clauses}.\n");
            } else {
                text += &format!("           05  F{n} {clauses}.\n");
            }
            length += bytes;
        }
        (text, length)
    })
}

proptest! {
    #[test]
    fn copybooks_never_panic(text in words()) {
        let mut read = |name: &str| if name.len() > 5 { Ok("05 C PIC X.".to_owned()) } else { Err(String::new()) };
        let _ = parse("t.cpy", &text, &mut read, &Options::new(Page::Cp37));
    }

    #[test]
    fn bytes_of_text_never_panic(text in "\\PC{0,300}") {
        let _ = parse("t.cpy", &text, &mut |_| Err(String::new()), &Options::new(Page::Cp37));
    }

    #[test]
    fn damaged_copybooks_never_panic_and_what_they_give_is_whole(
        book in prop::sample::select(BOOKS.to_vec()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0usize..30, "[ .,:()=*'A-Z0-9\n-]{0,6}"), 1..4),
        debug_lines in any::<bool>(),
    ) {
        let mut text: Vec<char> = folder(book).unwrap().chars().collect();
        for (at, gone, put) in damage {
            let at = at.index(text.len());
            let end = (at + gone).min(text.len());
            text.splice(at..end, put.chars());
        }
        let text: String = text.into_iter().collect();
        let options = Options { debug_lines, ..Options::new(Page::Cp1388) };
        match parse(book, &text, &mut folder, &options) {
            Err(faults) => prop_assert!(!faults.is_empty()),
            Ok((layouts, _)) => {
                for layout in layouts {
                    prop_assert!(layout.least <= layout.length && layout.length > 0);
                    let names: std::collections::HashSet<_> = layout.fields.iter().map(|f| &f.name).collect();
                    prop_assert_eq!(names.len(), layout.fields.len());
                    prop_assert!(layout.fields.iter().all(|f| f.bytes > 0 && f.offset + f.bytes <= layout.length));
                }
            }
        }
    }

    #[test]
    fn lengths_add_up_and_fields_follow_each_other((text, length) in record()) {
        let options = Options { dialect: Some(Dialect::Zos), ..Options::new(Page::Cp1388) };
        let (layouts, warnings) = parse("t.cpy", &text, &mut |_| Err(String::new()), &options).unwrap();
        prop_assert_eq!((layouts.len(), warnings.len()), (1, 0));
        let layout = &layouts[0];
        prop_assert_eq!(layout.length, length);
        let mut at = 0;
        for field in &layout.fields {
            prop_assert_eq!(field.offset, at);
            at += field.bytes;
        }
    }
}
