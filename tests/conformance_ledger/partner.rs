//! Operators' words about a whole partner: what it took is sent again, what is held for it goes on, delivery by delivery.

use crate::Books;
use crate::shapes::*;
use fpp::delivery::whole::{Again, Held, Meant};
use fpp::ledger::change::Change;
use fpp::ledger::delivery::{Delivery, DeliveryEvent as D, DeliveryState, Purpose};
use fpp::ledger::transfer::{FileEvent as E, Verdict as V};
use fpp_codecs::Code;

pub(crate) async fn what_a_partner_took_is_sent_again_once(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    let taken = [D::Prove, D::Deliver, D::Take];
    for n in 1..=5 {
        let steps = taken.map(|event| deliver(n, event));
        let plan = Change::Plan(Box::new(Delivery { name: format!("N{n}"), ..delivery(n, 1) }));
        apply(&*ledger, i64::from(n), &[plan].into_iter().chain(steps).collect::<Vec<_>>()).await;
    }
    // The name of the fourth came round: the newer file has it, and stands at the partner.
    let newer = Delivery { name: "N4".into(), sha256: "ee".into(), ..delivery(6, 1) };
    apply(&*ledger, 6, &[Change::Plan(Box::new(newer)), deliver(6, D::Prove), deliver(6, D::Deliver)]).await;
    let error = ledger.apply(None, T0 + 7, &[deliver(4, D::Resend)]).await.unwrap_err();
    assert_eq!(error.code, Code::TARGET_EXISTS, "{error}");
    let meant = Meant { spool: "core-in".into(), since_ms: T0 + 2, by: "wang: lost".into() };
    let mut again = Again::begin(meant, T0 + 7);
    let batch = again.batch(&*ledger).await.unwrap();
    assert_eq!(batch.len(), 3, "not the first, which is older, nor the fourth");
    apply(&*ledger, 8, &batch.into_iter().flat_map(|one| one.changes).collect::<Vec<_>>()).await;
    let resent = ledger.delivery(&delivery_id(2)).await.unwrap().unwrap();
    assert_eq!((resent.state, resent.delivered_ms), (DeliveryState::Planned, None));
    assert_eq!(again.passed.len(), 1);
    for n in [2, 3, 5] {
        apply(&*ledger, 9, &taken.map(|event| deliver(n, event))).await;
    }
    assert!(again.batch(&*ledger).await.unwrap().is_empty(), "what was sent again is not sent a second time");
    verified(&*ledger).await;
}

pub(crate) async fn what_is_held_of_a_partner_is_walked(books: &dyn Books) {
    let ledger = books.open().await;
    walk(&*ledger, [1], &[E::Claim, E::Judge(V::Rejected)]).await;
    let park = |n, error: &str| Change::ParkDelivery {
        id: delivery_id(n),
        until_ms: T0,
        error: error.to_owned(),
        failed: true,
    };
    let errors = [(1, "FPP4004 taken"), (2, "held by wang: wait"), (3, "FPP4004 taken"), (4, "FPP4008 unsure")];
    for n in 1..=6 {
        let spool = if n == 5 { "other" } else { "core-in" }.to_owned();
        let purpose = if n == 6 { Purpose::Posting } else { Purpose::Answer };
        let plan = Change::Plan(Box::new(Delivery { name: format!("N{n}"), spool, purpose, ..delivery(n, 1) }));
        apply(&*ledger, i64::from(n), &[plan]).await;
    }
    let open = async |after: Option<u32>, limit| {
        let after = after.map(delivery_id);
        let open = ledger.open_deliveries("core-in", after.as_ref(), limit).await.unwrap();
        open.into_iter().map(|d| d.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!((open(None, 9).await, open(Some(1), 2).await), ("N1 N2 N3 N4".into(), "N2 N3".into()));
    for n in 1..=6 {
        apply(&*ledger, i64::from(n), &[deliver(n, D::Hold)]).await;
    }
    assert_eq!(open(None, 9).await, "", "none is on its way");
    apply(&*ledger, 7, &errors.map(|(n, error)| park(n, error))).await;
    let held = async |since_ms, after: Option<u32>, limit| {
        let after = after.map(delivery_id);
        let held = ledger.held_deliveries("core-in", since_ms, after.as_ref(), limit).await.unwrap();
        held.into_iter().map(|d| d.name).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(held(0, None, 9).await, "N1 N2 N3 N4", "not those of others, nor of outlets");
    assert_eq!((held(T0 + 3, None, 9).await, held(0, Some(1), 2).await), ("N3 N4".into(), "N2 N3".into()));
    let meant = Meant { spool: "core-in".into(), since_ms: T0 + 2, by: "wang: mended".into() };
    let mut walk = Held::begin(meant);
    let tried: Vec<_> = walk.batch(&*ledger).await.unwrap().unwrap();
    assert_eq!((tried.len(), walk.passed), (1, 2), "{tried:?}");
    assert!(tried[0].said.contains("N3"));
    apply(&*ledger, 8, &tried[0].changes).await;
    assert!(walk.batch(&*ledger).await.unwrap().is_none());
    assert_eq!(held(0, None, 9).await, "N1 N2 N4");
    verified(&*ledger).await;
}
