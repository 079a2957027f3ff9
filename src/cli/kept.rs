//! A transfer's file as the vault keeps it, with the layout it was judged by.

use super::books;
use super::exit::Failure;
use crate::error::{Error, Result as Outcome};
use crate::ledger::transfer::Transfer;
use crate::node;
use crate::settings::Settings;
use crate::trade::plan::{Bundle, Plan};
use crate::vault::Vault;
use crate::vault::blocks::Content;
use fpp_codecs::Code;
use std::io::Read;

/// Largest plan read.
const PLAN_BYTES_MAX: u64 = 16 << 20;

/// The file and its plan.
pub(super) struct Kept {
    pub(super) name: String,
    pub(super) content: Content,
    pub(super) plan: Plan,
}

impl Kept {
    /// Finds it. Before a file is judged no plan is frozen for it; then the route's present one is taken.
    pub(super) async fn open(settings: &Settings, id: &str) -> std::result::Result<Kept, Failure> {
        Kept::of(settings, &books::transfer(&*books::open(settings).await?, id).await?)
    }

    /// The same of a transfer that is known.
    pub(super) fn of(settings: &Settings, transfer: &Transfer) -> std::result::Result<Kept, Failure> {
        let Some(sha256) = &transfer.facts.sha256 else {
            return Err(Failure::usage(format!(
                "{} is not in the vault yet (it is {:?})",
                transfer.name, transfer.state
            )));
        };
        let vault = node::vaults::open_read_only(settings)?;
        let plan = match &transfer.facts.plan {
            Some(digest) if vault.holds(digest)? => frozen(&*vault, digest)?,
            _ => match settings.route(&transfer.route) {
                Some(route) => route.bundle(settings)?.compile()?,
                None => return Err(Failure::usage(format!("route `{}` is not configured any more", transfer.route))),
            },
        };
        Ok(Kept { name: transfer.name.clone(), content: vault.open(sha256)?, plan })
    }
}

fn frozen(vault: &dyn Vault, digest: &str) -> Outcome<Plan> {
    let mut bytes = Vec::new();
    let read = vault.open(digest)?.reader_at(0).take(PLAN_BYTES_MAX).read_to_end(&mut bytes);
    read.map_err(|e| Error::halt(Code::VAULT, format!("the frozen plan {digest} cannot be read")).caused_by(e))?;
    Bundle::from_bytes(&bytes)?.compile()
}
