//! What persons say that is about no file alone: what is paused, and what a second person must confirm.

use crate::Books;
use crate::shapes::*;
use fpp::ledger::Ledger;
use fpp::ledger::change::{Change, NewTransfer};
use fpp::ledger::delivery::{Delivery, Purpose};
use fpp::ledger::desk::{Ask, AskId, AskState, Switch, SwitchKind};
use fpp::ledger::transfer::FileEvent as E;

fn switch(kind: SwitchKind, name: &str) -> Switch {
    Switch { kind, name: name.into() }
}

fn pause(kind: SwitchKind, name: &str, paused: bool) -> Change {
    Change::Pause { switch: switch(kind, name), paused, by: "wang: ticket 4711".into() }
}

pub(crate) async fn a_pause_is_seen_by_all_and_outlives_its_node(books: &dyn Books) {
    let (a, b) = (books.open().await, books.open().await);
    walk(&*a, [1, 2], &[]).await;
    let other = NewTransfer { route: "PMTXT".into(), spool: "other".into(), ..arrival(3) };
    apply(&*a, 0, &[Change::Arrive(other), event(2, E::Claim), event(2, E::Stage)]).await;
    let events = Delivery { purpose: Purpose::Events, spool: "bank".into(), ..delivery(2, 2) };
    apply(&*a, 0, &[Change::Plan(Box::new(delivery(1, 2))), Change::Plan(Box::new(events))]).await;
    let due = async |ledger: &dyn Ledger| {
        let transfers = ledger.due_transfers(T0 + 9, 10).await.unwrap();
        let deliveries = ledger.due_deliveries(T0 + 9, 10).await.unwrap();
        let transfers: Vec<_> = (1..=3).filter(|n| transfers.iter().any(|t| t.id == id(*n))).collect();
        let deliveries: Vec<_> = (1..=2).filter(|n| deliveries.iter().any(|d| d.id == delivery_id(*n))).collect();
        (transfers, deliveries)
    };
    assert_eq!(due(&*b).await, (vec![1, 2, 3], vec![1, 2]));
    use SwitchKind as K;
    for (kind, name, left) in [
        (K::Route, "PMTRD", (vec![3], vec![])),
        // The second is staged: its next step does not touch the partner.
        (K::Partner, "core", (vec![2, 3], vec![1, 2])),
        (K::Partner, "core-in", (vec![1, 2, 3], vec![2])),
        (K::Outlet, "PMTRD/bank", (vec![1, 2, 3], vec![1])),
        (K::Outlet, "PMTXT/bank", (vec![1, 2, 3], vec![1, 2])),
        // An answer is no event file.
        (K::Outlet, "PMTRD/core-in", (vec![1, 2, 3], vec![1, 2])),
        (K::Route, "pmtrd", (vec![1, 2, 3], vec![1, 2])),
    ] {
        apply(&*a, 1, &[pause(kind, name, true), pause(kind, name, true)]).await;
        assert_eq!(due(&*b).await, left, "{kind:?} {name}");
        let pauses = books.open_read_only().await.pauses().await.unwrap();
        assert_eq!((pauses.len(), &pauses[0].switch), (1, &switch(kind, name)));
        assert_eq!((pauses[0].since_ms, pauses[0].by.as_str()), (T0 + 1, "wang: ticket 4711"));
        assert_eq!(b.unfinished_deliveries(10).await.unwrap().len(), 2, "paused or not");
        verified(&*books.open().await).await;
        apply(&*b, 2, &[pause(kind, name, false), pause(kind, name, false)]).await;
    }
    assert_eq!(due(&*a).await, (vec![1, 2, 3], vec![1, 2]));
    assert_eq!(a.journal("pauses").await.unwrap().len(), 14, "saying it again is no act");
    apply(&*a, 3, &[pause(K::Route, "PMTRD", true)]).await;
    books.tamper(&["UPDATE pauses SET decided_by = 'nobody'"]).await;
    let broken = a.verify(None).await.unwrap().broken.unwrap();
    assert!(broken.contains("pauses"), "{broken}");
    books.tamper(&["DELETE FROM pauses"]).await;
    assert!(a.verify(None).await.unwrap().broken.is_some(), "a pause that was removed by hand is found");
}

fn ask(n: u32) -> Ask {
    Ask {
        id: AskId(format!("01A{n:023}")),
        verb: "release".into(),
        subject: id(1).0,
        body: "{}".into(),
        effect: "goes on".into(),
        person: "wang".into(),
        reason: "core confirms".into(),
        asked_ms: 0,
        state: AskState::Confirmed,
        closed_by: None,
        closed_ms: None,
    }
}

pub(crate) async fn a_request_is_closed_once_by_many_nodes(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Hold]).await;
    apply(&*ledger, 1, &[Change::Ask(Box::new(ask(1))), Change::Ask(Box::new(ask(2)))]).await;
    let open = ledger.asks(false, 10).await.unwrap();
    assert_eq!((open.len(), open[0].state, open[0].asked_ms), (2, AskState::Open, T0 + 1));
    let mut nodes = tokio::task::JoinSet::new();
    for n in 0..4 {
        let ledger = books.open().await;
        nodes.spawn(async move {
            let settle = Change::Settle { id: ask(1).id, confirmed: true, by: format!("li{n}: ok") };
            ledger.apply(None, T0 + 2, &[event(1, E::Release), settle, event(1, E::Hold)]).await.is_ok()
        });
    }
    let done = nodes.join_all().await.into_iter().filter(|done| *done).count();
    assert_eq!(done, 1, "one confirms, and what it carries out is done once");
    assert_eq!(ledger.journal(&format!("transfer:{}", id(1))).await.unwrap().len(), 5);
    let closed = ledger.ask(&ask(1).id).await.unwrap().unwrap();
    assert_eq!((closed.state, closed.closed_ms), (AskState::Confirmed, Some(T0 + 2)));
    apply(&*ledger, 3, &[Change::Settle { id: ask(2).id, confirmed: false, by: "wang: withdrawn".into() }]).await;
    assert!(ledger.asks(false, 10).await.unwrap().is_empty());
    assert_eq!(ledger.asks(true, 10).await.unwrap().len(), 2);
    let nobody = Change::Settle { id: ask(9).id, confirmed: true, by: "x".into() };
    assert!(ledger.apply(None, T0, &[nobody]).await.is_err());
    verified(&*ledger).await;
    books.tamper(&["UPDATE asks SET person = 'zhao'"]).await;
    let broken = ledger.verify(None).await.unwrap().broken.unwrap();
    assert!(broken.contains("asks"), "{broken}");
}
