//! The built program, as a person or a job scheduler meets it: results, messages, exit codes.
#![cfg(feature = "demo")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

#[path = "cli/columnar.rs"]
mod columnar;
#[path = "cli/cuts.rs"]
mod cuts;
#[path = "cli/decode.rs"]
mod decode;
#[path = "cli/layouts.rs"]
mod layouts;

use fpp::demo::generate::{Flaw, Harm, Series, Spec, Spoil, generate};
use fpp::telemetry::report::NodeReport;
use fpp_codecs::date::Date;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const NAME: &str = "CORE_PMTS_PMTRD_20250620_0001_00.TXT";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn layout(name: &str) -> String {
    root().join("config/layouts").join(name).display().to_string()
}

fn fpp(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fpp"));
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    told(&fpp(folder).args(arguments).output().unwrap())
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A file of the stand-in core, under its own name.
fn make(folder: &Path, series: Series, trades: u64, spoils: &[Spoil]) -> String {
    let date = Date::new(2025, 6, 20).unwrap();
    let spec = Spec { trades, spoils: spoils.to_vec(), ..Spec::new(series, date, 1) };
    let mut bytes = Vec::new();
    generate(&spec, &mut bytes).unwrap();
    std::fs::write(folder.join(spec.file_name()), bytes).unwrap();
    spec.file_name()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn every_verb_has_a_help_with_an_example() {
    let here = folder();
    let (code, help, _) = run(here.path(), &["--help"]);
    assert_eq!(code, 0);
    assert!(help.contains("Exit codes:"), "{help}");
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let verbs = commands.lines().filter_map(|l| l.strip_prefix("  ")).filter(|l| !l.starts_with(' '));
    let verbs: Vec<_> = verbs.filter_map(|l| l.split_whitespace().next()).filter(|v| *v != "help").collect();
    assert!(verbs.len() >= 15, "{verbs:?}");
    for verb in verbs {
        let (code, help, _) = run(here.path(), &[verb, "--help"]);
        assert_eq!(code, 0, "{verb}");
        assert!(help.contains("Example"), "{verb}: {help}");
    }
}

const CUSTOMER: &str = "                R CUST
                  CUNO           7P 0       VALUES(1 2)
                  CUNAME        20          TEXT('Name')
";

#[test]
fn layout_check_tells_the_faults_of_every_file() {
    let here = folder();
    std::fs::write(here.path().join("good.pf"), CUSTOMER).unwrap();
    std::fs::write(here.path().join("odd.pf"), CUSTOMER.replace("VALUES(1 2)", "NOSUCH")).unwrap();
    std::fs::write(here.path().join("bad.lf"), "                R VIEW                      PFILE(CUST)\n").unwrap();
    let (code, told, notes) = run(here.path(), &["layout", "check", "good.pf", "odd.pf", "bad.lf"]);
    assert_eq!(code, 2, "{told}{notes}");
    assert!(told.contains("good.pf: good: CUST 24 bytes, 2 fields\n") && told.contains("bad.lf: 1 fault\n"), "{told}");
    assert!(notes.contains("warning: odd.pf:2:45:") && notes.contains("bad.lf:1:45: the fields of CUST"), "{notes}");
    assert_eq!(run(here.path(), &["layout", "check", "odd.pf"]).0, 0);
    assert_eq!(run(here.path(), &["layout", "check", "odd.pf", "--strict"]).0, 2);
    let common = here.path().join("common");
    std::fs::create_dir(&common).unwrap();
    std::fs::write(common.join("CUST.PF"), CUSTOMER).unwrap();
    let (code, told, _) = run(here.path(), &["layout", "check", "bad.lf", "--refs", "common", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &told["good"], &told["records"][0]["bytes"]), (0, &true.into(), &24.into()));
}

#[test]
fn layout_diff_says_what_old_files_are_worth() {
    let here = folder();
    let write = |name: &str, text: String| std::fs::write(here.path().join(name), text).unwrap();
    write("old.pf", CUSTOMER.to_owned());
    write("words.pf", CUSTOMER.replace("'Name'", "'Full name'"));
    write("null.pf", CUSTOMER.replace("TEXT('Name')", "ALWNULL"));
    write("longer.pf", CUSTOMER.replace("  20  ", "  30  "));
    for (new, code, verdict) in [
        ("old.pf", 0, "compatible:"),
        ("words.pf", 0, "compatible:"),
        ("null.pf", 3, "compatible for reading:"),
        ("longer.pf", 4, "not compatible:"),
    ] {
        let (found, told, _) = run(here.path(), &["layout", "diff", "old.pf", new]);
        assert_eq!(found, code, "{new} {told}");
        assert!(told.lines().last().unwrap().starts_with(verdict), "{told}");
    }
    let (_, told, _) = run(here.path(), &["layout", "diff", "old.pf", "longer.pf", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["verdict"], &told["changes"][1]["field"]), (&"not compatible".into(), &"CUNAME".into()));
}

#[test]
fn layout_convert_writes_what_reads_back() {
    let here = folder();
    std::fs::write(here.path().join("cust.pf"), CUSTOMER).unwrap();
    let (code, _, why) = run(here.path(), &["layout", "convert", "cust.pf", "--to", "toml", "-o", "cust.toml"]);
    assert_eq!(code, 0, "{why}");
    assert_eq!(run(here.path(), &["layout", "diff", "cust.pf", "cust.toml"]).0, 0);
    let (_, schema, _) = run(here.path(), &["layout", "convert", "cust.toml", "--to", "json-schema", "--closed"]);
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let fields = &schema["properties"]["fields"]["properties"];
    assert_eq!(fields["CUNO"]["anyOf"], serde_json::json!([{"const": "1"}, {"const": "2"}]));
    let (code, _, why) = run(here.path(), &["layout", "convert", &layout("pmtrd.toml"), "--to", "toml"]);
    assert_eq!(code, 2);
    assert!(why.contains("--record, one of PMTRDH, PMTRDD, PMTRDT"), "{why}");
}

#[test]
fn layout_show_has_groups_and_names_for_values() {
    let here = folder();
    let book = "       01 R.\n          05 KIND PIC X.\n             88 OPEN-KIND VALUE 'O'.\n          05 PART OCCURS 2.\n             10 QTY PIC 9(3).\n";
    std::fs::write(here.path().join("r.cpy"), book).unwrap();
    let (code, told, _) = run(here.path(), &["layout", "show", "r.cpy", "--ccsid", "37"]);
    assert_eq!(code, 0);
    for part in ["PART   group", "  QTY  S", "occurs 2", "values of KIND: OPEN-KIND 'O'"] {
        assert!(told.contains(part), "{part}\n{told}");
    }
}

#[test]
fn layout_show_counts_bytes_from_one() {
    let here = folder();
    let (code, shown, _) = run(here.path(), &["layout", "show", &layout("pmtrd.toml")]);
    assert_eq!(code, 0);
    let line = shown.lines().find(|l| l.starts_with("CUSTNM")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[..6], ["CUSTNM", "O", "221", "84", "1388", "yes"], "{line}");
    let (_, shown, _) = run(here.path(), &["layout", "show", &layout("pmtrdd.dds"), "--ccsid", "935", "--json"]);
    let record: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let amount = record["fields"].as_array().unwrap().iter().find(|f| f["name"] == "AMT").unwrap();
    assert_eq!((&amount["from"], &amount["bytes"], &amount["decimals"]), (&179.into(), &9.into(), &2.into()));
}

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

#[test]
fn a_delimited_record_is_shown_where_its_fields_lie() {
    let here = folder();
    let layout = "name = \"T\"\nversion = \"1\"\nccsid = \"gbk\"\nframing = \"delimited\"\nline_end = \"lf\"\n[[record]]\n\
                  role = \"detail\"\nname = \"T\"\nfield = [{ name = \"NAME\", type = \"char\", length = 20 }, \
                  { name = \"AMT\", type = \"packed\", digits = 7, decimals = 2 }]\n";
    std::fs::write(here.path().join("t.toml"), layout).unwrap();
    std::fs::write(here.path().join("t.csv"), "\"a,b\",-1.5\nc,1.x\n").unwrap();
    let (code, shown, notes) = run(here.path(), &["inspect", "t.toml", "t.csv", "--record", "1", "--clear"]);
    assert_eq!(code, 0, "{notes}");
    let line = shown.lines().find(|line| line.starts_with("AMT")).unwrap();
    assert!(line.contains(" 7 ") && line.contains("2D 31 2E 35") && line.ends_with("-1.50"), "{shown}");
    let (code, lines, _) = run(here.path(), &["decode", "t.toml", "t.csv"]);
    assert_eq!(code, 3);
    assert!(lines.contains("\"NAME\":\"a,b\",\"AMT\":\"-1.50\"") && lines.contains("\"code\":\"FPP2003\""), "{lines}");
}

#[test]
fn bad_records_go_where_they_are_sent_and_give_three() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 50, &[Spoil::Record { flaw: Flaw::FeeDigit, trade: 25 }]);
    let (code, lines, summary) = run(here.path(), &["decode", &layout("pmtrd.toml"), &file, "--rejects", "bad.jsonl"]);
    let bad = std::fs::read_to_string(here.path().join("bad.jsonl")).unwrap();
    assert_eq!(code, 3, "{summary}");
    assert_eq!(lines.lines().count() + bad.lines().count(), 52);
    assert!(!bad.is_empty() && bad.lines().all(|l| l.contains("FPP2001")), "{bad}");
}

#[test]
fn a_refused_line_leaves_no_file() {
    let here = folder();
    std::fs::write(here.path().join("in.jsonl"), "{\"type\":\"PMTRDD\",\"fields\":{\"SEQNO\":\"x\"}}\n").unwrap();
    let arguments = ["encode", &layout("pmtrd.toml"), "in.jsonl", "-o", "out.dat"];
    let (code, _, messages) = run(here.path(), &arguments);
    assert_eq!(code, 3, "{messages}");
    assert!(messages.starts_with("in.jsonl:1: "), "{messages}");
    let left: Vec<_> = std::fs::read_dir(here.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["in.jsonl"]);
}

#[test]
fn inspect_marks_the_bad_byte_and_masks_customers() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 5, &[]);
    let mut bytes = std::fs::read(here.path().join(&file)).unwrap();
    bytes[480 + 179] = 0xFA;
    std::fs::write(here.path().join(&file), bytes).unwrap();
    let arguments = ["inspect", &layout("pmtrd.toml"), &file, "--record", "2"];
    let (code, shown, _) = run(here.path(), &arguments);
    assert_eq!(code, 3);
    assert!(shown.contains("00>FA 00"), "{shown}");
    assert!(shown.contains("FPP2001 AMT"), "{shown}");
    assert!(shown.lines().any(|l| l.starts_with("ACCTNO") && l.ends_with("***")), "{shown}");
    let (_, clear, _) = run(here.path(), &[&arguments[..], &["--clear"]].concat());
    assert!(!clear.contains("***"), "{clear}");
    // DDS source cannot say what is sensitive.
    let arguments = ["inspect", &layout("pmtrdd.dds"), &file, "--record", "2"];
    let (_, shown, notes) = run(here.path(), &arguments);
    assert!(notes.contains("all text is masked"), "{notes}");
    for field in ["ACCTNO", "CUSTNM"] {
        let line = shown.lines().find(|l| l.starts_with(field)).unwrap();
        assert!(line.contains(" **  ") && line.ends_with("***"), "{line}");
    }
    assert!(shown.contains("00>FA 00"), "{shown}");
    let (_, clear, notes) = run(here.path(), &[&arguments[..], &["--clear"]].concat());
    assert!(!clear.contains("***") && !notes.contains("masked"), "{clear}");
    let (code, _, message) = run(here.path(), &["inspect", &layout("pmtrd.toml"), &file, "--record", "8"]);
    assert_eq!((code, message.trim()), (2, format!("{file} has no record 8; the last is 7").as_str()));
}

#[test]
fn the_sample_configuration_is_good() {
    let (code, shown, messages) = run(&root(), &["check"]);
    assert_eq!(code, 0, "{messages}");
    assert!(shown.contains("2 routes: good"), "{shown}");
}

#[test]
fn check_tells_every_fault_of_every_file_at_once() {
    let here = folder();
    std::fs::create_dir(here.path().join("routes")).unwrap();
    let node = "node = \"a b\"\ninstallation = \"x\"\ndata_dir = \"data\"\nnodes = 2\nroutes = \"routes/*.toml\"\n\
                colour = 1\n[http]\nlisten = \"0.0.0.0:1\"\n[spool.core]\nkind = \"sftp\"\nhost = \"h\"\nuser = \"u\"\n\
                path = \"/x\"\npassword = \"secret\"\n";
    std::fs::write(here.path().join("fpp.toml"), node).unwrap();
    let route = "name = \"r\"\nspool = \"none\"\nfiles = \"A_{batch}.TXT\"\nformat = \"missing.toml\"\n\
                 mapping = \"m.toml\"\ninstruments = \"i.toml\"\n[ready]\nmarker = \"{name}.OK\"\n[identity]\n\
                 from = \"name\"\n[answer]\nspool = \"core\"\nname = \"A.TXT\"\nformat = \"f\"\nmapping = \"m\"\n";
    std::fs::write(here.path().join("routes/r.toml"), route).unwrap();
    let (code, _, faults) = run(here.path(), &["check"]);
    assert_eq!(code, 2);
    let expected = [
        "fpp.toml:1:8: node: `a b`",
        "fpp.toml:4:9: nodes: several nodes",
        "fpp.toml:6:1: unknown key `colour`",
        "fpp.toml:8:10: listen: an address that others can reach needs a token_file",
        "host: needs a pinned host key",
        "password: a secret never stands here",
        "routes/r.toml:2:9: spool: there is no spool `none`",
        "routes/r.toml:4:10: format: cannot read",
        "from: the names `A_{batch}.TXT` cannot give a date",
        "name: needs {answer}",
    ];
    for fault in expected {
        assert!(faults.contains(fault), "{fault} is not told in\n{faults}");
    }
    assert!(!faults.contains("secret\""), "{faults}");
}

#[test]
fn prove_gives_the_verdict_as_its_exit_code() {
    let here = folder();
    let config = root().join("config/fpp.toml").display().to_string();
    let prove = |name: &str| run(here.path(), &["prove", "pmtrd", name, "--config", &config, "--answer", "a.dat"]);
    let file = make(here.path(), Series::Ebcdic, 20, &[]);
    assert_eq!(file, NAME);
    let (code, shown, messages) = prove(&file);
    assert_eq!(code, 0, "{shown}{messages}");
    assert_eq!(std::fs::metadata(here.path().join("a.dat")).unwrap().len(), 21 * 480);
    make(here.path(), Series::Ebcdic, 20, &[Spoil::Record { flaw: Flaw::AmountDigit, trade: 10 }]);
    assert_eq!(prove(&file).0, 4, "a summed field is unreadable");
    make(here.path(), Series::Ebcdic, 20, &[Spoil::File(Harm::LyingAmount)]);
    let (code, shown, _) = prove(&file);
    assert_eq!(code, 4);
    assert!(shown.contains("FPP1006") && shown.contains("DIFFERS"), "{shown}");
}

/// A node of one route, on a port where nobody listens.
fn configure(here: &Path) {
    std::fs::create_dir_all(here.join("routes")).unwrap();
    let node = "node = \"a\"\ninstallation = \"x\"\ndata_dir = \"data\"\nroutes = \"routes/r.toml\"\n[http]\n\
                listen = \"127.0.0.1:1\"\n[spool.s]\nkind = \"local\"\npath = \".\"\n";
    std::fs::write(here.join("fpp.toml"), node).unwrap();
    let config = root().join("config");
    let route = std::fs::read_to_string(config.join("routes/pmtrd.toml")).unwrap();
    let route = route.replace("\"../", &format!("\"{}/", config.display()));
    let route = route.replace("core-out", "s").replace("core-in", "s");
    std::fs::write(here.join("routes/r.toml"), route).unwrap();
}

#[test]
fn a_command_without_a_running_node_says_how_to_start_one() {
    let here = folder();
    configure(here.path());
    let (code, _, message) = run(here.path(), &["retry", "01X", "--reason", "why not"]);
    assert_eq!(code, 2, "{message}");
    assert!(message.contains("no node `a` is running here") && message.contains("fpp run"), "{message}");
    assert_eq!(run(here.path(), &["transfers"]).0, 2, "there are no books yet");
    let (code, shown, _) = run(here.path(), &["status"]);
    assert_eq!(code, 0);
    assert!(shown.contains("has not run here yet"), "{shown}");
}

#[test]
fn events_go_to_the_address_that_the_node_tells() {
    let here = folder();
    configure(here.path());
    let (code, _, message) = run(here.path(), &["events"]);
    assert!(code == 2 && message.contains("no node `a` is running here"), "{message}");
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let data = here.path().join("data");
    std::fs::create_dir_all(&data).unwrap();
    let report = NodeReport { listen: server.local_addr().unwrap().to_string(), ..NodeReport::default() };
    report.write(&data.join("status.json")).unwrap();
    assert_eq!(run(here.path(), &["events"]).0, 2, "the node that told it is gone");
    let _socket = std::os::unix::net::UnixListener::bind(data.join("fpp.sock")).unwrap();
    let serving = std::thread::spawn(move || {
        let (mut stream, _) = server.accept().unwrap();
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nfpp-position: 3-end\r\ncontent-length: 3\r\n\r\n{}\n").unwrap();
    });
    let (code, lines, notes) = run(here.path(), &["events", "--json"]);
    assert_eq!((code, lines.as_str(), notes.trim()), (0, "{}\n", "go on with --after 3-end"));
    serving.join().unwrap();
    let (code, _, message) = run(here.path(), &["events"]);
    assert!(code == 2 && message.contains("does not answer over HTTP on 127.0.0.1:"), "{message}");
}

#[test]
fn a_reader_that_goes_away_ends_decode_quietly() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 5_000, &[]);
    let mut command = fpp(here.path());
    command.args(["decode", &layout("pmtrd.toml"), &file]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let (code, _, messages) = told(&child.wait_with_output().unwrap());
    assert_eq!((code, messages.as_str()), (0, ""));
}

#[test]
fn a_cut_off_file_gives_four_and_names_the_place() {
    let here = folder();
    let file = make(here.path(), Series::Ebcdic, 5, &[]);
    let bytes = std::fs::read(here.path().join(&file)).unwrap();
    let mut short = std::fs::File::create(here.path().join("short.dat")).unwrap();
    short.write_all(&bytes[..1_000]).unwrap();
    let (code, _, message) = run(here.path(), &["decode", &layout("pmtrd.toml"), "short.dat", "-o", "x.jsonl"]);
    assert_eq!(code, 4, "{message}");
    assert!(message.contains("record 3 at byte 960 has 40 bytes, 480 are due"), "{message}");
    assert!(!here.path().join("x.jsonl").exists());
}

#[test]
fn an_interrupted_verb_leaves_no_half_written_file() {
    let here = folder();
    let mut command = fpp(here.path());
    command.args(["decode", &layout("pmtrd.toml"), "-", "-o", "x.jsonl"]).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // More than the head that is looked at first: the output is open once this is taken.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&[0xC4; 480 * 1_000]).unwrap();
    let left = || std::fs::read_dir(here.path()).unwrap().count();
    assert!(until(|| left() == 1), "no temporary file appeared");
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert!(until(|| child.try_wait().unwrap().is_some()), "it goes on");
    assert_eq!((child.wait().unwrap().code(), left()), (Some(130), 0));
    drop(stdin);
}

/// Looks again and again, for ten seconds at most.
fn until(mut reached: impl FnMut() -> bool) -> bool {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while std::time::Instant::now() < deadline {
        if reached() {
            return true;
        }
        std::thread::yield_now();
    }
    false
}
