//! A place for a node: its folders and its configuration, which is the sample's with a case's changes.

#[cfg(feature = "demo")]
use fpp::demo::generate::{Series, Spec, generate};
use fpp::settings::Settings;
use fpp_codecs::source::SourceFault;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use toml::{Table, Value};

/// A temporary folder with spools, configuration and data of one node.
pub(crate) struct Site {
    _folder: tempfile::TempDir,
    pub(crate) root: PathBuf,
}

/// Folders of the outside world, below the site.
pub(crate) const FOLDERS: &[&str] = &["core/out", "core/out/done", "core/in", "services"];

impl Site {
    /// Makes the folders and writes the configuration. `route` is a whole route file.
    pub(crate) fn make(route: &Table) -> Site {
        Site::make_with(route, "")
    }

    /// The same, with keys of the node besides.
    pub(crate) fn make_with(route: &Table, keys: &str) -> Site {
        Site::make_in(tempfile::tempdir().unwrap(), route, keys)
    }

    /// The same in memory, where the machine has such a folder: for what is done a thousand times.
    pub(crate) fn make_in_memory(route: &Table) -> Site {
        Site::make_in(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap(), route, "")
    }

    fn make_in(folder: tempfile::TempDir, route: &Table, keys: &str) -> Site {
        let root = folder.path().to_owned();
        for part in ["core/out", "core/in", "services", "conf/routes", "data"] {
            fs::create_dir_all(root.join(part)).unwrap();
        }
        for shared in ["layouts", "events", "answers", "instruments.toml"] {
            let from = repository().join("config").join(shared);
            std::os::unix::fs::symlink(from, root.join("conf").join(shared)).unwrap();
        }
        let site = Site { _folder: folder, root };
        fs::write(site.root.join("conf/routes/route.toml"), route.to_string()).unwrap();
        fs::write(site.settings_file(), format!("{keys}{NODE}")).unwrap();
        site
    }

    /// The node's configuration file.
    pub(crate) fn settings_file(&self) -> PathBuf {
        self.root.join("conf/fpp.toml")
    }

    /// More of the node's configuration.
    pub(crate) fn configure(&self, tables: &str) {
        let file = self.settings_file();
        let before = fs::read_to_string(&file).unwrap();
        fs::write(file, format!("{before}\n{tables}")).unwrap();
    }

    /// Another number for a key of the node's file.
    pub(crate) fn set(&self, key: &str, number: u64) {
        let before = fs::read_to_string(self.settings_file()).unwrap();
        let is_it = |line: &str| line.split(" = ").next() == Some(key);
        let line = |line: &str| if is_it(line) { format!("{key} = {number}") } else { line.to_owned() };
        fs::write(self.settings_file(), before.lines().map(line).collect::<Vec<_>>().join("\n")).unwrap();
    }

    /// The configuration, checked.
    pub(crate) fn settings(&self) -> Settings {
        let told = |faults: Vec<SourceFault>| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Settings::load(&self.settings_file()).unwrap_or_else(|faults| panic!("{}", told(faults)))
    }

    /// The core drops a file: data first, then its marker. Both have this time, so that names made of it are the same
    /// in every run.
    pub(crate) fn drop_file(&self, name: &str, bytes: &[u8], marker: Option<&str>, at_ms: i64) {
        let out = self.root.join("core/out");
        write_at(&out.join(name), bytes, at_ms);
        if let Some(text) = marker {
            // Under its name the marker has its time already: the node may look at any moment.
            write_at(&out.join(".marker"), text.as_bytes(), at_ms);
            fs::rename(out.join(".marker"), out.join(format!("{name}.OK"))).unwrap();
        }
    }

    /// The core drops a batch of 2025-06-20 with so many good trades, as files of a golden case are named.
    #[cfg(feature = "demo")]
    pub(crate) fn drop_batch(&self, batch: u16, trades: u64) {
        let date = fpp_codecs::date::Date { year: 2025, month: 6, day: 20 };
        let spec = Spec { trades, ..Spec::new(Series::Ebcdic, date, batch) };
        let mut bytes = Vec::new();
        generate(&spec, &mut bytes).unwrap();
        self.drop_file(&spec.file_name(), &bytes, Some(""), 1_750_000_000_000);
    }

    /// Names of files in a folder below the site, sorted; none when it is not there.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.root.join(folder)) else { return Vec::new() };
        let mut names: Vec<_> = entries
            .map(|e| e.unwrap())
            .filter(|e| e.file_type().unwrap().is_file())
            .map(|e| e.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// A file below the site.
    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        fs::read(self.root.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }
}

fn write_at(path: &Path, bytes: &[u8], at_ms: i64) {
    fs::write(path, bytes).unwrap();
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(at_ms.unsigned_abs());
    fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}

const NODE: &str = r#"
node = "golden"
installation = "bank"
data_dir = "../data"
routes = "routes/*.toml"

[http]
listen = "127.0.0.1:0"

[work]
rescan_ms = 100
poll_ms = 100
drain_ms = 2000

[spool.core-out]
kind = "local"
path = "../core/out"

[spool.core-in]
kind = "local"
path = "../core/in"

[spool.services]
kind = "local"
path = "../services"
"#;

/// The folder of the sources.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A route of the sample configuration.
pub(crate) fn sample_route(name: &str) -> Table {
    read_table(&repository().join("config/routes").join(format!("{name}.toml")))
}

/// The sample's route with everything: the stream, a required outlet of files, an answer; side files for both.
pub(crate) fn route_with_an_outlet_of_files() -> Table {
    let outlets = r#"
        [[outlet]]
        kind = "stream"
        [[outlet]]
        kind = "file"
        spool = "services"
        name = "PMTRD_{date}_{batch:4}_{run:2}.jsonl"
        sensitive = "clear"
        checksums = ["sha256"]
        marker = "{name}.OK"
    "#;
    let mut route = sample_route("pmtrd");
    overlay(&mut route, &outlets.parse().unwrap());
    route
}

/// The same with an outlet besides that events are pushed to, which the answer waits for, too.
pub(crate) fn route_with_outlets(pushed: &str) -> Table {
    let mut route = route_with_an_outlet_of_files();
    let outlet = format!("kind = \"append\"\nname = \"{pushed}\"\nsensitive = \"clear\"");
    let outlets = route.get_mut("outlet").and_then(Value::as_array_mut).unwrap();
    outlets.push(Value::Table(outlet.parse().unwrap()));
    route
}

/// A TOML file.
pub(crate) fn read_table(path: &Path) -> Table {
    let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Lays changes over a table: tables are merged, everything else is replaced, `"-"` takes a key out.
pub(crate) fn overlay(base: &mut Table, changes: &Table) {
    for (key, change) in changes {
        match (base.get_mut(key), change) {
            (_, Value::String(text)) if text == "-" => {
                base.remove(key);
            }
            (Some(Value::Table(inner)), Value::Table(changes)) => overlay(inner, changes),
            _ => {
                base.insert(key.clone(), change.clone());
            }
        }
    }
}
