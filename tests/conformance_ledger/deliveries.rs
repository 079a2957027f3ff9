//! Cases on deliveries.

use crate::Books;
use crate::shapes::*;
use fpp::error::Class;
use fpp::ledger::change::Change;
use fpp::ledger::delivery::{Delivery, DeliveryEvent as D, DeliveryState as S};
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use fpp_codecs::Code;

fn plan(delivery: Delivery) -> Change {
    Change::Plan(Box::new(delivery))
}

fn sleep(n: u32) -> Change {
    Change::Park { id: id(n), until_ms: i64::MAX, waiting_for: "its answer".into(), failed: false }
}

pub(crate) async fn a_plan_is_made_once(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1, 2], &[E::Claim]).await;
    apply(&*ledger, 1, &[plan(delivery(1, 1))]).await;
    let again = Delivery { id: delivery_id(2), ..delivery(1, 1) };
    apply(&*ledger, 2, &[plan(again.clone())]).await;
    assert_eq!(ledger.delivery(&delivery_id(2)).await.unwrap(), None);
    let planned = ledger.delivery(&delivery_id(1)).await.unwrap().unwrap();
    assert_eq!(planned, Delivery { planned_ms: T0 + 1, updated_ms: T0 + 1, ..delivery(1, 1) });
    assert_eq!(ledger.delivery_named("core-in", "PMACK_1.TXT").await.unwrap(), Some(planned));
    assert_eq!(ledger.delivery_named("core-in", "PMACK_9.TXT").await.unwrap(), None);

    let other_bytes = Delivery { sha256: "ff".into(), ..again.clone() };
    let other_transfer = Delivery { transfer: id(2), ..again.clone() };
    for wrong in [other_bytes, other_transfer.clone()] {
        let error = ledger.apply(None, T0, &[plan(wrong)]).await.unwrap_err();
        assert_eq!((error.code, error.class), (Code::TARGET_EXISTS, Class::Halt), "{error}");
    }
    apply(&*ledger, 3, &[deliver(1, D::Prove), deliver(1, D::Deliver), deliver(1, D::Take)]).await;
    apply(&*ledger, 4, &[plan(other_transfer)]).await;
    let newest = ledger.delivery_named("core-in", "PMACK_1.TXT").await.unwrap().unwrap();
    assert_eq!(newest.id, delivery_id(2), "a name that was taken is free again");
    let mut of_both = ledger.deliveries_of(&[id(2), id(9), id(1)]).await.unwrap();
    of_both.sort_by(|a, b| a.id.0.cmp(&b.id.0));
    let each = [ledger.deliveries(Some(&id(1)), 10).await.unwrap(), ledger.deliveries(Some(&id(2)), 10).await.unwrap()];
    assert_eq!((of_both.len(), of_both), (2, each.concat()));
    assert!(ledger.deliveries_of(&[]).await.unwrap().is_empty());
    let nobody = Delivery { transfer: id(9), ..delivery(3, 9) };
    assert!(ledger.apply(None, T0, &[plan(nobody)]).await.is_err(), "a delivery belongs to a transfer");
    verified(&*ledger).await;
}

/// However many a partner leaves standing, a look at all of them in turn comes to its end.
pub(crate) async fn what_is_untaken_is_read_page_by_page(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    // Three at one time, so that the id must tell where a page ends.
    for (n, at) in [(3, 4), (1, 7), (5, 7), (2, 7), (4, 9)] {
        let changes = [plan(delivery(n, 1)), deliver(n, D::Prove), deliver(n, D::Deliver)];
        apply(&*ledger, at, &changes).await;
    }
    let mut seen = Vec::new();
    let mut last: Option<Delivery> = None;
    loop {
        let page = ledger.untaken_deliveries(last.as_ref(), 2).await.unwrap();
        seen.extend(page.iter().map(|d| d.id.clone()));
        let Some(newest) = page.last() else { break };
        last = Some(newest.clone());
    }
    assert_eq!(seen, [3, 1, 2, 5, 4].map(delivery_id));
    verified(&*ledger).await;
}

pub(crate) async fn a_delivery_walks_and_wakes_its_transfer(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    apply(&*ledger, 1, &[plan(delivery(1, 1)), plan(delivery(2, 1)), sleep(1)]).await;
    assert!(ledger.due_transfers(i64::MAX - 1, 10).await.unwrap().is_empty());
    assert_eq!(ledger.due_deliveries(T0 + 1, 10).await.unwrap().len(), 2);
    let error = ledger.apply(None, T0 + 2, &[deliver(1, D::Deliver)]).await.unwrap_err();
    assert_eq!(error.code, Code::INTERNAL, "not read back yet: {error}");
    apply(&*ledger, 3, &[deliver(1, D::Prove)]).await;
    assert!(ledger.due_transfers(T0 + 9, 10).await.unwrap().is_empty());
    apply(&*ledger, 4, &[deliver(1, D::Deliver)]).await;
    assert_eq!(ledger.due_transfers(T0 + 4, 10).await.unwrap().len(), 1);
    let untaken = ledger.untaken_deliveries(None, 10).await.unwrap();
    assert_eq!(untaken.len(), 1);
    assert_eq!((untaken[0].state, untaken[0].delivered_ms), (S::Delivered, Some(T0 + 4)));
    assert_eq!(ledger.due_deliveries(T0 + 4, 10).await.unwrap().len(), 1);
    apply(&*ledger, 5, &[deliver(1, D::Take)]).await;
    assert!(ledger.untaken_deliveries(None, 10).await.unwrap().is_empty());
    let ids = |list: Vec<Delivery>| list.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>();
    assert_eq!(ids(ledger.deliveries(Some(&id(1)), 10).await.unwrap()), [delivery_id(1), delivery_id(2)]);
    assert_eq!(ids(ledger.deliveries(None, 1).await.unwrap()), [delivery_id(2)]);
    verified(&*ledger).await;
}

/// Who looked into the partner's folder, stood still and goes on takes nothing that was delivered anew meanwhile.
pub(crate) async fn an_old_look_takes_nothing_that_was_sent_again(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    let out = [deliver(1, D::Prove), deliver(1, D::Deliver)];
    apply(&*ledger, 1, &[plan(delivery(1, 1))]).await;
    apply(&*ledger, 2, &out).await;
    let take = |at| Change::Take { id: delivery_id(1), delivered_ms: Some(T0 + at) };
    let state = async || ledger.delivery(&delivery_id(1)).await.unwrap().unwrap().state;
    apply(&*ledger, 3, &[take(2)]).await;
    assert_eq!(state().await, S::Taken);
    apply(&*ledger, 4, &[take(2), deliver(1, D::Resend)]).await;
    apply(&*ledger, 5, &[take(2)]).await;
    assert_eq!(state().await, S::Planned);
    apply(&*ledger, 6, &out).await;
    apply(&*ledger, 7, &[take(2)]).await;
    assert_eq!(state().await, S::Delivered, "the look was of the first one");
    apply(&*ledger, 8, &[take(6)]).await;
    assert_eq!(state().await, S::Taken);
    verified(&*ledger).await;
}

/// A rename that was refused, where the file was put, and a person's word for a file that nobody finds.
pub(crate) async fn what_became_of_a_proven_file_is_in_the_books(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    let prove = || Change::Prove { id: delivery_id(1), folder: Some("2a.1".into()) };
    apply(&*ledger, 1, &[plan(delivery(1, 1)), prove()]).await;
    let park = Change::ParkDelivery { id: delivery_id(1), until_ms: T0 + 2, error: "refused".into(), failed: true };
    for attempts in 1..=3 {
        apply(&*ledger, 2, &[deliver(1, D::Fail), park.clone()]).await;
        let delivery = ledger.delivery(&delivery_id(1)).await.unwrap().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (S::Planned, attempts), "it counts on over its proofs");
        apply(&*ledger, 3, &[prove()]).await;
    }
    apply(&*ledger, 4, &[deliver(1, D::Deliver)]).await;
    let vouch = Change::MoveDelivery { id: delivery_id(1), event: D::Vouch, by: Some("wang: it has it".into()) };
    apply(&*ledger, 5, &[vouch]).await;
    assert_eq!(ledger.delivery(&delivery_id(1)).await.unwrap().unwrap().state, S::Taken);
    let journal = ledger.journal(&format!("delivery:{}", delivery_id(1))).await.unwrap();
    assert_eq!(journal.iter().filter(|row| row.entry.contains(r#""folder":"2a.1""#)).count(), 4, "{journal:?}");
    verified(&*ledger).await;
}

/// The flow looks, sees a delivery on its way and puts the transfer to sleep; the delivery may arrive in between.
pub(crate) async fn a_transfer_does_not_sleep_past_its_last_delivery(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    let changes = [plan(delivery(1, 1)), plan(delivery(2, 1)), deliver(1, D::Prove), deliver(1, D::Deliver)];
    apply(&*ledger, 1, &changes).await;
    apply(&*ledger, 2, &[sleep(1)]).await;
    assert!(ledger.due_transfers(T0 + 9, 10).await.unwrap().is_empty(), "one is still on its way");
    apply(&*ledger, 3, &[deliver(2, D::Prove), deliver(2, D::Deliver), sleep(1)]).await;
    assert_eq!(ledger.due_transfers(T0 + 3, 10).await.unwrap().len(), 1);
}

pub(crate) async fn what_is_due_besides_some_spools_is_found_behind_them(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, 1..=4, &[E::Claim]).await;
    let to = |n: u32, spool: &str| plan(Delivery { spool: spool.into(), ..delivery(n, n) });
    apply(&*ledger, 1, &[to(1, "hangs"), to(2, "hangs"), to(3, "hangs-too"), to(4, "well")]).await;
    let besides = async |spools: &[&str], limit: u32| -> Vec<_> {
        let spools: Vec<String> = spools.iter().map(|spool| (*spool).to_owned()).collect();
        let due = ledger.due_deliveries_besides(T0 + 9, &spools, limit).await.unwrap();
        due.into_iter().map(|d| d.id).collect()
    };
    assert_eq!(besides(&[], 2).await, [delivery_id(1), delivery_id(2)]);
    assert_eq!(besides(&["hangs"], 1).await, [delivery_id(3)]);
    assert_eq!(besides(&["hangs", "hangs-too"], 9).await, [delivery_id(4)]);
    let spool = ledger.transfer(&id(1)).await.unwrap().unwrap().spool;
    assert_eq!(ledger.due_transfers_besides(T0 + 9, &[spool], 9).await.unwrap(), []);
    assert_eq!(ledger.due_transfers_besides(T0 + 9, &["other".into()], 9).await.unwrap().len(), 4);
}

pub(crate) async fn a_delivery_is_tried_again_later(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim]).await;
    apply(&*ledger, 1, &[plan(delivery(1, 1))]).await;
    let park = Change::ParkDelivery { id: delivery_id(1), until_ms: T0 + 50, error: "refused".into(), failed: true };
    apply(&*ledger, 2, &[park.clone(), park]).await;
    assert!(ledger.due_deliveries(T0 + 49, 10).await.unwrap().is_empty());
    let parked = ledger.due_deliveries(T0 + 50, 10).await.unwrap().remove(0);
    assert_eq!((parked.attempts, parked.last_error.as_str()), (2, "refused"));
    let far = Change::ParkDelivery {
        id: delivery_id(1),
        until_ms: T0 + 5 * 3_600_000,
        error: "refused".into(),
        failed: true,
    };
    apply(&*ledger, 55, &[far]).await;
    assert_eq!(ledger.due_deliveries(T0, 10).await.unwrap().len(), 1, "parked by a clock that is hours ahead");
    apply(&*ledger, 60, &[deliver(1, D::Hold)]).await;
    assert_eq!(
        ledger.delivery(&delivery_id(1)).await.unwrap().unwrap().attempts,
        3,
        "a hold shows how often it was tried"
    );
    assert!(ledger.due_deliveries(i64::MAX, 10).await.unwrap().is_empty());
    apply(&*ledger, 70, &[deliver(1, D::Retry)]).await;
    let again = ledger.due_deliveries(T0 + 70, 10).await.unwrap().remove(0);
    assert_eq!((again.state, again.attempts, again.last_error.as_str()), (S::Planned, 0, ""));
    verified(&*ledger).await;
}
