//! Compiled plans by digest: the plan as the route stands now, and plans that transfers froze (D6).
//!
//! The bundles of routes are known by identity: each file asks for its route's plan several times, and neither is its digest
//! made each time, nor are its bytes put into the vault ([`Frozen`]).

use super::{Vault, error_of};
use crate::error::Result;
use crate::trade::plan::{Bundle, Plan};
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Plans kept compiled; old ones are dropped beyond this number.
const PLANS_MAX: usize = 64;

/// Largest plan read back from the vault.
const PLAN_BYTES_MAX: u64 = 16 << 20;

/// For so long a plan that is in the vault counts as put: nothing is swept there within days.
const PUT_FOR: Duration = Duration::from_secs(600);

/// A small cache of compiled plans.
#[derive(Default)]
pub struct Plans {
    compiled: Mutex<BTreeMap<String, Arc<Plan>>>,
    /// Bundles that routes have, with their digests.
    digests: Mutex<Vec<(Arc<Bundle>, String)>>,
}

impl Plans {
    /// The plan of a route as it is configured now.
    pub fn current(&self, bundle: &Arc<Bundle>) -> Result<Arc<Plan>> {
        let digest = self.digest(bundle);
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
            .map_err(|e| error_of(e).at(format_args!("the frozen plan {digest}")))?;
        let bundle = Bundle::from_bytes(&bytes)?;
        self.compile(digest.to_owned(), &bundle)
    }

    /// The digest of a route's plan.
    fn digest(&self, bundle: &Arc<Bundle>) -> String {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, digest)) = digests.iter().find(|(known, _)| Arc::ptr_eq(known, bundle)) {
            return digest.clone();
        }
        if digests.len() >= PLANS_MAX {
            digests.remove(0);
        }
        let digest = bundle.digest();
        digests.push((bundle.clone(), digest.clone()));
        digest
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

/// Plans that this node put into its vault, and when.
#[derive(Default)]
pub struct Frozen {
    put: Mutex<BTreeMap<String, Instant>>,
}

impl Frozen {
    /// Keeps the bytes of a route's plan in the vault, as put now or a moment ago; gives its digest.
    pub fn put(&self, plans: &Plans, vault: &dyn Vault, bundle: &Arc<Bundle>) -> Result<String> {
        let digest = plans.digest(bundle);
        let put = self.lock().get(&digest).copied();
        if put.is_some_and(|put| put.elapsed() < PUT_FOR) && vault.holds(&digest)? {
            return Ok(digest);
        }
        let began = Instant::now();
        vault.put_bytes(&bundle.to_bytes())?;
        self.lock().insert(digest.clone(), began);
        Ok(digest)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Instant>> {
        self.put.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trade::plan::rules::Policy;
    use crate::trade::sample;
    use crate::vault::disk::DiskVault;

    #[test]
    fn a_plan_is_put_once_and_again_where_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let vault = DiskVault::open(dir.path(), "n1.A").unwrap();
        let bundle = Arc::new(sample::bundle(false, Policy::Strict).freeze().unwrap().0);
        let (plans, frozen) = (Plans::default(), Frozen::default());
        let put = || frozen.put(&plans, &vault, &bundle).unwrap();
        let digest = put();
        assert_eq!(digest, bundle.digest());
        let put_ms = |vault: &DiskVault| {
            let mut found = None;
            let mut see = |kept: crate::vault::Kept| {
                found = Some(kept.put_ms);
                Ok(())
            };
            vault.contents(&mut see).unwrap();
            found
        };
        let first = put_ms(&vault).unwrap();
        assert_eq!(put(), digest);
        assert_eq!(put_ms(&vault), Some(first), "it counts as put by the first");
        assert!(vault.remove(&digest, i64::MAX).unwrap().is_some());
        assert_eq!(put(), digest);
        assert!(vault.holds(&digest).unwrap());
        assert_eq!(plans.frozen(&vault, &digest).unwrap().digest, plans.current(&bundle).unwrap().digest);
    }
}
