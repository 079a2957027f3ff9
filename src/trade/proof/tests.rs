use super::*;
use crate::trade::plan::rules::{Policy, Unproven};
use crate::trade::sample::{self, Trade, close, context, encode, file, place, prove, silver, trade, with};
use proptest::prelude::*;
use repeat::MemorySpill;

fn strict() -> Plan {
    sample::plan(false, Policy::Strict)
}

fn partial() -> Plan {
    sample::plan(true, Policy::Partial)
}

fn details(plan: &Plan, trades: &[Trade]) -> Vec<Vec<u8>> {
    trades.iter().map(|t| encode(&plan.format, Role::Detail, t)).collect()
}

#[test]
fn a_good_file_is_accepted_with_its_identity_and_totals() {
    for plan in [strict(), partial()] {
        let outcome = prove(&plan, &file(&plan, &[trade(1), silver(2), trade(3)]));
        assert_eq!((outcome.verdict, outcome.code), (Some(Verdict::Accepted), Code::OK), "{}", outcome.reason);
        assert_eq!((outcome.records, outcome.accepted, outcome.rejected, outcome.framed), (3, 3, 0, true));
        assert_eq!(outcome.identity, Some(Found { date: "2025-06-20".into(), batch: 3, run: 1 }));
        assert_eq!(outcome.amounts.ok.to_string(), "286600.00");
        let total = outcome.totals.iter().find(|t| t.name == "SELAMT").unwrap();
        assert_eq!((total.promised.as_str(), total.unreadable), ("130500.00", 0));
    }
}

#[test]
fn a_bad_record_is_refused_alone_or_with_its_file() {
    for (plan, verdict, accepted) in [(strict(), Verdict::Rejected, 0), (partial(), Verdict::Partly, 1)] {
        let mut bad = details(&plan, &[trade(1), trade(2), with(silver(3), &[("CCY", "USD")])]);
        let account = place(&plan, "ACCTNO");
        // 0F closes a double-byte run that nobody opened; FF is no GBK character.
        bad[1][account.start + 2] = if plan.format.page.is_ebcdic() { 0x0F } else { 0xFF };
        let records = close(&plan, bad);
        let mut plan = plan;
        plan.rules.unproven_total = Unproven::Accept;
        let outcome = prove(&plan, &records);
        assert_eq!(outcome.verdict, Some(verdict), "{}", outcome.reason);
        assert_eq!((outcome.accepted, outcome.rejected), (accepted, 3 - accepted));
        let told: Vec<_> = outcome.rejects.iter().map(|r| (r.record, r.ordinal, r.field.as_str())).collect();
        assert_eq!(told, [(3, 2, "ACCTNO"), (4, 3, "CCY")], "{:?}", outcome.rejects);
        assert!(outcome.rejects[0].hex.bytes().all(|b| b == b'*'), "{}", outcome.rejects[0].hex);
        assert_eq!(outcome.rejects[0].at as usize, account.start + 3, "ERROFF counts from 1");
        let code = if verdict == Verdict::Rejected { Code::NOT_POSTED } else { Code::OK };
        assert_eq!(outcome.code, code);
    }
}

#[test]
fn the_first_bad_field_in_layout_order_is_told() {
    let plan = partial();
    let mut bad = details(&plan, &[with(trade(1), &[("BSFLG", "7")])]);
    bad[0][place(&plan, "AMT").start] = b'x';
    let mut plan = plan;
    plan.rules.unproven_total = Unproven::Accept;
    let outcome = prove(&plan, &close(&plan, bad));
    assert_eq!((outcome.rejects[0].field.as_str(), outcome.rejects[0].code), ("BSFLG", 2013));
}

#[test]
fn an_unreadable_summand_rejects_holds_or_is_accepted() {
    let mut plan = partial();
    let mut bad = details(&plan, &[trade(1), trade(2)]);
    bad[0][place(&plan, "AMT").start + 3] = b'x';
    let records = close(&plan, bad);
    let verdict = |plan: &Plan, context: Context| {
        let mut proof = Proof::new(plan, context, Box::new(MemorySpill::default()));
        records.iter().enumerate().for_each(|(i, r)| proof.record(i as u64 + 1, 0, r).unwrap());
        let outcome = proof.finish(Ending::Complete).unwrap();
        (outcome.verdict, outcome.code)
    };
    assert_eq!(verdict(&plan, context()), (Some(Verdict::Rejected), Code::UNPROVEN));
    plan.rules.unproven_total = Unproven::Hold;
    assert_eq!(verdict(&plan, context()), (None, Code::UNPROVEN));
    let released = Context { released: vec![Code::UNPROVEN], ..context() };
    assert_eq!(verdict(&plan, released), (Some(Verdict::Partly), Code::OK));
    plan.rules.unproven_total = Unproven::Accept;
    assert_eq!(verdict(&plan, context()), (Some(Verdict::Partly), Code::OK));
}

#[test]
fn structure_and_header_faults_refuse_the_file() {
    let plan = strict();
    let good = file(&plan, &[trade(1), trade(2)]);
    let header = |changes: &[(&'static str, &str)]| {
        let start = [("RECTYP", "H"), ("FILEID", "PMTRD"), ("BIZDAT", "20250620"), ("BATNO", "3"), ("RUNNO", "1")];
        let values = with(with(with(Trade::new(), &start), &[("RECLEN", "480")]), changes);
        let mut records = good.clone();
        records[0] = encode(&plan.format, Role::Header, &values);
        records
    };
    let mut swapped = good.clone();
    swapped.swap(1, 3);
    let mut unknown = good.clone();
    unknown[1][0] = b'?';
    let cases = [
        (good[1..].to_vec(), Code::HEADER, false),
        (good[..3].to_vec(), Code::TRAILER, true),
        (swapped, Code::TRAILER, true),
        (vec![good[0].clone(), good[1].clone(), good[3].clone()], Code::TRAILER, true),
        (unknown, Code::NO_LAYOUT, false),
        (Vec::new(), Code::LENGTH, false),
        (header(&[("BATNO", "4")]), Code::HEADER, false),
        (header(&[("RECLEN", "400")]), Code::HEADER, false),
        (header(&[("BIZDAT", "20250631")]), Code::BUSINESS_DATE, false),
        (header(&[("BIZDAT", "20250621")]), Code::HEADER, false),
    ];
    for (at, (records, code, framed)) in cases.into_iter().enumerate() {
        let outcome = prove(&plan, &records);
        assert_eq!((outcome.verdict, outcome.code), (Some(Verdict::Rejected), code), "{at}: {}", outcome.reason);
        assert_eq!(outcome.framed, framed, "{at}");
        assert_eq!(outcome.accepted, 0);
    }
}

#[test]
fn a_file_without_records_is_accepted_and_a_wrong_total_is_not() {
    let plan = strict();
    let outcome = prove(&plan, &file(&plan, &[]));
    assert_eq!((outcome.verdict, outcome.records), (Some(Verdict::Accepted), 0), "{}", outcome.reason);
    let mut records = file(&plan, &[trade(1), trade(2)]);
    records[1] = encode(&plan.format, Role::Detail, &with(silver(1), &[("BSFLG", "0")]));
    let outcome = prove(&plan, &records);
    assert_eq!((outcome.verdict, outcome.code), (Some(Verdict::Rejected), Code::TOTAL), "{}", outcome.reason);
    assert!(outcome.rejects.is_empty());
}

#[test]
fn record_numbers_and_event_ids_come_once() {
    let plan = partial();
    let again = with(trade(3), &[("TRDNO", &trade(1)["TRDNO"])]);
    let repeated = prove(&plan, &file(&plan, &[trade(1), with(trade(2), &[("SEQNO", "1")]), again, trade(4)]));
    assert_eq!(repeated.verdict, Some(Verdict::Partly), "{}", repeated.reason);
    let told: Vec<_> = repeated.rejects.iter().map(|r| (r.record, r.field.as_str(), r.code, r.offset)).collect();
    assert_eq!(told, [(3, "SEQNO", 2012, 804), (4, "TRDNO", 3004, 1206)]);
    assert_eq!(
        (repeated.amounts.ok.to_string(), repeated.amounts.bad.to_string()),
        ("156100.00".into(), "156100.00".into())
    );
    let gap = prove(&plan, &file(&plan, &[trade(1), trade(3)]));
    assert_eq!((gap.verdict, gap.code), (Some(Verdict::Rejected), Code::SEQUENCE));
    assert_eq!(gap.amounts.bad.to_string(), "156100.00");
}

#[test]
fn too_many_bad_records_refuse_the_file_and_memory_stays_bounded() {
    let mut plan = partial();
    plan.rules.reject_max = 2;
    let bad: Vec<_> = (1..=4).map(|n| with(trade(n), &[("CCY", "USD")])).collect();
    let outcome = prove(&plan, &file(&plan, &bad));
    assert_eq!((outcome.verdict, outcome.code), (Some(Verdict::Rejected), Code::TOO_MANY));
    assert_eq!((outcome.rejects.len(), outcome.rejected), (2, 4));
    let outcome = prove(&plan, &file(&plan, &bad[..2]));
    assert_eq!(outcome.verdict, Some(Verdict::Partly), "as many as are allowed");
}

#[test]
fn a_broken_file_is_answered_by_its_header_alone() {
    let plan = partial();
    let mut proof = Proof::new(&plan, context(), Box::new(MemorySpill::default()));
    for (i, record) in file(&plan, &[trade(1)]).iter().take(2).enumerate() {
        proof.record(i as u64 + 1, 0, record).unwrap();
    }
    let ending = Ending::Broken { code: Code::LENGTH, reason: "record 3 is short".into() };
    let outcome = proof.finish(ending).unwrap();
    assert_eq!((outcome.verdict, outcome.code, outcome.framed), (Some(Verdict::Rejected), Code::LENGTH, false));
    assert!(outcome.identity.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn accepted_and_refused_add_up_whatever_is_damaged(
        damage in proptest::collection::vec((0usize..6, 0usize..400, any::<u8>()), 0..6)
    ) {
        let plan = partial();
        let mut records = file(&plan, &[trade(1), silver(2), trade(3), silver(4)]);
        for (record, at, byte) in damage {
            records[record][at] = byte;
        }
        let outcome = prove(&plan, &records);
        prop_assert_eq!(outcome.accepted + outcome.rejected, outcome.records);
        let refused = outcome.verdict == Some(Verdict::Rejected);
        prop_assert!(!refused || (outcome.accepted == 0 && outcome.code != Code::OK));
        prop_assert!(refused || outcome.rejected == outcome.rejects.len() as u64);
        prop_assert!(outcome.rejects.is_sorted_by_key(|r| r.record));
    }
}
