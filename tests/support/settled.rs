//! Waiting for a node to be done: the bell and a deadline, never a sleep for luck.

use fpp::ledger::Ledger;
use fpp::ledger::delivery::DeliveryState;
use fpp::ledger::transfer::{FileState, Transfer, TransferQuery};
use fpp::node::Node;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a node may take; machines that build meanwhile are slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// All transfers, oldest first.
pub(crate) async fn transfers(ledger: &dyn Ledger) -> Vec<Transfer> {
    let query = TransferQuery { limit: 1_000, ..TransferQuery::default() };
    let mut all = ledger.transfers(&query).await.unwrap();
    all.reverse();
    all
}

/// Whether nothing will happen to a transfer by itself.
pub(crate) fn rests(transfer: &Transfer) -> bool {
    transfer.standing().is_terminal() || transfer.state == FileState::Held
}

/// Waits until so many transfers are in the books, all of them at rest, and no delivery is under way.
pub(crate) async fn settled(node: &Node, count: usize) -> Result<Vec<Transfer>, String> {
    let until = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    loop {
        match at_rest(&*node.ledger, count).await {
            Ok(all) => return Ok(all),
            Err(why) if Instant::now() > until || transfers(&*node.ledger).await.len() > count => return Err(why),
            Err(_) => bell.wait(Duration::from_millis(50)).await,
        }
    }
}

/// So many transfers, all of them at rest, and no delivery under way; or what is still to be done.
pub(crate) async fn at_rest(ledger: &dyn Ledger, count: usize) -> Result<Vec<Transfer>, String> {
    let all = transfers(ledger).await;
    let sent = ledger.deliveries(None, 1_000).await.unwrap();
    let open = |state| matches!(state, DeliveryState::Planned | DeliveryState::Proven);
    if all.len() == count && all.iter().all(rests) && !sent.iter().any(|d| open(d.state)) {
        return Ok(all);
    }
    let states: Vec<_> = all.iter().map(|t| (&t.name, t.state, t.verdict, &t.waiting_for)).collect();
    let sent: Vec<_> = sent.iter().map(|d| (&d.name, d.state, &d.last_error)).collect();
    Err(format!("{count} transfers were to settle; there are {states:?} with {sent:?}"))
}

/// Waits until the node has looked for ids that come again in all that was published, below a site's folder.
pub(crate) async fn looked_at(node: &Node, root: &Path) {
    let last = node.ledger.last_publication().await.unwrap();
    let until = Instant::now() + PATIENCE;
    let mut bell = node.bell.listen();
    loop {
        let list = std::fs::read(root.join("data/ids/tables.json")).unwrap_or_default();
        let list: serde_json::Value = serde_json::from_slice(&list).unwrap_or_default();
        if last == 0 || list["position"].as_u64() >= Some(last) {
            return;
        }
        assert!(Instant::now() < until, "{list} does not come to {last}");
        bell.wait(Duration::from_millis(20)).await;
    }
}
