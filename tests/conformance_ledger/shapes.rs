//! Transfers, deliveries and rejects for the cases.

use fpp::ledger::Ledger;
use fpp::ledger::change::{Applied, Change, NewNotice, NewTransfer, Reject};
use fpp::ledger::delivery::{Delivery, DeliveryEvent, DeliveryId, DeliveryState, Purpose};
use fpp::ledger::transfer::{Facts, FileEvent, Identity, Transfer, TransferId, Verdict};

pub(crate) const T0: i64 = 1_767_225_600_000;

/// Takes the next row of the first transfer's journal, so that nobody else gets it.
pub(crate) const NEXT_ROW: &str = "INSERT INTO journal (book_date, subject, n, at_ms, entry, previous, hash) \
     SELECT book_date, subject, n + 1, 0, '{}', '', '' FROM heads WHERE subject = 'transfer:01T00000000000000000000001'";

/// Everything that may happen to a file.
pub(crate) const FILE_EVENTS: [FileEvent; 12] = [
    FileEvent::Claim,
    FileEvent::Stage,
    FileEvent::Judge(Verdict::Accepted),
    FileEvent::Judge(Verdict::Partly),
    FileEvent::Judge(Verdict::Rejected),
    FileEvent::Judge(Verdict::Duplicate),
    FileEvent::Post,
    FileEvent::Acknowledge,
    FileEvent::Archive,
    FileEvent::Hold,
    FileEvent::Release,
    FileEvent::Close,
];

pub(crate) fn id(n: u32) -> TransferId {
    TransferId(format!("01T{n:023}"))
}

pub(crate) fn delivery_id(n: u32) -> DeliveryId {
    DeliveryId(format!("01D{n:023}"))
}

pub(crate) fn identity(batch: u32) -> Identity {
    Identity { route: "PMTRD".into(), business_date: "2026-01-05".into(), batch, run: 0 }
}

/// Arrival `n`, with batch `n` of its day.
pub(crate) fn arrival(n: u32) -> NewTransfer {
    NewTransfer {
        id: id(n),
        route: "PMTRD".into(),
        spool: "core".into(),
        name: format!("PMTRD_{n}.TXT"),
        arrival_key: format!("core/PMTRD_{n}.TXT/480/{n}"),
        facts: Facts { size: Some(480), identity: Some(identity(n)), ..Facts::default() },
    }
}

pub(crate) fn event(n: u32, event: FileEvent) -> Change {
    Change::Move { id: id(n), event, facts: Box::default(), by: None }
}

pub(crate) fn delivery(n: u32, transfer: u32) -> Delivery {
    Delivery {
        id: delivery_id(n),
        transfer: id(transfer),
        purpose: Purpose::Answer,
        required: true,
        spool: "core-in".into(),
        name: format!("PMACK_{n}.TXT"),
        size: 300,
        sha256: format!("{n:064x}"),
        checksums: vec!["sha256".into(), "sm3".into()],
        sm3: Some(format!("{n:064x}")),
        marker: Some((format!("PMACK_{n}.TXT.OK"), vec![0x40, 0xff])),
        state: DeliveryState::Planned,
        attempts: 0,
        next_attempt_ms: 0,
        last_error: String::new(),
        planned_ms: 0,
        updated_ms: 0,
        delivered_ms: None,
        confirmed: 0,
        round: 0,
        deferred: false,
    }
}

pub(crate) fn deliver(n: u32, event: DeliveryEvent) -> Change {
    Change::MoveDelivery { id: delivery_id(n), event, by: None }
}

pub(crate) fn rejects(records: impl IntoIterator<Item = u64>) -> Vec<Reject> {
    records
        .into_iter()
        .map(|record| Reject {
            record,
            ordinal: record - 1,
            offset: (record - 1) * 480,
            field: "AMT".into(),
            at: 101,
            code: 2001,
            detail: "half byte C where a digit belongs 数字".into(),
            hex: "00000000012C4C".into(),
        })
        .collect()
}

pub(crate) fn notice(subject: &str, text: &str) -> NewNotice {
    NewNotice { severity: "warn".into(), topic: "held".into(), subject: subject.into(), code: 1011, text: text.into() }
}

/// Applies without a fence, at a time after [`T0`]; must succeed.
pub(crate) async fn apply(ledger: &dyn Ledger, after_ms: i64, changes: &[Change]) -> Applied {
    ledger.apply(None, T0 + after_ms, changes).await.unwrap()
}

/// Books arrivals and moves each through the events.
pub(crate) async fn walk(ledger: &dyn Ledger, transfers: impl IntoIterator<Item = u32>, events: &[FileEvent]) {
    for n in transfers {
        let mut changes = vec![Change::Arrive(arrival(n))];
        changes.extend(events.iter().map(|e| event(n, *e)));
        apply(ledger, 0, &changes).await;
    }
}

pub(crate) async fn transfer(ledger: &dyn Ledger, n: u32) -> Transfer {
    ledger.transfer(&id(n)).await.unwrap().unwrap()
}

pub(crate) async fn verified(ledger: &dyn Ledger) -> fpp::ledger::change::VerifyReport {
    let report = ledger.verify(None).await.unwrap();
    assert_eq!(report.broken, None);
    report
}
