//! Compiled plans by digest: the plan as the route stands now, and plans that transfers froze (D6).

use super::Vault;
use crate::error::{Error, Result};
use crate::trade::plan::{Bundle, Plan};
use fpp_codecs::Code;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Plans kept compiled; old ones are dropped beyond this number.
const PLANS_MAX: usize = 64;

/// Largest plan read back from the vault.
const PLAN_BYTES_MAX: u64 = 16 << 20;

/// A small cache of compiled plans.
#[derive(Default)]
pub struct Plans {
    compiled: Mutex<BTreeMap<String, Arc<Plan>>>,
}

impl Plans {
    /// The plan of a route as it is configured now.
    pub fn current(&self, bundle: &Bundle) -> Result<Arc<Plan>> {
        let digest = bundle.digest();
        if let Some(plan) = self.lock().get(&digest) {
            return Ok(plan.clone());
        }
        self.compile(digest, bundle)
    }

    /// The plan with this digest, from the vault. A plan that this node cannot reproduce holds the file (FPP9004).
    pub fn frozen(&self, vault: &dyn Vault, digest: &str) -> Result<Arc<Plan>> {
        if let Some(plan) = self.lock().get(digest) {
            return Ok(plan.clone());
        }
        let content = vault.open(digest)?;
        let mut bytes = Vec::new();
        content
            .reader_at(0)
            .take(PLAN_BYTES_MAX)
            .read_to_end(&mut bytes)
            .map_err(|e| Error::halt(Code::VAULT, format!("the frozen plan {digest} cannot be read")).caused_by(e))?;
        let bundle = Bundle::from_bytes(&bytes)?;
        self.compile(digest.to_owned(), &bundle)
    }

    fn compile(&self, digest: String, bundle: &Bundle) -> Result<Arc<Plan>> {
        let plan = Arc::new(bundle.compile()?);
        let mut compiled = self.lock();
        while compiled.len() >= PLANS_MAX {
            compiled.pop_first();
        }
        compiled.insert(digest, plan.clone());
        Ok(plan)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Plan>>> {
        self.compiled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
