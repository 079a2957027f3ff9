//! What must hold at any moment a node may die at: the outside never sees more than the books know.

use crate::support::settled::transfers;
use crate::support::site::Site;
use fpp::ledger::Ledger;
use fpp::ledger::delivery::{Delivery, DeliveryState, Purpose};
use fpp::ledger::sqlite::SqliteLedger;
use fpp::ledger::transfer::{FileState, Transfer, Verdict};
use fpp_spool::{Algorithm, Digest};

/// What is seen outside and should not be, in words.
pub(crate) fn broken(site: &Site) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let ledger = SqliteLedger::open_read_only(&site.settings().ledger_file()).await.unwrap();
        let mut told: Vec<_> = ledger.verify(None).await.unwrap().broken.into_iter().collect();
        let all = transfers(&ledger).await;
        told.extend(source(site, all.first()));
        for transfer in &all {
            let sent = ledger.deliveries(Some(&transfer.id), 10).await.unwrap();
            told.extend(sent.iter().filter_map(|d| final_name(site, d)));
            told.extend(order(site, transfer, &sent));
        }
        told
    })
}

/// The source goes only after everything about it is durable (I8).
fn source(site: &Site, transfer: Option<&Transfer>) -> Option<String> {
    let gone = !site.names("core/out").iter().any(|name| name.ends_with(".TXT"));
    let may_go = transfer.is_some_and(|t| matches!(t.state, FileState::Acknowledged | FileState::Archived));
    (gone && !may_go).then(|| format!("the source is gone while the books say {:?}", transfer.map(|t| t.state)))
}

/// A file under its final name has the ledger's digest, and was proven before it was renamed (I4, D15).
fn final_name(site: &Site, delivery: &Delivery) -> Option<String> {
    let bytes = std::fs::read(site.root.join(folder(delivery)).join(&delivery.name)).ok()?;
    if Digest::of(Algorithm::Sha256, &bytes).to_string() != delivery.sha256 {
        return Some(format!("{} has other bytes than the books say", delivery.name));
    }
    let unproven = delivery.state == DeliveryState::Planned;
    unproven.then(|| format!("{} stands under its final name before it was proven", delivery.name))
}

/// No answer before the events are durable in every required outlet, the stream included (I3).
fn order(site: &Site, transfer: &Transfer, sent: &[Delivery]) -> Vec<String> {
    let stands = |d: &Delivery| site.root.join(folder(d)).join(&d.name).exists();
    if !sent.iter().any(|d| d.purpose == Purpose::Answer && stands(d)) {
        return Vec::new();
    }
    let mut told = Vec::new();
    let told_of = |d: &&Delivery| d.purpose == Purpose::Events && d.required;
    if !sent.iter().filter(told_of).any(stands) {
        told.push(format!("the answer to {} stands before its events", transfer.name));
    }
    let posted = matches!(transfer.state, FileState::Posted | FileState::Acknowledged | FileState::Archived);
    if transfer.publication.is_none() || !(posted || transfer.verdict == Some(Verdict::Rejected)) {
        told.push(format!("the answer to {} stands while it is {:?}", transfer.name, transfer.state));
    }
    told
}

fn folder(delivery: &Delivery) -> &'static str {
    if delivery.spool == "services" { "services" } else { "core/in" }
}
