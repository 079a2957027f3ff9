//! What a life left behind, for the checker.

use crate::support::checker::evidence::{Evidence, Places};
use crate::support::checker::{at_any_moment, at_the_end, nothing_was_undone};
use crate::support::core::CoreFile;
use crate::support::site::Site;
use fpp::ledger::sqlite::SqliteLedger;
use fpp::vault::disk::DiskVault;

/// Where a site has what.
pub(crate) fn places(site: &Site) -> Places {
    let at = |path: &str| site.root.join(path);
    Places {
        taken: Some(at("taken")),
        rooms: vec![at("data/vault")],
        scratch: vec![at("data/scratch")],
        statuses: vec![at("data/status.json")],
        ..Places::below(&site.root)
    }
}

/// Everything that is there now; nobody writes any more.
pub(crate) fn evidence(site: &Site, file: &CoreFile) -> Evidence {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = site.settings();
        let ledger = SqliteLedger::open_read_only(&settings.ledger_file()).await.unwrap();
        let vault = DiskVault::open_read_only(&settings.vault_dir());
        let evidence = Evidence::whole(&places(site), &ledger, &vault, std::slice::from_ref(file)).await;
        Evidence { outlets: 1, ..evidence }
    })
}

/// What does not hold after a life that was ended, or, with what a consumer received, at the end of all.
pub(crate) fn broken(before: Option<&Evidence>, now: &Evidence) -> Vec<String> {
    let mut told = if now.received.is_empty() { at_any_moment(now) } else { at_the_end(now) };
    told.extend(now.broken.iter().map(|what| format!("I7 violated: {what}")));
    told.extend(before.into_iter().flat_map(|before| nothing_was_undone(before, now)));
    told
}
