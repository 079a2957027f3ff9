//! Two files of one identity with different bytes: a person decides, so he is shown what differs.

use super::work::Inbound;
use crate::blocking::blocking;
use crate::error::{Error, Result};
use crate::ledger::transfer::{Identity, Transfer};
use crate::trade::plan::Plan;
use crate::vault::Vault;
use crate::vault::blocks::Reader;
use fpp_codecs::Code;
use fpp_codecs::format::RecordFormat;
use fpp_codecs::framing::Cutter;
use serde_json::{Value, json};
use std::sync::Arc;

/// Differing records that are listed; the rest is counted.
const LISTED_MAX: usize = 20;

/// The error that holds the newer file: both digests and the differing records.
pub async fn other_bytes(
    cx: &Inbound,
    plan: &Arc<Plan>,
    transfer: &Transfer,
    identity: &Identity,
    kept: &Transfer,
) -> Result<Error> {
    let (vault, plan, new, old) = (cx.vault.clone(), plan.clone(), transfer.clone(), kept.clone());
    let differing = blocking(move || differing_records(&*vault, &plan, &old, &new)).await?;
    let kept_run = kept.facts.identity.as_ref().map_or(identity.run, |i| i.run);
    let (name, date, batch, run) = (&transfer.name, &identity.business_date, identity.batch, identity.run);
    let what = if run == kept_run {
        format!(
            "{name}: {date} batch {batch:04} run {run:02} is accepted already with other bytes (transfer {})",
            kept.id
        )
    } else {
        format!(
            "{name}: run {run:02} resends {date} batch {batch:04} and does not fit run {kept_run:02}, which is posted \
             (transfer {}): accepted records are changed, missing or refused now",
            kept.id
        )
    };
    let hint = format!(
        "Compare both with `fpp transfers show {}`, ask the core which one holds, then `fpp release` the new one (its \
         events repeat ids that are already out) or `fpp reject` it.",
        transfer.id
    );
    Ok(Error::halt(Code::OTHER_BYTES, what).hint(hint).with_difference(json!({
        "kept": { "transfer": kept.id, "name": kept.name, "sha256": kept.facts.sha256, "size": kept.facts.size },
        "new": { "transfer": transfer.id, "name": transfer.name, "sha256": transfer.facts.sha256, "size": transfer.facts.size },
        "records": differing,
    })))
}

/// Compares record by record. A file that cannot be cut any further is compared as far as it goes.
fn differing_records(vault: &dyn Vault, plan: &Plan, old: &Transfer, new: &Transfer) -> Result<Value> {
    let open = |t: &Transfer| -> Result<Cutter<Reader>> {
        let content = vault.open(t.facts.sha256.as_deref().unwrap_or_default())?;
        Ok(Cutter::of(&plan.format, content.reader_at(0)))
    };
    let (mut old, mut new) = (open(old)?, open(new)?);
    let (mut listed, mut count, mut n) = (Vec::new(), 0u64, 0u64);
    loop {
        n += 1;
        let (a, b) = (old.next().ok().flatten(), new.next().ok().flatten());
        let (before, after) = match (&a, &b) {
            (None, None) => break,
            (Some(a), Some(b)) if a.bytes == b.bytes => continue,
            (a, b) => (a.map(|c| c.bytes), b.map(|c| c.bytes)),
        };
        count += 1;
        if listed.len() < LISTED_MAX {
            listed.push(match (before, after) {
                (Some(a), Some(b)) => json!({ "record": n, "fields": fields(plan, a, b) }),
                (Some(_), None) => json!({ "record": n, "missing": "new" }),
                _ => json!({ "record": n, "missing": "kept" }),
            });
        }
    }
    Ok(json!({ "count": count, "listed": listed }))
}

/// Names of the fields that differ; never their content.
fn fields(plan: &Plan, a: &[u8], b: &[u8]) -> Vec<String> {
    let format: Option<&RecordFormat> = plan.format.select(b).and_then(|i| plan.format.records.get(i));
    let Some(format) = format else { return vec!["(no layout fits)".to_owned()] };
    let part = |bytes: &[u8], at: usize, len: usize| bytes.get(at..at + len).map(<[u8]>::to_vec);
    format
        .layout
        .fields
        .iter()
        .filter(|f| part(a, f.offset, f.bytes) != part(b, f.offset, f.bytes))
        .map(|f| f.name.clone())
        .collect()
}
