//! The demo's own folder: the core's side, the node's configuration, everything that `fpp` verbs can look at afterwards.

use super::server::{CoreServer, USER};
use crate::error::{Error, Result};
use fpp_codecs::Code;
use std::path::{Path, PathBuf};

/// Marks a folder that a demo made, so that only such a folder is ever emptied.
const MARK: &str = ".fpp-demo";

/// Configuration files by their place below `conf/`.
const FILES: &[(&str, &str)] = &[
    ("layouts/pmtrd.toml", include_str!("../../config/layouts/pmtrd.toml")),
    ("layouts/pmtrd-gbk.toml", include_str!("../../config/layouts/pmtrd-gbk.toml")),
    ("layouts/pmtrdh.dds", include_str!("../../config/layouts/pmtrdh.dds")),
    ("layouts/pmtrdd.dds", include_str!("../../config/layouts/pmtrdd.dds")),
    ("layouts/pmtrdt.dds", include_str!("../../config/layouts/pmtrdt.dds")),
    ("layouts/pmack.toml", include_str!("../../config/layouts/pmack.toml")),
    ("layouts/pmack-gbk.toml", include_str!("../../config/layouts/pmack-gbk.toml")),
    ("layouts/pmackh.dds", include_str!("../../config/layouts/pmackh.dds")),
    ("layouts/pmackd.dds", include_str!("../../config/layouts/pmackd.dds")),
    ("events/pmtrd.toml", include_str!("../../config/events/pmtrd.toml")),
    ("answers/pmack.toml", include_str!("../../config/answers/pmack.toml")),
    ("instruments.toml", include_str!("../../config/instruments.toml")),
];

/// One series of the demo: the route that takes it.
pub(super) struct Series {
    /// Route, and the middle of the file names in capitals.
    pub(super) route: &'static str,
    /// FILEID of the names.
    pub(super) file_id: &'static str,
    /// What happens when a total cannot be proven.
    pub(super) unproven: &'static str,
    /// GBK lines instead of EBCDIC records.
    pub(super) gbk: bool,
    /// Events also go to a file of JSON lines.
    pub(super) lines: bool,
}

/// The demo's routes.
pub(super) const SERIES: &[Series] = &[
    Series { route: "pmtrd", file_id: "PMTRD", unproven: "reject", gbk: false, lines: false },
    Series { route: "pmtrd-gbk", file_id: "PMTRDGBK", unproven: "reject", gbk: true, lines: false },
    Series { route: "unproven-reject", file_id: "PMTRDR", unproven: "reject", gbk: false, lines: false },
    Series { route: "unproven-hold", file_id: "PMTRDQ", unproven: "hold", gbk: false, lines: false },
    Series { route: "unproven-accept", file_id: "PMTRDA", unproven: "accept", gbk: false, lines: true },
];

/// The folder and its parts.
pub(super) struct Folder {
    /// All of it.
    pub(super) root: PathBuf,
}

impl Folder {
    /// Makes it, or empties it if an earlier demo made it.
    pub(super) fn make(root: &Path) -> Result<Folder> {
        let cannot = |e: std::io::Error| {
            Error::halt(Code::NO_SPACE, format!("the demo folder {} cannot be made", root.display())).caused_by(e)
        };
        if root.exists() {
            if !root.join(MARK).exists() && root.read_dir().map_err(cannot)?.next().is_some() {
                return Err(Error::halt(Code::RANGE, format!("{} is not a demo's folder", root.display()))
                    .hint("Name another one with --dir; a folder that no demo made is never emptied."));
            }
            std::fs::remove_dir_all(root).map_err(cannot)?;
        }
        let root = std::path::absolute(root).map_err(cannot)?;
        for part in ["core/out", "core/in", "keys", "data", "services", "conf/routes"] {
            std::fs::create_dir_all(root.join(part)).map_err(cannot)?;
        }
        std::fs::write(root.join(MARK), "made by `fpp demo`; emptied by the next one\n").map_err(cannot)?;
        Ok(Folder { root })
    }

    /// What the core drops.
    pub(super) fn out(&self) -> PathBuf {
        self.root.join("core/out")
    }

    /// What the core gets.
    pub(super) fn answers(&self) -> PathBuf {
        self.root.join("core/in")
    }

    /// The node's configuration file.
    pub(super) fn settings_file(&self) -> PathBuf {
        self.root.join("conf/fpp.toml")
    }

    /// Writes the configuration of a node that works with this core.
    pub(super) fn configure(&self, core: &CoreServer, listen: &str) -> Result<()> {
        let conf = self.root.join("conf");
        let write = |name: &str, text: &str| -> Result<()> {
            let path = conf.join(name);
            let make = || {
                path.parent().map(std::fs::create_dir_all).transpose()?;
                std::fs::write(&path, text)
            };
            make()
                .map_err(|e| Error::halt(Code::NO_SPACE, format!("{} cannot be written", path.display())).caused_by(e))
        };
        for (name, text) in FILES {
            write(name, text)?;
        }
        for series in SERIES {
            write(&format!("routes/{}.toml", series.route), &route(series))?;
        }
        write("seal.key", "demo-seal-key-not-for-production\n")?;
        write("fpp.toml", &node(core, listen))
    }
}

fn node(core: &CoreServer, listen: &str) -> String {
    let spool = |name: &str, path: &str| {
        format!(
            "[spool.{name}]\nkind = \"sftp\"\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{USER}\"\n\
             key_file = \"{}\"\nhost_keys = [\"{}\"]\npath = \"{path}\"\nsessions_max = 4\n\n",
            core.port(),
            core.user_key_file().display(),
            core.host_key_fingerprint(),
        )
    };
    format!(
        "# Written by `fpp demo`.\nnode = \"demo\"\ninstallation = \"demo\"\ndata_dir = \"../data\"\n\
         routes = \"routes/*.toml\"\n\n[http]\nlisten = \"{listen}\"\n\n[seal]\nkey_file = \"seal.key\"\n\
         every_ms = 1000\n\n[work]\nrescan_ms = 300\n\n{}{}[spool.services]\nkind = \"local\"\npath = \"../services\"\n",
        spool("core-out", "/out"),
        spool("core-in", "/in"),
    )
}

fn route(series: &Series) -> String {
    let Series { route, file_id, unproven, gbk, lines } = series;
    let twin = if *gbk { "-gbk" } else { "" };
    let outlet = if *lines {
        "[[outlet]]\nkind = \"file\"\nspool = \"services\"\nname = \"EVENTS_{date}_{batch}_{run}.jsonl\"\n\
         checksums = [\"sha256\"]\n\n"
    } else {
        ""
    };
    format!(
        "# Written by `fpp demo`.\nname = \"{route}\"\nspool = \"core-out\"\n\
         files = \"CORE_PMTS_{file_id}_{{date}}_{{batch}}_{{run}}.TXT\"\nformat = \"../layouts/pmtrd{twin}.toml\"\n\
         mapping = \"../events/pmtrd.toml\"\ninstruments = \"../instruments.toml\"\nsource = \"move\"\nmove_to = \"done\"\n\n\
         [ready]\nmarker = \"{{name}}.OK\"\n\n[policy]\nrecords = \"partial\"\nunproven_total = \"{unproven}\"\n\n\
         [identity]\nfrom = \"header\"\ndate = \"BIZDAT\"\nbatch = \"BATNO\"\nrun = \"RUNNO\"\n\n\
         [[outlet]]\nkind = \"stream\"\n\n{outlet}\
         [answer]\nspool = \"core-in\"\nname = \"PMTS_CORE_{file_id}_{{date}}_{{batch}}_{{run}}_{{answer}}.ACK\"\n\
         format = \"../layouts/pmack{twin}.toml\"\nmapping = \"../answers/pmack.toml\"\nchecksums = [\"sha256\"]\n\
         marker = \"{{name}}.OK\"\n"
    )
}
