//! Keys of configuration files: each that the code knows stands in the table of its page.
//!
//! The code is asked by keys that it cannot know: the fault names those that it does.

use super::{page, root, rows};
use fpp::settings::Settings;
use std::collections::BTreeSet;
use std::path::Path;

const STRANGE: &str = "strange_key";

/// A spool and an outlet of each kind, and a ledger on a server, which the samples only have in comments.
const MORE_SPOOLS: &str = "\n[spool.more]\nkind = \"sftp\"\nhost = \"h\"\nuser = \"u\"\npath = \"/\"\nagent = true\n\
                           host_keys = [\"SHA256:x\"]\n\
                           [ledger]\nurl = \"mysql://a@b/c\"\n[vault]\npath = \"v\"\n\
                           [notify]\ncommand = [\"/bin/true\"]\n\
                           [spool.more.command.load]\nrun = \"x\"\nexpect = \"y\"\n\
                           [[spool.more.day_flag]]\nfiles = \"D{date}\"\nact = \"open\"\nroutes = [\"pmtrd\"]\n";
const MORE_DAYS: &str = "\n[series]\ncalendar = \"bank\"\n[[series.expect]]\nbatch = 1\nby = \"18:30\"\n";
const MORE_OUTLETS: &str = "\n[[outlet]]\nkind = \"file\"\nspool = \"core-in\"\nname = \"{stem}.jsonl\"\n\
                            [[outlet]]\nkind = \"file\"\nspool = \"core-out\"\nname = \"{stem}.GBK\"\nform = \"records\"\n\
                            format = \"../layouts/pmtrd-gbk.toml\"\n\
                            [[outlet]]\nkind = \"file\"\nspool = \"more\"\nname = \"{stem}.csv\"\nform = \"csv\"\n";

const MORE_CHECKS: &str = "\n[[check]]\nrule = \"cel\"\nholds = \"LOTS > 0\"\nfield = \"LOTS\"\n";

/// An outlet of each kind that events are pushed to.
const MORE_PUSHED: &[&str] = &[
    "kind = \"append\"\npath = \"a\"",
    "kind = \"database\"\npath = \"a\"",
    "kind = \"database\"\nurl = \"mysql://a@b/c\"",
    "kind = \"rocketmq\"\nname_servers = [\"a:1\"]\ntopic = \"t\"\nkey = \"account\"",
    "kind = \"webhook\"\nurl = \"https://a/\"",
];

/// A layout with every type.
const TYPES: &str = r#"
name = "T"
text = "t"
keys = []
length = 64
ccsid = "1388"
version = "1"
[[field]]
name = "A"
type = "char"
length = 1
text = "t"
[[field]]
name = "B"
type = "packed"
digits = 3
decimals = 1
[[field]]
name = "C"
type = "number"
digits = 3
signed = true
[[field]]
name = "D"
type = "float"
double = true
[[field]]
name = "E"
type = "date"
date_format = "iso"
[[field]]
name = "F"
type = "time"
time_format = "iso"
[[field]]
name = "G"
type = "timestamp"
fraction = 6
[[field]]
name = "H"
type = "group"
occurs = { least = 1, most = 2, depending = "C", map = { A = 1 } }
choice = { field = "C", cases = { A = "H" }, otherwise = "H" }
[[field.field]]
name = "I"
type = "hex"
length = 1
[defaults]
signs = "z-os"
"#;

/// Controls with every key.
const CONTROLS: &str = r#"
[controls]
sequence = "SEQNO"
count = { trailer = "TOTCNT", records = "all" }
sums = [{ trailer = "TOTAMT", field = "AMT", record = "PMTRDD", absolute = true, where = { field = "BSFLG", equals = "0" } }]
counts = [{ trailer = "BUYCNT", record = "PMTRDD", where = "BSFLG == '0'" }]
hash = [{ trailer = "HASHTOT", field = "ACCTNO", digits = 31 }, { field = "ACCTNO" }]
"#;

/// What a format adds to the layouts of others.
const ADDED: &str = "\n[record.fields.SEQNO]\ndirty = \"null\"\n";

#[test]
fn every_key_of_the_node_and_its_routes_is_told() {
    let told = told("docs/routes.md");
    check(&told, "fpp.toml", |text| text + MORE_SPOOLS);
    check(&told, "routes/pmtrd.toml", |text| text + MORE_OUTLETS + MORE_DAYS);
    check(&told, "calendars.toml", |text| text);
}

#[test]
fn every_key_of_an_outlet_is_told() {
    let told: BTreeSet<_> = told("docs/outlets.md").union(&self::told("docs/routes.md")).cloned().collect();
    for keys in MORE_PUSHED {
        check(&told, "fpp.toml", |text| format!("{text}\n[outlet.o]\n{keys}\n"));
        let kind = keys.lines().find(|line| line.starts_with("kind")).unwrap();
        check(&told, "routes/pmtrd.toml", |text| format!("{text}\n[[outlet]]\n{kind}\nname = \"o\"\n"));
    }
}

#[test]
fn every_key_of_a_format_or_layout_is_told() {
    let told = told("docs/layouts.md");
    check(&told, "layouts/pmtrd.toml", |text| text);
    check(&told, "layouts/pmtrd-gbk.toml", |text| text);
    check(&told, "layouts/pmtrd.toml", |_| TYPES.to_owned());
    check(&told, "layouts/pmtrd.toml", |text| text.split("[controls]").next().unwrap().to_owned() + CONTROLS);
    check(&told, "layouts/pmtrd.toml", |text| text.replacen("[controls]", &format!("{ADDED}[controls]"), 1));
    for framing in FRAMINGS {
        check(&told, "layouts/pmtrd-gbk.toml", |text| framed(&text, framing));
    }
}

/// A framing of each kind that has keys of its own.
const FRAMINGS: [&str; 5] = [
    "framing = \"text-lines\"\nline_end = \"lf\"\nlength = 400",
    "framing = \"text-lines\"\nline_end = \"lf\"",
    "framing = \"vbs\"",
    "framing = \"length-field\"\nlength_at = 1\nlength_bytes = 2",
    "framing = \"delimited\"\nline_end = \"lf\"",
];

/// The format with another framing.
fn framed(text: &str, framing: &str) -> String {
    let keys = ["framing", "length", "line_end"];
    let old = |line: &&str| !keys.iter().any(|key| line.split('=').next().is_some_and(|found| found.trim() == *key));
    let top = text.split("[[record]]").next().unwrap();
    let kept: Vec<_> = top.lines().filter(old).collect();
    format!("{framing}\n{}\n{}", kept.join("\n"), &text[top.len()..])
}

#[test]
fn every_key_of_a_mapping_is_told() {
    check(&told("docs/events.md"), "events/pmtrd.toml", |text| text + MORE_CHECKS);
    check(&told("docs/events.md"), "instruments.toml", |text| text);
    check(&told("docs/answers.md"), "answers/pmack.toml", |text| text);
}

/// Words in backticks in the first cells of a page's tables.
fn told(name: &str) -> BTreeSet<String> {
    let firsts = rows(&page(name)).into_iter().map(|row| row[0].clone()).collect::<Vec<_>>();
    firsts.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect()
}

/// Puts a strange key into every table of a sample file, and looks for the known ones on the page.
fn check(told: &BTreeSet<String>, file: &str, change: impl Fn(String) -> String) {
    let folder = tempfile::tempdir().unwrap();
    copy(&root().join("config"), folder.path());
    let path = folder.path().join(file);
    let text = change(std::fs::read_to_string(&path).unwrap());
    std::fs::write(&path, estrange(&text)).unwrap();
    let faults = Settings::load(&folder.path().join("fpp.toml")).unwrap_err();
    let mut tables = 0;
    for fault in &faults {
        let Some((_, known)) = fault.message.split_once(&format!("unknown key `{STRANGE}`; known here: ")) else {
            continue;
        };
        tables += 1;
        for key in known.split(", ") {
            assert!(told.contains(key), "{file}: the key `{key}` is not on the page ({fault})");
        }
    }
    assert!(tables > 0, "{file}: {faults:?}");
}

/// A strange key at the beginning of every table, inline ones included.
fn estrange(text: &str) -> String {
    let mut out = format!("{STRANGE} = 1\n");
    for line in text.lines() {
        if line.trim_start().starts_with('[') && !line.contains('=') {
            out.push_str(&format!("{line}\n{STRANGE} = 1\n"));
        } else {
            out.push_str(&line.replace("{ ", &format!("{{ {STRANGE} = 1, ")));
            out.push('\n');
        }
    }
    out
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
