use super::facts::AnswerFacts;
use super::writer::AnswerWriter;
use crate::error::Result;
use crate::ledger::transfer::{Identity, Verdict};
use crate::trade::plan::Plan;
use crate::trade::plan::rules::Policy;
use crate::trade::proof::outcome::Outcome;
use crate::trade::sample::{self, file, prove, trade, with};
use fpp_codecs::Code;
use fpp_codecs::format::Role;
use fpp_codecs::record::Row;

struct Answered {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    bytes: Vec<u8>,
}

const HEADER: [&str; 14] = [
    "SEQNO", "ORGFIL", "ORGDIG", "BIZDAT", "BATNO", "RUNNO", "FILSTS", "FILRC", "FILMSG", "TOTCNT", "OKCNT", "NGCNT",
    "OKAMT", "NGAMT",
];
const ROW: [&str; 10] = ["SEQNO", "TRDNO", "RECSTS", "RTNCD", "RTNMSG", "ERRFLD", "ERROFF", "EVTID", "PRCTS", "AMT"];

fn answer(plan: &Plan, records: &[Vec<u8>], outcome: &Outcome, duplicate: bool) -> Result<Answered> {
    let identity = outcome.identity.as_ref().map(|f| Identity {
        route: "pmtrd".into(),
        business_date: f.date.clone(),
        batch: f.batch,
        run: f.run,
    });
    let digest = "ab".repeat(32);
    let facts = AnswerFacts {
        file: "CORE_PMTS_PMTRD_20250620_0003_01.TXT",
        digest: &digest,
        identity: identity.as_ref(),
        verdict: outcome.verdict.unwrap(),
        duplicate,
        held: false,
        code: outcome.code,
        framed: outcome.framed,
        records: outcome.records,
        accepted: outcome.accepted,
        amounts: outcome.amounts,
        acknowledged_ms: 1_750_435_200_000,
        processed_ms: 1_750_435_199_123,
    };
    let mut writer = AnswerWriter::new(plan, facts, outcome.rejects.clone(), Vec::new())?;
    for (i, record) in records.iter().enumerate() {
        writer.record(i as u64 + 1, record)?;
    }
    let (bytes, _) = writer.finish()?;
    Ok(read(plan, bytes))
}

fn read(plan: &Plan, bytes: Vec<u8>) -> Answered {
    let format = plan.answer.as_ref().unwrap().format();
    let ending = format.framing.ending();
    let (mut header, mut rows) = (Vec::new(), Vec::new());
    for line in bytes.chunks(format.framing.length() + ending.len()) {
        let record = &format.records[format.select(line).unwrap()];
        assert!(line.ends_with(ending));
        let mut row = Row::default();
        record.decode(&line[..format.framing.length()], &mut row);
        assert_eq!(row.faults, []);
        let plain = |name: &&str| crate::trade::fields::find(record, name).unwrap().plain(&row).into_owned();
        match record.role {
            Role::Header => header = HEADER.iter().map(plain).collect(),
            _ => rows.push(ROW.iter().map(plain).collect()),
        }
    }
    Answered { header, rows, bytes }
}

#[test]
fn an_accepted_file_is_answered_with_event_ids_in_both_twins() {
    for gbk in [false, true] {
        let plan = sample::plan(gbk, Policy::Strict);
        let records = file(&plan, &[trade(1), trade(2)]);
        let told = answer(&plan, &records, &prove(&plan, &records), false).unwrap();
        let digest = "ab".repeat(32);
        let expected = [
            "0",
            "CORE_PMTS_PMTRD_20250620_0003_01.TXT",
            &digest,
            "20250620",
            "3",
            "1",
            "A",
            "FPP0000",
            "已接收",
            "2",
            "2",
            "0",
            "156100.00",
            "0.00",
        ];
        assert_eq!(told.header, expected);
        let row = [
            "2",
            "T2025062000000002",
            "S",
            "FPP0000",
            "已接收",
            "",
            "0",
            "2025-06-20:T2025062000000002:DONE",
            "2025-06-20-23.59.59.123000",
            "78050.00",
        ];
        assert_eq!(told.rows[1], row);
        let again = answer(&plan, &records, &prove(&plan, &records), false).unwrap();
        assert_eq!(told.bytes, again.bytes, "byte for byte");
    }
}

#[test]
fn refused_records_say_where_and_the_others_what_became_of_them() {
    for (policy, status, code) in [(Policy::Partial, "S", "FPP0000"), (Policy::Strict, "N", "FPP1018")] {
        let plan = sample::plan(true, policy);
        let records = file(&plan, &[trade(1), with(trade(2), &[("CCY", "USD")]), with(trade(3), &[("SEQNO", "1")])]);
        let told = answer(&plan, &records, &prove(&plan, &records), false).unwrap();
        let place = (sample::place(&plan, "CCY").start + 1).to_string();
        assert_eq!(told.rows[1][2..7], ["F", "FPP2013", "取值不在允许范围", "CCY", place.as_str()]);
        assert_eq!(told.rows[1][7], "");
        assert_eq!(told.rows[0][2..4], [status, code]);
        assert_eq!(told.rows[0][7].is_empty(), policy == Policy::Strict);
        assert_eq!((told.rows[2][0].as_str(), told.rows[2][3].as_str()), ("3", "FPP2012"), "the ordinal is answered");
        let counts = if policy == Policy::Partial { ["P", "FPP0000"] } else { ["R", "FPP1018"] };
        assert_eq!(told.header[6..8], counts);
        let sums = if policy == Policy::Partial {
            ["3", "1", "2", "78050.00", "156100.00"]
        } else {
            ["3", "0", "3", "0.00", "234150.00"]
        };
        assert_eq!(told.header[9..], sums);
    }
}

#[test]
fn unreadable_numbers_and_amounts_are_answered_by_ordinal_and_zero() {
    let plan = sample::plan(true, Policy::Strict);
    let mut records = file(&plan, &[trade(1), trade(2)]);
    for name in ["SEQNO", "AMT", "TRDNO"] {
        let at = sample::place(&plan, name).start;
        records[2][at..at + 2].copy_from_slice(&[0xFF, b'x']);
    }
    let outcome = prove(&plan, &records);
    assert_eq!(outcome.code, Code::UNPROVEN);
    let told = answer(&plan, &records, &outcome, false).unwrap();
    let row = &told.rows[1];
    assert_eq!((row[0].as_str(), row[1].as_str(), row[5].as_str(), row[9].as_str()), ("2", "", "SEQNO", "0.00"));
}

#[test]
fn a_duplicate_repeats_the_first_rows_under_status_d() {
    let plan = sample::plan(false, Policy::Partial);
    let records = file(&plan, &[trade(1), with(trade(2), &[("CCY", "USD")])]);
    let outcome = prove(&plan, &records);
    let first = answer(&plan, &records, &outcome, false).unwrap();
    let second = answer(&plan, &records, &outcome, true).unwrap();
    assert_eq!(first.rows, second.rows);
    assert_eq!(second.header[6..9], ["D", "FPP1007", "重复文件"]);
    assert_eq!(second.header[9..], first.header[9..]);
}

#[test]
fn a_file_whose_framing_or_header_failed_gets_a_header_alone() {
    let plan = sample::plan(false, Policy::Strict);
    let mut records = file(&plan, &[trade(1)]);
    records.remove(0);
    let told = answer(&plan, &records, &prove(&plan, &records), false).unwrap();
    assert!(told.rows.is_empty());
    assert_eq!(told.header[3..8], ["0", "0", "0", "R", "FPP1004"]);
}

#[test]
fn a_value_that_does_not_fit_is_told_with_its_field() {
    let plan = sample::plan(false, Policy::Strict);
    let records = file(&plan, &[]);
    let mut outcome = prove(&plan, &records);
    outcome.verdict = Some(Verdict::Accepted);
    outcome.amounts.ok.unscaled = i128::MAX;
    let error = answer(&plan, &records, &outcome, false).err().unwrap();
    assert!(error.to_string().contains("OKAMT"), "{error}");
}

#[test]
fn what_the_answer_could_not_tell_is_found_before_anything_is_posted() {
    let mut bundle = sample::bundle(true, Policy::Partial);
    bundle.mapping.text = bundle.mapping.text.replace("\"{tradeDate}:", "\"{matchId}:{tradeDate}:{tradeId}:{tradeId}:");
    bundle.mapping.text = bundle.mapping.text.replace("from = \"MATNO\"", "from = \"MATNO\"\nmandatory = true");
    let plan = bundle.clone().freeze().unwrap().1;
    let outcome = prove(&plan, &file(&plan, &[trade(1), with(trade(2), &[("MATNO", "12345678901234567890")])]));
    let told: Vec<_> = outcome.rejects.iter().map(|r| (r.ordinal, r.code, r.field.as_str())).collect();
    assert_eq!(told, [(1, 2010, "TRDNO"), (2, 2010, "TRDNO")]);
    let answer = bundle.answer.as_mut().unwrap();
    answer.format.format.text = answer
        .format
        .format
        .text
        .replace("\"TRDNO\", type = \"char\", length = 20", "\"TRDNO\", type = \"char\", length = 12");
    answer.format.format.text = answer.format.format.text.replace("length = 157", "length = 165");
    let faults = format!("{:?}", bundle.freeze().err().unwrap());
    assert!(faults.contains("TRDNO has 20 bytes, TRDNO takes 12"), "{faults}");
    let plan = sample::plan(true, Policy::Partial);
    let answer = plan.answer.as_ref().unwrap();
    assert!(answer.holds_file_name(&"N".repeat(48)) && !answer.holds_file_name(&"N".repeat(49)));
}
