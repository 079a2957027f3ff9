//! The ground of a run: folders in memory where the machine has such, the vault, the route, and the files of the core,
//! which are made once for all runs.

use crate::support::site::{Site, overlay, sample_route};
use fpp::demo::generate::{Flaw, Harm, Series, Spec, Spoil, generate};
use fpp::inbound::route::Route;
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use fpp::vault::plans::Plans;
use fpp_codecs::date::Date;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Trades of a file.
pub(crate) const TRADES: u64 = 3;

/// What a file must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Accepted,
    Partly,
    Rejected,
}

/// A file of the core.
#[derive(Clone)]
pub(crate) struct CoreFile {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) due: Due,
}

/// The file of a batch: good, with a bad record, or with a trailer that lies.
pub(crate) fn core_file(batch: u16, due: Due) -> CoreFile {
    let spoils = match due {
        Due::Accepted => Vec::new(),
        Due::Partly => vec![Spoil::Record { trade: 2, flaw: Flaw::FeeDigit }],
        Due::Rejected => vec![Spoil::File(Harm::LyingAmount)],
    };
    let date = Date { year: 2025, month: 6, day: 20 };
    let spec = Spec { trades: TRADES, spoils, ..Spec::new(Series::Ebcdic, date, batch) };
    let mut bytes = Vec::new();
    generate(&spec, &mut bytes).unwrap();
    CoreFile { name: spec.file_name(), bytes, due }
}

/// Folders, vault and route of one run.
pub(crate) struct Ground {
    _folder: tempfile::TempDir,
    pub(crate) root: PathBuf,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) route: Arc<Route>,
    pub(crate) plans: Arc<Plans>,
}

struct Template {
    _site: Site,
    route: Arc<Route>,
    plans: Arc<Plans>,
}

/// The sample's route, with a required outlet of files besides.
fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
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
        let site = Site::make(&route);
        let routes = fpp::node::routes(&site.settings(), &BTreeMap::new()).unwrap();
        let route = routes.into_values().next().unwrap();
        Template { _site: site, route, plans: Arc::default() }
    })
}

impl Ground {
    pub(crate) fn new() -> Ground {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("fpp-sim").tempdir_in(place).unwrap();
        let root = folder.path().to_owned();
        for path in ["core/out/done", "core/in", "services"] {
            std::fs::create_dir_all(root.join(path)).unwrap();
        }
        let vault = Arc::new(DiskVault::open(&root.join("vault"), "sim").unwrap());
        let template = template();
        Ground { _folder: folder, root, vault, route: template.route.clone(), plans: template.plans.clone() }
    }
}
