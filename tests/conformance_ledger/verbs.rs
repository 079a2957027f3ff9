//! Operators' verbs: each on every standing that legal moves lead to does what the table says, and is in the chain.

use crate::Books;
use crate::shapes::*;
use fpp::delivery::verbs as deliveries;
use fpp::inbound::verbs::{Request, changes, row_of};
use fpp::ledger::Ledger;
use fpp::ledger::change::{Change, Fence, NewTransfer};
use fpp::ledger::delivery::{Delivery, DeliveryEvent as D, DeliveryState, Purpose};
use fpp::ledger::lease::LeaseKey;
use fpp::ledger::transfer::{Facts, FileEvent as E, FileState as S, Halted, Standing, Transfer, Verdict as V};
use fpp::ledger::verbs::{Effect, FILES, Next, Row, Verb, of_delivery};
use fpp_codecs::Code;
/// Every standing that legal moves lead to, each with one way to it.
fn reachable() -> Vec<(Standing, Vec<E>)> {
    let mut found = vec![(Standing::ARRIVED, Vec::new())];
    let mut at = 0;
    while let Some((standing, way)) = found.get(at).cloned() {
        for event in FILE_EVENTS {
            let Ok(next) = standing.next(event) else { continue };
            if !found.iter().any(|(known, _)| *known == next) {
                found.push((next, way.iter().copied().chain([event]).collect()));
            }
        }
        at += 1;
    }
    assert!(found.len() > 30, "{}", found.len());
    found
}

fn request(n: u32) -> Request {
    Request {
        id: id(n),
        reason: "ticket 4711".into(),
        digest: None,
        skip: None,
        core_agreed: true,
        outlet: None,
        by: "wang".into(),
    }
}

pub(crate) async fn every_verb_on_every_standing_does_what_the_table_says(books: &dyn Books) {
    let ledger = books.open().await;
    let mut used = vec![false; FILES.len()];
    let mut n = 0;
    for (standing, way) in reachable() {
        for verb in Verb::ALL {
            n += 1;
            brought(&*ledger, n, &way).await;
            let row = row_of(verb, &transfer(&*ledger, n).await);
            used[FILES.iter().position(|of| std::ptr::eq(of, row)).unwrap()] = true;
            said(&*ledger, n, verb, standing).await;
        }
    }
    // Codes that only one row asks for.
    let halted = |code: Code| Halted { code: code.0, ..Halted::default() };
    let for_codes = [
        (Code::TOO_LONG, Verb::Reject, Effect::Close, vec![E::Claim, E::Stage]),
        (Code::GAP, Verb::Release, Effect::GoOn, vec![E::Claim, E::Stage, E::Judge(V::Accepted)]),
    ];
    for (code, verb, effect, way) in for_codes {
        n += 1;
        brought(&*ledger, n, &way).await;
        let facts = match way.len() {
            2 => Facts { code: Some(code.0), ..Facts::default() },
            _ => Facts { halted: Some(halted(code)), ..Facts::default() },
        };
        apply(&*ledger, 1, &[Change::Move { id: id(n), event: E::Hold, facts: Box::new(facts), by: None }]).await;
        let stands = transfer(&*ledger, n).await;
        let row = row_of(verb, &stands);
        assert_eq!((row.effect, row.code), (effect, Some(code)));
        used[FILES.iter().position(|of| std::ptr::eq(of, row)).unwrap()] = true;
        said(&*ledger, n, verb, stands.standing()).await;
    }
    let idle: Vec<_> = FILES.iter().zip(&used).filter(|(_, used)| !**used).map(|(row, _)| row).collect();
    assert!(idle.is_empty(), "rows that never count: {idle:?}");
    verified(&*ledger).await;
}

/// A transfer of its own batch, brought to a standing, with one delivery that is planned and one that was taken.
async fn brought(ledger: &dyn Ledger, n: u32, way: &[E]) {
    let mut steps = vec![Change::Arrive(NewTransfer { arrival_key: format!("k{n}"), ..arrival(n) })];
    for (at, d) in [2 * n, 2 * n + 1].into_iter().enumerate() {
        let purpose = if at == 0 { Purpose::Events } else { Purpose::Answer };
        steps.push(Change::Plan(Box::new(Delivery { purpose, ..delivery(d, n) })));
        if at == 1 {
            steps.extend([deliver(d, D::Prove), deliver(d, D::Deliver), deliver(d, D::Take)]);
        }
    }
    steps.extend(way.iter().map(|e| event(n, *e)));
    apply(ledger, 0, &steps).await;
}

async fn said(ledger: &dyn Ledger, n: u32, verb: Verb, standing: Standing) {
    let before = transfer(ledger, n).await;
    assert_eq!(before.standing(), standing);
    let row = row_of(verb, &before);
    let sent = ledger.deliveries(Some(&id(n)), 10).await.unwrap();
    // What is mapped anew is made of the vault: `tests/corrections.rs`.
    if row.effect == Effect::MapAnew {
        return assert_eq!(row.next, Next::NewTransfer);
    }
    let made = changes(row.effect, &before, &sent, &request(n), T0 + 5).unwrap();
    let what = format!("{verb:?} of {standing:?}");
    assert_eq!(made.is_empty(), row.effect == Effect::Refused, "{what}");
    let rows = ledger.journal(&format!("transfer:{}", id(n))).await.unwrap().len();
    let applied = if made.is_empty() { Default::default() } else { ledger.apply(None, T0 + 5, &made).await.unwrap() };
    let after = transfer(ledger, n).await;
    let due = match row.next {
        Next::Held => standing.next(E::Hold).unwrap(),
        Next::WhereHeld | Next::ThenRejected => standing.next(E::Release).unwrap(),
        Next::Rejected => standing.next(E::Judge(V::Rejected)).unwrap(),
        Next::Closed => standing.next(E::Close).unwrap(),
        Next::AtOnce | Next::NewTransfer | Next::Same => standing,
    };
    assert_eq!(after.standing(), due, "{what}");
    assert_eq!(!applied.arrived.is_empty(), row.next == Next::NewTransfer, "{what}");
    assert_eq!(after.next_attempt_ms == T0 + 5, !matches!(row.next, Next::NewTransfer | Next::Same), "{what}");
    if row.next == Next::ThenRejected {
        assert_eq!(after.facts.refused.as_deref(), Some("refused by an operator: ticket 4711"), "{what}");
    }
    if row.next == Next::Held {
        assert_eq!(after.facts.hold(after.verdict).0, Some(Code::STOPPED.0), "{what}");
    }
    // Who and why stand in the file's own chain, or in those of its deliveries.
    let journal = ledger.journal(&format!("transfer:{}", id(n))).await.unwrap();
    match row.effect {
        Effect::Refused | Effect::Anew | Effect::SendAgain => assert_eq!(journal.len(), rows, "{what}"),
        _ => {
            let due = if row.effect == Effect::Skip { 2 } else { 1 };
            assert_eq!(journal.len(), rows + due, "{what}");
            // Between them may stand what the word means for the file.
            let entry = &journal[rows].entry;
            assert!(entry.contains("wang: ") && entry.contains("ticket 4711"), "{what}: {entry}");
        }
    }
    let state = |d: u32| async move { ledger.delivery(&delivery_id(d)).await.unwrap().unwrap().state };
    let (planned, taken) = (state(2 * n).await, state(2 * n + 1).await);
    let again = row.effect == Effect::SendAgain;
    assert_eq!(taken, if again { DeliveryState::Planned } else { DeliveryState::Taken }, "{what}");
    seen_by_the_core(row, &before, &after, again || !applied.arrived.is_empty());
    let held = row.effect == Effect::Stop;
    assert_eq!(planned, if held { DeliveryState::Held } else { DeliveryState::Planned }, "{what}");
}

/// What the table says that the core sees is what follows from the state after it. `sends`: an answer goes again, or one of a
/// new transfer will.
fn seen_by_the_core(row: &Row, before: &Transfer, after: &Transfer, sends: bool) {
    let what = format!("{row:?}");
    let is_silent = row.core.starts_with("nothing") || row.core.starts_with("no answer");
    // Sooner is nothing new.
    let goes_on = matches!(row.next, Next::WhereHeld | Next::ThenRejected | Next::Rejected | Next::AtOnce);
    assert_eq!(is_silent, !(sends || goes_on) || row.effect == Effect::Hurry, "{what}");
    let refused = |t: &Transfer| t.verdict == Some(V::Rejected) || t.facts.refused.is_some();
    assert_eq!(row.core.contains("rejecting answer"), refused(after) && !refused(before), "{what}");
    assert_eq!(row.core.starts_with("no answer from fpp"), after.closed && !before.closed, "{what}");
    assert_eq!(row.core.contains("second answer"), row.next == Next::NewTransfer, "{what}");
    assert_eq!(row.core.contains("same bytes"), row.effect == Effect::SendAgain, "{what}");
}

pub(crate) async fn what_was_held_with_its_file_goes_on_with_it(books: &dyn Books) {
    let ledger = books.open().await;
    brought(&*ledger, 1, &[E::Claim, E::Stage, E::Judge(V::Accepted), E::Post]).await;
    for (verb, due) in [(Verb::Hold, DeliveryState::Held), (Verb::Release, DeliveryState::Planned)] {
        let stands = transfer(&*ledger, 1).await;
        let sent = ledger.deliveries(Some(&id(1)), 10).await.unwrap();
        let made = changes(row_of(verb, &stands).effect, &stands, &sent, &request(1), T0 + 1).unwrap();
        apply(&*ledger, 1, &made).await;
        assert_eq!(ledger.delivery(&delivery_id(2)).await.unwrap().unwrap().state, due, "{verb:?}");
    }
    assert_eq!(transfer(&*ledger, 1).await.state, S::Posted);
    verified(&*ledger).await;
}

/// A person who speaks of a file says nothing about a command of which nobody knows whether it ran.
pub(crate) async fn a_command_is_not_repeated_by_a_word_about_its_file(books: &dyn Books) {
    let ledger = books.open().await;
    brought(&*ledger, 1, &[E::Claim, E::Stage, E::Judge(V::Accepted), E::Post]).await;
    let command = |n: u32| Delivery { purpose: Purpose::Command, name: format!("load/{n}"), ..delivery(n, 1) };
    let park = |n| Change::ParkDelivery {
        id: delivery_id(n),
        until_ms: T0,
        error: "FPP4011 nobody knows".into(),
        failed: true,
    };
    let plans = [7, 8].map(|n| Change::Plan(Box::new(command(n))));
    apply(
        &*ledger,
        1,
        &[&plans[..], &[deliver(7, D::Prove), deliver(8, D::Prove), deliver(8, D::Hold), park(8)]].concat(),
    )
    .await;
    for verb in [Verb::Hold, Verb::Release, Verb::Retry] {
        let stands = transfer(&*ledger, 1).await;
        let sent = ledger.deliveries(Some(&id(1)), 10).await.unwrap();
        let made = changes(row_of(verb, &stands).effect, &stands, &sent, &request(1), T0 + 2).unwrap();
        apply(&*ledger, 2, &made).await;
        for (n, due) in [(7, DeliveryState::Proven), (8, DeliveryState::Held)] {
            assert_eq!(ledger.delivery(&delivery_id(n)).await.unwrap().unwrap().state, due, "{verb:?} {n}");
        }
    }
    verified(&*ledger).await;
}

/// The worker that is at it finds its lease of no help.
pub(crate) async fn what_a_person_holds_no_worker_moves(books: &dyn Books) {
    let ledger = books.open().await;
    brought(&*ledger, 1, &[E::Claim, E::Stage]).await;
    let key = LeaseKey("transfer:1".into());
    let lease = ledger.take_lease(&key, "a/1", None).await.unwrap().unwrap();
    let fence = Fence { key, epoch: lease.epoch, holder: lease.holder };
    apply(&*ledger, 1, &[event(1, E::Hold), deliver(2, D::Hold)]).await;
    let worker = [
        event(1, E::Judge(V::Rejected)),
        event(1, E::Judge(V::Accepted)),
        event(1, E::Release),
        deliver(2, D::Prove),
        Change::Plan(Box::new(delivery(9, 1))),
    ];
    for change in worker {
        let error = ledger.apply(Some(&fence), T0 + 2, std::slice::from_ref(&change)).await.unwrap_err();
        assert_eq!(error.code, Code::STALE_EPOCH, "{change:?}: {error}");
    }
    assert_eq!(transfer(&*ledger, 1).await.standing().state, S::Held);
    verified(&*ledger).await;
}

pub(crate) async fn every_verb_on_every_delivery_does_what_the_table_says(books: &dyn Books) {
    use DeliveryState as DS;
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    let ways: [(DS, &[D]); 5] = [
        (DS::Planned, &[]),
        (DS::Proven, &[D::Prove]),
        (DS::Delivered, &[D::Prove, D::Deliver]),
        (DS::Taken, &[D::Prove, D::Deliver, D::Take]),
        (DS::Held, &[D::Hold]),
    ];
    let mut n = 0;
    let purposes = [Purpose::Answer, Purpose::Command, Purpose::Events, Purpose::Posting].into_iter();
    for (purpose, (state, way)) in purposes.flat_map(|purpose| ways.map(|way| (purpose, way))) {
        for verb in Verb::ALL {
            n += 1;
            let steps = way.iter().map(|event| deliver(n, *event));
            // What is given up must be optional, what is deferred required.
            let required = verb != Verb::Release;
            let plan = Change::Plan(Box::new(Delivery { purpose, required, ..delivery(n, 1) }));
            apply(&*ledger, 0, &[plan].into_iter().chain(steps).collect::<Vec<_>>()).await;
            // Of a held file it is said where nobody knows whether the partner has it.
            let error = "FPP4008 nobody knows".to_owned();
            let park = Change::ParkDelivery { id: delivery_id(n), until_ms: T0, error, failed: true };
            apply(&*ledger, 0, &[park]).await;
            let row = of_delivery(verb, purpose, state).unwrap();
            let planned = deliveries::plan(&*ledger, T0 + 1, verb, &delivery_id(n), "wang: ticket 4711").await;
            assert_eq!(planned.is_ok(), row.next.is_some(), "{verb:?} {purpose:?} {state:?}");
            let due = row.next.unwrap_or(state);
            if let Ok(planned) = planned {
                apply(&*ledger, 1, &planned.unwrap().changes).await;
                let last = ledger.journal(&format!("delivery:{}", delivery_id(n))).await.unwrap().pop().unwrap();
                assert!(last.entry.contains("wang: ticket 4711"), "{}", last.entry);
            }
            assert_eq!(
                ledger.delivery(&delivery_id(n)).await.unwrap().unwrap().state,
                due,
                "{verb:?} {purpose:?} {state:?}"
            );
        }
    }
    assert!(deliveries::plan(&*ledger, T0, Verb::Hold, &delivery_id(999), "x").await.unwrap().is_none());
    verified(&*ledger).await;
}
