//! `decode` and `encode` with all they can: forms, choices, rejects, threads, limits; and the examples of docs/decode.md.

use super::{Flaw, Series, Spoil, folder, layout, make, root, run, told};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub(super) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(super) fn read(here: &Path, name: &str) -> String {
    std::fs::read_to_string(here.join(name)).unwrap()
}

pub(super) fn names(here: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(here).unwrap();
    let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn only_what_was_asked_for_comes_out() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 50, &[]);
    let pmtrd = layout("pmtrd.toml");
    let arguments = ["decode", &pmtrd, &file, "--select", "trdno,AMT", "--records", "..3,10..11", "--threads", "2"];
    let (code, out, summary) = run(here.path(), &arguments);
    assert_eq!(code, 0, "{summary}");
    assert!(summary.contains("decoded 5 records, 0 refused, 1 left out"), "{summary}");
    let found = lines(&out);
    let numbers: Vec<u64> = found.iter().map(|line| line["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 10, 11]);
    for line in &found {
        let fields: Vec<&String> = line["fields"].as_object().unwrap().keys().collect();
        assert_eq!(fields, ["TRDNO", "AMT"]);
        assert_eq!(line["offset"], (line["n"].as_u64().unwrap() - 1) * 480);
    }
    let arguments = ["decode", &pmtrd, &file, "--records", "10", "--raw", "--mask", "--numbers", "json"];
    let (_, out, summary) = run(here.path(), &arguments);
    assert!(summary.contains("decoded 1 records, 0 refused, 20,640 bytes in "), "what was passed over: {summary}");
    let line = &lines(&out)[0];
    assert_eq!((&line["fields"]["CUSTNM"], &line["raw"]["CUSTNM"]), (&"***".into(), &"***".into()));
    assert!(line["fields"]["AMT"].is_number(), "{line}");
    assert_eq!(line["raw"]["AMT"].as_str().unwrap().len(), 18);
    let (code, _, message) = run(here.path(), &["decode", &pmtrd, &file, "--select", "TRDNOO"]);
    assert!(code == 2 && message.contains("perhaps `TRDNO`?"), "{message}");
}

#[test]
fn a_condition_chooses_records_and_children_stand_under_their_parents() {
    let here = folder();
    let format = "name = \"F\"\nversion = \"1\"\nccsid = \"1208\"\nframing = \"text-lines\"\nline_end = \"lf\"\n\
        [[record]]\nrole = \"detail\"\nname = \"CUST\"\nselect = 'KIND == \"C\"'\n\
        field = [{ name = \"KIND\", type = \"char\", length = 1 }, { name = \"NAME\", type = \"char\", length = 4 }]\n\
        [[record]]\nrole = \"detail\"\nname = \"PAY\"\nparent = \"CUST\"\nselect = 'KIND == \"P\"'\n\
        field = [{ name = \"KIND\", type = \"char\", length = 1 }, { name = \"AMT\", type = \"number\", digits = 4 }]\n";
    std::fs::write(here.path().join("f.toml"), format).unwrap();
    std::fs::write(here.path().join("f.txt"), "P0009\nCAnna\nP0001\nP0020\nCBob \nP00x0\n").unwrap();
    let (_, out, summary) = run(here.path(), &["decode", "f.toml", "f.txt"]);
    let parents: Vec<Value> = lines(&out).into_iter().map(|line| line["parent"].clone()).collect();
    assert_eq!(parents, [Value::Null, Value::Null, 2.into(), 2.into(), Value::Null, 5.into()], "{out}");
    assert!(summary.contains("1 without their parents"), "{summary}");
    let (_, out, _) = run(here.path(), &["decode", "f.toml", "f.txt", "--nested", "--threads", "3"]);
    let found = lines(&out);
    let children = |line: &Value| line["children"].as_array().map_or(0, Vec::len);
    assert_eq!(found.iter().map(children).collect::<Vec<_>>(), [0, 2, 1], "{out}");
    assert_eq!(found[1]["children"][1]["fields"]["AMT"], "20");
    // No child is lost on the way back.
    std::fs::write(here.path().join("nested.jsonl"), out.lines().take(2).collect::<Vec<_>>().join("\n")).unwrap();
    let (code, out, told) = run(here.path(), &["encode", "f.toml", "nested.jsonl"]);
    assert!(
        code == 3 && !out.contains("Anna") && told.contains("FPP5006: `children` are records of their own"),
        "{told}"
    );
    let (code, out, summary) = run(here.path(), &["decode", "f.toml", "f.txt", "--where", "AMT >= 9"]);
    let numbers: Vec<u64> = lines(&out).iter().map(|line| line["n"].as_u64().unwrap()).collect();
    assert_eq!((code, &numbers[..]), (3, &[1, 4, 6][..]), "an unreadable amount is told: {summary}");
    let (code, _, message) = run(here.path(), &["decode", "f.toml", "f.txt", "--where", "AMOUNT > 1"]);
    assert!(code == 2 && message.contains("no field AMOUNT"), "{message}");
}

#[test]
fn csv_goes_there_and_back() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 50, &[]);
    let pmtrd = layout("pmtrd.toml");
    for words in ["bom", "excel,semicolon", "gb18030,tab-digits"] {
        let arguments = ["decode", &pmtrd, &file, "-o", "all.csv", "--csv", words, "--fillers"];
        let (code, _, summary) = run(here.path(), &arguments);
        assert_eq!(code, 0, "{summary}");
        let arguments = ["encode", &pmtrd, "all.csv", "-o", "back.dat", "--csv", words];
        let (code, _, summary) = run(here.path(), &arguments);
        assert_eq!(code, 0, "{words}: {summary}");
        let same = std::fs::read(here.path().join("back.dat")).unwrap();
        assert!(same == std::fs::read(here.path().join(&file)).unwrap(), "{words}");
    }
    let (code, _, summary) = run(here.path(), &["decode", &pmtrd, &file, "-o", "x-{type}.csv"]);
    assert_eq!(code, 0, "{summary}");
    let trades = read(here.path(), "x-PMTRDD.csv");
    assert_eq!(trades.lines().count(), 51);
    assert!(!trades.starts_with("type,") && !trades.contains("FILLER"));
    assert!(here.path().join("x-PMTRDH.csv").exists() && here.path().join("x-PMTRDT.csv").exists());
    let spoilt = trades.replacen("\r\n", "\r\nxx\r\n", 1);
    std::fs::write(here.path().join("in.csv"), spoilt).unwrap();
    let arguments = ["encode", &pmtrd, "in.csv", "--type", "pmtrdd", "-o", "some.dat", "--refused", "bad.csv"];
    let (code, _, summary) = run(here.path(), &arguments);
    assert!(code == 3 && summary.contains("in.csv:2: FPP5001: 1 cells, where the header has"), "{summary}");
    assert_eq!(std::fs::metadata(here.path().join("some.dat")).unwrap().len(), 50 * 480);
    let bad = read(here.path(), "bad.csv");
    assert_eq!(bad.lines().collect::<Vec<_>>(), [trades.lines().next().unwrap(), "xx"]);
}

#[test]
fn lines_that_do_not_fit_are_told_as_bad_records_are() {
    let here = folder();
    let layout = "name = \"F\"\nversion = \"1\"\nccsid = \"935\"\nframing = \"fixed\"\nlength = 11\n[[record]]\nrole = \"detail\"\n\
        name = \"PAY\"\nfield = [{ name = \"NAME\", type = \"open\", length = 6, cut = true },\n\
        { name = \"AMT\", type = \"packed\", digits = 9, decimals = 2 }]\n";
    std::fs::write(here.path().join("f.toml"), layout).unwrap();
    let line = |fields: &str| format!("{{\"type\":\"PAY\",\"fields\":{{{fields}}}}}\n");
    let good = line("\"NAME\":\"secretive\",\"AMT\":1234567.89");
    let bad = [
        line("\"NAME\":\"x\",\"AMT\":\"12345678.90\""),
        line("\"NAME\":\"x\\u20bf\",\"AMT\":1"),
        line("\"NAME\":\"x\",\"NAME\":\"y\",\"AMT\":1"),
        "{\n".to_owned(),
    ];
    std::fs::write(here.path().join("in.jsonl"), format!("{good}\n{}{good}", bad.concat())).unwrap();
    let encode = |more: &[&str]| run(here.path(), &[&["encode", "f.toml", "in.jsonl", "-o", "out.dat"], more].concat());
    let (code, _, told) = encode(&["--rejects", "why.jsonl", "--refused", "mend.jsonl"]);
    assert_eq!(code, 3, "{told}");
    assert!(
        told.contains("encoded 2 records, 4 refused, 2 repairs (a text that is too long: cut at a character: 2)"),
        "{told}"
    );
    assert!(told.contains("in.jsonl:3: PAY AMT: FPP2010: ") && !told.contains("secret"), "{told}");
    assert_eq!(std::fs::metadata(here.path().join("out.dat")).unwrap().len(), 22);
    let why = lines(&read(here.path(), "why.jsonl"));
    let told: Vec<_> =
        why.iter().map(|line| (line["line"].clone(), line["record"].clone(), line["code"].clone())).collect();
    let wanted = [(3, 2, "FPP2010"), (4, 3, "FPP2007"), (5, 4, "FPP5005"), (6, 5, "FPP5001")];
    assert_eq!(told, wanted.map(|(line, record, code)| (line.into(), record.into(), code.into())));
    assert_eq!(
        (&why[1]["type"], &why[1]["field"], &why[1]["field_offset"]),
        (&"PAY".into(), &"NAME".into(), &1.into())
    );
    assert!(why.iter().all(|line| !line["hint"].as_str().unwrap().is_empty() && line["message"].is_string()));
    assert_eq!(read(here.path(), "mend.jsonl"), bad.concat());
    std::fs::remove_file(here.path().join("out.dat")).unwrap();
    let (code, _, told) = encode(&["--max-errors", "1", "--rejects", "why.jsonl"]);
    assert!(
        code == 4 && told.contains("FPP1014") && told.contains("line 4 is bad line 2, and no more than 1"),
        "{told}"
    );
    assert_eq!((lines(&read(here.path(), "why.jsonl")).len(), here.path().join("out.dat").exists()), (2, false));
    let (code, _, told) = encode(&["--fail-fast", "--rejects", "-"]);
    assert!(code == 4 && !here.path().join("out.dat").exists(), "{told}");
    let (code, out, told) = run(here.path(), &["encode", "f.toml", "in.jsonl", "--rejects", "-"]);
    assert!(code == 2 && out.is_empty() && told.contains("only one of"), "{told}");
    let (code, _, told) = encode(&[]);
    assert!(code == 3 && told.contains("out.dat was not written"), "{told}");
}

#[test]
fn any_framing_is_written_and_read() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 20, &[]);
    let pmtrd = layout("pmtrd.toml");
    let (_, plain, _) = run(here.path(), &["decode", &pmtrd, &file]);
    std::fs::write(here.path().join("in.jsonl"), &plain).unwrap();
    for words in ["rdw", "rdw,little", "vb", "vbs"] {
        let (code, _, told) = run(here.path(), &["encode", &pmtrd, "in.jsonl", "-o", "x.dat", "--framing", words]);
        assert_eq!(code, 0, "{words}: {told}");
        let (code, out, told) = run(here.path(), &["decode", &pmtrd, "x.dat", "--framing", words]);
        assert_eq!(code, 0, "{words}: {told}");
        let fields = |text: &str| lines(text).into_iter().map(|line| line["fields"].clone()).collect::<Vec<_>>();
        assert!(fields(&out) == fields(&plain), "{words}");
    }
    let (code, _, message) = run(here.path(), &["decode", &pmtrd, "x.dat", "--framing", "rwd"]);
    assert!(code == 2 && message.starts_with("--framing: "), "{message}");
}

#[test]
fn threads_change_nothing() {
    let here = folder();
    let file = make(here.path(), Series::Gbk, 9_000, &[Spoil::Record { flaw: Flaw::FeeDigit, trade: 4_000 }]);
    let gbk = layout("pmtrd-gbk.toml");
    for more in [&["--numbers", "json"][..], &["--format", "csv"], &["--records", "5..8000"], &[]] {
        let one = run(here.path(), &[&["decode", &gbk, &file, "--threads", "1"], more].concat());
        let many = run(here.path(), &[&["decode", &gbk, &file, "--threads", "5"], more].concat());
        assert_eq!((one.0, many.0), (3, 3));
        assert!(one.1 == many.1, "{more:?}");
    }
}

/// In its order, on the files that it names; what it shows of their outputs is what they hold.
#[test]
fn every_example_of_the_page_runs() {
    let here = folder();
    for part in ["config", "tests"] {
        std::os::unix::fs::symlink(root().join(part), here.path().join(part)).unwrap();
    }
    let folder_of_fpp = Path::new(env!("CARGO_BIN_EXE_fpp")).parent().unwrap().display().to_string();
    let path = format!("{folder_of_fpp}:{}", std::env::var("PATH").unwrap());
    let page = std::fs::read_to_string(root().join("docs/decode.md")).unwrap();
    let commands = page.lines().filter_map(|line| line.strip_prefix("    "));
    let commands = commands.filter(|line| ["fpp ", "cp ", "cat ", "sed "].iter().any(|word| line.starts_with(word)));
    let (mut count, mut said) = (0, String::new());
    for command in commands {
        let shell = Command::new("sh").args(["-c", command]).current_dir(here.path()).env("PATH", &path).output();
        let (code, _, messages) = told(&shell.unwrap());
        // An ordinary build leaves these forms out, and says how to get them.
        let left_out = code == 2 && command.contains("parquet") && messages.contains("--features columnar");
        let has_bad_ones = command.contains("--rejects");
        assert!(code == if has_bad_ones { 3 } else { 0 } || left_out, "{command}: {code} {messages}");
        said += &messages;
        count += 1;
    }
    assert!(count >= 14, "{count}");
    let summary = page.lines().find_map(|line| line.strip_prefix("    decoded ")?.split(" in ").next()).unwrap();
    assert!(said.contains(&format!("decoded {summary} in ")), "{said}");
    let shown = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let written = lines(&(read(here.path(), "bad.jsonl") + &read(here.path(), "why.jsonl")));
    let like = |shown: &Value, found: &Value| {
        let (shown, found) = (shown.as_object().unwrap(), found.as_object().unwrap());
        shown.keys().eq(found.keys()) && shown.iter().all(|(key, value)| value == "..." || *value == found[key])
    };
    for shown in shown {
        let value: Value = serde_json::from_str(shown).unwrap();
        assert!(written.iter().any(|found| like(&value, found)), "{shown}");
    }
}

#[test]
fn no_output_takes_the_place_of_what_is_read_or_of_another() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 3, &[]);
    let pmtrd = layout("pmtrd.toml");
    let before = std::fs::read(here.path().join(&file)).unwrap();
    std::os::unix::fs::symlink(&file, here.path().join("link")).unwrap();
    for (arguments, told) in [
        (vec!["decode", &pmtrd, &file, "-o", &file], "is read and would be written over"),
        (vec!["decode", &pmtrd, &file, "-o", "link"], "is read and would be written over"),
        (vec!["decode", &pmtrd, &file, "-o", "x", "--rejects", "./x"], "x is named for two outputs"),
        (vec!["decode", &pmtrd, &file, "-o", "."], ". is a folder"),
        (vec!["decode", &pmtrd, &file, "--rejects", "-"], "cannot both go to stdout"),
        (vec!["encode", &pmtrd, &file, "-o", "y", "--rejects", "y"], "y is named for two outputs"),
        (vec!["decode", &pmtrd, &file, "--csv", "excel"], "--csv is for CSV"),
        (vec!["decode", &pmtrd, &file, "--format", "csv", "--raw"], "--raw is for JSON lines"),
    ] {
        let (code, _, message) = run(here.path(), &arguments);
        assert!(code == 2 && message.contains(told), "{arguments:?}: {message}");
    }
    assert_eq!(std::fs::read(here.path().join(&file)).unwrap(), before);
    assert_eq!(names(here.path()), [file.as_str(), "link"]);
    // Rejects may have stdout for themselves, and what a link leads to is written.
    std::fs::write(here.path().join("there"), "").unwrap();
    std::os::unix::fs::symlink("there", here.path().join("out")).unwrap();
    let (code, out, _) = run(here.path(), &["decode", &pmtrd, &file, "--ccsid", "gbk", "-o", "out", "--rejects", "-"]);
    assert!(code == 3 && lines(&out)[0]["record"] == 1, "{out}");
    assert!(std::fs::symlink_metadata(here.path().join("out")).unwrap().is_symlink());
}

/// Whoever is root would lose `/dev/null` otherwise.
#[test]
fn a_named_pipe_is_written_to_and_never_replaced() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 3, &[]);
    let made = Command::new("mkfifo").arg(here.path().join("pipe.csv")).status().unwrap();
    assert!(made.success());
    let mut reader = Command::new("cat");
    let reader = reader.arg("pipe.csv").current_dir(here.path()).stdout(std::process::Stdio::piped());
    let mut reader = reader.spawn().unwrap();
    let (code, _, summary) = run(here.path(), &["decode", &layout("pmtrd.toml"), &file, "-o", "pipe.csv"]);
    let kind = std::fs::symlink_metadata(here.path().join("pipe.csv")).unwrap().file_type();
    if kind.is_file() {
        reader.kill().unwrap();
    }
    let read = reader.wait_with_output().unwrap();
    assert_eq!(code, 0, "{summary}");
    assert!(!kind.is_file() && read.stdout.starts_with(b"type,"), "{kind:?}");
}
