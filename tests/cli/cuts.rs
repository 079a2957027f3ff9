//! Where files end and records end: counters as the only delimiters, short records, compressed files that are not whole.

use super::{folder, run};
use serde_json::Value;
use std::io::Write;

const ORDER: &str = "01 ORDER.\n 05 ID PIC X(4).\n 05 N-ITEM PIC S9(3) COMP-3.\n 05 ITEM OCCURS 0 TO 5 DEPENDING ON N-ITEM.\n  \
                     10 SKU PIC X(3).\n  10 QTY PIC 9(2).\n 05 TAIL PIC X.\n";
/// `A001` with two items, `A002` with none.
const ORDERS: &[u8] = b"\xC1\xF0\xF0\xF1\0\x2C\xC1\xC1\xC1\xF0\xF7\xC2\xC2\xC2\xF1\xF2\xE9\xC1\xF0\xF0\xF2\0\x0C\xE8";

#[test]
fn records_that_count_themselves_go_both_ways() {
    let here = folder();
    let write = |name: &str, bytes: &[u8]| std::fs::write(here.path().join(name), bytes).unwrap();
    write("order.cpy", ORDER.as_bytes());
    write("orders.dat", ORDERS);
    let decode = |file: &str, more: &[&str]| {
        let arguments = ["decode", "order.cpy", file, "--ccsid", "37", "--framing", "by-layout"];
        run(here.path(), &[&arguments, more].concat())
    };
    let (code, lines, summary) = decode("orders.dat", &[]);
    assert_eq!(code, 0, "{summary}");
    let told: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.iter().map(|line| line["offset"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 17]);
    assert_eq!(told[0]["fields"]["ITEM"][1]["SKU"], "BBB");
    // A part of the fields is cut as the whole is.
    let (_, part, _) = decode("orders.dat", &["--select", "TAIL"]);
    assert!(part.contains(r#""TAIL":"Z"}"#) && part.contains(r#""TAIL":"Y"}"#), "{part}");
    write("lines.jsonl", lines.as_bytes());
    let encode = ["encode", "order.cpy", "lines.jsonl", "--ccsid", "37", "--framing", "by-layout", "-o", "again.dat"];
    let (code, _, why) = run(here.path(), &encode);
    assert_eq!((code, std::fs::read(here.path().join("again.dat")).unwrap()), (0, ORDERS.to_vec()), "{why}");
    let inspect = ["inspect", "order.cpy", "orders.dat", "-n", "2", "--ccsid", "37", "--framing", "by-layout"];
    let (code, shown, why) = run(here.path(), &inspect);
    assert!(code == 0 && shown.starts_with("orders.dat: record 2, bytes 18 to 24"), "{shown}{why}");

    let mut broken = ORDERS.to_vec();
    broken[22] = 0x0E;
    broken[21] = 0x9F;
    write("broken.dat", &broken);
    let (code, _, why) = decode("broken.dat", &["--rejects", "bad.jsonl"]);
    assert_eq!(code, 4, "{why}");
    assert!(why.contains("FPP1020: record 2 at byte 17 of ORDER has the counter N-ITEM (9F0E) at its byte 5"), "{why}");
    let bad = std::fs::read_to_string(here.path().join("bad.jsonl")).unwrap();
    let bad: Value = serde_json::from_str(&bad).unwrap();
    let place = ["record", "offset", "record_offset", "field_offset"].map(|key| bad[key].as_u64().unwrap());
    assert_eq!(place, [2, 17, 4, 0]);
    assert_eq!((&bad["field"], &bad["hex"], &bad["code"]), (&"N-ITEM".into(), &"9F0E".into(), &"FPP1020".into()));
}

#[test]
fn short_records_are_filled_and_counted() {
    let here = folder();
    std::fs::write(here.path().join("c.cpy"), "01 C.\n 05 ID PIC X(3).\n 05 NAME PIC X(9).\n").unwrap();
    std::fs::write(here.path().join("c.txt"), "001Li\n002Wang\n003\n004Ouyang F.\n").unwrap();
    let arguments = ["decode", "c.cpy", "c.txt", "--ccsid", "utf-8", "--framing", "text-lines,lf,pad"];
    let (code, lines, summary) = run(here.path(), &arguments);
    assert_eq!(code, 0, "{summary}");
    assert!(lines.contains(r#"{"ID":"003","NAME":""}"#), "{lines}");
    assert!(summary.contains("3 repairs (a short record: filled with blanks: 3)"), "{summary}");
}

#[test]
fn a_compressed_file_that_is_not_whole_is_refused_as_that() {
    let here = folder();
    std::fs::write(here.path().join("order.cpy"), ORDER).unwrap();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(ORDERS).unwrap();
    let packed = packed.finish().unwrap();
    let (cut, mut damaged) = (&packed[..packed.len() - 9], packed.clone());
    damaged[packed.len() - 6] ^= 0x10;
    let twice = [&packed[..], &packed, &[0; 40]].concat();
    // An empty frame of zstd that asks for a window of 2^28 bytes.
    let wide = [0x28, 0xB5, 0x2F, 0xFD, 0, (28 - 10) << 3, 1, 0, 0];
    let decode = |more: &[&str]| {
        let base = ["decode", "order.cpy", "orders.gz", "--ccsid", "37", "--framing", "by-layout"];
        run(here.path(), &[&base, more].concat())
    };
    for (bytes, code, told) in [
        (cut, 4, format!("FPP1021: cut short: the gzip data ends at byte {}, in its middle | ", cut.len())),
        (&damaged, 4, "FPP1021: damaged: the gzip data is wrong at byte ".to_owned()),
        (&wide, 4, "FPP1016: not damaged, but packed with a window of 256 MiB".to_owned()),
        (&twice, 0, "decoded 4 records, 0 refused".to_owned()),
    ] {
        std::fs::write(here.path().join("orders.gz"), bytes).unwrap();
        let common = ["--ccsid", "37", "--framing", "by-layout"];
        for verb in [&["decode", "order.cpy", "orders.gz"][..], &["inspect", "order.cpy", "orders.gz", "-n", "3"]] {
            let (found, _, why) = run(here.path(), &[verb, &common].concat());
            assert_eq!(found, code, "{verb:?} {why}");
            assert!(why.contains(&told) || (verb[0] == "inspect" && code == 0), "{verb:?} {why}");
        }
        // Also of a file that ends within what is looked at first: the line that says what was done, and the rejects.
        let (_, _, why) = decode(&["-o", "x.jsonl", "--rejects", "bad.jsonl"]);
        assert!(why.contains("decoded "), "{why}");
        let bad = std::fs::read_to_string(here.path().join("bad.jsonl")).unwrap();
        let code_told = told.split(':').next().filter(|_| code != 0).unwrap_or_default();
        assert_eq!(bad.lines().count(), usize::from(code != 0), "{bad}");
        assert!(bad.contains(code_told), "{bad}");
        assert_eq!(here.path().join("x.jsonl").exists(), code == 0);
    }
}
