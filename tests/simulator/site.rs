//! The ground of a run: folders in memory where the machine has such, the vault, and the route, which is made once for
//! all runs.

use super::outlet::OUTLET;
use crate::support::checker::evidence::Places;
use crate::support::site::{Site, route_with_outlets};
use fpp::inbound::route::Route;
use fpp::vault::Vault;
use fpp::vault::disk::DiskVault;
use fpp::vault::plans::Plans;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A name in the core's folder that no route wants, from the beginning to the end.
pub(crate) const STRAY: &str = "README";

/// Folders, vault and route of one run.
pub(crate) struct Ground {
    _folder: tempfile::TempDir,
    pub(crate) root: PathBuf,
    pub(crate) places: Places,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) route: Arc<Route>,
    pub(crate) plans: Arc<Plans>,
}

struct Template {
    _site: Site,
    route: Arc<Route>,
    plans: Arc<Plans>,
}

/// The sample's route, with an outlet of files and one that events are pushed to besides, both required.
fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let site = Site::make(&route_with_outlets(OUTLET));
        site.configure(&format!("[outlet.{OUTLET}]\nkind = \"append\"\npath = \"../{OUTLET}\"\n"));
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
        std::fs::write(root.join("core/out").join(STRAY), "for people").unwrap();
        let vault = Arc::new(DiskVault::open(&root.join("vault"), "sim").unwrap());
        let template = template();
        let (rooms, scratch) = (vec![root.join("vault")], vec![root.join("scratch")]);
        let places = Places { rooms, scratch, ..Places::below(&root) };
        Ground { _folder: folder, root, places, vault, route: template.route.clone(), plans: template.plans.clone() }
    }
}
