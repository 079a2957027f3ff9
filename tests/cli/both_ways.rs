//! What `fpp decode` reads, `fpp encode` writes again, whatever frames it and whatever it was packed with.

use super::{Series, folder, fpp, layout, make, root, run};
use std::io::Write;

#[test]
fn what_is_decoded_encodes_to_the_same_bytes() {
    let here = folder();
    for (series, layout_file) in [(Series::Ebcdic, "pmtrd.toml"), (Series::Gbk, "pmtrd-gbk.toml")] {
        let file = make(here.path(), series, 50, &[]);
        let layout = layout(layout_file);
        let (code, _, summary) = run(here.path(), &["decode", &layout, &file, "-o", "lines.jsonl"]);
        assert_eq!(code, 0, "{summary}");
        assert!(summary.starts_with("decoded 52 records, 0 refused"), "{summary}");
        let mut encode = fpp(here.path());
        let input = std::fs::File::open(here.path().join("lines.jsonl")).unwrap();
        let output = encode.args(["encode", &layout, "-"]).stdin(input).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(output.stdout, std::fs::read(here.path().join(&file)).unwrap());
    }
}

/// The sample records in blocks with descriptor words, compressed: encoded, decoded and looked at as any other file.
#[test]
fn framed_and_compressed_files_go_both_ways() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 50, &[]);
    let folder = root().join("config/layouts");
    for name in ["pmtrdh.dds", "pmtrdd.dds", "pmtrdt.dds"] {
        std::fs::copy(folder.join(name), here.path().join(name)).unwrap();
    }
    let text = std::fs::read_to_string(folder.join("pmtrd.toml")).unwrap();
    let text =
        text.replace("framing = \"fixed\"", "framing = \"vbs\"").replace("length = 480\n", "block_bytes = 1000\n");
    std::fs::write(here.path().join("vbs.toml"), text).unwrap();
    let (code, lines, messages) = run(here.path(), &["decode", &layout("pmtrd.toml"), &file]);
    assert_eq!(code, 0, "{messages}");
    std::fs::write(here.path().join("lines.jsonl"), &lines).unwrap();
    let (code, _, messages) = run(here.path(), &["encode", "vbs.toml", "lines.jsonl", "-o", "vbs.dat"]);
    assert_eq!(code, 0, "{messages}");
    let blocks = std::fs::read(here.path().join("vbs.dat")).unwrap();
    assert_eq!(blocks[..7], [0x03, 0xE8, 0, 0, 0x01, 0xE4, 0], "a BDW of 1000, an RDW of 484");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&blocks).unwrap();
    std::fs::write(here.path().join("vbs.gz"), packed.finish().unwrap()).unwrap();
    // Offsets differ, the records do not.
    let fields =
        |lines: &str| lines.lines().map(|line| line.split_once("\"type\"").unwrap().1.to_owned()).collect::<Vec<_>>();
    for name in ["vbs.dat", "vbs.gz"] {
        let (code, again, messages) = run(here.path(), &["decode", "vbs.toml", name]);
        assert_eq!(code, 0, "{name}: {messages}");
        assert_eq!(fields(&again), fields(&lines), "{name}");
    }
    let (code, shown, _) = run(here.path(), &["inspect", "vbs.toml", "vbs.gz", "--record", "30"]);
    assert_eq!(code, 0);
    assert!(shown.starts_with("vbs.gz: record 30, bytes "), "{shown}");
    let (code, _, message) = run(here.path(), &["decode", &layout("pmtrd.toml"), "vbs.dat"]);
    assert!(code != 0 && message.contains("it looks like spanned records: framing = \"vbs\""), "{code} {message}");
}

/// Segments that redefine each other in one copybook: the copybook twice, and one of them under the other.
#[test]
fn segments_that_redefine_each_other_are_parent_and_child() {
    let here = folder();
    let shape = root().join("codecs/tests/shapes/segments-redefined");
    let hex = std::fs::read_to_string(shape.join("data.hex")).unwrap();
    let hex: String = hex.split_whitespace().collect();
    let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
    let bytes: Vec<u8> = bytes.collect();
    std::fs::write(here.path().join("in.dat"), &bytes).unwrap();
    let layout = shape.join("companies.toml").display().to_string();
    let (code, lines, told) = run(here.path(), &["decode", &layout, "in.dat"]);
    let parents: Vec<bool> = lines.lines().map(|line| line.contains("\"parent\":1,\"type\":\"CONTACT\"")).collect();
    assert_eq!((code, parents), (0, vec![false, true, true, false]), "{told}{lines}");
    std::fs::write(here.path().join("in.jsonl"), lines).unwrap();
    assert_eq!(run(here.path(), &["encode", &layout, "in.jsonl", "-o", "out.dat"]).0, 0);
    assert_eq!(std::fs::read(here.path().join("out.dat")).unwrap(), bytes);
}
