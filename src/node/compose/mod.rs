//! Opens engines and introduces the rooms to each other: the only place that reads settings for a room. `books.rs`
//! and `vaults.rs` in the folder above open ledger and vault, for commands as well.

mod delivered;
mod folders;
mod routes;
mod scans;

use super::claimer::Claimer;
use super::outage::Outage;
use super::rooms::{Options, Rooms};
use super::status::Status;
use crate::bell::Bell;
use crate::delivery::Deliveries;
use crate::delivery::outlet::Postings;
use crate::error::{Error, Result};
use crate::inbound::examine::threads;
use crate::inbound::work::Inbound;
use crate::settings::Settings;
use crate::vault::plans::Plans;
pub(super) use folders::sftp_settings;
use fpp_codecs::Code;
pub use routes::routes;
pub(super) use scans::{day_flags, scan_rules};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

/// Everything opened and introduced.
pub(super) async fn open(settings: Settings, options: Options) -> Result<Rooms> {
    let Options { clock, wrap_ledger, wrap_vault, wrap_folder, wrap_outlet } = options;
    let opened = super::books::open(&settings).await?;
    let ledger = match wrap_ledger {
        Some(wrap) => wrap(opened),
        None => opened,
    };
    let outage = Arc::new(Outage::default());
    let claimer = Claimer::new(ledger.clone(), &settings, outage.clone());
    let scratch = settings.data_dir.join("scratch");
    empty_folder(&scratch)?;
    let vault = super::vaults::open(&settings, claimer.holder(), &clock)?;
    let vault = match wrap_vault {
        Some(wrap) => wrap(vault),
        None => vault,
    };
    let (folders, partners) = folders::folders(&settings, wrap_folder)?;
    let commands = delivered::commands(&settings, &partners);
    let receipts = delivered::receipts(&settings)?;
    let bell = Bell::default();
    let inbound = Arc::new(Inbound {
        ledger: ledger.clone(),
        vault: vault.clone(),
        routes: routes(&settings, &folders)?,
        plans: Arc::new(Plans::default()),
        frozen: Arc::default(),
        clock: clock.clone(),
        bell: bell.clone(),
        scratch,
        keep_free_bytes: settings.keeping.pause_below_free_bytes,
        intake: Default::default(),
        prove_threads: settings.work.prove_threads.unwrap_or_else(threads),
    });
    let deliveries = Arc::new(Deliveries {
        ledger: ledger.clone(),
        vault,
        folders,
        commands,
        receipts,
        clock: clock.clone(),
        replaceable: settings.may_be_replaced(),
        node: settings.node.clone(),
        reached: Default::default(),
    });
    let postings = Arc::new(Postings {
        books: inbound.books(),
        installation: settings.installation.clone(),
        clock: clock.clone(),
        outlets: super::outlets::outlets(&settings, &clock, wrap_outlet),
    });
    let status = Status::new(&settings, claimer.holder(), clock.clone());
    Ok(Rooms {
        settings,
        ledger,
        inbound,
        deliveries,
        postings,
        partners,
        claimer,
        status,
        clock,
        bell,
        outage,
        life: OnceLock::new(),
        no_space: AtomicBool::new(false),
    })
}

/// What scratch files a killed node left is of no use to anybody.
fn empty_folder(path: &Path) -> Result<()> {
    let cannot =
        |e: std::io::Error| Error::halt(Code::LEDGER, format!("{} cannot be used", path.display())).caused_by(e);
    match std::fs::remove_dir_all(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(cannot(e)),
        _ => {}
    }
    std::fs::create_dir_all(path).map_err(cannot)
}
