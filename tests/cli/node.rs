//! Verbs that need a node's configuration: `check`, `prove`, and what asks a running node.

use super::{Flaw, Series, Spoil, folder, fpp, make, root, run, told};
use fpp::demo::generate::Harm;
use fpp::telemetry::report::NodeReport;
use std::io::{Read, Write};
use std::path::Path;

#[test]
fn the_sample_configuration_is_good() {
    let (code, shown, messages) = run(&root(), &["check"]);
    assert_eq!(code, 0, "{messages}");
    assert!(shown.contains("2 routes: good"), "{shown}");
}

#[test]
fn check_tells_secrets_and_certificates_of_outlets_that_cannot_be_used() {
    let here = tempfile::tempdir().unwrap();
    let config = here.path().join("config");
    for folder in ["config/routes", "config/secrets"] {
        std::fs::create_dir_all(here.path().join(folder)).unwrap();
    }
    for shared in ["layouts", "events", "answers", "instruments.toml", "calendars.toml"] {
        std::os::unix::fs::symlink(root().join("config").join(shared), config.join(shared)).unwrap();
    }
    std::fs::copy(root().join("config/routes/pmtrd.toml"), config.join("routes/pmtrd.toml")).unwrap();
    let node = "node = \"a\"\ninstallation = \"t\"\ndata_dir = \"../data\"\nroutes = \"routes/*.toml\"\n\
                [spool.core-out]\nkind = \"local\"\npath = \".\"\n[spool.core-in]\nkind = \"local\"\npath = \".\"\n";
    let hook = |name: &str, more: &str| {
        format!("[outlet.{name}]\nkind = \"webhook\"\nurl = \"https://h/?q=QUERY\"\nsecret_file = \"{name}\"\n{more}\n")
    };
    let long = "0123456789abcdef0123456789abcdef";
    std::fs::write(config.join("a"), "short").unwrap();
    std::fs::write(config.join("b"), long).unwrap();
    std::fs::write(config.join("fpp.toml"), format!("{node}{}{}", hook("a", ""), hook("b", "ca_file = \"a\"")))
        .unwrap();
    let (code, _, faults) = run(here.path(), &["check"]);
    assert_eq!(code, 2, "{faults}");
    assert!(faults.contains("config/fpp.toml:11:1: outlet `a`: FPP") && faults.contains("16 bytes"), "{faults}");
    assert!(faults.contains("outlet `b`: FPP") && faults.contains("certificate"), "{faults}");
    assert!(!faults.contains("short") && !faults.contains("QUERY"), "{faults}");
    std::fs::write(config.join("a"), long).unwrap();
    std::fs::write(config.join("fpp.toml"), format!("{node}{}{}", hook("a", "tls = \"off\""), hook("b", ""))).unwrap();
    let (code, _, faults) = run(here.path(), &["check"]);
    assert_eq!(code, 0, "{faults}");
}

#[test]
fn what_cannot_be_copied_or_purged_was_asked_for_wrongly() {
    let here = folder();
    let config = root().join("config/fpp.toml").display().to_string();
    for words in [&["export", "x.sqlite"][..], &["purge"]] {
        let all = [&["outlets"], words, &["--outlet", "nope", "--before", "2025-01-01", "--config", &config]].concat();
        let (code, _, message) = run(here.path(), &all);
        assert!(code == 2 && message.contains("no outlet `nope`"), "{code} {message}");
    }
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
    assert_eq!(file, "CORE_PMTS_PMTRD_20250620_0001_00.TXT");
    let (code, shown, messages) = prove(&file);
    assert_eq!(code, 0, "{shown}{messages}");
    assert_eq!(std::fs::metadata(here.path().join("a.dat")).unwrap().len(), 21 * 480);
    // The same from a pipe, under the name that is said.
    let input = std::fs::File::open(here.path().join(&file)).unwrap();
    let piped = ["prove", "pmtrd", "-", "--name", &file, "--config", &config, "--answer", "b.dat"];
    let (code, again, _) = told(&fpp(here.path()).args(piped).stdin(input).output().unwrap());
    assert_eq!((code, again), (0, shown));
    assert_eq!(std::fs::metadata(here.path().join("b.dat")).unwrap().len(), 21 * 480);
    let (code, _, told) = run(here.path(), &["prove", "pmtrd", &file, "--config", &config, "--answer", "-"]);
    assert!(code == 2 && told.contains("name a file for the answer"), "{told}");
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
fn a_configuration_that_is_nowhere_is_told_with_the_places_that_were_looked_at() {
    let here = folder();
    for verb in ["status", "check", "run", "doctor"] {
        let (code, _, said) = run(here.path(), &[verb]);
        assert_eq!(code, 2, "{verb}: {said}");
        assert!(
            said.contains("neither ./fpp.toml nor ./config/fpp.toml") && said.contains("--config"),
            "{verb}: {said}"
        );
    }
}
